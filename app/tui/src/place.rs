//! A page the reader has opened, and all that was chosen and found on it.
//!
//! In: pages opened, texts typed, answers of tables. Out: [`Place`]s, which the state keeps in a stack.

use std::sync::Arc;

use interlock_engine::query::{Groups, Hits};

use crate::choice::{Answer, Choice, Found, Grouping, Likeness, Search, Task};
use crate::cursor::Cursor;
use crate::page::Page;

/// Rows that have items at a time; a longer table is seen through a window that moves along.
pub const WINDOW: usize = 256;

/// Rows of the window that stand before and after the selected one, as far as there are any: more
/// than a screen shows.
const MARGIN: usize = 100;

/// A page and what is selected on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The page.
    pub page: Page,
    /// What is selected on it.
    pub cursor: Cursor,
    /// Only items that hold this text are shown; empty for all.
    pub filter: String,
    /// The column rows are sorted by, and whether the greatest comes first.
    pub sort: Option<(String, bool)>,
    /// Rows as last chosen.
    pub choice: Option<Choice>,
    /// The first of them that has an item; a long table is cut into windows.
    pub first: usize,
    /// The text looked for in a table; empty if none is.
    pub needle: String,
    /// Where it stands, as last found.
    pub hits: Option<(Search, Arc<Hits>)>,
    /// Whether the selection is to go to a hit as soon as they are known, and how.
    pub jump: Option<Jump>,
    /// Whether the last jump went around the end of the table, and whether it went backwards.
    pub wrapped: Option<bool>,
    /// Rows that belong together, as last found.
    pub groups: Option<(Grouping, Arc<Groups>)>,
    /// Which group is in front.
    pub group: usize,
    /// The rows most like the one in front, as last found.
    pub alike: Option<(Likeness, Vec<(u32, u32)>)>,
    /// What is asked of the tables at the moment.
    pub asked: Option<Task>,
}

/// Where the selection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// To the selected cell if it is a hit, else to the next one.
    Here,
    /// To the next hit.
    Next,
    /// To the one before.
    Before,
}

impl Place {
    /// A page with nothing selected yet.
    pub fn new(page: Page) -> Self {
        Self {
            page,
            cursor: Cursor::default(),
            filter: String::new(),
            sort: None,
            choice: None,
            first: 0,
            needle: String::new(),
            hits: None,
            jump: None,
            wrapped: None,
            groups: None,
            group: 0,
            alike: None,
            asked: None,
        }
    }

    /// Keeps an answer that belongs here. One to a question that is no longer asked is dropped.
    pub fn keep(&mut self, answer: Answer) {
        match (answer.task, answer.found) {
            (Task::Choose(question), Found::Rows(rows)) => {
                self.choice = Some(Choice { question, rows });
                match self.row_at().filter(|_| self.cursor.is_chosen) {
                    Some(at) => self.show_row(at),
                    None => self.first = 0,
                }
            }
            (Task::Search(search), Found::Hits(hits)) => self.hits = Some((search, hits)),
            (Task::Group(grouping), Found::Groups(groups)) => {
                self.groups = Some((grouping, groups));
            }
            (Task::Liken(likeness), Found::Alike(rows)) => self.alike = Some((likeness, rows)),
            _ => {}
        }
    }

    /// The place of the selected row among the chosen ones.
    pub fn row_at(&self) -> Option<usize> {
        let choice = self.choice.as_ref()?;
        let row: u32 = self.cursor.key.parse().ok()?;
        let near = choice.rows.iter().enumerate().skip(self.first).take(WINDOW);
        let all = choice.rows.iter().enumerate();
        near.chain(all)
            .find(|(_, known)| **known == row)
            .map(|(at, _)| at)
    }

    /// Moves the window so that the row at this place is in it, and selects that row.
    pub fn show_row(&mut self, at: usize) {
        let Some(rows) = self.choice.as_ref().map(|choice| &choice.rows) else {
            return;
        };
        let Some(row) = rows.get(at) else { return };
        self.cursor.key = row.to_string();
        self.cursor.is_chosen = true;
        let is_near_begin = at < self.first + MARGIN && self.first > 0;
        let is_near_end = at + MARGIN >= self.first + WINDOW && self.first + WINDOW < rows.len();
        if is_near_begin || is_near_end {
            let last = rows.len().saturating_sub(WINDOW);
            let first = at.saturating_sub(WINDOW / 2).min(last);
            // What is on screen stays where it is.
            self.cursor.top = (self.cursor.top + self.first).saturating_sub(first);
            self.first = first;
        }
    }

    /// Where the text stands among the rows shown; `None` while that is not known.
    pub fn current_hits(&self) -> Option<&Hits> {
        let (search, hits) = self.hits.as_ref()?;
        let is_current =
            search.needle == self.needle && self.choice.as_ref() == Some(&search.choice);
        is_current.then_some(hits.as_ref())
    }
}
