//! Columns as codes: equal values, equal codes.
//!
//! In: columns of one or more tables. Out: a number per cell, so that rows can be compared without
//! looking at the values again.
//!
//! Exact: two cells get the same code if and only if they hold the same value. Codes count up in
//! order of first appearance, so they depend on nothing but the cells.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::{CheckError, Column, MISSING};

/// From here on doubles do not hold every whole number.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Whole numbers below this are looked up by position rather than by hash, if there are enough rows.
const MAX_WHOLE: usize = 1 << 21;

/// Gives equal values of a column equal codes, across tables.
#[derive(Debug, Default)]
pub struct Coder<'t> {
    /// Codes of the first whole numbers, [`MISSING`] where there is none yet.
    whole: Vec<u32>,
    numbers: HashMap<u64, u32, FixedState>,
    texts: HashMap<Cow<'t, str>, u32, FixedState>,
    n_codes: usize,
}

/// One column as codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    /// A code per row; [`MISSING`] is missing.
    pub codes: Vec<u32>,
    /// How many codes the coder had given out by then: codes are below this.
    pub n_codes: usize,
}

impl<'t> Coder<'t> {
    /// Codes of a column, going on from what this coder has seen.
    ///
    /// Numbers equal to each other share a code whatever their type: 1, 1.0 and true. Text never
    /// equals a number.
    ///
    /// # Errors
    /// If the column's memory does not hold together.
    pub fn code(&mut self, column: &Column<'t>) -> Result<Codes, CheckError> {
        let codes = if column.is_numeric() {
            let numbers = column.numbers()?;
            if !numbers.iter().any(|value| value.abs() >= EXACT_INTEGERS) {
                self.whole_below((4 * numbers.len() + 256).min(MAX_WHOLE), &numbers);
            }
            let mut code = |row: usize, value: f64| {
                if value.abs() >= EXACT_INTEGERS {
                    let text = column.display(row);
                    text.map_or(MISSING, |text| self.text(Cow::Owned(text)))
                } else {
                    self.number(value)
                }
            };
            let rows = numbers.into_iter().enumerate();
            rows.map(|(row, value)| code(row, value)).collect()
        } else if column.has_dictionary() {
            // Values stand in order of first appearance, so codes do too.
            let distinct = column.distinct()?;
            let codes: Vec<u32> = distinct
                .values
                .iter()
                .map(|text| self.text(Cow::Borrowed(text)))
                .collect();
            let code = |at: &u32| codes.get(*at as usize).copied().unwrap_or(MISSING);
            distinct.codes.iter().map(code).collect()
        } else {
            let strings = column.strings()?;
            (0..column.len())
                .map(|row| {
                    strings
                        .get(row)
                        .map_or(MISSING, |text| self.text(Cow::Borrowed(text)))
                })
                .collect()
        };
        Ok(Codes {
            codes,
            n_codes: self.n_codes,
        })
    }

    /// Makes room for the whole numbers among these that lie below the limit.
    fn whole_below(&mut self, limit: usize, numbers: &[f64]) {
        let positions = numbers.iter().filter_map(|value| whole(*value, limit));
        let n_needed = positions.max().map_or(0, |most| most + 1);
        if n_needed > self.whole.len() {
            // What is known by hash already keeps its code.
            let known = self.whole.len()..n_needed;
            let of_hash = |at: usize| {
                let code = self.numbers.get(&(at as f64).to_bits());
                code.copied().unwrap_or(MISSING)
            };
            let more: Vec<u32> = if self.numbers.is_empty() {
                vec![MISSING; known.len()]
            } else {
                known.map(of_hash).collect()
            };
            self.whole.extend(more);
        }
    }

    fn number(&mut self, value: f64) -> u32 {
        if value.is_nan() {
            return MISSING;
        }
        let next = code(self.n_codes);
        let known = match whole(value, self.whole.len()) {
            Some(at) => {
                let slot = &mut self.whole[at];
                if *slot == MISSING {
                    *slot = next;
                }
                *slot
            }
            // The negative zero equals the positive one.
            None => *self.numbers.entry((value + 0.0).to_bits()).or_insert(next),
        };
        self.n_codes += usize::from(known == next);
        known
    }

    fn text(&mut self, text: Cow<'t, str>) -> u32 {
        let next = code(self.n_codes);
        let known = *self.texts.entry(text).or_insert(next);
        self.n_codes += usize::from(known == next);
        known
    }
}

