//! Where numbers end: the ends that other rows of the same population will hardly pass.
//!
//! In: numbers in ascending order. Out: [`Ends`]. An end at which values pile up is taken as it is; any
//! other is moved outward by a generalized Pareto tail (Hosking and Wallis 1987, probability-weighted
//! moments), until a table of the next size is expected to pass it once in a hundred tables.

/// Expected number of values of the next table beyond each end.
const EXPECTED_BEYOND: f64 = 0.01;

/// Number of values by which decay would have gone on beyond the last one, from which on it did not:
/// with 5 expected, none at all has a probability of 0.7 %.
const HARD_FROM: f64 = 5.0;

/// The same where the last values do not stand side by side.
const HARD_FROM_WITH_GAPS: f64 = 10.0;

/// Standard error of the shape of a tail, times the square root of the number of values in it.
const CAUTION: f64 = 1.5;

/// Longest step to another value beyond the greatest, as a share of the span.
const MAX_STEP: f64 = 0.25;

/// Distinct values before the last that say how counts decay.
const N_BEFORE: usize = 5;

/// What numbers lie between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ends {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The ends of finite numbers in ascending order, the next table having `n_next` of them; `None`
/// without any. Numbers that are never negative have no negative end.
pub(super) fn ends(ascending: &[f64], n_next: usize) -> Option<Ends> {
    let (least, greatest) = (*ascending.first()?, *ascending.last()?);
    let mirrored: Vec<f64> = ascending.iter().rev().map(|value| -value).collect();
    let span = greatest - least;
    // Among whole numbers a limit between two of them would be odd.
    let is_whole = ascending.iter().all(|value| value.fract().abs() <= 0.0);
    let limit = |limit: f64| {
        let moved = rounded_up(limit, span);
        if is_whole { moved.ceil() } else { moved }
    };
    let high = upper(ascending, n_next).map_or(greatest, limit);
    let low = -upper(&mirrored, n_next).map_or(-least, limit);
    let is_never_negative = least >= 0.0;
    Some(Ends {
        low: if is_never_negative { low.max(0.0) } else { low },
        high,
    })
}

/// Where the upper tail ends; `None` if the greatest value is a hard end.
fn upper(ascending: &[f64], n_next: usize) -> Option<f64> {
    let greatest = *ascending.last()?;
    if is_hard_end(ascending) {
        return None;
    }
    if let Some(limit) = beyond_steps(ascending) {
        return Some(limit);
    }
    let n = ascending.len();
    let k = index(2.0 * (n as f64).sqrt()).clamp(10, (n / 4).max(10));
    let at = n.checked_sub(k + 1)?;
    let threshold = ascending[at];
    let beyond: Vec<f64> = ascending[at + 1..]
        .iter()
        .map(|value| value - threshold)
        .collect();
    let mean = beyond.iter().sum::<f64>() / k as f64;
    let weighted = beyond.iter().enumerate().map(|(rank, value)| {
        let below = (rank as f64 + 0.65) / k as f64;
        (1.0 - below) * value
    });
    let weighted = weighted.sum::<f64>() / k as f64;
    let denominator = mean - 2.0 * weighted;
    if !(mean > 0.0 && denominator > 0.0) {
        return Some(greatest);
    }
    // About one standard error on the side of caution.
    let shape = 2.0 - mean / denominator + CAUTION / (k as f64).sqrt();
    let shape = shape.clamp(-0.5, 0.9);
    let scale = mean * (1.0 - shape);
    let ratio = (k as f64 / n as f64) * n_next.max(1) as f64 / EXPECTED_BEYOND;
    let height = if shape.abs() < 1e-6 {
        scale * ratio.ln()
    } else {
        scale / shape * (ratio.powf(shape) - 1.0)
    };
    let limit = threshold + height;
    // Numbers that come in steps take at least one more, if it is no leap.
    let before = ascending.iter().rev().find(|value| **value < greatest);
    let step = before.map_or(0.0, |before| greatest - before);
    let step = step.min(MAX_STEP * (greatest - ascending[0]));
    Some(if limit.is_finite() {
        limit.max(greatest + step)
    } else {
        greatest
    })
}

