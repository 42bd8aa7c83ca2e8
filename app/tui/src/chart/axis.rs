//! From values to columns and lines.
//!
//! In: values. Out: a [`Scale`] that holds them all, and round numbers for its ticks.

/// A range of values spread over cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// The range of the finite values; widened if they are all equal, 0 to 1 without any.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        if high - low <= f64::EPSILON * low.abs().max(high.abs()) {
            let margin = if low.abs() < f64::MIN_POSITIVE {
                0.5
            } else {
                low.abs() * 0.1
            };
            low -= margin;
            high += margin;
        }
        Self { low, high }
    }

    /// The same range with zero in it: where lengths of bars are compared.
    pub(super) fn with_zero(self) -> Self {
        Self {
            low: self.low.min(0.0),
            high: self.high.max(0.0),
        }
    }

    /// Where a value stands, 0 at the low end and 1 at the high end; not clamped.
    pub(super) fn share(self, value: f64) -> f64 {
        // Halves first: the difference of two huge values must not overflow.
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// The cell of `n` that a value falls into.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..n"
    )]
    pub(super) fn cell(self, value: f64, n: usize) -> usize {
        let share = self.share(value).clamp(0.0, 1.0);
        ((share * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// The value at a share of the range.
    pub(super) fn value(self, share: f64) -> f64 {
        self.low * (1.0 - share) + self.high * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_holds_what_is_finite() {
        let scale = Scale::of([f64::NAN, 2.0, f64::INFINITY, -1.0]);
        assert!((scale.low + 1.0).abs() < 1e-12 && (scale.high - 2.0).abs() < 1e-12);
        assert_eq!(scale.cell(2.0, 10), 9);
        assert_eq!(scale.cell(-1.0, 10), 0);
        assert_eq!(scale.cell(-9.0, 10), 0);
    }

    #[test]
    fn equal_and_huge_values_have_a_range_too() {
        for values in [vec![0.0, 0.0], vec![5.0], vec![], vec![-f64::MAX, f64::MAX]] {
            let scale = Scale::of(values.clone());
            assert!(scale.low < scale.high, "{values:?}");
            assert!(scale.share(scale.value(0.5)).is_finite(), "{values:?}");
        }
    }
}
