//! Charts as lines of characters.
//!
//! In: a [`View`] as a check gave it, and the room there is. Out: [`Item`]s: each bar, bin, cell or
//! dense spot of points can be selected, says its figures, and opens its rows.
//!
//! A check's numbers are not believed: what is not finite is left out, lists of unequal length are
//! drawn as far as they go together.

mod axis;

mod bars;

mod grid;

mod points;

mod lines;

mod tables;

use interlock_plugin_api::chart::{Chart, View};
use interlock_plugin_api::outcome::Rows;
use ratatui::text::{Line, Span};

use crate::item::Item;
use crate::page::Page;
use crate::text::wrap;
use crate::theme::Look;

/// The room for a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Columns.
    pub width: usize,
    /// Lines that a chart without lines of its own may fill.
    pub height: usize,
}

impl Room {
    /// Room that any chart can be drawn in.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width: width.max(24),
            height: height.clamp(4, 30),
        }
    }
}

/// A chart as items.
pub fn items(view: &View, room: Room, look: &Look) -> Vec<Item> {
    match &view.chart {
        Chart::Table { columns, rows } => tables::table(view, columns, rows, room, look),
        Chart::Bars {
            value_axis,
            bars,
            threshold,
        } => bars::bars(view, value_axis, bars, *threshold, (room, look)),
        Chart::HistogramPair { .. } => bars::histogram_pair(view, room, look),
        Chart::Lines {
            x_axis,
            y_axis,
            series,
            threshold,
        } => lines::lines(
            &lines::Plot::new((x_axis, y_axis), series, *threshold),
            room,
            look,
        ),
        Chart::Scatter {
            x_axis,
            y_axis,
            color_axis,
            points,
            role,
        } => points::scatter(
            view,
            [x_axis, y_axis, color_axis],
            (points, *role),
            room,
            look,
        ),
        Chart::Beeswarm {
            value_axis,
            strips,
            role,
        } => points::beeswarm(view, value_axis, (strips, *role), room, look),
        Chart::Heatmap { .. } => grid::heatmap(view, room, look),
        Chart::Waterfall {
            base,
            base_label,
            steps,
            total,
            value_axis,
        } => bars::waterfall(
            view,
            (*base, base_label),
            steps,
            (*total, value_axis),
            (room, look),
        ),
        Chart::Text { text } => paragraphs(text, room),
        Chart::Unknown => paragraphs(
            "This kind of chart is not known to this version of the program; a newer one draws it.",
            room,
        ),
    }
}

/// A chart without colors, for pipes and screen readers.
pub fn plain(view: &View, width: usize, look: &Look) -> String {
    let items = items(view, Room::new(width, 12), look);
    let lines: Vec<String> = items
        .iter()
        .map(|item| item.text().trim_end().to_owned())
        .collect();
    lines.join("\n")
}

fn paragraphs(text: &str, room: Room) -> Vec<Item> {
    wrap(text, room.width)
        .into_iter()
        .map(|line| Item::plain(vec![Line::from(Span::raw(line))]))
        .collect()
}

/// The page of the rows behind a mark; `None` if it has none.
fn rows_page(view: &View, mark: &str, rows: Option<&Rows>) -> Option<Page> {
    let rows = rows.filter(|rows| !rows.rows.is_empty())?;
    Some(Page::Rows {
        title: format!("{}: {mark}", view.title),
        rows: rows.clone(),
        columns: Vec::new(),
        is_whole: false,
    })
}

#[cfg(test)]
mod tests;
