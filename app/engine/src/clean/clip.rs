//! `clip`: numbers beyond bounds become the bounds.
//!
//! In: tables being cleaned. Out: their numbers within bounds. Quantiles are those of the train table,
//! interpolated linearly as NumPy and pandas do. In a column of integers learned bounds are rounded
//! inward, so that it stays one.

use super::cell::Kind;
use super::choose::{Facts, Refusal, Turn, of_teacher, teacher};
use super::impute::number_text;
use super::sheet::{Column, Sheet};
use crate::config::Bounds;

/// `clip`.
pub(super) fn clip(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    (columns, target_is_meant): (&[String], bool),
    bounds: Bounds,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    facts.protect_target(columns, target_is_meant)?;
    let train = teacher(sheets)?;
    let mut limits: Vec<(String, Limits)> = Vec::new();
    for idx in of_teacher(train, columns, facts, is_numeric)? {
        let column = &train.columns[idx];
        let found = match bounds {
            Bounds::Values(low, high) => Some(Limits { low, high }),
            Bounds::Quantiles(low, high) => {
                let numbers = train
                    .learned_rows()
                    .filter_map(|row| column.cell(row).number());
                between(numbers.collect(), low, high, column.kind)
            }
        };
        let found = found.ok_or_else(|| {
            let message = format!(
                "'{}' has no value in the train table to learn from",
                column.name
            );
            Refusal::new(message, "leave it out of this step, or give min and max")
        })?;
        limits.push((column.name.clone(), found));
    }
    for sheet in turn.sheets(sheets) {
        for (name, limits) in &limits {
            if let Some(idx) = sheet.find(name) {
                apply(sheet, turn.step, idx, limits);
            }
        }
    }
    Ok(())
}

struct Limits {
    low: Option<f64>,
    high: Option<f64>,
}

fn is_numeric(column: &Column) -> Result<(), Refusal> {
    if column.kind.is_number() {
        return Ok(());
    }
    Err(Refusal::new(
        format!(
            "'{}' holds {}: there is nothing to clip",
            column.name,
            column.kind.words()
        ),
        "leave it out of this step",
    ))
}

fn between(mut numbers: Vec<f64>, low: f64, high: f64, kind: Kind) -> Option<Limits> {
    numbers.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&numbers, low)?, quantile(&numbers, high)?);
    let (inner_low, inner_high) = (low.ceil(), high.floor());
    let is_rounded = kind == Kind::Int && inner_low <= inner_high;
    let (low, high) = if is_rounded {
        (inner_low, inner_high)
    } else {
        (low, high)
    };
    Some(Limits {
        low: Some(low),
        high: Some(high),
    })
}

/// A quantile of sorted numbers, interpolated linearly.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last position"
    )]
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let weight = at - below as f64;
    let (a, b) = (sorted[below], sorted[above]);
    Some(if weight > 0.0 {
        a + (b - a) * weight
    } else {
        a
    })
}

fn apply(sheet: &mut Sheet, step: usize, idx: usize, limits: &Limits) {
    let column = &mut sheet.columns[idx];
    let kind = column.kind;
    let mut bound = |at: Option<f64>| {
        let at = at?;
        Some((at, column.intern(&number_text(at, kind))))
    };
    let (low, high) = (bound(limits.low), bound(limits.high));
    let column = &sheet.columns[idx];
    let beyond = |row: usize| {
        let number = column.cell(row).number()?;
        match (low, high) {
            (Some((low, code)), _) if number < low => Some((row, code)),
            (_, Some((high, code))) if number > high => Some((row, code)),
            _ => None,
        }
    };
    let changed: Vec<(usize, u32)> = sheet.rows().filter_map(beyond).collect();
    for (row, code) in changed {
        sheet.set(step, row, idx, code);
    }
}
