//! The check `data-quality.entity-leakage`.
//!
//! In: the columns of the training and the test table. Out: entities (persons, devices, accounts)
//! that stand in both.

use interlock_plugin_api::{
    Bar, CheckError, ColumnKind, Context, Finding, MISSING, Metric, Outcome, Params, Role, Rows,
    Severity, Table, check,
};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::split::report::{LEVEL, Report, bars_view};
use crate::split::sides::{Beside, Cells, Want, beside, counts, inputs};
use crate::wording::{self, counted, names, percent};

/// Values a key has at least, and the greatest share of rows one of them may fill.
const MIN_VALUES: usize = 20;
const MAX_TOP_SHARE: f64 = 0.05;

/// Training rows per value from which values count as repeated.
const MIN_REPEATS: f64 = 1.2;

/// Agreement that only one and the same entity explains, and the agreement of random rows up to which
/// it is telling.
const MIN_AGREEMENT: f64 = 0.9;
const MAX_CHANCE: f64 = 0.6;

/// Columns that must agree.
const MIN_AGREEING: usize = 2;

/// Words that name entities.
const WORDS: &[&str] = &[
    "id",
    "ids",
    "uid",
    "uuid",
    "guid",
    "key",
    "patient",
    "person",
    "customer",
    "client",
    "user",
    "member",
    "employee",
    "student",
    "subject",
    "household",
    "family",
    "account",
    "iban",
    "email",
    "mail",
    "phone",
    "ssn",
    "device",
    "vehicle",
    "vin",
    "plate",
    "company",
    "merchant",
    "session",
];

/// Settings of the check.
#[derive(Debug, Default, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Columns that name entities; empty: columns that look like one.
    entities: Vec<String>,
    /// Columns that do not name entities, whatever they look like.
    leave_out: Vec<String>,
    /// Share of test rows, 0 to 1, above which an entity named in `entities` fails the check.
    fail_above: f64,
}

/// An entity column.
struct Entity<'c> {
    column: &'c Beside,
    why: String,
    n_present: usize,
    leaked: Vec<usize>,
    n_shared: usize,
}

#[check(
    id = "data-quality.entity-leakage",
    title = "Entities across the split",
    stage = "data-quality",
    needs(train, test, target?),
    codes(DQ088 = "the same entity stands in both tables"),
    cost = "moderate",
    docs = "entities.md"
)]
pub(crate) fn entity_leakage(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("fail_above", settings.fail_above)?;
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let is_named = !settings.entities.is_empty();
    let columns = if is_named {
        named(&tables, &settings.entities)?
    } else {
        possible(ctx, &tables, &settings.leave_out)?
    };
    let described = if is_named {
        Vec::new()
    } else {
        inputs(ctx.facts(), &tables, Want::Codes)?
    };
    let mut report = Report::default();
    let mut bars = Vec::new();
    let mut looked_at = Vec::new();
    for column in &columns {
        let Some(entity) = entity(column, &described, is_named) else {
            continue;
        };
        looked_at.push(column.name.as_str());
        say(&mut report, &mut bars, &entity, (is_named, &settings));
    }
    let view = bars_view(
        "entities",
        "Test rows of an entity that was trained on",
        "A marked bar opens its test rows.",
    );
    report.bars(view, bars, "share of test rows", None);
    let empty = tables.iter().find(|table| table.n_rows() == 0);
    Ok(report.outcome(if let Some(empty) = empty {
        Err(format!(
            "the {} table has no rows; one would do",
            empty.role().name()
        ))
    } else if looked_at.is_empty() {
        Ok(format!(
            "none of {} looks like the key of an entity",
            counted(columns.len(), "possible column")
        ))
    } else {
        Ok(format!(
            "no entity of {} stands in both tables",
            names(looked_at)
        ))
    }))
}

