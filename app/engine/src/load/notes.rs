//! What the readers met → problems in words.

use super::column::{BadToken, ColumnPart, Values};
use super::dialect::Layout;
use super::normal::Change;
use super::piece::{Piece, Rows, Why};
use crate::problem::Problem;

/// Records left out that are named one by one, per file.
const MAX_NAMED: usize = 20;

/// Share of numbers from which on a column that is text is reported as nearly numeric.
const NEARLY_NUMERIC: f64 = 0.9;

/// A problem of a whole file.
pub(crate) fn of_file(
    file: &str,
    message: impl Into<String>,
    help: &str,
    is_error: bool,
) -> Problem {
    Problem {
        file: file.to_owned(),
        line: None,
        column: None,
        message: message.into(),
        help: help.to_owned(),
        is_error,
    }
}

/// What the first lines of a delimited file give to say.
pub(crate) fn of_layout(
    file: &str,
    layout: &Layout,
    is_declared: bool,
    problems: &mut Vec<Problem>,
) {
    for (written, name) in &layout.renamed {
        let message = if written.is_empty() {
            format!("a column has no name; it is read as `{name}`")
        } else {
            format!("column name `{written}` stands twice; the later one is read as `{name}`")
        };
        problems.push(Problem {
            line: layout.header_line,
            column: Some(name.clone()),
            ..of_file(file, message, "give every column a name of its own", false)
        });
    }
    if layout.header_line.is_none() && !is_declared {
        let message = "the first line holds values, not column names; columns are named `column_1`, `column_2`…";
        problems.push(Problem {
            line: Some(layout.body_line),
            ..of_file(file, message, "add a line of column names", false)
        });
    }
}

/// The records a text file lost.
pub(crate) fn of_left_out(file: &str, read: &Rows, n_fields: usize, problems: &mut Vec<Problem>) {
    for left_out in read.left_out.iter().take(MAX_NAMED) {
        let fields = |n: usize| {
            if n == 1 {
                "1 field".to_owned()
            } else {
                format!("{n} fields")
            }
        };
        let (message, help) = match &left_out.why {
            Why::Ragged(n) => (
                format!("row left out: {} instead of {n_fields}", fields(*n)),
                "quote fields that hold the separator",
            ),
            Why::CutOff(n) => (
                format!(
                    "row left out: the file ends after {} of {n_fields}",
                    fields(*n)
                ),
                "the file may still be being written",
            ),
            Why::OpenQuote => (
                "row left out: a quote opened on this line is not closed".to_owned(),
                "close the quote, or double it if it belongs to the text",
            ),
            Why::NotJson(what) => (format!("line left out: {what}"), "write one object a line"),
            Why::CutOffJson => (
                "line left out: the file ends within it".to_owned(),
                "the file may still be being written",
            ),
        };
        problems.push(Problem {
            line: Some(left_out.line),
            ..of_file(file, message, help, true)
        });
    }
    let n_more = read
        .n_left_out
        .saturating_sub(read.left_out.len().min(MAX_NAMED) as u64);
    if n_more > 0 {
        let message = format!("{n_more} more rows left out");
        problems.push(of_file(file, message, "", true));
    }
}

/// The columns of a Parquet or Arrow file that were changed or left out.
pub(crate) fn of_changes(file: &str, changes: &[(String, Change)], problems: &mut Vec<Problem>) {
    for (name, change) in changes {
        let (message, is_error) = match change {
            Change::LeftOut(why) => (format!("column left out: {why}"), true),
            Change::Converted(how) => (how.clone(), false),
        };
        let problem = of_file(file, message, "", is_error);
        problems.push(Problem {
            column: Some(name.clone()),
            ..problem
        });
    }
}

/// A column as read from one file, piece by piece.
pub(crate) struct ColumnNotes<'a> {
    /// The file.
    pub(crate) file: &'a str,
    /// The column's name.
    pub(crate) name: &'a str,
    /// The kind it was declared, in words; `None` if inferred.
    pub(crate) declared: Option<&'a str>,
    /// Its parts, each with the piece it belongs to.
    pub(crate) parts: Vec<(&'a Piece, &'a ColumnPart)>,
}

