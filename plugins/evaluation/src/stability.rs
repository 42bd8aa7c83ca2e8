//! The check `evaluation.stability`.
//!
//! In: rows, the model, its trees if there are any. Out: whether a row's prediction hangs on anything
//! but its own values, and how far a forest's decisions hang on the seed of its training.

use interlock_plugin_api::{
    CheckError, Context, Features, Model, Outcome, Params, Predictions, Role, Task, check,
};
use interlock_stats::rng::Rng;
use serde::{Deserialize, Serialize};

use crate::readable::{codes, is_forest, is_same, whole};
use crate::sameness::{Deciding, Difference, difference};
use crate::seed_noise::{Votes, votes};
use crate::stability_report::{Asked, Report, Seeds};
use crate::trees::is_whole;
use crate::wording::{MIN_ROWS, check_count, check_range, counted, inconclusive};

/// Rows asked one at a time.
const N_SINGLE: usize = 50;

/// Rows of a small batch.
const BATCH: usize = 64;

/// Walks of a tree, over rows and trees.
const MAX_WALKS: usize = 1_000_000;

/// Trees from which their spread says something.
const MIN_TREES: usize = 10;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Difference of a prediction, relative to its size above 1, up to which it counts as the same;
    /// 0 to 0.1.
    tolerance: f64,
    /// Share of decisions, 0 to 1, that another seed of a forest's training may turn; for regression
    /// the deviation by seed relative to that of the predictions. Beyond, with the whole interval, the
    /// check warns.
    seed_warn_above: f64,
    /// Rows asked at most, 30 or more; beyond, a random sample.
    max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tolerance: 1e-6,
            seed_warn_above: 0.1,
            max_rows: 1000,
        }
    }
}

#[check(
    id = "evaluation.stability",
    title = "Stable predictions",
    stage = "robustness",
    needs(train?, test?, model),
    codes(
        DQ135 = "a prediction hangs on more than the row itself",
        DQ136 = "decisions hang on the seed of the training"
    ),
    cost = "moderate",
    docs = "stability.md"
)]
pub(crate) fn stability(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("tolerance", settings.tolerance, 0.0, 0.1)?;
    check_range("seed_warn_above", settings.seed_warn_above, 0.0, 1.0)?;
    check_count("max_rows", settings.max_rows, MIN_ROWS, usize::MAX)?;
    let model = ctx.model()?;
    let table = match ctx.table_if_present(Role::Test)? {
        Some(table) => table,
        None => ctx.table(Role::Train)?,
    };
    let rows = Rng::for_stream(ctx.seed(), 7).sample_sorted(table.n_rows(), settings.max_rows);
    if rows.len() < MIN_ROWS {
        let summary = format!(
            "{} are too few to ask in other ways; {MIN_ROWS} would do",
            counted(rows.len(), "row")
        );
        return Ok(inconclusive(summary, &[]));
    }
    let features = table.features_at(&model, &rows)?;
    let plain = model.predict(&features)?;
    let asking = Asking {
        ctx,
        model: &model,
        features: &features,
        plain: &plain,
        deciding: deciding(&model, &plain),
        tolerance: settings.tolerance,
    };
    let asked = asking.every_way()?;
    ctx.progress(0.8, "the spread of the trees");
    let seeds = seeds(&model, &features, &plain)?;
    let mut notes = Vec::new();
    if rows.len() < table.n_rows() {
        notes.push(format!(
            "A random sample of {} of {} {} rows was asked.",
            rows.len(),
            table.n_rows(),
            table.role().name()
        ));
    }
    let report = Report {
        tolerance: settings.tolerance,
        seed_limit: settings.seed_warn_above,
        role: table.role(),
        rows: &rows,
        is_classes: model.task() != Task::Regression,
        asked: &asked,
        seeds: &seeds,
        spread: spread(&plain),
    };
    Ok(report.outcome(notes))
}

fn deciding(model: &Model<'_>, plain: &Predictions) -> Deciding {
    let is_classes = model.task() != Task::Regression;
    Deciding {
        n_outputs: plain.n_outputs,
        threshold: is_classes.then(|| model.facts().threshold),
    }
}

/// Variance of the predictions of a regression.
fn spread(plain: &Predictions) -> f64 {
    interlock_stats::moments::variance(&plain.values).unwrap_or(f64::NAN)
}

/// Asks the same rows in other ways.
struct Asking<'a> {
    ctx: &'a Context,
    model: &'a Model<'a>,
    features: &'a Features,
    plain: &'a Predictions,
    deciding: Deciding,
    tolerance: f64,
}

