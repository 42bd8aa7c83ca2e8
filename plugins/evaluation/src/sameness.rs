//! Whether a model says the same of the same rows asked in another way.
//!
//! In: figures of the same rows, asked twice. Out: which rows differ, by how much, and which
//! decisions turn. It asks no model.

/// How two answers about the same rows differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Rows compared.
    pub n_rows: usize,
    /// Greatest difference of any figure; infinite where only one of two is a number.
    pub greatest: f64,
    /// The row of it, as a position among those compared.
    pub worst: Option<usize>,
    /// Rows that differ beyond the tolerance, ascending.
    pub beyond: Vec<usize>,
    /// Rows decided otherwise, ascending.
    pub turned: Vec<usize>,
}

/// How figures become decisions.
#[derive(Debug, Clone, Copy)]
pub struct Deciding {
    /// Figures per row.
    pub n_outputs: usize,
    /// Probability from which a row with one figure is positive; `None` if nothing is decided.
    pub threshold: Option<f64>,
}

impl Deciding {
    /// The class of a row: the most probable one, the first of equals; 1 if one probability reaches
    /// the threshold, else 0.
    pub fn class(self, figures: &[f64]) -> Option<usize> {
        let threshold = self.threshold?;
        if let [probability] = figures {
            return Some(usize::from(*probability >= threshold));
        }
        let mut best = 0;
        for (class, probability) in figures.iter().enumerate() {
            if *probability > figures[best] {
                best = class;
            }
        }
        Some(best)
    }
}

/// Compares figures of the same rows. A difference counts relative to the size of the figure where
/// that is above 1.
pub fn difference(before: &[f64], after: &[f64], deciding: Deciding, tolerance: f64) -> Difference {
    let width = deciding.n_outputs.max(1);
    let mut found = Difference {
        n_rows: before.len() / width,
        ..Difference::default()
    };
    for (row, (before, after)) in before.chunks(width).zip(after.chunks(width)).enumerate() {
        let pairs = before.iter().zip(after);
        let gap = pairs.map(|(&a, &b)| gap(a, b)).fold(0.0, f64::max);
        if gap > found.greatest {
            (found.greatest, found.worst) = (gap, Some(row));
        }
        if gap > tolerance {
            found.beyond.push(row);
        }
        if deciding.class(before) != deciding.class(after) {
            found.turned.push(row);
        }
    }
    found
}

fn gap(a: f64, b: f64) -> f64 {
    if a.total_cmp(&b).is_eq() || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let gap = (a - b).abs() / a.abs().max(b.abs()).max(1.0);
    if gap.is_nan() { f64::INFINITY } else { gap }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINARY: Deciding = Deciding {
        n_outputs: 1,
        threshold: Some(0.5),
    };

    #[test]
    fn rows_beyond_the_tolerance_and_turned_decisions_are_told_apart() {
        let before = [0.1, 0.5, 0.7, 0.499_999_9];
        let after = [0.1, 0.5, 0.6, 0.5];
        let found = difference(&before, &after, BINARY, 1e-6);
        assert_eq!((found.n_rows, found.worst), (4, Some(2)));
        assert!((found.greatest - 0.1).abs() < 1e-12);
        assert_eq!((found.beyond, found.turned), (vec![2], vec![3]));
    }

    #[test]
    fn of_several_classes_the_first_of_the_most_probable_decides() {
        let several = Deciding {
            n_outputs: 3,
            ..BINARY
        };
        assert_eq!(several.class(&[0.4, 0.4, 0.2]), Some(0));
        let found = difference(&[0.4, 0.4, 0.2], &[0.3, 0.4, 0.3], several, 0.2);
        assert_eq!((found.beyond, found.turned), (vec![], vec![0]));
    }

    #[test]
    fn missing_answers_differ_from_numbers_only_and_large_ones_are_compared_by_size() {
        let values = Deciding {
            n_outputs: 1,
            threshold: None,
        };
        let nan = f64::NAN;
        let (before, after) = ([nan, nan, 1e300, 0.0], [nan, 1.0, 1.000_000_1e300, -0.0]);
        let found = difference(&before, &after, values, 1e-6);
        assert_eq!((found.beyond, found.turned), (vec![1], vec![]));
        assert!(found.greatest.is_infinite());
        assert_eq!(difference(&[], &[], values, 0.0), Difference::default());
    }
}
