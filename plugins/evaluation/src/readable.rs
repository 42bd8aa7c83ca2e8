//! A model's trees with its inputs as the numbers the trees compare.
//!
//! In: the model, its trees, rows. Out: a column of numbers per input, such that the trees walked
//! here predict what the model predicts; or the reason why not.
//!
//! Which number stands for which category is the model's own affair and crosses no border. It is
//! found by asking: rows in which one category is exchanged, and the code that explains the answers.
//! What is found for one input makes the rows for the next ones tell more.

use std::collections::BTreeMap;

use interlock_plugin_api::ensemble::TreeEnsemble;
use interlock_plugin_api::{CheckError, FeatureValues, Features, MISSING, Model};

use crate::trees::{Growing, is_mean, n_codes, nodes_asking, trees_with, ways};

/// Rows a category is tried on.
const N_PROBES: usize = 64;

/// Codes of one input at most.
const MAX_CODES: usize = 4096;

/// Walks of a tree spent on finding codes at most.
const MAX_WALKS: usize = 50_000_000;

/// Predictions closer than this, relative to their size, are the same: sums in single precision.
const TOLERANCE: f64 = 1e-4;

/// Predictions of a code closer than this to the model's do not speak against it.
const ROUNDING: f64 = 1e-5;

/// The number that stands for each category of each input; `None` for numbers.
pub(crate) struct Codes(Vec<Option<Vec<(String, f64)>>>);

/// Codes that may still stand for each category of one input, each for all that act alike.
type Possible = BTreeMap<u32, Vec<f64>>;

/// The search for codes.
struct Asking<'a> {
    model: &'a Model<'a>,
    trees: &'a TreeEnsemble,
    /// The rows asked.
    probes: Features,
    /// Per input; `None` for numbers.
    possible: Vec<Option<Possible>>,
    n_walks: usize,
}

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
    let mut possible = Vec::with_capacity(features.columns.len());
    for (at, input) in features.columns.iter().enumerate() {
        let FeatureValues::Categorical { codes, .. } = &input.values else {
            possible.push(None);
            continue;
        };
        let n_candidates = n_codes(trees, at);
        if n_candidates > MAX_CODES {
            return Ok(Err(too_many(&input.name)));
        }
        let known = codes.iter().filter(|&&code| code != MISSING);
        let candidates = candidates(trees, at, n_candidates);
        let all: Possible = known.map(|&code| (code, candidates.clone())).collect();
        possible.push(Some(all));
    }
    let mut asking = Asking {
        model,
        trees,
        probes: features.select(&rows),
        possible,
        n_walks: 0,
    };
    if let Err(reason) = asking.narrow()? {
        return Ok(Err(reason));
    }
    let names = |at: usize, possible: Possible| -> Vec<(String, f64)> {
        let FeatureValues::Categorical { categories, .. } = &features.columns[at].values else {
            return Vec::new();
        };
        let known = possible.into_iter();
        known
            .map(|(code, left)| (categories[code as usize].clone(), left[0]))
            .collect()
    };
    let all = asking.possible.into_iter().enumerate();
    let codes = all.map(|(at, possible)| possible.map(|possible| names(at, possible)));
    Ok(Ok(Codes(codes.collect())))
}

fn too_many(name: &str) -> String {
    format!("'{name}' has too many categories to find out how the trees number them")
}

/// One code of each kind that the trees tell apart, and a missing value.
fn candidates(trees: &TreeEnsemble, at: usize, n_candidates: usize) -> Vec<f64> {
    let nodes = nodes_asking(trees, at);
    let mut kinds: BTreeMap<Vec<bool>, f64> = BTreeMap::new();
    for code in 0..n_candidates {
        let code = code as f64;
        kinds.entry(ways(trees, &nodes, code)).or_insert(code);
    }
    let mut found: Vec<f64> = kinds.into_values().collect();
    found.sort_by(f64::total_cmp);
    found.push(f64::NAN);
    found
}

