//! What one feature tells about a target: bins, areas, predictive power.
//!
//! In: codes and counts. Out: figures with their intervals.
//!
//! Everything is counted per bin first, so the cost is one pass over the rows.

use interlock_plugin_api::MISSING;
use interlock_stats::auc::Auc;
use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::order::sorted;
use interlock_stats::proportion::{Bounds, two_sided_quantile, wilson};

/// Parts into which rows are put for cross-validation, and for the jackknife.
const N_FOLDS: usize = 4;
const N_BLOCKS: usize = 20;

/// A feature of two tables in bins that mean the same in both.
pub struct Binned {
    /// A bin per training row.
    pub train: Vec<u32>,
    /// A bin per row of the other table.
    pub other: Vec<u32>,
    /// Bins are below this; the last one holds missing cells.
    pub n_bins: usize,
}

/// Numbers in bins of nearly equal training counts.
pub fn binned_numbers(train: &[f64], other: &[f64], max_bins: usize) -> Binned {
    let edges = quantile_edges(&sorted(train), max_bins);
    let missing = index(edges.len() + 1);
    let bin = |value: &f64| {
        if value.is_nan() {
            missing
        } else {
            index(bin_of(&edges, *value))
        }
    };
    Binned {
        train: train.iter().map(bin).collect(),
        other: other.iter().map(bin).collect(),
        n_bins: edges.len() + 2,
    }
}

/// Codes: the most frequent in training have bins of their own, all others share one.
pub fn binned_codes(train: &[u32], other: &[u32], n_codes: usize, max_bins: usize) -> Binned {
    let mut counts = vec![0_u64; n_codes];
    for code in train {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..n_codes).filter(|&code| counts[code] > 0).collect();
    order.sort_by_key(|&code| (std::cmp::Reverse(counts[code]), code));
    order.truncate(max_bins.saturating_sub(1));
    let mut bins = vec![index(order.len()); n_codes];
    for (bin, &code) in order.iter().enumerate() {
        bins[code] = index(bin);
    }
    let missing = index(order.len() + 1);
    let bin = |code: &u32| {
        if *code == MISSING {
            missing
        } else {
            bins.get(*code as usize).copied().unwrap_or(missing)
        }
    };
    Binned {
        train: train.iter().map(bin).collect(),
        other: other.iter().map(bin).collect(),
        n_bins: order.len() + 2,
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(MISSING - 1)
}

/// Rows per bin and class: `counts[bin * n_classes + class]`; rows without class are left out.
pub fn cross(bins: &[u32], n_bins: usize, classes: &[u32], n_classes: usize) -> Vec<u64> {
    let mut counts = vec![0; n_bins * n_classes];
    for (bin, class) in bins.iter().zip(classes) {
        if (*class as usize) < n_classes
            && let Some(count) = counts.get_mut(*bin as usize * n_classes + *class as usize)
        {
            *count += 1;
        }
    }
    counts
}

/// The area under the ROC curve from `(score, positives, negatives)` per level, with `DeLong`'s
/// standard error: what `interlock_stats::auc::delong` gives of the rows one by one.
///
/// For an area of exactly 1 or 0 the open end is Wilson's for as many successes as the rarer truth
/// has rows. Nothing unless both truths occur.
pub fn level_auc(levels: &[(f64, u64, u64)], level: f64) -> Option<Auc> {
    let z = two_sided_quantile(level).ok()?;
    let mut order: Vec<(f64, f64, f64)> = levels
        .iter()
        .map(|l| (l.0, l.1 as f64, l.2 as f64))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (p, n) = order
        .iter()
        .fold((0.0, 0.0), |sum, l| (sum.0 + l.1, sum.1 + l.2));
    if p < 1.0 || n < 1.0 {
        return None;
    }
    let (mut below, mut p_below) = (0.0, 0.0);
    // Sums of the placements of positives and negatives, and of their squares.
    let (mut sum, mut square_p, mut square_n) = (0.0, 0.0, 0.0);
    for group in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let (a, b) = group
            .iter()
            .fold((0.0, 0.0), |sum, l| (sum.0 + l.1, sum.1 + l.2));
        let placed = (below + b / 2.0) / n;
        let against = (p - p_below - a + a / 2.0) / p;
        sum += a * placed;
        square_p += a * placed * placed;
        square_n += b * against * against;
        below += b;
        p_below += a;
    }
    let value = sum / p;
    let variance =
        |squares: f64, rows: f64| (squares - rows * value * value).max(0.0) / (rows - 1.0) / rows;
    let standard_error = (variance(square_p, p) + variance(square_n, n)).sqrt();
    let bounds = if value > 0.0 && value < 1.0 && standard_error.is_finite() {
        let logit = (value / (1.0 - value)).ln();
        let half = z * standard_error / (value * (1.0 - value));
        let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
        Bounds {
            low: expit(logit - half),
            high: expit(logit + half),
        }
    } else {
        let rows = interlock_stats::order::index_below(p.min(n)) as u64;
        wilson(if value >= 1.0 { rows } else { 0 }, rows, level).ok()?
    };
    Some(Auc {
        value,
        standard_error,
        bounds,
    })
}

