//! Bias checks: whether the model treats groups of people differently.
//!
//! In: a table, the model and the columns the project file calls sensitive. Out: two checks,
//! demographic parity (who is selected) and equalized odds (for whom the model errs).

pub mod groups;

pub mod disparity;

pub mod judge;

pub mod study;

pub mod comparison;

pub mod demographic_parity;

pub mod equalized_odds;

interlock_plugin_api::plugin! {
    id: "bias",
    summary: "whether the model treats groups of people differently",
    checks: [demographic_parity::DEMOGRAPHIC_PARITY, equalized_odds::EQUALIZED_ODDS],
}
