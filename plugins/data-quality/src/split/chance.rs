//! What a random split gives by chance: exact tails.
//!
//! In: counts. Out: probabilities.
//!
//! All of these assume nothing but that every way of dealing the pooled rows to the two tables was
//! equally likely.

use interlock_stats::distribution::{normal_cdf, normal_quantile, normal_sf};
use interlock_stats::order::index_below;
use interlock_stats::special::ln_gamma;

/// Largest count whose tail is summed exactly in [`unseen_tail`].
const MAX_EXACT: u64 = 2_000;

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Probability that at least `n_outside` of `n_other` values lie outside the range of `n_train`
/// values of the same distribution.
///
/// Of all orders of the pooled values, `(k + 1) C(m − k + n − 2, n − 2)` out of `C(m + n, n)` put `k`
/// of the `m` beyond the ends of the `n`; the expected share is `2 / (n + 1)`. With ties the tail is
/// an upper bound. 1 with fewer than two training values, which have no range.
pub fn outside_tail(n_train: u64, n_other: u64, n_outside: u64) -> f64 {
    if n_train < 2 || n_outside == 0 {
        return 1.0;
    }
    if n_outside > n_other {
        return 0.0;
    }
    let (n, m) = (n_train as f64, n_other as f64);
    let first = n_outside as f64;
    let ln_first = first.ln_1p() + ln_choose(m - first + n - 2.0, n - 2.0) - ln_choose(m + n, n);
    let (mut total, mut ratio, mut k) = (1.0_f64, 1.0_f64, first);
    while k < m {
        ratio *= (k + 2.0) / (k + 1.0) * (m - k) / (m - k + n - 2.0);
        total += ratio;
        k += 1.0;
        if ratio < total * 1e-17 {
            break;
        }
    }
    (ln_first + total.ln()).exp().min(1.0)
}

/// What is expected of values that the training table does not hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unseen {
    /// Rows of the other table that hold a value the training table does not.
    pub n_rows: u64,
    /// How many a random split of the same rows gives on average.
    pub expected: f64,
    /// Probability of at least `n_rows` of them in a random split.
    pub p_value: f64,
}

/// Compares rows of unseen values with what a random split of the pooled rows would give.
///
/// `counts` holds, for each value, its rows in the training and in the other table. A value of `c`
/// rows in all is unseen if all of them fall into the other table, which has a probability of
/// `m/N · (m−1)/(N−1) · …`; these events are taken as independent, though they hinder each other
/// slightly, which spreads the sum a little too far. It is summed exactly up to 2 000
/// rows, and beyond taken from the normal distribution.
pub fn unseen_tail(counts: &[(u64, u64)]) -> Unseen {
    let (n_train, n_other) = counts
        .iter()
        .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    let n_rows: u64 = counts.iter().filter(|c| c.0 == 0).map(|c| c.1).sum();
    // How many values have each pooled count.
    let mut pooled: Vec<u64> = counts
        .iter()
        .map(|c| c.0 + c.1)
        .filter(|c| *c > 0)
        .collect();
    pooled.sort_unstable();
    let all = (n_train + n_other) as f64;
    let (mut expected, mut variance) = (0.0, 0.0);
    let mut sizes: Vec<(u64, u64, f64)> = Vec::new();
    let (mut probability, mut reached) = (1.0, 0);
    for group in pooled.chunk_by(|a, b| a == b) {
        let size = group[0];
        while reached < size && probability > 0.0 {
            let left = n_other.saturating_sub(reached) as f64;
            probability *= left / (all - reached as f64);
            reached += 1;
        }
        if probability < 1e-300 {
            break;
        }
        let rows = size as f64 * group.len() as f64;
        expected += rows * probability;
        variance += rows * size as f64 * probability * (1.0 - probability);
        sizes.push((size, group.len() as u64, probability));
    }
    let p_value = if n_rows == 0 {
        1.0
    } else if n_rows <= MAX_EXACT {
        1.0 - below(&sizes, n_rows)
    } else if variance > 0.0 {
        normal_sf((n_rows as f64 - 0.5 - expected) / variance.sqrt())
    } else {
        f64::from(u8::from(expected + 0.5 >= n_rows as f64))
    };
    Unseen {
        n_rows,
        expected,
        p_value: p_value.clamp(0.0, 1.0),
    }
}

