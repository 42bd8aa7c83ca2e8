//! Which columns name rows instead of describing them.
//!
//! In: numbers, or how often each text stands. Out: what makes the column look like a key.

use std::collections::HashSet;

use foldhash::fast::FixedState;

/// Why a column of numbers looks like a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumericKey {
    /// Whole numbers, each once and none left out between the lowest and the highest.
    Consecutive,
    /// Whole numbers that rise, or fall, from each row to the next.
    Serial,
    /// Whole numbers, each once.
    AllDifferent,
}

/// Tells whether numbers (NaN where missing) look like a key: at least two, whole, all different.
pub(crate) fn numeric_key(numbers: &[f64]) -> Option<NumericKey> {
    // Beyond it doubles do not hold every whole number, so that different ones may look equal.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let (mut n, mut low, mut high) = (0_usize, f64::INFINITY, f64::NEG_INFINITY);
    let (mut rises, mut falls, mut last) = (true, true, f64::NAN);
    for &value in numbers.iter().filter(|value| !value.is_nan()) {
        if value.abs() >= EXACT || value.fract().abs() > 0.0 {
            return None;
        }
        if n > 0 {
            rises &= value > last;
            falls &= value < last;
        }
        (n, last, low, high) = (n + 1, value, low.min(value), high.max(value));
    }
    let range = high - low + 1.0;
    // Fewer numbers between the ends than rows: one must stand twice.
    if n < 2 || range < n as f64 {
        return None;
    }
    if !rises && !falls && !are_all_different(numbers, n) {
        return None;
    }
    if range <= n as f64 {
        Some(NumericKey::Consecutive)
    } else if rises || falls {
        Some(NumericKey::Serial)
    } else {
        Some(NumericKey::AllDifferent)
    }
}

/// Stops at the first number seen before.
fn are_all_different(numbers: &[f64], n: usize) -> bool {
    let mut seen: HashSet<u64, FixedState> = HashSet::default();
    seen.reserve(n.min(1024));
    // The negative zero equals the positive one.
    let mut bits = numbers
        .iter()
        .filter(|value| !value.is_nan())
        .map(|value| (value + 0.0).to_bits());
    bits.all(|bits| seen.insert(bits))
}

/// How the rows of a column of text are spread over its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "all of them are counts")]
pub(crate) struct Spread {
    pub(crate) n_present: usize,
    pub(crate) n_distinct: usize,
    /// Values of fewer than so many rows as asked, and rows of these values.
    pub(crate) n_rare_values: usize,
    pub(crate) n_rare_rows: usize,
}

impl Spread {
    /// Of the number of rows of each value.
    pub(crate) fn of(counts: &[usize], rare_below: usize) -> Self {
        let rare = || counts.iter().filter(|n| **n < rare_below);
        Self {
            n_present: counts.iter().sum(),
            n_distinct: counts.len(),
            n_rare_values: rare().count(),
            n_rare_rows: rare().sum(),
        }
    }

    /// Different values per row with a value, 0 without any.
    pub(crate) fn distinct_share(self) -> f64 {
        self.n_distinct as f64 / self.n_present.max(1) as f64
    }

    /// Share of rows with a rare value, 0 without any.
    pub(crate) fn rare_share(self) -> f64 {
        self.n_rare_rows as f64 / self.n_present.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_numbers() {
        let check = |numbers: &[f64], key| assert_eq!(numeric_key(numbers), key, "{numbers:?}");
        check(&[], None);
        check(&[1.0], None);
        check(&[3.0, 1.0, 2.0], Some(NumericKey::Consecutive));
        check(&[3.0, f64::NAN, 1.0, 2.0], Some(NumericKey::Consecutive));
        check(&[-1.0, 0.0, 1.0], Some(NumericKey::Consecutive));
        check(&[1.0, 5.0, 9.0], Some(NumericKey::Serial));
        check(&[9.0, 5.0, 1.0], Some(NumericKey::Serial));
        check(&[5.0, 9.0, 1.0], Some(NumericKey::AllDifferent));
        check(&[5.0, 9.0, 5.0], None);
        check(&[1.0, 2.0, 2.0, 4.0], None);
        check(&[0.0, -0.0, 9.0], None);
        check(&[1.5, 2.0, 3.0], None);
        check(&[1.0, f64::INFINITY], None);
        check(&[1e300, 2e300], None);
        check(&[f64::NAN; 5], None);
    }

    #[test]
    fn spread_of_texts() {
        let spread = Spread::of(&[10, 4, 1, 5], 5);
        assert_eq!((spread.n_present, spread.n_distinct), (20, 4));
        assert_eq!((spread.n_rare_values, spread.n_rare_rows), (2, 5));
        assert!((spread.rare_share() - 0.25).abs() < 1e-12);
        assert!(Spread::of(&[], 5).distinct_share().abs() < 1e-12);
    }
}
