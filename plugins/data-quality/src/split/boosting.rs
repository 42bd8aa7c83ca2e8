//! A small classifier: boosted trees of depth 2 over binned features.
//!
//! In: bins per feature and row, a truth per row. Out: a score for each row from trees that have not
//! seen it, and what each feature contributed.
//!
//! Newton steps on the logistic loss. Bins of a feature are ordered by their gradient in each node, so
//! categories need no order of their own. Two levels see how two features go together, which no look
//! at single columns does.

/// Trees, how far each goes, and what keeps leaves of few rows small.
const N_TREES: usize = 30;
const RATE: f64 = 0.2;
const RIDGE: f64 = 5.0;
const MIN_ROWS: f64 = 10.0;

/// Features as bins.
pub struct Features {
    /// One list of bins per feature, one bin per row.
    pub bins: Vec<Vec<u32>>,
    /// Bins of each feature are below this.
    pub n_bins: Vec<usize>,
}

/// Scores of rows held out, and the gain of each feature over all trees.
pub struct Held {
    /// Log-odds per row.
    pub scores: Vec<f64>,
    /// Gain per feature.
    pub gains: Vec<f64>,
}

/// A split: rows whose bin is marked go left.
struct Split {
    feature: usize,
    goes_left: Vec<bool>,
    gain: f64,
}

/// Scores every row by trees grown on the other parts; row `r` belongs to part `parts[r]`.
pub fn held_out(features: &Features, truth: &[bool], parts: &[usize], n_parts: usize) -> Held {
    let mut held = Held {
        scores: vec![0.0; truth.len()],
        gains: vec![0.0; features.bins.len()],
    };
    for part in 0..n_parts {
        let grown: Vec<usize> = (0..truth.len()).filter(|&row| parts[row] != part).collect();
        let tested: Vec<usize> = (0..truth.len()).filter(|&row| parts[row] == part).collect();
        boost(features, truth, (&grown, &tested), &mut held);
    }
    held
}

fn boost(features: &Features, truth: &[bool], rows: (&[usize], &[usize]), held: &mut Held) {
    let (grown, tested) = rows;
    let n_positive = grown.iter().filter(|&&row| truth[row]).count() as f64;
    let base = ((n_positive + 0.5) / (grown.len() as f64 - n_positive + 0.5)).ln();
    let mut margins = vec![base; truth.len()];
    let mut slopes = vec![(0.0, 0.0); truth.len()];
    for _ in 0..N_TREES {
        for &row in grown {
            let p = 1.0 / (1.0 + (-margins[row]).exp());
            slopes[row] = (f64::from(u8::from(truth[row])) - p, p * (1.0 - p));
        }
        let Some(root) = best(features, &slopes, grown) else {
            break;
        };
        held.gains[root.feature] += root.gain;
        let goes_left =
            |split: &Split, row: usize| split.goes_left[features.bins[split.feature][row] as usize];
        for side in [true, false] {
            let of_side = |rows: &[usize]| -> Vec<usize> {
                rows.iter()
                    .copied()
                    .filter(|&row| goes_left(&root, row) == side)
                    .collect()
            };
            let (own, own_tested) = (of_side(grown), of_side(tested));
            let child = best(features, &slopes, &own);
            let Some(child) = child else {
                step(&slopes, &own, &[&own, &own_tested], &mut margins);
                continue;
            };
            held.gains[child.feature] += child.gain;
            for leaf in [true, false] {
                let of_leaf = |rows: &[usize]| -> Vec<usize> {
                    rows.iter()
                        .copied()
                        .filter(|&row| goes_left(&child, row) == leaf)
                        .collect()
                };
                let (own, own_tested) = (of_leaf(&own), of_leaf(&own_tested));
                step(&slopes, &own, &[&own, &own_tested], &mut margins);
            }
        }
    }
    for &row in tested {
        held.scores[row] = margins[row] - base;
    }
}

/// Moves all rows of a leaf by one Newton step.
fn step(slopes: &[(f64, f64)], own: &[usize], moved: &[&[usize]], margins: &mut [f64]) {
    let (g, h) = own.iter().fold((0.0, 0.0), |sum, &row| {
        (sum.0 + slopes[row].0, sum.1 + slopes[row].1)
    });
    let value = RATE * g / (h + RIDGE);
    for rows in moved {
        for &row in *rows {
            margins[row] += value;
        }
    }
}

/// The best split of these rows, if one gains anything.
fn best(features: &Features, slopes: &[(f64, f64)], rows: &[usize]) -> Option<Split> {
    let mut found: Option<Split> = None;
    for (feature, (bins, n_bins)) in features.bins.iter().zip(&features.n_bins).enumerate() {
        let mut sums = vec![(0.0, 0.0, 0.0); *n_bins];
        for &row in rows {
            let sum = &mut sums[bins[row] as usize];
            *sum = (sum.0 + slopes[row].0, sum.1 + slopes[row].1, sum.2 + 1.0);
        }
        let mut order: Vec<usize> = (0..*n_bins).filter(|&bin| sums[bin].2 > 0.0).collect();
        let ratio = |bin: usize| sums[bin].0 / (sums[bin].1 + RIDGE);
        order.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(a.cmp(&b)));
        let (g, h, n) = sums
            .iter()
            .fold((0.0, 0.0, 0.0), |t, s| (t.0 + s.0, t.1 + s.1, t.2 + s.2));
        let weight = |g: f64, h: f64| g * g / (h + RIDGE);
        let mut left = (0.0, 0.0, 0.0);
        for (at, &bin) in order.iter().enumerate() {
            left = (
                left.0 + sums[bin].0,
                left.1 + sums[bin].1,
                left.2 + sums[bin].2,
            );
            if left.2 < MIN_ROWS || n - left.2 < MIN_ROWS {
                continue;
            }
            let gain = weight(left.0, left.1) + weight(g - left.0, h - left.1) - weight(g, h);
            if gain > found.as_ref().map_or(1e-9, |split| split.gain) {
                let mut goes_left = vec![false; *n_bins];
                order[..=at].iter().for_each(|&bin| goes_left[bin] = true);
                found = Some(Split {
                    feature,
                    goes_left,
                    gain,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::auc::area;
    use interlock_stats::rng::Rng;

    #[test]
    fn two_features_that_tell_only_together_are_seen() {
        let mut rng = Rng::new(5);
        let mut draw = |n: usize| -> Vec<u32> {
            (0..2000)
                .map(|_| u32::try_from(rng.below(n)).unwrap())
                .collect()
        };
        let (a, b, noise) = (draw(4), draw(2), draw(6));
        // Not quite balanced, so that the first split has something to go by.
        let truth: Vec<bool> = a
            .iter()
            .zip(&b)
            .map(|(a, b)| (*a < 1) != (*b == 0))
            .collect();
        let parts: Vec<usize> = (0..2000).map(|row| row % 3).collect();
        let features = Features {
            bins: vec![a, b, noise],
            n_bins: vec![4, 2, 6],
        };
        let held = held_out(&features, &truth, &parts, 3);
        assert!(area(&held.scores, &truth).unwrap() > 0.95);
        assert!(held.gains[2] < held.gains[0] && held.gains[2] < held.gains[1]);
        let random: Vec<bool> = (0..2000).map(|_| rng.below(2) == 1).collect();
        let held = held_out(&features, &random, &parts, 3);
        assert!((area(&held.scores, &random).unwrap() - 0.5).abs() < 0.06);
        assert!(
            held_out(
                &Features {
                    bins: vec![],
                    n_bins: vec![]
                },
                &[],
                &[],
                3
            )
            .scores
            .is_empty()
        );
    }
}