/// How well a class follows from the bin of one feature: 0 no better than guessing, 1 without error,
/// with its standard error.
///
/// The weighted F1 of the rule "the most frequent class of the bin", cross-validated over four parts,
/// against the better of always the most frequent class and drawing classes by their share. The
/// standard error is a jackknife over twenty blocks of rows, the rule held fixed.
pub fn predictive_power(
    bins: &[u32],
    n_bins: usize,
    classes: &[u32],
    n_classes: usize,
) -> Option<(f64, f64)> {
    let rows = known(classes, n_classes);
    let mut folds = vec![vec![0_u64; n_bins * n_classes]; N_FOLDS];
    for (at, &row) in rows.iter().enumerate() {
        folds[spread(at) % N_FOLDS][bins[row] as usize * n_classes + classes[row] as usize] += 1;
    }
    let all: Vec<u64> = (0..n_bins * n_classes)
        .map(|cell| folds.iter().map(|fold| fold[cell]).sum())
        .collect();
    let rules: Vec<Vec<u32>> = folds
        .iter()
        .map(|fold| rule(&all, fold, n_classes))
        .collect();
    let said = rows
        .iter()
        .enumerate()
        .map(|(at, &row)| rules[spread(at) % N_FOLDS][bins[row] as usize]);
    scored(classes, n_classes, &rows, said)
}

/// As [`predictive_power`], with the rule learned from other rows, counted as [`cross`] does.
pub fn carried_power(
    learned: &[u64],
    bins: &[u32],
    classes: &[u32],
    n_classes: usize,
) -> Option<(f64, f64)> {
    let rows = known(classes, n_classes);
    let rule = rule(learned, &vec![0; learned.len()], n_classes);
    let said = rows.iter().map(|&row| rule[bins[row] as usize]);
    scored(classes, n_classes, &rows, said)
}

fn known(classes: &[u32], n_classes: usize) -> Vec<usize> {
    (0..classes.len())
        .filter(|&row| (classes[row] as usize) < n_classes)
        .collect()
}

/// Power of what was said of these rows, and its standard error.
fn scored(
    classes: &[u32],
    n_classes: usize,
    rows: &[usize],
    said: impl Iterator<Item = u32>,
) -> Option<(f64, f64)> {
    if rows.len() < N_BLOCKS {
        return None;
    }
    let mut blocks = vec![vec![0_i64; n_classes * n_classes]; N_BLOCKS];
    for ((at, &row), said) in rows.iter().enumerate().zip(said) {
        let block = &mut blocks[spread(at.wrapping_add(0x5bd1)) % N_BLOCKS];
        block[classes[row] as usize * n_classes + said as usize] += 1;
    }
    let total: Vec<i64> = (0..n_classes * n_classes)
        .map(|cell| blocks.iter().map(|block| block[cell]).sum())
        .collect();
    let power = normalized(&total, n_classes)?;
    let left: Vec<f64> = blocks
        .iter()
        .filter_map(|block| {
            let rest: Vec<i64> = total.iter().zip(block).map(|(a, b)| a - b).collect();
            normalized(&rest, n_classes)
        })
        .collect();
    let n = left.len() as f64;
    let mean = left.iter().sum::<f64>() / n;
    let squares: f64 = left.iter().map(|value| (value - mean).powi(2)).sum();
    Some((power, ((n - 1.0) / n * squares).sqrt()))
}

