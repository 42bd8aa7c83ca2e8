//! The check `data-quality.near-duplicates`.
//!
//! In: the training table. Out: rows that differ only in letter case, spaces or the last digits of
//! numbers. Exact.

use std::collections::BTreeMap;

use interlock_plugin_api::{
    Cell, Chart, CheckError, Column, Context, Finding, MISSING, Metric, Outcome, Params, Role,
    Rows, Severity, Table, TableRow, View, check,
};
use serde::{Deserialize, Serialize};

use crate::coded::Coder;
use crate::conclusion::{self, Otherwise, figure};
use crate::duplication::{self, first_equal};
use crate::wording::{MAX_MARKS, counted, shortened};

/// Columns shown side by side.
const N_SHOWN: usize = 12;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Significant digits numbers are compared to, 1 to 15.
    digits: usize,
    /// How many times as many pairs as chance explains must be found for a warning, at least 1.
    beyond_chance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            digits: 6,
            beyond_chance: 10.0,
        }
    }
}

/// Rows that are nearly the same, and not entirely.
struct Found {
    /// Positions in the table, ascending; two or more different ones each.
    groups: Vec<Vec<usize>>,
    /// Pairs expected if the columns were independent.
    by_chance: f64,
}

#[check(
    id = "data-quality.near-duplicates",
    title = "Near duplicates",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ064 = "rows differ only in spelling or last digits"),
    cost = "moderate",
    docs = "near_duplicates.md"
)]
pub(crate) fn near_duplicates(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    conclusion::check_range("digits", settings.digits as f64, 1.0, 15.0)?;
    conclusion::check_range("beyond_chance", settings.beyond_chance, 1.0, 1e9)?;
    let table = ctx.table(Role::Train)?;
    let id = ctx.facts().id.as_deref();
    let columns: Vec<Column<'_>> = table
        .columns()
        .filter(|column| Some(column.name()) != id)
        .collect();
    let found = find(table.n_rows(), &columns, settings.digits)?;
    Ok(outcome(&table, &columns, &found, &settings))
}

