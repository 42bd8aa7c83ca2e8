//! Integrity of single columns: do the values of a column mean what they seem to?
//!
//! In: the project's tables. Out: one outcome per check, with the rows behind every finding.
//!
//! `entries` reads the text of a table, each distinct value once; `report` turns findings into an
//! outcome. The other modules come in pairs: an algorithm over slices and text, and the check of
//! the same matter that puts its result into words.

mod entries;

mod report;

mod spelling;

mod weeks;

mod day_text;

mod token;

pub(crate) mod mixed_types;

mod spike;

pub(crate) mod null_spellings;

mod variants;

pub(crate) mod string_variants;

mod signs;

pub(crate) mod special_characters;

mod lengths;

pub(crate) mod string_length;

mod encoding;

pub(crate) mod text_encoding;

mod digits;

mod national;

mod patterns;

mod chance;

pub(crate) mod personal_data;

mod keys;

pub(crate) mod identifiers;

mod series;

mod date_texts;

pub(crate) mod dates;
