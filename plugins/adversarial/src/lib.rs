//! Robustness checks: does the model still hold when its inputs are a little off?
//!
//! In: a table and the model. Out: three checks, noise on all rows (how fast the score falls),
//! perturbation of single rows (how little turns a decision), and whether loading the model's file
//! would run code.

pub mod constraint;

pub mod noise_curve;

pub mod flip;

pub mod subject;

pub mod noise;

pub mod perturbation;

mod model_file;

interlock_plugin_api::plugin! {
    id: "adversarial",
    summary: "whether decisions hold when inputs are a little off",
    checks: [noise::NOISE, perturbation::PERTURBATION, model_file::MODEL_FILE],
}
