//! Rows of a table, cell by cell.

use interlock_engine::table::TableView;
use interlock_plugin_api::outcome::Rows;
use ratatui::text::{Line, Span};

use super::paragraph;
use crate::item::{Item, Spot};
use crate::scene::Scene;
use crate::text::{pad, pad_left, width as width_of};

/// Widest a column is drawn; the whole value stands below while its cell is selected.
const MAX_WIDTH: usize = 24;

/// The page of rows; the columns named come first.
pub(super) fn items(scene: &Scene, rows: &Rows, first: &[String], width: usize) -> Vec<Item> {
    let input = scene.table(rows.role);
    let Some(table) = input.and_then(|input| input.table.as_deref()) else {
        let text = format!("The {} table is not loaded.", rows.role.name());
        return paragraph(&text, scene.look.style("ui.text.dim"), width);
    };
    let order = order(table, first);
    let shown: Vec<u64> = rows
        .rows
        .iter()
        .copied()
        .filter(|row| *row < table.n_rows())
        .collect();
    let mut text = format!("{} rows of {}", rows.total, rows.role.name());
    if (shown.len() as u64) < rows.total {
        text = format!("the first {} of {text}", shown.len());
    }
    if input.is_some_and(|input| input.stale.is_some()) {
        text.push_str("; the table on disk has changed since");
    }
    let dim = scene.look.style("ui.text.dim");
    let mut items = paragraph(&text, dim, width);
    let names = table.column_names();
    let widths: Vec<usize> = order
        .iter()
        .map(|column| column_width(table, *column, names[*column], &shown))
        .collect();
    let head: Vec<String> = order
        .iter()
        .zip(&widths)
        .map(|(column, width)| pad(names[*column], *width))
        .collect();
    items.push(Item::heading(
        format!("{}  {}", pad_left("line", 7), head.join("  ")),
        dim,
    ));
    for row in shown {
        items.push(line(table, row, (&order, &widths), scene));
    }
    items
}

fn order(table: &TableView, first: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = first
        .iter()
        .filter_map(|name| table.column_idx(name))
        .collect();
    for column in 0..table.n_columns() {
        if !order.contains(&column) {
            order.push(column);
        }
    }
    order
}

fn column_width(table: &TableView, column: usize, name: &str, rows: &[u64]) -> usize {
    let widest = rows
        .iter()
        .take(100)
        .filter_map(|row| table.cell(*row, column))
        .map(|cell| width_of(&cell))
        .max()
        .unwrap_or(0);
    widest.max(width_of(name)).clamp(3, MAX_WIDTH)
}

fn line(table: &TableView, row: u64, (order, widths): (&[usize], &[usize]), scene: &Scene) -> Item {
    let dim = scene.look.style("ui.text.dim");
    let place = table.source_line(row);
    let label = place.map_or_else(|| row.to_string(), |line| line.to_string());
    let file = table.source_file(row).unwrap_or_default();
    let mut spans = vec![Span::styled(format!("{}  ", pad_left(&label, 7)), dim)];
    let mut spots = Vec::new();
    let mut at = 9;
    let names = table.column_names();
    for (column, width) in order.iter().zip(widths) {
        let cell = table.cell(row, *column);
        let (text, style) = match &cell {
            Some(text) => (text.as_str(), ratatui::style::Style::default()),
            None => ("-", dim),
        };
        spans.push(Span::styled(pad(text, *width), style));
        spans.push(Span::raw("  "));
        let value = cell.as_deref().unwrap_or("missing");
        let from = if place.is_some() {
            format!("{file}:{label}")
        } else {
            format!("row {row}")
        };
        spots.push(Spot {
            from: u16::try_from(at).unwrap_or(u16::MAX),
            to: u16::try_from(at + width).unwrap_or(u16::MAX),
            readout: format!("{from}: {} = {value}", names[*column]),
            target: None,
        });
        at += width + 2;
    }
    Item {
        key: row.to_string(),
        lines: vec![Line::from(spans)],
        spots,
    }
}
