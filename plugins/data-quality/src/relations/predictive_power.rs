//! How well one column alone predicts the target.
//!
//! In: one feature, the target, a fold per row. Out: the predictive power score, and the mutual
//! information.
//!
//! The score is that of a fully grown decision tree on one feature, cross-validated and put on a
//! scale from 0 (no better than a constant) to 1 (never wrong). Fully grown on one feature, a tree is
//! a look-up: the majority (or mean) of the training rows with the same value, and for a value never
//! seen that of the nearest one, since thresholds lie midway. Categories never seen get the majority
//! of all training rows.

use interlock_stats::rng::Rng;

/// A feature without missing values, by its different values.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Position of the row's value among the different ones.
    pub cells: Vec<u32>,
    /// How many different ones there are.
    pub n_cells: usize,
    /// The different values, ascending, if they are numbers.
    pub ascending: Option<Vec<f64>>,
}

/// How well a feature predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Power {
    /// 0 to 1; the mean of `folds`, at least 0.
    pub score: f64,
    /// The score of each fold, before it was bounded by 0.
    pub folds: Vec<f64>,
    /// Weighted F1 for classes, mean absolute error for numbers: mean over the folds.
    pub model: f64,
    /// The same of predicting without any feature.
    pub baseline: f64,
}

impl Values {
    /// Of numbers, all finite.
    pub fn of_numbers(numbers: &[f64]) -> Self {
        let mut order: Vec<u32> = (0_u32..).take(numbers.len()).collect();
        order.sort_unstable_by(|&a, &b| numbers[a as usize].total_cmp(&numbers[b as usize]));
        let mut cells = vec![0; numbers.len()];
        let mut ascending: Vec<f64> = Vec::new();
        for row in order {
            let value = numbers[row as usize];
            if ascending.last().is_none_or(|last| value > *last) {
                ascending.push(value);
            }
            cells[row as usize] = u32::try_from(ascending.len() - 1).unwrap_or(u32::MAX);
        }
        Self {
            cells,
            n_cells: ascending.len(),
            ascending: Some(ascending),
        }
    }

    /// Of categories, all below `n_codes`.
    pub fn of_codes(codes: Vec<u32>, n_codes: usize) -> Self {
        Self {
            cells: codes,
            n_cells: n_codes,
            ascending: None,
        }
    }

    /// For each cell the one whose training rows answer for it; `None` if no row does.
    fn answering(&self, has_rows: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let own = |cell: usize| has_rows(cell).then_some(cell);
        let Some(ascending) = &self.ascending else {
            return (0..self.n_cells).map(own).collect();
        };
        let mut answering: Vec<Option<usize>> = vec![None; self.n_cells];
        let mut below = None;
        for (cell, answer) in answering.iter_mut().enumerate() {
            below = own(cell).or(below);
            *answer = below;
        }
        let mut above: Option<usize> = None;
        for cell in (0..self.n_cells).rev() {
            above = own(cell).or(above);
            let is_nearer_above = match (answering[cell], above) {
                (Some(low), Some(high)) => {
                    ascending[cell] > f64::midpoint(ascending[low], ascending[high])
                }
                (None, _) => true,
                (Some(_), None) => false,
            };
            if is_nearer_above {
                answering[cell] = above;
            }
        }
        answering
    }
}

/// A fold per row, each class spread evenly over them; the same seed, the same folds.
pub fn stratified_folds(classes: &[u32], n_folds: u8, seed: u64) -> Vec<u8> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    Rng::new(seed).shuffle(&mut order);
    order.sort_by_key(|&row| classes[row]);
    let mut folds = vec![0; classes.len()];
    for (row, fold) in order.into_iter().zip((0..n_folds).cycle()) {
        folds[row] = fold;
    }
    folds
}

/// Power over classes, all below `n_classes`: the weighted F1 score against the better of "always
/// the most frequent class" and "at random by the classes' shares". `None` with fewer than two
/// classes or an empty fold.
pub fn class_power(values: &Values, classes: (&[u32], usize), folds: (&[u8], u8)) -> Option<Power> {
    let (n_cells, n_classes, n_folds) = (values.n_cells, classes.1, folds.1 as usize);
    let mut counts = vec![0_u32; n_folds * n_cells * n_classes];
    let mut totals = vec![0_u32; n_cells * n_classes];
    for ((&cell, &class), &fold) in values.cells.iter().zip(classes.0).zip(folds.0) {
        let at = cell as usize * n_classes + class as usize;
        counts[fold as usize * n_cells * n_classes + at] += 1;
        totals[at] += 1;
    }
    let n = values.cells.len() as f64;
    let overall = |class: usize| totals.iter().skip(class).step_by(n_classes).sum::<u32>();
    let shares: Vec<f64> = (0..n_classes)
        .map(|class| f64::from(overall(class)) / n)
        .collect();
    let most = shares.iter().copied().fold(0.0, f64::max);
    let at_random: f64 = shares.iter().map(|share| share * share).sum();
    let baseline = (2.0 * most * most / (1.0 + most)).max(at_random);
    if n < 1.0 || baseline >= 1.0 {
        return None;
    }
    let mut scores = Vec::with_capacity(n_folds);
    for tested in counts.chunks_exact((n_cells * n_classes).max(1)) {
        let train: Vec<u32> = totals
            .iter()
            .zip(tested)
            .map(|(all, out)| all - out)
            .collect();
        scores.push(fold_f1(values, &train, tested, n_classes)?);
    }
    Some(power(&scores, baseline, |f1| {
        (f1 - baseline) / (1.0 - baseline)
    }))
}

