//! The check `data-quality.uniform`.
//!
//! In: the training table. Out: numeric columns that are spread evenly over their range.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, TableRow,
    View, check,
};
use interlock_report::report::{MAX_MARKS, Report};
use interlock_report::settings::{check_range, check_share};
use interlock_report::words::{counted, figure};
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::numbers::column::{Numbers, numeric};
use crate::numbers::evenness::{Evenness, evenness};

/// Values of a column looked at; of more a random sample.
const MAX_VALUES: usize = 10_000;

/// Probability from which on a distribution is more even than random numbers are.
const TOO_EVEN: f64 = 0.999;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Largest distance from the uniform distribution, 0 to 1, that its upper bound may reach for a
    /// column to be called uniform.
    max_distance: f64,
    /// Probability of the distance among random uniform numbers, 0 to 1, below which a column is told
    /// from them.
    alpha: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_distance: 0.05,
            alpha: 0.05,
        }
    }
}

/// One column.
struct Judged<'c> {
    column: &'c Numbers,
    n: usize,
    found: Evenness,
}

#[check(
    id = "data-quality.uniform",
    title = "Uniform columns",
    stage = "data-quality",
    needs(train, target?),
    codes(DQ043 = "column is spread evenly over its range"),
    cost = "quick",
    docs = "uniform.md"
)]
pub(crate) fn uniform(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_share("max_distance", settings.max_distance)?;
    check_range("alpha", settings.alpha, 1e-12, 0.5)?;
    let columns = numeric(ctx, &ctx.table(Role::Train)?)?;
    let mut n_sampled = 0;
    let mut judged: Vec<Judged<'_>> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let finite = |value: &f64| value.is_finite();
        let mut values: Vec<f64> = column.values.iter().copied().filter(finite).collect();
        if values.len() > MAX_VALUES {
            let mut rng = Rng::for_stream(ctx.seed(), at as u64);
            let chosen = rng.sample_sorted(values.len(), MAX_VALUES);
            values = chosen.into_iter().map(|at| values[at]).collect();
            n_sampled += 1;
        }
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len();
        judged.extend(evenness(&values).map(|found| Judged { column, n, found }));
    }
    judged.sort_by(|a, b| a.found.distance.total_cmp(&b.found.distance));
    let mut outcome = outcome(&judged, columns.len(), &settings)?;
    if n_sampled > 0 {
        outcome.notes.push(format!(
            "{} of more than {MAX_VALUES} values: so many drawn at random were looked at.",
            counted(n_sampled, "column")
        ));
    }
    Ok(outcome)
}

impl Judged<'_> {
    /// Whether there are rows enough to call it uniform if it is.
    fn is_tellable(&self, settings: &Settings) -> bool {
        self.found.at_most - self.found.distance < settings.max_distance
    }

    fn is_uniform(&self, settings: &Settings) -> bool {
        self.found.at_most <= settings.max_distance && self.found.p_value >= settings.alpha
    }

    fn finding(&self, settings: &Settings) -> Option<Finding> {
        if !self.is_uniform(settings) {
            return None;
        }
        let name = &self.column.name;
        let is_too_even = self.found.p_value >= TOO_EVEN;
        let how = if is_too_even {
            "more evenly than random numbers are: a running number or a grid"
        } else {
            "as evenly as random numbers"
        };
        let because = format!(
            "Its distribution strays from the uniform one by {} at most (95 % bound {}). What is measured or counted is hardly ever so even: such a column is mostly an identifier, a hash, a rank, or made up.",
            figure(self.found.distance),
            figure(self.found.at_most)
        );
        Some(
            Finding::new(
                "DQ043",
                Severity::Note,
                format!("column '{name}' is spread over its range {how}"),
            )
            .because(because)
            .advice("Find out what it stands for. Remove it from the inputs if it names rows; ranks and shares of a whole may stay.")
            .column(name)
            .evidence("evenness"),
        )
    }
}

fn outcome(
    judged: &[Judged<'_>],
    n_columns: usize,
    settings: &Settings,
) -> Result<Outcome, CheckError> {
    let findings: Vec<Finding> = judged
        .iter()
        .filter_map(|one| one.finding(settings))
        .collect();
    let n_found = findings.len();
    let n_tellable = judged
        .iter()
        .filter(|one| one.is_tellable(settings))
        .count();
    // Massart's bound alone: √(ln(2 / 0.05) / 2n) below the limit.
    let n_needed = (40.0_f64.ln() / 2.0 / settings.max_distance.powi(2)).ceil();
    if n_tellable == 0 {
        // What is only ever noted holds nobody up: not run, rather than "cannot tell".
        return Err(CheckError::missing_input(format!(
            "none of {} has more than {n_needed:.0} values, 20 of them different",
            counted(n_columns, "numeric column")
        )));
    }
    let sound = match findings.first() {
        Some(first) => first.title.clone(),
        None => format!(
            "none of {} is uniform",
            counted(n_tellable, "numeric column")
        ),
    };
    let mut outcome = Report::of(findings).outcome(Ok(sound)).metric(
        Metric::new("n_uniform", n_found as f64, n_tellable as u64)
            .title("Uniform columns")
            .unit("columns"),
    );
    for one in judged.iter().take(MAX_MARKS / 2) {
        outcome = outcome.metric(
            Metric::new("distance", one.found.distance, one.n as u64)
                .title("Distance from the uniform distribution")
                .column(&one.column.name)
                .interval(0.0, one.found.at_most, 0.95, "Massart"),
        );
    }
    let n_few = judged.len() - n_tellable;
    if n_few > 0 {
        outcome.notes.push(format!(
            "{} with too few values to tell; it takes more than {n_needed:.0}.",
            counted(n_few, "column")
        ));
    }
    let headings = ["column", "values", "distance", "95 % bound", "p", "uniform"];
    let row = |one: &Judged<'_>| {
        TableRow::new(vec![
            Cell::from(one.column.name.as_str()),
            Cell::from(one.n as f64),
            Cell::from(one.found.distance),
            Cell::from(one.found.at_most),
            Cell::from(one.found.p_value),
            Cell::from(if one.is_uniform(settings) {
                "yes"
            } else {
                "no"
            }),
        ])
    };
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows: judged.iter().take(MAX_MARKS).map(row).collect(),
    };
    let view = View::new("evenness", "Columns against a uniform distribution", chart);
    Ok(outcome.view(
        view.caption(
            "The most even first. Columns of fewer than 20 different values are left out.",
        ),
    ))
}
