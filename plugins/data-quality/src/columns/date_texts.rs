//! Text columns that hold dates: mixed, swapped, impossible.
//!
//! In: a text column. Out: findings of the check `data-quality.dates` in a report.

use interlock_plugin_api::{Cell, Finding, Severity};

use crate::columns::day_text::{DayText, Written};
use crate::columns::entries::Entries;
use crate::columns::report::{EVIDENCE, Report};
use crate::columns::spelling::{null_word, shown};
use crate::wording::{counted, percent};

/// Looks at a text column; whether it is one of dates.
pub(crate) fn text(column: &Entries<'_>, date_share: f64, report: &mut Report) -> bool {
    let read: Vec<Option<DayText>> = column.values.iter().map(|text| DayText::of(text)).collect();
    let n_dates: usize = column
        .counts
        .iter()
        .zip(&read)
        .filter(|(_, read)| read.is_some())
        .map(|(n, _)| n)
        .sum();
    if n_dates == 0 {
        return false;
    }
    let n_values: usize = column
        .iter()
        .filter(|(text, _)| null_word(text).is_none())
        .map(|(_, n)| n)
        .sum();
    if (n_dates as f64) < date_share * n_values as f64 {
        return false;
    }
    report.looked(column.name, n_values);
    let told = TextDates {
        column,
        read: &read,
        n_dates,
    };
    told.impossible(report);
    told.mixed(report);
    true
}

/// A text column of dates.
struct TextDates<'c, 't> {
    column: &'c Entries<'t>,
    read: &'c [Option<DayText>],
    n_dates: usize,
}

impl TextDates<'_, '_> {
    fn marks(&self, is_it: impl Fn(&DayText) -> bool) -> (Vec<bool>, usize) {
        let marks: Vec<bool> = self
            .read
            .iter()
            .map(|read| read.as_ref().is_some_and(&is_it))
            .collect();
        let n = self
            .column
            .counts
            .iter()
            .zip(&marks)
            .filter(|(_, m)| **m)
            .map(|(n, _)| n)
            .sum();
        (marks, n)
    }

    fn example(&self, marks: &[bool]) -> String {
        let at = marks.iter().position(|is_it| *is_it);
        at.map_or_else(String::new, |at| shown(self.column.values[at]))
    }

    fn push(
        &self,
        severity: Severity,
        words: [String; 3],
        what: &str,
        marks: &[bool],
        report: &mut Report,
    ) {
        let [title, because, advice] = words;
        let rows = self.column.rows(marks);
        let line = vec![
            self.column.role.name().into(),
            self.column.name.into(),
            what.into(),
            self.example(marks).into(),
            Cell::Nothing,
            (rows.total as f64).into(),
        ];
        report.row(line, Some(rows.clone()));
        let finding = Finding::new("DQ042", severity, title)
            .because(because)
            .advice(advice)
            .column(self.column.name)
            .rows(rows)
            .evidence(EVIDENCE);
        report.push(finding);
    }

    fn impossible(&self, report: &mut Report) {
        let (marks, n) = self.marks(DayText::is_impossible);
        if n == 0 {
            return;
        }
        let title = format!(
            "column '{}' has {} ({}) of the {} table on days no calendar has, as '{}'",
            self.column.name,
            counted(n, "date"),
            percent(n as f64 / self.n_dates as f64),
            self.column.role.name(),
            self.example(&marks),
        );
        let words = [
            title,
            "Because of them the column is kept as text, and programs that guess turn them into the next month or into nothing.".to_owned(),
            "Correct them at the source, or replace them by missing values.".to_owned(),
        ];
        self.push(Severity::Warning, words, "no such day", &marks, report);
    }

    fn mixed(&self, report: &mut Report) {
        self.orders(report);
        self.ways(report);
    }

    /// Days written first in some and months in others.
    fn orders(&self, report: &mut Report) {
        let (column, role) = (self.column, self.column.role.name());
        for written in [Written::Slashes, Written::Dashes] {
            let is_of = |read: &DayText| read.written == written;
            let (day_first, n_day) = self.marks(|read| is_of(read) && read.is_day_first_only());
            let (month_first, n_month) =
                self.marks(|read| is_of(read) && read.is_month_first_only());
            if n_day == 0 || n_month == 0 {
                continue;
            }
            let title = format!(
                "column '{}' writes the day first in {n_day} and the month first in {n_month} dates of the {role} table, as '{}' and '{}'",
                column.name,
                self.example(&day_first),
                self.example(&month_first),
            );
            let rarer = if n_day < n_month {
                day_first
            } else {
                month_first
            };
            let words = [
                title,
                "Where both parts are 12 or less nothing tells which is the day: part of the column cannot be read at all.".to_owned(),
                "Go back to the sources and read each in its own order.".to_owned(),
            ];
            self.push(
                Severity::Warning,
                words,
                "day and month swapped",
                &rarer,
                report,
            );
        }
    }

    /// Several ways of writing, or one that is not read as dates.
    fn ways(&self, report: &mut Report) {
        let (column, role) = (self.column, self.column.role.name());
        let counts: Vec<(Written, usize)> = Written::ALL
            .into_iter()
            .map(|written| (written, self.marks(|read| read.written == written).1))
            .filter(|(_, n)| *n > 0)
            .collect();
        let Some(&(main, _)) = counts.iter().max_by_key(|(_, n)| *n) else {
            return;
        };
        if counts.len() > 1 {
            let said: Vec<String> = counts
                .iter()
                .map(|(written, n)| format!("{} ({n})", written.words()))
                .collect();
            let title = format!(
                "column '{}' writes dates in {} ways in the {role} table: {}",
                column.name,
                counts.len(),
                said.join(", ")
            );
            let (marks, _) = self.marks(|read| read.written != main);
            let words = [
                title,
                "The column is kept as text, and equal days are different values.".to_owned(),
                "Bring all of them to year-month-day where the table is read.".to_owned(),
            ];
            self.push(
                Severity::Warning,
                words,
                "mixed ways of writing",
                &marks,
                report,
            );
        } else if main != Written::IsoDashes {
            let title = format!(
                "column '{}' of the {role} table holds dates ({}) kept as text",
                column.name,
                main.words()
            );
            let (marks, _) = self.marks(|_| true);
            let words = [
                title,
                "As text a date has no order and no distance; to the model each day is a category of its own.".to_owned(),
                "Write dates as year-month-day; such a column is read as dates.".to_owned(),
            ];
            self.push(Severity::Note, words, "dates kept as text", &marks, report);
        }
    }
}
