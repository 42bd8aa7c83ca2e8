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

mod conclusion;

mod masks;

mod missing_views;

mod missing_values;

mod duplicates;

mod constant_columns;

pub mod numbers;

pub mod relations;

pub mod rows;

use interlock_plugin_api::plugin;

use crate::constant_columns::CONSTANT_COLUMNS;
use crate::duplicates::DUPLICATES;
use crate::missing_values::MISSING_VALUES;
use crate::numbers::infinite_values::INFINITE_VALUES;
use crate::numbers::numeric_outliers::NUMERIC_OUTLIERS;
use crate::numbers::skew::SKEW;
use crate::numbers::zeros::ZEROS;
use crate::relations::class_imbalance::CLASS_IMBALANCE;
use crate::relations::correlations::CORRELATIONS;
use crate::relations::identifier_target::IDENTIFIER_TARGET;
use crate::relations::target_correlation::TARGET_CORRELATION;
use crate::rows::label_errors::LABEL_ERRORS;
use crate::rows::near_duplicates::NEAR_DUPLICATES;

plugin! {
    id: "data-quality",
    summary: "Are the tables sound? Missing values, repeated rows, columns that say nothing or too much.",
    checks: [
        MISSING_VALUES, DUPLICATES, CONSTANT_COLUMNS, NUMERIC_OUTLIERS, INFINITE_VALUES, ZEROS, SKEW, CLASS_IMBALANCE, CORRELATIONS, TARGET_CORRELATION, IDENTIFIER_TARGET,
        LABEL_ERRORS,
        NEAR_DUPLICATES,
    ],
}
