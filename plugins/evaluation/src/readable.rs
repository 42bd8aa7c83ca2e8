//! A model's trees with its inputs as the numbers the trees compare.
//!
//! In: the model, its trees, rows. Out: a column of numbers per input, such that the trees walked
//! here predict what the model predicts; or the reason why not.
//!
//! Which number stands for which category is the model's own affair and crosses no border. It is
//! found by asking: rows that differ in one category only, and the code that explains the answers.

use interlock_plugin_api::ensemble::TreeEnsemble;
use interlock_plugin_api::{CheckError, FeatureValues, Features, MISSING, Model};

use crate::trees::{Growing, is_mean, n_codes};

/// Rows a category is tried on.
const N_PROBES: usize = 24;

/// Walks of a tree spent on finding codes at most.
const MAX_WALKS: usize = 50_000_000;

/// Predictions closer than this, relative to their size, are the same: sums in single precision.
const TOLERANCE: f64 = 1e-4;

/// The number that stands for each category of each input; `None` for numbers.
pub(crate) struct Codes(Vec<Option<Vec<(String, f64)>>>);

/// Finds the codes. `Err` holds the reason, for people, why they cannot be found.
///
/// # Errors
/// If the model refuses the rows.
pub(crate) fn codes(
    model: &Model<'_>,
    trees: &TreeEnsemble,
    features: &Features,
) -> Result<Result<Codes, String>, CheckError> {
    let stride = features.n_rows.div_ceil(N_PROBES).max(1);
    let rows: Vec<usize> = (0..features.n_rows).step_by(stride).collect();
    let mut bare = features.select(&rows);
    for input in &mut bare.columns {
        if let FeatureValues::Categorical { codes, .. } = &mut input.values {
            codes.fill(MISSING);
        }
    }
    let mut found = Vec::with_capacity(features.columns.len());
    let mut n_walks = 0_usize;
    for (at, input) in features.columns.iter().enumerate() {
        let FeatureValues::Categorical { codes, categories } = &input.values else {
            found.push(None);
            continue;
        };
        let mut present: Vec<u32> = codes
            .iter()
            .copied()
            .filter(|&code| code != MISSING)
            .collect();
        present.sort_unstable();
        present.dedup();
        let n_candidates = n_codes(trees, at);
        n_walks += present.len() * n_candidates * rows.len() * trees.tree_starts.len();
        if n_walks > MAX_WALKS {
            return Ok(Err(format!(
                "'{}' has too many categories to find out how the trees number them",
                input.name
            )));
        }
        let candidates = candidates(trees, &bare, at, n_candidates);
        let mut own = Vec::new();
        for code in present {
            let mut asked = bare.clone();
            if let FeatureValues::Categorical { codes, .. } = &mut asked.columns[at].values {
                codes.fill(code);
            }
            let answers = model.predict(&asked)?.values;
            let name = &categories[code as usize];
            let is_free = |number: f64| {
                !own.iter()
                    .any(|(_, taken): &(String, f64)| taken.total_cmp(&number).is_eq())
            };
            let fits = candidates.iter().find(|(number, predicted)| {
                (number.is_nan() || is_free(*number)) && is_same(predicted, &answers)
            });
            let Some((number, _)) = fits else {
                return Ok(Err(format!(
                    "no number for '{name}' of '{}' makes the trees predict as the model does",
                    input.name
                )));
            };
            own.push((name.clone(), *number));
        }
        found.push(Some(own));
    }
    Ok(Ok(Codes(found)))
}

/// What the trees predict for the rows with each code in turn, last with a category they do not know.
fn candidates(
    trees: &TreeEnsemble,
    bare: &Features,
    at: usize,
    n_candidates: usize,
) -> Vec<(f64, Vec<f64>)> {
    let numbers = (0..n_candidates).map(|code| code as f64).chain([f64::NAN]);
    let mut columns: Vec<Vec<f64>> = bare
        .columns
        .iter()
        .map(|input| match &input.values {
            FeatureValues::Numeric(values) => values.clone(),
            FeatureValues::Categorical { codes, .. } => vec![f64::NAN; codes.len()],
        })
        .collect();
    numbers
        .filter_map(|number| {
            columns[at].fill(number);
            Some((number, whole(trees, &columns, bare.n_rows)?))
        })
        .collect()
}

/// What all trees predict; `None` if they do not hold together.
pub(crate) fn whole(trees: &TreeEnsemble, columns: &[Vec<f64>], n_rows: usize) -> Option<Vec<f64>> {
    let mut growing = Growing::new(trees, n_rows, false);
    for _ in 0..trees.tree_starts.len() {
        growing.grow(columns)?;
    }
    Some(growing.predictions())
}

/// Whether the trees vote with equal weight, told by the first rows.
pub(crate) fn is_forest(trees: &TreeEnsemble, columns: &[Vec<f64>], n_rows: usize) -> bool {
    let n_outputs = trees.n_outputs as usize;
    let mut growing = Growing::new(trees, n_rows, false);
    let first = |all: Vec<f64>| -> Vec<f64> { all.into_iter().step_by(n_outputs).collect() };
    let mut before = first(growing.predictions());
    let start = before.clone();
    let mut outputs = Vec::new();
    for &output in &trees.tree_outputs {
        if growing.grow(columns).is_none() {
            return false;
        }
        let after = first(growing.predictions());
        if output == 0 || output == TreeEnsemble::ALL_OUTPUTS {
            outputs.push(after.iter().zip(&before).map(|(a, b)| a - b).collect());
        }
        before = after;
    }
    let whole: Vec<f64> = before.iter().zip(&start).map(|(a, b)| a - b).collect();
    is_mean(trees, &whole, &outputs)
}

/// Whether two sets of predictions are the same but for rounding.
pub(crate) fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            let size = 1.0_f64.max(a.abs());
            (a - b).abs() <= TOLERANCE * size
        })
}

impl Codes {
    /// The inputs as numbers; a category that was not asked for is missing.
    pub(crate) fn columns(&self, features: &Features) -> Vec<Vec<f64>> {
        features
            .columns
            .iter()
            .zip(&self.0)
            .map(|(input, known)| match (&input.values, known) {
                (FeatureValues::Numeric(values), _) => values.clone(),
                (FeatureValues::Categorical { codes, categories }, known) => {
                    let numbers: Vec<f64> = categories
                        .iter()
                        .map(|name| {
                            let known = known.iter().flatten().find(|(own, _)| own == name);
                            known.map_or(f64::NAN, |(_, number)| *number)
                        })
                        .collect();
                    codes
                        .iter()
                        .map(|&code| numbers.get(code as usize).copied().unwrap_or(f64::NAN))
                        .collect()
                }
            })
            .collect()
    }
}