/// Where whole numbers on the last few steps side by side end, if their counts go on to decay as they
/// did; `None` if the tail is of other numbers.
fn beyond_steps(ascending: &[f64]) -> Option<f64> {
    const N_STEPS: usize = 3;
    let mut runs = ascending.chunk_by(|a, b| a.total_cmp(b).is_eq()).rev();
    let last: Vec<&[f64]> = runs.by_ref().take(N_STEPS).collect();
    let [top, .., first] = last.as_slice() else {
        return None;
    };
    let is_side_by_side = |pair: &[&[f64]]| (pair[0][0] - pair[1][0] - 1.0).abs() <= 0.0;
    let n_steps = (last.len() - 1) as f64;
    // More values than that are as good as continuous.
    let is_coarse = runs.take(20).count() < 20;
    if !is_coarse || !last.windows(2).all(is_side_by_side) {
        return None;
    }
    let (n_top, n_first) = (top.len() as f64, first.len() as f64);
    let decay = (n_top / n_first).powf(1.0 / n_steps).clamp(0.05, 0.9);
    // n decay^j + n decay^(j + 1) + … beyond the j-th further step.
    let n_beyond = n_top * decay / (1.0 - decay);
    let further = ((EXPECTED_BEYOND / n_beyond).ln() / decay.ln()).ceil();
    Some(top[0] + further.max(0.0))
}

/// Whether values pile up at the greatest: counts that decay as they did before would have gone on
/// beyond it.
fn is_hard_end(ascending: &[f64]) -> bool {
    let mut runs = ascending.chunk_by(|a, b| a.total_cmp(b).is_eq()).rev();
    let Some(last) = runs.next() else {
        return false;
    };
    let before: Vec<&[f64]> = runs.take(N_BEFORE).collect();
    let Some(next_to_last) = before.first() else {
        return true;
    };
    let n_last = last.len() as f64;
    let n_before = before.iter().map(|run| run.len()).sum::<usize>() as f64 / before.len() as f64;
    let expected_beyond = n_last * (n_last / n_before).min(1.0);
    let is_side_by_side = last[0] - next_to_last[0] <= 1.0;
    expected_beyond
        >= if is_side_by_side {
            HARD_FROM
        } else {
            HARD_FROM_WITH_GAPS
        }
}

/// A limit moved up to a number of few digits, in steps of about a fiftieth of `span`.
fn rounded_up(limit: f64, span: f64) -> f64 {
    if span <= 0.0 || !span.is_finite() {
        return limit;
    }
    let power = span.log10().floor() - 1.0;
    let decimals = index((-power).max(0.0));
    let step = 10_f64.powf(power);
    let moved = (limit / step).ceil() * step;
    if decimals == 0 {
        return moved.round().max(limit);
    }
    // Through text, so that 0.3 is 0.3.
    let text = format!("{moved:.decimals$}");
    text.parse::<f64>().unwrap_or(moved).max(limit)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small, not negative"
)]
fn index(position: f64) -> usize {
    position.max(0.0) as usize
}

