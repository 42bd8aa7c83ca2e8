//! Checks of how well the model does on rows it has not seen.
//!
//! In: the test table (the training table for comparison), the model, the target. Out: one outcome
//! per check, every estimate with its interval, with the rows behind every finding.
//!
//! `confusion` to `resampling` compute on slices alone; `subject` reads tables and asks the model;
//! each check puts the result into words.

pub mod confusion;

pub mod ranking;

pub mod figures;

pub mod resampling;

pub mod bins;

pub mod one_rule;

pub mod design;

pub mod linear;

pub mod rivals;

pub mod segments;

pub mod reliability;

pub mod judge;

mod wording;

mod subject;

mod views;

mod estimate;

mod performance;

mod degradation;

mod simple_models;

mod segment_report;

mod weak_segments;

mod calibration;

use interlock_plugin_api::plugin;

use crate::calibration::CALIBRATION;
use crate::degradation::DEGRADATION;
use crate::performance::PERFORMANCE;
use crate::simple_models::SIMPLE_MODELS;
use crate::weak_segments::WEAK_SEGMENTS;

plugin! {
    id: "evaluation",
    summary: "How well does the model do on rows it has not seen? Figures with intervals, comparisons, weak segments, calibration.",
    checks: [PERFORMANCE, DEGRADATION, SIMPLE_MODELS, WEAK_SEGMENTS, CALIBRATION],
}
