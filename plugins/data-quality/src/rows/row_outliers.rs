//! The check `data-quality.row-outliers`.
//!
//! In: the training table. Out: rows that lie apart from all others, and the cells that make them so.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Column, ColumnKind, Context, Finding, Metric, Outcome, Params,
    Role, Rows, Severity, Table, TableRow, View, check,
};
use interlock_report::report::{MAX_MARKS, Report};
use interlock_report::settings::check_range;
use interlock_report::words::{counted, figure, listed, percent, probability, shortened};
use interlock_stats::order::index_below;
use serde::{Deserialize, Serialize};

use crate::coded::Coder;
use crate::numbers::spread::Spread;
use crate::rows::apart::{Gap, MIN_DIFFERENT, widest_gap};
use crate::rows::distances::{MAX_DECORRELATED, MAX_NEIGHBORS, Reference, Scaled, Space};
use crate::tables::is_looked_at;

/// Rows scored between two reports of progress.
const ROWS_PER_STEP: usize = 50_000;

/// Different values from which on a column of text is left out: it names rows.
const MAX_CATEGORIES: usize = 200;

/// Rows shown if none stands apart.
const N_SHOWN: usize = 20;

/// Rows told in full at most: what makes a row odd costs a look at all reference rows.
const MAX_TOLD: usize = 100;

/// Bars of the histogram.
const N_BINS: usize = 30;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Probability of a gap by chance up to which rows stand apart, 1e-12 to 0.5.
    alpha: f64,
    /// How many times as far as the next row the rows that stand apart must lie, 1 to 100.
    min_ratio: f64,
    /// Nearest rows whose mean distance is a row's score, 1 to 50.
    neighbors: usize,
    /// Rows that all rows are compared with, drawn at random, 100 to 10000.
    reference_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.005,
            min_ratio: 1.25,
            neighbors: 5,
            reference_rows: 512,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), CheckError> {
        let (neighbors, rows) = (self.neighbors as f64, self.reference_rows as f64);
        check_range("alpha", self.alpha, 1e-12, 0.5)?;
        check_range("min_ratio", self.min_ratio, 1.0, 100.0)?;
        check_range("neighbors", neighbors, 1.0, MAX_NEIGHBORS as f64)?;
        check_range("reference_rows", rows, 100.0, 10_000.0)
    }
}

/// The columns that are compared, and what is said about the others.
struct Compared<'t> {
    columns: Vec<Column<'t>>,
    scaled: Vec<Scaled>,
    /// What an ordinary cell of each column is, as text.
    typical: Vec<String>,
    notes: Vec<String>,
}

/// What was found.
struct Found {
    distances: Vec<f64>,
    gap: Option<Gap>,
    /// Rows that stand apart, the farthest first.
    apart: Vec<usize>,
    /// Rows to show, the farthest first.
    shown: Vec<usize>,
    /// The distance of the farthest row that does not stand apart.
    next: f64,
}

#[check(
    id = "data-quality.row-outliers",
    title = "Row outliers",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ063 = "rows lie apart from all others"),
    cost = "moderate",
    docs = "row_outliers.md"
)]
pub(crate) fn row_outliers(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    settings.check()?;
    let table = ctx.table(Role::Train)?;
    let n_rows = table.n_rows();
    let mut compared = compared(ctx, &table)?;
    let scaled = std::mem::take(&mut compared.scaled);
    let space = Space::of(scaled, settings.reference_rows, ctx.seed());
    let reference =
        Reference::of(&space, settings.neighbors).filter(|_| compared.columns.len() > 1);
    let Some(reference) = reference else {
        return Ok(too_little(n_rows, compared, &settings));
    };
    let mut distances = Vec::with_capacity(n_rows);
    for start in (0..n_rows).step_by(ROWS_PER_STEP) {
        ctx.progress(start as f64 / n_rows as f64, "measuring how far rows lie");
        distances.extend(reference.distances(start..(start + ROWS_PER_STEP).min(n_rows)));
    }
    let found = Found::of(distances, &settings);
    Ok(outcome(&compared, &reference, &found))
}

fn compared<'t>(ctx: &Context, table: &'t Table<'t>) -> Result<Compared<'t>, CheckError> {
    let (mut columns, mut scaled, mut typical) = (Vec::new(), Vec::new(), Vec::new());
    let mut many = Vec::new();
    for column in table.columns() {
        if !is_looked_at(ctx, column.name()) {
            continue;
        }
        let is_number =
            column.is_numeric() && matches!(column.kind(), ColumnKind::Numeric | ColumnKind::Date);
        let (own, ordinary) = if is_number {
            let values = column.numbers()?;
            let spread = Spread::of(&values);
            let own = spread.and_then(|s| Scaled::of_numbers(&values, s.median, s.scale));
            let is_date = column.micros().is_ok();
            let text = |spread: Spread| format!("median {}", figure(spread.median));
            (own, spread.filter(|_| !is_date).map(text))
        } else {
            let codes = Coder::default().code(&column)?;
            if codes.n_codes > MAX_CATEGORIES {
                many.push(format!("'{}'", column.name()));
                continue;
            }
            (Scaled::of_codes(&codes.codes, codes.n_codes), None)
        };
        if let Some(own) = own {
            columns.push(column);
            scaled.push(own);
            typical.push(ordinary.unwrap_or_default());
        }
    }
    let mut notes = Vec::new();
    if !many.is_empty() {
        notes.push(format!(
            "Left out, because text with more than {MAX_CATEGORIES} different values names rows: {}.",
            listed(&many)
        ));
    }
    let is_number = |scaled: &&Scaled| matches!(scaled, Scaled::Numbers(_));
    if scaled.iter().filter(is_number).count() > MAX_DECORRELATED {
        notes.push(format!(
            "Only the first {MAX_DECORRELATED} numeric columns are decorrelated."
        ));
    }
    Ok(Compared {
        columns,
        scaled,
        typical,
        notes,
    })
}

