//! The check `evaluation.unused-features`.
//!
//! In: the model, its trees if there are any, rows. Out: inputs that change nothing, and models that
//! always say the same.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Features, Finding, Metric, Model, Outcome, Params, Role,
    Severity, TableRow, Verdict, View, check,
};
use interlock_stats::proportion::wilson;
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::exchange::{Spread, n_changed, n_moved, spread};
use crate::trees::{is_whole, n_splits};
use crate::wording::{
    LEVEL, MIN_ROWS, check_count, counted, inconclusive, listed, percent, shortened, verdict,
};

/// Inputs beyond which the rest is not exchanged.
const MAX_INPUTS: usize = 500;

/// Times each input is exchanged.
const N_SHUFFLES: u64 = 2;

/// Share of rows from which one value makes an input almost constant.
const ALMOST_ALL: f64 = 0.95;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Unused inputs that vary, as a number; with more of them the check warns instead of noting.
    warn_above: usize,
    /// Rows asked at most, 30 or more; beyond, a random sample.
    max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 5,
            max_rows: 2000,
        }
    }
}

/// What is known of one input.
struct Input {
    name: String,
    /// How its values are spread; `None` without enough rows.
    spread: Option<Spread>,
    use_: Use,
}

/// Whether the model goes by an input.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    /// By its trees: so many splits. Exact.
    Splits(usize),
    /// By exchanging values: so many rows got another value, so many another prediction.
    Exchanged { n_moved: usize, n_changed: usize },
    /// Too few rows got another value to say anything.
    Unknown,
}

impl Input {
    fn is_unused(&self) -> bool {
        matches!(
            self.use_,
            Use::Splits(0) | Use::Exchanged { n_changed: 0, .. }
        )
    }

    /// Whether it holds more than one value in more than a few rows, as far as is known.
    fn varies(&self, n_rows: usize) -> bool {
        self.spread
            .is_none_or(|spread| (spread.n_most as f64) < ALMOST_ALL * n_rows as f64)
    }
}

#[check(
    id = "evaluation.unused-features",
    title = "Unused features",
    stage = "robustness",
    needs(train?, test?, model),
    codes(
        DQ132 = "the model does not use a feature",
        DQ133 = "the model predicts the same for every row"
    ),
    cost = "moderate",
    docs = "unused_features.md"
)]
pub(crate) fn unused_features(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_count("max_rows", settings.max_rows, MIN_ROWS, usize::MAX)?;
    let model = ctx.model()?;
    let features = rows_of_inputs(ctx, &model, settings.max_rows)?;
    let n_rows = features.as_ref().map_or(0, |features| features.n_rows);
    let names = &model.facts().features;
    let trees = model
        .ensemble()?
        .filter(|trees| is_whole(trees) && trees.features == *names);
    let splits = trees.map(|trees| n_splits(&trees));
    if let Some(splits) = &splits
        && splits.iter().all(|&n| n == 0)
    {
        let title = "no tree splits on any input: the model predicts the same for every row";
        return Ok(constant(title.to_owned(), n_rows));
    }
    let enough = features.filter(|features| features.n_rows >= MIN_ROWS);
    let spreads: Option<Vec<Spread>> = enough.as_ref().map(|features| {
        let columns = features.columns.iter();
        columns.map(|input| spread(&input.values)).collect()
    });
    let plain = match (&enough, &spreads) {
        (Some(features), Some(spreads)) if spreads.iter().any(|spread| spread.n_values > 1) => {
            Some(model.predict(features)?)
        }
        _ => None,
    };
    if let Some(plain) = &plain
        && (1..plain.n_rows)
            .all(|row| n_changed(plain.row(0), plain.row(row), plain.n_outputs) == 0)
    {
        let first = plain.row(0)[0];
        let title = format!("the model predicts {first} for each of {n_rows} rows");
        return Ok(constant(title, n_rows));
    }
    let (uses, mut notes) = match (splits, &enough, &plain) {
        (Some(splits), ..) => (
            splits.into_iter().map(Use::Splits).collect(),
            vec!["Read off the model's trees: exact, whatever the rows.".to_owned()],
        ),
        (None, Some(features), Some(plain)) => exchanged(ctx, &model, features, &plain.values)?,
        (None, ..) => {
            let summary = if enough.is_some() {
                "no input varies in these rows: nothing can be told".to_owned()
            } else {
                format!(
                    "{} are too few to exchange values; {MIN_ROWS} would do",
                    counted(n_rows, "row")
                )
            };
            return Ok(inconclusive(summary, &[]));
        }
    };
    if enough.is_none() {
        notes.push(format!(
            "{} are too few to say which inputs vary.",
            counted(n_rows, "row")
        ));
    }
    let inputs: Vec<Input> = names
        .iter()
        .zip(uses)
        .enumerate()
        .map(|(at, (name, use_))| Input {
            name: name.clone(),
            spread: spreads.as_ref().map(|spreads| spreads[at]),
            use_,
        })
        .collect();
    let report = Report {
        settings: &settings,
        inputs: &inputs,
        n_rows,
    };
    Ok(report.outcome(notes))
}

