//! The check `data-quality.numeric-outliers`.
//!
//! In: the training table. Out: values beyond the fences of their column, as a note, and values that
//! stand apart from even a heavy tail, as a warning.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    TableRow, View, check,
};
use interlock_stats::multiplicity::holm;
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, failed, figure};
use crate::numbers::column::{Numbers, numeric};
use crate::numbers::spread::Spread;
use crate::numbers::tail::{Gap, distances, widest_gap};
use crate::wording::{MAX_MARKS, counted, percent};

/// Most extreme rows shown of each column.
const N_SHOWN: usize = 5;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Reach of the fences in interquartile ranges, 0 to 100; 1.5 is Tukey's.
    fence: f64,
    /// Robust z-score, 1 to 1000, beyond which a value may count as standing apart.
    robust_z: f64,
    /// Corrected p-value up to which a gap below the extreme values is no chance, above 0 to 0.5.
    alpha: f64,
    /// Values below which a column is not judged, at least 20.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fence: 1.5,
            robust_z: 3.5,
            alpha: 0.01,
            min_rows: 50,
        }
    }
}

/// What is known of one column.
struct Judged {
    column: Numbers,
    spread: Spread,
    fences: (f64, f64),
    /// Rows beyond the fences.
    beyond: Vec<usize>,
    /// Rows beyond the robust z-score.
    n_beyond_z: usize,
    /// Whether one value makes up half of the column, so that the spread is that of the others.
    is_collapsed: bool,
    gaps: [Option<Gap>; 2],
    /// Corrected p-values of the gaps.
    p_values: [f64; 2],
}

/// Whether a side of a column lies below the median.
const SIDES: [bool; 2] = [true, false];

impl Judged {
    fn of(column: Numbers, settings: &Settings) -> Option<Self> {
        let mut spread = Spread::of(&column.values)?;
        let is_collapsed = spread.is_collapsed();
        if is_collapsed {
            let common = spread.median;
            let others: Vec<f64> = column
                .values
                .iter()
                .copied()
                .filter(|value| (value - common).abs() > 0.0)
                .collect();
            spread = Spread::of(&others)?;
        }
        if spread.n < settings.min_rows {
            return None;
        }
        let fences = spread.fences(settings.fence);
        let is_other = |value: f64| !is_collapsed || spread.min <= value && value <= spread.max;
        let beyond = column.rows(|value| {
            value.is_finite() && is_other(value) && (value < fences.0 || value > fences.1)
        });
        let n_beyond_z = beyond
            .iter()
            .filter(|row| spread.robust_z(column.values[**row]).abs() > settings.robust_z)
            .count();
        let gaps = SIDES.map(|is_below| {
            let farthest = if is_below { spread.min } else { spread.max };
            // Nothing beyond the limit: no gap to look for.
            let is_far = spread.robust_z(farthest).abs() > settings.robust_z;
            let side = || distances(&column.values, spread.median, is_below);
            is_far.then(|| widest_gap(&side(), settings.robust_z * spread.scale))?
        });
        Some(Self {
            column,
            spread,
            fences,
            beyond,
            n_beyond_z,
            is_collapsed,
            gaps,
            p_values: [1.0; 2],
        })
    }

    fn n(&self) -> u64 {
        self.column.n_present() as u64
    }

    fn share_beyond(&self) -> f64 {
        self.beyond.len() as f64 / (self.n() as f64).max(1.0)
    }

    /// Rows that stand apart on a side, and the value they stand apart from.
    fn apart(&self, side: usize, alpha: f64) -> Option<(Vec<usize>, f64)> {
        let gap = self.gaps[side].filter(|_| self.p_values[side] <= alpha)?;
        let center = self.spread.median;
        let is_apart = |value: f64| {
            let is_on_side = (value < center) == SIDES[side];
            value.is_finite() && is_on_side && (value / 2.0 - center / 2.0).abs() * 2.0 > gap.inner
        };
        let inner = if SIDES[side] {
            center - gap.inner
        } else {
            center + gap.inner
        };
        Some((self.column.rows(is_apart), inner))
    }

