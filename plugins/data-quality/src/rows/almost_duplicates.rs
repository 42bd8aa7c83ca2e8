//! The check `data-quality.almost-duplicates`.
//!
//! In: the training table. Out: pairs of rows that are equal in every input but one or two.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Column, Context, Finding, Metric, Outcome, Params, Role, Rows,
    Severity, TableRow, View, check,
};
use interlock_report::report::{MAX_MARKS, Report};
use interlock_report::settings::{check_range, check_share};
use interlock_report::words::{counted, names, percent, shortened};
use serde::{Deserialize, Serialize};

use crate::coded::Coder;
use crate::duplication::{self, first_equal};
use crate::rows::all_but::{Pair, almost_equal, n_ways};
use crate::variation::equal_groups;

/// Rows times ways to leave columns out, at most.
const MAX_COST: usize = 100_000_000;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Inputs in which two rows may differ, 1 or 2.
    max_differing: usize,
    /// Bits beyond coincidence that the equal values are worth at least, 0 to 1000.
    margin_bits: f64,
    /// Share of rows that almost equal an earlier one above which the check warns, 0 to 1.
    warn_above: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_differing: 1,
            margin_bits: 5.0,
            warn_above: 0.005,
        }
    }
}

/// What was compared and found.
struct Found<'t> {
    columns: Vec<Column<'t>>,
    pairs: Vec<Pair>,
    n_rows: usize,
    max_differing: usize,
    notes: Vec<String>,
}

#[check(
    id = "data-quality.almost-duplicates",
    title = "Almost duplicates",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ044 = "rows are equal in all inputs but one or two"),
    cost = "moderate",
    docs = "almost_duplicates.md"
)]
pub(crate) fn almost_duplicates(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("max_differing", settings.max_differing as f64, 1.0, 2.0)?;
    check_range("margin_bits", settings.margin_bits, 0.0, 1000.0)?;
    check_share("warn_above", settings.warn_above)?;
    let table = ctx.table(Role::Train)?;
    let n_rows = table.n_rows();
    let (mut columns, mut codes) = (Vec::new(), Vec::new());
    for column in table.columns() {
        let facts = ctx.facts();
        let is = |role: &Option<String>| role.as_deref() == Some(column.name());
        if !(is(&facts.id) || is(&facts.time) || is(&facts.target)) {
            codes.push(Coder::default().code(&column)?.codes);
            columns.push(column);
        }
    }
    let mut notes = Vec::new();
    let slices: Vec<&[u32]> = codes.iter().map(Vec::as_slice).collect();
    // Of columns that tell each other one counts: the others add nothing.
    let groups = equal_groups(&slices);
    let told: Vec<usize> = groups
        .iter()
        .flat_map(|group| &group[1..])
        .copied()
        .collect();
    if !told.is_empty() {
        let told = told.iter().map(|at| columns[*at].name());
        notes.push(format!(
            "Told by another column and left out: {}.",
            names(told)
        ));
    }
    let kept: Vec<usize> = (0..columns.len()).filter(|at| !told.contains(at)).collect();
    let columns: Vec<Column<'_>> = kept.iter().map(|at| columns[*at]).collect();
    let slices: Vec<&[u32]> = kept.iter().map(|at| slices[*at]).collect();
    let Some(firsts) = duplication::Rows::new(n_rows, &slices).map(first_equal) else {
        return Err(CheckError::failed("columns of unlike length"));
    };
    // One row stands for all that equal it exactly.
    let rows: Vec<usize> = (0..n_rows).filter(|row| firsts[*row] == *row).collect();
    let mut max_differing = settings.max_differing;
    while max_differing > 0
        && rows
            .len()
            .saturating_mul(n_ways(columns.len(), max_differing))
            > MAX_COST
    {
        max_differing -= 1;
        notes.push(format!(
            "At most {max_differing} of the inputs may differ: with more, over {MAX_COST} look-ups would be needed."
        ));
    }
    let n_pairs = n_rows as f64 * (n_rows as f64 - 1.0) / 2.0;
    let chances = n_pairs.max(1.0) * n_ways(columns.len(), max_differing).max(1) as f64;
    let min_bits = chances.log2() + settings.margin_bits;
    notes.push(format!(
        "Equal values must be worth {min_bits:.0} bits: {:.0} for all pairs and columns, {} of margin. {} compared.",
        chances.log2(),
        settings.margin_bits,
        counted(columns.len(), "input")
    ));
    ctx.progress(0.3, "looking for almost equal rows");
    let found = Found {
        pairs: almost_equal(&slices, &rows, max_differing, min_bits),
        columns,
        n_rows,
        max_differing,
        notes,
    };
    Ok(found.outcome(most_telling(&slices), min_bits, &settings))
}

/// What the most telling row could be worth at most: every column its rarest value.
fn most_telling(columns: &[&[u32]]) -> f64 {
    columns
        .iter()
        .map(|codes| {
            let mut sorted = codes.to_vec();
            sorted.sort_unstable();
            let rarest = sorted.chunk_by(|a, b| a == b).map(<[u32]>::len).min();
            (codes.len() as f64 / rarest.unwrap_or(1).max(1) as f64).log2()
        })
        .sum()
}

