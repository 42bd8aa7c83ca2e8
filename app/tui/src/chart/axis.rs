//! From values to columns and lines.
//!
//! In: values. Out: a [`Scale`] that holds them all, and round numbers for its ticks.

use ratatui::text::{Line, Span};

use crate::item::Item;
use crate::text::{number, width};
use crate::theme::Look;

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

/// Parts of a legend in as many lines as they need.
pub(super) fn flow(parts: Vec<Span<'static>>, columns: usize) -> Item {
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    for part in parts {
        let wide = width(part.content.trim_end());
        if used > 0 && used + wide > columns {
            lines.push(Vec::new());
            used = 0;
        }
        used += width(&part.content);
        if let Some(line) = lines.last_mut() {
            line.push(part);
        }
    }
    Item::plain(lines.into_iter().map(Line::from).collect())
}

/// Round values within the range, at most so many: steps of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn ticks(scale: Scale, most: usize) -> Vec<f64> {
    let span = scale.high - scale.low;
    let most = most.clamp(2, 12);
    if !span.is_finite() || span <= 0.0 {
        return vec![scale.low, scale.high];
    }
    let magnitude = 10_f64.powf((span / most as f64).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0].map(|step| step * magnitude);
    // A hair, so that an end that is itself round counts.
    let hair = span * 1e-9;
    let within = |step: f64| -> Vec<f64> {
        let first = ((scale.low - hair) / step).ceil();
        let values = (0..=most).map(|n| (first + n as f64) * step);
        values
            .take_while(|value| *value <= scale.high + hair)
            .collect()
    };
    let fitting = steps
        .into_iter()
        .map(within)
        .find(|found| found.len() <= most);
    let found = fitting.unwrap_or_default();
    if found.len() < 2 {
        return vec![scale.low, scale.high];
    }
    // No minus before a zero.
    found.into_iter().map(|value| value + 0.0).collect()
}

/// Labels of an upright axis by line, the first line is the top; each stands where its value lies.
pub(super) fn labels(scale: Scale, n_lines: usize) -> Vec<String> {
    let mut labels = vec![String::new(); n_lines];
    for value in ticks(scale, n_lines.div_ceil(2)) {
        let line = n_lines.saturating_sub(1) - scale.cell(value, n_lines);
        if let Some(label) = labels.get_mut(line) {
            *label = short(value);
        }
    }
    labels
}

/// A round number without the zeros at its end.
fn short(value: f64) -> String {
    let text = number(value);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The lying axis with round values below it, each under its column.
pub(super) fn foot(label: usize, xs: Scale, n_columns: usize, look: &Look) -> Item {
    let axis = look.style("chart.axis");
    let mut rule: Vec<&str> = vec![look.glyphs.axis[2]; n_columns];
    let mut text = vec![' '; n_columns];
    let mut free_from = 0;
    let most = (n_columns / 9).clamp(2, 11);
    for value in ticks(xs, most) {
        let name: Vec<char> = short(value).chars().collect();
        let column = xs.cell(value, n_columns);
        let last = n_columns.saturating_sub(name.len());
        let at = column.saturating_sub(name.len() / 2).min(last);
        if at < free_from || at + name.len() > n_columns {
            continue;
        }
        free_from = at + name.len() + 1;
        text[at..at + name.len()].copy_from_slice(&name);
        rule[column] = look.glyphs.tick;
    }
    let text: String = text.into_iter().collect();
    let rule = format!(
        "{}{}{}",
        " ".repeat(label),
        look.glyphs.axis[1],
        rule.concat()
    );
    let text = format!("{}{text}", " ".repeat(label + 1));
    let lines = [rule, text].map(|text| Line::from(Span::styled(text, axis)));
    Item::plain(lines.into())
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

    #[test]
    fn ticks_are_round_and_within_the_range() {
        let of = |low: f64, high: f64, most| {
            let found = ticks(Scale { low, high }, most).into_iter();
            found.map(short).collect::<Vec<String>>()
        };
        assert_eq!(of(0.0, 1.0, 5), ["0", "0.25", "0.5", "0.75", "1"]);
        assert_eq!(of(0.0, 1.0, 11).len(), 11);
        assert_eq!(of(0.756, 1.0, 3), ["0.8", "0.9", "1"]);
        assert_eq!(of(-3.0, 17.0, 5), ["0", "5", "10", "15"]);
        assert_eq!(
            of(1_200.0, 48_000.0, 5),
            ["10000", "20000", "30000", "40000"]
        );
        assert_eq!(of(-f64::MAX, f64::MAX, 5).len(), 2);
        for (low, high) in [(0.0, 1e-300), (1e300, 2e300), (-1e-9, 3.0), (5.0, 5.1)] {
            let scale = Scale { low, high };
            for most in [0, 1, 2, 5, 50] {
                let found = ticks(scale, most);
                assert!((1..=12).contains(&found.len()), "{low} {high} {found:?}");
                let is_within = |value: &f64| {
                    let hair = (high - low) * 1e-6;
                    (low - hair..=high + hair).contains(value)
                };
                assert!(found.iter().all(is_within), "{low} {high} {found:?}");
            }
        }
    }
}
