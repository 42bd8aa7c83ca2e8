//! The mouse: wheel, clicks on lines, stages and panes.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{Effect, open, show_pane};
use crate::pipeline::segments;
use crate::state::State;

/// Changes the state.
pub(super) fn update(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    if state.palette.is_some() {
        return Vec::new();
    }
    match event.kind {
        MouseEventKind::ScrollDown => super::move_by(state, 3),
        MouseEventKind::ScrollUp => super::move_by(state, -3),
        MouseEventKind::Down(MouseButton::Left) => clicked(state, event.column, event.row),
        _ => {}
    }
    Vec::new()
}

fn clicked(state: &mut State, column: u16, row: u16) {
    let areas = state.areas();
    let at = Position::new(column, row);
    if areas.pipeline.contains(at) {
        show_stage(state, usize::from(column));
    } else if areas.log.contains(at) {
        show_pane(state, 3);
    } else if areas.preview.contains(at) {
        open(state);
    } else if areas.inside(areas.body).contains(at) {
        select(state, column, row);
    }
}

/// Selects the gravest check of a stage.
fn show_stage(state: &mut State, column: usize) {
    let width = usize::from(state.areas().pipeline.width);
    let picture = state.scene.picture.clone();
    let segments = segments(&picture, width);
    let hit = segments
        .iter()
        .find(|segment| (segment.from..segment.to).contains(&column));
    let Some(stage) = hit.and_then(|segment| segment.stage) else {
        return;
    };
    let first = picture
        .checks
        .iter()
        .filter(|check| check.info.stage == stage)
        .min_by_key(|check| std::cmp::Reverse(check.standing));
    if let Some(check) = first {
        show_pane(state, 0);
        state.place_mut().cursor.choose(0, &check.info.id);
    }
}

/// Selects what was clicked; a second click opens it.
fn select(state: &mut State, column: u16, row: u16) {
    let body = state.body();
    let items = state.items();
    let cursor = &state.place().cursor;
    let line = cursor.top + usize::from(row - body.y);
    // The first column is the mark of the selected line.
    let column = usize::from(column - body.x).saturating_sub(1) + cursor.left;
    let mut first = 0;
    for (index, item) in items.iter().enumerate() {
        let after = first + item.lines.len();
        if !(first..after).contains(&line) || item.spots.is_empty() {
            first = after;
            continue;
        }
        let spot = item
            .spots
            .iter()
            .position(|spot| (usize::from(spot.from)..usize::from(spot.to)).contains(&column));
        let spot = spot.unwrap_or(0);
        let is_again = cursor.index == index && cursor.spot == spot;
        let cursor = &mut state.place_mut().cursor;
        cursor.choose(index, &item.key);
        cursor.spot = spot;
        if is_again && item.spots[spot].target.is_some() {
            open(state);
        }
        return;
    }
}
