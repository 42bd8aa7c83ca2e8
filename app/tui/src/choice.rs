//! Which rows of a table are shown, and in which order.
//!
//! In: what the reader typed and sorted by, a table. Out: a [`Choice`] of rows. A great table is
//! searched by the loop's threads; whoever draws has the last answer meanwhile.

use std::sync::Arc;

use interlock_engine::query::{Filter, Sort, select};
use interlock_engine::table::TableView;
use interlock_plugin_api::outcome::Role;

/// What is asked of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which table.
    pub role: Role,
    /// The hash of its content.
    pub content: String,
    /// The rows to choose from; `None` for all.
    pub base: Option<Arc<[u64]>>,
    /// What was typed.
    pub filter: String,
    /// The column to sort by, and whether the greatest comes first.
    pub sort: Option<(String, bool)>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What was asked.
    pub question: Question,
    /// All rows that pass, in order.
    pub rows: Arc<[u32]>,
}

/// Rows that are searched while the reader waits; more are searched in a thread.
const MAX_AT_ONCE: u64 = 20_000;

impl Question {
    /// Whether the answer takes no longer than a frame.
    pub fn is_quick(&self, table: &TableView) -> bool {
        match &self.base {
            Some(base) => base.len() as u64 <= MAX_AT_ONCE,
            None => table.n_rows() <= MAX_AT_ONCE,
        }
    }

    /// The answer.
    pub fn answer(&self, table: &TableView) -> Choice {
        let filter = Filter::parse(&self.filter, &table.column_names());
        let sort = self.sort.as_ref().and_then(|(name, is_descending)| {
            Some(Sort {
                column: table.column_idx(name)?,
                is_descending: *is_descending,
            })
        });
        Choice {
            question: self.clone(),
            rows: select(table, self.base.as_deref(), &filter, sort).into(),
        }
    }
}
