//! A column as the rules look at it: numbers row by row, anything else value by value.
//!
//! In: a column of a table. Out: its numbers, or its distinct values as text with the rows of each,
//! each made once and only when a rule asks.

use std::borrow::Cow;
use std::cell::OnceCell;

use interlock_plugin_api::{CheckError, Column, MISSING, ValueType};

use crate::coded::Coder;
use crate::contract::kinds;

/// From here on doubles do not hold every whole number.
pub(super) const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Values named in a sentence.
const MAX_EXAMPLES: usize = 3;

/// One column of a table.
pub(super) struct Cells<'t> {
    pub(super) column: Column<'t>,
    coded: OnceCell<Coded<'t>>,
    numbers: OnceCell<Vec<f64>>,
    n_present: OnceCell<usize>,
}

/// Distinct values, numbered in order of first appearance.
pub(super) struct Coded<'t> {
    /// A position in `texts` per row; [`MISSING`] is missing.
    pub(super) codes: Vec<u32>,
    pub(super) texts: Vec<Cow<'t, str>>,
    pub(super) counts: Vec<usize>,
}

/// Rows that break a rule.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// Rows the rule was held against.
    pub(super) n_looked: usize,
    /// Those that break it, ascending.
    pub(super) rows: Vec<usize>,
    /// Values that break it, the worst first, and how many rows have each; the first few.
    pub(super) examples: Vec<(String, usize)>,
    /// How many different values break it; 0 if nobody counted.
    pub(super) n_values: usize,
}

impl<'t> Cells<'t> {
    pub(super) fn of(column: Column<'t>) -> Self {
        Self {
            column,
            coded: OnceCell::new(),
            numbers: OnceCell::new(),
            n_present: OnceCell::new(),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.column.value_type() == ValueType::Text
    }

    /// Its values as numbers, NaN where missing; empty for text.
    pub(super) fn numbers(&self) -> &[f64] {
        self.numbers
            .get_or_init(|| self.column.numbers().unwrap_or_default())
    }

    /// Its distinct values.
    pub(super) fn coded(&self) -> Result<&Coded<'t>, CheckError> {
        if let Some(coded) = self.coded.get() {
            return Ok(coded);
        }
        let coded = if self.is_text() {
            let distinct = self.column.distinct()?;
            Coded {
                codes: distinct.codes,
                texts: distinct.values.into_iter().map(Cow::Borrowed).collect(),
                counts: distinct.counts,
            }
        } else {
            self.coded_numbers()?
        };
        Ok(self.coded.get_or_init(|| coded))
    }

