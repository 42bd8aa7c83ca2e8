//! What happens to one number on its way from an input to the trees, and what a threshold on the
//! outcome is on the input.
//!
//! In: steps in order, each monotone. Out: the number behind them, and for a comparison behind them
//! the very same one before them, found by halving among all numbers of the input's precision, so that
//! not one row goes another way.
//!
//! Knows no graph; [`crate::onnx::origin`] finds the steps.

/// One step. What it does depends on the precision that has been reached, as it does in the operators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// Becomes single precision.
    ToSingle,
    /// Becomes double precision.
    ToDouble,
    /// NaN becomes this.
    Fill(f64),
    /// `(x - offset) * scale`, in single precision afterwards.
    Scale { offset: f32, scale: f32 },
    /// `x + number`.
    Add(f64),
    /// `x - number`.
    Subtract(f64),
    /// `x * number`.
    Multiply(f64),
    /// `x / number`.
    Divide(f64),
}

/// Where a column of a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    /// Position of the feature.
    pub(super) feature: u32,
    /// Precision of the input.
    pub(super) is_single: bool,
    /// What happens to it, in order.
    pub(super) steps: Vec<Step>,
}

/// How a comparison before the steps reads: which rows go to `yes`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub(super) threshold: f64,
    /// `x <= threshold`; else `x < threshold`.
    pub(super) is_inclusive: bool,
    /// Whether `yes` and `no` change places.
    pub(super) is_swapped: bool,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the point"
)]
fn single(value: f64) -> f32 {
    value as f32
}

impl Step {
    /// Whether the outcome grows with the number; `None` if it does not depend on it, or not in order.
    pub(super) fn grows(self) -> Option<bool> {
        let factor = match self {
            Self::ToSingle | Self::ToDouble | Self::Fill(_) => 1.0,
            Self::Scale { offset, scale } => {
                if !offset.is_finite() {
                    return None;
                }
                f64::from(scale)
            }
            Self::Add(number) | Self::Subtract(number) => {
                return number.is_finite().then_some(true);
            }
            Self::Multiply(number) | Self::Divide(number) => number,
        };
        (factor.is_finite() && factor != 0.0).then_some(factor > 0.0)
    }

    fn take(self, value: f64, is_single: bool) -> (f64, bool) {
        let both = |singles: fn(f32, f32) -> f32, doubles: fn(f64, f64) -> f64, number: f64| {
            let value = if is_single {
                f64::from(singles(single(value), single(number)))
            } else {
                doubles(value, number)
            };
            (value, is_single)
        };
        match self {
            Self::ToSingle => (f64::from(single(value)), true),
            Self::ToDouble => (value, false),
            Self::Fill(number) if value.is_nan() && is_single => (f64::from(single(number)), true),
            Self::Fill(number) if value.is_nan() => (number, false),
            Self::Fill(_) => (value, is_single),
            Self::Scale { offset, scale } if is_single => {
                (f64::from((single(value) - offset) * scale), true)
            }
            Self::Scale { offset, scale } => {
                let scaled = (value - f64::from(offset)) * f64::from(scale);
                (f64::from(single(scaled)), true)
            }
            Self::Add(number) => both(|a, b| a + b, |a, b| a + b, number),
            Self::Subtract(number) => both(|a, b| a - b, |a, b| a - b, number),
            Self::Multiply(number) => both(|a, b| a * b, |a, b| a * b, number),
            Self::Divide(number) => both(|a, b| a / b, |a, b| a / b, number),
        }
    }
}

/// A number behind all steps.
pub(super) fn through(steps: &[Step], value: f64, is_single: bool) -> f64 {
    let taken = steps
        .iter()
        .fold((value, is_single), |(value, is_single), step| {
            step.take(value, is_single)
        });
    taken.0
}

