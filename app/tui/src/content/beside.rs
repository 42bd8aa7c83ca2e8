//! Rows side by side: a field per line, what differs first and marked.
//!
//! In: rows, of one table or two. Out: a heading that stays, and a line per column of the tables with
//! a spot per row. Which rows belong together was found before.

use interlock_plugin_api::outcome::{Role, Rows};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paragraph;
use crate::item::{Item, Spot};
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{pad, width as width_of};

/// Widest a row is drawn; the whole value stands below while its cell is selected.
const MAX_WIDTH: usize = 28;

/// What stands side by side.
pub struct Beside<'b> {
    /// The rows by table; none while they are looked for.
    pub members: &'b [(Role, u32)],
    /// Which group they are, the first is 0, of how many; `None` if one row stands beside others.
    pub group: Option<(usize, usize)>,
    /// The table the page is about.
    pub role: Role,
    /// Columns that come first, as a finding names them.
    pub first: &'b [String],
}

/// A column of the tables and its cells.
struct Field {
    name: String,
    cells: Vec<Option<String>>,
}

impl Field {
    fn differs(&self) -> bool {
        (0..self.cells.len()).any(|nth| self.is_other(nth))
    }

    /// Whether a cell differs from the first row's. Whole numbers stand beside fractions where only
    /// one of the tables has missing values.
    fn is_other(&self, nth: usize) -> bool {
        let (a, b) = (&self.cells[0], &self.cells[nth]);
        let number = |cell: &Option<String>| -> Option<f64> { cell.as_deref()?.parse().ok() };
        let is_same_number = || match (number(a), number(b)) {
            (Some(a), Some(b)) => (a + 0.0).total_cmp(&(b + 0.0)).is_eq(),
            _ => false,
        };
        a != b && !is_same_number()
    }
}

/// The page of rows side by side.
pub fn items(scene: &Scene, beside: &Beside<'_>, width: usize) -> Vec<Item> {
    let dim = scene.look.style("ui.text.dim");
    let is_loaded = |role| scene.table(role).is_some_and(|input| input.table.is_some());
    if !is_loaded(beside.role) {
        let text = format!("The {} table is not loaded.", beside.role.name());
        return paragraph(&text, dim, width);
    }
    if beside.members.is_empty() {
        return paragraph("The rows are being compared…", dim, width);
    }
    let fields = fields(scene, beside);
    let names = fields.iter().map(|field| width_of(&field.name)).max();
    let name = names.unwrap_or(0).clamp(6, (width / 3).max(10)) + 3;
    let heads: Vec<String> = beside
        .members
        .iter()
        .map(|row| head(scene, beside, *row))
        .collect();
    let widths: Vec<usize> = (0..heads.len())
        .map(|at| {
            let cells = fields.iter().filter_map(|field| field.cells[at].as_deref());
            let widest = cells.map(width_of).max().unwrap_or(0);
            // One more for the mark of what differs.
            widest.max(width_of(&heads[at])).clamp(6, MAX_WIDTH) + 2
        })
        .collect();
    let mut items = paragraph(&said(beside, &fields), dim, width);
    let mut line = vec![Span::raw(pad("", name))];
    for (head, width) in heads.iter().zip(&widths) {
        line.push(Span::styled(
            pad(head, *width),
            scene.look.style("ui.title"),
        ));
        line.push(Span::raw(" "));
    }
    items.push(Item::plain(vec![Line::from(line)]).fixed(name).pinned());
    let (different, equal): (Vec<&Field>, Vec<&Field>) =
        fields.iter().partition(|field| field.differs());
    for (title, fields) in [("differ", different), ("are equal", equal)] {
        if fields.is_empty() {
            continue;
        }
        let text = format!("{title} ({})", fields.len());
        items.push(Item::heading(text, scene.look.style("ui.text.accent")));
        for field in fields {
            items.push(row(scene, beside, field, (name, &widths, &heads)));
        }
    }
    items
}

