//! The check `data-quality.id-leakage`.
//!
//! In: the id column of the training and the test table. Out: test rows whose id the model has been
//! trained on.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    Table, TableRow, View, check,
};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::split::report::{LEVEL, Report};
use crate::split::sides::{Cells, beside, counts};
use crate::wording::{self, MAX_MARKS, counted, names, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of test rows with a training id, 0 to 1, above which the check fails; up to it, it warns.
    fail_above: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { fail_above: 0.0 }
    }
}

#[check(
    id = "data-quality.id-leakage",
    title = "Ids across the split",
    stage = "data-quality",
    needs(train, test),
    codes(DQ087 = "test rows bear an id of the training table"),
    cost = "quick",
    docs = "ids.md"
)]
pub(crate) fn id_leakage(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("fail_above", settings.fail_above)?;
    let id = ctx.facts().id.as_deref();
    let id =
        id.ok_or_else(|| CheckError::missing_input("the project names no id column ([data] id)"))?;
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let column = beside(&tables, id, false)?;
    let Some(column) = column else {
        return Err(CheckError::missing_input(format!(
            "the train table has no column '{id}'"
        )));
    };
    let [Cells::Codes(train), Cells::Codes(test)] = &column.tables[..] else {
        let message = format!("'{id}' is not in both tables in the same type");
        return Err(CheckError::missing_input(message));
    };
    let in_train = counts(train, column.n_codes);
    let is_known = |code: u32| in_train.get(code as usize).is_some_and(|n| *n > 0);
    let leaked: Vec<usize> = (0..test.len()).filter(|&row| is_known(test[row])).collect();
    let n = test
        .iter()
        .filter(|code| (**code as usize) < column.n_codes)
        .count();
    let n_train: u64 = in_train.iter().sum();
    let share = leaked.len() as f64 / n as f64;
    let mut report = Report::default();
    let mut metric = Metric::new("leaked_id_share", share, n as u64)
        .title("Test rows with a training id")
        .unit("rate")
        .column(id)
        .at_most(Some(0.0), Some(settings.fail_above));
    if let Ok(bounds) = wilson(leaked.len() as u64, n as u64, LEVEL) {
        metric = metric.interval(bounds.low, bounds.high, LEVEL, "Wilson");
    }
    report.metrics.push(metric);
    if !leaked.is_empty() {
        let numbers_rows = tables.iter().all(|table| is_counter(table, id));
        say(
            &mut report,
            &tables[1],
            id,
            &leaked,
            (share, numbers_rows, &settings),
        );
        pairs(&mut report, (&tables[1], id), (train, test), &leaked);
    }
    Ok(report.outcome(if n == 0 || n_train == 0 {
        Err("a table has no row with an id; one of each would do".to_owned())
    } else {
        Ok(format!(
            "no id of {} stands in the training table",
            counted(n, "test row")
        ))
    }))
}

/// Whether the column counts the rows of its table: each value one more than the one before, from 0
/// or 1 on.
fn is_counter(table: &Table<'_>, id: &str) -> bool {
    let numbers = table
        .column(id)
        .and_then(|column| column.numbers())
        .unwrap_or_default();
    let from = |start: f64| {
        numbers
            .iter()
            .enumerate()
            .all(|(row, value)| (value - start - row as f64).abs() < 0.5)
    };
    !numbers.is_empty() && (from(0.0) || from(1.0))
}

fn say(
    report: &mut Report,
    test: &Table<'_>,
    id: &str,
    leaked: &[usize],
    how: (f64, bool, &Settings),
) {
    let (share, numbers_rows, settings) = how;
    let column = test.column(id).ok();
    let shown = leaked
        .iter()
        .take(6)
        .filter_map(|&row| column.and_then(|c| c.display(row)));
    let shown: Vec<String> = shown.collect();
    let list = names(shown.iter().map(String::as_str));
    let finding = if numbers_rows {
        let title = format!(
            "id '{id}' merely numbers the rows of each table: equal ids do not mean equal cases"
        );
        Finding::new("DQ087", Severity::Warning, title)
            .because("Both tables count from the same start, row by row. Nothing can tell whether a case stands in both.")
            .advice("Name a column that tells cases apart as [data] id, or none.")
    } else {
        let severity = if share > settings.fail_above {
            Severity::Error
        } else {
            Severity::Warning
        };
        let more = if leaked.len() > shown.len() {
            "among them "
        } else {
            ""
        };
        let title = format!(
            "{} ({}) bear an id of the training table: {more}{list}",
            counted(leaked.len(), "test row"),
            percent(share)
        );
        Finding::new("DQ087", severity, title)
            .because(
                "The model was told the answer to these cases: what is measured on them is memory.",
            )
            .advice("Take them out of one of the tables, and measure anew.")
    };
    report.find(
        finding
            .column(id)
            .rows(Rows::new(Role::Test, leaked.iter().copied()))
            .evidence("ids"),
    );
}

/// The leaked ids with the rows of both tables.
fn pairs(report: &mut Report, test: (&Table<'_>, &str), codes: (&[u32], &[u32]), leaked: &[usize]) {
    let column = test.0.column(test.1).ok();
    let shown = &leaked[..leaked.len().min(MAX_MARKS)];
    let mut first = std::collections::BTreeMap::new();
    for &row in shown {
        first.insert(codes.1[row], None);
    }
    for (row, code) in codes.0.iter().enumerate() {
        if let Some(at @ None) = first.get_mut(code) {
            *at = Some(row);
        }
    }
    let rows = shown.iter().map(|&row| {
        let twin = first.get(&codes.1[row]).copied().flatten();
        let name = column
            .and_then(|column| column.display(row))
            .unwrap_or_default();
        TableRow {
            cells: vec![
                wording::shortened(&name).into(),
                (row as f64).into(),
                twin.map_or(Cell::Nothing, |at| (at as f64).into()),
            ],
            rows: Some(Rows::new(Role::Test, [row])),
        }
    });
    let columns = ["id", "row in test", "first row in train"]
        .map(str::to_owned)
        .to_vec();
    let chart = Chart::Table {
        columns,
        rows: rows.collect(),
    };
    if leaked.len() > MAX_MARKS {
        report.note(format!(
            "The table of ids shows the first {MAX_MARKS} of {}.",
            leaked.len()
        ));
    }
    report
        .views
        .push(View::new("ids", "Ids in both tables", chart).caption("Rows are counted from 0."));
}