impl Asking<'_> {
    fn every_way(&self) -> Result<Vec<Asked>, CheckError> {
        let n_rows = self.features.n_rows;
        let all: Vec<usize> = (0..n_rows).collect();
        let reversed: Vec<usize> = (0..n_rows).rev().collect();
        let mut shuffled = all.clone();
        Rng::for_stream(self.ctx.seed(), 8).shuffle(&mut shuffled);
        let single = Rng::for_stream(self.ctx.seed(), 9).sample_sorted(n_rows, N_SINGLE);
        let twice = [reversed.as_slice(), &all].concat();
        Ok(vec![
            self.asked("the same rows again", &[&all])?,
            self.asked("rows in reverse order", &[&reversed])?,
            self.asked("rows in random order", &[&shuffled])?,
            self.asked("each row twice in one batch", &[&twice])?,
            self.asked("batches of 64 rows", &all.chunks(BATCH).collect::<Vec<_>>())?,
            self.asked("one row at a time", &single.chunks(1).collect::<Vec<_>>())?,
        ])
    }

    /// Asks batch by batch, each a list of rows, and compares row by row with the plain answer.
    fn asked(&self, way: &'static str, batches: &[&[usize]]) -> Result<Asked, CheckError> {
        self.ctx.progress(f64::NAN, way);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for batch in batches {
            let answer = self.model.predict(&self.features.select(batch))?;
            after.extend(answer.values);
            let plain = batch.iter().flat_map(|&row| self.plain.row(row));
            before.extend(plain.copied());
        }
        let found = difference(&before, &after, self.deciding, self.tolerance);
        let rows = batches.concat();
        let width = self.deciding.n_outputs.max(1);
        let example = found.worst.map(|at| {
            let figures = at * width..(at + 1) * width;
            // Of several figures the one that differs most.
            let (plain, other) = (&before[figures.clone()], &after[figures]);
            let pairs = plain.iter().zip(other).map(|(&a, &b)| (a, b));
            let most = pairs.max_by(|a, b| (a.0 - a.1).abs().total_cmp(&(b.0 - b.1).abs()));
            (rows[at], most.unwrap_or((f64::NAN, f64::NAN)))
        });
        let Difference {
            n_rows,
            greatest,
            beyond,
            turned,
            ..
        } = found;
        let named = |at: Vec<usize>| {
            let mut named: Vec<usize> = at.into_iter().map(|at| rows[at]).collect();
            named.sort_unstable();
            named.dedup();
            named
        };
        Ok(Asked {
            way,
            n_rows,
            greatest,
            example,
            beyond: named(beyond),
            turned: named(turned),
        })
    }
}

/// How far a forest's answers hang on its seed; or why that cannot be told.
fn seeds(model: &Model<'_>, features: &Features, plain: &Predictions) -> Result<Seeds, CheckError> {
    let no = |why: &str| Ok(Seeds::Unknown(why.to_owned()));
    let Some(trees) = model.ensemble()? else {
        return no("the model shows no trees, and a check cannot train it anew");
    };
    let n_trees = trees.tree_starts.len();
    if !is_whole(&trees)
        || trees.features != model.facts().features
        || trees.n_outputs as usize != plain.n_outputs
    {
        return no("its trees do not take the inputs that the model takes");
    }
    let most = (MAX_WALKS / n_trees).max(MIN_ROWS);
    let sure: Vec<usize> = (0..plain.n_rows)
        .filter(|&row| plain.row(row).iter().all(|value| value.is_finite()))
        .take(most)
        .collect();
    if sure.len() < MIN_ROWS {
        return no("the model gives numbers for too few rows");
    }
    let features = features.select(&sure);
    let predicted: Vec<f64> = sure
        .iter()
        .flat_map(|&row| plain.row(row))
        .copied()
        .collect();
    let columns = match codes(model, &trees, &features)? {
        Ok(codes) => codes.columns(&features),
        Err(reason) => return Ok(Seeds::Unknown(reason)),
    };
    let is_faithful =
        whole(&trees, &columns, sure.len()).is_some_and(|walked| is_same(&walked, &predicted));
    if !is_faithful {
        return no("the trees, walked here, do not predict what the model predicts");
    }
    let is_classes = model.task() != Task::Regression;
    let threshold = is_classes.then(|| model.facts().threshold);
    let found: Option<Votes> = is_forest(&trees, &columns, sure.len())
        .then(|| votes(&trees, &columns, &predicted, threshold))
        .flatten();
    let Some(votes) = found else {
        return no(
            "its trees correct each other (boosting): only forests tell by the spread of their trees what another seed would do",
        );
    };
    if n_trees < MIN_TREES {
        return Ok(Seeds::Unknown(format!(
            "a forest of {n_trees} trees; it takes {MIN_TREES}"
        )));
    }
    Ok(Seeds::Forest {
        n_trees,
        rows: sure,
        votes,
    })
}
