//! The check `data-quality.near-duplicate-leakage`.
//!
//! In: the inputs of the training and the test table. Out: test rows that are nearly the same as a
//! training row.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::{
    Cell, Chart, CheckError, CheckErrorKind, Column, Context, Finding, MISSING, Metric, Outcome,
    Params, Role, Rows, Severity, Table, TableRow, View, check,
};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::split::near::{Match, Pair, cost, near};
use crate::split::report::{LEVEL, Report, check_not_negative};
use crate::variation::equal_groups;
use crate::wording::{self, MAX_MARKS, counted, names, percent};

/// Look-ups at most.
const MAX_COST: usize = 200_000_000;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Significant digits that numbers keep, 1 to 15.
    digits: u32,
    /// Inputs in which near copies may differ, 0 to 2.
    max_differing: usize,
    /// Bits beyond coincidence that a match is worth at least, 0 or more.
    margin_bits: f64,
    /// Share of test rows with a near copy above which the check warns, 0 to 1.
    warn_above: f64,
    /// Share of test rows with a near copy above which the check fails, 0 to 1.
    fail_above: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            digits: 4,
            max_differing: 1,
            margin_bits: 10.0,
            warn_above: 0.001,
            fail_above: 0.05,
        }
    }
}

#[check(
    id = "data-quality.near-duplicate-leakage",
    title = "Near copies across the split",
    stage = "data-quality",
    needs(train, test, target?),
    codes(DQ089 = "test rows nearly equal a training row"),
    cost = "moderate",
    docs = "near_duplicates.md"
)]
pub(crate) fn near_duplicate_leakage(
    ctx: &Context,
    settings: Settings,
) -> Result<Outcome, CheckError> {
    validate(&settings)?;
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let (n_train, n_test) = (tables[0].n_rows(), tables[1].n_rows());
    let mut report = Report::default();
    if n_train == 0 || n_test == 0 {
        return Ok(report.outcome(Err("a table has no rows; one of each would do".to_owned())));
    }
    let (names, columns) = normalized(ctx, &tables, settings.digits)?;
    let mut max_differing = settings.max_differing;
    while max_differing > 0 && cost(n_train + n_test, columns.len(), max_differing) > MAX_COST {
        max_differing -= 1;
        report.note(format!("At most {max_differing} of the inputs may differ: with more, over {MAX_COST} look-ups would be needed."));
    }
    let min_bits = (n_train as f64).log2() + (n_test as f64).log2() + settings.margin_bits;
    ctx.progress(0.4, "looking for near copies");
    let mut found = near(&columns, max_differing, min_bits);
    let target = ctx.facts().target.as_deref();
    found.retain(|found| !is_exact(&tables, found, &names, target));
    report.note(format!(
        "A match must be worth {min_bits:.0} bits: {:.0} for {n_train} × {n_test} pairs, and {} of margin. {} compared.",
        min_bits - settings.margin_bits, settings.margin_bits, counted(names.len(), "input")
    ));
    let (telling, total) = most_telling(&columns);
    say(&mut report, &tables, (&found, &names), &settings);
    Ok(report.outcome(if telling < min_bits {
        Err(format!("{} too coarse to tell copies from coincidence: a row is worth {telling:.0} bits at most ({total:.0} on average), {min_bits:.0} are needed", counted(names.len(), "input")))
    } else {
        Ok(format!("no near copy of a training row among {}", counted(n_test, "test row")))
    }))
}

fn validate(settings: &Settings) -> Result<(), CheckError> {
    wording::check_share("warn_above", settings.warn_above)?;
    wording::check_share("fail_above", settings.fail_above)?;
    check_not_negative("margin_bits", settings.margin_bits)?;
    let bad = |message: String| Err(CheckError::new(CheckErrorKind::BadParameter, message));
    if !(1..=15).contains(&settings.digits) {
        return bad(format!("digits is {}; it is 1 to 15", settings.digits));
    }
    if settings.max_differing > 2 {
        return bad(format!(
            "max_differing is {}; it is 0, 1 or 2",
            settings.max_differing
        ));
    }
    Ok(())
}

