//! From findings about columns to an outcome.
//!
//! In: findings, figures and table rows as a check meets them. Out: an [`Outcome`] whose lists are
//! bounded and say how much they leave out.
//!
//! Verdicts follow the gravest finding. Without a single value looked at nothing is passed.

use std::collections::BTreeSet;

use interlock_plugin_api::{Cell, Chart, Finding, Metric, Outcome, Rows, Severity, TableRow, View};
use interlock_report::MAX_MARKS;
use interlock_report::words::counted;

use crate::columns::entries::Entries;

/// What a check gathers while it looks.
pub(crate) struct Report {
    said: interlock_report::Report,
    headings: Vec<String>,
    rows: Vec<TableRow>,
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
            said: interlock_report::Report::default(),
            headings: headings
                .iter()
                .map(|heading| (*heading).to_owned())
                .collect(),
            rows: Vec::new(),
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
        self.said.find(finding);
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
        if self.said.metrics.len() < MAX_MARKS {
            self.said.metrics.push(metric);
        }
    }

    /// A view besides the table of evidence.
    pub(crate) fn view(&mut self, view: View) {
        self.said.views.push(view);
    }

    /// What the reader must know.
    pub(crate) fn note(&mut self, note: String) {
        self.said.note(note);
    }

    /// Everything as one outcome.
    pub(crate) fn outcome(mut self, words: &Words) -> Outcome {
        let looked = self.looked_at(words);
        let headline = Metric::new(
            words.metric,
            self.flagged.len() as f64,
            self.columns.len() as u64,
        );
        self.said.metrics.insert(
            0,
            headline
                .title(words.title)
                .unit("columns")
                .at_most(Some(0.0), None),
        );
        if self.n_rows_cut > 0 {
            let n_more = self.n_rows_cut;
            self.note(format!(
                "The table shows {MAX_MARKS} lines and not {n_more} more."
            ));
        }
        if !self.rows.is_empty() {
            let chart = Chart::Table {
                columns: self.headings,
                rows: self.rows,
            };
            let view = View::new(EVIDENCE, words.view, chart);
            self.said.views.insert(
                0,
                view.caption("Values are cut to 40 characters. A line opens the rows behind it."),
            );
        }
        self.said.outcome(looked)
    }

    /// What to say if nothing is wrong; a mere note is said too.
    fn looked_at(&self, words: &Words) -> Result<String, String> {
        let columns = counted(self.columns.len(), "column");
        if self.n_values == 0 {
            return Err(format!("no value in {columns} to look at; it takes one"));
        }
        Ok(match self.said.findings().first() {
            Some(note) => format!("{columns}: {}; {}", words.sound, note.title),
            None => format!("{columns}: {}", words.sound),
        })
    }
}

/// Id of the table of evidence.
pub(crate) const EVIDENCE: &str = "evidence";