fn find(n_rows: usize, columns: &[Column<'_>], digits: usize) -> Result<Found, CheckError> {
    let (mut exact, mut near) = (Vec::new(), Vec::new());
    let mut log_chance = (n_rows as f64 * (n_rows as f64 - 1.0) / 2.0).max(0.0).ln();
    for column in columns {
        let codes = Coder::default().code(column)?;
        let normal = normalized(column, &codes.codes, codes.n_codes, digits)?;
        let mut counts: Vec<f64> = vec![0.0; codes.n_codes + 1];
        for &code in &normal {
            counts[(code as usize).min(codes.n_codes)] += 1.0;
        }
        let n_pairs = (n_rows as f64 * (n_rows as f64 - 1.0)).max(1.0);
        let same: f64 = counts.iter().map(|n| n * (n - 1.0)).sum::<f64>() / n_pairs;
        log_chance += same.ln();
        exact.push(codes.codes);
        near.push(normal);
    }
    let firsts = |codes: &[Vec<u32>]| {
        let slices: Vec<&[u32]> = codes.iter().map(Vec::as_slice).collect();
        duplication::Rows::new(n_rows, &slices).map(first_equal)
    };
    let (Some(exact), Some(near)) = (firsts(&exact), firsts(&near)) else {
        return Err(CheckError::failed("columns of unlike length"));
    };
    // One row stands for all that equal it exactly.
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in (0..n_rows).filter(|row| exact[*row] == *row) {
        groups.entry(near[row]).or_default().push(row);
    }
    Ok(Found {
        groups: groups
            .into_values()
            .filter(|group| group.len() > 1)
            .collect(),
        by_chance: log_chance.exp(),
    })
}

/// Codes by normalized value: what is read alike has one code, the first of its values.
fn normalized(
    column: &Column<'_>,
    codes: &[u32],
    n_codes: usize,
    digits: usize,
) -> Result<Vec<u32>, CheckError> {
    let numbers = if column.is_numeric() {
        Some(column.numbers()?)
    } else {
        None
    };
    let strings = if column.is_numeric() {
        None
    } else {
        Some(column.strings()?)
    };
    // Every value is normalized once.
    let mut of_code: Vec<u32> = vec![MISSING; n_codes];
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    for (row, &code) in codes.iter().enumerate() {
        if code == MISSING || of_code[code as usize] != MISSING {
            continue;
        }
        let text = match (&numbers, &strings) {
            (Some(numbers), _) => format!("{:.*e}", digits - 1, numbers[row] + 0.0),
            (None, Some(strings)) => folded(strings.get(row).unwrap_or_default()),
            (None, None) => String::new(),
        };
        of_code[code as usize] = *known.entry(text).or_insert(code);
    }
    let code = |code: &u32| of_code.get(*code as usize).copied().unwrap_or(MISSING);
    Ok(codes.iter().map(code).collect())
}

/// Lower case, one space between words, none around.
fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn outcome(
    table: &Table<'_>,
    columns: &[Column<'_>],
    found: &Found,
    settings: &Settings,
) -> Outcome {
    let n_rows = table.n_rows();
    let n_pairs: f64 = found
        .groups
        .iter()
        .map(|group| group.len() as f64 * (group.len() as f64 - 1.0) / 2.0)
        .sum();
    let n_near: usize = found.groups.iter().map(Vec::len).sum();
    let is_beyond = n_pairs > settings.beyond_chance * found.by_chance;
    let mut findings = Vec::new();
    if let Some(first) = found.groups.first() {
        let severity = if is_beyond {
            Severity::Warning
        } else {
            Severity::Note
        };
        let title = format!(
            "{} nearly equal another: as rows {} and {} they differ only in case, spaces or digits beyond the {}th",
            counted(n_near, "row"),
            first[0],
            first[1],
            settings.digits
        );
        let mut rows: Vec<usize> = found.groups.iter().flatten().copied().collect();
        rows.sort_unstable();
        findings.push(
            Finding::new("DQ064", severity, title)
                .because(format!("Most likely one row entered twice, by hand or through two exports: it weighs double, and a random split puts it on both sides. Independent columns would give {} such pairs.", figure(found.by_chance)))
                .advice("Bring spelling and digits to one form first, then drop repeated rows; split by what the rows stand for.")
                .rows(Rows::new(Role::Train, rows))
                .evidence("pairs"),
        );
    }
    let otherwise = Otherwise {
        has_enough: n_rows > 1 && !columns.is_empty(),
        sound: match found.groups.first() {
            None => format!("none of {n_rows} rows nearly equals another"),
            Some(_) => format!(
                "{} nearly equal another, no more than chance explains",
                counted(n_near, "row")
            ),
        },
        undecided: "nothing to compare; it takes two rows and a column beside the id".to_owned(),
    };
    let share = n_near as f64 / n_rows.max(1) as f64;
    let outcome = conclusion::outcome(findings, otherwise).metric(
        Metric::new("near_duplicate_share", share, n_rows as u64)
            .title("Rows that nearly equal another")
            .unit("rate"),
    );
    if found.groups.is_empty() {
        outcome
    } else {
        outcome.view(side_by_side(columns, found))
    }
}

fn side_by_side(columns: &[Column<'_>], found: &Found) -> View {
    // Columns in which nearly equal rows differ come first.
    let differs = |column: &Column<'_>| {
        let firsts = found.groups.iter().take(MAX_MARKS);
        firsts
            .filter(|group| column.display(group[0]) != column.display(group[1]))
            .count()
    };
    let mut shown: Vec<&Column<'_>> = columns.iter().collect();
    shown.sort_by_cached_key(|column| std::cmp::Reverse(differs(column)));
    shown.truncate(N_SHOWN);
    let mut headings = vec!["group".to_owned(), "row".to_owned()];
    headings.extend(shown.iter().map(|column| column.name().to_owned()));
    let row = |(at, row): (usize, usize)| {
        let mut cells = vec![Cell::from((at + 1) as f64), Cell::from(row as f64)];
        cells.extend(shown.iter().map(|column| {
            let text = column.display(row);
            text.map_or(Cell::Nothing, |text| Cell::from(shortened(&text)))
        }));
        TableRow {
            cells,
            rows: Some(Rows::new(Role::Train, [row])),
        }
    };
    let rows = found
        .groups
        .iter()
        .enumerate()
        .flat_map(|(at, group)| group.iter().map(move |row| (at, *row)))
        .take(MAX_MARKS)
        .map(row)
        .collect();
    let chart = Chart::Table {
        columns: headings,
        rows,
    };
    let caption = format!(
        "{} in all; columns that differ come first.",
        counted(found.groups.len(), "group")
    );
    View::new("pairs", "Nearly equal rows, side by side", chart).caption(caption)
}