    fn apart_finding(&self, side: usize, alpha: f64) -> Option<Finding> {
        let (rows, next) = self.apart(side, alpha)?;
        let name = &self.column.name;
        let mut values: Vec<f64> = rows.iter().map(|row| self.column.values[*row]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| (*a - *b).abs() <= 0.0);
        let named: Vec<String> = values.iter().take(3).map(|value| figure(*value)).collect();
        let more = if values.len() > 3 { ", …" } else { "" };
        let verb = if rows.len() == 1 { "stands" } else { "stand" };
        let title = format!(
            "{} of column '{name}' {verb} apart at {}{more}; the next value is {}",
            counted(rows.len(), "value"),
            named.join(", "),
            figure(next)
        );
        let z = values
            .iter()
            .map(|value| self.spread.robust_z(*value).abs())
            .fold(0.0, f64::max);
        let because = format!(
            "Up to {} robust deviations from the median, and the gap is wider than even a power-law tail explains (p = {} after Holm's correction): a slip of the decimal point, another unit, or a code such as 999.",
            figure(z),
            figure(self.p_values[side])
        );
        Some(
            Finding::new("DQ051", Severity::Warning, title)
                .because(because)
                .advice("Open the rows. If the values are impossible, make them missing or mend them; if possible, keep them and use a model that bears them.")
                .column(name)
                .rows(Rows::new(Role::Train, rows))
                .evidence("extremes"),
        )
    }

    fn fence_finding(&self, settings: &Settings) -> Option<Finding> {
        if self.beyond.is_empty() {
            return None;
        }
        let (low, high) = self.fences;
        let title = format!(
            "{} of column '{}' ({}) lie beyond its fences, {} to {}",
            counted(self.beyond.len(), "value"),
            self.column.name,
            percent(self.share_beyond()),
            figure(low),
            figure(high)
        );
        let far = self.spread.fences(2.0 * settings.fence);
        let is_far = |row: &&usize| {
            let value = self.column.values[**row];
            value < far.0 || value > far.1
        };
        let n_far = self.beyond.iter().filter(is_far).count();
        let whose = if self.is_collapsed {
            format!(
                " At least half of the values are {}; fences are those of the others.",
                figure(self.common())
            )
        } else {
            String::new()
        };
        let because = format!(
            "{n_far} of them lie beyond twice that reach. A heavy tail alone does this: 0.7 % of a normal column lies beyond, a tenth of a lognormal one.{whose}"
        );
        Some(
            Finding::new("DQ050", Severity::Note, title)
                .because(because)
                .advice("Nothing, unless the model is sensitive to scale: then a logarithm, ranks, or clipping at a stated quantile.")
                .column(&self.column.name)
                .rows(Rows::new(Role::Train, self.beyond.iter().copied()))
                .evidence("fences"),
        )
    }

    /// The value that makes up half of a collapsed column.
    fn common(&self) -> f64 {
        Spread::of(&self.column.values).map_or(f64::NAN, |spread| spread.median)
    }

    /// The rows farthest from the median, farthest first.
    fn extremes(&self) -> Vec<usize> {
        let z = |row: &usize| self.spread.robust_z(self.column.values[*row]).abs();
        let mut rows = self.beyond.clone();
        rows.sort_by(|a, b| z(b).total_cmp(&z(a)).then(a.cmp(b)));
        rows.truncate(N_SHOWN);
        rows
    }
}

#[check(
    id = "data-quality.numeric-outliers",
    title = "Numeric outliers",
    stage = "data-quality",
    needs(train, target?),
    codes(
        DQ050 = "values lie beyond the fences",
        DQ051 = "values stand apart from the tail"
    ),
    cost = "quick",
    docs = "numeric_outliers.md"
)]
pub(crate) fn numeric_outliers(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    conclusion::check_range("fence", settings.fence, 0.0, 100.0)?;
    conclusion::check_range("robust_z", settings.robust_z, 1.0, 1000.0)?;
    conclusion::check_range("alpha", settings.alpha, 1e-12, 0.5)?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 20.0, 1e9)?;
    let columns = numeric(ctx, &ctx.table(Role::Train)?)?;
    let n_columns = columns.len();
    let mut judged: Vec<Judged> = columns
        .into_iter()
        .filter_map(|column| Judged::of(column, &settings))
        .collect();
    correct(&mut judged)?;
    judged.sort_by(|a, b| b.share_beyond().total_cmp(&a.share_beyond()));
    Ok(outcome(&judged, n_columns, &settings))
}

