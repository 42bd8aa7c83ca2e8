//! The check `shap.values`.
//!
//! In: rows, background rows and the model. Out: what each value of a row adds to its prediction,
//! whether these add up, and which columns carry the decisions.

use interlock_plugin_api::{
    Bar, Chart, CheckError, CheckErrorKind, Context, FeatureValues, Features, Finding, Metric,
    Outcome, Params, Point, Severity, Strip, Verdict, View, check,
};
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::mean;
use serde::{Deserialize, Serialize};

use crate::coalition::aligned;
use crate::shapley::{Explanation, MAX_EXACT_INPUTS, Method, explain};
use crate::subject::{Explained, Subject};

/// Confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Rows whose additions are shown one by one.
const N_WATERFALLS: usize = 3;

/// Columns shown in a waterfall; the rest is one step.
const MAX_STEPS: usize = 12;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Rows explained, at most; beyond, a random sample.
    pub max_rows: usize,
    /// Background rows a prediction is compared with.
    pub background: usize,
    /// Pairs of permutations per row where there are too many inputs for all coalitions.
    pub permutations: usize,
    /// Predictions the check may ask for in all; all coalitions are used where they fit in.
    pub max_predictions: usize,
    /// Explain log-odds instead of probabilities.
    pub log_odds: bool,
    /// For a model of several classes: the one explained; empty means the most probable.
    pub class: String,
    /// Share of all attribution in a sensitive column above which the check warns, 0 to 1.
    pub warn_sensitive_above: f64,
    /// Share of all attribution in one column above which the check warns, 0 to 1.
    pub warn_share_above: f64,
    /// Largest difference of base plus values from the prediction, as a share of the predictions' range, above which the check fails.
    pub max_residual: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_rows: 100,
            background: 50,
            permutations: 5,
            max_predictions: 2_000_000,
            log_odds: false,
            class: String::new(),
            warn_sensitive_above: 0.1,
            warn_share_above: 0.7,
            max_residual: 1e-6,
        }
    }
}

/// Everything computed.
struct Found<'f> {
    explained: &'f Explained,
    /// The rows explained, index of `Explanation::row`.
    features: &'f Features,
    /// Their positions in the table.
    rows: &'f [usize],
    explanations: Vec<Explanation>,
    method: Method,
}

/// The check; `#[check]` makes of it the constant that the module lists.
///
/// # Errors
/// Without table or model; if the model refuses the rows.
#[check(
    id = "shap.values",
    title = "SHAP values",
    stage = "interpretability",
    needs(train?, test?, model, sensitive?),
    codes(
        SH011 = "values do not add up to the prediction",
        SH012 = "a sensitive column carries decisions",
        SH013 = "one column carries most decisions"
    ),
    cost = "heavy",
    cadence_days = 14,
    docs = "values.md"
)]
pub fn values(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let mut subject = Subject::new(ctx)?;
    let all: Vec<usize> = (0..subject.table.n_rows()).collect();
    let rows = subject.sample(ctx, &all, settings.max_rows);
    let background = subject.background(ctx, settings.background)?;
    let features = subject.table.features_at(&subject.model, &rows)?;
    if rows.is_empty() || background.n_rows == 0 || features.columns.is_empty() {
        let summary = "there are no rows, or the model has no inputs";
        return Ok(Outcome::new(Verdict::Inconclusive, summary));
    }
    let (features, background) = aligned(&features, &background);
    let raw = |features: &Features| {
        if settings.log_odds {
            subject.model.margins(features)
        } else {
            subject.model.predict(features)
        }
    };
    let over_background = raw(&background)?;
    let n_outputs = over_background.n_outputs;
    let means: Vec<f64> = (0..n_outputs)
        .map(|output| column_mean(&over_background.values, n_outputs, output))
        .collect();
    let explained = Explained::new(&subject.model, &settings.class, &means)?;
    let predict = |features: &Features| {
        let found = raw(features)?;
        let output = explained.output;
        Ok((0..found.n_rows)
            .map(|row| found.row(row)[output])
            .collect::<Vec<f64>>())
    };
    let base = means.get(explained.output).copied().unwrap_or(f64::NAN);
    let predictions = predict(&features)?;
    let method = method(
        features.columns.len(),
        (rows.len(), background.n_rows),
        &settings,
    );
    let mut found = Found {
        explained: &explained,
        features: &features,
        rows: &rows,
        explanations: Vec::with_capacity(rows.len()),
        method,
    };
    for (row, prediction) in predictions.iter().enumerate() {
        if ctx.is_cancelled() {
            return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
        }
        ctx.progress(
            row as f64 / rows.len() as f64,
            &format!("row {} of {}", row + 1, rows.len()),
        );
        found.explanations.push(explain(
            (&features, row),
            &background,
            (base, *prediction),
            &predict,
            (method, ctx.seed()),
        )?);
        // A first impression early; the rest of the rows replaces it.
        if row + 1 == 20 && rows.len() > 40 {
            let note = format!("So far {} of {} rows.", row + 1, rows.len());
            ctx.partial(&found.outcome(ctx, &subject, &settings).note(note));
        }
    }
    Ok(found.outcome(ctx, &subject, &settings))
}