    fn coded_numbers(&self) -> Result<Coded<'t>, CheckError> {
        let coded = Coder::default().code(&self.column)?;
        let mut counts = vec![0_usize; coded.n_codes];
        let mut firsts = vec![0_usize; coded.n_codes];
        for (row, code) in coded.codes.iter().enumerate() {
            let at = *code as usize;
            if let Some(count) = counts.get_mut(at) {
                if *count == 0 {
                    firsts[at] = row;
                }
                *count += 1;
            }
        }
        let text = |row: &usize| Cow::Owned(self.column.display(*row).unwrap_or_default());
        Ok(Coded {
            codes: coded.codes,
            texts: firsts.iter().map(text).collect(),
            counts,
        })
    }

    /// Number of rows with a value.
    pub(super) fn n_present(&self) -> Result<usize, CheckError> {
        if let Some(n) = self.n_present.get() {
            return Ok(*n);
        }
        let n = if self.is_text() {
            self.coded()?.counts.iter().sum()
        } else {
            let numbers = self.numbers().iter();
            numbers.filter(|value| !value.is_nan()).count()
        };
        Ok(*self.n_present.get_or_init(|| n))
    }

    /// No row, as breaking a rule.
    pub(super) fn none_broken(&self) -> Result<Broken, CheckError> {
        Ok(Broken {
            n_looked: self.n_present()?,
            ..Broken::default()
        })
    }

    /// Rows without a value.
    pub(super) fn missing_rows(&self) -> Result<Vec<usize>, CheckError> {
        let n = self.column.len();
        if self.n_present()? == n {
            return Ok(Vec::new());
        }
        Ok(if self.is_text() {
            let codes = &self.coded()?.codes;
            (0..n).filter(|row| codes[*row] == MISSING).collect()
        } else {
            let numbers = self.numbers();
            (0..n).filter(|row| numbers[*row].is_nan()).collect()
        })
    }

    /// Every row with a value, as breaking a rule.
    pub(super) fn all_broken(&self) -> Result<Broken, CheckError> {
        self.by_text(|_| true)
    }

    /// Rows whose value, as text, is wrong. Each distinct value is asked once.
    pub(super) fn by_text(&self, is_wrong: impl Fn(&str) -> bool) -> Result<Broken, CheckError> {
        let coded = self.coded()?;
        let marks: Vec<bool> = coded.texts.iter().map(|text| is_wrong(text)).collect();
        Ok(coded.broken(&marks))
    }

    /// Rows whose number is wrong; text that is no number is wrong too. `gravity` tells the worst.
    pub(super) fn by_number(
        &self,
        is_wrong: impl Fn(f64) -> bool,
        gravity: impl Fn(f64) -> f64,
    ) -> Result<Broken, CheckError> {
        if self.is_text() {
            return self.by_text(|text| kinds::number(text).is_none_or(&is_wrong));
        }
        let numbers = self.numbers();
        let rows: Vec<usize> = (0..numbers.len())
            .filter(|row| is_wrong(numbers[*row]) && !numbers[*row].is_nan())
            .collect();
        let mut order = rows.clone();
        order.sort_by(|a, b| gravity(numbers[*b]).total_cmp(&gravity(numbers[*a])));
        let (examples, n_values) = self.examples(&order, |row| numbers[row]);
        Ok(Broken {
            n_looked: self.n_present()?,
            rows,
            examples,
            n_values,
        })
    }

    /// The first values of rows in which equal ones stand together.
    fn examples(
        &self,
        order: &[usize],
        number: impl Fn(usize) -> f64,
    ) -> (Vec<(String, usize)>, usize) {
        let runs = order.chunk_by(|a, b| number(*a).total_cmp(&number(*b)).is_eq());
        let (mut examples, mut n_values) = (Vec::new(), 0);
        for run in runs {
            n_values += 1;
            if examples.len() < MAX_EXAMPLES {
                let value = self.column.display(run[0]).unwrap_or_default();
                examples.push((value, run.len()));
            }
        }
        (examples, n_values)
    }

    /// These rows as breaking a rule, the first of them as examples.
    pub(super) fn rows_broken(&self, n_looked: usize, rows: Vec<usize>) -> Broken {
        let mut examples: Vec<(String, usize)> = Vec::new();
        for row in rows.iter().take(MAX_EXAMPLES) {
            let value = self.column.display(*row).unwrap_or_default();
            match examples.iter_mut().find(|(known, _)| *known == value) {
                Some((_, n)) => *n += 1,
                None => examples.push((value, 1)),
            }
        }
        Broken {
            n_looked,
            n_values: 0,
            // A few rows say which values, not how often each stands.
            examples: examples.into_iter().map(|(value, _)| (value, 0)).collect(),
            rows,
        }
    }

    /// Whether whole numbers of it are too large for doubles.
    pub(super) fn is_beyond_doubles(&self) -> bool {
        self.column.value_type() == ValueType::Integer
            && self
                .numbers()
                .iter()
                .any(|value| value.abs() >= EXACT_INTEGERS)
    }

    /// The whole number of a row, exactly.
    pub(super) fn exact(&self, row: usize) -> Option<i64> {
        self.column.display(row)?.parse().ok()
    }
}

impl Coded<'_> {
    /// Rows whose value is marked, with how many there are of each.
    pub(super) fn broken(&self, marks: &[bool]) -> Broken {
        let mut wrong: Vec<usize> = (0..marks.len()).filter(|at| marks[*at]).collect();
        wrong.sort_by_key(|at| (std::cmp::Reverse(self.counts[*at]), *at));
        let is_wrong = |code: u32| marks.get(code as usize).copied().unwrap_or(false);
        let rows = if wrong.is_empty() {
            Vec::new()
        } else {
            (0..self.codes.len())
                .filter(|row| is_wrong(self.codes[*row]))
                .collect()
        };
        let examples = wrong.iter().take(MAX_EXAMPLES);
        Broken {
            n_looked: self.counts.iter().sum(),
            rows,
            examples: examples
                .map(|at| (self.texts[*at].clone().into_owned(), self.counts[*at]))
                .collect(),
            n_values: wrong.len(),
        }
    }
}
