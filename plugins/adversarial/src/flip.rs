//! How little turns a decision: a greedy search over small steps of single inputs.
//!
//! In: rows, how each input may change, a model as a function. Out: for each row the smallest change
//! found that turns its decision. Greedy search gives an upper bound: a smaller change may exist.
//!
//! All rows are searched at once: each round asks the model about one step of every input of every
//! row still unturned, so a round is few calls whatever the number of rows.

use interlock_plugin_api::{CheckError, FeatureValues, Features, MISSING};

use crate::constraint::Freedom;
use crate::noise_curve::Predict;

/// What a change of category or truth value costs, in the unit of numbers: standard deviations.
const SWAP_COST: f64 = 1.0;

/// Rows given to the model in one call, at most.
const MAX_BATCH: usize = 20_000;

/// Where the search ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Total change of a row: standard deviations, summed over inputs.
    pub distance: f64,
    /// Inputs of a row that may change.
    pub n_inputs: usize,
    /// Length of a step of a number, in standard deviations.
    pub step: f64,
}

/// A turned decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The row.
    pub row: usize,
    /// Inputs changed, ascending.
    pub changed: Vec<usize>,
    /// Total change, in standard deviations.
    pub distance: f64,
    /// The row after the change.
    pub after: Features,
}

/// How sure the model is of the decision it made for a row: greater is surer, below 0 is another
/// decision.
pub type Margin<'m> = dyn Fn(usize, &[f64]) -> f64 + 'm;

/// One row on its way.
struct Path {
    row: usize,
    now: Features,
    margin: f64,
    distance: f64,
    changed: Vec<usize>,
}

/// A step that could be made.
struct Candidate {
    path: usize,
    input: usize,
    cost: f64,
}

/// The smallest change found for each row that turns, in the order of rows.
///
/// # Errors
/// If the model refuses.
pub fn search(
    features: &Features,
    freedoms: &[Freedom],
    (predict, margin): (&Predict<'_>, &Margin<'_>),
    budget: Budget,
) -> Result<Vec<Flip>, CheckError> {
    let clean = predict(features)?;
    let mut paths: Vec<Path> = (0..features.n_rows)
        .map(|row| Path {
            row,
            now: features.select(&[row]),
            margin: margin(row, clean.row(row)),
            distance: 0.0,
            changed: Vec::new(),
        })
        .collect();
    let mut flips = Vec::new();
    while !paths.is_empty() {
        let (candidates, rows) = candidates(&paths, freedoms, budget);
        if candidates.is_empty() {
            break;
        }
        let outputs = ask(predict, &rows)?;
        paths = advance(paths, &candidates, &rows, |at, row| {
            margin(row, &outputs[at])
        });
        let (turned, left) = paths.into_iter().partition(|path| path.margin < 0.0);
        paths = left;
        flips.extend(turned.into_iter().map(|path: Path| Flip {
            row: path.row,
            changed: path.changed,
            distance: path.distance,
            after: path.now,
        }));
    }
    flips.sort_by_key(|flip| flip.row);
    Ok(flips)
}

/// Every step that may be made from where the paths are, and the rows after it.
fn candidates(
    paths: &[Path],
    freedoms: &[Freedom],
    budget: Budget,
) -> (Vec<Candidate>, Vec<Features>) {
    let (mut candidates, mut rows) = (Vec::new(), Vec::new());
    for (at, path) in paths.iter().enumerate() {
        for (input, freedom) in freedoms.iter().enumerate() {
            let is_new = !path.changed.contains(&input);
            if is_new && path.changed.len() >= budget.n_inputs {
                continue;
            }
            for (values, cost) in steps(&path.now.columns[input].values, freedom, budget.step) {
                if path.distance + cost > budget.distance + 1e-12 {
                    continue;
                }
                let mut after = path.now.clone();
                after.columns[input].values = values;
                candidates.push(Candidate {
                    path: at,
                    input,
                    cost,
                });
                rows.push(after);
            }
        }
    }
    (candidates, rows)
}