/// Upper end of Wilson's interval of a share, one-sided, so that a share of `n_next` other rows passes
/// it about once in a thousand tables; rounded up to two digits.
pub(super) fn greatest_share(n: usize, of: usize, n_next: usize) -> f64 {
    /// Missing rows a table may have of a column that had none.
    const N_AFTER_NONE: f64 = 5.0;
    /// Quantile of the normal distribution at 99.9 %.
    const Z: f64 = 3.090_232_306_167_813;
    if of == 0 {
        return 1.0;
    }
    let share = n as f64 / of as f64;
    // Both tables vary.
    let size = 1.0 / (1.0 / of as f64 + 1.0 / n_next.max(1) as f64);
    let center = share + Z * Z / (2.0 * size);
    let half = Z * (share * (1.0 - share) / size + Z * Z / (4.0 * size * size)).sqrt();
    let bound = (center + half) / (1.0 + Z * Z / size);
    // After none at all, more than five come in half a percent of tables (Beta(½, n + ½)).
    let bound = match n {
        0 => bound.min(N_AFTER_NONE / n_next.max(1) as f64),
        _ => bound,
    };
    let step = 10_f64.powf(bound.log10().floor() - 1.0);
    let decimals = index((-step.log10()).round());
    let text = format!("{:.decimals$}", (bound / step).ceil() * step);
    text.parse::<f64>().unwrap_or(bound).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform in 0..1, by a small generator of its own.
    fn uniform(state: &mut u64) -> f64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn ends_where_values_pile_up_are_kept() {
        let rating = sorted((0..600).map(|at| f64::from(1 + at % 5)).collect());
        assert_eq!(
            ends(&rating, 600),
            Some(Ends {
                low: 1.0,
                high: 5.0
            })
        );
        let mut capped: Vec<f64> = (0..300).map(f64::from).collect();
        capped.extend([99_999.0; 20]);
        assert!((ends(&capped, 300).unwrap().high - 99_999.0).abs() < 1e-9);
        assert_eq!(
            ends(&[4.0; 40], 40),
            Some(Ends {
                low: 4.0,
                high: 4.0
            })
        );
        assert_eq!(ends(&[], 40), None);
    }

    #[test]
    fn few_whole_numbers_end_where_their_counts_would() {
        let counts = [(1, 385), (2, 205), (3, 15), (4, 4)];
        let credits = counts
            .iter()
            .flat_map(|(value, n)| vec![f64::from(*value); *n]);
        let ends = ends(&credits.collect::<Vec<f64>>(), 609).unwrap();
        assert!(
            (5.0..=8.0).contains(&ends.high) && (ends.low - 1.0).abs() < 1e-9,
            "{ends:?}"
        );
    }

    #[test]
    fn what_is_never_negative_has_no_negative_end() {
        let mut state = 5;
        let values = sorted((0..500).map(|_| uniform(&mut state) * 30.0).collect());
        let ends = ends(&values, 500).unwrap();
        assert!(ends.low.abs() < 0.5 && ends.low >= 0.0, "{ends:?}");
        assert!(30.0 <= ends.high + 0.5 && ends.high < 45.0, "{ends:?}");
    }

    #[test]
    fn other_samples_pass_the_ends_of_each_law_once_in_a_hundred() {
        type Law = fn(f64) -> f64;
        let laws: [(&str, Law); 4] = [
            ("uniform", |u| u),
            ("exponential", |u| -u.ln()),
            ("lognormal-like", |u| (-u.ln()).powi(2)),
            ("Pareto, tail index 2", |u| u.powf(-0.5)),
        ];
        let mut state = 11;
        for (name, law) in laws {
            let mut n_passed = 0;
            for _ in 0..400 {
                let mut draw = || sorted((0..500).map(|_| law(uniform(&mut state))).collect());
                let (first, second) = (draw(), draw());
                let ends = ends(&first, 500).unwrap();
                n_passed += usize::from(second[499] > ends.high);
            }
            assert!(
                n_passed <= 16,
                "{name}: {n_passed} of 400 tables pass the upper end"
            );
        }
    }

    #[test]
    fn shares_are_bounded_by_wilson() {
        // scipy.stats.binomtest(30, 1000).proportion_ci(0.998, "wilson").high is 0.05162; of half as
        // many rows, 15 of 500, it is 0.06377.
        assert!((greatest_share(30, 1000, usize::MAX) - 0.052).abs() < 1e-9);
        assert!((greatest_share(30, 1000, 1000) - 0.064).abs() < 1e-9);
        assert!((greatest_share(0, 1000, 1000) - 0.005).abs() < 1e-9);
        assert!(
            (greatest_share(0, 10, 1) - 0.91).abs() < 0.02,
            "so few say nothing"
        );
        assert!((greatest_share(10, 10, 10) - 1.0).abs() < 1e-9);
        assert!((greatest_share(0, 0, 0) - 1.0).abs() < 1e-9);
    }
}
