//! How much the values of a column vary, and which columns say the same.
//!
//! In: columns as codes. Out: counts, groups of equal columns, columns that give the target away.
//!
//! Missing cells are left out of a column's own figures, and are a value like any other when
//! columns are compared.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::MISSING;

/// How one column varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    /// Rows with a value.
    pub n_present: usize,
    /// Different values: `pandas.Series.nunique()`.
    pub n_distinct: usize,
    /// Rows with the most frequent value; the first one of equally frequent.
    pub n_top: usize,
    /// Code of that value; nothing without rows.
    pub top: Option<u32>,
}

impl Variation {
    /// Counts the codes, all of them below `n_codes` or missing.
    pub fn of(codes: &[u32], n_codes: usize) -> Self {
        let mut counts = vec![0_usize; n_codes];
        for code in codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let top = (0_u32..)
            .zip(&counts)
            .filter(|(_, n)| **n > 0)
            .max_by_key(|(code, n)| (**n, std::cmp::Reverse(*code)));
        Self {
            n_present: counts.iter().sum(),
            n_distinct: counts.iter().filter(|&&n| n > 0).count(),
            n_top: top.map_or(0, |(_, n)| *n),
            top: top.map(|(code, _)| code),
        }
    }

    /// Share of the most frequent value among rows with a value; 0 without any.
    pub fn top_share(self) -> f64 {
        if self.n_present == 0 {
            0.0
        } else {
            self.n_top as f64 / self.n_present as f64
        }
    }

    /// Whether there are at least two values and all are the same.
    pub fn is_constant(self) -> bool {
        self.n_distinct == 1 && self.n_present > 1
    }

    /// Whether no value stands twice.
    pub fn is_all_distinct(self) -> bool {
        self.n_present > 1 && self.n_distinct == self.n_present
    }
}

/// Groups of columns each of whose values tells the others', as positions in `columns`; each group
/// ascending and of two or more. Codes must count up in order of first appearance, so that columns
/// which tell each other have equal codes.
pub fn equal_groups(columns: &[&[u32]]) -> Vec<Vec<usize>> {
    let mut by_codes: HashMap<&[u32], Vec<usize>, FixedState> = HashMap::default();
    for (position, codes) in columns.iter().enumerate() {
        by_codes.entry(codes).or_default().push(position);
    }
    let mut groups: Vec<Vec<usize>> = by_codes
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort();
    groups
}

/// Rows that do not follow the best rule "this value of the column, that value of the target":
/// none if the column gives the target away. Rows without target are left out.
pub fn n_exceptions(codes: &[u32], target: &[u32]) -> usize {
    let width = |codes: &[u32]| codes.iter().map(|code| code.wrapping_add(1)).max();
    let (n_values, n_classes) = (width(codes), width(target));
    let n_cells = n_values
        .zip(n_classes)
        .and_then(|(values, classes)| (values as usize + 1).checked_mul(classes as usize + 1));
    match n_cells.filter(|n_cells| *n_cells <= 2 * codes.len() + 4096) {
        Some(n_cells) => by_position(codes, target, n_cells),
        None => by_hash(codes, target),
    }
}

/// As [`n_exceptions`], with a count for each pair of values there might be.
fn by_position(codes: &[u32], target: &[u32], n_cells: usize) -> usize {
    let n_classes = target.iter().map(|code| code.wrapping_add(1)).max();
    let n_classes = n_classes.map_or(1, |most| most as usize + 1);
    let mut counts = vec![0_u32; n_cells];
    for (value, class) in codes.iter().zip(target) {
        // Missing is 0, and every other code one more than it is.
        let (value, class) = (
            value.wrapping_add(1) as usize,
            class.wrapping_add(1) as usize,
        );
        if let Some(count) = counts.get_mut(value * n_classes + class) {
            *count += 1;
        }
    }
    let exceptions = |counts: &[u32]| {
        let counts = counts.get(1..).unwrap_or_default();
        let n: usize = counts.iter().map(|count| *count as usize).sum();
        n - counts.iter().copied().max().unwrap_or(0) as usize
    };
    counts.chunks(n_classes).map(exceptions).sum()
}

fn by_hash(codes: &[u32], target: &[u32]) -> usize {
    let mut counts: HashMap<(u32, u32), usize, FixedState> = HashMap::default();
    for pair in codes.iter().zip(target) {
        if *pair.1 != MISSING {
            *counts.entry((*pair.0, *pair.1)).or_default() += 1;
        }
    }
    let mut values: HashMap<u32, (usize, usize), FixedState> = HashMap::default();
    #[expect(
        clippy::iter_over_hash_type,
        reason = "sums and maxima do not depend on the order"
    )]
    for (&(code, _), &n) in &counts {
        let value = values.entry(code).or_default();
        *value = (value.0 + n, value.1.max(n));
    }
    values.values().map(|(n, largest)| n - largest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn exceptions_are_the_same_by_position_and_by_hash() {
        let mut rng = Rng::new(6);
        for n in [0, 1, 5, 200] {
            let mut draw = |n_codes: usize| -> Vec<u32> {
                let code = |rng: &mut Rng| match rng.below(n_codes + 1) {
                    0 => MISSING,
                    code => u32::try_from(code - 1).unwrap(),
                };
                (0..n).map(|_| code(&mut rng)).collect()
            };
            let (codes, target) = (draw(9), draw(3));
            let expected = by_hash(&codes, &target);
            assert_eq!(n_exceptions(&codes, &target), expected);
            assert_eq!(by_position(&codes, &target, 40), expected);
        }
        assert_eq!(
            n_exceptions(&[0, 0, 1, MISSING, MISSING], &[1, 1, 0, 0, 1]),
            1
        );
    }
}