/// The values one step away from a single value, with what each costs.
fn steps(value: &FeatureValues, freedom: &Freedom, step: f64) -> Vec<(FeatureValues, f64)> {
    match (value, freedom) {
        (FeatureValues::Numeric(values), Freedom::Number(line)) => {
            let from = values[0];
            [-1.0, 1.0]
                .iter()
                .map(|sign| {
                    // A column of whole numbers moves by one where the step is shorter.
                    let length = if line.is_integer {
                        (step * line.std).max(1.0)
                    } else {
                        step * line.std
                    };
                    line.place(from, from + sign * length)
                })
                .filter(|to| !to.is_nan() && (to - from).abs() > 0.0)
                .map(|to| {
                    (
                        FeatureValues::Numeric(vec![to]),
                        (to - from).abs() / line.std,
                    )
                })
                .collect()
        }
        (FeatureValues::Numeric(values), Freedom::Choice(options)) => options
            .iter()
            .filter(|to| !values[0].is_nan() && (**to - values[0]).abs() > 0.0)
            .map(|to| (FeatureValues::Numeric(vec![*to]), SWAP_COST))
            .collect(),
        (FeatureValues::Categorical { codes, categories }, Freedom::Category(options)) => options
            .iter()
            .filter(|to| codes[0] != MISSING && **to != codes[0])
            .map(|to| {
                let values = FeatureValues::Categorical {
                    codes: vec![*to],
                    categories: categories.clone(),
                };
                (values, SWAP_COST)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What the model says of each of these single rows.
fn ask(predict: &Predict<'_>, rows: &[Features]) -> Result<Vec<Vec<f64>>, CheckError> {
    let mut outputs = Vec::with_capacity(rows.len());
    for batch in rows.chunks(MAX_BATCH) {
        let joined = join(batch);
        let predictions = predict(&joined)?;
        outputs.extend((0..predictions.n_rows).map(|row| predictions.row(row).to_vec()));
    }
    Ok(outputs)
}

/// Single rows under each other.
fn join(rows: &[Features]) -> Features {
    let Some(first) = rows.first() else {
        return Features::default();
    };
    let mut joined = first.clone();
    joined.n_rows = rows.len();
    for (input, column) in joined.columns.iter_mut().enumerate() {
        match &mut column.values {
            FeatureValues::Numeric(values) => {
                values.clear();
                for row in rows {
                    if let FeatureValues::Numeric(value) = &row.columns[input].values {
                        values.extend(value);
                    }
                }
            }
            FeatureValues::Categorical { codes, .. } => {
                codes.clear();
                for row in rows {
                    if let FeatureValues::Categorical { codes: code, .. } =
                        &row.columns[input].values
                    {
                        codes.extend(code);
                    }
                }
            }
        }
    }
    joined
}

/// Each path takes the step that lowers its margin most for its cost; a path that no step brings
/// nearer ends.
fn advance(
    paths: Vec<Path>,
    candidates: &[Candidate],
    rows: &[Features],
    margin: impl Fn(usize, usize) -> f64,
) -> Vec<Path> {
    let mut best: Vec<Option<(f64, usize, f64)>> = vec![None; paths.len()];
    for (at, candidate) in candidates.iter().enumerate() {
        let path = &paths[candidate.path];
        let after = margin(at, path.row);
        let gain = (path.margin - after) / candidate.cost;
        // A step that turns the decision is better than any that does not; the cheapest of them.
        let worth = if after < 0.0 {
            f64::MAX / 4.0 - candidate.cost
        } else {
            gain
        };
        let is_better = best[candidate.path].is_none_or(|(known, _, _)| worth > known);
        if is_better && worth > 0.0 {
            best[candidate.path] = Some((worth, at, after));
        }
    }
    paths
        .into_iter()
        .zip(best)
        .filter_map(|(mut path, best)| {
            let (_, at, after) = best?;
            let candidate = &candidates[at];
            path.now = rows[at].clone();
            path.margin = after;
            path.distance += candidate.cost;
            if let Err(place) = path.changed.binary_search(&candidate.input) {
                path.changed.insert(place, candidate.input);
            }
            Some(path)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::Line;
    use interlock_plugin_api::{Feature, Predictions};

    fn rows(columns: &[&[f64]]) -> Features {
        Features {
            n_rows: columns[0].len(),
            columns: columns
                .iter()
                .enumerate()
                .map(|(at, values)| Feature {
                    name: format!("x{at}"),
                    values: FeatureValues::Numeric(values.to_vec()),
                })
                .collect(),
        }
    }

    fn free() -> Freedom {
        Freedom::Number(Line {
            std: 1.0,
            is_integer: false,
            min: f64::NEG_INFINITY,
            max: f64::INFINITY,
            allowed: Vec::new(),
        })
    }

    /// The model: 3 x0 + x1, positive above 0; the margin of a row decided positive.
    #[expect(clippy::unnecessary_wraps, reason = "a model may refuse")]
    fn linear(features: &Features) -> Result<Predictions, CheckError> {
        let column = |at: usize| match &features.columns[at].values {
            FeatureValues::Numeric(values) => values.clone(),
            FeatureValues::Categorical { .. } => Vec::new(),
        };
        let values = column(0)
            .iter()
            .zip(column(1))
            .map(|(a, b)| 3.0 * a + b)
            .collect();
        Ok(Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values,
        })
    }

    #[test]
    fn the_steepest_input_is_changed_as_far_as_needed() {
        let features = rows(&[&[1.0, 5.0], &[0.5, 0.0]]);
        let budget = Budget {
            distance: 2.0,
            n_inputs: 1,
            step: 0.25,
        };
        let flips = search(
            &features,
            &[free(), free()],
            (&linear, &|_, output: &[f64]| output[0]),
            budget,
        )
        .unwrap();
        // Row 0: 3.5 - 0.75 k < 0 at k = 5 steps of 0.25. Row 1 would need 5, beyond the budget.
        assert_eq!(flips.len(), 1);
        assert_eq!((flips[0].row, &flips[0].changed[..]), (0, &[0][..]));
        assert!((flips[0].distance - 1.25).abs() < 1e-12);
    }

    #[test]
    fn what_is_fixed_never_changes() {
        let features = rows(&[&[1.0], &[0.5]]);
        let budget = Budget {
            distance: 9.0,
            n_inputs: 2,
            step: 0.5,
        };
        let freedoms = [Freedom::Fixed("immutable"), free()];
        let margin = |_: usize, output: &[f64]| output[0];
        let flips = search(&features, &freedoms, (&linear, &margin), budget).unwrap();
        assert_eq!(flips[0].changed, [1]);
        assert!(
            (flips[0].distance - 4.0).abs() < 1e-12,
            "{}",
            flips[0].distance
        );
    }
}
