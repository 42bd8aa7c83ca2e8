//! What happens when something happens.
//!
//! In: [`Input`]s. Out: a changed [`State`] and [`Effect`]s for the loop to carry out. No clock, no
//! terminal: the moment is part of the scene.

mod mouse;

mod rows;

use std::sync::Arc;

use crossterm::event::{KeyCode, MouseEvent};
use interlock_engine::picture::{Picture, Request};

use crate::action::{self, Action, Key};
use crate::choice::{Choice, Question};
use crate::page::Page;
use crate::scene::Order;
use crate::state::{Palette, Place, State};

/// What the loop tells.
#[derive(Debug, Clone)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The screen has another size.
    Resized((u16, u16)),
    /// The engine has news.
    Picture(Arc<Picture>),
    /// Rows were chosen.
    Chosen(Choice),
    /// Rows were written, or not: what to say, and whether a file of that name stands in the way.
    Exported {
        /// What to say.
        text: String,
        /// The path, if a file is there already.
        exists: Option<String>,
    },
    /// Time passed.
    Tick,
}

/// What the loop is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the engine.
    Ask(Request),
    /// End.
    Quit,
    /// Stop until continued.
    Suspend,
    /// Take the mouse, or give it back.
    Mouse(bool),
    /// Use the next theme.
    NextTheme,
    /// Put a text into the clipboard.
    Copy(String),
    /// Choose rows in a thread.
    Choose(Question),
    /// Write chosen rows in a thread.
    Export {
        /// The rows.
        choice: Choice,
        /// Positions of the columns in the order of the screen.
        columns: Vec<usize>,
        /// Where to.
        path: String,
        /// Whether a file there is replaced.
        may_replace: bool,
    },
}

/// Changes the state.
pub fn update(state: &mut State, input: Input) -> Vec<Effect> {
    if state
        .toast
        .as_ref()
        .is_some_and(|toast| toast.until <= state.scene.now)
    {
        state.toast = None;
    }
    let mut effects = match input {
        Input::Key(key) => pressed(state, key),
        Input::Paste(text) => {
            for c in text.chars().filter(|c| !c.is_control()) {
                typed(state, c);
            }
            Vec::new()
        }
        Input::Mouse(event) => mouse::update(state, event),
        Input::Resized(size) => {
            state.size = size;
            Vec::new()
        }
        Input::Picture(picture) => {
            state.scene.picture = picture;
            Vec::new()
        }
        Input::Chosen(choice) => {
            let mut places = state.stack.iter_mut();
            if let Some(place) = places.find(|place| place.is_choosing) {
                place.is_choosing = false;
                place.choice = Some(choice);
            }
            Vec::new()
        }
        Input::Exported { text, exists } => {
            state.say(text);
            state.export = exists.map(|path| (path, true));
            Vec::new()
        }
        Input::Tick => Vec::new(),
    };
    effects.extend(ask(state));
    effects.extend(rows::choose(state));
    state.settle();
    effects
}

/// Asks for what the page in front shows and nobody has computed yet, once.
fn ask(state: &mut State) -> Option<Effect> {
    let page = &state.place().page;
    let request = match page {
        Page::Input { name } => Request::ProfileTable {
            role: state.scene.input(name)?.role?,
        },
        Page::Column { name } => Request::ProfileColumn {
            column: name.clone(),
        },
        _ => return None,
    };
    let inputs = &state.scene.picture.project.inputs;
    let contents = inputs.iter().map(|input| input.fingerprint.clone());
    let asked = Some((page.clone(), contents.collect()));
    if state.asked == asked {
        return None;
    }
    state.asked = asked;
    Some(Effect::Ask(request))
}

fn pressed(state: &mut State, key: Key) -> Vec<Effect> {
    if action::of_key(key) == Some(Action::Quit) {
        return vec![Effect::Quit];
    }
    if state.palette.is_some() {
        return in_palette(state, key);
    }
    if state.export.is_some() {
        return rows::in_export(state, key);
    }
    if state.is_filtering {
        return in_filter(state, key);
    }
    match action::of_key(key) {
        Some(action) => perform(state, action),
        None => Vec::new(),
    }
}

