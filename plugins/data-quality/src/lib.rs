//! Checks of the tables themselves: what is missing, what repeats, what never varies.
//!
//! In: the project's tables. Out: one outcome per check, with the rows behind every finding.
//!
//! `coded` turns columns into codes; `missingness`, `duplication` and `variation` compute on those
//! alone; `missing_values`, `duplicates` and `constant_columns` put the result into words.

pub mod coded;

pub mod missingness;

pub mod duplication;

pub mod variation;

mod wording;

mod masks;

mod missing_views;

mod missing_values;

mod duplicates;

mod constant_columns;

mod columns;

use interlock_plugin_api::plugin;

use crate::columns::dates::DATES;
use crate::columns::identifiers::IDENTIFIERS;
use crate::columns::mixed_types::MIXED_TYPES;
use crate::columns::null_spellings::NULL_SPELLINGS;
use crate::columns::personal_data::PERSONAL_DATA;
use crate::columns::special_characters::SPECIAL_CHARACTERS;
use crate::columns::string_length::STRING_LENGTH;
use crate::columns::string_variants::STRING_VARIANTS;
use crate::columns::text_encoding::TEXT_ENCODING;
use crate::constant_columns::CONSTANT_COLUMNS;
use crate::duplicates::DUPLICATES;
use crate::missing_values::MISSING_VALUES;

plugin! {
    id: "data-quality",
    summary: "Are the tables sound? Missing values, repeated rows, columns that say nothing or too much.",
    checks: [
        MISSING_VALUES,
        DUPLICATES,
        CONSTANT_COLUMNS,
        MIXED_TYPES,
        NULL_SPELLINGS,
        STRING_VARIANTS,
        SPECIAL_CHARACTERS,
        STRING_LENGTH,
        TEXT_ENCODING,
        PERSONAL_DATA,
        IDENTIFIERS,
        DATES,
    ],
}