/// The inputs of both tables as codes of normalized values; of columns that tell each other, the
/// first.
fn normalized(
    ctx: &Context,
    tables: &[Table<'_>; 2],
    digits: u32,
) -> Result<(Vec<String>, Vec<Pair>), CheckError> {
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    for facts in ctx.facts().features() {
        let (Ok(train), Ok(other)) = (tables[0].column(&facts.name), tables[1].column(&facts.name))
        else {
            continue;
        };
        if train.is_numeric() != other.is_numeric() {
            continue;
        }
        let mut normal = Normal::default();
        let pair = Pair {
            train: normal.code(&train, digits)?,
            other: normal.code(&other, digits)?,
        };
        names.push(facts.name.clone());
        columns.push(pair);
    }
    let codes: Vec<&[u32]> = columns.iter().map(|pair: &Pair| &pair.train[..]).collect();
    let mut told = vec![false; names.len()];
    for group in equal_groups(&codes) {
        group.iter().skip(1).for_each(|&at| told[at] = true);
    }
    let kept = names
        .into_iter()
        .zip(columns)
        .zip(told)
        .filter(|(_, told)| !told);
    Ok(kept.map(|(pair, _)| pair).unzip())
}

/// Gives normalized values codes.
#[derive(Default)]
struct Normal<'t> {
    numbers: HashMap<u64, u32, FixedState>,
    spelled: HashMap<&'t str, u32, FixedState>,
    texts: HashMap<String, u32, FixedState>,
}

impl<'t> Normal<'t> {
    fn code(&mut self, column: &Column<'t>, digits: u32) -> Result<Vec<u32>, CheckError> {
        if column.is_numeric() {
            let numbers = column.numbers()?;
            return Ok(numbers
                .into_iter()
                .map(|value| self.number(value, digits))
                .collect());
        }
        let strings = column.strings()?;
        Ok(strings
            .iter()
            .map(|text| text.map_or(MISSING, |text| self.text(text)))
            .collect())
    }

