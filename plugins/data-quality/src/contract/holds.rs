//! Which rows break a rule, and whether too many do.
//!
//! In: codes, numbers and counts. Out: positions of rows, ascending. Knows no column and no rule as it
//! is written.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::MISSING;

/// Units in the last place that adding, subtracting or multiplying two decimals may be off by.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Whether enough of `n` rows hold if `n_broken` do not: all, or at least a share of `mostly`.
/// `(n - n_broken) / n >= mostly`, as in Great Expectations.
pub fn is_enough(n_broken: usize, n: usize, mostly: Option<f64>) -> bool {
    n_broken == 0 || mostly.is_some_and(|mostly| (n - n_broken) as f64 / n as f64 >= mostly)
}

/// How many of `n` rows may break a rule that must hold for `mostly` of them.
pub fn n_allowed(n: usize, mostly: f64) -> usize {
    // From the rounded figure at most one step to the exact one.
    let near = ((1.0 - mostly) * n as f64).round().clamp(0.0, n as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to n by the line above"
    )]
    let mut allowed = near as usize;
    while allowed > 0 && !is_enough(allowed, n, Some(mostly)) {
        allowed -= 1;
    }
    while allowed < n && is_enough(allowed + 1, n, Some(mostly)) {
        allowed += 1;
    }
    allowed
}

/// Rows whose code stands more than once: `pandas.Series.duplicated(keep=False)`, missing ones left
/// out. Codes are below `n_codes` or missing.
pub fn repeated(codes: &[u32], n_codes: usize) -> Vec<usize> {
    let mut counts = vec![0_u32; n_codes];
    for code in codes {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count = count.saturating_add(1);
        }
    }
    if counts.iter().all(|count| *count <= 1) {
        return Vec::new();
    }
    let is_repeated = |code: u32| counts.get(code as usize).is_some_and(|count| *count > 1);
    (0..codes.len())
        .filter(|row| is_repeated(codes[*row]))
        .collect()
}

/// One code per row for the values of several columns together; missing where one is. And how many
/// codes there are.
pub fn joined(columns: &[&[u32]]) -> (Vec<u32>, usize) {
    let Some((first, rest)) = columns.split_first() else {
        return (Vec::new(), 0);
    };
    let mut codes = first.to_vec();
    for column in rest {
        let mut known: HashMap<(u32, u32), u32, FixedState> = HashMap::default();
        for (code, other) in codes.iter_mut().zip(*column) {
            *code = if *code == MISSING || *other == MISSING {
                MISSING
            } else {
                let next = u32::try_from(known.len()).unwrap_or(MISSING - 1);
                *known.entry((*code, *other)).or_insert(next)
            };
        }
    }
    let n_codes = codes.iter().filter(|code| **code != MISSING).max();
    let n_codes = n_codes.map_or(0, |code| *code as usize + 1);
    (codes, n_codes)
}

/// Rows whose value and the one before them are wrong together, missing ones skipped.
pub fn out_of_order<T: Copy>(
    values: impl Iterator<Item = Option<T>>,
    is_wrong: impl Fn(T, T) -> bool,
) -> Vec<usize> {
    let mut before = None;
    let mut rows = Vec::new();
    for (row, value) in values.enumerate() {
        let Some(value) = value else { continue };
        if before.is_some_and(|before| is_wrong(before, value)) {
            rows.push(row);
        }
        before = Some(value);
    }
    rows
}

/// Whether two numbers that were reckoned from some of this size differ by more than `tolerance`;
/// what rounding makes of decimals is no difference.
pub fn differ(left: f64, right: f64, size: f64, tolerance: f64) -> bool {
    if left.is_infinite() || right.is_infinite() {
        // Equal infinities have no difference to measure.
        return left.total_cmp(&right).is_ne();
    }
    (left - right).abs() > tolerance + ROUNDING * size
}

/// The middle value, or the mean of the two in the middle: `numpy.median`. NaN must not occur.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (below, middle, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let middle = *middle;
    if n % 2 == 1 {
        return Some(middle);
    }
    let before = below.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(before, middle))
}

/// The first two of `order` that stand in `names` the other way around.
pub fn first_swap<'n>(order: &[&'n str], names: &[&str]) -> Option<(&'n str, &'n str)> {
    let known: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
    let places = order
        .iter()
        .filter_map(|name| Some((*name, *known.get(name)?)));
    let places: Vec<(&str, usize)> = places.collect();
    places
        .windows(2)
        .find(|pair| pair[0].1 > pair[1].1)
        .map(|pair| (pair[0].0, pair[1].0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mostly_is_a_share_and_exact() {
        assert!(is_enough(0, 0, None) && is_enough(0, 7, Some(1.0)));
        assert!(!is_enough(1, 1_000_000, None) && !is_enough(1, 1_000_000, Some(1.0)));
        assert!(is_enough(1, 100, Some(0.99)) && !is_enough(2, 100, Some(0.99)));
        assert!(is_enough(3, 10, Some(0.7)), "7 / 10 is 0.7");
        for n in 1..200 {
            for mostly in [0.0, 0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 1.0] {
                let by_trying = (0..=n).rev().find(|bad| is_enough(*bad, n, Some(mostly)));
                assert_eq!(Some(n_allowed(n, mostly)), by_trying, "{n} {mostly}");
            }
        }
    }

    #[test]
    fn values_that_stand_twice() {
        assert_eq!(repeated(&[0, 1, MISSING, 0, MISSING, 2], 3), [0, 3]);
        assert_eq!(repeated(&[], 0), [0_usize; 0]);
        let (codes, n) = joined(&[&[0, 0, 1, MISSING, 0], &[0, 1, 0, 0, 0]]);
        assert_eq!((codes.as_slice(), n), (&[0, 1, 2, MISSING, 0][..], 3));
        assert_eq!(repeated(&codes, n), [0, 4]);
    }

    #[test]
    fn order_skips_what_is_missing() {
        let values = [Some(1), None, Some(3), Some(2), Some(2), None, Some(1)];
        assert_eq!(out_of_order(values.into_iter(), |a, b| b < a), [3, 6]);
        assert_eq!(out_of_order(values.into_iter(), |a, b| b > a), [2]);
    }

    #[test]
    fn decimals_add_up() {
        assert!(!differ(0.1 + 0.2, 0.3, 0.3, 0.0));
        assert!(differ(0.1 + 0.2, 0.301, 0.3, 0.0) && !differ(0.1 + 0.2, 0.301, 0.3, 0.01));
        assert!(!differ(f64::INFINITY, f64::INFINITY, f64::INFINITY, 0.0));
        assert!(
            differ(f64::INFINITY, f64::NEG_INFINITY, 1.0, 1e9)
                && differ(f64::INFINITY, 1.0, 1.0, 1e9)
        );
    }

    #[test]
    fn the_middle_and_the_order_of_names() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(first_swap(&["a", "b", "c"], &["x", "a", "y", "b"]), None);
        assert_eq!(
            first_swap(&["a", "b", "c"], &["c", "a", "b"]),
            Some(("b", "c"))
        );
    }
}
