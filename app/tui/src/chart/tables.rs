//! A table of cells.
//!
//! In: headings and rows. Out: one item per row; columns are as wide as they need to be as long as
//! all fit, then the widest give way.

use interlock_plugin_api::chart::{Cell, TableRow, View};
use ratatui::text::{Line, Span};

use super::{Room, rows_page};
use crate::item::Item;
use crate::text::{number, pad, pad_left, width};
use crate::theme::Look;

/// A heading and one item per row.
pub(super) fn table(
    view: &View,
    columns: &[String],
    rows: &[TableRow],
    room: Room,
    look: &Look,
) -> Vec<Item> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            (0..columns.len())
                .map(|at| cell(row.cells.get(at)))
                .collect()
        })
        .collect();
    let is_number = |at: usize| {
        let mut known = rows.iter().filter_map(|row| row.cells.get(at));
        known.all(|cell| !matches!(cell, Cell::Text(_)))
    };
    let numeric: Vec<bool> = (0..columns.len()).map(is_number).collect();
    let wanted = (0..columns.len()).map(|at| {
        let body = cells.iter().map(|row| width(&row[at])).max().unwrap_or(0);
        body.max(width(&columns[at]))
    });
    let widths = fit(wanted.collect(), room.width);
    let line = |texts: &[String]| -> String {
        let parts: Vec<String> = texts
            .iter()
            .zip(&widths)
            .zip(&numeric)
            .map(|((text, width), is_number)| {
                if *is_number {
                    pad_left(text, *width)
                } else {
                    pad(text, *width)
                }
            })
            .collect();
        parts.join("  ")
    };
    let mut items = vec![Item::heading(line(columns), look.style("chart.axis"))];
    for (row, texts) in rows.iter().zip(&cells) {
        let name = texts.first().cloned().unwrap_or_default();
        let target = rows_page(view, &name, row.rows.as_ref());
        let full: Vec<String> = columns
            .iter()
            .zip(texts)
            .map(|(column, text)| format!("{column} {text}"))
            .collect();
        items.push(
            Item::row(name, Line::from(Span::raw(line(texts))), target).readout(full.join(", ")),
        );
    }
    items
}

fn cell(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Number(value)) => number(*value),
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Nothing) | None => String::new(),
    }
}

/// Widths that fit into `room` with two columns between; the widest are cut first.
pub(crate) fn fit(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = widths.iter_mut().max() else {
            break;
        };
        if *widest <= 4 {
            break;
        }
        *widest -= 1;
    }
    widths
}
