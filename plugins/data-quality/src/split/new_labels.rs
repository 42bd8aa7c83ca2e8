//! The check `data-quality.new-labels`.
//!
//! In: the target of the tables. Out: labels that only the test or current table has, and labels
//! that the test table lacks.

use interlock_plugin_api::{
    Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, Table,
    TableRow, Task, View, check,
};
use interlock_stats::multiplicity::holm;
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::split::report::{LEVEL, Report, check_open_share, others, p_value};
use crate::split::sides::{Beside, Cells, beside, counts, value_of};
use crate::wording::{self, MAX_MARKS, counted, names, percent};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Corrected probability, between 0 and 1, below which a class's absence from the test table is
    /// no chance.
    alpha: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.05 }
    }
}

#[check(
    id = "data-quality.new-labels",
    title = "New labels",
    stage = "data-quality",
    needs(train, test?, current?, target),
    codes(
        DQ081 = "labels that the training table never had",
        DQ082 = "labels that the test table lacks"
    ),
    cost = "quick",
    docs = "new_labels.md"
)]
pub(crate) fn new_labels(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_open_share("alpha", settings.alpha)?;
    let facts = ctx.facts();
    if facts.task == Task::Regression {
        return Err(CheckError::missing_input(
            "the target is a number, it has no labels",
        ));
    }
    let target = facts
        .target
        .as_deref()
        .ok_or_else(|| CheckError::missing_input("the project names no target"))?;
    let mut tables = wording::tables(ctx)?;
    // The current table may not know the outcome yet.
    tables.retain(|table| table.role() == Role::Train || table.column(target).is_ok());
    others(&tables)?;
    let labels = beside(&tables, target, false)?.ok_or_else(|| {
        CheckError::missing_input(format!("the train table has no column '{target}'"))
    })?;
    let Some(Cells::Codes(train)) = labels.tables.first() else {
        return Err(CheckError::unsuitable(format!(
            "the target '{target}' cannot be read as labels"
        )));
    };
    let in_train = counts(train, labels.n_codes);
    let n_train: u64 = in_train.iter().sum();
    let mut report = Report::default();
    let mut unlooked = (n_train == 0).then(|| "train".to_owned());
    let mut shown = Vec::new();
    for (table, cells) in tables.iter().zip(&labels.tables).skip(1) {
        let Cells::Codes(codes) = cells else {
            unlooked = Some(table.role().name().to_owned());
            report.note(format!(
                "The target of the {} table is of another type than that of the training table.",
                table.role().name()
            ));
            continue;
        };
        let there = counts(codes, labels.n_codes);
        if there.iter().sum::<u64>() == 0 {
            unlooked = Some(table.role().name().to_owned());
        } else if n_train > 0 {
            new_in(
                &mut report,
                table,
                &labels.name,
                codes,
                (&in_train, &there),
                &mut shown,
            );
            if table.role() == Role::Test {
                absent(
                    &mut report,
                    (&tables[0], train),
                    &labels,
                    (&in_train, &there),
                    settings.alpha,
                )?;
            }
        }
    }
    table_of(&mut report, shown);
    Ok(report.outcome(match unlooked {
        Some(role) => Err(format!(
            "no row of the {role} table has a target to compare; one would do"
        )),
        None => Ok(format!(
            "every label is one of the {} of the training table",
            counted(in_train.iter().filter(|n| **n > 0).count(), "label")
        )),
    }))
}

