//! Whether a cell holds a text, letter case aside.
//!
//! In: a column and a text. Out: a [`Matcher`], which looks a category up once, and skips columns
//! of numbers when the text can be no part of one.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::DataType;

use crate::table::cell_text;

/// A text looked for in one column.
pub(super) struct Matcher<'a> {
    array: &'a ArrayRef,
    needle: String,
    how: How,
}

enum How {
    /// No cell can hold it.
    Never,
    /// Whether each category holds it.
    Categories(Vec<bool>),
    /// Every cell is looked at.
    Cells,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(array: &'a ArrayRef, needle: &str) -> Self {
        let needle = needle.to_lowercase();
        let could_be = |letters: &str| needle.chars().all(|c| letters.contains(c));
        let how = match array.data_type() {
            DataType::Int64 if !could_be("0123456789-") => How::Never,
            DataType::Float64 if !could_be("0123456789.-einfa") => How::Never,
            DataType::Boolean if !could_be("truefals") => How::Never,
            DataType::Date32 | DataType::Timestamp(..) if !could_be("0123456789-: .") => How::Never,
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary_opt::<Int32Type>();
                let texts = dictionary.and_then(|known| known.values().as_string_opt::<i32>());
                let holds = |text: Option<&str>| {
                    text.is_some_and(|text| text.to_lowercase().contains(&needle))
                };
                How::Categories(texts.into_iter().flatten().map(holds).collect())
            }
            _ => How::Cells,
        };
        Self { array, needle, how }
    }

    pub(super) fn holds(&self, row: usize) -> bool {
        match &self.how {
            How::Never => false,
            How::Categories(known) => self
                .array
                .as_dictionary_opt::<Int32Type>()
                .and_then(|dictionary| dictionary.key(row))
                .and_then(|key| known.get(key))
                .is_some_and(|holds| *holds),
            How::Cells => match self.array.as_string_opt::<i32>() {
                Some(texts) => {
                    texts.is_valid(row) && texts.value(row).to_lowercase().contains(&self.needle)
                }
                None => cell_text(self.array, row).is_some_and(|text| text.contains(&self.needle)),
            },
        }
    }
}
