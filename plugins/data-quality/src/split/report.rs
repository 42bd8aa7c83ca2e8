//! What a check of the split says, put together.
//!
//! In: findings, metrics, views. Out: an outcome, its verdict that of the gravest finding.

use interlock_plugin_api::{
    Bar, Chart, CheckError, CheckErrorKind, Finding, Metric, Outcome, Role, Severity, Table,
    Verdict, View,
};

use crate::wording::{self, MAX_FINDINGS, MAX_MARKS, counted};

/// Confidence of every interval.
pub(crate) const LEVEL: f64 = 0.95;

/// An outcome in the making.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) views: Vec<View>,
    pub(crate) notes: Vec<String>,
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A view of bars, the longest first; none without bars.
    pub(crate) fn bars(&mut self, view: View, mut bars: Vec<Bar>, axis: &str, limit: Option<f64>) {
        if bars.is_empty() {
            return;
        }
        bars.sort_by(|a, b| {
            b.is_flagged
                .cmp(&a.is_flagged)
                .then(b.value.abs().total_cmp(&a.value.abs()))
        });
        if bars.len() > MAX_MARKS {
            let cut = bars.len() - MAX_MARKS;
            self.note(format!(
                "The chart \"{}\" leaves out {}.",
                view.title,
                counted(cut, "shorter bar")
            ));
            bars.truncate(MAX_MARKS);
        }
        let chart = Chart::Bars {
            value_axis: axis.to_owned(),
            bars,
            threshold: limit,
        };
        self.views.push(View { chart, ..view });
    }

    /// The outcome: `looked` is what to say if nothing is wrong, or why nothing can be said.
    pub(crate) fn outcome(mut self, looked: Result<String, String>) -> Outcome {
        wording::sort_by_severity(&mut self.findings);
        let verdict = wording::verdict(&self.findings, looked.is_ok());
        let n_wrong = self
            .findings
            .iter()
            .filter(|f| f.severity > Severity::Note)
            .count();
        if self.findings.len() > MAX_FINDINGS {
            let cut = self.findings.len() - MAX_FINDINGS;
            self.note(format!(
                "{} of lesser weight are left out.",
                counted(cut, "finding")
            ));
            self.findings.truncate(MAX_FINDINGS);
        }
        let summary = match (self.findings.first(), verdict, looked) {
            (Some(finding), Verdict::Warn | Verdict::Fail, _) if n_wrong == 1 => {
                finding.title.clone()
            }
            (Some(finding), Verdict::Warn | Verdict::Fail, _) => {
                format!("{}, and {} more", finding.title, n_wrong - 1)
            }
            (_, _, Ok(fine)) => fine,
            (_, _, Err(why)) => why,
        };
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics;
        outcome.findings = self.findings;
        outcome.views = self.views;
        outcome.notes = self.notes;
        outcome
    }
}

/// An empty chart, to be filled by [`Report::bars`].
pub(crate) fn bars_view(id: &str, title: &str, caption: &str) -> View {
    View::new(
        id,
        title,
        Chart::Text {
            text: String::new(),
        },
    )
    .caption(caption)
}

/// The tables to hold against the first, the training table.
///
/// # Errors
/// If there is none.
pub(crate) fn others<'t, 'd>(
    tables: &'t [Table<'d>],
) -> Result<(&'t Table<'d>, &'t [Table<'d>]), CheckError> {
    match tables.split_first() {
        Some((train, others)) if !others.is_empty() => Ok((train, others)),
        _ => Err(CheckError::missing_input(
            "no test or current table to hold against train",
        )),
    }
}

/// A setting that must lie strictly between 0 and 1.
///
/// # Errors
/// If it does not.
pub(crate) fn check_open_share(name: &str, value: f64) -> Result<(), CheckError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    let message = format!("{name} is {value}; it must lie between 0 and 1, both excluded");
    Err(CheckError::new(CheckErrorKind::BadParameter, message))
}

/// A setting that must not be negative.
///
/// # Errors
/// If it is, or is no number.
pub(crate) fn check_not_negative(name: &str, value: f64) -> Result<(), CheckError> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    let message = format!("{name} is {value}; it must be 0 or more");
    Err(CheckError::new(CheckErrorKind::BadParameter, message))
}

/// `p < 0.001`, or `p = 0.012`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}

/// `test: ` before a column's name if there is more than one table to name.
pub(crate) fn of_table(role: Role, n_tables: usize, name: &str) -> String {
    if n_tables > 1 {
        format!("{}: {name}", role.name())
    } else {
        name.to_owned()
    }
}
