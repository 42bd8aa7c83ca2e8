//! Checks of the tables themselves: what is missing, repeats, never varies or cannot be, and whether
//! the test table is one the training table says something about, and whether what the project file
//! says of the tables holds.
//!
//! In: the project's tables. Out: one outcome per check, with the rows behind every finding.
//!
//! `coded` turns columns into codes; `missingness`, `duplication` and `variation` compute on those
//! alone; the folders hold a file per check, with the algorithms they need apart from the words.

pub mod coded;

pub mod missingness;

pub mod duplication;

pub mod variation;

mod tables;

mod masks;

mod missing_views;

mod missing_values;

mod duplicates;

mod constant_columns;

mod columns;

pub mod numbers;

pub mod relations;

pub mod rows;

pub mod order;

pub mod split;

pub mod contract;

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
use crate::contract::check::CONTRACT;
use crate::duplicates::DUPLICATES;
use crate::missing_values::MISSING_VALUES;
use crate::numbers::infinite_values::INFINITE_VALUES;
use crate::numbers::numeric_outliers::NUMERIC_OUTLIERS;
use crate::numbers::skew::SKEW;
use crate::numbers::uniform::UNIFORM;
use crate::numbers::unit_mix_ups::UNIT_MIX_UPS;
use crate::numbers::zeros::ZEROS;
use crate::order::order_dependence::ORDER_DEPENDENCE;
use crate::relations::class_imbalance::CLASS_IMBALANCE;
use crate::relations::correlations::CORRELATIONS;
use crate::relations::identifier_target::IDENTIFIER_TARGET;
use crate::relations::target_correlation::TARGET_CORRELATION;
use crate::rows::almost_duplicates::ALMOST_DUPLICATES;
use crate::rows::label_errors::LABEL_ERRORS;
use crate::rows::near_duplicates::NEAR_DUPLICATES;
use crate::rows::row_outliers::ROW_OUTLIERS;
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
    summary: "Are the tables sound, and the split? What is missing, repeats, never varies, cannot be, gives the answer away, or breaks the contract.",
    checks: [
        MISSING_VALUES,
        DUPLICATES,
        CONSTANT_COLUMNS,
        DATES, IDENTIFIERS, MIXED_TYPES, NULL_SPELLINGS, PERSONAL_DATA, SPECIAL_CHARACTERS,
        STRING_LENGTH, STRING_VARIANTS, TEXT_ENCODING,
        INFINITE_VALUES, NUMERIC_OUTLIERS, SKEW, UNIFORM, UNIT_MIX_UPS, ZEROS,
        CLASS_IMBALANCE, CORRELATIONS, IDENTIFIER_TARGET, TARGET_CORRELATION,
        ALMOST_DUPLICATES, LABEL_ERRORS, NEAR_DUPLICATES, ORDER_DEPENDENCE, ROW_OUTLIERS,
        ASSOCIATION_CHANGE, DATE_LEAKAGE, DOMAIN_CLASSIFIER, ENTITY_LEAKAGE, GIVEAWAY_FEATURES,
        ID_LEAKAGE, NEAR_DUPLICATE_LEAKAGE, NEW_CATEGORIES, NEW_LABELS, SPLIT_SIZES, STRATIFICATION,
        VALUE_RANGES,
        CONTRACT,
    ],
}
