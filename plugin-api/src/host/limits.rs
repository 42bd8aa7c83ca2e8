//! What the host takes from a plugin, and no more.
//!
//! In: bytes a plugin gave. Out: values within stated bounds, or a sentence on which bound broke.

use crate::chart::{Chart, View};
use crate::check_info::{CheckInfo, PluginInfo};
use crate::error::CheckError;
use crate::outcome::{Outcome, Rows};

/// Bytes of one outcome.
pub const MAX_OUTCOME_BYTES: usize = 64 << 20;
/// Findings, metrics, views and notes of one outcome, each.
pub const MAX_ENTRIES: usize = 10_000;
/// Marks of one view: bars, points, cells.
pub const MAX_MARKS: usize = 1_000_000;
/// Bytes of one text.
pub const MAX_TEXT: usize = 64 << 10;
/// Checks of one plugin.
pub const MAX_CHECKS: usize = 1_000;

/// The outcome of these bytes.
///
/// # Errors
/// If they are no outcome, or break a bound of this module.
pub fn decode_outcome(bytes: &[u8]) -> Result<Outcome, CheckError> {
    if bytes.len() > MAX_OUTCOME_BYTES {
        return Err(bad(format!(
            "its outcome has {} bytes, more than {MAX_OUTCOME_BYTES}",
            bytes.len()
        )));
    }
    let outcome: Outcome = rmp_serde::from_slice(bytes)
        .map_err(|error| bad(format!("its outcome cannot be read: {error}")))?;
    let counts = [
        ("metrics", outcome.metrics.len()),
        ("findings", outcome.findings.len()),
        ("views", outcome.views.len()),
        ("notes", outcome.notes.len()),
    ];
    for (name, n) in counts {
        if n > MAX_ENTRIES {
            return Err(bad(format!(
                "its outcome has {n} {name}, more than {MAX_ENTRIES}"
            )));
        }
    }
    text("summary", &outcome.summary)?;
    for note in &outcome.notes {
        text("note", note)?;
    }
    for metric in &outcome.metrics {
        text("metric", &metric.id)?;
        text("metric", &metric.title)?;
    }
    for finding in &outcome.findings {
        for part in [
            &finding.code,
            &finding.title,
            &finding.explanation,
            &finding.advice,
        ] {
            text("finding", part)?;
        }
        rows(finding.place.rows.as_ref())?;
    }
    outcome.views.iter().try_for_each(view)?;
    Ok(outcome)
}

/// Whether what a plugin says of itself keeps within bounds.
///
/// # Errors
/// What does not.
pub fn check_infos(info: &PluginInfo, checks: &[CheckInfo]) -> Result<(), CheckError> {
    text("id", &info.id)?;
    text("version", &info.version)?;
    if info.id.is_empty() {
        return Err(bad("it has no id"));
    }
    if checks.len() > MAX_CHECKS {
        return Err(bad(format!(
            "it has {} checks, more than {MAX_CHECKS}",
            checks.len()
        )));
    }
    let prefix = format!("{}.", info.id);
    for check in checks {
        text("check", &check.id)?;
        text("check", &check.title)?;
        if !check.id.starts_with(&prefix) {
            return Err(bad(format!(
                "its check '{}' does not begin with '{prefix}'",
                check.id
            )));
        }
    }
    Ok(())
}

fn view(view: &View) -> Result<(), CheckError> {
    for part in [&view.id, &view.title, &view.caption] {
        text("view", part)?;
    }
    let n_marks = match &view.chart {
        Chart::Table {
            columns,
            rows: body,
        } => {
            body.iter().try_for_each(|row| rows(row.rows.as_ref()))?;
            if body.iter().any(|row| row.cells.len() != columns.len()) {
                return Err(bad(format!(
                    "view '{}' has rows of another width than its headings",
                    view.id
                )));
            }
            body.len().saturating_mul(columns.len())
        }
        Chart::Bars { bars, .. } => {
            bars.iter().try_for_each(|bar| rows(bar.rows.as_ref()))?;
            bars.len()
        }
        Chart::HistogramPair {
            bins,
            reference,
            current,
            rows: behind,
            ..
        } => {
            let fits = reference.len() == bins.len() && current.len() == bins.len();
            if !fits || !(behind.is_empty() || behind.len() == bins.len()) {
                return Err(bad(format!(
                    "view '{}' has lists of unequal length",
                    view.id
                )));
            }
            behind.iter().try_for_each(|part| rows(Some(part)))?;
            bins.len()
        }
        Chart::Lines { series, .. } => series.iter().map(|line| line.points.len()).sum(),
        Chart::Scatter { points, .. } => points.len(),
        Chart::Beeswarm { strips, .. } => strips.iter().map(|strip| strip.points.len()).sum(),
        Chart::Heatmap {
            row_labels,
            column_labels,
            values,
            rows: behind,
            ..
        } => {
            let n_cells = row_labels.len().saturating_mul(column_labels.len());
            if values.len() != n_cells || !(behind.is_empty() || behind.len() == n_cells) {
                return Err(bad(format!(
                    "view '{}' has lists of unequal length",
                    view.id
                )));
            }
            behind.iter().try_for_each(|part| rows(Some(part)))?;
            n_cells
        }
        Chart::Waterfall { steps, .. } => steps.len(),
        Chart::Text { .. } | Chart::Unknown => 0,
    };
    if n_marks > MAX_MARKS {
        return Err(bad(format!(
            "view '{}' has {n_marks} marks, more than {MAX_MARKS}",
            view.id
        )));
    }
    Ok(())
}

fn rows(rows: Option<&Rows>) -> Result<(), CheckError> {
    let Some(rows) = rows else { return Ok(()) };
    if rows.rows.len() > Rows::LIMIT || rows.total < rows.rows.len() as u64 {
        return Err(bad(format!(
            "it names {} rows of {}",
            rows.rows.len(),
            rows.total
        )));
    }
    Ok(())
}

fn text(what: &str, text: &str) -> Result<(), CheckError> {
    if text.len() > MAX_TEXT {
        return Err(bad(format!(
            "a {what} has {} bytes, more than {MAX_TEXT}",
            text.len()
        )));
    }
    Ok(())
}

fn bad(why: impl std::fmt::Display) -> CheckError {
    CheckError::failed(format!("the plugin's answer cannot be used: {why}"))
}
