//! How a check concludes: findings become a verdict, a summary and an outcome.
//!
//! In: findings, and what to say if there are none. Out: an outcome without views, figures as text.
//!
//! Nothing is cut silently: what a list leaves out is counted in a note.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Outcome, Severity, Task, Verdict,
};

use crate::wording::{self, MAX_FINDINGS, counted};

/// What to say when no finding says it.
pub(crate) struct Otherwise {
    /// Whether enough was looked at to pass.
    pub has_enough: bool,
    /// Summary of a pass.
    pub sound: String,
    /// Summary when too little was looked at: what it would take.
    pub undecided: String,
}

/// Sorts the findings, decides, and sums up: the gravest title, and how many more are as grave as a
/// warning.
pub(crate) fn outcome(mut findings: Vec<Finding>, otherwise: Otherwise) -> Outcome {
    wording::sort_by_severity(&mut findings);
    let verdict = wording::verdict(&findings, otherwise.has_enough);
    let n_grave = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .count();
    let summary = match (findings.first(), verdict) {
        (Some(finding), Verdict::Warn | Verdict::Fail) if n_grave <= 1 => finding.title.clone(),
        (Some(finding), Verdict::Warn | Verdict::Fail) => {
            format!("{}, and {} more", finding.title, n_grave - 1)
        }
        (_, Verdict::Inconclusive) => otherwise.undecided,
        _ => otherwise.sound,
    };
    let mut outcome = Outcome::new(verdict, summary);
    if findings.len() > MAX_FINDINGS {
        let rest = counted(findings.len() - MAX_FINDINGS, "further finding");
        outcome = outcome.note(format!("{rest} of the same kinds are not listed"));
        findings.truncate(MAX_FINDINGS);
    }
    outcome.findings = findings;
    outcome
}

/// A number with four significant digits, as a title can hold it.
pub(crate) fn figure(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() || value.is_infinite() || size < f64::MIN_POSITIVE {
        return format!("{value}");
    }
    if !(1e-3..1e9).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = [1000.0, 100.0, 10.0, 1.0]
        .iter()
        .take_while(|limit| size < **limit)
        .count();
    let decimals = if size < 0.1 { decimals + 1 } else { decimals };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// An error of a computation as the check's own.
pub(crate) fn failed(error: impl std::fmt::Display) -> CheckError {
    CheckError::failed(format!("cannot {error}"))
}

/// A setting that must lie in a range.
///
/// # Errors
/// If it does not.
pub(crate) fn check_range(name: &str, value: f64, low: f64, high: f64) -> Result<(), CheckError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let message = format!("{name} is {value}; it lies from {low} to {high}");
    Err(CheckError::new(CheckErrorKind::BadParameter, message))
}

/// Whether a check looks at the column of this name: not the id, not the time, and the target only
/// as the number of a regression.
pub(crate) fn is_looked_at(ctx: &Context, name: &str) -> bool {
    let facts = ctx.facts();
    let is = |role: &Option<String>| role.as_deref() == Some(name);
    !(is(&facts.id) || is(&facts.time) || is(&facts.target) && facts.task != Task::Regression)
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_have_four_digits() {
        let written: Vec<String> = [
            0.0,
            1.5,
            99_999.0,
            0.012_345,
            -3.0,
            1e12,
            f64::INFINITY,
            0.5,
        ]
        .iter()
        .map(|value| figure(*value))
        .collect();
        assert_eq!(
            written,
            [
                "0", "1.5", "99999", "0.01235", "-3", "1.000e12", "inf", "0.5"
            ]
        );
    }
}