/// Weighted F1 score on the tested rows; `None` of none.
fn fold_f1(values: &Values, train: &[u32], tested: &[u32], n_classes: usize) -> Option<f64> {
    let majority = |counts: &[u32]| {
        let best = counts.iter().copied().max().unwrap_or(0);
        counts.iter().position(|count| *count == best).unwrap_or(0)
    };
    let of_cell = |cell: usize| &train[cell * n_classes..(cell + 1) * n_classes];
    let mut overall = vec![0_u32; n_classes];
    for counts in train.chunks_exact(n_classes) {
        for (sum, count) in overall.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    let fallback = majority(&overall);
    let answering = values.answering(|cell| of_cell(cell).iter().any(|count| *count > 0));
    // Right, predicted and true rows of each class.
    let mut tally = vec![[0_u32; 3]; n_classes];
    for (cell, counts) in tested.chunks_exact(n_classes).enumerate() {
        let predicted = answering[cell].map_or(fallback, |cell| majority(of_cell(cell)));
        tally[predicted][0] += counts[predicted];
        for (class, count) in counts.iter().enumerate() {
            tally[predicted][1] += count;
            tally[class][2] += count;
        }
    }
    let n: u32 = tally.iter().map(|[_, _, truth]| truth).sum();
    let weighted = |[right, predicted, truth]: &[u32; 3]| {
        let f1 = 2.0 * f64::from(*right) / f64::from((predicted + truth).max(1));
        f1 * f64::from(*truth)
    };
    (n > 0).then(|| tally.iter().map(weighted).sum::<f64>() / f64::from(n))
}

/// Power over numbers: the mean absolute error against always predicting the median. `None` if
/// nearly all targets equal their median, or with an empty fold.
pub fn number_power(values: &Values, target: &[f64], folds: (&[u8], u8)) -> Option<Power> {
    let median = crate::numbers::spread::Spread::of(target)?.median;
    let n = target.len() as f64;
    let baseline = target.iter().map(|y| (y - median).abs() / n).sum::<f64>();
    if baseline <= 0.0 || !baseline.is_finite() {
        return None;
    }
    let mut errors = Vec::new();
    for tested in 0..folds.1 {
        let mut sums = vec![(0.0_f64, 0.0_f64); values.n_cells];
        let mut all = (0.0, 0.0);
        let rows = || values.cells.iter().zip(target).zip(folds.0);
        for ((&cell, y), _) in rows().filter(|(_, fold)| **fold != tested) {
            let sum = &mut sums[cell as usize];
            *sum = (sum.0 + y, sum.1 + 1.0);
            all = (all.0 + y, all.1 + 1.0);
        }
        let answering = values.answering(|cell| sums[cell].1 > 0.0);
        let (mut error, mut n_tested) = (0.0, 0.0);
        for ((&cell, y), _) in rows().filter(|(_, fold)| **fold == tested) {
            let (sum, n) = answering[cell as usize].map_or(all, |cell| sums[cell]);
            error += (y - sum / n).abs();
            n_tested += 1.0;
        }
        if n_tested < 1.0 {
            return None;
        }
        errors.push(error / n_tested);
    }
    Some(power(&errors, baseline, |error| 1.0 - error / baseline))
}

fn power(scores: &[f64], baseline: f64, scaled: impl Fn(f64) -> f64) -> Power {
    let model = scores.iter().sum::<f64>() / scores.len() as f64;
    Power {
        score: scaled(model).clamp(0.0, 1.0),
        folds: scores.iter().map(|score| scaled(*score)).collect(),
        model,
        baseline,
    }
}

/// Mutual information of two columns of codes in nats, as `sklearn.metrics.mutual_info_score`.
pub fn mutual_information(x: (&[u32], usize), y: (&[u32], usize)) -> f64 {
    let mut counts = vec![0_u32; x.1 * y.1];
    for (&a, &b) in x.0.iter().zip(y.0) {
        counts[a as usize * y.1 + b as usize] += 1;
    }
    let n = x.0.len() as f64;
    let rows: Vec<u32> = counts
        .chunks(y.1.max(1))
        .map(|row| row.iter().sum())
        .collect();
    let columns: Vec<u32> = (0..y.1)
        .map(|column| counts.iter().skip(column).step_by(y.1).sum())
        .collect();
    let term = |(at, count): (usize, &u32)| {
        let joint = f64::from(*count);
        let apart = f64::from(rows[at / y.1]) * f64::from(columns[at % y.1]);
        if *count == 0 {
            0.0
        } else {
            joint / n * (joint * n / apart).ln()
        }
    };
    counts.iter().enumerate().map(term).sum::<f64>().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_seen_is_answered_by_the_nearest() {
        let values = Values::of_numbers(&[1.0, 2.0, 4.0, 9.0]);
        let seen = [true, false, true, false];
        let answering = values.answering(|cell| seen[cell]);
        assert_eq!(answering, [Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!(values.answering(|_| false), [None; 4]);
    }

    #[test]
    fn folds_hold_each_class_evenly() {
        let classes: Vec<u32> = (0..40).map(|row| u32::from(row % 5 == 0)).collect();
        let folds = stratified_folds(&classes, 4, 3);
        for fold in 0..4 {
            let held = (0..40)
                .filter(|&row| folds[row] == fold && classes[row] == 1)
                .count();
            assert_eq!(held, 2);
        }
    }

    #[test]
    fn one_class_or_no_row_has_no_power() {
        let values = Values::of_numbers(&[1.0, 2.0]);
        assert_eq!(class_power(&values, (&[0, 0], 1), (&[0, 1], 2)), None);
        let none = Values::of_numbers(&[]);
        assert_eq!(class_power(&none, (&[], 2), (&[], 2)), None);
        assert_eq!(number_power(&none, &[], (&[], 2)), None);
    }
}