/// A position without regard to the order of rows.
fn spread(at: usize) -> usize {
    let value = (at as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((value ^ (value >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40).unwrap_or(0)
}

/// The most frequent class of each bin outside a part; of an empty bin that of all.
fn rule(all: &[u64], fold: &[u64], n_classes: usize) -> Vec<u32> {
    let most = |counts: &mut dyn Iterator<Item = u64>| {
        let best = (0_u32..)
            .zip(counts)
            .max_by_key(|(class, n)| (*n, std::cmp::Reverse(*class)));
        best.map_or((0, 0), |(class, n)| (class, n))
    };
    let of_class = |class: usize| {
        (class..all.len())
            .step_by(n_classes)
            .map(|cell| all[cell] - fold[cell])
            .sum()
    };
    let common = most(&mut (0..n_classes).map(of_class)).0;
    all.chunks(n_classes)
        .zip(fold.chunks(n_classes))
        .map(
            |(all, fold)| match most(&mut all.iter().zip(fold).map(|(a, f)| a - f)) {
                (_, 0) => common,
                (class, _) => class,
            },
        )
        .collect()
}

/// Weighted F1 of a confusion matrix (`truth * n_classes + said`), from 0 at its baseline to 1.
fn normalized(confusion: &[i64], n_classes: usize) -> Option<f64> {
    let cell = |truth: usize, said: usize| confusion[truth * n_classes + said] as f64;
    let n: f64 = confusion.iter().map(|count| *count as f64).sum();
    if n < 1.0 {
        return None;
    }
    let (mut score, mut common, mut drawn) = (0.0, 0.0_f64, 0.0);
    for class in 0..n_classes {
        let truths: f64 = (0..n_classes).map(|said| cell(class, said)).sum();
        let saids: f64 = (0..n_classes).map(|truth| cell(truth, class)).sum();
        let share = truths / n;
        if truths + saids > 0.0 {
            score += share * 2.0 * cell(class, class) / (truths + saids);
        }
        // Always this class: precision is its share, recall 1.
        common = common.max(share * 2.0 * share / (share + 1.0));
        drawn += share * share;
    }
    let base = common.max(drawn);
    Some(if base >= 1.0 {
        0.0
    } else {
        ((score - base) / (1.0 - base)).max(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::auc::delong;
    use interlock_stats::rng::Rng;

    #[test]
    fn areas_by_level_are_those_by_row() {
        let mut rng = Rng::new(2);
        let scores: Vec<f64> = (0..300).map(|_| rng.below(9) as f64).collect();
        let truth: Vec<bool> = scores
            .iter()
            .map(|score| rng.uniform() < 0.1 + score / 12.0)
            .collect();
        let levels: Vec<(f64, u64, u64)> = scores
            .iter()
            .zip(&truth)
            .map(|(s, t)| (*s, u64::from(*t), u64::from(!t)))
            .collect();
        let (by_level, by_row) = (
            level_auc(&levels, 0.95).unwrap(),
            delong(&scores, &truth, 0.95).unwrap(),
        );
        assert!((by_level.value - by_row.value).abs() < 1e-12);
        assert!((by_level.standard_error - by_row.standard_error).abs() < 1e-12);
        assert!((by_level.bounds.low - by_row.bounds.low).abs() < 1e-12);
        let perfect = level_auc(&[(0.0, 0, 40), (1.0, 30, 0)], 0.95).unwrap();
        assert!(
            perfect.value >= 1.0
                && (perfect.bounds.low - wilson(30, 30, 0.95).unwrap().low).abs() < 1e-15
        );
        assert!(level_auc(&[(0.0, 3, 0)], 0.95).is_none());
    }

    #[test]
    fn power_is_one_for_a_copy_and_near_zero_for_noise() {
        let mut rng = Rng::new(3);
        let classes: Vec<u32> = (0..600)
            .map(|_| u32::try_from(rng.below(2)).unwrap())
            .collect();
        let noise: Vec<u32> = (0..600)
            .map(|_| u32::try_from(rng.below(4)).unwrap())
            .collect();
        let (copy, error) = predictive_power(&classes, 2, &classes, 2).unwrap();
        assert!(copy >= 1.0 - 1e-12 && error < 1e-12);
        assert!(predictive_power(&noise, 4, &classes, 2).unwrap().0 < 0.1);
        assert!(predictive_power(&[], 4, &[], 2).is_none());
    }

    #[test]
    fn weighted_f1_is_that_of_scikit_learn() {
        // sklearn.metrics.f1_score([0]*50+[1]*30, [0]*40+[1]*10+[0]*10+[1]*20, average="weighted")
        // is 0.75; 50 of 80 are class 0: always saying so gives 0.480769, drawing gives 0.53125.
        let power = normalized(&[40, 10, 10, 20], 2).unwrap();
        assert!(
            (power - (0.75 - 0.53125) / (1.0 - 0.53125)).abs() < 1e-12,
            "{power}"
        );
    }

    #[test]
    fn bins_mean_the_same_in_both_tables() {
        let binned = binned_numbers(
            &[1.0, 2.0, 3.0, 4.0, f64::NAN],
            &[0.0, 9.0, 2.0, f64::NAN],
            2,
        );
        assert_eq!(
            (binned.train, binned.other, binned.n_bins),
            (vec![0, 0, 1, 1, 2], vec![0, 1, 0, 2], 3)
        );
        let binned = binned_codes(&[0, 0, 1, 2, MISSING], &[0, 3, MISSING], 4, 2);
        assert_eq!(
            (binned.train, binned.other, binned.n_bins),
            (vec![0, 0, 1, 1, 2], vec![0, 1, 2], 3)
        );
    }
}
