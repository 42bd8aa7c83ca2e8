//! The check `data-quality.identifiers`.
//!
//! In: the training table. Out: columns among the model's inputs that name rows, and categories too
//! many to learn from.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Column, Context, Finding, Metric, Outcome, Params, Role,
    Severity, View, check,
};
use serde::{Deserialize, Serialize};

use crate::columns::entries::{Entries, text_columns};
use crate::columns::keys::{NumericKey, Spread, numeric_key};
use crate::columns::report::{EVIDENCE, Report, Words};
use crate::columns::spelling::shown;
use crate::wording::{self, MAX_MARKS, counted, percent};

/// Words per value from which on a column is prose, in which no value repeats by nature.
const PROSE_WORDS: f64 = 5.0;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Different values per row, 0 to 1, above which a column of text names rows.
    identifier_above: f64,
    /// Number of different values above which a column of text has many.
    max_categories: usize,
    /// Rows below which a value is rare.
    rare_below: usize,
    /// Share of rows with a rare value, 0 to 1, above which many values are a warning.
    max_rare_share: f64,
    /// Values of a column below which nothing is said about it.
    min_values: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            identifier_above: 0.95,
            max_categories: 50,
            rare_below: 5,
            max_rare_share: 0.01,
            min_values: 50,
        }
    }
}

#[check(
    id = "data-quality.identifiers",
    title = "Identifiers",
    stage = "data-quality",
    needs(train, target?),
    codes(
        DQ037 = "an input names rows",
        DQ038 = "an input has many different values"
    ),
    cost = "quick",
    docs = "identifiers.md"
)]
pub(crate) fn identifiers(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    for (name, value) in [
        ("identifier_above", settings.identifier_above),
        ("max_rare_share", settings.max_rare_share),
    ] {
        wording::check_share(name, value)?;
    }
    let table = ctx.table(Role::Train)?;
    let facts = ctx.facts();
    let named = [&facts.id, &facts.time, &facts.target];
    let is_input = |name: &str| named.iter().all(|other| other.as_deref() != Some(name));
    let mut report = Report::new(&[
        "column",
        "what",
        "different values",
        "rows",
        "values of few rows",
        "their rows",
        "such as",
    ]);
    let (mut too_few, mut bars) = (Vec::new(), Vec::new());
    for column in text_columns(&table)? {
        let n_present = column.n_present();
        if !is_input(column.name) {
            continue;
        }
        if n_present < settings.min_values {
            too_few.push(format!("'{}'", column.name));
            continue;
        }
        report.looked(column.name, n_present);
        bars.push(text(&column.distinct(), &settings, &mut report));
    }
    for column in table.columns().filter(Column::is_numeric) {
        if !is_input(column.name()) || column.booleans().is_ok() || column.micros().is_ok() {
            continue;
        }
        let numbers = column.numbers()?;
        let n_present = numbers.iter().filter(|value| !value.is_nan()).count();
        if n_present < settings.min_values {
            too_few.push(format!("'{}'", column.name()));
            continue;
        }
        report.looked(column.name(), n_present);
        if let Some(key) = numeric_key(&numbers) {
            number(column.name(), n_present, key, &mut report);
        }
    }
    if !too_few.is_empty() {
        report.note(format!(
            "Fewer than {} values, nothing said: {}.",
            settings.min_values,
            wording::listed(&too_few)
        ));
    }
    bars.sort_by(|a: &Bar, b| b.value.total_cmp(&a.value));
    bars.truncate(MAX_MARKS);
    if !bars.is_empty() {
        let chart = Chart::Bars {
            value_axis: "different values".to_owned(),
            bars,
            threshold: Some(settings.max_categories as f64),
        };
        report.view(View::new(
            "cardinality",
            "Different values of each text column",
            chart,
        ));
    }
    Ok(report.outcome(&Words {
        metric: "n_identifier_columns",
        title: "Columns that name rows or have too many values",
        sound: "none names rows",
        view: "Columns that name rows or have many values",
    }))
}

fn is_prose(column: &Entries<'_>) -> bool {
    let seen = &column.values[..column.values.len().min(1000)];
    let n_words: usize = seen
        .iter()
        .map(|text| text.split_whitespace().count())
        .sum();
    n_words as f64 > PROSE_WORDS * seen.len() as f64
}

