//! Every cell that holds a text.
//!
//! In: a table, rows and columns in the order of a screen, a text. Out: [`Hits`], one bit per cell,
//! which knows how many there are, which one a cell is, and the next one from any cell.

use super::matcher::Matcher;
use crate::table::TableView;

/// The cells that hold a text, letter case aside; cells are named by their place on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    n_columns: usize,
    n_cells: usize,
    bits: Vec<u64>,
    n: usize,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place among the rows.
    pub row: usize,
    /// Its place among the columns.
    pub column: usize,
    /// Whether the search passed the end of the table, or its beginning backwards.
    pub has_wrapped: bool,
}

const WORD: usize = 64;

impl Hits {
    /// Looks at every cell of these rows and columns. An empty text is held by none.
    pub fn of(table: &TableView, (rows, columns): (&[u32], &[usize]), needle: &str) -> Self {
        let arrays = table.record_batch().columns();
        let n_columns = columns.len();
        let n_cells = rows.len().saturating_mul(n_columns);
        let mut bits = vec![0_u64; n_cells.div_ceil(WORD)];
        let mut n = 0;
        let n_rows = usize::try_from(table.n_rows()).unwrap_or(usize::MAX);
        for (place, column) in columns.iter().enumerate() {
            let Some(array) = arrays.get(*column).filter(|_| !needle.is_empty()) else {
                continue;
            };
            let matcher = Matcher::new(array, needle);
            if matcher.is_never() {
                continue;
            }
            for (at, row) in rows.iter().enumerate() {
                let row = *row as usize;
                if row < n_rows && matcher.holds(row) {
                    let cell = at * n_columns + place;
                    bits[cell / WORD] |= 1 << (cell % WORD);
                    n += 1;
                }
            }
        }
        Self {
            n_columns,
            n_cells,
            bits,
            n,
        }
    }

    /// How many cells hold it.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Whether this cell holds it.
    pub fn holds(&self, row: usize, column: usize) -> bool {
        self.cell(row, column).is_some_and(|cell| self.has(cell))
    }

    /// Which of them this cell is, the first is 1; `None` if it does not hold the text.
    pub fn rank(&self, row: usize, column: usize) -> Option<usize> {
        let cell = self.cell(row, column).filter(|cell| self.has(*cell))?;
        let whole = &self.bits[..cell / WORD];
        let before: u32 = whole.iter().map(|word| word.count_ones()).sum();
        let within = self.bits[cell / WORD] & ((1 << (cell % WORD)) - 1);
        Some((before + within.count_ones()) as usize + 1)
    }

    /// The next one after a cell, or before it, and once around; the cell itself comes last.
    pub fn next(&self, (row, column): (usize, usize), is_backwards: bool) -> Option<Hit> {
        if self.n == 0 {
            return None;
        }
        let from = (row.saturating_mul(self.n_columns)).saturating_add(column);
        let from = from.min(self.n_cells - 1);
        let (cell, has_wrapped) = if is_backwards {
            let before = self.last_before(from);
            let around = || self.last_before(self.n_cells);
            before.map_or_else(|| (around(), true), |cell| (Some(cell), false))
        } else {
            let after = self.first_from(from + 1);
            let around = || self.first_from(0);
            after.map_or_else(|| (around(), true), |cell| (Some(cell), false))
        };
        let cell = cell?;
        Some(Hit {
            row: cell / self.n_columns,
            column: cell % self.n_columns,
            has_wrapped,
        })
    }

    fn cell(&self, row: usize, column: usize) -> Option<usize> {
        let cell = row.checked_mul(self.n_columns)?.checked_add(column)?;
        (column < self.n_columns && cell < self.n_cells).then_some(cell)
    }

    fn has(&self, cell: usize) -> bool {
        self.bits[cell / WORD] >> (cell % WORD) & 1 == 1
    }

    fn first_from(&self, cell: usize) -> Option<usize> {
        let (first, within) = (cell / WORD, cell % WORD);
        let mut words = self.bits.iter().enumerate().skip(first);
        words.find_map(|(at, word)| {
            let word = if at == first {
                word & (u64::MAX << within)
            } else {
                *word
            };
            (word != 0).then(|| at * WORD + word.trailing_zeros() as usize)
        })
    }

    fn last_before(&self, cell: usize) -> Option<usize> {
        let (last, within) = (cell / WORD, cell % WORD);
        let mut words = self.bits.iter().enumerate().take(last + 1).rev();
        words.find_map(|(at, word)| {
            let word = if at == last {
                word & ((1 << within) - 1)
            } else {
                *word
            };
            (word != 0).then(|| at * WORD + WORD - 1 - word.leading_zeros() as usize)
        })
    }
}
