//! Where the reader is and what is selected.
//!
//! In: pages opened and moves made. Out: [`State`], from which a frame is drawn. It remembers the
//! selection of every page by the key of its item, so that a new picture moves no selection.

use std::time::SystemTime;

use interlock_engine::picture::{InputState, Standing};
use interlock_plugin_api::outcome::{Role, Rows};
use ratatui::layout::Rect;

use crate::choice::{Grouping, Likeness, Question, Search, Task};
use crate::content::{self, Beside, Shown};
use crate::cursor;
use crate::item::{Item, Spot};
use crate::layout::{Areas, Class, Wish};
use crate::page::Page;
use crate::place::Place;
use crate::scene::Scene;

/// Something said for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: String,
    /// Until when.
    pub until: SystemTime,
}

/// What a window lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listing {
    /// Everything there is to do.
    #[default]
    Actions,
    /// The columns of the table in front.
    Columns,
}

/// What is typed in the line below the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// Nothing.
    Nothing,
    /// What items are to hold.
    Filter,
    /// A text to look for in a table.
    Search,
}

/// What is typed and selected in a window that lists things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Palette {
    /// What it lists.
    pub lists: Listing,
    /// What is looked for.
    pub query: String,
    /// The selected line.
    pub selected: usize,
}

/// How many rows stand beside one the reader asks about.
const N_ALIKE: usize = 7;

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
    /// What is being typed in the line below the page.
    pub typing: Typing,
    /// The window that lists things, if open.
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
            typing: Typing::Nothing,
            palette: None,
            toast: None,
            is_zoomed: false,
            has_mouse,
            asked: None,
            export: None,
            theme_problem: None,
        }
    }

    /// Whether a filter is being typed.
    pub fn is_filtering(&self) -> bool {
        self.typing == Typing::Filter
    }

    /// Whether a text to look for is being typed.
    pub fn is_searching(&self) -> bool {
        self.typing == Typing::Search
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
                is_deep: !self.stack.is_empty(),
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
        match &place.page {
            Page::Rows { rows, columns, .. } => {
                let shown = Shown {
                    rows,
                    first: columns,
                    choice: place.choice.as_ref(),
                    from: place.first,
                    hits: place.current_hits(),
                    doing: self.doing(),
                };
                return content::rows_items(&self.scene, &shown, width);
            }
            Page::Beside { rows, columns, .. } => {
                let beside = Beside {
                    members: &self.members(),
                    group: self.groups(),
                    role: rows.role,
                    first: columns,
                };
                return content::beside_items(&self.scene, &beside, width);
            }
            Page::Checks if self.is_filtering() || !place.filter.is_empty() => {}
            page => {
                let height = usize::from(body.height);
                let items = content::items(&self.scene, page, width, height);
                if place.filter.is_empty() {
                    return items;
                }
            }
        }
        let items = match &place.page {
            // A filter looks behind what is folded.
            Page::Checks => content::all_checks(&self.scene, width),
            page => content::items(&self.scene, page, width, usize::from(body.height)),
        };
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

    /// Which rows of its table a place shows; `None` on other pages and without the table.
    fn question(&self, place: &Place) -> Option<Question> {
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

    /// Names of the columns of the rows in front, in the order of the screen.
    pub fn column_names(&self) -> Vec<String> {
        let Page::Rows { rows, columns, .. } = &self.place().page else {
            return Vec::new();
        };
        let table = self
            .scene
            .table(rows.role)
            .and_then(|input| input.table.as_deref());
        table.map_or_else(Vec::new, |table| {
            let names = table.column_names();
            let order = content::order(table, columns).into_iter();
            order.map(|column| names[column].to_owned()).collect()
        })
    }

    fn doing(&self) -> &'static str {
        match &self.place().asked {
            Some(Task::Choose(question)) if question.sort.is_some() => "sorting…",
            Some(Task::Choose(_)) => "filtering…",
            Some(Task::Search(_)) => "searching…",
            Some(Task::Group(_) | Task::Liken(_)) => "comparing…",
            None => "",
        }
    }

    /// What a place needs to know of the tables and does not know yet.
    pub fn task(&self, place: &Place) -> Option<Task> {
        match &place.page {
            Page::Rows { columns, .. } => {
                let question = self.question(place)?;
                let choice = place.choice.as_ref();
                let Some(choice) = choice.filter(|choice| choice.question == question) else {
                    return Some(Task::Choose(question));
                };
                if place.needle.is_empty() || place.current_hits().is_some() {
                    return None;
                }
                let table = self.scene.table(question.role)?.table.as_deref()?;
                Some(Task::Search(Search {
                    choice: choice.clone(),
                    columns: content::order(table, columns),
                    needle: place.needle.clone(),
                }))
            }
            Page::Beside { rows, of, .. } => {
                let grouping = self.grouping(rows)?;
                if of.is_none() && place.groups.as_ref().map(|known| &known.0) != Some(&grouping) {
                    return Some(Task::Group(grouping));
                }
                let likeness = self.likeness(place)?;
                let known = place.alike.as_ref().map(|known| &known.0);
                (known != Some(&likeness)).then_some(Task::Liken(likeness))
            }
            _ => None,
        }
    }

    fn grouping(&self, rows: &Rows) -> Option<Grouping> {
        let input = self.scene.table(rows.role)?;
        input.table.as_ref()?;
        let rows_of = rows.rows.iter();
        Some(Grouping {
            role: rows.role,
            content: input.fingerprint.clone(),
            rows: rows_of.filter_map(|row| u32::try_from(*row).ok()).collect(),
        })
    }

    /// Where the most alike rows of the row in front are looked for: of one row that the reader asks
    /// about, its table; of a group, the training table, since it may stand there as well; of a row
    /// that is like no other of its finding, its own table.
    fn likeness(&self, place: &Place) -> Option<Likeness> {
        let Page::Beside { rows, of, .. } = &place.page else {
            return None;
        };
        let train = self.scene.table(Role::Train);
        let has_train = train.is_some_and(|input| input.table.is_some());
        let (row, among, n) = if let Some(row) = of {
            (u32::try_from(*row).ok()?, rows.role, N_ALIKE)
        } else {
            let group = group(place)?;
            let row = *group.first()?;
            if rows.role != Role::Train && has_train {
                (row, Role::Train, 1)
            } else if group.len() == 1 {
                (row, rows.role, 1)
            } else {
                return None;
            }
        };
        let content = |role| Some(self.scene.table(role)?.fingerprint.clone());
        Some(Likeness {
            of: (rows.role, row),
            among,
            contents: [content(rows.role)?, content(among)?],
            n,
        })
    }

    /// Which group of rows is in front, the first is 0, and how many there are; `None` while they are
    /// not known, or where one row is compared with others.
    pub fn groups(&self) -> Option<(usize, usize)> {
        let place = self.place();
        let n = place.groups.as_ref()?.1.groups.len();
        Some((place.group.min(n.checked_sub(1)?), n))
    }

    /// The rows that stand side by side in front, by table.
    pub fn members(&self) -> Vec<(Role, u32)> {
        let place = self.place();
        let Page::Beside { rows, of, .. } = &place.page else {
            return Vec::new();
        };
        let mut members: Vec<(Role, u32)> = match of {
            Some(row) => u32::try_from(*row)
                .ok()
                .map(|row| (rows.role, row))
                .into_iter()
                .collect(),
            None => group(place)
                .unwrap_or_default()
                .iter()
                .map(|row| (rows.role, *row))
                .collect(),
        };
        let alike = place.alike.as_ref();
        let current = alike.filter(|known| Some(&known.0) == self.likeness(place).as_ref());
        if let Some((likeness, found)) = current {
            // Beside a group stands only what differs in no more columns than its own rows do.
            let n_free = place.groups.as_ref().map_or(0, |known| known.1.free.len());
            let n_group = members.len();
            let belongs = |differs: u32| of.is_some() || n_group == 1 || differs as usize <= n_free;
            let found = found.iter().filter(|(_, differs)| belongs(*differs));
            members.extend(found.map(|(row, _)| (likeness.among, *row)));
        }
        members
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
        // What was folded away is stood for by the line it is folded into.
        let fold = self.fold_of_selection(&items);
        let place = self.place_mut();
        if let Some(key) = fold {
            place.cursor.key = key;
        }
        cursor::settle(&mut place.cursor, &items, body);
    }

    fn fold_of_selection(&self, items: &[Item]) -> Option<String> {
        let place = self.place();
        let is_there = |key: &str| items.iter().any(|item| item.key == key);
        if place.page != Page::Checks || !place.cursor.is_chosen || is_there(&place.cursor.key) {
            return None;
        }
        let key = content::fold_key(&self.scene, &place.cursor.key)?;
        is_there(&key).then_some(key)
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

/// The group of rows in front.
fn group(place: &Place) -> Option<&[u32]> {
    let groups = &place.groups.as_ref()?.1.groups;
    let at = place.group.min(groups.len().checked_sub(1)?);
    groups.get(at).map(Vec::as_slice)
}