/// Inputs of test rows, else of training rows; `None` without either, which a model of trees can do
/// without.
fn rows_of_inputs(
    ctx: &Context,
    model: &Model<'_>,
    max_rows: usize,
) -> Result<Option<Features>, CheckError> {
    let table = match ctx.table_if_present(Role::Test)? {
        Some(table) => table,
        None if model.facts().has_ensemble => match ctx.table_if_present(Role::Train)? {
            Some(table) => table,
            None => return Ok(None),
        },
        None => ctx.table(Role::Train)?,
    };
    let rows = Rng::for_stream(ctx.seed(), 5).sample_sorted(table.n_rows(), max_rows);
    table.features_at(model, &rows).map(Some)
}

fn constant(title: String, n_rows: usize) -> Outcome {
    let finding = Finding::new("DQ133", Severity::Error, title.clone())
        .because("Inputs that differ should make a difference: the model has learned nothing, or its inputs do not arrive.")
        .advice("Look at how the inputs are encoded and named, and at the training itself.");
    Outcome::new(Verdict::Fail, title)
        .metric(
            Metric::new("distinct_predictions", 1.0, n_rows as u64)
                .title("Different predictions")
                .unit("values"),
        )
        .finding(finding)
}

/// Exchanges the values of one input after the other and asks again.
fn exchanged(
    ctx: &Context,
    model: &Model<'_>,
    features: &Features,
    plain: &[f64],
) -> Result<(Vec<Use>, Vec<String>), CheckError> {
    let n_inputs = features.columns.len().min(MAX_INPUTS);
    let mut notes = vec![format!(
        "The model shows no trees: each input's values were exchanged between {} rows, {N_SHUFFLES} times at most. An input that matters only beyond these rows is taken for unused.",
        features.n_rows
    )];
    if n_inputs < features.columns.len() {
        notes.push(format!(
            "Only the first {MAX_INPUTS} of {} inputs were looked at.",
            features.columns.len()
        ));
    }
    let n_outputs = plain.len() / features.n_rows.max(1);
    let mut uses = vec![Use::Unknown; features.columns.len()];
    let mut changed = features.clone();
    for (at, use_) in uses.iter_mut().enumerate().take(n_inputs) {
        ctx.progress(at as f64 / n_inputs as f64, &features.columns[at].name);
        let own = &features.columns[at].values;
        let (mut moved, mut differ) = (0, 0);
        for shuffle in 0..N_SHUFFLES {
            let mut order: Vec<usize> = (0..features.n_rows).collect();
            Rng::for_stream(ctx.seed(), 100 + shuffle).shuffle(&mut order);
            changed.columns[at].values = own.select(&order);
            moved += n_moved(own, &changed.columns[at].values);
            if moved == 0 {
                break;
            }
            differ += n_changed(plain, &model.predict(&changed)?.values, n_outputs);
            if differ > 0 {
                break;
            }
        }
        changed.columns[at].values = own.clone();
        if differ > 0 || moved >= MIN_ROWS {
            *use_ = Use::Exchanged {
                n_moved: moved,
                n_changed: differ,
            };
        }
    }
    Ok((uses, notes))
}

struct Report<'r> {
    settings: &'r Settings,
    inputs: &'r [Input],
    n_rows: usize,
}

