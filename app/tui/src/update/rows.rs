//! Rows of a table: chosen, sorted, copied, written.

use crossterm::event::KeyCode;
use interlock_engine::export::to_tsv;
use interlock_engine::table::TableView;

use super::Effect;
use crate::action::Key;
use crate::content;
use crate::page::Page;
use crate::state::State;

/// Chooses the rows of the page in front anew if something else is asked now: at once in a small
/// table, else by the loop.
pub(super) fn choose(state: &mut State) -> Option<Effect> {
    let question = state.question()?;
    let place = state.place();
    let is_known = place
        .choice
        .as_ref()
        .is_some_and(|choice| choice.question == question);
    if is_known || place.is_choosing {
        return None;
    }
    let input = state.scene.table(question.role)?;
    let table = input.table.clone()?;
    if question.is_quick(&table) {
        state.place_mut().choice = Some(question.answer(&table));
        return None;
    }
    state.place_mut().is_choosing = true;
    Some(Effect::Choose(question))
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
