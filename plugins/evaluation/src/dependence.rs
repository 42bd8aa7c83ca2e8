//! Whether errors could have been foreseen: how much of them the bins of an input explain.
//!
//! In: errors, a bin per row, a seed. Out: the share of the squared error that falls away if every
//! bin is shifted by its mean error, measured on rows that did not give that mean.
//!
//! The same rows would always show a share above zero. Cross-fitted, nothing is explained on average
//! where there is nothing to explain.

use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;

/// Parts of the cross-fitting.
pub const N_FOLDS: usize = 5;

/// What one input explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Explained {
    /// Share of the squared error around its mean; about 0 or below if nothing.
    pub value: f64,
    /// Normal, with the standard error of a quotient of two means.
    pub bounds: Bounds,
}

/// A part per row, the same for every input.
pub fn folds(n_rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_rows).collect();
    Rng::for_stream(seed, 6).shuffle(&mut order);
    let mut folds = vec![0; n_rows];
    for (place, row) in order.into_iter().enumerate() {
        folds[row] = place % N_FOLDS;
    }
    folds
}

/// What bins explain of errors; `None` without rows or errors. `folds` holds a part per row.
pub fn explained(errors: &[f64], bins: &[usize], folds: &[usize], z: f64) -> Option<Explained> {
    let n_bins = bins.iter().max()? + 1;
    let size = errors
        .iter()
        .fold(0.0_f64, |most, error| most.max(error.abs()));
    if !(size > 0.0 && size.is_finite()) {
        return None;
    }
    // Count and sum by bin and fold, then what lies outside each fold.
    let mut cells = vec![(0.0, 0.0); n_bins * N_FOLDS];
    for ((error, &bin), &fold) in errors.iter().zip(bins).zip(folds) {
        let cell = &mut cells[bin * N_FOLDS + fold];
        cell.0 += 1.0;
        cell.1 += error / size;
    }
    let outside = |bins: std::ops::Range<usize>, fold: usize| {
        let parts = bins.flat_map(|bin| (0..N_FOLDS).map(move |other| (bin, other)));
        let others = parts.filter(|(_, other)| *other != fold);
        others.fold((0.0, 0.0), |all, (bin, other)| {
            let own: (f64, f64) = cells[bin * N_FOLDS + other];
            (all.0 + own.0, all.1 + own.1)
        })
    };
    let whole: [f64; N_FOLDS] = std::array::from_fn(|fold| {
        let (n, sum) = outside(0..n_bins, fold);
        if n > 0.0 { sum / n } else { 0.0 }
    });
    let means: Vec<f64> = (0..cells.len())
        .map(|cell| {
            let (bin, fold) = (cell / N_FOLDS, cell % N_FOLDS);
            let (n, sum) = outside(bin..bin + 1, fold);
            // Drawn towards the overall mean by the weight of one row.
            (sum + whole[fold]) / (n + 1.0)
        })
        .collect();
    let (mut before, mut gained) = (0.0, 0.0);
    let (mut before_squares, mut products, mut gained_squares) = (0.0, 0.0, 0.0);
    for ((error, &bin), &fold) in errors.iter().zip(bins).zip(folds) {
        let error = error / size;
        let plain = (error - whole[fold]).powi(2);
        let gain = plain - (error - means[bin * N_FOLDS + fold]).powi(2);
        before += plain;
        gained += gain;
        before_squares += plain * plain;
        products += plain * gain;
        gained_squares += gain * gain;
    }
    if before <= 0.0 {
        return None;
    }
    let value = gained / before;
    let residual = gained_squares - 2.0 * value * products + value * value * before_squares;
    let half = z * residual.max(0.0).sqrt() / before;
    Some(Explained {
        value,
        bounds: Bounds {
            low: value - half,
            high: value + half,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: f64 = 1.959_963_984_540_054;

    #[test]
    fn what_is_planted_is_explained_and_nothing_else() {
        let n = 4000;
        let mut rng = Rng::new(7);
        let bins: Vec<usize> = (0..n).map(|_| rng.below(10)).collect();
        // Bins alternate by ±1 around noise of variance 1: half of the error is foreseeable.
        let side = |bin: usize| if bin.is_multiple_of(2) { 1.0 } else { -1.0 };
        let planted: Vec<f64> = bins.iter().map(|&bin| side(bin) + rng.normal()).collect();
        let found = explained(&planted, &bins, &folds(n, 0), Z).unwrap();
        assert!(found.bounds.contains(0.5), "{found:?}");
        // On the same rows ten bins would seem to explain 0.2 %; honestly it is less than nothing.
        let none: Vec<f64> = (0..n).map(|_| 3.0 + rng.normal()).collect();
        let found = explained(&none, &bins, &folds(n, 0), Z).unwrap();
        assert!(found.value < 0.0 && found.value > -0.01, "{found:?}");
    }

    #[test]
    fn nothing_is_said_of_no_rows_or_no_errors() {
        assert_eq!(explained(&[], &[], &[], Z), None);
        assert_eq!(explained(&[0.0; 6], &[0; 6], &folds(6, 0), Z), None);
        let one = explained(&[2.0, 2.0], &[0, 0], &[0, 1], Z);
        assert_eq!(one, None);
    }

    #[test]
    fn parts_are_of_equal_size() {
        let mut counts = [0; N_FOLDS];
        for fold in folds(52, 3) {
            counts[fold] += 1;
        }
        counts.sort_unstable();
        assert_eq!(counts, [10, 10, 10, 11, 11]);
    }
}