fn text(column: &Entries<'_>, settings: &Settings, report: &mut Report) -> Bar {
    let name = column.name;
    let spread = Spread::of(&column.counts, settings.rare_below);
    let share = spread.distinct_share();
    report.metric(
        Metric::new(
            "distinct_values",
            spread.n_distinct as f64,
            spread.n_present as u64,
        )
        .title("Different values")
        .unit("values")
        .column(name),
    );
    let mut bar = Bar::new(name, spread.n_distinct as f64);
    let example = column
        .values
        .first()
        .map_or_else(String::new, |text| shown(text));
    let line = |what: &str| -> Vec<Cell> {
        vec![
            name.into(),
            what.into(),
            (spread.n_distinct as f64).into(),
            (spread.n_present as f64).into(),
            (spread.n_rare_values as f64).into(),
            (spread.n_rare_rows as f64).into(),
            example.as_str().into(),
        ]
    };
    if share > settings.identifier_above {
        let is_prose = is_prose(column);
        let (severity, what) = if is_prose {
            (Severity::Note, "prose")
        } else {
            (Severity::Warning, "identifier")
        };
        let title = format!(
            "column '{name}' has {} in {}: it names rows{}",
            counted(spread.n_distinct, "different value"),
            counted(spread.n_present, "row"),
            if is_prose { ", or is free text" } else { "" },
        );
        let finding = Finding::new("DQ037", severity, title)
            .because("A value that occurs once teaches a model that row by heart and nothing about the next one.")
            .advice("Remove it from the inputs; if it names the row, declare it as data.id in the project file. Free text needs features of its own.")
            .column(name)
            .evidence(EVIDENCE);
        bar.is_flagged = severity == Severity::Warning;
        report.row(line(what), None);
        report.push(finding);
    } else if spread.n_distinct > settings.max_categories {
        let is_sparse = spread.rare_share() > settings.max_rare_share;
        let severity = [Severity::Note, Severity::Warning][usize::from(is_sparse)];
        let title = format!(
            "column '{name}' has {}; {} of them stand in fewer than {} rows ({} of rows)",
            counted(spread.n_distinct, "different value"),
            spread.n_rare_values,
            settings.rare_below,
            percent(spread.rare_share()),
        );
        let is_rare: Vec<bool> = column
            .counts
            .iter()
            .map(|n| *n < settings.rare_below)
            .collect();
        let rows = column.rows(&is_rare);
        let finding = Finding::new("DQ038", severity, title)
            .because("What is learned from a value of a few rows is chance; one-hot encoding makes as many columns as there are values; and a new table brings values never seen.")
            .advice("Group the rare values, or replace the column by a property of them (region instead of town). Encode by target mean only within folds.")
            .column(name)
            .rows(rows.clone())
            .evidence(EVIDENCE);
        bar.is_flagged = is_sparse;
        bar.rows = Some(rows.clone());
        report.row(line("many values"), Some(rows));
        report.push(finding);
    }
    bar
}

fn number(name: &str, n: usize, key: NumericKey, report: &mut Report) {
    let (severity, what) = match key {
        NumericKey::Consecutive => (
            Severity::Warning,
            "each whole number between its lowest and highest once: it names rows",
        ),
        NumericKey::Serial => (
            Severity::Warning,
            "a larger (or smaller) whole number in each row than in the row before: it numbers rows",
        ),
        NumericKey::AllDifferent => (
            Severity::Note,
            "no whole number twice: it may name rows, or measure finely",
        ),
    };
    let title = format!("column '{name}' has {what} ({})", counted(n, "row"));
    let because = match key {
        NumericKey::Consecutive | NumericKey::Serial => {
            "The order of rows, often that of time or of the source, becomes an input: a tree learns where in the file the cases of one class lie, and in production the number is beyond all it has seen."
        }
        NumericKey::AllDifferent => "If it names rows, a tree can learn them by heart.",
    };
    report.row(
        vec![
            name.into(),
            what.into(),
            (n as f64).into(),
            (n as f64).into(),
            Cell::Nothing,
            Cell::Nothing,
            Cell::Nothing,
        ],
        None,
    );
    report.push(
        Finding::new("DQ037", severity, title)
            .because(because)
            .advice("Remove it from the inputs; if it names the row, declare it as data.id in the project file, if it orders rows in time as data.time.")
            .column(name)
            .evidence(EVIDENCE),
    );
}
