//! What a cleaning did, counted and in words.
//!
//! In: cleaned sheets. Out: counts per step and column, and text for people. JSON is the same value as
//! serde writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::sheet::Sheet;
use super::{FileSummary, StepSummary, Summary, TableSummary};
use crate::report::printable;

/// Counts what was done to a table.
pub(super) fn of_table(
    sheet: &Sheet,
    steps: &[&'static str],
    files: Vec<FileSummary>,
) -> TableSummary {
    let mut summaries: Vec<StepSummary> = steps
        .iter()
        .enumerate()
        .map(|(idx, step)| StepSummary {
            number: idx + 1,
            step,
            rows_dropped: 0,
            columns_dropped: Vec::new(),
            cells_changed: BTreeMap::new(),
            notes: Vec::new(),
        })
        .collect();
    for dropped in &sheet.dropped {
        summaries[dropped.step as usize].rows_dropped += 1;
    }
    let mut n_changed: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for change in &sheet.changes {
        *n_changed.entry((change.step, change.column)).or_default() += 1;
    }
    for ((step, column), n) in n_changed {
        let name = sheet.columns[column as usize].name.clone();
        summaries[step as usize].cells_changed.insert(name, n);
    }
    for column in &sheet.columns {
        if let Some(step) = column.dropped_by {
            summaries[step].columns_dropped.push(column.name.clone());
        }
    }
    for (step, note) in &sheet.notes {
        summaries[*step].notes.push(note.clone());
    }
    let added = sheet.columns.iter().filter(|column| column.is_added());
    TableSummary {
        table: sheet.role.name(),
        rows_in: sheet.n_rows as u64,
        rows_out: sheet.n_kept() as u64,
        columns_in: sheet.columns.len() - added.count(),
        columns_out: sheet.live_columns().len(),
        steps: summaries,
        files,
    }
}

/// The summary for people.
pub fn human(summary: &Summary) -> String {
    let mut text = String::new();
    let mut line = |parts: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _written = text.write_fmt(parts);
        text.push('\n');
    };
    for table in &summary.tables {
        line(format_args!(
            "{}: {} rows of {} columns in, {} rows of {} columns out",
            table.table, table.rows_in, table.columns_in, table.rows_out, table.columns_out
        ));
        for step in &table.steps {
            line(format_args!(
                "  {} {}: {}",
                step.number,
                step.step,
                effect(step)
            ));
            for (column, n) in &step.cells_changed {
                line(format_args!(
                    "      {}: {}",
                    printable(column),
                    counted(*n, "cell")
                ));
            }
            for note in &step.notes {
                line(format_args!("      note: {}", printable(note)));
            }
        }
        for file in &table.files {
            let verb = if summary.dry_run {
                "would write"
            } else {
                "wrote"
            };
            for copy in &file.copies {
                line(format_args!(
                    "  {verb} {} ({})",
                    printable(&copy.path.display().to_string()),
                    counted(copy.rows, "row")
                ));
            }
            line(format_args!(
                "  {verb} {}",
                printable(&file.log.display().to_string())
            ));
        }
    }
    text
}

fn effect(step: &StepSummary) -> String {
    let n_cells: u64 = step.cells_changed.values().sum();
    let mut parts = Vec::new();
    if step.rows_dropped > 0 {
        parts.push(format!("{} dropped", counted(step.rows_dropped, "row")));
    }
    if !step.columns_dropped.is_empty() {
        parts.push(format!(
            "dropped {}",
            printable(&step.columns_dropped.join(", "))
        ));
    }
    if n_cells > 0 {
        parts.push(format!("{} changed", counted(n_cells, "cell")));
    }
    if parts.is_empty() && step.notes.is_empty() {
        parts.push("nothing to do".to_owned());
    }
    parts.join(", ")
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
