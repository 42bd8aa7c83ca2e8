//! What the checks say alike: shares, lists, verdicts, limits of what is shown.
//!
//! In: numbers, names, findings. Out: text and a verdict. It knows no table.

use interlock_plugin_api::{CheckError, CheckErrorKind, Finding, Outcome, Severity, Verdict};
use interlock_stats::StatsError;

/// How many points a curve or a scatter shows at most.
pub(crate) const MAX_POINTS: usize = 1000;

/// Rows below which no estimate is judged.
pub(crate) const MIN_ROWS: usize = 30;

/// Confidence of every interval unless the check says otherwise.
pub(crate) const LEVEL: f64 = 0.95;

/// `8.2 %`, with as many digits as tell a small share from none.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "under 0.1 %".to_owned()
    } else if share < 1.0 && percent > 99.9 {
        "over 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// `0.812`, with four significant digits where three decimals say too little or too much.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "none".to_owned()
    } else if size >= 1e6 || (size > 0.0 && size < 1e-3) {
        format!("{value:.2e}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn counted(n: usize, singular: &str) -> String {
    if n == 1 {
        format!("1 {singular}")
    } else {
        format!("{n} {singular}s")
    }
}

/// A value as a title can hold it.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    if text.chars().count() <= MAX_CHARS {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_CHARS - 1).collect();
    format!("{start}…")
}

/// The verdict of the gravest finding; `otherwise` without a warning or an error.
pub(crate) fn verdict(findings: &[Finding], otherwise: Verdict) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Verdict::Fail,
        Some(Severity::Warning) => Verdict::Warn,
        Some(Severity::Note) | None => otherwise,
    }
}

/// Gravest first; among equals the order stays.
pub(crate) fn sort_by_severity(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// That nothing can be said, and why.
pub(crate) fn inconclusive(summary: impl Into<String>, notes: &[String]) -> Outcome {
    let mut outcome = Outcome::new(Verdict::Inconclusive, summary);
    outcome.notes = notes.to_vec();
    outcome
}

/// A setting that must lie in a range, ends included.
///
/// # Errors
/// If it does not.
pub(crate) fn check_range(name: &str, value: f64, low: f64, high: f64) -> Result<(), CheckError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let message = format!("{name} is {value}; it is between {low} and {high}");
    Err(CheckError::new(CheckErrorKind::BadParameter, message))
}

/// A count that must lie in a range, ends included.
///
/// # Errors
/// If it does not.
pub(crate) fn check_count(
    name: &str,
    value: usize,
    low: usize,
    high: usize,
) -> Result<(), CheckError> {
    check_range(name, value as f64, low as f64, high as f64)
}

/// A numeric routine's refusal.
pub(crate) fn failed(error: StatsError) -> CheckError {
    CheckError::failed(format!("cannot {error}"))
}
