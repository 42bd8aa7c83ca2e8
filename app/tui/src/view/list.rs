//! Items in a pane: the selected one marked, the part on screen drawn.

use interlock_engine::report::printable;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use super::NOTHING;
use crate::cursor::Cursor;
use crate::item::{Item, Spot, on_screen};
use crate::scene::Scene;
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
    let shown = on_screen(items, cursor.top, usize::from(area.height));
    for ((index, line), y) in shown.into_iter().zip(area.y..) {
        let (item, row) = (
            &items[index],
            Rect {
                y,
                height: 1,
                ..area
            },
        );
        let spot = (index == cursor.index)
            .then(|| item.spots.get(cursor.spot))
            .flatten();
        let moved = item.fixed.map(|fixed| (usize::from(fixed), cursor.left));
        let line = &item.lines[line];
        let at = draw_line(scene, line, (moved.unwrap_or_default(), spot), row, buffer);
        selected_at = selected_at.or(at);
    }
    let n_lines: usize = items.iter().map(|item| item.lines.len()).sum();
    more_below(scene, n_lines, cursor.top, area, buffer);
    selected_at
}

/// Draws a line whose first columns stay, and which is scrolled sideways by so many others.
fn draw_line(
    scene: &Scene,
    line: &Line<'_>,
    ((fixed, left), spot): ((usize, usize), Option<&Spot>),
    row: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let text = Rect {
        x: row.x + 1,
        width: row.width.saturating_sub(1),
        ..row
    };
    let mut x = text.x;
    for span in &skip(line, (fixed, left)).spans {
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
    let on_screen = |column: u16| {
        let column = usize::from(column);
        let at = if column < fixed {
            column
        } else {
            column.saturating_sub(left).max(fixed)
        };
        text.x + u16::try_from(at).unwrap_or(u16::MAX).min(text.width)
    };
    let (from, to) = (on_screen(spot.from), on_screen(spot.to));
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

/// The line without the columns scrolled over, which come after the fixed ones.
fn skip<'l>(line: &'l Line<'l>, (fixed, left): (usize, usize)) -> Line<'l> {
    if left == 0 {
        return line.clone();
    }
    let (mut at, mut spans): (usize, Vec<Span<'l>>) = (0, Vec::new());
    for span in &line.spans {
        let wide = width(&span.content);
        let is_between = |at: usize| (fixed..fixed + left).contains(&at);
        if at + wide <= fixed || at >= fixed + left {
            spans.push(span.clone());
        } else {
            let mut rest = String::new();
            let mut column = at;
            for grapheme in span.content.graphemes(true) {
                if !is_between(column) {
                    rest.push_str(grapheme);
                }
                column += width(grapheme);
            }
            spans.push(Span::styled(rest, span.style));
        }
        at += wide;
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
