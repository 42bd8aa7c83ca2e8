//! A loaded table, kept as memory-mapped Arrow.

/// A table of no rows.
#[derive(Debug)]
pub struct TableView;

impl TableView {
    /// Number of rows.
    pub fn n_rows(&self) -> u64 {
        0
    }
    /// Column names in table order.
    pub fn column_names(&self) -> Vec<&str> {
        Vec::new()
    }
    /// The cell as text for people; `None` if missing.
    pub fn cell(&self, _row: u64, _column: usize) -> Option<String> {
        None
    }
    /// The line in the source file this row came from, where the format has lines.
    pub fn source_line(&self, _row: u64) -> Option<u64> {
        None
    }
}