/// Probability that fewer than `limit` rows fall into unseen values: a walk over the number of rows,
/// one group of equally frequent values after the other.
fn below(sizes: &[(u64, u64, f64)], limit: u64) -> f64 {
    let width = index_below(limit as f64);
    let mut mass = vec![0.0; width];
    mass[0] = 1.0;
    for &(size, n, probability) in sizes {
        let step = index_below(size as f64);
        let terms: Vec<f64> = (0..=n)
            .take_while(|k| k * size < limit)
            .map(|k| binomial(n, k, probability))
            .collect();
        let mut next = vec![0.0; width];
        for (k, term) in terms.iter().enumerate().filter(|(_, term)| **term > 1e-18) {
            for at in 0..width.saturating_sub(k * step) {
                next[at + k * step] += mass[at] * term;
            }
        }
        mass = next;
    }
    mass.iter().sum()
}

fn binomial(n: u64, k: u64, p: f64) -> f64 {
    if p >= 1.0 {
        return f64::from(u8::from(k == n));
    }
    let (n, k) = (n as f64, k as f64);
    (ln_choose(n, k) + k * p.ln() + (n - k) * (-p).ln_1p()).exp()
}

/// Fisher's exact test, two-sided: the probability of a table no likelier than this one, given its
/// margins. `train` and `other` are `(rows that have it, all rows)`.
///
/// As `scipy.stats.fisher_exact`, up to how nearly equal probabilities are told apart.
pub fn fisher(train: (u64, u64), other: (u64, u64)) -> f64 {
    let n = train.1 + other.1;
    let marked = train.0 + other.0;
    if train.1 == 0 || other.1 == 0 || marked == 0 || marked == n {
        return 1.0;
    }
    let ln_mass = |k: u64| {
        ln_choose(marked as f64, k as f64) + ln_choose((n - marked) as f64, (other.1 - k) as f64)
            - ln_choose(n as f64, other.1 as f64)
    };
    let first = other.1.saturating_sub(n - marked);
    let last = marked.min(other.1);
    let observed = ln_mass(other.0);
    let limit = observed + 1e-7;
    let mode = index_below((other.1 + 1) as f64 * (marked + 1) as f64 / (n + 2) as f64) as u64;
    let mode = mode.clamp(first, last);
    let mut total = 0.0;
    // Outward from the observed table on its side, and from the first as unlikely on the other.
    let mut add = |ks: &mut dyn Iterator<Item = u64>| {
        for k in ks {
            let mass = ln_mass(k);
            if mass <= limit {
                total += mass.exp();
                if mass < observed - 45.0 {
                    break;
                }
            }
        }
    };
    let reach = |from: u64, to: u64, up: bool| -> u64 {
        // Bisection for where the mass falls to the limit; masses fall away from the mode.
        let (mut near, mut far) = (from, to);
        while near.abs_diff(far) > 1 {
            let middle = u64::midpoint(near.min(far), near.max(far));
            if ln_mass(middle) <= limit {
                far = middle;
            } else {
                near = middle;
            }
        }
        let is_near = ln_mass(near) <= limit;
        match (is_near, up) {
            (true, _) => near,
            (false, _) => far,
        }
    };
    if mode < last {
        add(&mut (reach(mode, last, true)..=last));
    }
    if mode > first {
        let start = reach(mode, first, false);
        // The mode itself is counted once at most.
        let start = if start == mode { mode - 1 } else { start };
        add(&mut (first..=start).rev());
    }
    if mode == last && ln_mass(mode) <= limit {
        total += ln_mass(mode).exp();
    }
    total.min(1.0)
}

