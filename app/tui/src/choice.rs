//! What is asked of tables for the page in front: which rows, where a text stands, which belong
//! together.
//!
//! In: what the reader typed, sorted by and opened; tables. Out: a [`Task`] and its [`Answer`]. A
//! great table is looked at by the loop's threads; whoever draws has the last answer meanwhile.

use std::sync::Arc;

use interlock_engine::query::{self, Filter, Groups, Hits, Sort, select};
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

/// A text looked for among chosen rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The rows.
    pub choice: Choice,
    /// Positions of the columns in the order of the screen.
    pub columns: Vec<usize>,
    /// The text.
    pub needle: String,
}

/// Rows to be put together with those they are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Which table.
    pub role: Role,
    /// The hash of its content.
    pub content: String,
    /// The rows.
    pub rows: Vec<u32>,
}

/// The rows of a table most like one row, which may stand in another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// The row and its table.
    pub of: (Role, u32),
    /// The table they are looked for in.
    pub among: Role,
    /// The hashes of both tables' contents.
    pub contents: [String; 2],
    /// How many.
    pub n: usize,
}

/// Something asked of tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Which rows.
    Choose(Question),
    /// Where a text stands.
    Search(Search),
    /// Which belong together.
    Group(Grouping),
    /// Which are most like one.
    Liken(Likeness),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Rows in order.
    Rows(Arc<[u32]>),
    /// Cells.
    Hits(Arc<Hits>),
    /// Groups of rows.
    Groups(Arc<Groups>),
    /// Rows, and in how many cells each differs.
    Alike(Vec<(u32, u32)>),
}

/// What was asked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub task: Task,
    /// What was found.
    pub found: Found,
}

/// Steps that are done while the reader waits; more are done in a thread. Rows for a choice, cells
/// for a search.
const MAX_AT_ONCE: u64 = 20_000;

impl Task {
    /// The tables it looks at: the one it is about first.
    pub fn tables(&self) -> Vec<Role> {
        match self {
            Self::Choose(question) => vec![question.role],
            Self::Search(search) => vec![search.choice.question.role],
            Self::Group(grouping) => vec![grouping.role],
            Self::Liken(likeness) => vec![likeness.of.0, likeness.among],
        }
    }

    /// Whether the answer takes no longer than a frame.
    pub fn is_quick(&self, tables: &[Arc<TableView>]) -> bool {
        let n_columns = |at: usize| tables.get(at).map_or(0, |table| table.n_columns() as u64);
        let n_steps = match self {
            Self::Choose(question) => match &question.base {
                Some(base) => base.len() as u64,
                None => tables.first().map_or(0, |table| table.n_rows()),
            },
            Self::Search(search) => search.choice.rows.len() as u64 * search.columns.len() as u64,
            Self::Group(grouping) => {
                let n = grouping.rows.len() as u64;
                n * n.max(20) / 20 * n_columns(0)
            }
            Self::Liken(_) => tables.last().map_or(0, |table| table.n_rows()) * n_columns(0) / 20,
        };
        n_steps <= MAX_AT_ONCE
    }

    /// The answer, from the tables of [`Self::tables`]; nothing is found in those not given.
    pub fn answer(self, tables: &[Arc<TableView>]) -> Answer {
        let first = tables.first();
        let found = match &self {
            Self::Choose(question) => Found::Rows(
                first.map_or_else(|| Arc::from([]), |table| question.rows(table).into()),
            ),
            Self::Search(search) => Found::Hits(Arc::new(
                first.map_or_else(Hits::default, |table| search.hits(table)),
            )),
            Self::Group(grouping) => {
                Found::Groups(Arc::new(first.map_or_else(Groups::default, |table| {
                    query::groups(table, &grouping.rows)
                })))
            }
            Self::Liken(likeness) => Found::Alike(likeness.rows(tables)),
        };
        Answer { task: self, found }
    }
}

impl Question {
    fn rows(&self, table: &TableView) -> Vec<u32> {
        let filter = Filter::parse(&self.filter, &table.column_names());
        let sort = self.sort.as_ref().and_then(|(name, is_descending)| {
            Some(Sort {
                column: table.column_idx(name)?,
                is_descending: *is_descending,
            })
        });
        select(table, self.base.as_deref(), &filter, sort)
    }
}

impl Search {
    fn hits(&self, table: &TableView) -> Hits {
        Hits::of(table, (&self.choice.rows, &self.columns), &self.needle)
    }
}

impl Likeness {
    fn rows(&self, tables: &[Arc<TableView>]) -> Vec<(u32, u32)> {
        let [table, other] = tables else {
            return Vec::new();
        };
        let n_rows = u32::try_from(other.n_rows()).unwrap_or(u32::MAX);
        let is_itself = |row: &u32| self.of == (self.among, *row);
        let rows = (0..n_rows).filter(|row| !is_itself(row)).collect();
        query::nearest_in((table, self.of.1), (other, rows), self.n)
    }
}
