//! Rows of a table: chosen, sorted, compared, copied, written.

use std::sync::Arc;

use crossterm::event::KeyCode;
use interlock_engine::export::to_tsv;
use interlock_engine::table::TableView;
use interlock_plugin_api::outcome::Rows;

use super::Effect;
use crate::action::Key;
use crate::choice::{Answer, Task};
use crate::content;
use crate::page::Page;
use crate::place::Place;
use crate::state::State;

/// Finds out what the page in front needs to know of the tables: at once in small ones, else by the
/// loop, one thing at a time.
pub(super) fn look(state: &mut State) -> Option<Effect> {
    while state.place().asked.is_none() {
        let Some(task) = state.task(state.place()) else {
            break;
        };
        let tables: Vec<Arc<TableView>> = task
            .tables()
            .into_iter()
            .filter_map(|role| state.scene.table(role)?.table.clone())
            .collect();
        if !task.is_quick(&tables) {
            state.place_mut().asked = Some(task.clone());
            return Some(Effect::Look(task));
        }
        let answer = task.answer(&tables);
        state.place_mut().keep(answer);
    }
    None
}

/// Keeps an answer where it was asked for, unless something else is asked there meanwhile.
pub(super) fn answered(state: &mut State, answer: Answer) {
    let is_asker = |place: &Place| place.asked.as_ref() == Some(&answer.task);
    let Some(at) = state.stack.iter().position(is_asker) else {
        return;
    };
    let wanted: Option<Task> = state.task(&state.stack[at]);
    let place = &mut state.stack[at];
    place.asked = None;
    if wanted.as_ref() == Some(&answer.task) {
        place.keep(answer);
    }
}

/// Puts the selected row beside those most like it.
pub(super) fn beside(state: &mut State) {
    let place = state.place();
    let (Page::Rows { rows, columns, .. }, Ok(row)) = (&place.page, place.cursor.key.parse())
    else {
        return;
    };
    let table = state.scene.table(rows.role);
    let table = table.and_then(|input| input.table.as_deref());
    let line = table.and_then(|table| table.source_line(row as u64));
    let title = match line {
        Some(line) => format!("beside line {line}"),
        None => format!("beside row {row}"),
    };
    let page = Page::Beside {
        title,
        rows: Rows::new(rows.role, [row]),
        columns: columns.clone(),
        of: Some(row as u64),
    };
    state.stack.push(Place::new(page));
}

/// Moves the selection among the rows of a table, through all of them. False on other pages.
pub(super) fn move_by(state: &mut State, n: i32) -> bool {
    let place = state.place_mut();
    let is_table = matches!(place.page, Page::Rows { .. });
    let len = place.choice.as_ref().map_or(0, |choice| choice.rows.len());
    let (Some(last), true) = (len.checked_sub(1), is_table) else {
        return false;
    };
    let Some(at) = place.row_at() else {
        return false;
    };
    let step = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
    let to = if n < 0 {
        at.saturating_sub(step)
    } else {
        at.saturating_add(step).min(last)
    };
    place.show_row(to);
    true
}

/// The table in front and its columns in the order of the screen.
fn in_front(state: &State) -> Option<(&TableView, Vec<usize>)> {
    let Page::Rows { rows, columns, .. } = &state.place().page else {
        return None;
    };
    let table = state.scene.table(rows.role)?.table.as_deref()?;
    Some((table, content::order(table, columns)))
}

/// The position of the selected column in the table.
fn column(state: &State) -> Option<usize> {
    let (_, order) = in_front(state)?;
    order.get(state.place().cursor.spot).copied()
}

/// Sorts by the selected column: least first, then greatest first, then as before.
pub(super) fn sort(state: &mut State) {
    let Some(name) = column(state).and_then(|column| {
        let (table, _) = in_front(state)?;
        Some(table.column_names().get(column)?.to_string())
    }) else {
        return;
    };
    let place = state.place_mut();
    place.sort = match place.sort.take() {
        Some((known, false)) if known == name => Some((name, true)),
        Some((known, true)) if known == name => None,
        _ => Some((name, false)),
    };
    place.cursor.is_chosen = false;
    place.cursor.top = 0;
    place.first = 0;
}

/// The selected cell as text.
pub(super) fn cell(state: &State) -> Option<String> {
    let row = state.place().cursor.key.parse().ok()?;
    let (table, _) = in_front(state)?;
    Some(table.cell(row, column(state)?).unwrap_or_default())
}

/// Most rows that go into a clipboard; terminals drop longer texts.
const MAX_COPIED: usize = 1000;

/// Copies the selected row, or all shown ones.
pub(super) fn copy(state: &mut State, is_all: bool) -> Vec<Effect> {
    let Some((table, order)) = in_front(state) else {
        return Vec::new();
    };
    let (text, said) = if is_all {
        let Some(choice) = &state.place().choice else {
            return Vec::new();
        };
        let n = choice.rows.len().min(MAX_COPIED);
        let said = if n < choice.rows.len() {
            format!(
                "the first {n} of {} rows copied; x writes all",
                choice.rows.len()
            )
        } else {
            format!("{n} rows copied (OSC 52)")
        };
        (to_tsv(table, (&choice.rows[..n], &order)), said)
    } else {
        let Ok(row) = state.place().cursor.key.parse::<u32>() else {
            return Vec::new();
        };
        let text = to_tsv(table, (&[row], &order));
        let line = text.split_once('\n').map_or("", |(_, line)| line);
        (
            line.trim_end_matches('\n').to_owned(),
            "row copied (OSC 52)".to_owned(),
        )
    };
    state.say(said);
    vec![Effect::Copy(text)]
}

/// A key while a path is typed.
pub(super) fn in_export(state: &mut State, key: Key) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => state.export = None,
        KeyCode::Enter => {
            let columns = in_front(state).map(|(_, order)| order);
            let choice = state.place().choice.clone();
            if let (Some((path, may_replace)), Some(columns), Some(choice)) =
                (state.export.take(), columns, choice)
            {
                return vec![Effect::Export {
                    choice,
                    columns,
                    path,
                    may_replace,
                }];
            }
        }
        KeyCode::Backspace => {
            if let Some((path, may_replace)) = &mut state.export {
                path.pop();
                *may_replace = false;
            }
        }
        KeyCode::Char(c) if !key.has_control => super::typed(state, c),
        _ => {}
    }
    Vec::new()
}
