//! Values that stand apart from a tail, however heavy the tail.
//!
//! In: distances from the middle. Out: how many of the largest stand apart, and the probability of
//! such a gap by chance.
//!
//! In a Pareto tail the normalized log spacings `i · ln(dᵢ / dᵢ₊₁)` of the distances `d₁ > d₂ > …`
//! are independent and exponential with one mean (Rényi). A gap is compared with the mean of the
//! spacings below it: the ratio then follows an F distribution with 2 and 2k degrees of freedom.
//! Lighter tails (normal, exponential, lognormal) have smaller spacings outward, so the test errs
//! on the safe side there.

/// Spacings below a gap it is compared with, at most.
const MAX_SPACINGS: usize = 60;

/// At least so many, or nothing is said.
const MIN_SPACINGS: usize = 10;

/// So many of the largest distances are sorted first.
const MAX_SORTED: usize = 2_000;

/// Gaps tried from the outside.
const MAX_APART: usize = 8;

/// The widest gap of a tail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Different values beyond the gap.
    pub n_apart: usize,
    /// Distance of the outermost value that does not stand apart.
    pub inner: f64,
    /// Probability of such a gap at one of the places tried, if the tail is a Pareto tail.
    pub p_value: f64,
}

/// The largest different distances of finite values from a center, on one side of it, descending: as
/// many as a gap may be compared with. Half of all different ones if those are fewer.
pub fn distances(values: &[f64], center: f64, is_below: bool) -> Vec<f64> {
    // Halved, so that the distance of huge numbers of unlike sign does not overflow.
    let distance = |value: &f64| {
        let half = value / 2.0 - center / 2.0;
        if is_below { -half } else { half }
    };
    let mut halves: Vec<f64> = values
        .iter()
        .filter(|value| value.is_finite())
        .map(distance)
        .filter(|half| *half > 0.0)
        .collect();
    // Ties make it impossible to know how many rows hold enough different values: all are sorted,
    // but only if the largest few thousand do not suffice.
    let descending = |a: &f64, b: &f64| b.total_cmp(a);
    if halves.len() > 2 * MAX_SORTED {
        let mut largest = halves.clone();
        largest.select_nth_unstable_by(MAX_SORTED, descending);
        largest.truncate(MAX_SORTED);
        let largest = different(largest);
        if largest.len() > 2 * (MAX_SPACINGS + MAX_APART) {
            return largest;
        }
    }
    halves.sort_unstable_by(descending);
    different(halves)
}

fn different(mut halves: Vec<f64>) -> Vec<f64> {
    halves.sort_unstable_by(|a, b| b.total_cmp(a));
    halves.dedup();
    halves
        .into_iter()
        .map(|half| (2.0 * half).min(f64::MAX))
        .collect()
}

/// The gap least likely by chance, of `distances`: positive, different, descending. A gap is tried
/// if its outer end lies beyond `beyond`. `None` if too few distances lie below every gap.
///
/// The p-value is corrected for the number of gaps tried.
pub fn widest_gap(distances: &[f64], beyond: f64) -> Option<Gap> {
    let spacing = |at: usize| -> Option<f64> {
        let (outer, inner) = (distances.get(at)?, distances.get(at + 1)?);
        Some((at + 1) as f64 * (outer / inner).ln())
    };
    // The inner half is the body, not the tail.
    let n_tail = distances.len() / 2;
    let tried = (0..MAX_APART.min(n_tail)).filter(|&at| distances[at] > beyond);
    let n_tried = tried.clone().count() as f64;
    tried
        .filter_map(|at| {
            let below: Vec<f64> = (at + 1..n_tail)
                .take(MAX_SPACINGS)
                .filter_map(spacing)
                .collect();
            let sum: f64 = below.iter().sum();
            let k = below.len() as f64;
            if below.len() < MIN_SPACINGS || sum <= 0.0 {
                return None;
            }
            // P(F > f) with 2 and 2k degrees of freedom is (1 + f/k)^-k; f/k is spacing over sum.
            let p_value = (-k * (spacing(at)? / sum).ln_1p()).exp();
            Some(Gap {
                n_apart: at + 1,
                inner: *distances.get(at + 1)?,
                p_value: (p_value * n_tried).min(1.0),
            })
        })
        .min_by(|a, b| a.p_value.total_cmp(&b.p_value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    fn pareto(rng: &mut Rng, n: usize, exponent: f64) -> Vec<f64> {
        let draw = |_| (1.0 - rng.uniform()).powf(-1.0 / exponent);
        let mut values: Vec<f64> = (0..n).map(draw).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    #[test]
    fn a_pareto_tail_alarms_no_more_often_than_promised() {
        let mut rng = Rng::new(9);
        let mut n_alarms = 0;
        for _ in 0..2000 {
            let values = pareto(&mut rng, 150, 1.2);
            n_alarms += usize::from(widest_gap(&values, 0.0).unwrap().p_value <= 0.05);
        }
        // 100 expected at most, standard deviation 9.7.
        assert!(n_alarms < 140, "{n_alarms}");
    }

    #[test]
    fn what_stands_apart_is_counted() {
        let mut values = pareto(&mut Rng::new(2), 150, 3.0);
        values.splice(0..0, [9e6, 8e6]);
        let gap = widest_gap(&values, 0.0).unwrap();
        assert_eq!(gap.n_apart, 2);
        assert!(gap.p_value < 1e-9);
        assert_eq!(widest_gap(&values[..12], 0.0), None);
        assert_eq!(widest_gap(&[], 0.0), None);
    }
}
