//! What happens to predictions when values of one input are exchanged between rows.
//!
//! In: codes of the values, predictions before and after. Out: how many rows moved, how many
//! predictions changed. It knows no model.

use interlock_plugin_api::FeatureValues;

/// How the values of one input are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Different values, a missing one among them.
    pub n_values: usize,
    /// Rows that hold the most frequent value.
    pub n_most: usize,
}

/// Counts different values; numbers by their bits, all NaN alike, −0 as 0.
pub fn spread(values: &FeatureValues) -> Spread {
    let mut keys: Vec<u64> = (0..values.len()).map(|row| key(values, row)).collect();
    keys.sort_unstable();
    let runs = keys.chunk_by(|a, b| a == b).map(<[u64]>::len);
    Spread {
        n_values: runs.clone().count(),
        n_most: runs.max().unwrap_or(0),
    }
}

/// A number that is the same for equal values of an input, and only for those.
fn key(values: &FeatureValues, row: usize) -> u64 {
    match values {
        FeatureValues::Numeric(numbers) if numbers[row].is_nan() => u64::MAX,
        // Adding 0 makes −0 to 0.
        FeatureValues::Numeric(numbers) => (numbers[row] + 0.0).to_bits(),
        FeatureValues::Categorical { codes, .. } => u64::from(codes[row]),
    }
}

/// Rows whose value is another one after the exchange.
pub fn n_moved(before: &FeatureValues, after: &FeatureValues) -> usize {
    (0..before.len())
        .filter(|&row| key(before, row) != key(after, row))
        .count()
}

/// Rows for which any figure differs, to the last bit.
pub fn n_changed(before: &[f64], after: &[f64], n_outputs: usize) -> usize {
    let width = n_outputs.max(1);
    before
        .chunks(width)
        .zip(after.chunks(width))
        .filter(|(before, after)| {
            before
                .iter()
                .zip(*after)
                .any(|(a, b)| !a.total_cmp(b).is_eq())
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_as_people_would() {
        let nan = f64::NAN;
        let numbers = FeatureValues::Numeric(vec![0.0, -0.0, nan, -nan, 1.0, 0.0]);
        let expected = Spread {
            n_values: 3,
            n_most: 3,
        };
        assert_eq!(spread(&numbers), expected);
        let none = Spread {
            n_values: 0,
            n_most: 0,
        };
        assert_eq!(spread(&FeatureValues::Numeric(Vec::new())), none);
        let turned = FeatureValues::Numeric(vec![-0.0, 0.0, 1.0, nan, 1.0, 2.0]);
        assert_eq!(n_moved(&numbers, &turned), 2);
    }

    #[test]
    fn a_row_counts_once_however_many_of_its_figures_change() {
        let (before, after) = ([0.1, 0.9, 0.5, 0.5], [0.2, 0.8, 0.5, 0.5]);
        assert_eq!(n_changed(&before, &after, 2), 1);
        assert_eq!(n_changed(&before, &after, 1), 2);
        assert_eq!(n_changed(&before, &before, 1), 0);
    }
}
