//! Reads TOML sections key by key and notes all that is wrong, with its place.
//!
//! In: a parsed TOML table with spans. Out: typed values; [`Problem`]s for keys nobody asked for, each
//! with the nearest key that exists, and for values of the wrong type, each with what is expected.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest;
use crate::problem::Problem;

/// The text being read, and what is wrong with it so far.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) file: String,
    pub(super) problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Line and column of a byte; the first of each is 1, columns count characters.
    pub(super) fn place(&self, at: usize) -> (u64, u64) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count() as u64
            + 1;
        (line, column)
    }

    pub(super) fn error(&mut self, at: usize, message: String, help: String) {
        let (line, column) = self.place(at);
        self.problems.push(Problem {
            file: self.file.clone(),
            line: Some(line),
            column: Some(format!("column {column}")),
            message,
            help,
            is_error: true,
        });
    }
}

/// One section. Ask for each key it may have, then [`Section::finish`].
pub(super) struct Section<'r, 't, 'd> {
    reader: &'r mut Reader<'t>,
    /// Its dotted name; empty for the whole file.
    name: String,
    table: Option<&'d DeTable<'t>>,
    asked: BTreeSet<&'static str>,
}

impl<'r, 't, 'd> Section<'r, 't, 'd> {
    pub(super) fn new(
        reader: &'r mut Reader<'t>,
        name: &str,
        table: Option<&'d DeTable<'t>>,
    ) -> Self {
        Self {
            reader,
            name: name.to_owned(),
            table,
            asked: BTreeSet::new(),
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.asked.insert(key);
        let (_, value) = self.table?.iter().find(|(own, _)| own.get_ref() == key)?;
        Some(value)
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str, example: &str) {
        let name = self.dotted(key);
        let found = describe(value.get_ref());
        let message = format!("{name} must be {expected}, not {found}");
        self.reader.error(
            value.span().start,
            message,
            format!("for example: {key} = {example}"),
        );
    }

    /// The key with its section's name.
    pub(super) fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str, example: &str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(key, value, "a text", example);
                None
            }
        }
    }

    /// A text, a number or a truth value, as text: cells are named this way.
    pub(super) fn cell(&mut self, key: &'static str, example: &str) -> Option<String> {
        let value = self.value(key)?;
        let cell = cell(value.get_ref());
        if cell.is_none() {
            self.wrong(key, value, "a value as it stands in the table", example);
        }
        cell
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong(key, value, "true or false", "true");
                None
            }
        }
    }

    /// A number.
    pub(super) fn number(&mut self, key: &'static str, example: &str) -> Option<f64> {
        let value = self.value(key)?;
        let number = number(value.get_ref());
        if number.is_none() {
            self.wrong(key, value, "a number", example);
        }
        number
    }

    /// A share.
    pub(super) fn share(&mut self, key: &'static str, example: &str) -> Option<f64> {
        let value = self.value(key)?;
        let share = number(value.get_ref()).filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            self.wrong(key, value, "a share from 0 to 1", example);
        }
        share
    }

    /// Two numbers, the lesser first.
    pub(super) fn between(&mut self, key: &'static str, example: &str) -> Option<(f64, f64)> {
        let value = self.value(key)?;
        let ends = match value.get_ref() {
            DeValue::Array(values) => values.iter().map(|end| number(end.get_ref())).collect(),
            _ => None,
        };
        let ends: Option<Vec<f64>> = ends;
        match ends.as_deref() {
            Some(&[low, high]) if low <= high => Some((low, high)),
            _ => {
                self.wrong(key, value, "two numbers, the lesser first", example);
                None
            }
        }
    }

    /// Either a whole number from 0 up, or a table below this one.
    pub(super) fn count_or_section(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<Result<u64, &'d DeTable<'t>>> {
        match self.value(key)?.get_ref() {
            DeValue::Table(table) => Some(Err(table)),
            _ => self.count(key, example).map(Ok),
        }
    }

    /// A whole number from 0 up.
    pub(super) fn count(&mut self, key: &'static str, example: &str) -> Option<u64> {
        let value = self.value(key)?;
        let count = match value.get_ref() {
            DeValue::Integer(integer) => {
                u64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        if count.is_none() {
            self.wrong(key, value, "a whole number from 0 up", example);
        }
        count
    }

    /// A text that `read` makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        example: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let parsed = match value.get_ref() {
            DeValue::String(text) => read(text),
            _ => None,
        };
        if parsed.is_none() {
            self.wrong(key, value, expected, example);
        }
        parsed
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.value(key)?;
        let written = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            other => describe(other),
        };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == written) {
            return Some(*choice);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let help = match nearest(&written, words.iter().copied()) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => String::new(),
        };
        let message = format!(
            "{} must be one of \"{}\", not {written:?}",
            self.dotted(key),
            words.join("\", \"")
        );
        self.reader.error(value.span().start, message, help);
        None
    }

    /// A text, or a list of texts.
    pub(super) fn texts(&mut self, key: &'static str, example: &str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let texts = match value.get_ref() {
            single @ DeValue::String(_) => cell(single).map(|text| vec![text]),
            DeValue::Array(values) => values.iter().map(|value| cell(value.get_ref())).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.wrong(key, value, "a text or a list of texts", example);
        }
        texts
    }

    /// A table below this one; `None` if it is not there.
    pub(super) fn section(&mut self, key: &'static str) -> Option<&'d DeTable<'t>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                let name = self.dotted(key);
                let message = format!(
                    "{name} must be a section, not {}",
                    describe(value.get_ref())
                );
                self.reader.error(
                    value.span().start,
                    message,
                    format!("write [{name}] on a line of its own"),
                );
                None
            }
        }
    }

    /// A list of numbers.
    pub(super) fn numbers(&mut self, key: &'static str, example: &str) -> Option<Vec<f64>> {
        let value = self.value(key)?;
        let numbers = match value.get_ref() {
            DeValue::Array(values) => values.iter().map(|value| number(value.get_ref())).collect(),
            _ => None,
        };
        if numbers.is_none() {
            self.wrong(key, value, "a list of numbers", example);
        }
        numbers
    }

    /// A table of values as they stand in tables.
    pub(super) fn cells(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<BTreeMap<String, String>> {
        let value = self.value(key)?;
        let cells = match value.get_ref() {
            DeValue::Table(table) => table
                .iter()
                .map(|(name, value)| Some((name.get_ref().to_string(), cell(value.get_ref())?)))
                .collect(),
            _ => None,
        };
        if cells.is_none() {
            self.wrong(key, value, "a table of texts", example);
        }
        cells
    }

    /// One or a list of several words.
    pub(super) fn choices<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<Vec<T>> {
        let words: Vec<String> = choices
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        let written = self.texts(key, &format!("[{}]", words[0]))?;
        let chosen: Option<Vec<T>> = written
            .iter()
            .map(|written| choices.iter().find(|(word, _)| word == written))
            .map(|choice| choice.map(|(_, choice)| *choice))
            .collect();
        if chosen.is_none()
            && let Some(value) = self.value(key)
        {
            let message = format!("{} must be of {}", self.dotted(key), words.join(", "));
            self.reader
                .error(value.span().start, message, String::new());
        }
        chosen
    }

    /// Whether a key stands here.
    pub(super) fn has(&self, key: &str) -> bool {
        let mut all = self.table.into_iter().flat_map(DeTable::iter);
        all.any(|(own, _)| own.get_ref() == key)
    }

    /// Sections of the same name, each with its place.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<(&'d DeTable<'t>, usize)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let table = |value: &'d Spanned<DeValue<'t>>| match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span().start)),
            _ => None,
        };
        let tables: Option<Vec<_>> = match value.get_ref() {
            DeValue::Array(values) => values.iter().map(table).collect(),
            _ => None,
        };
        tables.unwrap_or_else(|| {
            let name = self.dotted(key);
            let message = format!("{name} must be sections");
            let help = format!("write [[{name}]] on a line of its own before each");
            self.reader.error(value.span().start, message, help);
            Vec::new()
        })
    }

    /// Either a text, or a table below this one.
    pub(super) fn text_or_section(
        &mut self,
        key: &'static str,
    ) -> Option<Result<String, &'d DeTable<'t>>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Ok(text.to_string())),
            DeValue::Table(table) => Some(Err(table)),
            _ => {
                self.wrong(key, value, "a text or a table", "\"random-forest\"");
                None
            }
        }
    }

    /// Keys nobody asked for, as they stand.
    pub(super) fn rest(&self) -> Vec<(String, &'d Spanned<DeValue<'t>>, usize)> {
        let all = self.table.into_iter().flat_map(DeTable::iter);
        all.filter(|(key, _)| !self.asked.contains(key.get_ref().as_ref()))
            .map(|(key, value)| (key.get_ref().to_string(), value, key.span().start))
            .collect()
    }

    /// Where a key stands; the start of the file if it is not there.
    pub(super) fn place_of(&self, key: &str) -> usize {
        let found = self
            .table
            .into_iter()
            .flat_map(DeTable::iter)
            .find(|(own, _)| own.get_ref() == key);
        found.map_or(0, |(own, _)| own.span().start)
    }

    /// Where the value of a key stands; the start of the file if it is not there.
    pub(super) fn place_of_value(&self, key: &str) -> usize {
        let mut all = self.table.into_iter().flat_map(DeTable::iter);
        let found = all.find(|(own, _)| own.get_ref() == key);
        found.map_or(0, |(_, value)| value.span().start)
    }

    /// The reader, while the section waits.
    pub(super) fn reader(&mut self) -> &mut Reader<'t> {
        self.reader
    }

    /// Keys nobody asked for are errors.
    pub(super) fn finish(self) {
        for (key, _, at) in self.rest() {
            let place = if self.name.is_empty() {
                "the project file".to_owned()
            } else {
                format!("[{}]", self.name)
            };
            let help = match nearest(&key, self.asked.iter().copied()) {
                Some(known) => format!("did you mean '{known}'?"),
                None => format!(
                    "it knows: {}",
                    self.asked.iter().copied().collect::<Vec<_>>().join(", ")
                ),
            };
            self.reader
                .error(at, format!("{place} has no key '{key}'"), help);
        }
    }
}

/// A value as a cell of a table would show it.
fn cell(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(integer) => Some(integer.to_string()),
        DeValue::Float(float) => Some(float.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(value) => Some(value.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A number of either kind.
pub(super) fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .map(|n| n as f64),
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            cell(value).unwrap_or_default()
        }
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
