//! Where the reader is and what is selected.
//!
//! In: pages opened and moves made. Out: [`State`], from which a frame is drawn. It remembers the
//! selection of every page by the key of its item, so that a new picture moves no selection.

use interlock_engine::picture::{InputState, Standing};
use ratatui::layout::Rect;
use std::time::SystemTime;

use crate::choice::{Choice, Question};
use crate::content;
use crate::item::{Item, Spot};
use crate::layout::{Areas, Class, Wish};
use crate::page::Page;
use crate::scene::Scene;

/// What is selected on a page, and which part of it is on screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Key of the selected item.
    pub key: String,
    /// Its position when it was last seen.
    pub index: usize,
    /// Whether the reader chose it; until then the first item is selected, whatever comes before it.
    pub is_chosen: bool,
    /// The selected spot on it.
    pub spot: usize,
    /// First line on screen.
    pub top: usize,
    /// First column on screen.
    pub left: usize,
}

impl Cursor {
    /// Selects an item for the reader; from now on the selection stays with it.
    pub fn choose(&mut self, index: usize, key: &str) {
        self.index = index;
        key.clone_into(&mut self.key);
        self.is_chosen = true;
    }
}

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
    /// Whether rows are being chosen.
    pub is_choosing: bool,
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
            is_choosing: false,
        }
    }
}

/// Something said for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: String,
    /// Until when.
    pub until: SystemTime,
}

/// What is typed and selected in the list of actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Palette {
    /// What is looked for.
    pub query: String,
    /// The selected line.
    pub selected: usize,
}

/// Everything a frame is drawn from.
#[derive(Debug, Clone)]
pub struct State {
    /// What pages are made from.
    pub scene: Scene,
    /// Columns and lines of the screen.
    pub size: (u16, u16),
    /// The panes of the overview.
    pub roots: [Place; 4],
    /// Which of them is in front.
    pub root: usize,
    /// Pages opened from it, the last one in front.
    pub stack: Vec<Place>,
    /// Whether a filter is being typed.
    pub is_filtering: bool,
    /// The list of actions, if open.
    pub palette: Option<Palette>,
    /// What is said for a moment.
    pub toast: Option<Toast>,
    /// Whether the page has the screen for itself.
    pub is_zoomed: bool,
    /// Whether the program takes the mouse.
    pub has_mouse: bool,
    /// What was asked of the engine for the page in front: page and contents of the tables.
    pub asked: Option<(Page, Vec<String>)>,
    /// The path rows are to be written to while it is typed, and whether a file there is replaced.
    pub export: Option<(String, bool)>,
    /// Why the theme file in force is not the one on disk, if so.
    pub theme_problem: Option<String>,
}

impl State {
    /// The overview.
    pub fn new(scene: Scene, size: (u16, u16), has_mouse: bool) -> Self {
        Self {
            scene,
            size,
            roots: Page::ROOTS.map(Place::new),
            root: 0,
            stack: Vec::new(),
            is_filtering: false,
            palette: None,
            toast: None,
            is_zoomed: false,
            has_mouse,
            asked: None,
            export: None,
            theme_problem: None,
        }
    }

    /// The page in front.
    pub fn place(&self) -> &Place {
        self.stack.last().unwrap_or(&self.roots[self.root])
    }

    /// The page in front, to change its selection.
    pub fn place_mut(&mut self) -> &mut Place {
        self.stack.last_mut().unwrap_or(&mut self.roots[self.root])
    }

    /// The parts of the screen.
    pub fn areas(&self) -> Areas {
        let page = &self.place().page;
        let n_banner = u16::try_from(self.banner().len()).unwrap_or(u16::MAX);
        Areas::of(
            self.size,
            Wish {
                n_banner,
                is_zoomed: self.is_zoomed,
                has_preview: self.stack.is_empty() && matches!(page, Page::Checks | Page::Plugins),
                is_log: *page == Page::Log,
            },
        )
    }

