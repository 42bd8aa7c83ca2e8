//! A table being cleaned: its values as loaded, what was changed in them, and which rows and columns
//! are left.
//!
//! In: a loaded table. Out: its cells as they stand after the steps so far, and every change. A changed
//! cell is a text, as it will be written; a cell that was not changed has none, so that its writer can
//! copy the source's own bytes.

use std::borrow::Cow;
use std::collections::HashMap;

use arrow_array::Array as _;
use interlock_plugin_api::outcome::Role;

use super::cell::{Base, Cell, Kind};
use crate::table::TableView;

/// Not changed.
pub(super) const UNTOUCHED: u32 = u32::MAX;

/// Changed to no value.
pub(super) const MISSING: u32 = u32::MAX - 1;

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) base: Base,
    pub(super) kind: Kind,
    /// The step that took it away.
    pub(super) dropped_by: Option<usize>,
    /// Per row what it was changed to; empty if nothing was.
    codes: Vec<u32>,
    texts: Vec<String>,
    by_text: HashMap<String, u32>,
}

/// The values of a column as small numbers.
#[derive(Debug)]
pub(super) struct Coded {
    /// Per row a place in `texts`; [`MISSING`] where there is no value.
    pub(super) codes: Vec<u32>,
    /// The distinct texts; some may occur nowhere.
    pub(super) texts: Vec<String>,
}

impl Column {
    pub(super) fn new(name: String, base: Base) -> Self {
        Self {
            name,
            kind: base.kind(),
            base,
            dropped_by: None,
            codes: Vec::new(),
            texts: Vec::new(),
            by_text: HashMap::new(),
        }
    }

    /// Whether the source has this column.
    pub(super) fn is_added(&self) -> bool {
        matches!(self.base, Base::Nothing)
    }

    /// Whether a cell was changed.
    pub(super) fn is_touched(&self) -> bool {
        !self.codes.is_empty()
    }

    /// What a cell was changed to: [`UNTOUCHED`], [`MISSING`], or a place in [`Column::new_texts`].
    #[inline]
    pub(super) fn code(&self, row: usize) -> u32 {
        self.codes.get(row).copied().unwrap_or(UNTOUCHED)
    }

    /// The texts that cells were changed to.
    pub(super) fn new_texts(&self) -> &[String] {
        &self.texts
    }

    /// The text of a code of [`Column::code`].
    pub(super) fn new_text(&self, code: u32) -> Option<&str> {
        self.texts.get(code as usize).map(String::as_str)
    }

    /// The code of a text that cells may be changed to.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(code) = self.by_text.get(text) {
            return *code;
        }
        let code = u32::try_from(self.texts.len()).unwrap_or(MISSING);
        self.texts.push(text.to_owned());
        self.by_text.insert(text.to_owned(), code);
        code
    }

    /// The value of a cell as it now is.
    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self.code(row) {
            UNTOUCHED => self.base.cell(row),
            code => self
                .new_text(code)
                .map_or(Cell::Missing, |text| self.base.cell_of(text)),
        }
    }

    /// Whether a cell has no value now.
    pub(super) fn is_missing(&self, row: usize) -> bool {
        matches!(self.cell(row), Cell::Missing)
    }

    /// The text of a cell as it now is.
    pub(super) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self.code(row) {
            UNTOUCHED => self.base.text(row),
            code => self.new_text(code).map(Cow::Borrowed),
        }
    }

    /// The values as codes of their texts.
    pub(super) fn coded(&self, n_rows: usize) -> Coded {
        let mut texts: Vec<String> = Vec::new();
        let mut by_text: HashMap<String, u32> = HashMap::new();
        let mut code_of = |text: &str| match by_text.get(text) {
            Some(code) => *code,
            None => {
                let code = u32::try_from(texts.len()).unwrap_or(MISSING);
                texts.push(text.to_owned());
                by_text.insert(text.to_owned(), code);
                code
            }
        };
        // Each category is looked up once, not each row.
        let of_category: Vec<u32> = match &self.base {
            Base::Category(_, values) => values
                .iter()
                .map(|text| code_of(text.unwrap_or("")))
                .collect(),
            _ => Vec::new(),
        };
        let of_new: Vec<u32> = self.texts.iter().map(|text| code_of(text)).collect();
        let codes: Vec<u32> = (0..n_rows)
            .map(|row| match (self.code(row), &self.base) {
                (MISSING, _) => MISSING,
                (UNTOUCHED, Base::Category(codes, _)) => {
                    let place = codes.is_valid(row).then(|| codes.value(row));
                    place
                        .and_then(|place| of_category.get(usize::try_from(place).ok()?))
                        .copied()
                        .unwrap_or(MISSING)
                }
                (UNTOUCHED, base) => base.text(row).map_or(MISSING, |text| code_of(&text)),
                (code, _) => of_new[code as usize],
            })
            .collect();
        Coded { codes, texts }
    }
}

