//! From findings about columns to an outcome.
//!
//! In: findings, figures and table rows as a check meets them. Out: an [`Outcome`] whose lists are
//! bounded and say how much they leave out.
//!
//! Verdicts follow the gravest finding. Without a single value looked at nothing is passed.

use std::collections::BTreeSet;

use interlock_plugin_api::{
    Cell, Chart, Finding, Metric, Outcome, Rows, Severity, TableRow, Verdict, View,
};

use crate::columns::entries::Entries;
use crate::wording::{MAX_FINDINGS, MAX_MARKS, counted, sort_by_severity, verdict};

/// What a check gathers while it looks.
pub(crate) struct Report {
    findings: Vec<Finding>,
    metrics: Vec<Metric>,
    notes: Vec<String>,
    headings: Vec<String>,
    rows: Vec<TableRow>,
    views: Vec<View>,
    n_rows_cut: usize,
    n_values: usize,
    columns: BTreeSet<String>,
    flagged: BTreeSet<String>,
}

/// The words around the figures.
pub(crate) struct Words {
    /// Stable name of the headline metric, a number of columns.
    pub(crate) metric: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// The summary if nothing is wrong, after `12 columns: `.
    pub(crate) sound: &'static str,
    /// Heading of the table of what was found.
    pub(crate) view: &'static str,
}

impl Report {
    /// A report whose table of evidence has these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            findings: Vec::new(),
            metrics: Vec::new(),
            notes: Vec::new(),
            headings: headings
                .iter()
                .map(|heading| (*heading).to_owned())
                .collect(),
            rows: Vec::new(),
            views: Vec::new(),
            n_rows_cut: 0,
            n_values: 0,
            columns: BTreeSet::new(),
            flagged: BTreeSet::new(),
        }
    }

    /// A column was looked at, with so many values.
    pub(crate) fn looked(&mut self, column: &str, n_values: usize) {
        if !self.columns.contains(column) {
            self.columns.insert(column.to_owned());
        }
        self.n_values += n_values;
    }

    /// Something is wrong; its columns count for the headline unless it is a note.
    pub(crate) fn push(&mut self, finding: Finding) {
        if finding.severity > Severity::Note {
            self.flagged.extend(finding.place.columns.iter().cloned());
        }
        self.findings.push(finding);
    }

    /// One line of the table of evidence, which the finding of the same column names.
    pub(crate) fn row(&mut self, cells: Vec<Cell>, rows: Option<Rows>) {
        if self.rows.len() < MAX_MARKS {
            self.rows.push(TableRow { cells, rows });
        } else {
            self.n_rows_cut += 1;
        }
    }

    /// Lines of the table of evidence, each with the value of the column it is about.
    pub(crate) fn lines(&mut self, column: &Entries<'_>, lines: Vec<(usize, Vec<Cell>)>) {
        let n_kept = lines.len().min(MAX_MARKS - self.rows.len());
        let values: Vec<usize> = lines[..n_kept].iter().map(|(value, _)| *value).collect();
        self.n_rows_cut += lines.len() - n_kept;
        let rows = column.rows_of_each(&values);
        for ((_, cells), rows) in lines.into_iter().zip(rows) {
            self.row(cells, Some(rows));
        }
    }

    /// A figure of one column.
    pub(crate) fn metric(&mut self, metric: Metric) {
        if self.metrics.len() < MAX_MARKS {
            self.metrics.push(metric);
        }
    }

    /// A view besides the table of evidence.
    pub(crate) fn view(&mut self, view: View) {
        self.views.push(view);
    }

    /// What the reader must know.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Everything as one outcome.
    pub(crate) fn outcome(mut self, words: &Words) -> Outcome {
        sort_by_severity(&mut self.findings);
        let verdict = verdict(&self.findings, self.n_values > 0);
        let summary = self.summary(verdict, words);
        let n_flagged = self.flagged.len() as f64;
        if self.findings.len() > MAX_FINDINGS {
            let n_more = self.findings.len() - MAX_FINDINGS;
            self.findings.truncate(MAX_FINDINGS);
            self.note(format!(
                "The first {MAX_FINDINGS} findings are listed, gravest first; {n_more} more are not."
            ));
        }
        if self.n_rows_cut > 0 {
            let note = format!(
                "The table shows {MAX_MARKS} lines and not {} more.",
                self.n_rows_cut
            );
            self.note(note);
        }
        let mut outcome = Outcome::new(verdict, summary).metric(
            Metric::new(words.metric, n_flagged, self.columns.len() as u64)
                .title(words.title)
                .unit("columns")
                .at_most(Some(0.0), None),
        );
        outcome.metrics.extend(self.metrics);
        outcome.findings = self.findings;
        outcome.views = self.views;
        if !self.rows.is_empty() {
            let chart = Chart::Table {
                columns: self.headings,
                rows: self.rows,
            };
            let view = View::new(EVIDENCE, words.view, chart);
            outcome.views.insert(
                0,
                view.caption("Values are cut to 40 characters. A line opens the rows behind it."),
            );
        }
        outcome.notes = self.notes;
        outcome
    }

    fn summary(&self, verdict: Verdict, words: &Words) -> String {
        let columns = counted(self.columns.len(), "column");
        match (self.findings.first(), verdict) {
            (Some(first), Verdict::Warn | Verdict::Fail) => {
                let n_more = self.findings.len() - 1;
                if n_more == 0 {
                    first.title.clone()
                } else {
                    format!("{}, and {n_more} more", first.title)
                }
            }
            (_, Verdict::Inconclusive) => {
                format!("no value in {columns} to look at; it takes one")
            }
            (Some(first), Verdict::Pass) => format!("{columns}: {}; {}", words.sound, first.title),
            _ => format!("{columns}: {}", words.sound),
        }
    }
}

/// Id of the table of evidence.
pub(crate) const EVIDENCE: &str = "evidence";
