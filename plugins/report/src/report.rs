//! From findings to an outcome.
//!
//! In: findings, metrics, views and notes as a check meets them. Out: an [`Outcome`] whose verdict is
//! that of its gravest finding, and whose lists are bounded and say how much they leave out.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Finding, Metric, Outcome, Severity, Verdict, View,
};

use crate::words::counted;

/// How many bars and table rows a view shows at most.
pub const MAX_MARKS: usize = 200;

/// How many findings an outcome lists at most.
pub const MAX_FINDINGS: usize = 100;

/// An outcome in the making.
#[derive(Debug, Default)]
pub struct Report {
    /// Headline first.
    pub metrics: Vec<Metric>,
    /// In the order they are shown.
    pub views: Vec<View>,
    /// What the reader must know.
    pub notes: Vec<String>,
    findings: Vec<Finding>,
}

impl Report {
    /// A report that begins with findings.
    pub fn of(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    /// Something was found.
    pub fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the reader must know; said once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A view of bars, flagged ones and then the longest first; none without bars.
    pub fn bars(&mut self, view: View, mut bars: Vec<Bar>, axis: &str, limit: Option<f64>) {
        if bars.is_empty() {
            return;
        }
        bars.sort_by(|a, b| {
            b.is_flagged
                .cmp(&a.is_flagged)
                .then(b.value.abs().total_cmp(&a.value.abs()))
        });
        if bars.len() > MAX_MARKS {
            let cut = counted(bars.len() - MAX_MARKS, "shorter bar");
            self.note(format!("The chart \"{}\" leaves out {cut}.", view.title));
            bars.truncate(MAX_MARKS);
        }
        let chart = Chart::Bars {
            value_axis: axis.to_owned(),
            bars,
            threshold: limit,
        };
        self.views.push(View { chart, ..view });
    }

    /// The outcome: `looked` is what to say if nothing is wrong, or why nothing can be said and what
    /// it would take. The summary is the gravest finding, and how many more are no mere notes.
    pub fn outcome(mut self, looked: Result<String, String>) -> Outcome {
        sort_by_severity(&mut self.findings);
        let verdict = verdict(&self.findings, looked.is_ok());
        let n_grave = self
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .count();
        if self.findings.len() > MAX_FINDINGS {
            let rest = counted(self.findings.len() - MAX_FINDINGS, "further finding");
            self.note(format!("{rest} of lesser or equal weight are not listed."));
            self.findings.truncate(MAX_FINDINGS);
        }
        let summary = match (self.findings.first(), verdict, looked) {
            (Some(finding), Verdict::Warn | Verdict::Fail, _) if n_grave <= 1 => {
                finding.title.clone()
            }
            (Some(finding), Verdict::Warn | Verdict::Fail, _) => {
                format!("{}, and {} more", finding.title, n_grave - 1)
            }
            (_, _, Ok(sound)) => sound,
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
pub fn bars_view(id: &str, title: &str, caption: &str) -> View {
    let text = String::new();
    View::new(id, title, Chart::Text { text }).caption(caption)
}

/// The verdict of the gravest finding; without enough rows only a failure stands.
pub fn verdict(findings: &[Finding], has_enough_rows: bool) -> Verdict {
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Verdict::Fail,
        _ if !has_enough_rows => Verdict::Inconclusive,
        Some(Severity::Warning) => Verdict::Warn,
        Some(Severity::Note) | None => Verdict::Pass,
    }
}

/// Gravest first; among equals the order stays.
pub fn sort_by_severity(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// A numeric routine's refusal as the check's own error.
pub fn failed(error: impl std::fmt::Display) -> CheckError {
    CheckError::failed(format!("cannot {error}"))
}
