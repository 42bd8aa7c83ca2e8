//! Scores that stand apart from all others.
//!
//! In: scores, higher is odder. Out: how many of the highest stand apart, and the probability of such
//! a gap by chance.
//!
//! In an exponential tail the normalized spacings `i · (xᵢ − xᵢ₊₁)` of the values `x₁ > x₂ > …` are
//! independent and exponential with one mean (Rényi): a gap over the mean of the spacings below it
//! follows an F distribution with 2 and 2k degrees of freedom. The tails of scores that cannot grow
//! without bound are lighter than that, so the test errs on the safe side.

use interlock_stats::order::index_below;

/// Spacings below a gap it is compared with, at most.
const MAX_SPACINGS: usize = 100;

/// At least so many, or nothing is said.
const MIN_SPACINGS: usize = 20;

/// Share of different scores among which gaps are tried, from the outside.
const MAX_SHARE: f64 = 0.03;

/// Gaps tried at most.
const MAX_APART: usize = 50;

/// Gaps tried at least.
const MIN_APART: usize = 5;

/// Different scores below which nothing is said.
pub const MIN_DIFFERENT: usize = 5 * (MIN_SPACINGS + MIN_APART);

/// The widest gap of a tail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Different scores beyond the gap.
    pub n_apart: usize,
    /// The highest score that does not stand apart.
    pub inner: f64,
    /// Probability of such a gap at one of the places tried, if the tail is exponential.
    pub p_value: f64,
}

/// The gap least likely by chance among those whose outer end is at least `min_ratio` times the inner
/// one. `None` if too few scores differ, or no gap is that wide. Scores are positive.
///
/// The p-value is corrected for the number of gaps tried.
pub fn widest_gap(scores: &[f64], min_ratio: f64) -> Option<Gap> {
    let mut tail: Vec<f64> = scores.iter().copied().filter(|s| s.is_finite()).collect();
    tail.sort_unstable_by(|a, b| b.total_cmp(a));
    tail.dedup();
    // A tail is what lies beyond the highest fifth.
    let n_tail = tail.len() / 5;
    let n_tried = index_below((tail.len() as f64 * MAX_SHARE).ceil()).clamp(MIN_APART, MAX_APART);
    if n_tail < MIN_SPACINGS + n_tried {
        return None;
    }
    tail.truncate(n_tail.min(MAX_SPACINGS + MAX_APART + 1));
    let spacing = |at: usize| (at as f64 + 1.0) * (tail[at] - tail[at + 1]);
    let gap = |at: usize| {
        let below = (at + 1..tail.len() - 1).take(MAX_SPACINGS);
        let n_below = below.len() as f64;
        let sum: f64 = below.map(spacing).sum();
        Gap {
            n_apart: at + 1,
            inner: tail[at + 1],
            // P(F(2, 2k) > r) = (1 + r / k)^(−k).
            p_value: (-n_below * (spacing(at) / sum).ln_1p()).exp(),
        }
    };
    let found = (0..n_tried)
        .filter(|at| tail[*at] >= min_ratio * tail[at + 1])
        .map(gap)
        .min_by(|a, b| a.p_value.total_cmp(&b.p_value))?;
    Some(Gap {
        p_value: (found.p_value * n_tried as f64).min(1.0),
        ..found
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn the_p_value_is_that_of_an_f_distribution() {
        // Spacings i · (xᵢ − xᵢ₊₁) of 1 but for the third, which is 30: 30 tried of 1000 scores.
        let mut scores = vec![0.0; 1000];
        for at in (0..999).rev() {
            let spacing = if at == 2 { 30.0 } else { 1.0 };
            scores[at] = scores[at + 1] + spacing / (at as f64 + 1.0);
        }
        let gap = widest_gap(&scores, 1.1).unwrap();
        assert_eq!(gap.n_apart, 3);
        assert!((gap.inner - scores[3]).abs() < 1e-12);
        // scipy 1.17: 30 * scipy.stats.f.sf(30, 2, 200)
        let expected = 30.0 * 4.033_339_404_492_154e-12;
        assert!(
            (gap.p_value / expected - 1.0).abs() < 1e-6,
            "{}",
            gap.p_value
        );
    }

    #[test]
    fn an_exponential_tail_alarms_as_often_as_stated() {
        let mut rng = Rng::new(1);
        let alarms = (0..2000)
            .filter(|_| {
                let scores: Vec<f64> = (0..400).map(|_| -(1.0 - rng.uniform()).ln()).collect();
                widest_gap(&scores, 0.0).is_some_and(|gap| gap.p_value <= 0.05)
            })
            .count();
        // 5 % of 2,000 is 100, with a deviation of 10; the correction errs on the safe side.
        assert!((20..=130).contains(&alarms), "{alarms}");
    }

    #[test]
    fn too_few_scores_and_ties_give_nothing() {
        assert_eq!(widest_gap(&[], 0.0), None);
        assert_eq!(widest_gap(&[1.0; 500], 0.0), None);
        let few: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(widest_gap(&few, 0.0), None);
        assert_eq!(widest_gap(&[f64::NAN, f64::NEG_INFINITY], 0.0), None);
    }
}