impl ColumnNotes<'_> {
    /// What the tokens of the column give to say.
    pub(crate) fn report(&self, problems: &mut Vec<Problem>) {
        match self.declared {
            Some(kind) => self.report_bad(kind, problems),
            None => self.report_nearly_numeric(problems),
        }
        self.report_nested(problems);
        let wide = self
            .parts
            .iter()
            .find_map(|(piece, part)| Some((piece, part.wide.as_ref()?)));
        if let Some((piece, token)) = wide
            && self
                .parts
                .iter()
                .any(|(_, part)| matches!(part.values, Values::Float(_)))
        {
            let message = format!(
                "integer `{}` does not fit 64 bits; the column is read as floats",
                token.text
            );
            problems.push(self.at(
                piece,
                token,
                message,
                "declare the column as text if these are ids",
            ));
        }
        let count =
            |of: fn(&ColumnPart) -> u64| self.parts.iter().map(|(_, part)| of(part)).sum::<u64>();
        let (n_zoned, n_timestamps) = (count(|part| part.n_zoned), count(|part| part.n_timestamps));
        if n_zoned > 0 {
            let message = if n_zoned == n_timestamps {
                "times with a zone are read as UTC".to_owned()
            } else {
                format!(
                    "{n_zoned} of {n_timestamps} times name a zone and are read as UTC; the others are taken to be UTC"
                )
            };
            let problem = of_file(self.file, message, "", false);
            problems.push(Problem {
                column: Some(self.name.to_owned()),
                ..problem
            });
        }
    }

    /// Tokens that are not of the declared kind.
    fn report_bad(&self, kind: &str, problems: &mut Vec<Problem>) {
        let n_bad: u64 = self.parts.iter().map(|(_, part)| part.n_bad).sum();
        let Some((piece, first)) = self.first_bad().next() else {
            return;
        };
        let message = format!(
            "{n_bad} {} not {kind} and read as missing: {}",
            if n_bad == 1 { "value is" } else { "values are" },
            self.list_bad(n_bad),
        );
        problems.push(Problem {
            is_error: true,
            ..self.at(
                piece,
                first,
                message,
                "correct them, or list them under `missing`",
            )
        });
    }

    /// A text column that would be numeric but for a few tokens.
    fn report_nearly_numeric(&self, problems: &mut Vec<Problem>) {
        let n_numbers: u64 = self.parts.iter().map(|(_, part)| part.n_numbers).sum();
        let n_bad: u64 = self.parts.iter().map(|(_, part)| part.n_bad).sum();
        let Some((piece, first)) = self.first_bad().next() else {
            return;
        };
        if (n_numbers as f64) < NEARLY_NUMERIC * (n_numbers + n_bad) as f64 {
            return;
        }
        let message = format!(
            "read as text: {n_bad} of {} values {} not numbers: {}",
            n_numbers + n_bad,
            if n_bad == 1 { "is" } else { "are" },
            self.list_bad(n_bad),
        );
        let help = "list them under `missing`, or declare the column's kind";
        problems.push(self.at(piece, first, message, help));
    }

    /// Objects and lists in place of values.
    fn report_nested(&self, problems: &mut Vec<Problem>) {
        let n_nested: u64 = self.parts.iter().map(|(_, part)| part.n_nested).sum();
        let first = self
            .parts
            .iter()
            .find_map(|(piece, part)| Some((piece, part.nested.as_ref()?)));
        let Some((piece, first)) = first else { return };
        let message = format!(
            "{n_nested} {} nested and read as missing: `{}`",
            if n_nested == 1 {
                "value is"
            } else {
                "values are"
            },
            first.text,
        );
        let help = "give each inner value a column of its own";
        problems.push(Problem {
            is_error: true,
            ..self.at(piece, first, message, help)
        });
    }

    fn first_bad(&self) -> impl Iterator<Item = (&Piece, &BadToken)> {
        self.parts
            .iter()
            .flat_map(|(piece, part)| part.bad.iter().map(|bad| (*piece, bad)))
    }

    /// `"abc" (line 7), "-" (line 9)…`
    fn list_bad(&self, n_bad: u64) -> String {
        let named: Vec<String> = self
            .first_bad()
            .take(3)
            .map(|(piece, bad)| match piece.line(bad.row) {
                Some(line) => format!("`{}` (line {line})", bad.text),
                None => format!("`{}`", bad.text),
            })
            .collect();
        let more = if n_bad > named.len() as u64 {
            "…"
        } else {
            ""
        };
        named.join(", ") + more
    }

    fn at(&self, piece: &Piece, token: &BadToken, message: String, help: &str) -> Problem {
        Problem {
            line: piece.line(token.row),
            column: Some(self.name.to_owned()),
            ..of_file(self.file, message, help, false)
        }
    }
}
