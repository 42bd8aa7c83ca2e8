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

/// Gives equal values of a column equal codes, across tables.
#[derive(Debug, Default)]
pub struct Coder<'t> {
    numbers: HashMap<u64, u32, FixedState>,
    texts: HashMap<Cow<'t, str>, u32, FixedState>,
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
            let mut code = |row: usize, value: f64| {
                if value.abs() < EXACT_INTEGERS {
                    self.number(value)
                } else {
                    let text = column.display(row);
                    text.map_or(MISSING, |text| self.text(Cow::Owned(text)))
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
            n_codes: self.n_codes(),
        })
    }

    fn n_codes(&self) -> usize {
        self.numbers.len() + self.texts.len()
    }

    fn number(&mut self, value: f64) -> u32 {
        if value.is_nan() {
            return MISSING;
        }
        // The negative zero equals the positive one.
        let bits = (value + 0.0).to_bits();
        let next = code(self.n_codes());
        *self.numbers.entry(bits).or_insert(next)
    }

    fn text(&mut self, text: Cow<'t, str>) -> u32 {
        let next = code(self.n_codes());
        *self.texts.entry(text).or_insert(next)
    }
}

/// Tables have fewer rows than there are codes: row positions of text are 32-bit offsets.
fn code(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(MISSING - 1)
}
