//! A text looked for in a table, and columns by their names.

use crossterm::event::KeyCode;

use super::{Effect, typed};
use crate::action::{self, Key};
use crate::page::Page;
use crate::place::Jump;
use crate::state::{State, Typing};

/// Asks what to look for.
pub(super) fn find(state: &mut State) {
    let place = state.place_mut();
    place.needle.clear();
    place.jump = None;
    state.typing = Typing::Search;
}

/// A key while the text is typed; its hits are marked meanwhile.
pub(super) fn in_search(state: &mut State, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => {
            state.typing = Typing::Nothing;
            state.place_mut().needle.clear();
        }
        KeyCode::Enter => {
            state.typing = Typing::Nothing;
            let place = state.place_mut();
            place.jump = (!place.needle.is_empty()).then_some(Jump::Here);
        }
        KeyCode::Backspace => {
            state.place_mut().needle.pop();
        }
        KeyCode::Char(c) if !key.has_control => typed(state, c),
        _ => {}
    }
    Vec::new()
}

/// Goes on to the next or the last hit, or group of rows; around the end too.
pub(super) fn step(state: &mut State, jump: Jump) {
    let groups = state.groups();
    let place = state.place_mut();
    if let Some((at, n)) = groups {
        let to = match jump {
            Jump::Before => (at + n - 1) % n,
            Jump::Here | Jump::Next => (at + 1) % n,
        };
        place.group = to;
        match jump {
            Jump::Before if to > at => state.say("the last group again"),
            Jump::Next if to < at => state.say("the first group again"),
            _ => {}
        }
    } else if place.needle.is_empty() {
        find(state);
    } else {
        place.jump = Some(jump);
    }
}

/// Goes where a jump leads, once the hits are known.
pub(super) fn jump(state: &mut State) {
    let place = state.place();
    let (Some(jump), Some(hits)) = (place.jump, place.current_hits()) else {
        return;
    };
    let from = (place.row_at().unwrap_or(0), place.cursor.spot);
    let is_here = jump == Jump::Here && hits.holds(from.0, from.1);
    let hit = hits.next(from, jump == Jump::Before);
    let needle = place.needle.clone();
    let place = state.place_mut();
    place.jump = None;
    let Some(hit) = hit else {
        place.needle.clear();
        state.say(format!("no cell holds '{needle}'"));
        return;
    };
    if !is_here {
        place.wrapped = hit.has_wrapped.then_some(jump == Jump::Before);
        place.show_row(hit.row);
        place.cursor.spot = hit.column;
    }
}

/// Columns that match what is typed, by their place on the screen.
pub(super) fn columns_found(state: &State) -> Vec<usize> {
    let query = state
        .palette
        .as_ref()
        .map_or("", |palette| palette.query.as_str());
    let names = state.column_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    action::search_names(&names, query)
}

/// Goes to the column selected in the window.
pub(super) fn to_column(state: &mut State) {
    let found = columns_found(state);
    let Some(palette) = state.palette.take() else {
        return;
    };
    let is_table = matches!(state.place().page, Page::Rows { .. });
    if let Some(column) = found.get(palette.selected).filter(|_| is_table) {
        state.place_mut().cursor.spot = *column;
    }
}
