//! Write checks for Interlock.

pub mod error;

pub mod outcome;

pub mod chart;

pub mod check_info;

pub mod facts;
