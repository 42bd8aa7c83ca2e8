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

    /// As [`Distinct::of_dictionary`] where no row is missing: the codes of the rows are positions.
    pub(super) fn of_codes(
        positions: &[i32],
        n_values: usize,
        text: impl Fn(usize) -> Option<&'t str>,
    ) -> Self {
        let (mut distinct, mut known) = (Self::default(), HashMap::new());
        let position = |position: &i32| position.cast_unsigned() as usize;
        // Rows of each position; two counts in turn, so that equal neighbors do not wait for each
        // other.
        let mut n_rows = [vec![0_u64; n_values], vec![0_u64; n_values]];
        let mut code_of = vec![MISSING; n_values];
        for (row, at) in positions.iter().map(position).enumerate() {
            let Some(n) = n_rows[row % 2].get_mut(at) else {
                continue;
            };
            *n += 1;
            if *n == 1 && code_of[at] == MISSING {
                // Once each, because a dictionary may hold the same value twice.
                code_of[at] = text(at).map_or(MISSING, |text| distinct.code_of(text, &mut known));
            }
        }
        for (at, code) in code_of.iter().enumerate() {
            if let Some(count) = distinct.counts.get_mut(*code as usize) {
                *count += usize::try_from(n_rows[0][at] + n_rows[1][at]).unwrap_or(usize::MAX);
            }
        }
        let code = |at: &i32| code_of.get(position(at)).copied().unwrap_or(MISSING);
        distinct.codes = positions.iter().map(code).collect();
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
        let present = [3, 2, 1, 4, -1, 9, 3];
        let of_codes = Distinct::of_codes(&present, values.len(), text);
        let at = |at: &i32| usize::try_from(*at).ok().and_then(text);
        assert_eq!(of_codes, Distinct::of(present.iter().map(at)));
    }
}