fn too_little(n_rows: usize, compared: Compared<'_>, settings: &Settings) -> Outcome {
    let undecided = format!(
        "{} and {} that vary; it takes {} rows and 2 columns",
        counted(n_rows, "row"),
        counted(compared.columns.len(), "column"),
        settings.neighbors + 2
    );
    let looked = if false {
        Ok(String::new())
    } else {
        Err(undecided)
    };
    let mut outcome = Report::of(Vec::new()).outcome(looked);
    outcome.notes.extend(compared.notes);
    outcome
}

impl Found {
    fn of(distances: Vec<f64>, settings: &Settings) -> Self {
        let gap = widest_gap(&distances, settings.min_ratio);
        let mut order: Vec<usize> = (0..distances.len()).collect();
        order.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]).then(a.cmp(b)));
        let real = gap.filter(|gap| gap.p_value <= settings.alpha);
        let n_apart = real.map_or(0, |gap| {
            order.partition_point(|row| distances[*row] > gap.inner)
        });
        let next = order.get(n_apart).map_or(0.0, |row| distances[*row]);
        let n_shown = n_apart.clamp(N_SHOWN, MAX_TOLD).min(order.len());
        Self {
            shown: order[..n_shown].to_vec(),
            apart: order[..n_apart].to_vec(),
            distances,
            gap,
            next,
        }
    }
}

/// The columns that make a row odd, most first: those of a tenth of the squared distance or more,
/// three at most.
fn culprits(shares: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    order.truncate(3);
    order.retain(|at| shares[*at] >= 0.1);
    order
}

fn cell(column: &Column<'_>, row: usize) -> String {
    column
        .display(row)
        .map_or_else(|| "missing".to_owned(), |text| shortened(&text))
}

fn outcome(compared: &Compared<'_>, reference: &Reference<'_>, found: &Found) -> Outcome {
    let n_rows = found.distances.len();
    let shares: Vec<Vec<f64>> = found
        .shown
        .iter()
        .map(|row| reference.shares(*row))
        .collect();
    let findings: Vec<Finding> = finding(compared, found, &shares).into_iter().collect();
    let looked = if found.has_tail() {
        Ok(format!(
            "none of {} stands apart; the oddest is row {}, {:.1} times as far from its neighbors as the middle row",
            counted(n_rows, "row"),
            found.shown.first().copied().unwrap_or(0),
            found.ratio_to_middle()
        ))
    } else {
        Err(format!(
            "too few of {} lie at different distances to tell; {} would do",
            counted(n_rows, "row"),
            MIN_DIFFERENT
        ))
    };
    let mut outcome = Report::of(findings).outcome(looked).metric(
        Metric::new("n_outliers", found.apart.len() as f64, n_rows as u64)
            .title("Rows that stand apart")
            .unit("rows")
            .at_most(Some(0.0), None),
    );
    if let Some(gap) = found.gap {
        outcome = outcome.metric(
            Metric::new("p_value", gap.p_value, n_rows as u64)
                .title("Probability of the widest gap by chance"),
        );
    }
    outcome.notes.extend(compared.notes.iter().cloned());
    outcome.notes.push(format!(
        "Every row is compared with {} in {}.",
        if reference.n_rows() == n_rows {
            "all others".to_owned()
        } else {
            format!("{} drawn at random", counted(reference.n_rows(), "row"))
        },
        counted(compared.columns.len(), "column")
    ));
    if found.apart.len() > MAX_TOLD {
        outcome.notes.push(format!(
            "The table shows the farthest {MAX_TOLD} of {} rows.",
            found.apart.len()
        ));
    }
    outcome
        .view(oddest(compared, reference, found, &shares))
        .view(histogram(found))
}

impl Found {
    /// Whether there are enough different distances for a gap to be found.
    fn has_tail(&self) -> bool {
        let mut distances: Vec<f64> = self.distances.clone();
        distances.sort_unstable_by(f64::total_cmp);
        distances.dedup();
        distances.len() >= MIN_DIFFERENT
    }

    fn ratio_to_middle(&self) -> f64 {
        let middle = Spread::of(&self.distances).map_or(0.0, |spread| spread.median);
        let farthest = self.shown.first().map_or(0.0, |row| self.distances[*row]);
        farthest / middle.max(f64::MIN_POSITIVE)
    }
}

