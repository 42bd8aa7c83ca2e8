//! Missing cells as charts.
//!
//! In: masks of the tables. Out: bars by column for each table, and one table over all.

use interlock_plugin_api::{Bar, Cell, Chart, Role, TableRow, View};
use interlock_report::report::MAX_MARKS;
use interlock_report::words::percent;

use crate::masks::{Mask, Masks};

/// The view of a table's missing values by column.
pub(crate) fn view_id(role: Role) -> String {
    format!("by-column-{}", role.name())
}

/// Incomplete columns of a table; nothing if there are none.
pub(crate) fn bars(table: &Masks, warn_above: f64) -> Option<View> {
    let mut incomplete: Vec<&Mask> = table
        .columns
        .iter()
        .filter(|mask| mask.count.n_missing > 0)
        .collect();
    if incomplete.is_empty() {
        return None;
    }
    incomplete.sort_by_key(|mask| std::cmp::Reverse(mask.count.n_missing));
    let bars = incomplete
        .into_iter()
        .take(MAX_MARKS)
        .map(|mask| Bar {
            interval: mask
                .count
                .interval()
                .map(|bounds| (bounds.low, bounds.high)),
            is_flagged: mask.count.rate() > warn_above,
            rows: Some(mask.rows(table.role)),
            ..Bar::new(&mask.name, mask.count.rate())
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "share of rows without value".to_owned(),
        bars,
        threshold: Some(warn_above),
    };
    let title = format!("Missing values by column, {} table", table.role.name());
    let caption = "Complete columns are left out. Whiskers are Wilson intervals at 95 %; open a bar to see its rows.";
    Some(View::new(view_id(table.role), title, chart).caption(caption))
}

/// Every column in every table.
pub(crate) fn column_table(tables: &[Masks]) -> Option<View> {
    let train = tables.first()?;
    let mut headings = vec!["column".to_owned()];
    headings.extend(
        tables
            .iter()
            .map(|table| format!("missing in {}", table.role.name())),
    );
    let row = |mask: &Mask| {
        let mut cells = vec![Cell::from(mask.name.as_str())];
        for table in tables {
            let count = table
                .get(&mask.name)
                .map(|mask| mask.count)
                .filter(|count| count.n_rows > 0);
            cells.push(count.map_or(Cell::Nothing, |count| Cell::from(percent(count.rate()))));
        }
        let rows = (mask.count.n_missing > 0).then(|| mask.rows(train.role));
        TableRow { cells, rows }
    };
    let mut columns: Vec<&Mask> = train.columns.iter().collect();
    columns.sort_by_key(|mask| std::cmp::Reverse(mask.count.n_missing));
    let rows = columns.into_iter().take(MAX_MARKS).map(row).collect();
    let chart = Chart::Table {
        columns: headings,
        rows,
    };
    Some(View::new("columns", "Missing values in every table", chart))
}
