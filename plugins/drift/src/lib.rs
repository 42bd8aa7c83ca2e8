//! Drift check: whether the rows seen after launch still look like those the model learned from.
//!
//! In: the train table as reference, the current table, what the project file says of columns.
//! Out: one check, `drift.columns`. It looks at each column alone, not at how columns depend on
//! each other, and not at the model.

pub mod power;

pub mod ascending;

pub mod figures;

pub mod bins;

pub mod compare;

pub mod judge;

pub mod report;

pub mod columns;

interlock_plugin_api::plugin! {
    id: "drift",
    summary: "whether current rows still look like the training rows",
    checks: [columns::COLUMNS],
}