/// A change of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) row: u32,
    pub(super) step: u32,
    pub(super) column: u32,
    /// As [`Column::code`].
    pub(super) code: u32,
}

/// Why a row was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It has no value in this column.
    Missing(u32),
    /// So many of so many cells are missing.
    MostlyMissing(u32, u32),
    /// It repeats this row.
    Repeats(u32),
}

/// A row that was taken away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropped {
    pub(super) row: u32,
    pub(super) step: u32,
    pub(super) reason: Reason,
}

/// A table being cleaned.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) role: Role,
    pub(super) n_rows: usize,
    pub(super) columns: Vec<Column>,
    /// Per row whether it is still there.
    pub(super) kept: Vec<bool>,
    /// Per row whether a cell was changed.
    pub(super) touched: Vec<bool>,
    /// Per row whether it is one to test on, once the table is split.
    pub(super) tested: Option<Vec<bool>>,
    pub(super) changes: Vec<Change>,
    pub(super) dropped: Vec<Dropped>,
    /// What else there is to say, with the step.
    pub(super) notes: Vec<(usize, String)>,
}

impl Sheet {
    /// A loaded table, nothing changed.
    pub(super) fn new(role: Role, view: &TableView) -> Self {
        let batch = view.record_batch();
        let names = view.column_names();
        let columns = names.iter().zip(batch.columns());
        let n_rows = batch.num_rows();
        Self {
            role,
            n_rows,
            columns: columns
                .map(|(name, array)| Column::new((*name).to_owned(), Base::of(array)))
                .collect(),
            kept: vec![true; n_rows],
            touched: vec![false; n_rows],
            tested: None,
            changes: Vec::new(),
            dropped: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The column of a name, if it is still there.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name == name && column.dropped_by.is_none())
    }

    /// Positions of the columns that are still there.
    pub(super) fn live_columns(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.dropped_by.is_none())
            .map(|(idx, _)| idx)
            .collect()
    }

    /// Rows that are still there.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.n_rows).filter(|row| self.kept[*row])
    }

    /// Rows that may be learned from: once the table is split, not those to test on.
    pub(super) fn learned_rows(&self) -> impl Iterator<Item = usize> + use<'_> {
        self.rows()
            .filter(|row| self.tested.as_ref().is_none_or(|tested| !tested[*row]))
    }

    /// Number of rows that are still there.
    pub(super) fn n_kept(&self) -> usize {
        self.kept.iter().filter(|is_kept| **is_kept).count()
    }

    /// Changes a cell.
    pub(super) fn set(&mut self, step: usize, row: usize, column: usize, code: u32) {
        let codes = &mut self.columns[column].codes;
        if codes.is_empty() {
            codes.resize(self.n_rows, UNTOUCHED);
        }
        codes[row] = code;
        self.touched[row] = true;
        self.changes.push(Change {
            row: small(row),
            step: small(step),
            column: small(column),
            code,
        });
    }

    /// Adds a column of texts, given as codes of them.
    pub(super) fn add(&mut self, name: String, texts: &[&str], codes: Vec<u32>) {
        let mut column = Column::new(name, Base::Nothing);
        for text in texts {
            column.intern(text);
        }
        column.codes = codes;
        self.columns.push(column);
    }

    /// Takes a row away.
    pub(super) fn drop_row(&mut self, step: usize, row: usize, reason: Reason) {
        self.kept[row] = false;
        self.dropped.push(Dropped {
            row: small(row),
            step: small(step),
            reason,
        });
    }

    /// Remembers something to say.
    pub(super) fn note(&mut self, step: usize, note: String) {
        self.notes.push((step, note));
    }
}

/// Rows and columns are fewer than 2³² (the loader's arrays see to it).
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
