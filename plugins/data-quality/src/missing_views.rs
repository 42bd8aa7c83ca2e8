//! Missing cells as charts.
//!
//! In: masks of the tables. Out: bars by column for each table, one table over all, and for one table
//! which columns go missing together and where.

use interlock_plugin_api::{Bar, Cell, Chart, Role, Rows, TableRow, View};
use interlock_report::report::MAX_MARKS;
use interlock_report::words::percent;

use crate::masks::{Mask, Masks};

/// Columns of a heatmap at most: those with most missing rows.
const MAX_COLUMNS: usize = 14;

/// Blocks of rows of the matrix at most.
const N_BLOCKS: usize = 20;

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

/// Columns of which some rows are missing and some are not, most missing first; how many there are.
fn varied(table: &Masks) -> (Vec<&Mask>, usize) {
    let is_varied = |mask: &&Mask| (1..mask.count.n_rows).contains(&mask.count.n_missing);
    let mut varied: Vec<&Mask> = table.columns.iter().filter(is_varied).collect();
    varied.sort_by_key(|mask| std::cmp::Reverse(mask.count.n_missing));
    let n = varied.len();
    varied.truncate(MAX_COLUMNS);
    (varied, n)
}

fn cut(n_shown: usize, n: usize) -> String {
    if n_shown < n {
        format!(" The {n_shown} columns with most missing rows of {n} are shown.")
    } else {
        String::new()
    }
}

/// How columns go missing together: the correlation of their masks, as `df.isna().corr()` in pandas.
/// Nothing of fewer than two columns.
pub(crate) fn together(table: &Masks) -> Option<View> {
    let (shown, n) = varied(table);
    if shown.len() < 2 {
        return None;
    }
    let rows_of: Vec<Vec<usize>> = shown
        .iter()
        .map(|mask| {
            (0..table.n_rows)
                .filter(|row| mask.is_missing[*row])
                .collect()
        })
        .collect();
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    let mut strongest: Option<(f64, &str, &str)> = None;
    for (at, (a, missing)) in shown.iter().zip(&rows_of).enumerate() {
        for (other, b) in shown.iter().enumerate() {
            let both = missing.iter().copied().filter(|row| b.is_missing[*row]);
            let both: Vec<usize> = both.collect();
            let correlation = phi(a, b, both.len());
            if other < at && strongest.is_none_or(|(most, _, _)| correlation.abs() > most.abs()) {
                strongest = Some((correlation, &b.name, &a.name));
            }
            values.push(Some(correlation));
            rows.push(Rows::new(table.role, both));
        }
    }
    let names: Vec<String> = shown.iter().map(|mask| mask.name.clone()).collect();
    let chart = Chart::Heatmap {
        row_axis: "column".to_owned(),
        column_axis: "column".to_owned(),
        value_axis: "correlation of being missing, −1 to 1".to_owned(),
        row_labels: names.clone(),
        column_labels: names,
        values,
        rows,
    };
    let (correlation, a, b) = strongest?;
    let caption = format!(
        "1: missing in the same rows; 0: independently. Strongest: '{a}' and '{b}', {correlation:.2}. A cell opens the rows missing in both.{}",
        cut(shown.len(), n)
    );
    let title = format!("Missing together, {} table", table.role.name());
    Some(View::new("missing-together", title, chart).caption(caption))
}

/// Correlation of two masks that both vary.
fn phi(a: &Mask, b: &Mask, n_both: usize) -> f64 {
    let n = a.count.n_rows as f64;
    let (p, q) = (a.count.rate(), b.count.rate());
    (n_both as f64 / n - p * q) / (p * (1.0 - p) * q * (1.0 - q)).sqrt()
}

/// Where columns are missing: shares by blocks of consecutive rows. Nothing of no such column.
pub(crate) fn matrix(table: &Masks) -> Option<View> {
    let (shown, n) = varied(table);
    if shown.is_empty() {
        return None;
    }
    let n_blocks = N_BLOCKS.min(table.n_rows);
    let block = |at: usize| at * table.n_rows / n_blocks..(at + 1) * table.n_rows / n_blocks;
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    for at in 0..n_blocks {
        for mask in &shown {
            let missing: Vec<usize> = block(at).filter(|row| mask.is_missing[*row]).collect();
            values.push(Some(missing.len() as f64 / block(at).len() as f64));
            rows.push(Rows::new(table.role, missing));
        }
    }
    let label = |at: usize| format!("{}–{}", block(at).start, block(at).end - 1);
    let chart = Chart::Heatmap {
        row_axis: "rows".to_owned(),
        column_axis: "column".to_owned(),
        value_axis: "share of rows without value".to_owned(),
        row_labels: (0..n_blocks).map(label).collect(),
        column_labels: shown.iter().map(|mask| mask.name.clone()).collect(),
        values,
        rows,
    };
    let caption = format!(
        "Consecutive rows in {n_blocks} blocks. A dark band across columns is a source or a time that lacks them.{}",
        cut(shown.len(), n)
    );
    let title = format!("Where values are missing, {} table", table.role.name());
    Some(View::new("missing-matrix", title, chart).caption(caption))
}
