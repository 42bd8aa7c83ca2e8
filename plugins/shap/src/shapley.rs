//! SHAP values of any model, by its predictions alone.
//!
//! In: rows, background rows, the model as a function of one figure per row. Out: for each row what
//! each input adds to the prediction, compared with the mean over the background
//! (the interventional or *marginal* value function of Lundberg and Lee).
//!
//! With few inputs every coalition is asked for, which is exact. With many, permutations of the
//! inputs are drawn, each with its reverse (antithetic), as in `shap.PermutationExplainer`; then the
//! values are unbiased, and their sum is still exact.

use interlock_plugin_api::{CheckError, Features};
use interlock_stats::moments::{mean, sum, variance};
use interlock_stats::rng::Rng;

use crate::coalition::mixtures;

/// Inputs up to which all coalitions are asked for: 2^12 per row.
pub const MAX_EXACT_INPUTS: usize = 12;

/// Rows given to the model in one call, at most.
const MAX_BATCH: usize = 16_384;

/// The model as a function: one figure per row.
pub type Predict<'p> = dyn Fn(&Features) -> Result<Vec<f64>, CheckError> + 'p;

/// How values are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All coalitions.
    Exact,
    /// So many permutations, each with its reverse.
    Permutations(usize),
}

/// What the inputs of one row add to its prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The row.
    pub row: usize,
    /// Mean prediction over the background.
    pub base: f64,
    /// What the model says of the row itself, asked apart from everything else.
    pub prediction: f64,
    /// What each input adds.
    pub values: Vec<f64>,
    /// Standard error of each value from drawing permutations; 0 if exact.
    pub errors: Vec<f64>,
}

impl Explanation {
    /// How far base and values together are from the prediction; 0 but for rounding if the model
    /// gives the same answer every time.
    pub fn residual(&self) -> f64 {
        self.base + sum(&self.values) - self.prediction
    }
}

/// Explains one row; `prediction` is what the model says of it, `base` the mean over the background.
///
/// # Errors
/// If the model refuses.
pub fn explain(
    (rows, row): (&Features, usize),
    background: &Features,
    (base, prediction): (f64, f64),
    predict: &Predict<'_>,
    (method, seed): (Method, u64),
) -> Result<Explanation, CheckError> {
    let asked = Asked {
        rows,
        row,
        background,
        predict,
    };
    let (values, errors) = match method {
        Method::Exact => (exact(&asked)?, vec![0.0; rows.columns.len()]),
        Method::Permutations(n) => permutations(&asked, n.max(1), seed)?,
    };
    Ok(Explanation {
        row,
        base,
        prediction,
        values,
        errors,
    })
}

/// One row and how to ask about it.
struct Asked<'a> {
    rows: &'a Features,
    row: usize,
    background: &'a Features,
    predict: &'a Predict<'a>,
}

impl Asked<'_> {
    /// The mean prediction of each coalition over the background.
    fn means(&self, coalitions: &[Vec<bool>]) -> Result<Vec<f64>, CheckError> {
        let n = self.background.n_rows.max(1);
        let mut means = Vec::with_capacity(coalitions.len());
        for some in coalitions.chunks((MAX_BATCH / n).max(1)) {
            let mixed = mixtures(self.rows, self.row, self.background, some);
            let answers = (self.predict)(&mixed)?;
            means.extend(
                answers
                    .chunks(n)
                    .map(|chunk| mean(chunk).unwrap_or(f64::NAN)),
            );
        }
        Ok(means)
    }
}

/// The weighted sum over all coalitions (Shapley, 1953).
fn exact(asked: &Asked<'_>) -> Result<Vec<f64>, CheckError> {
    let n = asked.rows.columns.len();
    let coalitions: Vec<Vec<bool>> = (0..1_usize << n)
        .map(|bits| (0..n).map(|input| bits >> input & 1 == 1).collect())
        .collect();
    let means = asked.means(&coalitions)?;
    // Weight of a coalition of s others: s! (n - s - 1)! / n!.
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    for s in 1..n {
        weights[s] = weights[s - 1] * s as f64 / (n - s) as f64;
    }
    let value = |input: usize| {
        let terms = (0..means.len())
            .filter(|bits| bits >> input & 1 == 0)
            .map(|bits| {
                let others = bits.count_ones() as usize;
                weights[others] * (means[bits | 1 << input] - means[bits])
            });
        interlock_stats::moments::sum_of(terms)
    };
    Ok((0..n).map(value).collect())
}

/// The mean over permutations and their reverses, and the standard error over pairs.
fn permutations(
    asked: &Asked<'_>,
    n_pairs: usize,
    seed: u64,
) -> Result<(Vec<f64>, Vec<f64>), CheckError> {
    let n = asked.rows.columns.len();
    let mut pairs: Vec<Vec<f64>> = vec![Vec::with_capacity(n_pairs); n];
    for pair in 0..n_pairs {
        let mut order: Vec<usize> = (0..n).collect();
        // The draws depend on seed, row and pair only, not on what was asked before.
        let stream = (asked.row as u64) << 32 | pair as u64;
        Rng::for_stream(seed, stream).shuffle(&mut order);
        let forward = along(asked, &order)?;
        order.reverse();
        let backward = along(asked, &order)?;
        for (input, values) in pairs.iter_mut().enumerate() {
            values.push(f64::midpoint(forward[input], backward[input]));
        }
    }
    let values = pairs
        .iter()
        .map(|pairs| mean(pairs).unwrap_or(f64::NAN))
        .collect();
    let error =
        |pairs: &Vec<f64>| variance(pairs).map_or(f64::NAN, |v| (v / pairs.len() as f64).sqrt());
    Ok((values, pairs.iter().map(error).collect()))
}

/// What each input adds when inputs join in this order.
fn along(asked: &Asked<'_>, order: &[usize]) -> Result<Vec<f64>, CheckError> {
    let mut inside = vec![false; order.len()];
    let mut coalitions = vec![inside.clone()];
    for &input in order {
        inside[input] = true;
        coalitions.push(inside.clone());
    }
    let means = asked.means(&coalitions)?;
    let mut values = vec![0.0; order.len()];
    for (at, &input) in order.iter().enumerate() {
        values[input] = means[at + 1] - means[at];
    }
    Ok(values)
}
