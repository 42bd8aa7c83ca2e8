//! Values of a numeric column that may stand for "missing": 999, -1, 0.
//!
//! In: numbers, NaN where missing. Out: the lowest and highest value if they look like a code.
//!
//! Only the two ends are looked at, in one pass: a code within the range of the others cannot be
//! told from a value. Infinite values are not looked at.

/// How many rows must have a value before it counts as a code.
const MIN_ROWS: usize = 3;

/// Share of the range of the other values that must lie between them and the code.
const MIN_GAP: f64 = 1.0;

/// As [`MIN_GAP`], for zero: a true zero seldom lies far from all other values.
const MIN_GAP_OF_ZERO: f64 = 0.25;

/// A value that may be a code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spike {
    pub(crate) value: f64,
    pub(crate) n: usize,
    /// The other value closest to it.
    pub(crate) next: f64,
    /// Lowest and highest of the other values.
    pub(crate) others: (f64, f64),
}

/// One end of the values: how often it stands, and what comes next.
#[derive(Debug, Clone, Copy)]
struct End {
    value: f64,
    n: usize,
    next: f64,
}

impl End {
    /// The highest; with `sign` -1 the lowest, negated.
    fn of(numbers: &[f64], sign: f64) -> Option<Self> {
        let mut end = Self {
            value: f64::NEG_INFINITY,
            n: 0,
            next: f64::NEG_INFINITY,
        };
        for number in numbers {
            let value = sign * number;
            if value < end.value {
                end.next = if value > end.next { value } else { end.next };
            } else if value > end.value && value < f64::INFINITY {
                end = Self {
                    value,
                    n: 1,
                    next: end.value,
                };
            } else if value <= end.value {
                end.n += 1;
            }
        }
        (end.n > 0 && end.next > f64::NEG_INFINITY).then_some(end)
    }
}

/// The codes at the ends of a column, lowest first.
pub(crate) fn spikes(numbers: &[f64]) -> Vec<Spike> {
    let (Some(high), Some(low)) = (End::of(numbers, 1.0), End::of(numbers, -1.0)) else {
        return Vec::new();
    };
    let (lowest, second) = (-low.value, -low.next);
    let mut found = Vec::new();
    let at_low = Spike {
        value: lowest,
        n: low.n,
        next: second,
        others: (second, high.value),
    };
    if low.n >= MIN_ROWS && second < high.value {
        let gap = second - lowest;
        let range = high.value - second;
        let is_only_negative = lowest < 0.0 && second >= 0.0;
        let is_zero = lowest.abs() <= 0.0 && gap > MIN_GAP_OF_ZERO * range;
        if is_zero || is_code(lowest) && (is_only_negative || gap > MIN_GAP * range) {
            found.push(at_low);
        }
    }
    // If the low end is a code itself, the range of the others begins above it.
    let from = if found.is_empty() { lowest } else { second };
    if high.n >= MIN_ROWS && from < high.next {
        let (gap, range) = (high.value - high.next, high.next - from);
        if is_code(high.value) && gap > MIN_GAP * range {
            if let Some(low) = found.first_mut() {
                low.others.1 = high.next;
            }
            found.push(Spike {
                value: high.value,
                n: high.n,
                next: high.next,
                others: (from, high.next),
            });
        }
    }
    found
}

/// Whether a number is one people write for "none": -1 and -2, rows of nines or eights from two
/// digits on and -9 and -8, the bounds of the usual integers, and 10^10 or more with only nines or
/// zeros behind its first digit.
fn is_code(value: f64) -> bool {
    const BOUNDS: [f64; 6] = [
        32_767.0,
        -32_768.0,
        65_535.0,
        2_147_483_647.0,
        -2_147_483_648.0,
        4_294_967_295.0,
    ];
    let is = |other: f64| (value - other).abs() <= 0.0;
    if BOUNDS.into_iter().any(is) || is(-1.0) || is(-2.0) || is(-9.0) || is(-8.0) {
        return true;
    }
    if value.abs() >= 1e10 {
        let digits = format!("{:e}", value.abs());
        let mantissa = digits.split('e').next().unwrap_or_default();
        let is_round = mantissa == "1" || mantissa.chars().all(|c| c == '9' || c == '.');
        return is_round;
    }
    let mut whole = value.abs();
    // Codes such as 99.9 and 9999.99 have as many decimals as their column.
    for _ in 0..3 {
        if whole.fract().abs() < 1e-9 {
            break;
        }
        whole = (whole * 10.0 * 1e9).round() / 1e9;
    }
    if whole.fract().abs() >= 1e-9 || whole < 88.0 {
        return false;
    }
    let text = format!("{whole:.0}");
    text.chars().all(|c| c == '9') || text.chars().all(|c| c == '8')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(numbers: &[f64]) -> Vec<f64> {
        spikes(numbers).iter().map(|spike| spike.value).collect()
    }

    #[track_caller]
    fn check(others: impl IntoIterator<Item = i32>, code: f64, n: usize, is_found: bool) {
        let mut numbers: Vec<f64> = others.into_iter().map(f64::from).collect();
        numbers.extend(std::iter::repeat_n(code, n));
        let expected = if is_found { vec![code] } else { Vec::new() };
        assert_eq!(values(&numbers), expected);
    }

    #[test]
    fn codes_far_from_the_others_are_found() {
        check(18..90, 999.0, 5, true);
        check(18..90, -1.0, 5, true);
        check(18..90, -99.0, 3, true);
        check(39..200, 0.0, 3, false);
        check(60..200, 0.0, 3, true);
        check(1..90, 99_999.0, 3, true);
        check(1..90, 1e20, 3, true);
        check(1..90, f64::from(i32::MAX), 3, true);
        check(1..90, 99.99, 4, false);
        check(1..40, 99.99, 4, true);
    }

    #[test]
    fn values_near_the_others_few_ones_and_other_numbers_are_not() {
        check(18..99, 99.0, 9, false);
        check(-5..90, -9.0, 9, false);
        check(18..90, 999.0, 2, false);
        check(18..90, 1000.0, 9, false);
        check(1..90, 0.0, 50, false);
        assert!(spikes(&[]).is_empty() && spikes(&[f64::NAN, f64::INFINITY]).is_empty());
        assert!(spikes(&[999.0; 9]).is_empty());
        assert!(spikes(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]).is_empty());
        assert!(spikes(&[f64::NEG_INFINITY, f64::INFINITY, 1.0, 2.0]).is_empty());
    }

    #[test]
    fn both_ends_may_be_codes() {
        let mut numbers: Vec<f64> = (20..60).map(f64::from).collect();
        numbers.extend([-1.0, -1.0, -1.0, 999.0, 999.0, 999.0]);
        let found = spikes(&numbers);
        assert_eq!(values(&numbers), [-1.0, 999.0]);
        assert_eq!(found[0].others, (20.0, 59.0));
        assert_eq!(found[1].others, (20.0, 59.0));
    }
}