fn finding(compared: &Compared<'_>, found: &Found, shares: &[Vec<f64>]) -> Option<Finding> {
    let (first, gap) = (*found.apart.first()?, found.gap?);
    let told: Vec<String> = culprits(&shares[0])
        .into_iter()
        .map(|at| {
            let column = &compared.columns[at];
            format!("'{}' is {}", column.name(), cell(column, first))
        })
        .collect();
    let n = found.apart.len();
    let title = if n == 1 {
        format!(
            "row {first} stands apart from all others: {}",
            told.join(", ")
        )
    } else {
        let rows: Vec<String> = found.apart.iter().map(ToString::to_string).collect();
        format!(
            "{} stand apart from all others: {}; in row {first} {}",
            counted(n, "row"),
            listed(&rows),
            told.join(", ")
        )
    };
    let least = found.distances[found.apart[n - 1]];
    let because = format!(
        "{} {:.1} times as far from the nearest other rows as the next row does, a gap wider than the tail explains (p = {}). Such rows are mostly slips, mixed-up columns or records of another kind, and pull models and scalers.",
        if n == 1 {
            "It lies"
        } else {
            "They lie at least"
        },
        least / found.next.max(f64::MIN_POSITIVE),
        probability(gap.p_value)
    );
    let mut columns: Vec<usize> = shares[..n.min(shares.len())]
        .iter()
        .flat_map(|shares| culprits(shares))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows = found.apart.clone();
    rows.sort_unstable();
    let finding = Finding::new("DQ063", Severity::Warning, title)
        .because(because)
        .advice("Open the rows and look at the cells named. Mend what is a slip; keep what is real, and say how the model is to treat it.")
        .rows(Rows::new(Role::Train, rows))
        .evidence("oddest");
    Some(columns.into_iter().fold(finding, |finding, at| {
        finding.column(compared.columns[at].name())
    }))
}

fn oddest(
    compared: &Compared<'_>,
    reference: &Reference<'_>,
    found: &Found,
    shares: &[Vec<f64>],
) -> View {
    let headings = [
        "row",
        "distance",
        "stands apart",
        "odd cell",
        "share",
        "second",
        "share",
        "third",
        "share",
        "nearest row",
    ];
    let row = |(row, shares): (&usize, &Vec<f64>)| {
        let is_apart = found.apart.contains(row);
        let mut cells = vec![
            Cell::from(*row as f64),
            Cell::from(found.distances[*row]),
            Cell::from(if is_apart { "yes" } else { "no" }),
        ];
        let culprits = culprits(shares);
        let nearest = reference.nearest(*row);
        for place in 0..3 {
            let Some(&at) = culprits.get(place) else {
                cells.extend([Cell::Nothing, Cell::Nothing]);
                continue;
            };
            let column = &compared.columns[at];
            let ordinary = if compared.typical[at].is_empty() {
                format!("nearest row {}", cell(column, nearest))
            } else {
                compared.typical[at].clone()
            };
            cells.push(Cell::from(format!(
                "{} = {} ({ordinary})",
                column.name(),
                cell(column, *row)
            )));
            cells.push(Cell::from(percent(shares[at])));
        }
        cells.push(Cell::from(nearest as f64));
        TableRow {
            cells,
            rows: Some(Rows::new(
                Role::Train,
                [*row.min(&nearest), *row.max(&nearest)],
            )),
        }
    };
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows: found
            .shown
            .iter()
            .zip(shares)
            .map(row)
            .take(MAX_MARKS)
            .collect(),
    };
    View::new("oddest", "The oddest rows", chart).caption(
        "Farthest first. Shares are those of the squared distance from the nearest rows; a line opens the row and its nearest.",
    )
}

fn histogram(found: &Found) -> View {
    let high = found.distances.iter().copied().fold(0.0, f64::max);
    let width = (high / N_BINS as f64).max(f64::MIN_POSITIVE);
    let mut counts = [0_u64; N_BINS];
    let bin = |distance: f64| index_below(distance / width).min(N_BINS - 1);
    for distance in &found.distances {
        counts[bin(*distance)] += 1;
    }
    let bars = (0..N_BINS)
        .map(|at| {
            // Only the rows shown can be opened from here: those of the high bars.
            let mut rows: Vec<usize> = found
                .shown
                .iter()
                .copied()
                .filter(|row| bin(found.distances[*row]) == at)
                .collect();
            rows.sort_unstable();
            let label = format!("{:.2}–{:.2}", at as f64 * width, (at as f64 + 1.0) * width);
            Bar {
                is_flagged: found
                    .apart
                    .iter()
                    .any(|row| bin(found.distances[*row]) == at),
                rows: (rows.len() as u64 == counts[at] && !rows.is_empty())
                    .then(|| Rows::new(Role::Train, rows)),
                ..Bar::new(label, counts[at] as f64)
            }
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "rows".to_owned(),
        bars,
        threshold: None,
    };
    View::new("distances", "How far rows lie from their neighbors", chart)
        .caption("Mean distance from the nearest rows; a marked bar holds rows that stand apart.")
}
