//! What happened, as a bounded list of sentences.
//!
//! In: facts as the engine meets them. Out: [`LogEntry`]s, the last [`Picture::LOG_LIMIT`] kept for
//! the screen, each one handed out once to readers that follow the stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use crate::picture::{LogEntry, LogKind, Picture};

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    kept: VecDeque<Arc<LogEntry>>,
    fresh: Vec<Arc<LogEntry>>,
}

impl Journal {
    /// Writes a line that concerns no single check.
    pub(crate) fn note(&mut self, at: SystemTime, kind: LogKind, text: impl Into<String>) {
        self.push(LogEntry {
            at,
            kind,
            text: text.into(),
            check: None,
        });
    }

    /// Writes a line about a check.
    pub(crate) fn check(&mut self, at: SystemTime, kind: LogKind, check: &str, text: String) {
        self.push(LogEntry {
            at,
            kind,
            text,
            check: Some(check.to_owned()),
        });
    }

    /// Lines written since the last call, oldest first.
    pub(crate) fn take_fresh(&mut self) -> Vec<Arc<LogEntry>> {
        std::mem::take(&mut self.fresh)
    }

    /// The lines kept, oldest first.
    pub(crate) fn kept(&self) -> Vec<Arc<LogEntry>> {
        self.kept.iter().cloned().collect()
    }

    fn push(&mut self, entry: LogEntry) {
        let entry = Arc::new(entry);
        if self.kept.len() == Picture::LOG_LIMIT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(&entry));
        self.fresh.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_lines_make_room_but_every_line_is_handed_out() {
        let mut journal = Journal::default();
        for number in 0..Picture::LOG_LIMIT + 3 {
            journal.note(SystemTime::UNIX_EPOCH, LogKind::Info, number.to_string());
        }
        assert_eq!(journal.kept().len(), Picture::LOG_LIMIT);
        assert_eq!(journal.kept()[0].text, "3");
        assert_eq!(journal.take_fresh().len(), Picture::LOG_LIMIT + 3);
        assert!(journal.take_fresh().is_empty());
    }
}
