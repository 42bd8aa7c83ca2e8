//! How well scores put positive rows above negative ones.
//!
//! In: scores and truths, weights where a bootstrap gives them. Out: areas under the ROC and the
//! precision-recall curve, the curves, and what each row adds to an area.
//!
//! Equal scores are one step of a curve. Scores must be finite.

use interlock_stats::order::ranks;

/// Rows by descending score, ready to be counted with any weights.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Rows, highest score first.
    order: Vec<usize>,
    /// Whether the row at this place is positive.
    is_positive: Vec<bool>,
    /// Whether the next place has a lower score.
    is_last: Vec<bool>,
}

/// The two areas; `None` where a truth is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Areas {
    /// Area under the ROC curve, ties count half.
    pub roc: Option<f64>,
    /// Average precision: `Σ (Rᵢ − Rᵢ₋₁) Pᵢ`, no interpolation.
    pub precision_recall: Option<f64>,
}

/// One step of the curves: the counts of rows at or above a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The score.
    pub threshold: f64,
    /// Positive rows at or above it.
    pub true_positive: f64,
    /// Negative rows at or above it.
    pub false_positive: f64,
}

impl Ranking {
    /// One sort.
    pub fn new(scores: &[f64], is_positive: impl Fn(usize) -> bool) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let is_last = (0..order.len())
            .map(|at| {
                order
                    .get(at + 1)
                    .is_none_or(|&next| scores[order[at]] > scores[next])
            })
            .collect();
        Self {
            is_positive: order.iter().map(|&row| is_positive(row)).collect(),
            is_last,
            order,
        }
    }

    /// The areas with a weight per row.
    ///
    /// As `sklearn.metrics.roc_auc_score` and `average_precision_score`. Cost: one pass.
    pub fn areas(&self, weights: &[u32]) -> Areas {
        let mut total = 0.0;
        for (&row, &positive) in self.order.iter().zip(&self.is_positive) {
            if positive {
                total += f64::from(weights[row]);
            }
        }
        let (mut positives, mut negatives) = (0.0, 0.0);
        let (mut group_positives, mut group_negatives) = (0.0, 0.0);
        let (mut roc, mut precision_recall) = (0.0, 0.0);
        for at in 0..self.order.len() {
            let weight = f64::from(weights[self.order[at]]);
            if self.is_positive[at] {
                group_positives += weight;
            } else {
                group_negatives += weight;
            }
            if self.is_last[at] {
                // The negatives of this group stand below all earlier positives, level with its own.
                roc += group_negatives * (positives + group_positives / 2.0);
                positives += group_positives;
                negatives += group_negatives;
                if group_positives > 0.0 {
                    precision_recall += group_positives * positives / (positives + negatives);
                }
                (group_positives, group_negatives) = (0.0, 0.0);
            }
        }
        let pairs = total * negatives;
        Areas {
            roc: (pairs > 0.0).then(|| roc / pairs),
            precision_recall: (total > 0.0).then(|| precision_recall / total),
        }
    }

    /// The steps of the curves, highest score first, one per different score.
    pub fn steps(&self, scores: &[f64]) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut true_positive, mut false_positive) = (0.0, 0.0);
        for at in 0..self.order.len() {
            if self.is_positive[at] {
                true_positive += 1.0;
            } else {
                false_positive += 1.0;
            }
            if self.is_last[at] {
                steps.push(Step {
                    threshold: scores[self.order[at]],
                    true_positive,
                    false_positive,
                });
            }
        }
        steps
    }
}

/// An area under the ROC curve and what each row adds to it beyond the mean.
///
/// The squares of the shares add up to DeLong's variance of the area; for two areas over the same
/// rows, the squares of the differences add up to the variance of the difference.
///
/// Source: `DeLong`, `DeLong` & Clarke-Pearson, "Comparing the areas under two or more correlated
/// receiver operating characteristic curves", 1988, by mid-ranks after Sun & Xu, 2014.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// The area.
    pub value: f64,
    /// One share per row.
    pub shares: Vec<f64>,
}

