//! A plan and tables → the tables after each step, in order.
//!
//! In: steps and sheets. Out: the sheets changed, or the step that could not be done and why.

use super::categories::{Spelling, fix_encoding, normalize};
use super::choose::{Facts, Refusal, Turn};
use super::clip::clip;
use super::impute::{Filling, impute};
use super::rows::{Unwanted, deduplicate, drop_columns, drop_rows};
use super::sheet::Sheet;
use super::split::{Splitting, split};
use crate::config::{CleanStep, Step};

/// Does the steps one after the other.
///
/// # Errors
/// The position of the step that refuses, and why.
pub(super) fn run(
    plan: &[CleanStep],
    sheets: &mut [Sheet],
    facts: &Facts<'_>,
) -> Result<(), (usize, Refusal)> {
    for (step, planned) in plan.iter().enumerate() {
        let turn = Turn {
            step,
            tables: &planned.tables,
        };
        run_step(&planned.step, sheets, turn, facts).map_err(|refusal| (step, refusal))?;
    }
    for sheet in sheets {
        // Each step went column by column; rows are written one by one.
        sheet.changes.sort_unstable();
        sheet
            .dropped
            .sort_unstable_by_key(|dropped| (dropped.row, dropped.step));
    }
    Ok(())
}

fn run_step(
    step: &Step,
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    match step {
        Step::DropColumns {
            columns,
            constant,
            target,
        } => drop_columns(sheets, turn, columns, *constant, (facts, *target)),
        Step::DropRows {
            missing,
            missing_above,
            duplicates,
        } => {
            let unwanted = Unwanted {
                missing,
                missing_above: *missing_above,
                duplicates: *duplicates,
            };
            drop_rows(sheets, turn, &unwanted)
        }
        Step::Impute {
            columns,
            rule,
            by,
            indicator,
            target,
        } => {
            let filling = Filling {
                columns,
                rule,
                by: by.as_deref(),
                has_indicator: *indicator,
                target_is_meant: *target,
            };
            impute(sheets, turn, &filling, facts)
        }
        Step::NormalizeCategories {
            columns,
            whitespace,
            fold_case,
            map,
            null,
        } => {
            let spelling = Spelling {
                columns,
                whitespace: *whitespace,
                fold_case: *fold_case,
                map,
                null,
            };
            normalize(sheets, turn, &spelling, facts)
        }
        Step::Clip {
            columns,
            bounds,
            target,
        } => clip(sheets, turn, (columns, *target), *bounds, facts),
        Step::FixEncoding { columns } => fix_encoding(sheets, turn, columns, facts),
        Step::Deduplicate { columns, keep } => deduplicate(sheets, turn, columns, *keep),
        Step::Split {
            by,
            column,
            test,
            seed,
        } => {
            let splitting = Splitting {
                by: *by,
                column: column.as_deref(),
                test: *test,
                seed: *seed,
            };
            split(sheets, turn, &splitting, facts)
        }
    }
}