    /// What must be seen whatever page is open: why what stands here is not what stands on disk.
    pub fn banner(&self) -> Vec<(Standing, String)> {
        let picture = &self.scene.picture;
        let mut lines = Vec::new();
        if let Some(why) = &picture.project.stale_config {
            lines.push((Standing::Stale, why.clone()));
        }
        if let Some(why) = &self.theme_problem {
            lines.push((Standing::Stale, why.clone()));
        }
        if let Some(why) = &picture.activity.read_only {
            lines.push((Standing::Warn, why.clone()));
        }
        if let Some(what) = &picture.project.wants_consent {
            let text = format!("A lets the project {what}, as it asks to; nothing else");
            lines.push((Standing::Warn, text));
        }
        for id in &picture.project.missing_checks {
            let text = format!("the required check '{id}' is in no plugin");
            lines.push((Standing::Error, text));
        }
        // A model that waits for consent has its line already.
        let is_told =
            |input: &InputState| picture.project.wants_consent.is_some() && input.role.is_none();
        for input in picture
            .project
            .inputs
            .iter()
            .filter(|input| !is_told(input))
        {
            let why = input.stale.as_ref();
            lines.extend(why.map(|why| (Standing::Stale, format!("{}: {why}", input.name))));
        }
        lines
    }

    /// The inside of the page's pane.
    pub fn body(&self) -> Rect {
        let areas = self.areas();
        areas.inside(areas.body)
    }

    /// The items of the page in front, filtered.
    pub fn items(&self) -> Vec<Item> {
        let body = self.body();
        let place = self.place();
        // One column is left for the mark of the selected line.
        let width = usize::from(body.width.saturating_sub(1));
        if let Page::Rows { rows, columns, .. } = &place.page {
            let what = self.doing_rows();
            let choice = place.choice.as_ref();
            return content::rows_items(&self.scene, (rows, columns), choice, what, width);
        }
        let items = content::items(&self.scene, &place.page, width, usize::from(body.height));
        if place.filter.is_empty() {
            return items;
        }
        let wanted = place.filter.to_lowercase();
        items
            .into_iter()
            .filter(|item| {
                !item.spots.is_empty()
                    && (item.text().to_lowercase().contains(&wanted)
                        || item.key.to_lowercase().contains(&wanted))
            })
            .collect()
    }

    /// What is asked of the table in front; `None` on other pages and without the table.
    pub fn question(&self) -> Option<Question> {
        let place = self.place();
        let Page::Rows { rows, is_whole, .. } = &place.page else {
            return None;
        };
        let input = self.scene.table(rows.role)?;
        Some(Question {
            role: rows.role,
            content: input.fingerprint.clone(),
            base: (!is_whole).then(|| rows.rows.clone().into()),
            filter: place.filter.clone(),
            sort: place.sort.clone(),
        })
    }

    fn doing_rows(&self) -> &'static str {
        match (self.place().is_choosing, &self.place().sort) {
            (true, Some(_)) => "sorting…",
            (true, None) => "filtering…",
            (false, _) => "",
        }
    }

    /// The selected item and spot among these items.
    pub fn selected<'i>(&self, items: &'i [Item]) -> Option<(usize, &'i Item, &'i Spot)> {
        let cursor = &self.place().cursor;
        let item = items.get(cursor.index)?;
        let spot = item
            .spots
            .get(cursor.spot.min(item.spots.len().checked_sub(1)?))?;
        Some((cursor.index, item, spot))
    }

    /// Brings the selection in line with what is there now, and the screen with the selection.
    pub fn settle(&mut self) {
        let items = self.items();
        let body = self.body();
        let place = self.place_mut();
        settle(&mut place.cursor, &items, body);
    }

    /// Says something for a moment.
    pub fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: text.into(),
            until: self.scene.now + std::time::Duration::from_secs(4),
        });
    }

    /// Whether the screen is too small for pages.
    pub fn is_tiny(&self) -> bool {
        self.areas().class == Class::Tiny
    }

    /// Whether something moves by itself: a spinner, a time that runs.
    pub fn is_lively(&self) -> bool {
        let activity = &self.scene.picture.activity;
        activity.n_running > 0 || !activity.loading.is_empty()
    }
}

