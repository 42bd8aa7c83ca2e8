//! What the checks say alike: shares, lists, verdicts, limits of what is shown.
//!
//! In: numbers, names, findings. Out: text and a verdict. It knows no table.

use interlock_plugin_api::{Finding, Outcome, Severity, Verdict};

pub(crate) use interlock_report::report::{failed, sort_by_severity};
pub(crate) use interlock_report::settings::{check_count, check_range};
pub(crate) use interlock_report::words::{counted, listed, percent, shortened};

/// How many points a curve or a scatter shows at most.
pub(crate) const MAX_POINTS: usize = 1000;

/// Rows below which no estimate is judged.
pub(crate) const MIN_ROWS: usize = 30;

/// Confidence of every interval unless the check says otherwise.
pub(crate) const LEVEL: f64 = 0.95;

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

/// The verdict of the gravest finding; `otherwise` without a warning or an error.
pub(crate) fn verdict(findings: &[Finding], otherwise: Verdict) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Verdict::Fail,
        Some(Severity::Warning) => Verdict::Warn,
        Some(Severity::Note) | None => otherwise,
    }
}

/// That nothing can be said, and why.
pub(crate) fn inconclusive(summary: impl Into<String>, notes: &[String]) -> Outcome {
    let mut outcome = Outcome::new(Verdict::Inconclusive, summary);
    outcome.notes = notes.to_vec();
    outcome
}