fn new_in(
    report: &mut Report,
    table: &Table<'_>,
    target: &str,
    codes: &[u32],
    counts: (&[u64], &[u64]),
    shown: &mut Vec<TableRow>,
) {
    let (in_train, there) = counts;
    let role = table.role();
    let is_new = |code: u32| in_train.get(code as usize) == Some(&0);
    let rows: Vec<usize> = (0..codes.len()).filter(|&row| is_new(codes[row])).collect();
    let n: u64 = there.iter().sum();
    let (n_new, share) = (rows.len() as u64, rows.len() as f64 / n as f64);
    let mut metric = Metric::new("new_label_share", share, n)
        .title(format!("Rows of {} with a new label", role.name()))
        .unit("rate")
        .group(role.name())
        .at_most(None, Some(0.0));
    if let Ok(bounds) = wilson(n_new, n, LEVEL) {
        metric = metric.interval(bounds.low, bounds.high, LEVEL, "Wilson");
    }
    report.metrics.push(metric);
    let new: Vec<u32> = (0_u32..)
        .zip(in_train.iter().zip(there))
        .filter(|(_, (a, b))| **a == 0 && **b > 0)
        .map(|(code, _)| code)
        .collect();
    if new.is_empty() {
        return;
    }
    let values: Vec<String> = new
        .iter()
        .map(|code| value_of(table, target, codes, *code))
        .collect();
    for (code, value) in new.iter().zip(&values).take(MAX_MARKS) {
        let of_label = (0..codes.len()).filter(|&row| codes[row] == *code);
        let cells = vec![
            value.clone().into(),
            format!("new in {}", role.name()).into(),
            (there[*code as usize] as f64).into(),
        ];
        shown.push(TableRow {
            cells,
            rows: Some(Rows::new(role, of_label)),
        });
    }
    let title = format!(
        "{} of the {} table ({}) have a label that the training table never had: {}",
        counted(rows.len(), "row"),
        role.name(),
        percent(share),
        names(values.iter().map(String::as_str))
    );
    report.find(
        Finding::new("DQ081", Severity::Error, title)
            .because("The model cannot answer with a class it was never taught: each of these rows is an error for certain.")
            .advice("If the label is another spelling of a known one, mend it. Else train on rows of it, or take it out of what the model is asked.")
            .column(target)
            .rows(Rows::new(role, rows))
            .evidence("labels"),
    );
}

fn absent(
    report: &mut Report,
    train: (&Table<'_>, &[u32]),
    labels: &Beside,
    counts: (&[u64], &[u64]),
    alpha: f64,
) -> Result<(), CheckError> {
    let (in_train, there) = counts;
    let (n_train, n): (u64, u64) = (in_train.iter().sum(), there.iter().sum());
    let known: Vec<usize> = (0..in_train.len())
        .filter(|&code| in_train[code] > 0)
        .collect();
    let chances: Vec<f64> = known
        .iter()
        .map(|&code| {
            let share = in_train[code] as f64 / n_train as f64;
            if there[code] > 0 {
                1.0
            } else {
                (n as f64 * (-share).ln_1p()).exp()
            }
        })
        .collect();
    let corrected = holm(&chances).map_err(|error| CheckError::failed(error.to_string()))?;
    for (&code, p) in known
        .iter()
        .zip(&corrected)
        .filter(|(code, _)| there[**code] == 0)
    {
        let own = u32::try_from(code).unwrap_or(u32::MAX);
        let value = value_of(train.0, &labels.name, train.1, own);
        let is_odd = *p < alpha;
        let why = if is_odd {
            p_value(*p)
        } else {
            "may be chance".to_owned()
        };
        let title = format!(
            "the test table has no row of label '{value}', {} of the training rows ({why})",
            percent(in_train[code] as f64 / n_train as f64)
        );
        let severity = if is_odd {
            Severity::Warning
        } else {
            Severity::Note
        };
        report.find(
            Finding::new("DQ082", severity, title)
                .because("What is measured on the test table says nothing about this class.")
                .advice("Split again, stratified by the target.")
                .column(&labels.name)
                .rows(Rows::new(
                    Role::Train,
                    (0..train.1.len()).filter(|&row| train.1[row] == own),
                )),
        );
    }
    Ok(())
}

fn table_of(report: &mut Report, rows: Vec<TableRow>) {
    if rows.is_empty() {
        return;
    }
    let columns = ["label", "where", "rows"].map(str::to_owned).to_vec();
    report.views.push(
        View::new(
            "labels",
            "Labels the training table never had",
            Chart::Table { columns, rows },
        )
        .caption("A row opens the rows of the label."),
    );
}