fn named(tables: &[Table<'_>], wanted: &[String]) -> Result<Vec<Beside>, CheckError> {
    let mut columns = Vec::new();
    for name in wanted {
        let column = beside(tables, name, false)?;
        let column = column.filter(|column| matches!(column.tables.get(1), Some(Cells::Codes(_))));
        columns.push(column.ok_or_else(|| {
            CheckError::missing_input(format!(
                "entities names '{name}', which is not in both tables in the same type"
            ))
        })?);
    }
    Ok(columns)
}

/// Text, categories and whole numbers.
fn possible(
    ctx: &Context,
    tables: &[Table<'_>],
    leave_out: &[String],
) -> Result<Vec<Beside>, CheckError> {
    let mut columns = Vec::new();
    for facts in ctx
        .facts()
        .features()
        .filter(|facts| !leave_out.contains(&facts.name))
    {
        let Ok(column) = tables[0].column(&facts.name) else {
            continue;
        };
        if matches!(facts.kind, ColumnKind::Date | ColumnKind::Boolean) {
            continue;
        }
        let is_whole = !column.is_numeric()
            || column
                .numbers()?
                .iter()
                .all(|v| v.is_nan() || v.fract().abs() <= 0.0);
        if is_whole {
            columns.extend(beside(tables, &facts.name, false)?);
        }
    }
    Ok(columns)
}

/// The column as an entity's key, if it is one.
fn entity<'c>(column: &'c Beside, described: &[Beside], is_named: bool) -> Option<Entity<'c>> {
    let [Cells::Codes(train), Cells::Codes(test)] = &column.tables[..] else {
        return None;
    };
    let in_train = counts(train, column.n_codes);
    let n_train: u64 = in_train.iter().sum();
    let n_values = in_train.iter().filter(|n| **n > 0).count();
    let top = in_train.iter().copied().max().unwrap_or(0);
    let is_key = n_values >= MIN_VALUES
        && top as f64 <= MAX_TOP_SHARE * n_train as f64
        && n_train as f64 >= MIN_REPEATS * n_values as f64;
    if !is_named && !is_key {
        return None;
    }
    let is_known = |code: u32| in_train.get(code as usize).is_some_and(|n| *n > 0);
    let leaked: Vec<usize> = (0..test.len()).filter(|&row| is_known(test[row])).collect();
    let why = if is_named {
        "named in entities".to_owned()
    } else if is_told_by_name(&column.name) {
        "its name says that it names entities".to_owned()
    } else {
        let first = first_rows(train, column.n_codes);
        let agreeing: Vec<&str> = described
            .iter()
            .filter(|other| other.name != column.name && agrees(other, &leaked, test, &first))
            .map(|other| other.name.as_str())
            .collect();
        if agreeing.len() < MIN_AGREEING {
            return None;
        }
        format!(
            "rows that share a value nearly always share {}",
            names(agreeing)
        )
    };
    let mut shared: Vec<u32> = leaked.iter().map(|&row| test[row]).collect();
    shared.sort_unstable();
    shared.dedup();
    let n_present = test.iter().filter(|code| **code != MISSING).count();
    Some(Entity {
        column,
        why,
        n_present,
        leaked,
        n_shared: shared.len(),
    })
}

/// Whether a word of the name stands for an entity: `patientId`, `patient_id`, `E-mail`.
fn is_told_by_name(name: &str) -> bool {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The first row of each code.
fn first_rows(codes: &[u32], n_codes: usize) -> Vec<usize> {
    let mut first = vec![usize::MAX; n_codes];
    for (row, code) in codes.iter().enumerate() {
        if let Some(at) = first
            .get_mut(*code as usize)
            .filter(|at| **at == usize::MAX)
        {
            *at = row;
        }
    }
    first
}

/// Whether rows that share the key agree in this column as only one entity's rows do.
fn agrees(other: &Beside, leaked: &[usize], key: &[u32], first: &[usize]) -> bool {
    let [Cells::Codes(train), Cells::Codes(test)] = &other.tables[..] else {
        return false;
    };
    let (mut n, mut n_equal) = (0, 0);
    for &row in leaked {
        let pair = (train[first[key[row] as usize]], test[row]);
        if pair.0 != MISSING && pair.1 != MISSING {
            n += 1;
            n_equal += u64::from(pair.0 == pair.1);
        }
    }
    let (a, b) = (counts(train, other.n_codes), counts(test, other.n_codes));
    let total = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
    let chance: f64 = a
        .iter()
        .zip(&b)
        .map(|(a, b)| *a as f64 * *b as f64)
        .sum::<f64>()
        / (total(&a) * total(&b));
    let is_sure = wilson(n_equal, n, LEVEL).is_ok_and(|bounds| bounds.low > MIN_AGREEMENT);
    is_sure && chance <= MAX_CHANCE
}

fn say(report: &mut Report, bars: &mut Vec<Bar>, entity: &Entity<'_>, how: (bool, &Settings)) {
    let (is_named, settings) = how;
    let name = &entity.column.name;
    let share = if entity.n_present == 0 {
        0.0
    } else {
        entity.leaked.len() as f64 / entity.n_present as f64
    };
    let metric = Metric::new("entity_share", share, entity.n_present as u64)
        .title("Test rows of an entity that was trained on")
        .unit("rate")
        .column(name)
        .at_most(Some(0.0), is_named.then_some(settings.fail_above));
    report.metrics.push(metric);
    let mut bar = Bar::new(name, share);
    bar.is_flagged = !entity.leaked.is_empty();
    let rows = Rows::new(Role::Test, entity.leaked.iter().copied());
    if !entity.leaked.is_empty() {
        bar.rows = Some(rows.clone());
        let severity = if is_named && share > settings.fail_above {
            Severity::Error
        } else {
            Severity::Warning
        };
        let title = format!(
            "{} of '{name}' stand in both tables, with {} ({})",
            counted(entity.n_shared, "value"),
            counted(entity.leaked.len(), "test row"),
            percent(share)
        );
        report.find(
            Finding::new("DQ088", severity, title)
                .because(format!("'{name}' is taken as the key of an entity: {}. The model may recognize the entity instead of learning what decides.", entity.why))
                .advice("Split so that all rows of an entity stand on one side (GroupShuffleSplit in scikit-learn), and measure anew. If the column names no entity, list it in leave_out.")
                .column(name)
                .rows(rows)
                .evidence("entities"),
        );
    }
    bars.push(bar);
}
