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

pub mod split;

use interlock_plugin_api::plugin;

use crate::constant_columns::CONSTANT_COLUMNS;
use crate::duplicates::DUPLICATES;
use crate::missing_values::MISSING_VALUES;
use crate::split::association::ASSOCIATION_CHANGE;
use crate::split::dates::DATE_LEAKAGE;
use crate::split::domain::DOMAIN_CLASSIFIER;
use crate::split::entities::ENTITY_LEAKAGE;
use crate::split::giveaway::GIVEAWAY_FEATURES;
use crate::split::ids::ID_LEAKAGE;
use crate::split::near_duplicates::NEAR_DUPLICATE_LEAKAGE;
use crate::split::new_categories::NEW_CATEGORIES;
use crate::split::new_labels::NEW_LABELS;
use crate::split::sizes::SPLIT_SIZES;
use crate::split::stratification::STRATIFICATION;
use crate::split::value_ranges::VALUE_RANGES;

plugin! {
    id: "data-quality",
    summary: "Are the tables sound? Missing values, repeated rows, columns that say nothing or too much.",
    checks: [
        MISSING_VALUES, DUPLICATES, CONSTANT_COLUMNS, SPLIT_SIZES, NEW_LABELS, NEW_CATEGORIES,
        VALUE_RANGES, DATE_LEAKAGE, ID_LEAKAGE, ENTITY_LEAKAGE, NEAR_DUPLICATE_LEAKAGE, STRATIFICATION,
        GIVEAWAY_FEATURES, ASSOCIATION_CHANGE, DOMAIN_CLASSIFIER,
    ],
}
