//! A state as cells.
//!
//! In: a settled [`State`]. Out: a filled buffer, and where the cursor stands. Drawing changes
//! nothing and computes no figure.
//!
//! ```text
//!  title        interlock  project › check › chart              ✗ FAIL  2 running
//!  pipeline     ✓ Data quality → ! Interpretability → ✗ Bias → …
//!  banner       ~ interlock.toml:7: …
//!  body         ╭ 1 Checks  2 Plugins ─╮╭ preview ─╮
//!  log          ╭ log ────────────────────────────╮
//!  readout      what is said about the selected spot
//!  footer       Enter open  Esc back  …  ? help
//! ```

mod bars;

mod list;

mod palette;

mod tiny;

use interlock_engine::picture::Picture;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget as _};

use crate::content;
use crate::cursor::Cursor;
use crate::item::Item;
use crate::layout::{Areas, Class};
use crate::page::Page;
use crate::state::State;

/// Draws a frame. Gives where the cursor stands and whether it is to be seen.
pub fn draw(state: &State, buffer: &mut Buffer) -> Option<(Position, bool)> {
    let areas = state.areas();
    buffer.set_style(buffer.area, state.scene.look.style("ui.background"));
    if areas.class == Class::Tiny {
        tiny::draw(state, buffer);
        return None;
    }
    bars::title(state, areas.title, buffer);
    bars::pipeline(state, areas, buffer);
    bars::banner(state, areas.banner, buffer);
    let cursor = body(state, areas, buffer);
    preview(state, areas, buffer);
    log(state, areas, buffer);
    let typed = bars::readout(state, areas.readout, buffer);
    bars::footer(state, areas.footer, buffer);
    if state.palette.is_some() {
        return palette::draw(state, buffer).map(|at| (at, true));
    }
    typed.map(|at| (at, true)).or(cursor.map(|at| (at, false)))
}

fn body(state: &State, areas: Areas, buffer: &mut Buffer) -> Option<Position> {
    let inside = areas.inside(areas.body);
    frame(state, areas, areas.body, &tabs(state), true, buffer);
    let items = state.items();
    if items.is_empty() && !state.place().filter.is_empty() {
        let text = format!("Nothing holds '{}'. Esc shows all.", state.place().filter);
        let line = Line::from(Span::styled(text, state.scene.look.style("ui.text.dim")));
        buffer.set_line(inside.x + 1, inside.y, &line, inside.width);
        return None;
    }
    list::draw(
        &state.scene,
        &items,
        Some(&state.place().cursor),
        inside,
        buffer,
    )
}

/// The panes of the overview with their digits, or the name of the page.
fn tabs(state: &State) -> Vec<Span<'static>> {
    let look = &state.scene.look;
    let (dim, title) = (look.style("ui.text.dim"), look.style("ui.title"));
    if !state.stack.is_empty() {
        return vec![Span::styled(
            format!(" {} ", state.place().page.title()),
            title,
        )];
    }
    let mut spans = vec![Span::raw(" ")];
    for (index, page) in Page::ROOTS.iter().enumerate() {
        let style = if index == state.root { title } else { dim };
        let count = count(&state.scene.picture, page);
        spans.push(Span::styled(
            format!("{} {}{count}", index + 1, page.title()),
            style,
        ));
        spans.push(Span::raw("  "));
    }
    if state.scene.only_bad && state.root == 0 {
        spans.push(Span::styled("only bad ", look.style("status.warn")));
    }
    spans
}

fn count(picture: &Picture, page: &Page) -> String {
    match page {
        Page::Checks => format!(" {}", picture.checks.len()),
        Page::Plugins => format!(" {}", picture.plugins.len()),
        _ => String::new(),
    }
}

fn preview(state: &State, areas: Areas, buffer: &mut Buffer) {
    if areas.preview.is_empty() {
        return;
    }
    let items = state.items();
    let target = state
        .selected(&items)
        .and_then(|(_, _, spot)| spot.target.clone());
    let title = target.as_ref().map_or(String::new(), Page::title);
    let title = vec![Span::styled(
        format!(" {title} "),
        state.scene.look.style("ui.text.dim"),
    )];
    frame(state, areas, areas.preview, &title, false, buffer);
    let inside = areas.inside(areas.preview);
    if let Some(page) = target {
        let width = usize::from(inside.width.saturating_sub(1));
        let items: Vec<Item> =
            content::items(&state.scene, &page, width, usize::from(inside.height));
        list::draw(&state.scene, &items, None, inside, buffer);
    }
}

fn log(state: &State, areas: Areas, buffer: &mut Buffer) {
    if areas.log.is_empty() {
        return;
    }
    let title = vec![Span::styled(" log ", state.scene.look.style("ui.text.dim"))];
    frame(state, areas, areas.log, &title, false, buffer);
    let inside = areas.inside(areas.log);
    let width = usize::from(inside.width.saturating_sub(1));
    let items = content::items(&state.scene, &Page::Log, width, usize::from(inside.height));
    list::draw(&state.scene, &items, None, inside, buffer);
}

fn frame(
    state: &State,
    areas: Areas,
    area: Rect,
    title: &[Span<'static>],
    is_focused: bool,
    buffer: &mut Buffer,
) {
    if matches!(areas.class, Class::Narrow | Class::Tiny) {
        return;
    }
    let scope = if is_focused {
        "ui.border.focused"
    } else {
        "ui.border"
    };
    Block::bordered()
        .border_set(state.scene.look.glyphs.border)
        .border_style(state.scene.look.style(scope))
        .title(Line::from(title.to_vec()))
        .render(area, buffer);
}

/// The selection of a list that has none.
static NOTHING: Cursor = Cursor {
    is_chosen: false,
    key: String::new(),
    index: usize::MAX,
    spot: 0,
    top: 0,
    left: 0,
};

/// Fills an area with a style and nothing else.
fn fill(area: Rect, style: Style, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.set_symbol(" ").set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod table_tests;