impl Area {
    /// The area of scores; `None` unless there are two rows of either truth.
    pub fn of(scores: &[f64], is_positive: &[bool]) -> Option<Self> {
        let n_positive = is_positive.iter().filter(|&&positive| positive).count();
        let n_negative = is_positive.len() - n_positive;
        if n_positive < 2 || n_negative < 2 {
            return None;
        }
        let joint = ranks(scores);
        let mut placements = vec![0.0; scores.len()];
        for truth in [true, false] {
            let rows: Vec<usize> = (0..scores.len())
                .filter(|&row| is_positive[row] == truth)
                .collect();
            let own: Vec<f64> = rows.iter().map(|&row| scores[row]).collect();
            let n_others = (scores.len() - rows.len()) as f64;
            for (&row, rank) in rows.iter().zip(ranks(&own)) {
                placements[row] = (joint[row] - rank) / n_others;
            }
        }
        let of_truth = |truth: bool| {
            placements
                .iter()
                .zip(is_positive)
                .filter_map(move |(placement, &positive)| (positive == truth).then_some(*placement))
        };
        let (m, n) = (n_positive as f64, n_negative as f64);
        let value = of_truth(true).sum::<f64>() / m;
        let below = of_truth(false).sum::<f64>() / n;
        let shares = placements
            .iter()
            .zip(is_positive)
            .map(|(placement, &positive)| {
                if positive {
                    (placement - value) / (m * (m - 1.0)).sqrt()
                } else {
                    // A negative row's placement counts positives below it: it lowers the area.
                    -(placement - below) / (n * (n - 1.0)).sqrt()
                }
            })
            .collect();
        Some(Self { value, shares })
    }

    /// The mean of areas over the same rows; `None` of none.
    pub fn mean(areas: &[Self]) -> Option<Self> {
        let first = areas.first()?;
        let n = areas.len() as f64;
        let shares = (0..first.shares.len())
            .map(|row| areas.iter().map(|area| area.shares[row]).sum::<f64>() / n)
            .collect();
        Some(Self {
            value: areas.iter().map(|area| area.value).sum::<f64>() / n,
            shares,
        })
    }

    /// Standard error of the area.
    pub fn standard_error(&self) -> f64 {
        covariance(&self.shares, &self.shares).sqrt()
    }
}

/// Sum of products: the covariance of two areas over the same rows.
pub fn covariance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use interlock_stats::auc::delong;
    use interlock_stats::rng::Rng;

    use super::*;

    fn drawn(n: usize) -> (Vec<f64>, Vec<bool>) {
        let mut rng = Rng::new(3);
        let truths: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.3).collect();
        let scores = truths
            .iter()
            .map(|&truth| ((rng.normal() + f64::from(u8::from(truth))) * 4.0).round())
            .collect();
        (scores, truths)
    }

    #[test]
    fn shares_add_up_to_delongs_variance() {
        let (scores, truths) = drawn(60);
        let known = delong(&scores, &truths, 0.95).unwrap();
        let area = Area::of(&scores, &truths).unwrap();
        assert!((area.value - known.value).abs() < 1e-12);
        assert!((area.standard_error() - known.standard_error).abs() < 1e-12);
    }

    #[test]
    fn weights_count_as_repeated_rows() {
        let (scores, truths) = drawn(40);
        let weights: Vec<u32> = (0..40).map(|row| row % 3).collect();
        let repeated: Vec<usize> = (0..40_usize)
            .flat_map(|row| std::iter::repeat_n(row, weights[row] as usize))
            .collect();
        let own: Vec<f64> = repeated.iter().map(|&row| scores[row]).collect();
        let whole = Ranking::new(&own, |at| truths[repeated[at]]).areas(&vec![1; own.len()]);
        let weighted = Ranking::new(&scores, |row| truths[row]).areas(&weights);
        assert!((whole.roc.unwrap() - weighted.roc.unwrap()).abs() < 1e-12);
        let precision = (
            whole.precision_recall.unwrap(),
            weighted.precision_recall.unwrap(),
        );
        assert!((precision.0 - precision.1).abs() < 1e-12);
    }

    #[test]
    fn one_truth_alone_has_no_area() {
        let areas = Ranking::new(&[0.1, 0.2], |_| false).areas(&[1, 1]);
        assert_eq!((areas.roc, areas.precision_recall), (None, None));
        assert!(Area::of(&[0.1, 0.2, 0.3], &[true, false, false]).is_none());
    }
}
