//! A page of TOML with a comment beside each key.
//!
//! In: names, values, comments. Out: text that reads back as the same values.

use std::fmt::Write as _;
use std::time::Duration;

use toml::Value;

use super::plan::{inline, key};
use super::units;

/// What is written so far.
pub(super) struct Page(pub(super) String);

impl Page {
    /// Begins one of several sections of the same name.
    pub(super) fn element(&mut self, name: &str, comment: &str) {
        self.section(&format!("[{name}]"), comment);
    }

    pub(super) fn section(&mut self, name: &str, comment: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        // Writing to a string cannot fail.
        let _written = writeln!(self.0, "# {comment}\n[{name}]");
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "every caller makes the value for this call"
    )]
    pub(super) fn set(&mut self, name: &str, comment: &str, value: Value) {
        let _written = writeln!(self.0, "{} = {}  # {comment}", key(name), inline(&value));
    }

    pub(super) fn option(&mut self, name: &str, comment: &str, value: Option<Value>) {
        match value {
            Some(value) => self.set(name, comment, value),
            None => {
                let _written = writeln!(self.0, "# {} is not set  # {comment}", key(name));
            }
        }
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub(super) fn list(texts: &[String]) -> Value {
    Value::Array(
        texts
            .iter()
            .map(|text| Value::String(text.clone()))
            .collect(),
    )
}

pub(super) fn duration(duration: Duration) -> Value {
    text(&units::show_duration(duration))
}

pub(super) fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], value: T) -> &'static str {
    words
        .iter()
        .find(|(_, own)| *own == value)
        .map(|(word, _)| *word)
        .unwrap_or_default()
}
