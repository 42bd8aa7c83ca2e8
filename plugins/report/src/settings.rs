//! Settings that must lie somewhere.
//!
//! In: a setting's name and value. Out: nothing, or the refusal that names both.
//!
//! # Errors
//! Each function gives [`CheckErrorKind::BadParameter`] if the value, or NaN, lies elsewhere.

use interlock_plugin_api::{CheckError, CheckErrorKind};

/// From `low` to `high`, ends included.
///
/// # Errors
/// If the value lies elsewhere.
pub fn check_range(name: &str, value: f64, low: f64, high: f64) -> Result<(), CheckError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(refusal(format!(
        "{name} is {value}; it lies from {low} to {high}"
    )))
}

/// A count from `low` to `high`, ends included.
///
/// # Errors
/// If the value lies elsewhere.
pub fn check_count(name: &str, value: usize, low: usize, high: usize) -> Result<(), CheckError> {
    check_range(name, value as f64, low as f64, high as f64)
}

/// A share, from 0 to 1, ends included.
///
/// # Errors
/// If the value lies elsewhere.
pub fn check_share(name: &str, value: f64) -> Result<(), CheckError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(refusal(format!(
        "{name} is {value}; it is a share, from 0 to 1"
    )))
}

/// Between 0 and 1, ends excluded.
///
/// # Errors
/// If the value lies elsewhere.
pub fn check_open_share(name: &str, value: f64) -> Result<(), CheckError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(refusal(format!(
        "{name} is {value}; it must lie between 0 and 1, both excluded"
    )))
}

/// 0 or more, and finite.
///
/// # Errors
/// If the value lies elsewhere.
pub fn check_not_negative(name: &str, value: f64) -> Result<(), CheckError> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(refusal(format!("{name} is {value}; it must be 0 or more")))
}

fn refusal(message: String) -> CheckError {
    CheckError::new(CheckErrorKind::BadParameter, message)
}