impl Asking<'_> {
    /// Asks input after input until one code is left for every category. What nothing tells apart
    /// after that is taken as it comes: it made no difference for any of the rows.
    fn narrow(&mut self) -> Result<Result<(), String>, CheckError> {
        loop {
            let mut has_changed = false;
            for at in 0..self.possible.len() {
                if self.is_open(at) {
                    match self.ask(at)? {
                        Ok(is_narrower) => has_changed |= is_narrower,
                        Err(reason) => return Ok(Err(reason)),
                    }
                }
            }
            if has_changed {
                continue;
            }
            let Some(at) = (0..self.possible.len()).find(|&at| self.is_open(at)) else {
                return Ok(Ok(()));
            };
            for left in self.possible[at].iter_mut().flat_map(Possible::values_mut) {
                left.truncate(1);
            }
        }
    }

    /// Whether a category of this input has more than one code left.
    fn is_open(&self, at: usize) -> bool {
        let possible = self.possible[at].iter().flat_map(Possible::values);
        possible.clone().any(|left| left.len() > 1)
    }

    /// The probes without what is not known yet, and as numbers.
    fn known(&self) -> (Features, Vec<Vec<f64>>) {
        let mut bare = self.probes.clone();
        let mut columns = Vec::with_capacity(bare.columns.len());
        for (input, possible) in bare.columns.iter_mut().zip(&self.possible) {
            match &mut input.values {
                FeatureValues::Numeric(values) => columns.push(values.clone()),
                FeatureValues::Categorical { codes, .. } => {
                    let left = |code: &u32| possible.as_ref().and_then(|all| all.get(code));
                    let mut numbers = Vec::with_capacity(codes.len());
                    for code in codes.iter_mut() {
                        if let Some([number]) = left(code).map(Vec::as_slice) {
                            numbers.push(*number);
                        } else {
                            *code = MISSING;
                            numbers.push(f64::NAN);
                        }
                    }
                    columns.push(numbers);
                }
            }
        }
        (bare, columns)
    }

    /// Asks for every open category of one input; whether any code was ruled out.
    fn ask(&mut self, at: usize) -> Result<Result<bool, String>, CheckError> {
        let (mut bare, mut columns) = self.known();
        let Some(possible) = &mut self.possible[at] else {
            return Ok(Ok(false));
        };
        let name = bare.columns[at].name.clone();
        let mut numbers: Vec<f64> = possible.values().flatten().copied().collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup_by(|a, b| a.total_cmp(b).is_eq());
        self.n_walks += numbers.len() * bare.n_rows * self.trees.tree_starts.len();
        if self.n_walks > MAX_WALKS {
            return Ok(Err(too_many(&name)));
        }
        let Some(predicted) = figures(self.trees, at, &mut columns, &numbers) else {
            return Ok(Err("its trees do not hold together".to_owned()));
        };
        let mut is_narrower = false;
        for (&code, left) in possible.iter_mut().filter(|(_, left)| left.len() > 1) {
            if let FeatureValues::Categorical { codes, .. } = &mut bare.columns[at].values {
                codes.fill(code);
            }
            let answers = self.model.predict(&bare)?.values;
            let off = |number: &f64| {
                let figures = predicted.get(&number.to_bits());
                figures.map_or(f64::INFINITY, |figures| distance(figures, &answers))
            };
            let least = left.iter().map(off).fold(f64::INFINITY, f64::min);
            if least > TOLERANCE {
                return Ok(Err(format!(
                    "no number for a category of '{name}' makes the trees predict as the model does"
                )));
            }
            let before = left.len();
            left.retain(|number| off(number) <= least.max(ROUNDING));
            is_narrower |= left.len() < before;
        }
        Ok(Ok(is_narrower))
    }
}

/// What the trees predict with each of these numbers in one column, by the number's bits.
fn figures(
    trees: &TreeEnsemble,
    at: usize,
    columns: &mut [Vec<f64>],
    numbers: &[f64],
) -> Option<BTreeMap<u64, Vec<f64>>> {
    let is_asking = trees_with(trees, &nodes_asking(trees, at));
    let of = |is_wanted: bool| {
        let all = is_asking.iter().enumerate();
        all.filter(move |(_, is_asking)| **is_asking == is_wanted)
            .map(|(tree, _)| tree)
    };
    // Trees that do not ask for the input are walked once.
    let mut rest = Growing::new(trees, columns[at].len(), false);
    for tree in of(false) {
        rest.add(tree, columns)?;
    }
    let mut found = BTreeMap::new();
    for &number in numbers {
        columns[at].fill(number);
        let mut all = rest.clone();
        for tree in of(true) {
            all.add(tree, columns)?;
        }
        found.insert(number.to_bits(), all.predictions());
    }
    Some(found)
}

/// The greatest difference between two sets of figures, relative to size above 1.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    let gaps = a.iter().zip(b).map(|(a, b)| {
        let gap = (a - b).abs() / a.abs().max(1.0);
        if gap.is_nan() { f64::INFINITY } else { gap }
    });
    gaps.fold(0.0, f64::max)
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
    distance(a, b) <= TOLERANCE
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
