//! The text of a table, each value looked at as seldom as possible.
//!
//! In: a table. Out: its text columns as [`Entries`]: values, how many rows have each, and which.
//!
//! A column kept as a dictionary gives each distinct value once; any other gives one entry per row
//! with a value, since telling equal ones apart costs more than looking at them again. Checks that
//! need distinct values ask for [`Entries::distinct`].

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::{CheckError, Context, MISSING, Role, Rows, Table};

use crate::wording;

/// One text column.
pub(crate) struct Entries<'t> {
    pub(crate) name: &'t str,
    pub(crate) role: Role,
    /// The values; may repeat unless `is_distinct`.
    pub(crate) values: Vec<&'t str>,
    /// How many rows have each value.
    pub(crate) counts: Vec<usize>,
    /// A position in `values` per row; [`MISSING`] is missing.
    pub(crate) codes: Vec<u32>,
    /// Whether no value stands twice in `values`.
    pub(crate) is_distinct: bool,
}

/// The text columns of a table, in table order.
///
/// # Errors
/// If the memory of a column does not hold together.
pub(crate) fn text_columns<'t>(table: &'t Table<'_>) -> Result<Vec<Entries<'t>>, CheckError> {
    let mut columns = Vec::new();
    for column in table.columns().filter(|column| !column.is_numeric()) {
        let (values, counts, codes);
        if column.has_dictionary() {
            let distinct = column.distinct()?;
            (values, counts, codes) = (distinct.values, distinct.counts, distinct.codes);
        } else {
            let strings = column.strings()?;
            let mut texts = Vec::with_capacity(column.len());
            let mut code_of = |text: Option<&'t str>| {
                text.map_or(MISSING, |text| {
                    texts.push(text);
                    u32::try_from(texts.len() - 1).unwrap_or(MISSING)
                })
            };
            codes = strings.iter().map(&mut code_of).collect();
            counts = vec![1; texts.len()];
            values = texts;
        }
        columns.push(Entries {
            name: column.name(),
            role: table.role(),
            values,
            counts,
            codes,
            is_distinct: column.has_dictionary(),
        });
    }
    Ok(columns)
}

/// The tables, and an error that skips the check if none of them has a text column.
///
/// # Errors
/// As [`wording::tables`], and if no table has a text column.
pub(crate) fn tables_with_text(ctx: &Context) -> Result<Vec<Table<'_>>, CheckError> {
    let tables = wording::tables(ctx)?;
    let has_text = |table: &Table<'_>| table.columns().any(|column| !column.is_numeric());
    if tables.iter().any(has_text) {
        Ok(tables)
    } else {
        Err(CheckError::missing_input("no column of text"))
    }
}

impl<'t> Entries<'t> {
    /// Number of rows with a value.
    pub(crate) fn n_present(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Values with their counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'t str, usize)> + '_ {
        self.values.iter().copied().zip(self.counts.iter().copied())
    }

    /// The rows whose value is marked: `marks` has one mark per value.
    pub(crate) fn rows(&self, marks: &[bool]) -> Rows {
        let is_marked = |code: u32| marks.get(code as usize).copied().unwrap_or(false);
        let rows = (0..self.codes.len()).filter(|&row| is_marked(self.codes[row]));
        Rows::new(self.role, rows)
    }

    /// The rows of each of these values, in one pass.
    pub(crate) fn rows_of_each(&self, values: &[usize]) -> Vec<Rows> {
        let mut slots = vec![MISSING; self.values.len()];
        let mut found: Vec<Rows> = Vec::with_capacity(values.len());
        for (slot, &value) in (0_u32..).zip(values) {
            slots[value] = slot;
            found.push(Rows {
                role: self.role,
                rows: Vec::new(),
                total: self.counts[value] as u64,
            });
        }
        for (row, code) in self.codes.iter().enumerate() {
            let slot = slots.get(*code as usize).copied().unwrap_or(MISSING);
            if let Some(rows) = found.get_mut(slot as usize)
                && rows.rows.len() < Rows::LIMIT
            {
                rows.rows.push(row as u64);
            }
        }
        found
    }

    /// The same column with each value once, in order of first appearance.
    pub(crate) fn distinct(self) -> Self {
        if self.is_distinct {
            return self;
        }
        let mut known = HashMap::with_capacity_and_hasher(1024, FixedState::default());
        let (mut values, mut counts) = (Vec::new(), Vec::<usize>::new());
        let mut anew = Vec::with_capacity(self.values.len());
        for (value, count) in self.iter() {
            let code = *known.entry(value).or_insert_with(|| {
                values.push(value);
                counts.push(0);
                u32::try_from(values.len() - 1).unwrap_or(MISSING)
            });
            counts[code as usize] += count;
            anew.push(code);
        }
        let renamed = |code: &u32| anew.get(*code as usize).copied().unwrap_or(MISSING);
        Self {
            codes: self.codes.iter().map(renamed).collect(),
            values,
            counts,
            is_distinct: true,
            ..self
        }
    }
}
