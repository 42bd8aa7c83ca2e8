//! Steps that take rows and columns away: `drop-rows`, `deduplicate`, `drop-columns`.
//!
//! In: tables being cleaned. Out: rows and columns marked as gone, each row with its reason. Rows are
//! equal if every cell compared is the same value; missing equals missing. Hashes only find rows worth
//! comparing.

use std::collections::HashMap;

use super::cell::Cell;
use super::choose::{Facts, Refusal, Turn, check_names, of_teacher, teacher};
use super::sheet::{Reason, Sheet, small};
use crate::config::Keep;

/// What `drop-rows` looks for.
pub(super) struct Unwanted<'a> {
    pub(super) missing: &'a [String],
    pub(super) missing_above: Option<f64>,
    pub(super) duplicates: Option<Keep>,
}

/// `drop-rows`.
pub(super) fn drop_rows(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    unwanted: &Unwanted<'_>,
) -> Result<(), Refusal> {
    check_names(sheets, unwanted.missing)?;
    for sheet in turn.sheets(sheets) {
        let had_rows = sheet.n_kept() > 0;
        drop_missing(sheet, turn.step, unwanted.missing);
        if let Some(share) = unwanted.missing_above {
            drop_mostly_missing(sheet, turn.step, share);
        }
        if let Some(keep) = unwanted.duplicates {
            let columns = sheet.live_columns();
            drop_repeated(sheet, turn.step, &columns, keep);
        }
        check_some_left(sheet, had_rows)?;
    }
    Ok(())
}

/// `deduplicate`.
pub(super) fn deduplicate(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    keys: &[String],
    keep: Keep,
) -> Result<(), Refusal> {
    check_names(sheets, keys)?;
    for sheet in turn.sheets(sheets) {
        let columns: Vec<usize> = if keys.is_empty() {
            sheet.live_columns()
        } else {
            let found: Option<Vec<usize>> = keys.iter().map(|name| sheet.find(name)).collect();
            let Some(found) = found else {
                let note = "it lacks a key column, so nothing was compared".to_owned();
                sheet.note(turn.step, note);
                continue;
            };
            found
        };
        let had_rows = sheet.n_kept() > 0;
        drop_repeated(sheet, turn.step, &columns, keep);
        check_some_left(sheet, had_rows)?;
    }
    Ok(())
}

/// `drop-columns`.
pub(super) fn drop_columns(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    names: &[String],
    constant: bool,
    (facts, target_is_meant): (&Facts<'_>, bool),
) -> Result<(), Refusal> {
    check_names(sheets, names)?;
    facts.protect_target(names, target_is_meant)?;
    let mut names = names.to_vec();
    if constant {
        let train = teacher(sheets)?;
        let features = of_teacher(train, &[], facts, |_| Ok(()))?;
        let constant = features.into_iter().filter(|idx| is_constant(train, *idx));
        names.extend(constant.map(|idx| train.columns[idx].name.clone()));
    }
    for sheet in turn.sheets(sheets) {
        for name in &names {
            if let Some(idx) = sheet.find(name) {
                sheet.columns[idx].dropped_by = Some(turn.step);
            }
        }
        if sheet.live_columns().is_empty() {
            return Err(Refusal::new(
                format!("no column of the {} table would be left", sheet.role.name()),
                "name fewer columns",
            ));
        }
    }
    Ok(())
}

/// Whether all rows hold the same value, or all none.
pub(super) fn is_constant(sheet: &Sheet, column: usize) -> bool {
    let column = &sheet.columns[column];
    let mut rows = sheet.learned_rows();
    let Some(first) = rows.next() else {
        return false;
    };
    let first = column.cell(first);
    rows.all(|row| column.cell(row).same(first))
}

fn check_some_left(sheet: &Sheet, had_rows: bool) -> Result<(), Refusal> {
    if had_rows && sheet.n_kept() == 0 {
        return Err(Refusal::new(
            format!("no row of the {} table would be left", sheet.role.name()),
            "limit the step: tables = [\"train\", \"test\"], or ask for less",
        ));
    }
    Ok(())
}

fn drop_missing(sheet: &mut Sheet, step: usize, names: &[String]) {
    for name in names {
        let Some(idx) = sheet.find(name) else {
            let note = format!("it has no column '{name}', so no row was dropped for it");
            sheet.note(step, note);
            continue;
        };
        let column = &sheet.columns[idx];
        let missing: Vec<usize> = sheet.rows().filter(|row| column.is_missing(*row)).collect();
        for row in missing {
            sheet.drop_row(step, row, Reason::Missing(small(idx)));
        }
    }
}

fn drop_mostly_missing(sheet: &mut Sheet, step: usize, share: f64) {
    let columns = sheet.live_columns();
    let mut n_missing = vec![0_u32; sheet.n_rows];
    for idx in &columns {
        let column = &sheet.columns[*idx];
        for (row, n_missing) in n_missing.iter_mut().enumerate() {
            *n_missing += u32::from(column.is_missing(row));
        }
    }
    let limit = share * columns.len() as f64;
    let rows: Vec<usize> = sheet
        .rows()
        .filter(|row| f64::from(n_missing[*row]) > limit)
        .collect();
    for row in rows {
        let reason = Reason::MostlyMissing(n_missing[row], small(columns.len()));
        sheet.drop_row(step, row, reason);
    }
}

fn drop_repeated(sheet: &mut Sheet, step: usize, columns: &[usize], keep: Keep) {
    let firsts = firsts(sheet, columns);
    let n_rows = sheet.n_rows;
    // Per first row of equals: the last of them, and how many they are.
    let mut lasts: Vec<usize> = (0..n_rows).collect();
    let mut n_equal = vec![0_u32; n_rows];
    for row in sheet.rows() {
        lasts[firsts[row]] = row;
        n_equal[firsts[row]] += 1;
    }
    let repeated: Vec<(usize, usize)> = sheet
        .rows()
        .filter_map(|row| {
            let (first, last) = (firsts[row], lasts[firsts[row]]);
            match keep {
                Keep::First => (row != first).then_some((row, first)),
                Keep::Last => (row != last).then_some((row, last)),
                Keep::None if n_equal[first] > 1 => {
                    Some((row, if row == first { last } else { first }))
                }
                Keep::None => None,
            }
        })
        .collect();
    for (row, other) in repeated {
        sheet.drop_row(step, row, Reason::Repeats(small(other)));
    }
}

/// Per row the first row that is equal to it in these columns.
pub(super) fn firsts(sheet: &Sheet, columns: &[usize]) -> Vec<usize> {
    let mut hashes = vec![0_u64; sheet.n_rows];
    for idx in columns {
        let column = &sheet.columns[*idx];
        for (row, hash) in hashes.iter_mut().enumerate() {
            *hash = column.cell(row).add_to(*hash);
        }
    }
    let cell = |row: usize, idx: usize| -> Cell<'_> { sheet.columns[idx].cell(row) };
    let mut firsts: Vec<usize> = (0..sheet.n_rows).collect();
    let mut by_hash: HashMap<u64, Vec<usize>, std::hash::RandomState> =
        HashMap::with_capacity(sheet.n_rows);
    for row in sheet.rows() {
        let candidates = by_hash.entry(hashes[row]).or_default();
        let equal = candidates.iter().copied().find(|first| {
            columns
                .iter()
                .all(|idx| cell(*first, *idx).same(cell(row, *idx)))
        });
        match equal {
            Some(first) => firsts[row] = first,
            None => candidates.push(row),
        }
    }
    firsts
}