/// Holm's correction over all sides of all columns.
fn correct(judged: &mut [Judged]) -> Result<(), CheckError> {
    let gap_p = |gap: &Option<Gap>| gap.map(|gap| gap.p_value);
    let p_values: Vec<f64> = judged
        .iter()
        .flat_map(|j| j.gaps.iter().filter_map(gap_p))
        .collect();
    let mut corrected = holm(&p_values).map_err(failed)?.into_iter();
    for one in judged {
        for side in 0..SIDES.len() {
            if one.gaps[side].is_some() {
                one.p_values[side] = corrected.next().unwrap_or(1.0);
            }
        }
    }
    Ok(())
}

fn outcome(judged: &[Judged], n_columns: usize, settings: &Settings) -> Outcome {
    let apart = |one: &Judged| -> usize {
        let sides = (0..SIDES.len()).filter_map(|side| one.apart(side, settings.alpha));
        sides.map(|(rows, _)| rows.len()).sum()
    };
    let mut findings = Vec::new();
    for one in judged {
        findings.extend((0..2).filter_map(|side| one.apart_finding(side, settings.alpha)));
        findings.extend(one.fence_finding(settings));
    }
    let otherwise = Otherwise {
        has_enough: !judged.is_empty(),
        sound: match judged.first() {
            Some(most) if !most.beyond.is_empty() => format!(
                "no value stands apart; most beyond the fences has '{}', {}",
                most.column.name,
                percent(most.share_beyond())
            ),
            _ => format!(
                "no value of {} beyond its fences",
                counted(judged.len(), "column")
            ),
        },
        undecided: format!(
            "none of {} has {} that vary; that many would do",
            counted(n_columns, "numeric column"),
            counted(settings.min_rows, "value")
        ),
    };
    let n_values: u64 = judged.iter().map(Judged::n).sum();
    let n_apart: usize = judged.iter().map(apart).sum();
    let mut outcome = conclusion::outcome(findings, otherwise).metric(
        Metric::new("n_apart", n_apart as f64, n_values)
            .title("Values that stand apart")
            .unit("values")
            .at_most(Some(0.0), None),
    );
    for one in judged.iter().take(MAX_MARKS) {
        let name = &one.column.name;
        let share = Metric::new("beyond_fences", one.share_beyond(), one.n());
        let z_share = one.n_beyond_z as f64 / (one.n() as f64).max(1.0);
        let beyond_z = Metric::new("beyond_robust_z", z_share, one.n());
        outcome = outcome
            .metric(
                share
                    .title("Share beyond the fences")
                    .unit("rate")
                    .column(name),
            )
            .metric(
                beyond_z
                    .title("Share beyond the robust z-score")
                    .unit("rate")
                    .column(name),
            );
    }
    let n_left_out = n_columns - judged.len();
    if n_left_out > 0 && !judged.is_empty() {
        outcome = outcome.note(format!(
            "{} with fewer than {} values that vary are not judged",
            counted(n_left_out, "column"),
            settings.min_rows
        ));
    }
    if judged.iter().any(|one| !one.beyond.is_empty()) {
        outcome = outcome.view(fences(judged, &apart)).view(extremes(judged));
    }
    outcome
}

fn fences(judged: &[Judged], apart: &dyn Fn(&Judged) -> usize) -> View {
    let bars = judged
        .iter()
        .take(MAX_MARKS)
        .map(|one| Bar {
            is_flagged: apart(one) > 0,
            rows: Some(Rows::new(Role::Train, one.beyond.iter().copied())),
            ..Bar::new(&one.column.name, one.share_beyond())
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "share of values beyond the fences".to_owned(),
        bars,
        threshold: None,
    };
    let caption = "A marked column has values that stand apart even from its tail.";
    View::new("fences", "Values beyond the fences", chart).caption(caption)
}

fn extremes(judged: &[Judged]) -> View {
    let headings = ["column", "row", "value", "robust z", "median", "fences"];
    let row = |one: &Judged, row: usize| {
        let value = one.column.values[row];
        TableRow {
            cells: vec![
                Cell::from(one.column.name.as_str()),
                Cell::from(row as f64),
                Cell::from(value),
                Cell::from(one.spread.robust_z(value)),
                Cell::from(one.spread.median),
                Cell::from(format!(
                    "{} to {}",
                    figure(one.fences.0),
                    figure(one.fences.1)
                )),
            ],
            rows: Some(Rows::new(Role::Train, [row])),
        }
    };
    let rows = judged
        .iter()
        .flat_map(|one| one.extremes().into_iter().map(move |at| row(one, at)))
        .take(MAX_MARKS)
        .collect();
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows,
    };
    let title = format!("The {N_SHOWN} most extreme rows of each column");
    View::new("extremes", title, chart)
}
