//! The course of an error as trees are added.
//!
//! In: a loss per row for every number of trees. Out: the best number, and by what share the last one
//! is worse, with an interval. It knows no trees.

use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::mean;
use interlock_stats::proportion::Bounds;
use interlock_stats::rng::Rng;

/// Confidence of the interval.
const LEVEL: f64 = 0.95;

/// The stop with the least mean loss, the first of equals.
pub fn best(losses: &[Vec<f64>]) -> usize {
    let all: Vec<usize> = (0..losses.first().map_or(0, Vec::len)).collect();
    best_among(losses, &all)
}

fn best_among(losses: &[Vec<f64>], rows: &[usize]) -> usize {
    let sum = |stop: &Vec<f64>| -> f64 { rows.iter().map(|&row| stop[row]).sum() };
    let sums: Vec<f64> = losses.iter().map(sum).collect();
    (0..losses.len())
        .min_by(|&a, &b| sums[a].total_cmp(&sums[b]))
        .unwrap_or(0)
}

/// By what share the loss at the last stop exceeds that at the best one, and the interval of it.
///
/// Each half of the rows is judged at the stop that is best on the other half: a stop judged by the
/// rows that chose it always looks better than it is. The interval is Student's of the ratio of
/// means, linearized, paired by row. `None` where only the loss
/// at the best stop is zero.
pub fn rise(losses: &[Vec<f64>], seed: u64) -> (f64, Option<Bounds>) {
    let Some(last) = losses.last() else {
        return (f64::NAN, None);
    };
    let mut order: Vec<usize> = (0..last.len()).collect();
    Rng::for_stream(seed, 4).shuffle(&mut order);
    let (one, other) = order.split_at(last.len() / 2);
    let mut pairs = Vec::with_capacity(last.len());
    for (choosing, judging) in [(one, other), (other, one)] {
        let best = &losses[best_among(losses, choosing)];
        pairs.extend(judging.iter().map(|&row| (last[row], best[row])));
    }
    let of = |side: fn(&(f64, f64)) -> f64| -> f64 {
        let values: Vec<f64> = pairs.iter().map(side).collect();
        mean(&values).unwrap_or(f64::NAN)
    };
    let (whole, base) = (of(|pair| pair.0), of(|pair| pair.1));
    if base <= 0.0 && whole <= 0.0 {
        let none = Bounds {
            low: 0.0,
            high: 0.0,
        };
        return (0.0, Some(none));
    }
    if base.is_nan() || base <= 0.0 {
        return (f64::NAN, None);
    }
    let ratio = whole / base;
    let linear: Vec<f64> = pairs
        .iter()
        .map(|(last, best)| ratio - 1.0 + (last - ratio * best) / base)
        .collect();
    let bounds = mean_interval(&linear, LEVEL).ok();
    (ratio - 1.0, bounds.map(|(_, bounds)| bounds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stop_is_the_first_of_equals() {
        let losses = [
            vec![2.0, 2.0],
            vec![1.0, 1.0],
            vec![0.5, 1.5],
            vec![3.0, 0.0],
        ];
        assert_eq!(best(&losses), 1);
        assert_eq!(best(&[]), 0);
    }

    #[test]
    fn the_rise_is_the_ratio_of_means_with_the_interval_of_the_delta_method() {
        // numpy 2, scipy 1.16: a = [1, 2, 4, 5], b = [1, 1, 2, 2], r = a.mean() / b.mean()
        // d = (a - r * b) / b.mean()
        // stats.t.interval(0.95, 3, loc=r - 1, scale=stats.sem(d))
        let losses = [vec![1.0, 1.0, 2.0, 2.0], vec![1.0, 2.0, 4.0, 5.0]];
        let (rise, bounds) = rise(&losses, 3);
        let bounds = bounds.unwrap();
        assert!((rise - 1.0).abs() < 1e-12);
        assert!((bounds.low - EXPECTED.0).abs() < 1e-9, "{bounds:?}");
        assert!((bounds.high - EXPECTED.1).abs() < 1e-9, "{bounds:?}");
    }

    const EXPECTED: (f64, f64) = (0.133_847_824_249_926_14, 1.866_152_175_750_073_9);

    #[test]
    fn nothing_is_said_where_nothing_is_wrong_or_nothing_there() {
        assert!(rise(&[], 1).0.is_nan());
        assert_eq!(rise(&[vec![0.0; 4], vec![1.0; 4]], 1).1, None);
        assert_eq!(rise(&[vec![0.0; 4], vec![0.0; 4]], 1).0.to_bits(), 0);
        let (same, bounds) = rise(&[vec![0.5, 0.25, 1.0, 0.0]], 1);
        assert!(same.abs() < 1e-12 && bounds.is_some());
    }

    /// Chosen and judged on the same rows, some stop always beats the last.
    #[test]
    fn the_choice_of_the_best_stop_makes_no_rise_of_its_own() {
        let mut rng = Rng::new(8);
        let rises: Vec<f64> = (0..400)
            .map(|seed| {
                let stop =
                    |rng: &mut Rng| -> Vec<f64> { (0..60).map(|_| rng.normal().powi(2)).collect() };
                let losses: Vec<Vec<f64>> = (0..30).map(|_| stop(&mut rng)).collect();
                rise(&losses, seed).0
            })
            .collect();
        let mean = mean(&rises).unwrap();
        assert!(mean.abs() < 0.05, "{mean}");
    }
}