/// `through(x) <= threshold` (or `<`) as a comparison of `x`, which has single or double precision.
pub(super) fn cut(
    steps: &[Step],
    threshold: f64,
    is_inclusive: bool,
    is_single: bool,
) -> Option<Cut> {
    let mut grows = true;
    for step in steps {
        grows = grows == step.grows()?;
    }
    let meets = |value: f64| {
        let value = through(steps, value, is_single);
        if is_inclusive {
            value <= threshold
        } else {
            value < threshold
        }
    };
    // Rows up to a number go one way, all others the other way.
    let is_low = |value: f64| meets(value) == grows;
    let cut = |threshold: f64, is_inclusive: bool| Cut {
        threshold,
        is_inclusive,
        is_swapped: !grows,
    };
    if !is_low(f64::NEG_INFINITY) {
        return Some(cut(f64::NEG_INFINITY, false));
    }
    let greatest = if is_single {
        greatest(
            f32_at,
            key32(f32::INFINITY),
            key32(f32::NEG_INFINITY),
            is_low,
        )
    } else {
        greatest(
            f64_at,
            key64(f64::INFINITY),
            key64(f64::NEG_INFINITY),
            is_low,
        )
    };
    Some(cut(greatest, true))
}

/// The greatest number that is low; the one at `low` is.
fn greatest(at: fn(i64) -> f64, mut high: i64, mut low: i64, is_low: impl Fn(f64) -> bool) -> f64 {
    if is_low(at(high)) {
        return at(high);
    }
    while low < high - 1 {
        let middle = i64::midpoint(low, high);
        if is_low(at(middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(low)
}

/// Positions in the order of numbers.
fn key64(value: f64) -> i64 {
    ordered(value.to_bits().cast_signed())
}

fn f64_at(key: i64) -> f64 {
    f64::from_bits(ordered(key).cast_unsigned())
}

fn key32(value: f32) -> i64 {
    i64::from(ordered32(value.to_bits().cast_signed()))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "keys of single precision lie between two such keys"
)]
fn f32_at(key: i64) -> f64 {
    f64::from(f32::from_bits(ordered32(key as i32).cast_unsigned()))
}

/// Bits of a number to its position, and back: negative numbers count downwards.
fn ordered(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn ordered32(bits: i32) -> i32 {
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks the numbers around the cut and far from it: both comparisons send each the same way.
    #[track_caller]
    fn check(steps: &[Step], threshold: f64, is_inclusive: bool, is_single: bool) {
        let found = cut(steps, threshold, is_inclusive, is_single).unwrap();
        let key = if is_single {
            key32(single(found.threshold))
        } else {
            key64(found.threshold)
        };
        let at = if is_single { f32_at } else { f64_at };
        let near = (-2000..=2000_i64).map(|step| at(key.saturating_add(step)));
        let far = (-50..50).map(|n| f64::from(n) * 7.25);
        let edges = [f64::NEG_INFINITY, -0.0, 0.0, f64::INFINITY];
        for value in near.chain(far).chain(edges).filter(|value| !value.is_nan()) {
            let behind = through(steps, value, is_single);
            let meets = if is_inclusive {
                behind <= threshold
            } else {
                behind < threshold
            };
            let before = if found.is_inclusive {
                value <= found.threshold
            } else {
                value < found.threshold
            };
            assert_eq!(meets, before != found.is_swapped, "{value} {found:?}");
        }
    }

    #[test]
    fn a_cut_sends_every_number_the_same_way() {
        let scale = Step::Scale {
            offset: 38.6,
            scale: 0.073,
        };
        let turned = Step::Scale {
            offset: -1.5,
            scale: -3.1,
        };
        for is_single in [true, false] {
            for is_inclusive in [true, false] {
                for threshold in [-1.3, 0.0, 0.25, 7.7, 1e30, -1e30] {
                    check(&[], threshold, is_inclusive, is_single);
                    check(&[scale], threshold, is_inclusive, is_single);
                    check(&[turned, scale], threshold, is_inclusive, is_single);
                    let list = [Step::Multiply(0.1), Step::Add(3.0), Step::Divide(-7.0)];
                    check(&list, threshold, is_inclusive, is_single);
                    let list = [Step::ToSingle, Step::Subtract(1e8)];
                    check(&list, threshold, is_inclusive, is_single);
                }
            }
        }
    }

    #[test]
    fn what_does_not_keep_the_order_has_no_cut() {
        let flat = Step::Scale {
            offset: 0.0,
            scale: 0.0,
        };
        for step in [
            flat,
            Step::Multiply(0.0),
            Step::Add(f64::NAN),
            Step::Divide(f64::INFINITY),
        ] {
            assert_eq!(cut(&[step], 1.0, true, true), None);
        }
    }
}