/// The columns of the tables, those named first.
fn fields(scene: &Scene, beside: &Beside<'_>) -> Vec<Field> {
    let mut names: Vec<String> = Vec::new();
    let tables = beside.members.iter().filter_map(|(role, _)| {
        let table = scene.table(*role)?.table.as_deref()?;
        Some(table)
    });
    for table in tables.clone() {
        for at in super::rows::order(table, beside.first) {
            let name = table.column_names()[at].to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let field = |name: String| {
        let cell = |(role, row): &(Role, u32)| {
            let table = scene.table(*role)?.table.as_deref()?;
            table.cell(u64::from(*row), table.column_idx(&name)?)
        };
        Field {
            cells: beside.members.iter().map(cell).collect(),
            name,
        }
    };
    names.into_iter().map(field).collect()
}

/// Which line a row stands in, and of which table if there are two.
fn head(scene: &Scene, beside: &Beside<'_>, (role, row): (Role, u32)) -> String {
    let table = scene.table(role).and_then(|input| input.table.as_deref());
    let line = table.and_then(|table| table.source_line(u64::from(row)));
    let place = line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"));
    if beside.members.iter().all(|member| member.0 == beside.role) {
        return place;
    }
    format!("{} {place}", role.name())
}

fn said(beside: &Beside<'_>, fields: &[Field]) -> String {
    let n = beside.members.len();
    let which = match beside.group {
        Some((at, of)) => format!("group {} of {of} in {}: ", at + 1, beside.role.name()),
        None => String::new(),
    };
    let n_different = fields.iter().filter(|field| field.differs()).count();
    let what = match (beside.group, n) {
        (_, 1) => "1 row, like no other".to_owned(),
        (Some(_), _) => format!("{n} rows"),
        (None, _) => format!("the row and the {} most like it", n - 1),
    };
    let step = match beside.group {
        Some((_, of)) if of > 1 => "; n next group, N the one before",
        _ => "",
    };
    format!(
        "{which}{what}; {n_different} of {} columns differ{step}",
        fields.len()
    )
}

/// One column: a cell per row. What differs from the first row is marked, by a sign too.
fn row(
    scene: &Scene,
    beside: &Beside<'_>,
    field: &Field,
    (name, widths, heads): (usize, &[usize], &[String]),
) -> Item {
    let look = &scene.look;
    let (dim, flagged) = (look.style("ui.text.dim"), look.style("chart.flagged"));
    let differs = field.differs();
    let sign = if differs { look.glyphs.flag } else { " " };
    let mut spans = vec![
        Span::styled(format!("{sign} "), flagged),
        Span::styled(
            pad(&field.name, name - 2),
            if differs { flagged } else { dim },
        ),
    ];
    let mut spots = Vec::new();
    let mut at = name;
    for (nth, (cell, width)) in field.cells.iter().zip(widths).enumerate() {
        let is_other = field.is_other(nth);
        let (text, style) = match cell {
            _ if is_other => (cell.as_deref().unwrap_or("-"), flagged),
            Some(text) => (text.as_str(), Style::default()),
            None => ("-", dim),
        };
        let sign = if is_other { look.glyphs.flag } else { " " };
        spans.push(Span::styled(
            format!("{} {sign}", pad(text, width - 2)),
            style,
        ));
        spans.push(Span::raw(" "));
        let value = cell.as_deref().unwrap_or("missing");
        spots.push(Spot {
            from: u16::try_from(at).unwrap_or(u16::MAX),
            to: u16::try_from(at + width).unwrap_or(u16::MAX),
            readout: format!("{}: {} = {value}", heads[nth], field.name),
            target: Some(rows_page(beside, nth)),
        });
        at += width + 1;
    }
    let lines = vec![Line::from(spans)];
    let key = format!("field {}", field.name);
    Item {
        key,
        lines,
        spots,
        ..Item::default()
    }
    .fixed(name)
}

/// The rows of the group that stand in the table of this one, as rows.
fn rows_page(beside: &Beside<'_>, nth: usize) -> Page {
    let role = beside.members[nth].0;
    let members = beside.members.iter().filter(|member| member.0 == role);
    let mut rows: Vec<usize> = members.map(|member| member.1 as usize).collect();
    rows.sort_unstable();
    Page::Rows {
        title: format!("these rows of {}", role.name()),
        rows: Rows::new(role, rows),
        columns: beside.first.to_vec(),
        is_whole: false,
    }
}
