//! How likely so many hits are by chance.
//!
//! In: counts and a probability. Out: an exact p-value.

use interlock_stats::distribution::beta_cdf;

/// Probability of `hits` or more among `n` independent trials that each hit with probability
/// `chance`. As `scipy.stats.binomtest(hits, n, chance, alternative="greater").pvalue`.
pub(crate) fn binomial_tail(hits: usize, n: usize, chance: f64) -> f64 {
    if hits == 0 {
        return 1.0;
    }
    if hits > n {
        return 0.0;
    }
    beta_cdf(chance, hits as f64, (n - hits + 1) as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_scipy() {
        // scipy 1.16: scipy.stats.binomtest(k, n, p, alternative="greater").pvalue
        for (hits, n, chance, expected) in [
            (3, 3, 0.1, 0.001),
            (12, 100, 0.1, 0.296_966_899_711_246),
            (2, 5, 1.0 / 97.0, 0.001_041_067_517_117_715_7),
            (0, 5, 0.1, 1.0),
        ] {
            let actual = binomial_tail(hits, n, chance);
            assert!((actual - expected).abs() < 1e-9, "{hits} of {n}: {actual}");
        }
    }
}
