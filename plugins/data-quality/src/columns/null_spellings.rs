//! The check `data-quality.null-spellings`.
//!
//! In: the tables. Out: texts that stand for a missing value, several of them in one column, and
//! numbers that may be codes for it.

use std::collections::BTreeMap;

use interlock_plugin_api::{
    Cell, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, Table, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, text_columns};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::{NullWord, null_word, shown};
use crate::columns::spike::{Spike, spikes};
use crate::columns::token::Kind;
use crate::wording::{self, counted, names, percent};

/// Settings of the check.
#[derive(Debug, Default, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Columns in which words such as `unknown`, `?` or numbers such as 999 are values like others.
    ignore: Vec<String>,
}

#[check(
    id = "data-quality.null-spellings",
    title = "Hidden missing values",
    stage = "data-quality",
    needs(train, test?, current?),
    codes(
        DQ021 = "texts stand for a missing value",
        DQ022 = "a number may stand for a missing value"
    ),
    cost = "quick",
    docs = "null_spellings.md"
)]
pub(crate) fn null_spellings(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let mut report = Report::new(&["table", "column", "value", "rows", "share", "reading"]);
    let is_ignored = |name: &str| settings.ignore.iter().any(|ignored| ignored == name);
    for table in &wording::tables(ctx)? {
        for column in text_columns(table)? {
            if !is_ignored(column.name) {
                report.looked(column.name, column.codes.len());
                texts(column, &mut report);
            }
        }
        numbers(table, &is_ignored, &mut report)?;
    }
    Ok(report.outcome(&Words {
        metric: "n_hidden_missing_columns",
        title: "Columns with hidden missing values",
        sound: "no text stands for a missing value",
        view: "What stands for a missing value",
    }))
}

fn texts(column: Entries<'_>, report: &mut Report) {
    if column.values.iter().all(|text| null_word(text).is_none()) {
        return;
    }
    // From here on each value stands once; a column without any such text was not hashed for it.
    let column = &column.distinct();
    let words: Vec<Option<NullWord>> = column.values.iter().map(|text| null_word(text)).collect();
    let mut spellings: BTreeMap<&str, (NullWord, usize)> = BTreeMap::new();
    for ((text, count), word) in column.iter().zip(&words) {
        if let Some(word) = word {
            spellings.entry(text).or_insert((*word, 0)).1 += count;
        }
    }
    let n_rows = column.codes.len();
    let n_absent = n_rows - column.n_present();
    let n_certain = spellings
        .values()
        .filter(|(word, _)| *word == NullWord::Certain)
        .count();
    let n_kinds = spellings.len() + usize::from(n_absent > 0);
    if n_certain == 0 && n_kinds < 2 {
        // One word such as 'unknown' alone is a value like any other.
        return;
    }
    let marks: Vec<bool> = words.iter().map(Option::is_some).collect();
    let rows = column.rows(&marks);
    let severity = if n_certain > 0 {
        Severity::Warning
    } else {
        Severity::Note
    };
    let role = column.role.name();
    let quoted: Vec<String> = spellings.keys().map(|text| shown(text)).collect();
    let n_found: usize = spellings.values().map(|(_, n)| n).sum();
    let beside = if n_absent > 0 {
        format!(", beside {} without value", counted(n_absent, "row"))
    } else {
        String::new()
    };
    let title = format!(
        "column '{}' says missing as {} in {} ({}) of the {role} table{beside}",
        column.name,
        names(quoted.iter().map(String::as_str)),
        counted(n_found, "row"),
        percent(n_found as f64 / n_rows.max(1) as f64),
    );
    report.push(
        Finding::new("DQ021", severity, title)
            .because(because(column, &marks, n_kinds))
            .advice(format!(
                "If that is what they mean, name them under data.missing in the project file: missing = [{}]. If not, list the column under ignore in this check's settings.",
                quoted.iter().take(8).map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))).collect::<Vec<_>>().join(", ")
            ))
            .column(column.name)
            .rows(rows)
            .evidence(EVIDENCE),
    );
    report.metric(
        Metric::new(
            format!("null_spellings_{role}"),
            n_kinds as f64,
            n_rows as u64,
        )
        .title("Ways to say missing")
        .unit("spellings")
        .column(column.name),
    );
    report.lines(column, lines(column, &spellings, n_rows));
}