    fn number(&mut self, value: f64, digits: u32) -> u32 {
        if value.is_nan() {
            return MISSING;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(MISSING - 1);
        *self
            .numbers
            .entry(rounded(value, digits).to_bits())
            .or_insert(next)
    }

    fn text(&mut self, text: &'t str) -> u32 {
        if let Some(code) = self.spelled.get(text) {
            return *code;
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let next = u32::try_from(self.texts.len()).unwrap_or(MISSING - 1);
        let code = *self.texts.entry(words.join(" ")).or_insert(next);
        self.spelled.insert(text, code);
        code
    }
}

/// A number with so many significant digits.
fn rounded(value: f64, digits: u32) -> f64 {
    if !value.is_finite() || value.abs() < f64::MIN_POSITIVE {
        return value + 0.0;
    }
    let scale = 10_f64.powf(f64::from(digits) - 1.0 - value.abs().log10().floor());
    let scaled = (value * scale).round() / scale;
    // Beyond the range of doubles there is nothing to round.
    if scaled.is_finite() {
        scaled + 0.0
    } else {
        value
    }
}

/// Whether the rows are equal in every cell, target included: those are told elsewhere.
fn is_exact(
    tables: &[Table<'_>; 2],
    found: &Match,
    names: &[String],
    target: Option<&str>,
) -> bool {
    let is_equal = |name: &str| {
        let cell = |table: &Table<'_>, row: usize| {
            table
                .column(name)
                .ok()
                .and_then(|column| column.display(row))
        };
        cell(&tables[0], found.twin) == cell(&tables[1], found.row)
    };
    found.differing.is_empty()
        && names.iter().all(|name| is_equal(name))
        && target.is_none_or(is_equal)
}

/// Bits that the most telling test row is worth, and that a row is worth on average: an upper bound
/// from the rarest value of each column.
fn most_telling(columns: &[Pair]) -> (f64, f64) {
    let (mut most, mut mean) = (0.0, 0.0);
    for pair in columns {
        let mut counts: HashMap<u32, u32, FixedState> = HashMap::default();
        for code in pair.train.iter().chain(&pair.other) {
            *counts.entry(*code).or_default() += 1;
        }
        let n = (pair.train.len() + pair.other.len()) as f64;
        let mut sizes: Vec<f64> = counts.into_values().map(f64::from).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        most += sizes.first().map_or(0.0, |least| (n / least).log2());
        mean += sizes
            .iter()
            .map(|size| size / n * (n / size).log2())
            .sum::<f64>();
    }
    (most, mean)
}

fn say(
    report: &mut Report,
    tables: &[Table<'_>; 2],
    found: (&[Match], &[String]),
    settings: &Settings,
) {
    let (found, inputs) = found;
    let n = tables[1].n_rows();
    let share = found.len() as f64 / n as f64;
    let mut metric = Metric::new("near_duplicate_share", share, n as u64)
        .title("Test rows with a near copy in train")
        .unit("rate")
        .at_most(Some(settings.warn_above), Some(settings.fail_above));
    if let Ok(bounds) = wilson(found.len() as u64, n as u64, LEVEL) {
        metric = metric.interval(bounds.low, bounds.high, LEVEL, "Wilson");
    }
    report.metrics.push(metric);
    if found.is_empty() {
        return;
    }
    let n_one = found
        .iter()
        .filter(|found| !found.differing.is_empty())
        .count();
    let severity = if share > settings.fail_above {
        Severity::Error
    } else if share > settings.warn_above {
        Severity::Warning
    } else {
        Severity::Note
    };
    let title = format!(
        "{} ({}) nearly equal a training row",
        counted(found.len(), "test row"),
        percent(share)
    );
    let mut differing: Vec<(usize, &str)> = inputs
        .iter()
        .enumerate()
        .map(|(at, name)| {
            (
                found
                    .iter()
                    .filter(|found| found.differing.contains(&at))
                    .count(),
                name.as_str(),
            )
        })
        .filter(|(n, _)| *n > 0)
        .collect();
    differing.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let list = names(differing.iter().map(|(_, name)| *name));
    let because = if n_one == 0 {
        "All are equal in every input once spelling and rounding are set aside.".to_owned()
    } else {
        format!(
            "{n_one} differ in some input ({list}), the others in spelling, rounding or target only."
        )
    };
    report.find(
        Finding::new("DQ089", severity, title)
            .because(format!("{because} That many equal values are no coincidence: these are most likely cases the model was told the answer to."))
            .advice("Open the pairs. Take the copies out of one of the tables, or split by what makes them one case.")
            .rows(Rows::new(Role::Test, found.iter().map(|found| found.row)))
            .evidence("pairs"),
    );
    report
        .views
        .push(pairs(report_len(found), tables, found, inputs));
    if found.len() > MAX_MARKS {
        report.note(format!(
            "The table of pairs shows the most telling {MAX_MARKS} of {}.",
            found.len()
        ));
    }
}

fn report_len(found: &[Match]) -> usize {
    found.len().min(MAX_MARKS)
}

fn pairs(n_shown: usize, tables: &[Table<'_>; 2], found: &[Match], inputs: &[String]) -> View {
    let mut order: Vec<&Match> = found.iter().collect();
    order.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.row.cmp(&b.row)));
    let cell = |table: &Table<'_>, name: &str, row: usize| {
        let text = table
            .column(name)
            .ok()
            .and_then(|column| column.display(row));
        wording::shortened(&text.unwrap_or_default())
    };
    let rows = order.into_iter().take(n_shown).map(|found| {
        let changes: Vec<String> = found
            .differing
            .iter()
            .map(|&at| {
                let name = &inputs[at];
                format!(
                    "{name}: {} → {}",
                    cell(&tables[0], name, found.twin),
                    cell(&tables[1], name, found.row)
                )
            })
            .collect();
        let changes: Cell = if changes.is_empty() {
            "spelling, rounding or target".into()
        } else {
            changes.join("; ").into()
        };
        TableRow {
            cells: vec![
                (found.row as f64).into(),
                (found.twin as f64).into(),
                changes,
                found.bits.round().into(),
            ],
            rows: Some(Rows::new(Role::Test, [found.row])),
        }
    });
    let columns = [
        "row in test",
        "row in train",
        "what differs (train → test)",
        "bits",
    ]
    .map(str::to_owned)
    .to_vec();
    View::new(
        "pairs",
        "Near copies",
        Chart::Table {
            columns,
            rows: rows.collect(),
        },
    )
    .caption("The most telling pair first; rows are counted from 0.")
}
