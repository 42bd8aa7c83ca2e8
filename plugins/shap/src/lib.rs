//! Interpretability checks: what does the model go by?
//!
//! In: a table and the model. Out: two checks, permutation importance (what the score loses without
//! a column) and SHAP values (what each value of a row adds to its prediction).

pub mod coalition;

pub mod shapley;

pub mod subject;

pub mod permutation_importance;

pub mod values;

interlock_plugin_api::plugin! {
    id: "shap",
    summary: "what the model goes by, over all rows and for each",
    checks: [permutation_importance::PERMUTATION_IMPORTANCE, values::VALUES],
}
