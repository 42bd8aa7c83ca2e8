//! A grid of values in cells.
//!
//! In: values by row and column. Out: one item per row with a spot per cell; the value is written in
//! the cell, its style says where in the range it lies.

use interlock_plugin_api::chart::{Chart, View};
use interlock_plugin_api::outcome::Rows;
use ratatui::text::{Line, Span};

use super::axis::Scale;
use super::{Room, rows_page};
use crate::item::{Item, Spot};
use crate::text::{number, pad, pad_left, width};
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

/// A heading and one item per row of cells.
pub(super) fn heatmap(view: &View, room: Room, look: &Look) -> Vec<Item> {
    let Some(heat) = Heat::of(&view.chart) else {
        return Vec::new();
    };
    let scale = Scale::of(heat.values.iter().flatten().copied());
    let label = heat
        .row_labels
        .iter()
        .map(|text| width(text))
        .max()
        .unwrap_or(0);
    let label = label.clamp(4, (room.width / 3).max(8));
    let n_columns = heat.column_labels.len().max(1);
    let widest = heat.column_labels.iter().map(|text| width(text)).max();
    let cell = (room.width.saturating_sub(label) / n_columns)
        .saturating_sub(1)
        .clamp(3, widest.unwrap_or(6).max(6));
    let axes = format!(
        "{} by {}, {} from {} to {}",
        heat.axes[0],
        heat.axes[1],
        heat.axes[2],
        number(scale.low),
        number(scale.high)
    );
    let mut head = String::new();
    for text in heat.column_labels {
        head.push(' ');
        head.push_str(&pad_left(text, cell));
    }
    let axis = look.style("chart.axis");
    let mut items = vec![
        Item::heading(axes, axis),
        Item::heading(format!("{}{head}", " ".repeat(label)), axis),
    ];
    for (row, name) in heat.row_labels.iter().enumerate() {
        let mut spans = vec![Span::raw(pad(name, label))];
        let mut spots = Vec::new();
        for (column, column_name) in heat.column_labels.iter().enumerate() {
            let at = row * heat.column_labels.len() + column;
            let value = heat.values.get(at).copied().flatten();
            let text = value.map_or_else(|| "-".to_owned(), number);
            let style = value.map_or(axis, |value| look.theme.scale(scale.share(value)));
            let from = label + column * (cell + 1) + 1;
            spans.push(Span::raw(" "));
            spans.push(Span::styled(pad_left(&text, cell), style));
            let mark = format!("{name}, {column_name}");
            spots.push(Spot {
                from: u16::try_from(from).unwrap_or(u16::MAX),
                to: u16::try_from(from + cell).unwrap_or(u16::MAX),
                readout: format!("{mark}: {text}"),
                target: rows_page(view, &mark, heat.rows.get(at)),
            });
        }
        items.push(Item {
            key: name.clone(),
            lines: vec![Line::from(spans)],
            spots,
        });
    }
    items
}