/// A line per spelling.
fn lines(
    column: &Entries<'_>,
    spellings: &BTreeMap<&str, (NullWord, usize)>,
    n_rows: usize,
) -> Vec<(usize, Vec<Cell>)> {
    let line = |(text, (word, n)): (&&str, &(NullWord, usize))| {
        let reading = match word {
            NullWord::Certain => "missing",
            NullWord::Possible => "missing, or a value of its own",
        };
        let at = column.values.iter().position(|value| value == text)?;
        Some((
            at,
            cells(
                column.role,
                column.name,
                &(shown(text), *n, n_rows, reading),
            ),
        ))
    };
    spellings.iter().filter_map(line).collect()
}

/// Why the texts matter in this column.
fn because(column: &Entries<'_>, is_null: &[bool], n_kinds: usize) -> String {
    let others = || {
        column
            .values
            .iter()
            .zip(is_null)
            .filter(|(_, is_null)| !**is_null)
    };
    let is_all = |kind: Kind| others().all(|(text, _)| Kind::of(text) == Some(kind));
    let kept_as_text = [Kind::Number, Kind::Date, Kind::Boolean]
        .into_iter()
        .find(|kind| others().next().is_some() && is_all(*kind));
    if let Some(kind) = kept_as_text {
        format!(
            "Every other value is of the type {}: the whole column is read as text only because of these.",
            kind.plural()
        )
    } else if n_kinds > 1 {
        format!(
            "Counting the empty cells if there are any, missing is said in {n_kinds} ways: the model takes each for a category of its own, and the rate of missing values is told too low."
        )
    } else {
        "The model takes it for a category like the others, and the rate of missing values is told too low.".to_owned()
    }
}

fn cells(role: Role, column: &str, line: &(String, usize, usize, &str)) -> Vec<Cell> {
    let (value, n, n_rows, reading) = line;
    let share = *n as f64 / (*n_rows).max(1) as f64;
    vec![
        role.name().into(),
        column.into(),
        format!("'{value}'").into(),
        (*n as f64).into(),
        share.into(),
        (*reading).into(),
    ]
}

fn numbers(
    table: &Table<'_>,
    is_ignored: &dyn Fn(&str) -> bool,
    report: &mut Report,
) -> Result<(), CheckError> {
    for column in table
        .columns()
        .filter(interlock_plugin_api::Column::is_numeric)
    {
        let is_number = column.booleans().is_err() && column.micros().is_err();
        if !is_number || is_ignored(column.name()) {
            continue;
        }
        let values = column.numbers()?;
        report.looked(column.name(), values.len());
        for spike in spikes(&values) {
            let is_it = |row: &usize| (values[*row] - spike.value).abs() <= 0.0;
            let rows = Rows::new(table.role(), (0..values.len()).filter(is_it));
            number(column.name(), &spike, values.len(), rows, report);
        }
    }
    Ok(())
}

fn number(name: &str, spike: &Spike, n_rows: usize, rows: Rows, report: &mut Report) {
    let role = rows.role;
    let title = format!(
        "column '{name}' is {} in {} ({}) of the {} table, all others lie from {} to {}",
        spike.value,
        counted(spike.n, "row"),
        percent(spike.n as f64 / n_rows.max(1) as f64),
        role.name(),
        spike.others.0,
        spike.others.1,
    );
    report.push(
        Finding::new("DQ022", Severity::Note, title)
            .because("A value this far from the others that many rows share is often a code for missing, or a limit at which values were cut. As a number it moves means, scales and splits.")
            .advice("Ask what it means. If it stands for missing, replace it before training; if values were cut at it, add a column that says so.")
            .column(name)
            .rows(rows.clone())
            .evidence(EVIDENCE),
    );
    let line = (
        spike.value.to_string(),
        spike.n,
        n_rows,
        "a code, or a limit",
    );
    report.row(cells(role, name, &line), Some(rows));
}