impl Found<'_> {
    /// Rows that almost equal an earlier one.
    fn later(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.pairs.iter().map(|pair| pair.second).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn changes(&self, pair: &Pair) -> String {
        let cell = |column: &Column<'_>, row: usize| {
            column
                .display(row)
                .map_or_else(|| "missing".to_owned(), |text| shortened(&text))
        };
        let changes: Vec<String> = pair
            .differing
            .iter()
            .map(|&at| {
                let column = &self.columns[at];
                format!(
                    "'{}' ({} and {})",
                    column.name(),
                    cell(column, pair.first),
                    cell(column, pair.second)
                )
            })
            .collect();
        changes.join(", ")
    }

    fn outcome(self, most_telling: f64, min_bits: f64, settings: &Settings) -> Outcome {
        let later = self.later();
        let share = later.len() as f64 / self.n_rows.max(1) as f64;
        let findings = self.finding(&later, share, settings).into_iter().collect();
        let looked = if most_telling >= min_bits && self.max_differing > 0 && self.n_rows > 1 {
            Ok(match self.pairs.first() {
                None => format!(
                    "no row equals another in all but {} of {}",
                    self.max_differing,
                    counted(self.columns.len(), "input")
                ),
                Some(_) => format!(
                    "{} ({}) almost equal an earlier one",
                    counted(later.len(), "row"),
                    percent(share)
                ),
            })
        } else {
            Err(format!(
                "{} of {} too coarse to tell copies from coincidence: at most {most_telling:.0} bits, {min_bits:.0} are needed",
                counted(self.n_rows, "row"),
                counted(self.columns.len(), "input")
            ))
        };
        let mut outcome = Report::of(findings).outcome(looked).metric(
            Metric::new("almost_duplicate_share", share, self.n_rows as u64)
                .title("Rows that almost equal an earlier one")
                .unit("rate")
                .at_most(Some(settings.warn_above), None),
        );
        if !self.pairs.is_empty() {
            outcome = outcome.view(self.table()).view(self.bars());
        }
        if self.pairs.len() > MAX_MARKS {
            outcome.notes.push(format!(
                "The table shows the most telling {MAX_MARKS} of {} pairs.",
                self.pairs.len()
            ));
        }
        outcome.notes.extend(self.notes);
        outcome
    }

    fn finding(&self, later: &[usize], share: f64, settings: &Settings) -> Option<Finding> {
        let first = self.pairs.first()?;
        let severity = if share > settings.warn_above {
            Severity::Warning
        } else {
            Severity::Note
        };
        let title = format!(
            "{} ({}) equal an earlier one in all inputs but {}: rows {} and {} differ in {}",
            counted(later.len(), "row"),
            percent(share),
            if self.max_differing == 1 {
                "one"
            } else {
                "one or two"
            },
            first.first,
            first.second,
            self.changes(first)
        );
        let mut rows: Vec<usize> = self.pairs.iter().map(|pair| pair.first).collect();
        rows.extend(later);
        rows.sort_unstable();
        rows.dedup();
        Some(
            Finding::new("DQ044", severity, title)
                .because("That many equal values are no coincidence: most likely one case entered twice and corrected, or measured again. It weighs double, and a random split puts it on both sides.")
                .advice("Open the pairs and keep the right row of each; if both are real, split by the case.")
                .rows(Rows::new(Role::Train, rows))
                .evidence("pairs"),
        )
    }

    fn table(&self) -> View {
        let headings = ["row", "equals row", "but for", "bits"];
        let row = |pair: &Pair| TableRow {
            cells: vec![
                Cell::from(pair.second as f64),
                Cell::from(pair.first as f64),
                Cell::from(self.changes(pair)),
                Cell::from(pair.bits.round()),
            ],
            rows: Some(Rows::new(Role::Train, [pair.first, pair.second])),
        };
        let chart = Chart::Table {
            columns: headings.map(str::to_owned).to_vec(),
            rows: self.pairs.iter().take(MAX_MARKS).map(row).collect(),
        };
        View::new("pairs", "Almost equal rows", chart).caption(
            "The most telling pair first: the rarer the values that are equal, the more bits. A line opens both rows.",
        )
    }

    fn bars(&self) -> View {
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); self.columns.len()];
        for pair in &self.pairs {
            for &at in &pair.differing {
                rows[at].push(pair.second);
            }
        }
        let mut bars: Vec<Bar> = self
            .columns
            .iter()
            .zip(rows)
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(column, mut rows)| {
                rows.sort_unstable();
                rows.dedup();
                Bar {
                    rows: Some(Rows::new(Role::Train, rows.iter().copied())),
                    ..Bar::new(column.name(), rows.len() as f64)
                }
            })
            .collect();
        bars.sort_by(|a, b| b.value.total_cmp(&a.value));
        bars.truncate(MAX_MARKS);
        let chart = Chart::Bars {
            value_axis: "rows that differ from an earlier one in this column".to_owned(),
            bars,
            threshold: None,
        };
        View::new("by-column", "Where almost equal rows differ", chart)
    }
}