impl Report<'_> {
    fn quoted<'i>(inputs: impl Iterator<Item = &'i Input>) -> Vec<String> {
        inputs
            .map(|input| format!("'{}'", shortened(&input.name)))
            .collect()
    }

    fn outcome(&self, mut notes: Vec<String>) -> Outcome {
        let known = |input: &&Input| input.use_ != Use::Unknown;
        let n_known = self.inputs.iter().filter(known).count();
        let unknown = Self::quoted(self.inputs.iter().filter(|input| !known(input)));
        if !unknown.is_empty() {
            notes.push(format!(
                "Exchanging says nothing of what hardly varies in these rows: {}.",
                listed(&unknown)
            ));
        }
        let findings: Vec<Finding> = self.finding(n_known).into_iter().collect();
        let otherwise = if n_known == 0 {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        let summary = match findings.first() {
            Some(finding) => finding.title.clone(),
            None if n_known == 0 => "no input varies in these rows: nothing can be told".to_owned(),
            None => format!("each of {} makes a difference", counted(n_known, "input")),
        };
        let mut outcome = Outcome::new(verdict(&findings, otherwise), summary);
        outcome.metrics = self.metrics();
        outcome.findings = findings;
        outcome.notes = notes;
        outcome.view(self.table())
    }

    fn unused(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|input| input.is_unused())
    }

    /// DQ132: those that vary first, for they look useful.
    fn finding(&self, n_known: usize) -> Option<Finding> {
        let (varying, still): (Vec<&Input>, Vec<&Input>) =
            self.unused().partition(|input| input.varies(self.n_rows));
        let unused: Vec<&Input> = varying.iter().chain(&still).copied().collect();
        let first = unused.first()?;
        let (how, bound) = match first.use_ {
            Use::Exchanged { .. } => {
                let fewest = unused.iter().filter_map(|input| match input.use_ {
                    Use::Exchanged { n_moved, .. } => Some(n_moved as u64),
                    Use::Splits(_) | Use::Unknown => None,
                });
                let bounds = fewest.min().and_then(|n| wilson(0, n, LEVEL).ok());
                let bound = bounds.map_or(String::new(), |bounds| {
                    format!("; it would for at most {} of rows", percent(bounds.high))
                });
                ("no prediction changes with", bound)
            }
            Use::Splits(_) | Use::Unknown => ("no tree splits on", String::new()),
        };
        let almost = if still.is_empty() {
            String::new()
        } else {
            format!(" ({} almost constant)", still.len())
        };
        let title = format!(
            "{} of {} unused: {how} {}{almost}{bound}",
            unused.len(),
            counted(n_known, "input"),
            listed(&Self::quoted(unused.iter().copied()))
        );
        let severity = if varying.len() > self.settings.warn_above {
            Severity::Warning
        } else {
            Severity::Note
        };
        let finding = Finding::new("DQ132", severity, title)
            .because("An input the model does not use costs to collect, can break the pipeline when it is absent, and raises drift alarms that mean nothing.")
            .advice("Train without it, or find out why it says nothing: constant in training, encoded wrongly, or the copy of another.")
            .evidence("inputs");
        let names = unused.iter().take(100).map(|input| &input.name);
        Some(names.fold(finding, Finding::column))
    }

    fn metrics(&self) -> Vec<Metric> {
        let n = self.n_rows as u64;
        let n_unused = self.unused().count();
        let n_varying = self.unused().filter(|input| input.varies(self.n_rows));
        vec![
            Metric::new("unused_varying", n_varying.count() as f64, n)
                .title("Unused inputs that vary")
                .unit("inputs")
                .at_most(Some(self.settings.warn_above as f64), None),
            Metric::new("unused", n_unused as f64, n)
                .title("Unused inputs")
                .unit("inputs"),
        ]
    }

    /// Every input, unused ones first.
    fn table(&self) -> View {
        let mut order: Vec<&Input> = self.inputs.iter().take(MAX_INPUTS).collect();
        order.sort_by_key(|input| !input.is_unused());
        let rows = order
            .iter()
            .map(|input| {
                let count = |n: usize| Cell::from(n as f64);
                let (splits, changed) = match input.use_ {
                    Use::Splits(n) => (count(n), Cell::Nothing),
                    Use::Exchanged { n_moved, n_changed } => (
                        Cell::Nothing,
                        Cell::from(n_changed as f64 / n_moved.max(1) as f64),
                    ),
                    Use::Unknown => (Cell::Nothing, Cell::Nothing),
                };
                let used = match input.use_ {
                    Use::Unknown => "cannot tell",
                    Use::Splits(_) | Use::Exchanged { .. } if input.is_unused() => "no",
                    Use::Splits(_) | Use::Exchanged { .. } => "yes",
                };
                let (values, most) = match input.spread {
                    Some(spread) => (
                        count(spread.n_values),
                        Cell::from(spread.n_most as f64 / self.n_rows.max(1) as f64),
                    ),
                    None => (Cell::Nothing, Cell::Nothing),
                };
                TableRow::new(vec![
                    input.name.as_str().into(),
                    used.into(),
                    splits,
                    changed,
                    values,
                    most,
                ])
            })
            .collect();
        let columns = [
            "input",
            "used",
            "splits",
            "changed",
            "values",
            "most frequent",
        ];
        View::new(
            "inputs",
            "Inputs",
            Chart::Table {
                columns: columns.map(str::to_owned).to_vec(),
                rows,
            },
        )
        .caption("Splits in the model's trees; or the share of exchanged values that changed a prediction. Values and the share of the most frequent one are of the rows asked.")
    }
}
