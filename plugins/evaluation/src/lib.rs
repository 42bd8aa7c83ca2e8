//! Checks of how well the model does on rows it has not seen.
//!
//! In: the test table (the training table for comparison), the model, the target. Out: one outcome
//! per check, every estimate with its interval, with the rows behind every finding.
//!
//! `confusion` to `judge` compute on slices alone; `subject` reads tables and asks the model;
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

pub mod segment_tree;

pub mod reliability;

pub mod exchange;

pub mod course;

pub mod trees;

pub mod sameness;

pub mod seed_noise;

pub mod timing;

pub mod confidence;

pub mod class_rates;

pub mod threshold_choice;

pub mod error_shape;

pub mod dependence;

pub mod judge;

mod wording;

mod subject;

mod inputs;

mod views;

mod estimate;

mod readable;

mod performance;

mod degradation;

mod simple_models;

mod segment_wording;

mod segment_view;

mod segment_report;

mod weak_segments;

mod calibration;

mod boosting_overfit;

mod unused_features;

mod stability_report;

mod stability;

mod inference_time;

mod confusions;

mod threshold;

mod error_views;

mod error_report;

mod regression_errors;

use interlock_plugin_api::plugin;

use crate::boosting_overfit::BOOSTING_OVERFIT;
use crate::calibration::CALIBRATION;
use crate::confusions::CONFUSION;
use crate::degradation::DEGRADATION;
use crate::inference_time::INFERENCE_TIME;
use crate::performance::PERFORMANCE;
use crate::regression_errors::REGRESSION_ERRORS;
use crate::simple_models::SIMPLE_MODELS;
use crate::stability::STABILITY;
use crate::unused_features::UNUSED_FEATURES;

use crate::threshold::THRESHOLD;
use crate::weak_segments::WEAK_SEGMENTS;

plugin! {
    id: "evaluation",
    summary: "How well does the model do on rows it has not seen? Figures with intervals, comparisons, weak segments, calibration, confusion, threshold, errors, and what the model itself shows.",
    checks: [
        PERFORMANCE, DEGRADATION, SIMPLE_MODELS, WEAK_SEGMENTS, CALIBRATION, CONFUSION, THRESHOLD,
        REGRESSION_ERRORS, BOOSTING_OVERFIT, UNUSED_FEATURES, STABILITY, INFERENCE_TIME,
    ],
}
