//! A table of cells.
//!
//! In: headings and rows. Out: a heading that stays and one item per row; columns are as wide as they
//! need to be as long as all fit, then the widest give way, and then the table is scrolled sideways.

use interlock_plugin_api::chart::{Cell, TableRow, View};
use ratatui::text::{Line, Span};

use super::{Room, rows_page};
use crate::item::{Item, Spot};
use crate::text::{clip_middle, number, pad, pad_left, width};
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
    let wanted: Vec<usize> = wanted.collect();
    let least = wanted
        .iter()
        .map(|width| (*width).min(LEAST))
        .sum::<usize>();
    if least + 2 * wanted.len().saturating_sub(1) > room.width {
        let widths = wanted.into_iter().map(|width| width.min(MOST)).collect();
        let sheet = Sheet {
            columns,
            widths,
            numeric,
        };
        return sheet.items((view, rows), &cells, look);
    }
    let widths = fit(wanted, room.width);
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
    let head = Item::heading(line(columns), look.style("chart.axis"));
    let mut items = vec![head.pinned()];
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

/// Columns in which a cell can still be read, and columns that suffice for one.
const LEAST: usize = 8;
const MOST: usize = 24;

/// A table too wide for the room, which is scrolled sideways; its first column stays.
struct Sheet<'s> {
    columns: &'s [String],
    widths: Vec<usize>,
    numeric: Vec<bool>,
}

impl Sheet<'_> {
    fn items(
        &self,
        (view, rows): (&View, &[TableRow]),
        cells: &[Vec<String>],
        look: &Look,
    ) -> Vec<Item> {
        let fixed = self.widths.first().map_or(0, |width| width + 2);
        let head = Item::heading(self.line(self.columns), look.style("chart.axis"));
        let mut items = vec![head.pinned().fixed(fixed)];
        for (row, texts) in rows.iter().zip(cells) {
            let name = texts.first().cloned().unwrap_or_default();
            let target = rows_page(view, &name, row.rows.as_ref());
            let mut at = 0;
            let spots = self.widths.iter().enumerate().map(|(place, width)| {
                let from = at;
                at += width + 2;
                Spot {
                    from: u16::try_from(from).unwrap_or(u16::MAX),
                    to: u16::try_from(from + width).unwrap_or(u16::MAX),
                    readout: format!("{name}: {} {}", self.columns[place], texts[place]),
                    target: target.clone(),
                }
            });
            let item = Item {
                key: name.clone(),
                spots: spots.collect(),
                lines: vec![Line::from(Span::raw(self.line(texts)))],
                ..Item::default()
            };
            items.push(item.fixed(fixed));
        }
        items
    }

    fn line(&self, texts: &[String]) -> String {
        let parts = texts.iter().zip(&self.widths).zip(&self.numeric);
        let part = |((text, width), is_number): ((&String, &usize), &bool)| {
            let text = clip_middle(text, *width);
            if *is_number {
                pad_left(&text, *width)
            } else {
                pad(&text, *width)
            }
        };
        parts.map(part).collect::<Vec<String>>().join("  ")
    }
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