/// Codes by which the cells of one column are told apart across tables, and nothing else: for each table
/// one column of codes, or two that count together. Cheaper than a [`Coder`] where numbers are many; a
/// table without the column has missing cells only.
///
/// # Errors
/// If a column's memory does not hold together.
pub fn told_apart(
    columns: &[Option<Column<'_>>],
    n_rows: &[usize],
) -> Result<Vec<Vec<Vec<u32>>>, CheckError> {
    let numbers = columns.iter().map(|column| match column {
        Some(column) if column.is_numeric() => column.numbers().map(Some),
        Some(_) | None => Ok(None),
    });
    let numbers: Vec<Option<Vec<f64>>> = numbers.collect::<Result<_, _>>()?;
    let is_by_bits = columns.iter().zip(&numbers).all(|(column, numbers)| {
        let is_exact = |value: &f64| value.abs() < EXACT_INTEGERS || !value.is_finite();
        let numbers = numbers.as_ref();
        column.is_none() || numbers.is_some_and(|numbers| numbers.iter().all(is_exact))
    });
    if is_by_bits {
        return Ok(by_bits(&numbers, n_rows));
    }
    let mut coder = Coder::default();
    let mut coded = Vec::with_capacity(columns.len());
    for (column, n_rows) in columns.iter().zip(n_rows) {
        coded.push(vec![match column {
            Some(column) => coder.code(column)?.codes,
            None => vec![MISSING; *n_rows],
        }]);
    }
    Ok(coded)
}

/// The halves of the numbers' bits; only the first if the second one never tells two apart.
fn by_bits(numbers: &[Option<Vec<f64>>], n_rows: &[usize]) -> Vec<Vec<Vec<u32>>> {
    let bits = |value: &f64| {
        if value.is_nan() {
            u64::MAX
        } else {
            // The negative zero equals the positive one.
            (value + 0.0).to_bits()
        }
    };
    let half = |bits: u64| u32::try_from(bits & 0xffff_ffff).unwrap_or(MISSING);
    let mut values = numbers.iter().flatten().flatten();
    let is_wide = values.any(|value| !value.is_nan() && half(bits(value)) != 0);
    let halves = |(numbers, n_rows): (&Option<Vec<f64>>, &usize)| {
        let n_halves = if is_wide { 2 } else { 1 };
        match numbers {
            None => vec![vec![MISSING; *n_rows]; n_halves],
            Some(numbers) => [32, 0][..n_halves]
                .iter()
                .map(|shift| numbers.iter().map(|v| half(bits(v) >> shift)).collect())
                .collect(),
        }
    };
    numbers.iter().zip(n_rows).map(halves).collect()
}

/// The value as a position below the limit, if it is one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and what it changed is no whole number below the limit"
)]
fn whole(value: f64, limit: usize) -> Option<usize> {
    let at = value as u32;
    let is_same = (f64::from(at) - value).abs() <= 0.0;
    (is_same && (at as usize) < limit).then_some(at as usize)
}

/// Tables have fewer rows than there are codes: row positions of text are 32-bit offsets.
fn code(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(MISSING - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of numbers in the order of their first appearance, by comparing all pairs.
    fn by_pairs(tables: &[Vec<f64>]) -> Vec<Vec<u32>> {
        let mut seen: Vec<f64> = Vec::new();
        let mut code = |value: &f64| {
            if value.is_nan() {
                return MISSING;
            }
            let known = seen.iter().position(|other| (other - value).abs() <= 0.0);
            let at = known.unwrap_or_else(|| {
                seen.push(*value);
                seen.len() - 1
            });
            code(at)
        };
        tables
            .iter()
            .map(|table| table.iter().map(&mut code).collect())
            .collect()
    }

    #[test]
    fn bits_tell_apart_what_differs_and_nothing_else() {
        let tables = [
            Some(vec![
                1.0,
                0.1,
                0.0,
                -0.0,
                f64::NAN,
                f64::INFINITY,
                0.1 + 1e-17,
                -1.0,
            ]),
            None,
            Some(vec![0.1, f64::NAN, 1.0 + f64::EPSILON, 2.0]),
        ];
        let coded = by_bits(&tables, &[8, 3, 4]);
        assert_eq!(coded[1], vec![vec![MISSING; 3]; 2]);
        let cells: Vec<(f64, Vec<u32>)> = [0, 2]
            .iter()
            .flat_map(|&at| {
                let numbers = tables[at].clone().unwrap();
                let codes = &coded[at];
                (0..numbers.len())
                    .map(|row| (numbers[row], codes.iter().map(|half| half[row]).collect()))
                    .collect::<Vec<_>>()
            })
            .collect();
        for (a, codes) in &cells {
            for (b, others) in &cells {
                let is_same = (a + 0.0).total_cmp(&(b + 0.0)).is_eq();
                let is_equal = is_same || a.is_nan() && b.is_nan();
                assert_eq!(codes == others, is_equal, "{a} {b}");
            }
        }
        let whole = by_bits(&[Some(vec![3.0, f64::NAN, 70_000.0])], &[3]);
        assert_eq!(whole[0].len(), 1);
        assert!(whole[0][0][1] == MISSING && whole[0][0][0] != whole[0][0][2]);
    }

    #[test]
    fn numbers_by_position_and_by_hash_get_the_codes_of_their_first_rows() {
        let few = vec![3.0, 0.5, -0.0, 0.0, f64::NAN, -2.0, 3.0, 300.0, 1e9];
        let mut many: Vec<f64> = (0..2000).map(|row| f64::from(row * 7 % 900)).collect();
        many.extend([0.5, -2.0, 299.0, 1e9, 4e9, 4_294_967_295.0, 4_294_967_296.0]);
        let tables = [few, many.clone(), vec![], many];
        let mut coder = Coder::default();
        let found: Vec<Vec<u32>> = tables
            .iter()
            .map(|table| {
                coder.whole_below(4 * table.len(), table);
                table.iter().map(|value| coder.number(*value)).collect()
            })
            .collect();
        assert_eq!(found, by_pairs(&tables));
        let most = found
            .iter()
            .flatten()
            .filter(|code| **code != MISSING)
            .max();
        assert_eq!(coder.n_codes, *most.unwrap() as usize + 1);
    }
}
