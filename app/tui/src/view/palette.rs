//! All actions in a window: typing finds, Enter does, and what cannot be done says why. The columns of
//! a table are listed the same way.

use interlock_engine::report::printable;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget as _};

use super::fill;
use crate::action::{Entry, can, search, search_names};
use crate::state::{Listing, Palette, State};
use crate::text::{clip, pad, pad_left, width};

/// Draws the window. Gives where typing goes on.
pub(super) fn draw(state: &State, buffer: &mut Buffer) -> Option<Position> {
    let palette = state.palette.as_ref()?;
    let look = &state.scene.look;
    let title = match palette.lists {
        Listing::Actions => " what to do ",
        Listing::Columns => " which column ",
    };
    let screen = buffer.area;
    let columns = screen.width.saturating_sub(4).min(100);
    let lines = screen.height.saturating_sub(2).min(24);
    let area = Rect {
        x: (screen.width - columns) / 2,
        y: (screen.height - lines) / 2,
        width: columns,
        height: lines,
    };
    fill(
        area,
        look.style("ui.background").patch(look.style("ui.popup")),
        buffer,
    );
    Block::bordered()
        .border_set(look.glyphs.border)
        .border_style(look.style("ui.border.focused"))
        .title(Span::styled(title, look.style("ui.title")))
        .render(area, buffer);
    let inside = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let prompt = format!("> {}", palette.query);
    let line = Line::from(Span::styled(
        clip(&prompt, usize::from(inside.width)),
        look.style("ui.text.accent"),
    ));
    buffer.set_line(inside.x, inside.y, &line, inside.width);
    let found = listed(state, palette, usize::from(inside.width));
    let n_shown = usize::from(inside.height.saturating_sub(3));
    let top = palette.selected.saturating_sub(n_shown.saturating_sub(1));
    let shown = found.iter().enumerate().skip(top).take(n_shown);
    for ((index, line), y) in shown.zip(inside.y + 2..) {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        buffer.set_line(row.x, y, line, row.width);
        if index == palette.selected {
            buffer.set_style(row, look.style("ui.selection"));
        }
    }
    if found.is_empty() {
        let line = Line::from(Span::styled(
            "nothing of that name",
            look.style("ui.text.dim"),
        ));
        buffer.set_line(inside.x, inside.y + 2, &line, inside.width);
    }
    let at = u16::try_from(width(&prompt))
        .unwrap_or(0)
        .min(inside.width.saturating_sub(1));
    Some(Position::new(inside.x + at, inside.y))
}

/// What is listed, best first.
fn listed(state: &State, palette: &Palette, columns: usize) -> Vec<Line<'static>> {
    match palette.lists {
        Listing::Actions => search(&palette.query)
            .into_iter()
            .map(|entry| line_of(state, entry, columns))
            .collect(),
        Listing::Columns => {
            let names = state.column_names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = search_names(&names, &palette.query).into_iter();
            let line = |at: usize| {
                let number = Span::styled(
                    pad_left(&(at + 1).to_string(), 5),
                    state.scene.look.style("ui.text.dim"),
                );
                let name = clip(&printable(names[at]), columns.saturating_sub(7));
                Line::from(vec![number, Span::raw(format!("  {name}"))])
            };
            found.map(line).collect()
        }
    }
}

fn line_of(state: &State, entry: &Entry, columns: usize) -> Line<'static> {
    let look = &state.scene.look;
    let dim = look.style("ui.text.dim");
    let keys: Vec<String> = entry.keys.iter().map(|key| key.name()).collect();
    let keys = Span::styled(pad(&keys.join(" "), 18), look.style("ui.key"));
    let room = columns.saturating_sub(34);
    match can(state, entry.action) {
        Ok(()) => Line::from(vec![
            keys,
            Span::raw(pad(entry.title, 16)),
            Span::styled(clip(entry.doc, room), dim),
        ]),
        Err(why) => Line::from(vec![
            keys,
            Span::styled(pad(entry.title, 16), dim),
            Span::styled(clip(&format!("not now: {why}"), room), dim),
        ]),
    }
}