/// Adds to whatever is being typed.
fn typed(state: &mut State, c: char) {
    if let Some(palette) = &mut state.palette {
        palette.query.push(c);
        palette.selected = 0;
    } else if let Some((path, may_replace)) = &mut state.export {
        path.push(c);
        *may_replace = false;
    } else if state.is_filtering {
        state.place_mut().filter.push(c);
    }
}

fn in_palette(state: &mut State, key: Key) -> Vec<Effect> {
    let Some(palette) = &mut state.palette else {
        return Vec::new();
    };
    let n_found = action::search(&palette.query).len();
    match key.code {
        KeyCode::Esc => state.palette = None,
        KeyCode::Up => palette.selected = palette.selected.saturating_sub(1),
        KeyCode::Down => palette.selected = (palette.selected + 1).min(n_found.saturating_sub(1)),
        KeyCode::PageUp => palette.selected = palette.selected.saturating_sub(10),
        KeyCode::PageDown => {
            palette.selected = (palette.selected + 10).min(n_found.saturating_sub(1));
        }
        KeyCode::Backspace => {
            palette.query.pop();
            palette.selected = 0;
        }
        KeyCode::Enter => {
            let found = action::search(&palette.query);
            let chosen = found.get(palette.selected).map(|entry| entry.action);
            state.palette = None;
            return chosen.map_or_else(Vec::new, |action| perform(state, action));
        }
        KeyCode::Char(c) if !key.has_control => typed(state, c),
        _ => {}
    }
    Vec::new()
}

fn in_filter(state: &mut State, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => {
            state.is_filtering = false;
            state.place_mut().filter.clear();
        }
        KeyCode::Enter => state.is_filtering = false,
        KeyCode::Backspace => {
            state.place_mut().filter.pop();
        }
        KeyCode::Up => move_by(state, -1),
        KeyCode::Down => move_by(state, 1),
        KeyCode::Char(c) if !key.has_control => typed(state, c),
        _ => {}
    }
    Vec::new()
}

/// Does what was asked, or says why it cannot be done.
fn perform(state: &mut State, action: Action) -> Vec<Effect> {
    if let Err(why) = action::can(state, action) {
        if action != Action::Back {
            state.say(why);
        }
        return Vec::new();
    }
    let page = i32::from(state.body().height.saturating_sub(1).max(1));
    match action {
        Action::Open => open(state),
        Action::Leave if state.stack.is_empty() => return vec![Effect::Quit],
        Action::Back | Action::Leave => back(state),
        Action::Quit => return vec![Effect::Quit],
        Action::Up => move_by(state, -1),
        Action::Down => move_by(state, 1),
        Action::PageUp => move_by(state, -page),
        Action::PageDown => move_by(state, page),
        Action::First => move_by(state, i32::MIN),
        Action::Last => move_by(state, i32::MAX),
        Action::Left => sideways(state, -1),
        Action::Right => sideways(state, 1),
        Action::NextPane => show_pane(state, (state.root + 1) % Page::ROOTS.len()),
        Action::PreviousPane => {
            show_pane(
                state,
                (state.root + Page::ROOTS.len() - 1) % Page::ROOTS.len(),
            );
        }
        Action::Pane(pane) => show_pane(state, pane),
        Action::Filter => state.is_filtering = true,
        Action::OnlyBad => state.scene.only_bad = !state.scene.only_bad,
        Action::Order if matches!(state.place().page, Page::Rows { .. }) => rows::sort(state),
        Action::Order => {
            state.scene.order = match state.scene.order {
                Order::Stage => Order::Gravity,
                Order::Gravity => Order::Stage,
            };
        }
        Action::About => {
            let check = action::check_in_question(state);
            state
                .stack
                .extend(check.map(|check| Place::new(Page::Docs { check })));
        }
        Action::Zoom => state.is_zoomed = !state.is_zoomed,
        Action::Export => {
            state.export = Some(("rows.csv".to_owned(), false));
        }
        Action::CopyRow | Action::CopyRows => {
            return rows::copy(state, action == Action::CopyRows);
        }
        Action::Palette => state.palette = Some(Palette::default()),
        Action::Rerun
        | Action::RerunAll
        | Action::Cancel
        | Action::Reopen
        | Action::Consent
        | Action::Pause
        | Action::Theme
        | Action::Mouse
        | Action::Copy
        | Action::Suspend => return outward(state, action),
    }
    Vec::new()
}

