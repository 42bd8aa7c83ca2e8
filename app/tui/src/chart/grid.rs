//! A grid of values in cells.
//!
//! In: values by row and column. Out: a heading that stays, and one item per row with a spot per cell;
//! the value is written in the cell, its style says where in the range it lies.

use interlock_plugin_api::chart::{Chart, View};
use interlock_plugin_api::outcome::Rows;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use super::axis::Scale;
use super::{Room, rows_page};
use crate::item::{Item, Spot};
use crate::text::{clip_middle, number, pad, pad_left, width};
use crate::theme::Look;

/// What a heatmap consists of.
struct Heat<'a> {
    /// What rows, columns and cells are.
    axes: [&'a str; 3],
    row_labels: &'a [String],
    column_labels: &'a [String],
    values: &'a [Option<f64>],
    rows: &'a [Rows],
}

impl<'a> Heat<'a> {
    fn of(chart: &'a Chart) -> Option<Self> {
        let Chart::Heatmap {
            row_axis,
            column_axis,
            value_axis,
            row_labels,
            column_labels,
            values,
            rows,
        } = chart
        else {
            return None;
        };
        Some(Self {
            axes: [row_axis, column_axis, value_axis],
            row_labels,
            column_labels,
            values,
            rows,
        })
    }
}

/// Most lines that names of columns are broken into.
const MAX_HEAD: usize = 4;

/// Columns of a cell in which a broken name can still be read.
const MIN_CELL: usize = 5;

/// A heading that stays and one item per row of cells; what does not fit is scrolled to.
pub(super) fn heatmap(view: &View, room: Room, look: &Look) -> Vec<Item> {
    let Some(heat) = Heat::of(&view.chart) else {
        return Vec::new();
    };
    let (range, colors) = scales(heat.values);
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let label = widest(heat.row_labels).clamp(4, (room.width / 3).max(8));
    let show = shown(heat.values);
    let values: Vec<String> = heat
        .values
        .iter()
        .map(|value| value.map_or_else(|| "-".to_owned(), &show))
        .collect();
    let n_columns = heat.column_labels.len().max(1);
    let room_each = (room.width.saturating_sub(label) / n_columns).saturating_sub(1);
    let least = widest(&values)
        .max(MIN_CELL.min(widest(heat.column_labels)))
        .max(3);
    let cell = room_each.clamp(least, widest(heat.column_labels).max(least));
    let axes = format!(
        "{} by {}, {} from {} to {}",
        heat.axes[0],
        heat.axes[1],
        heat.axes[2],
        number(range.low),
        number(range.high)
    );
    let axis = look.style("chart.axis");
    let mut items = vec![Item::heading(axes, axis)];
    let head = head(heat.column_labels, cell).into_iter();
    let head = head.map(|line| Line::from(Span::styled(format!("{}{line}", pad("", label)), axis)));
    items.push(Item::plain(head.collect()).pinned().fixed(label + 1));
    for (row, name) in heat.row_labels.iter().enumerate() {
        let mut spans = vec![Span::raw(pad(&clip_middle(name, label), label))];
        let mut spots = Vec::new();
        for (column, column_name) in heat.column_labels.iter().enumerate() {
            let at = row * heat.column_labels.len() + column;
            let value = heat.values.get(at).copied().flatten();
            let text = values.get(at).map_or("-", String::as_str);
            let style = value.map_or(axis, |value| look.theme.scale(colors.share(value)));
            let from = label + column * (cell + 1) + 1;
            spans.push(Span::raw(" "));
            spans.push(Span::styled(pad_left(text, cell), style));
            let mark = format!("{name}, {column_name}");
            let rows = heat.rows.get(at);
            spots.push(Spot {
                from: u16::try_from(from).unwrap_or(u16::MAX),
                to: u16::try_from(from + cell).unwrap_or(u16::MAX),
                readout: heat.said((name, column_name), value, rows),
                target: rows_page(view, &mark, rows),
            });
        }
        let item = Item {
            key: name.clone(),
            lines: vec![Line::from(spans)],
            spots,
            ..Item::default()
        };
        items.push(item.fixed(label + 1));
    }
    items
}

impl Heat<'_> {
    /// A cell spelled out: `true class bad, decided class good: 44 (rows)`.
    fn said(&self, (row, column): (&str, &str), value: Option<f64>, rows: Option<&Rows>) -> String {
        let value = value.map_or_else(|| "nothing".to_owned(), number);
        let counted = rows.filter(|rows| rows.total > 0 && self.axes[2] != "rows");
        let counted = counted.map_or(String::new(), |rows| format!(", {} rows", rows.total));
        format!(
            "{} {row}, {} {column}: {value} ({}){counted}",
            self.axes[0], self.axes[1], self.axes[2]
        )
    }
}

/// The range of the values, and the one their colors stand for: with zero in the middle if there are
/// values on both sides of it.
fn scales(values: &[Option<f64>]) -> (Scale, Scale) {
    let range = Scale::of(values.iter().flatten().copied());
    let most = range.high.abs().max(range.low.abs());
    let colors = if range.low < 0.0 && range.high > 0.0 {
        Scale {
            low: -most,
            high: most,
        }
    } else {
        range
    };
    (range, colors)
}

/// How values are written in cells: shares and coefficients in two digits, `.31`.
fn shown(values: &[Option<f64>]) -> impl Fn(f64) -> String {
    let known = || values.iter().flatten();
    let is_share = known().all(|value| value.abs() <= 1.0)
        && known().any(|value| value.fract().abs() > f64::EPSILON);
    move |value: f64| {
        if !is_share || value.fract().abs() < f64::EPSILON {
            return number(value);
        }
        let text = format!("{value:.2}").replacen("0.", ".", 1);
        if text == "-.00" {
            ".00".to_owned()
        } else {
            text
        }
    }
}

/// Names of columns over cells of this width, each broken into as few lines as the longest needs; at
/// the bottom of its lines.
fn head(names: &[String], cell: usize) -> Vec<String> {
    let broken: Vec<Vec<String>> = names
        .iter()
        .map(|name| chunks(&clip_middle(name, cell * MAX_HEAD), cell))
        .collect();
    let n_lines = broken.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let line = |line: usize| -> String {
        let part = |chunks: &Vec<String>| {
            let empty = n_lines - chunks.len();
            let text = line.checked_sub(empty).and_then(|at| chunks.get(at));
            let text = text.map_or("", String::as_str);
            // A name of one line stands over its numbers, one of several reads from the left.
            let text = if chunks.len() > 1 {
                pad(text, cell)
            } else {
                pad_left(text, cell)
            };
            format!(" {text}")
        };
        broken.iter().map(part).collect()
    };
    (0..n_lines).map(line).collect()
}

/// A text cut into pieces of at most so many columns.
fn chunks(text: &str, columns: usize) -> Vec<String> {
    let mut chunks = vec![String::new()];
    for grapheme in text.graphemes(true) {
        let last = chunks.last().map_or(0, |chunk| width(chunk));
        if last + width(grapheme) > columns && last > 0 {
            chunks.push(String::new());
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push_str(grapheme);
        }
    }
    chunks
}
