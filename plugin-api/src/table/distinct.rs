//! A column as its distinct values.
//!
//! In: the text of each row, or positions in a dictionary. Out: [`Distinct`] and [`Categories`],
//! numbered in order of first appearance. Knows no memory layout.

use std::collections::HashMap;

use crate::features::MISSING;

/// The values of any column as few distinct ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Categories {
    /// A position in `names` per row; [`MISSING`] is missing.
    pub codes: Vec<u32>,
    /// The distinct values, in order of first appearance.
    pub names: Vec<String>,
}

/// The distinct values of a text column, in order of first appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distinct<'t> {
    /// A position in `values` per row; [`MISSING`] is missing.
    pub codes: Vec<u32>,
    /// The values.
    pub values: Vec<&'t str>,
    /// How many rows have each value.
    pub counts: Vec<usize>,
}

impl From<Distinct<'_>> for Categories {
    fn from(distinct: Distinct<'_>) -> Self {
        Self {
            codes: distinct.codes,
            names: distinct.values.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl<'t> Distinct<'t> {
    pub(super) fn of(texts: impl Iterator<Item = Option<&'t str>>) -> Self {
        let (mut distinct, mut known) = (Self::default(), HashMap::new());
        for text in texts {
            let code = text.map_or(MISSING, |text| distinct.code_of(text, &mut known));
            distinct.count(code);
        }
        distinct
    }

    /// As [`Distinct::of`], hashing each value of a dictionary once and no row: `positions` are
    /// those of the rows in a dictionary of `n_values`, of which `text` tells each.
    pub(super) fn of_dictionary(
        positions: impl Iterator<Item = Option<usize>>,
        n_values: usize,
        text: impl Fn(usize) -> Option<&'t str>,
    ) -> Self {
        // A value no row has had yet; as many values as that would need more memory than there is.
        const NEW: u32 = MISSING - 1;
        let (mut distinct, mut known) = (Self::default(), HashMap::new());
        distinct.codes.reserve(positions.size_hint().0);
        let mut code_of = vec![NEW; n_values];
        for position in positions {
            let slot = position.and_then(|at| Some((at, code_of.get_mut(at)?)));
            let code = slot.map_or(MISSING, |(at, code)| {
                if *code == NEW {
                    // Once each, because a dictionary may hold the same value twice.
                    *code = text(at).map_or(MISSING, |text| distinct.code_of(text, &mut known));
                }
                *code
            });
            distinct.count(code);
        }
        distinct
    }

    fn code_of(&mut self, text: &'t str, known: &mut HashMap<&'t str, u32>) -> u32 {
        *known.entry(text).or_insert_with(|| {
            self.values.push(text);
            self.counts.push(0);
            u32::try_from(self.values.len() - 1).unwrap_or(MISSING)
        })
    }

    fn count(&mut self, code: u32) {
        self.codes.push(code);
        if let Some(count) = self.counts.get_mut(code as usize) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_gives_what_its_rows_would() {
        // Unused values, the same value twice, positions beyond the dictionary, missing rows.
        let values = ["unused", "b", "a", "b", ""];
        let positions = [Some(3), None, Some(2), Some(1), Some(4), Some(9), Some(3)];
        let text = |at: usize| values.get(at).copied();
        let of_rows = Distinct::of(positions.iter().map(|at| at.and_then(text)));
        let of_dictionary = Distinct::of_dictionary(positions.into_iter(), values.len(), text);
        assert_eq!(of_dictionary, of_rows);
        assert_eq!(of_rows.values, ["b", "a", ""]);
        assert_eq!(of_rows.counts, [3, 1, 1]);
        assert_eq!(of_rows.codes, [0, MISSING, 1, 0, 2, MISSING, 0]);
    }
}