/// Actions that reach beyond the screen.
fn outward(state: &mut State, action: Action) -> Vec<Effect> {
    let check = action::check_in_question(state);
    let effect = match action {
        Action::Rerun => check.map(|check| {
            state.say(format!("{check} runs again"));
            Effect::Ask(Request::Rerun { check })
        }),
        Action::RerunAll => {
            state.say("all checks run again");
            Some(Effect::Ask(Request::RerunAll))
        }
        Action::Cancel => check.map(|check| Effect::Ask(Request::Cancel { check })),
        Action::Reopen => action::plugin_in_question(state)
            .map(|plugin| Effect::Ask(Request::ReopenPlugin { plugin })),
        Action::Consent => {
            state.say("you consented; `interlock trust --revoke` takes it back");
            Some(Effect::Ask(Request::Consent))
        }
        Action::Pause => {
            let is_paused = state.scene.picture.activity.is_paused;
            Some(Effect::Ask(Request::Pause(!is_paused)))
        }
        Action::Theme => Some(Effect::NextTheme),
        Action::Mouse => {
            state.has_mouse = !state.has_mouse;
            state.say(if state.has_mouse {
                "the mouse is taken; with Shift the terminal selects"
            } else {
                "the mouse belongs to the terminal"
            });
            Some(Effect::Mouse(state.has_mouse))
        }
        Action::Copy => {
            let items = state.items();
            let selected = state.selected(&items);
            let cell = rows::cell(state);
            let text = selected.map(|(_, item, spot)| {
                if let Some(cell) = cell {
                    return cell;
                }
                if spot.readout.is_empty() {
                    item.text().trim().to_owned()
                } else {
                    spot.readout.clone()
                }
            });
            if text.is_some() {
                state.say("sent to the terminal's clipboard (OSC 52)");
            }
            text.map(Effect::Copy)
        }
        Action::Suspend => Some(Effect::Suspend),
        _ => None,
    };
    effect.into_iter().collect()
}

fn open(state: &mut State) {
    let items = state.items();
    let target = state
        .selected(&items)
        .and_then(|(_, _, spot)| spot.target.clone());
    state.place_mut().cursor.is_chosen = true;
    state.stack.extend(target.map(Place::new));
}

fn back(state: &mut State) {
    if state.place().filter.is_empty() {
        state.stack.pop();
    } else {
        state.place_mut().filter.clear();
    }
}

fn show_pane(state: &mut State, pane: usize) {
    state.stack.clear();
    state.root = pane.min(Page::ROOTS.len() - 1);
}

/// Moves the selection by so many selectable items; stops at the ends.
fn move_by(state: &mut State, n: i32) {
    let items = state.items();
    let selectable: Vec<usize> = (0..items.len())
        .filter(|index| !items[*index].spots.is_empty())
        .collect();
    let cursor = &mut state.place_mut().cursor;
    let at = selectable
        .iter()
        .position(|index| *index >= cursor.index)
        .unwrap_or(0);
    let step = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
    let to = if n < 0 {
        at.saturating_sub(step)
    } else {
        at.saturating_add(step)
            .min(selectable.len().saturating_sub(1))
    };
    if let Some(index) = selectable.get(to) {
        let column = items
            .get(cursor.index)
            .and_then(|item| item.spots.get(cursor.spot))
            .map(|spot| spot.from);
        cursor.choose(*index, &items[*index].key);
        // The spot nearest to the column that was selected.
        let spots = &items[*index].spots;
        let distance = |at: &usize| column.unwrap_or(0).abs_diff(spots[*at].from);
        cursor.spot = (0..spots.len()).min_by_key(distance).unwrap_or(0);
    } else {
        // Nothing to select: the page itself moves.
        let top = i64::try_from(cursor.top).unwrap_or(0) + i64::from(n);
        cursor.top = usize::try_from(top.max(0)).unwrap_or(0);
    }
}

fn sideways(state: &mut State, n: i32) {
    let items = state.items();
    let cursor = &mut state.place_mut().cursor;
    let Some(item) = items.get(cursor.index) else {
        return;
    };
    cursor.spot = if n < 0 {
        cursor.spot.saturating_sub(1)
    } else {
        (cursor.spot + 1).min(item.spots.len().saturating_sub(1))
    };
}

#[cfg(test)]
mod tests;
