//! The check `evaluation.unused-features`.
//!
//! In: rows, the model, its trees if there are any. Out: inputs that change nothing, and models that
//! always say the same.

use interlock_plugin_api::{
    CheckError, Context, Features, Finding, Metric, Model, Outcome, Params, Role, Severity,
    Verdict, check,
};
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::trees::{is_whole, never_split_on};
use crate::wording::{counted, inconclusive, listed, verdict};

/// Inputs beyond which the rest is not shuffled.
const MAX_INPUTS: usize = 500;

/// Times each input is shuffled.
const N_SHUFFLES: u64 = 2;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Unused inputs from whose number on, this one excluded, the check warns instead of noting.
    warn_above: usize,
    /// Rows that are shuffled, at most, where the model has no trees to look at.
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

/// What is known of the inputs.
struct Found {
    unused: Vec<String>,
    /// Inputs that have one value in all rows looked at, so that shuffling says nothing.
    still: Vec<String>,
    is_exact: bool,
    notes: Vec<String>,
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
    let model = ctx.model()?;
    let table = match ctx.table_if_present(Role::Test)? {
        Some(table) => table,
        None => ctx.table(Role::Train)?,
    };
    let rows = Rng::for_stream(ctx.seed(), 5).sample_sorted(table.n_rows(), settings.max_rows);
    let features = table.features_at(&model, &rows)?;
    if features.n_rows < 2 {
        return Ok(inconclusive(
            "fewer than two rows: nothing can be told apart",
            &[],
        ));
    }
    let plain = model.predict(&features)?;
    let first = plain.row(0);
    let is_constant = (1..plain.n_rows).all(|row| is_equal(plain.row(row), first));
    if is_constant {
        let title = format!(
            "the model predicts {} for each of {} rows",
            first[0], plain.n_rows
        );
        let finding = Finding::new("DQ133", Severity::Error, title.clone())
            .because("Inputs that differ should make a difference: the model has learned nothing, or its inputs do not arrive.")
            .advice("Look at how the inputs are encoded and named, and at the training itself.");
        return Ok(Outcome::new(Verdict::Fail, title)
            .metric(
                Metric::new("distinct_predictions", 1.0, plain.n_rows as u64)
                    .title("Different predictions"),
            )
            .finding(finding)
            .note(format!(
                "{} rows of the {} table were asked.",
                plain.n_rows,
                table.role().name()
            )));
    }
    let found = match model.ensemble()? {
        Some(trees) if is_whole(&trees) => Found {
            unused: never_split_on(&trees)
                .into_iter()
                .map(|at| trees.features[at].clone())
                .collect(),
            still: Vec::new(),
            is_exact: true,
            notes: vec!["Read off the model's trees: exact.".to_owned()],
        },
        Some(_) | None => shuffled(ctx, &model, &features, &plain.values)?,
    };
    Ok(outcome(
        &found,
        features.columns.len(),
        features.n_rows,
        &settings,
    ))
}

fn is_equal(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.total_cmp(b).is_eq())
}

/// Inputs whose values, exchanged between rows, change no prediction at all.
fn shuffled(
    ctx: &Context,
    model: &Model<'_>,
    features: &Features,
    plain: &[f64],
) -> Result<Found, CheckError> {
    let mut found = Found {
        unused: Vec::new(),
        still: Vec::new(),
        is_exact: false,
        notes: vec![format!(
            "The model shows no trees: each input's values were exchanged between {} rows, {N_SHUFFLES} times. An input that matters only beyond these rows is taken for unused.",
            features.n_rows
        )],
    };
    let n_inputs = features.columns.len().min(MAX_INPUTS);
    if n_inputs < features.columns.len() {
        found.notes.push(format!(
            "Only the first {MAX_INPUTS} of {} inputs were looked at.",
            features.columns.len()
        ));
    }
    for at in 0..n_inputs {
        ctx.progress(at as f64 / n_inputs as f64, &features.columns[at].name);
        let own = &features.columns[at];
        let name = own.name.clone();
        if (1..features.n_rows).all(|row| own.values.display(row) == own.values.display(0)) {
            found.still.push(name);
            continue;
        }
        let mut is_used = false;
        for shuffle in 0..N_SHUFFLES {
            let mut order: Vec<usize> = (0..features.n_rows).collect();
            Rng::for_stream(ctx.seed(), 100 + shuffle).shuffle(&mut order);
            let mut changed = features.clone();
            changed.columns[at].values = own.values.select(&order);
            if !is_equal(&model.predict(&changed)?.values, plain) {
                is_used = true;
                break;
            }
        }
        if !is_used {
            found.unused.push(name);
        }
    }
    Ok(found)
}

fn outcome(found: &Found, n_inputs: usize, n_rows: usize, settings: &Settings) -> Outcome {
    let quoted = |names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("'{name}'")).collect()
    };
    let n_unused = found.unused.len();
    let mut findings = Vec::new();
    if n_unused > 0 {
        let severity = if n_unused > settings.warn_above {
            Severity::Warning
        } else {
            Severity::Note
        };
        let how = if found.is_exact {
            "no tree splits on"
        } else {
            "no prediction changes with"
        };
        let title = format!(
            "{} of {} unused: {how} {}",
            n_unused,
            counted(n_inputs, "input"),
            listed(&quoted(&found.unused))
        );
        let mut finding = Finding::new("DQ132", severity, title)
            .because("An input the model does not use costs to collect, can break the pipeline when it is absent, and raises drift alarms that mean nothing.")
            .advice("Train without it, or find out why it says nothing: constant in training, encoded wrongly, or the copy of another.");
        for name in found.unused.iter().take(100) {
            finding = finding.column(name);
        }
        findings.push(finding);
    }
    let n_known = n_inputs - found.still.len().min(n_inputs);
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
    let mut outcome = Outcome::new(verdict(&findings, otherwise), summary).metric(
        Metric::new("unused", n_unused as f64, n_rows as u64)
            .title("Unused inputs")
            .unit("inputs")
            .at_most(Some(settings.warn_above as f64), None),
    );
    outcome.findings = findings;
    outcome.notes.clone_from(&found.notes);
    if !found.still.is_empty() {
        outcome.notes.push(format!(
            "{} in these rows, so exchanging says nothing: {}.",
            if found.still.len() == 1 {
                "One input is constant"
            } else {
                "Several inputs are constant"
            },
            listed(&quoted(&found.still))
        ));
    }
    outcome
}