fn column_mean(values: &[f64], n_outputs: usize, output: usize) -> f64 {
    let column: Vec<f64> = values
        .iter()
        .skip(output)
        .step_by(n_outputs.max(1))
        .copied()
        .collect();
    mean(&column).unwrap_or(f64::NAN)
}

fn method(n_inputs: usize, (n_rows, n_background): (usize, usize), settings: &Settings) -> Method {
    let per_row = (1_usize << n_inputs.min(MAX_EXACT_INPUTS + 1)).saturating_mul(n_background);
    let fits = per_row.saturating_mul(n_rows) <= settings.max_predictions;
    if n_inputs <= MAX_EXACT_INPUTS && fits {
        return Method::Exact;
    }
    let per_pair = 2 * (n_inputs + 1) * n_background * n_rows;
    let affordable = (settings.max_predictions / per_pair.max(1)).max(1);
    Method::Permutations(settings.permutations.clamp(1, affordable))
}

/// One column over all rows explained.
struct Carried {
    input: usize,
    mean: f64,
    low: f64,
    high: f64,
}

impl Found<'_> {
    /// Mean size of the values of each column, largest first.
    fn carried(&self) -> Vec<Carried> {
        let mut carried: Vec<Carried> = (0..self.features.columns.len())
            .map(|input| {
                let sizes: Vec<f64> = self
                    .explanations
                    .iter()
                    .map(|one| one.values[input].abs())
                    .collect();
                let interval = mean_interval(&sizes, LEVEL).ok();
                let mean = mean(&sizes).unwrap_or(0.0);
                Carried {
                    input,
                    mean,
                    low: interval.map_or(mean, |(_, bounds)| bounds.low.max(0.0)),
                    high: interval.map_or(mean, |(_, bounds)| bounds.high),
                }
            })
            .collect();
        carried.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        carried
    }

    /// The largest residual as a share of the range of predictions.
    fn residual(&self) -> (f64, usize) {
        let predictions = || self.explanations.iter().map(|one| one.prediction);
        let low = predictions().fold(f64::INFINITY, f64::min);
        let high = predictions().fold(f64::NEG_INFINITY, f64::max);
        let range = if high > low {
            high - low
        } else {
            high.abs().max(1.0)
        };
        let mut worst = (0.0, 0);
        for (at, one) in self.explanations.iter().enumerate() {
            let share = one.residual().abs() / range;
            if share > worst.0 || share.is_nan() {
                worst = (share, at);
            }
        }
        worst
    }

    fn name(&self, input: usize) -> &str {
        &self.features.columns[input].name
    }

    fn outcome(&self, ctx: &Context, subject: &Subject<'_>, settings: &Settings) -> Outcome {
        let carried = self.carried();
        let total: f64 = carried.iter().map(|one| one.mean).sum();
        let n = self.explanations.len() as u64;
        let findings = self.findings(ctx, subject, (&carried, total), settings);
        let verdict = match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Verdict::Fail,
            Some(Severity::Warning) => Verdict::Warn,
            Some(Severity::Note) | None if total > 0.0 => Verdict::Pass,
            Some(Severity::Note) | None => Verdict::Inconclusive,
        };
        let summary = match carried.first().filter(|_| total > 0.0) {
            Some(first) => format!(
                "'{}' moves the {} most: by {:.3} on average over {n} rows",
                self.name(first.input),
                self.explained.name,
                first.mean
            ),
            None => format!("no column moves the {}", self.explained.name),
        };
        let mut outcome = Outcome::new(verdict, summary).metric(
            Metric::new("additivity_residual", self.residual().0, n)
                .title("Largest additivity residual")
                .unit("share of the predictions' range")
                .at_most(None, Some(settings.max_residual)),
        );
        for one in &carried {
            outcome.metrics.push(
                Metric::new("mean_abs_shap", one.mean, n)
                    .title("Mean |SHAP value|")
                    .column(self.name(one.input))
                    .interval(one.low, one.high, LEVEL, "Student over rows"),
            );
        }
        outcome.findings = findings;
        outcome.notes.clone_from(&subject.notes);
        outcome.notes.push(self.how(ctx));
        outcome.views.push(self.beeswarm(&carried, subject));
        outcome.views.push(self.bars(ctx, &carried));
        outcome.views.extend(self.waterfalls(subject));
        outcome
    }

    fn how(&self, ctx: &Context) -> String {
        let what = &self.explained.name;
        match self.method {
            Method::Exact => {
                format!("Explained is the {what}; values are exact over all coalitions.")
            }
            Method::Permutations(n) => {
                let errors = self
                    .explanations
                    .iter()
                    .flat_map(|one| one.errors.iter().copied());
                let worst = errors.filter(|error| error.is_finite()).fold(0.0, f64::max);
                format!(
                    "Explained is the {what}; values are means over {n} random permutations and their reverses (seed {}): their standard error is at most {worst:.2e}.",
                    ctx.seed()
                )
            }
        }
    }

    fn findings(
        &self,
        ctx: &Context,
        subject: &Subject<'_>,
        (carried, total): (&[Carried], f64),
        settings: &Settings,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (residual, at) = self.residual();
        if residual.is_nan() || residual > settings.max_residual {
            let title =
                format!("base and values miss the prediction by {residual:.1e} of its range");
            findings.push(
                Finding::new("SH011", Severity::Error, title)
                    .because("Values that do not add up explain another model than the one that answers: it may give different answers to the same row.")
                    .advice("Ask the model twice about the same rows; see whether it depends on the rows asked with them.")
                    .rows(subject.rows([self.rows[at]]))
                    .evidence("swarm"),
            );
        }
        let is_sensitive = |name: &str| {
            ctx.facts()
                .column(name)
                .is_some_and(|facts| facts.is_sensitive)
        };
        for one in carried.iter().filter(|_| total > 0.0) {
            let (name, share) = (self.name(one.input), one.mean / total);
            if is_sensitive(name) && share > settings.warn_sensitive_above {
                let title = format!(
                    "sensitive column '{name}' carries {:.0} % of all attribution",
                    100.0 * share
                );
                findings.push(
                    Finding::new("SH012", Severity::Warning, title)
                        .because("Predictions of single people move with what they are.")
                        .advice("See whom it moves in which direction in the swarm, then demographic parity and equalized odds.")
                        .column(name)
                        .evidence("swarm"),
                );
            }
        }
        if let Some(first) = carried.first().filter(|_| carried.len() > 1 && total > 0.0) {
            let share = first.mean / total;
            if share > settings.warn_share_above {
                let name = self.name(first.input);
                let title = format!("'{name}' carries {:.0} % of all attribution", 100.0 * share);
                findings.push(
                    Finding::new("SH013", Severity::Warning, title)
                        .because("A model that hangs on one column is as good as that column, and often found the answer in it.")
                        .advice("Find out when the column is known, and whether it stands for the outcome.")
                        .column(name)
                        .evidence("bars"),
                );
            }
        }
        findings
    }

    fn beeswarm(&self, carried: &[Carried], subject: &Subject<'_>) -> View {
        let strips = carried
            .iter()
            .map(|one| Strip {
                name: self.name(one.input).to_owned(),
                points: self
                    .explanations
                    .iter()
                    .map(|explanation| Point {
                        x: explanation.values[one.input],
                        y: 0.0,
                        color: height(&self.features.columns[one.input].values, explanation.row),
                        row: Some(self.rows[explanation.row] as u64),
                    })
                    .collect(),
            })
            .collect();
        let chart = Chart::Beeswarm {
            value_axis: format!("what the value adds to the {}", self.explained.name),
            strips,
            role: Some(subject.role),
        };
        View::new("swarm", "What each value adds", chart)
            .caption("One strip per column, most moving first; a place opens its rows.")
    }

    fn bars(&self, ctx: &Context, carried: &[Carried]) -> View {
        let bars = carried
            .iter()
            .map(|one| {
                let name = self.name(one.input);
                let mut bar = Bar::new(name, one.mean);
                bar.interval = Some((one.low, one.high));
                bar.is_flagged = ctx
                    .facts()
                    .column(name)
                    .is_some_and(|facts| facts.is_sensitive);
                bar
            })
            .collect();
        let chart = Chart::Bars {
            value_axis: format!("mean |SHAP value| of the {}", self.explained.name),
            bars,
            threshold: None,
        };
        View::new("bars", "Mean size by column", chart)
            .caption("With 95 % intervals over rows. Marked: sensitive columns.")
    }

    /// The rows with the highest, lowest and middle prediction, step by step.
    fn waterfalls(&self, subject: &Subject<'_>) -> Vec<View> {
        let mut order: Vec<&Explanation> = self.explanations.iter().collect();
        order.sort_by(|a, b| {
            b.prediction
                .total_cmp(&a.prediction)
                .then(a.row.cmp(&b.row))
        });
        let mut chosen = vec![0, order.len().saturating_sub(1), order.len() / 2];
        chosen.dedup();
        let names = ["highest", "lowest", "middle"];
        chosen
            .into_iter()
            .zip(names)
            .take(N_WATERFALLS)
            .filter_map(|(at, name)| Some((order.get(at)?, name)))
            .map(|(one, name)| self.waterfall(one, name, subject))
            .collect()
    }

    fn waterfall(&self, one: &Explanation, name: &str, subject: &Subject<'_>) -> View {
        let mut order: Vec<usize> = (0..one.values.len()).collect();
        order.sort_by(|a, b| one.values[*b].abs().total_cmp(&one.values[*a].abs()));
        let row = self.rows[one.row];
        let mut steps: Vec<Bar> = order
            .iter()
            .take(MAX_STEPS)
            .map(|&input| {
                let value = self.features.columns[input].values.display(one.row);
                let value = value.unwrap_or_else(|| "missing".to_owned());
                let mut bar =
                    Bar::new(format!("{} = {value}", self.name(input)), one.values[input]);
                bar.rows = Some(subject.rows([row]));
                bar
            })
            .collect();
        let rest = order.get(MAX_STEPS..).unwrap_or_default();
        if !rest.is_empty() {
            let sum: f64 = rest.iter().map(|&input| one.values[input]).sum();
            steps.push(Bar::new(format!("{} others", rest.len()), sum));
        }
        let chart = Chart::Waterfall {
            base: one.base,
            base_label: "mean of the background".to_owned(),
            steps,
            total: one.prediction,
            value_axis: self.explained.name.clone(),
        };
        let title = format!("The {name} prediction, row {row}");
        View::new(format!("waterfall-{name}"), title, chart)
    }
}

/// The height of a value for its color: a number as it is, a category nothing.
fn height(values: &FeatureValues, row: usize) -> Option<f64> {
    match values {
        FeatureValues::Numeric(values) => {
            values.get(row).copied().filter(|value| value.is_finite())
        }
        FeatureValues::Categorical { .. } => None,
    }
}