fn settle(cursor: &mut Cursor, items: &[Item], body: Rect) {
    let is_selectable =
        |index: &usize| items.get(*index).is_some_and(|item| !item.spots.is_empty());
    let by_key = items
        .iter()
        .position(|item| cursor.is_chosen && !item.key.is_empty() && item.key == cursor.key);
    let wanted = if cursor.is_chosen { cursor.index } else { 0 };
    let at = wanted.min(items.len().saturating_sub(1));
    let found = by_key
        .filter(is_selectable)
        .or_else(|| (at..items.len()).find(is_selectable))
        .or_else(|| (0..at).rev().find(is_selectable));
    if let Some(index) = found {
        cursor.index = index;
        cursor.key.clone_from(&items[index].key);
        cursor.spot = cursor.spot.min(items[index].spots.len() - 1);
    }
    let height = usize::from(body.height);
    let lines_before = |index: usize| -> usize {
        items[..index.min(items.len())]
            .iter()
            .map(|item| item.lines.len())
            .sum()
    };
    let n_lines = lines_before(items.len());
    let (first, after) = match found {
        // What stands above the first selectable item is shown with it.
        Some(index) if !(0..index).any(|before| is_selectable(&before)) => {
            (0, lines_before(index + 1))
        }
        Some(index) => (lines_before(index), lines_before(index + 1)),
        None => (cursor.top, cursor.top),
    };
    if after > cursor.top + height {
        cursor.top = after - height;
    }
    if first < cursor.top {
        cursor.top = first;
    }
    cursor.top = cursor.top.min(n_lines.saturating_sub(height));
    let spot = found.and_then(|index| items[index].spots.get(cursor.spot));
    let width = usize::from(body.width.saturating_sub(1));
    if let Some(spot) = spot.filter(|spot| spot.to < u16::MAX) {
        let (from, to) = (usize::from(spot.from), usize::from(spot.to));
        if to > cursor.left + width {
            cursor.left = to - width;
        }
        if from < cursor.left || to <= width {
            cursor.left = if to <= width { 0 } else { from };
        }
    } else {
        cursor.left = 0;
    }
}

#[cfg(test)]
mod tests {
    use ratatui::text::Line;

    use super::*;

    fn rows(keys: &[&str]) -> Vec<Item> {
        keys.iter()
            .map(|key| Item::row(*key, Line::from((*key).to_owned()), None))
            .collect()
    }

    const BODY: Rect = Rect::new(0, 0, 20, 3);

    #[test]
    fn the_selection_follows_its_item_not_its_line() {
        let mut cursor = Cursor {
            key: "c".to_owned(),
            index: 2,
            is_chosen: true,
            ..Cursor::default()
        };
        settle(&mut cursor, &rows(&["x", "y", "a", "b", "c"]), BODY);
        assert_eq!((cursor.index, cursor.top), (4, 2));
    }

    #[test]
    fn the_first_item_is_selected_until_another_is_chosen() {
        let mut cursor = Cursor::default();
        settle(&mut cursor, &rows(&["c"]), BODY);
        settle(&mut cursor, &rows(&["a", "b", "c"]), BODY);
        assert_eq!(cursor.key, "a");
    }

    #[test]
    fn a_vanished_item_hands_the_selection_to_its_neighbor() {
        let mut cursor = Cursor {
            key: "gone".to_owned(),
            index: 1,
            is_chosen: true,
            ..Cursor::default()
        };
        settle(&mut cursor, &rows(&["a", "b", "c"]), BODY);
        assert_eq!(cursor.key, "b");
        settle(&mut cursor, &[], BODY);
        let mut items = rows(&["a"]);
        items.push(Item::gap());
        cursor.index = 1;
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.key, "a");
    }

    #[test]
    fn a_spot_beyond_the_edge_is_scrolled_to() {
        let mut items = rows(&["a"]);
        items[0].spots = vec![
            Spot {
                from: 0,
                to: 4,
                ..Spot::default()
            },
            Spot {
                from: 30,
                to: 36,
                ..Spot::default()
            },
        ];
        let mut cursor = Cursor {
            spot: 1,
            ..Cursor::default()
        };
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.left, 17);
        cursor.spot = 0;
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.left, 0);
    }
}
