//! Columns in few bins, for trees that look at bins only.
//!
//! In: numbers or codes. Out: a bin below [`MAX_BINS`] per row; bin 0 is missing.

use interlock_plugin_api::MISSING;
use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::order::sorted;

/// Bins of a column, so that a set of bins is one 64-bit number.
pub const MAX_BINS: usize = 64;

/// A column in bins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binned {
    /// A bin per row, below `n_bins`; 0 is missing.
    pub bins: Vec<u8>,
    /// At most [`MAX_BINS`].
    pub n_bins: usize,
    /// Whether bins ascend with the values; else they are categories.
    pub is_ordered: bool,
}

impl Binned {
    /// Numbers by their quantiles; NaN and infinite ones are missing.
    pub fn of_numbers(numbers: &[f64]) -> Self {
        let finite: Vec<f64> = numbers.iter().copied().filter(|v| v.is_finite()).collect();
        let edges = quantile_edges(&sorted(&finite), MAX_BINS - 1);
        let bin = |value: &f64| {
            if value.is_finite() {
                narrow(1 + bin_of(&edges, *value))
            } else {
                0
            }
        };
        Self {
            bins: numbers.iter().map(bin).collect(),
            n_bins: edges.len() + 2,
            is_ordered: true,
        }
    }

    /// Codes below `n_codes`: the most frequent ones in bins of their own, the rest in one.
    pub fn of_codes(codes: &[u32], n_codes: usize) -> Self {
        let mut counts = vec![0_usize; n_codes];
        for &code in codes.iter().filter(|code| **code != MISSING) {
            counts[code as usize] += 1;
        }
        let mut order: Vec<usize> = (0..n_codes).collect();
        order.sort_by_key(|&code| std::cmp::Reverse(counts[code]));
        let mut bin_of_code = vec![narrow(MAX_BINS - 1); n_codes];
        for (at, code) in order.into_iter().take(MAX_BINS - 2).enumerate() {
            bin_of_code[code] = narrow(at + 1);
        }
        let bin = |code: &u32| {
            if *code == MISSING {
                0
            } else {
                bin_of_code[*code as usize]
            }
        };
        Self {
            bins: codes.iter().map(bin).collect(),
            n_bins: (n_codes + 1).min(MAX_BINS),
            is_ordered: false,
        }
    }
}

fn narrow(bin: usize) -> u8 {
    u8::try_from(bin).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_few_and_missing_is_the_first() {
        let numbers: Vec<f64> = (0..1000).map(f64::from).chain([f64::NAN]).collect();
        let binned = Binned::of_numbers(&numbers);
        assert_eq!((binned.bins[0], binned.bins[1000]), (1, 0));
        assert!(
            binned
                .bins
                .iter()
                .all(|bin| usize::from(*bin) < binned.n_bins)
        );
        assert!(binned.n_bins <= MAX_BINS && binned.bins.is_sorted_by(|a, b| a <= b || *b == 0));
        let codes: Vec<u32> = (0..200).chain([7, 7, MISSING]).collect();
        let binned = Binned::of_codes(&codes, 200);
        assert_eq!(
            (binned.bins[7], binned.bins[202], binned.n_bins),
            (1, 0, 64)
        );
        assert!(binned.bins.iter().all(|bin| usize::from(*bin) < MAX_BINS));
        assert_eq!(Binned::of_numbers(&[]).n_bins, 2);
    }
}
