//! What is wrong with an input, as a value.
//!
//! In: whatever a reader or the project file's parser met. Out: [`Problem`]s that travel beside the
//! result, so that one bad row never loses a table. What stops the work is an error of its stage
//! instead.

/// Something wrong with an input; loading went on around it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// The file, relative to the project where possible.
    pub file: String,
    /// Line, the first is 1.
    pub line: Option<u64>,
    /// Column of text or name of the table column, as `column 7` or `age`.
    pub column: Option<String>,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// Whether something could not be used because of it.
    pub is_error: bool,
}
