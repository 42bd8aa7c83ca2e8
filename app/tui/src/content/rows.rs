//! Rows of a table, cell by cell.

use interlock_engine::query::Filter;
use interlock_engine::table::TableView;
use interlock_plugin_api::outcome::Rows;
use ratatui::text::{Line, Span};

use super::paragraph;
use crate::choice::Choice;
use crate::item::{Item, Spot};
use crate::scene::Scene;
use crate::text::{pad, pad_left, width as width_of};

/// Widest a column is drawn; the whole value stands below while its cell is selected.
const MAX_WIDTH: usize = 24;

/// Most rows drawn; sorting and filtering look at all.
const MAX_ROWS: usize = 1000;

/// The page of rows as last chosen; the columns named come first and their cells are marked.
/// `doing` is what goes on in a thread: `sorting…`.
pub fn items(
    scene: &Scene,
    (rows, first): (&Rows, &[String]),
    choice: Option<&Choice>,
    doing: &str,
    width: usize,
) -> Vec<Item> {
    let dim = scene.look.style("ui.text.dim");
    let input = scene.table(rows.role);
    let Some(table) = input.and_then(|input| input.table.as_deref()) else {
        let text = format!("The {} table is not loaded.", rows.role.name());
        return paragraph(&text, dim, width);
    };
    let order = order(table, first);
    // The table may have been read anew since.
    let of_table = |row: &u64| *row < table.n_rows();
    let shown: Vec<u64> = match choice {
        Some(choice) => {
            let rows = choice.rows.iter().map(|row| u64::from(*row));
            rows.filter(of_table).take(MAX_ROWS).collect()
        }
        None => rows.rows.iter().copied().filter(of_table).collect(),
    };
    let mut text = said(table, rows, choice, shown.len());
    if input.is_some_and(|input| input.stale.is_some()) {
        text.push_str("; the table on disk has changed since");
    }
    if !doing.is_empty() {
        text = format!("{text}; {doing}");
    }
    let mut items = paragraph(&text, dim, width);
    let names = table.column_names();
    let widths: Vec<usize> = order
        .iter()
        .map(|column| column_width(table, *column, names[*column], &shown))
        .collect();
    let is_marked = |column: usize| first.iter().any(|name| *name == names[column]);
    let sort = choice.and_then(|choice| choice.question.sort.as_ref());
    let mut head = vec![Span::styled(format!("{}  ", pad_left("line", 7)), dim)];
    for (column, width) in order.iter().zip(&widths) {
        let mut name = names[*column].to_owned();
        if let Some((_, is_descending)) = sort.filter(|(known, _)| *known == name) {
            let sign = if *is_descending { '-' } else { '+' };
            name = format!("{sign}{name}");
        }
        let style = if is_marked(*column) {
            scene.look.style("chart.flagged")
        } else {
            dim
        };
        head.push(Span::styled(pad(&name, *width), style));
        head.push(Span::raw("  "));
    }
    items.push(Item::plain(vec![Line::from(head)]));
    let n_marked = order.iter().filter(|column| is_marked(**column)).count();
    for row in shown {
        items.push(line(table, row, (&order, &widths, n_marked), scene));
    }
    items
}

/// How many rows there are, which of them are shown, and in which order.
fn said(table: &TableView, rows: &Rows, choice: Option<&Choice>, n_shown: usize) -> String {
    let mut text = format!("{} rows of {}", rows.total, rows.role.name());
    let Some(choice) = choice else {
        return text;
    };
    let n_base = choice.question.base.as_ref().map(|base| base.len() as u64);
    if n_base.is_some_and(|n| n < rows.total) {
        text = format!("the first {} of {text}", n_base.unwrap_or(0));
    }
    let filter = Filter::parse(&choice.question.filter, &table.column_names());
    if !filter.terms.is_empty() {
        let (n, words) = (choice.rows.len(), filter.words());
        text = format!("{text}; {n} with {words}");
    }
    if let Some((name, is_descending)) = &choice.question.sort {
        let way = if *is_descending { "greatest" } else { "least" };
        text = format!("{text}; by {name}, {way} first");
    }
    if n_shown < choice.rows.len() {
        text = format!("{text}; the first {n_shown} are shown");
    }
    text
}

/// Positions of the table's columns, those named first.
pub fn order(table: &TableView, first: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let named = first.iter().filter_map(|name| table.column_idx(name));
    for column in named {
        if !order.contains(&column) {
            order.push(column);
        }
    }
    let n_named = order.len();
    for column in 0..table.n_columns() {
        if !order[..n_named].contains(&column) {
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
    // One more for the sign of the order.
    widest.max(width_of(name) + 1).clamp(3, MAX_WIDTH)
}

/// One row; the cells of the first `n_marked` columns are marked, by a sign too.
fn line(
    table: &TableView,
    row: u64,
    (order, widths, n_marked): (&[usize], &[usize], usize),
    scene: &Scene,
) -> Item {
    let dim = scene.look.style("ui.text.dim");
    let place = table.source_line(row);
    let label = place.map_or_else(|| row.to_string(), |line| line.to_string());
    let file = table.source_file(row).unwrap_or_default();
    let mut spans = vec![Span::styled(format!("{}  ", pad_left(&label, 7)), dim)];
    let mut spots = Vec::new();
    let mut at = 9;
    let names = table.column_names();
    for (nth, (column, width)) in order.iter().zip(widths).enumerate() {
        let cell = table.cell(row, *column);
        let (text, style) = match &cell {
            Some(text) => (text.as_str(), ratatui::style::Style::default()),
            None => ("-", dim),
        };
        if nth < n_marked {
            let style = scene.look.style("chart.flagged");
            spans.push(Span::styled(pad(text, *width), style));
            spans.push(Span::styled(format!("{} ", scene.look.glyphs.flag), style));
        } else {
            spans.push(Span::styled(pad(text, *width), style));
            spans.push(Span::raw("  "));
        }
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