/// The smallest drop of accuracy below `accuracy`, taken as known, that `n` rows show with a
/// probability of `power` in a one-sided test at `significance`; nothing if no drop would be shown.
///
/// Normal approximation: the drop `d` at which `z₁ √(p (1 − p) / n) + z₂ √(q (1 − q) / n) = d` with
/// `q = p − d`.
pub fn detectable_drop(n: u64, accuracy: f64, significance: f64, power: f64) -> Option<f64> {
    let rows = n as f64;
    let (z_1, z_2) = (-normal_quantile(significance), normal_quantile(power));
    let lacking = |drop: f64| {
        let q = accuracy - drop;
        let spread = |p: f64| (p * (1.0 - p) / rows).max(0.0).sqrt();
        z_1 * spread(accuracy) + z_2 * spread(q) - drop
    };
    if n == 0 || !(0.0..=1.0).contains(&accuracy) || lacking(accuracy) > 0.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, accuracy);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if lacking(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// Two-sided p-value of a standard normal figure; 1 of NaN.
pub fn two_sided(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    (2.0 * normal_cdf(-z.abs())).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to deal `n + m` pooled rows, by brute force: which of them are the training rows.
    fn deals(n: usize, all: usize) -> impl Iterator<Item = u32> {
        (0_u32..1 << all).filter(move |deal| deal.count_ones() as usize == n)
    }

    #[test]
    fn tails_of_the_range_count_orders() {
        for (n, m) in [(2_usize, 3_usize), (3, 4), (5, 3), (2, 8)] {
            for k in 0..=m + 1 {
                let (mut hits, mut total) = (0.0, 0.0);
                for deal in deals(n, n + m) {
                    let low = deal.trailing_zeros() as usize;
                    let high = 31 - deal.leading_zeros() as usize;
                    let outside = low + (n + m - 1 - high);
                    hits += f64::from(u8::from(outside >= k));
                    total += 1.0;
                }
                let actual = outside_tail(n as u64, m as u64, k as u64);
                assert!(
                    (actual - hits / total).abs() < 1e-12,
                    "{n} {m} {k}: {actual}"
                );
            }
        }
    }

    #[test]
    fn fishers_test_counts_tables() {
        for (n, m, marked) in [
            (4_u64, 6_u64, 3_u64),
            (5, 5, 5),
            (7, 2, 4),
            (3, 9, 11),
            (6, 6, 1),
        ] {
            let mut mass: Vec<f64> = Vec::new();
            let all = n + m;
            for k in 0..=m {
                let possible = k <= marked && marked - k <= n;
                let ways = ln_choose(marked as f64, k as f64)
                    + ln_choose((all - marked) as f64, m as f64 - k as f64);
                mass.push(if possible { ways.exp() } else { 0.0 });
            }
            let total: f64 = mass.iter().sum();
            for k in 0..=m {
                let own = mass[index_below(k as f64)];
                if own <= 0.0 {
                    continue;
                }
                let expected: f64 = mass.iter().filter(|p| **p <= own * (1.0 + 1e-7)).sum();
                let actual = fisher((marked - k, n), (k, m));
                assert!(
                    (actual - expected / total).abs() < 1e-12,
                    "{n} {m} {marked} {k}: {actual}"
                );
            }
        }
    }

    #[test]
    fn unseen_values_are_as_many_as_dealing_gives() {
        // Five values with 1, 1, 2, 3 and 1 rows; the other table gets 3 of the 8.
        let value_of = [0, 1, 2, 2, 3, 3, 3, 4];
        let mut mass = [0.0_f64; 4];
        let mut total = 0.0;
        for deal in deals(5, 8) {
            let in_train = |row: usize| deal & (1 << row) != 0;
            let seen = |value: usize| (0..8).any(|row| value_of[row] == value && in_train(row));
            let unseen = (0..8)
                .filter(|&row| !in_train(row) && !seen(value_of[row]))
                .count();
            mass[unseen] += 1.0;
            total += 1.0;
        }
        let expected: f64 = (0..4).map(|k| k as f64 * mass[k] / total).sum();
        let found = unseen_tail(&[(0, 1), (0, 1), (2, 0), (2, 1), (1, 0)]);
        assert_eq!(found.n_rows, 2);
        assert!((found.expected - expected).abs() < 1e-12);
        let tail = (mass[2] + mass[3]) / total;
        // Taken as independent, the tail is nearly the same even in so small a table.
        assert!((found.p_value - tail).abs() < 0.02, "{found:?} {tail}");
    }

    #[test]
    fn one_new_value_of_many_rows_is_no_chance() {
        let found = unseen_tail(&[(1000, 200), (0, 50)]);
        assert!(found.p_value < 1e-9, "{found:?}");
        let found = unseen_tail(&[(1000, 250), (0, 1)]);
        assert!((found.p_value - 251.0 / 1251.0).abs() < 1e-12, "{found:?}");
        assert!(unseen_tail(&[]).p_value >= 1.0);
        assert!(unseen_tail(&[(0, 5)]).p_value >= 1.0);
    }

    #[test]
    fn a_drop_can_be_told_by_many_rows_only() {
        // scipy.optimize.brentq(lambda d: norm.isf(.05)*sqrt(.8*.2/1000)
        //     + norm.ppf(.8)*sqrt((.8-d)*(.2+d)/1000) - d, 0, .8)
        let drop = detectable_drop(1000, 0.8, 0.05, 0.8).unwrap();
        assert!((drop - 0.032_040_802_537).abs() < 1e-9, "{drop}");
        assert_eq!(detectable_drop(0, 0.8, 0.05, 0.8), None);
    }
}
