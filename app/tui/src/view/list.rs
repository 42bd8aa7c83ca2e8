//! Items in a pane: the selected one marked, the part on screen drawn.

use interlock_engine::report::printable;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use super::NOTHING;
use crate::item::{Item, Spot};
use crate::scene::Scene;
use crate::state::Cursor;
use crate::text::width;

/// Draws what is on screen. Gives where the selected spot begins.
pub(super) fn draw(
    scene: &Scene,
    items: &[Item],
    cursor: Option<&Cursor>,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let cursor = cursor.unwrap_or(&NOTHING);
    let mut selected_at = None;
    let mut line_at = 0;
    for (index, item) in items.iter().enumerate() {
        for line in &item.lines {
            let on_screen =
                line_at >= cursor.top && line_at < cursor.top + usize::from(area.height);
            if on_screen {
                let y = area.y + u16::try_from(line_at - cursor.top).unwrap_or(0);
                let row = Rect {
                    y,
                    height: 1,
                    ..area
                };
                let spot = (index == cursor.index)
                    .then(|| item.spots.get(cursor.spot))
                    .flatten();
                let at = draw_line(scene, line, (cursor.left, spot), row, buffer);
                selected_at = selected_at.or(at);
            }
            line_at += 1;
        }
    }
    more_below(scene, line_at, cursor.top, area, buffer);
    selected_at
}

fn draw_line(
    scene: &Scene,
    line: &Line<'_>,
    (left, spot): (usize, Option<&Spot>),
    row: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let text = Rect {
        x: row.x + 1,
        width: row.width.saturating_sub(1),
        ..row
    };
    let mut x = text.x;
    for span in &skip(line, left).spans {
        if x >= text.right() {
            break;
        }
        let shown = printable(&span.content);
        let (next, _) =
            buffer.set_stringn(x, row.y, shown, usize::from(text.right() - x), span.style);
        x = next;
    }
    let spot = spot?;
    let selection = scene.look.style("ui.selection");
    let from = usize::from(spot.from).saturating_sub(left);
    let from = text.x + u16::try_from(from).unwrap_or(0).min(text.width);
    let to = usize::from(spot.to).saturating_sub(left);
    let to = text.x + u16::try_from(to).unwrap_or(u16::MAX).min(text.width);
    let area = Rect {
        x: from,
        width: to.saturating_sub(from),
        ..row
    };
    buffer.set_style(area, selection);
    let mark = scene.look.style("ui.text.accent");
    buffer.set_stringn(row.x, row.y, scene.look.glyphs.cursor, 1, mark);
    Some(Position::new(
        from.min(text.right().saturating_sub(1)),
        row.y,
    ))
}

/// The line without its first columns.
fn skip<'l>(line: &'l Line<'l>, columns: usize) -> Line<'l> {
    if columns == 0 {
        return line.clone();
    }
    let mut to_skip = columns;
    let mut spans: Vec<Span<'l>> = Vec::new();
    for span in &line.spans {
        let wide = width(&span.content);
        if wide <= to_skip {
            to_skip -= wide;
            continue;
        }
        let mut rest = String::new();
        for grapheme in span.content.graphemes(true) {
            if to_skip == 0 {
                rest.push_str(grapheme);
            } else {
                to_skip = to_skip.saturating_sub(width(grapheme).max(1));
            }
        }
        spans.push(Span::styled(rest, span.style));
    }
    Line::from(spans)
}

/// Says how many lines there are beyond the last one on screen.
fn more_below(scene: &Scene, n_lines: usize, top: usize, area: Rect, buffer: &mut Buffer) {
    let below = n_lines.saturating_sub(top + usize::from(area.height));
    if below == 0 || area.height < 3 || area.width < 20 {
        return;
    }
    let text = format!(" {below} more ");
    let columns = u16::try_from(text.len()).unwrap_or(0);
    let style: Style = scene.look.style("ui.text.dim");
    let x = area.right().saturating_sub(columns);
    buffer.set_stringn(x, area.bottom() - 1, &text, usize::from(columns), style);
}
