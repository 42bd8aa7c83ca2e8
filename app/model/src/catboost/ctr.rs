//! Statistics of categories: what CatBoost computes for a row from counts it took in training.
//!
//! In: the hashes of the rows' categories, their numbers, and the counts in the file. Out: a column of
//! numbers per statistic.
//!
//! `value = ((matching + prior) / (all + prior weight) + shift) * scale` in single precision; a
//! combination that was not seen in training counts zero. Source: "Transforming categorical features
//! to numerical features" in CatBoost's documentation; compared with CatBoost's own predictions.

use crate::catboost::hash::combined;
use crate::catboost::parts::{Ctr, CtrKind, CtrTable, Projection};

/// The columns of a batch as statistics need them.
pub(super) struct Columns<'a> {
    /// Hashes of a categorical input's rows, by position among them.
    pub(super) hashes: &'a dyn Fn(i64) -> &'a [i32],
    /// A numeric input's rows, and whether a missing value is above its borders.
    pub(super) numbers: &'a dyn Fn(i64) -> (&'a [f64], bool),
    /// Number of rows.
    pub(super) n_rows: usize,
}

/// Whether the counts are there for what is asked of them.
pub(super) fn check(ctr: &Ctr, table: &CtrTable) -> Result<(), String> {
    let n_rows = table.figures.len() / table.n_figures.max(1);
    if table.rows.values().any(|row| *row >= n_rows) || table.n_figures == 0 {
        return Err("the counts of a statistic are cut off".to_owned());
    }
    let n_needed = match ctr.kind {
        CtrKind::Count => 1..=1,
        CtrKind::Mean => 2..=2,
        CtrKind::Borders => 2..=usize::MAX,
        CtrKind::Buckets => 1..=usize::MAX,
    };
    if !n_needed.contains(&table.n_figures) {
        return Err(format!(
            "{} counts per category for a statistic of another kind",
            table.n_figures
        ));
    }
    let n_borders = match ctr.kind {
        CtrKind::Borders => table.n_figures - 1,
        CtrKind::Buckets => table.n_figures,
        CtrKind::Mean | CtrKind::Count => return Ok(()),
    };
    if usize::try_from(ctr.target_border).is_ok_and(|border| border < n_borders) {
        Ok(())
    } else {
        Err(format!(
            "a statistic of target border {}, there are {n_borders}",
            ctr.target_border
        ))
    }
}

/// A column per statistic.
pub(super) fn columns(ctrs: &[Ctr], tables: &[CtrTable], columns: &Columns<'_>) -> Vec<Vec<f64>> {
    let mut values = Vec::with_capacity(ctrs.len());
    // Statistics of the same categories mostly follow each other.
    let mut last: Option<(&Projection, Vec<u64>)> = None;
    for ctr in ctrs {
        let hashes = match last.take() {
            Some((projection, hashes)) if *projection == ctr.projection => hashes,
            _ => combinations(&ctr.projection, columns),
        };
        let table = &tables[ctr.table];
        values.push(hashes.iter().map(|hash| value(ctr, table, *hash)).collect());
        last = Some((&ctr.projection, hashes));
    }
    values
}

/// The hash of each row's combination.
fn combinations(projection: &Projection, columns: &Columns<'_>) -> Vec<u64> {
    let mut combinations = vec![0; columns.n_rows];
    for cat in &projection.cats {
        for (so_far, hash) in combinations.iter_mut().zip((columns.hashes)(*cat)) {
            *so_far = combined(*so_far, i64::from(*hash).cast_unsigned());
        }
    }
    for (float, border) in &projection.floats {
        let (numbers, is_missing_above) = (columns.numbers)(*float);
        for (so_far, number) in combinations.iter_mut().zip(numbers) {
            let is_above = is_above(*number, *border, is_missing_above);
            *so_far = combined(*so_far, u64::from(is_above));
        }
    }
    for (cat, value) in &projection.one_hots {
        for (so_far, hash) in combinations.iter_mut().zip((columns.hashes)(*cat)) {
            *so_far = combined(*so_far, u64::from(hash == value));
        }
    }
    combinations
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "CatBoost compares in single precision"
)]
fn is_above(number: f64, border: f32, is_missing_above: bool) -> bool {
    if number.is_nan() {
        is_missing_above
    } else {
        number as f32 > border
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "CatBoost computes in single precision"
)]
fn value(ctr: &Ctr, table: &CtrTable, hash: u64) -> f64 {
    let row = table.rows.get(&hash);
    let figures = row.map_or(&[][..], |row| {
        &table.figures[row * table.n_figures..][..table.n_figures]
    });
    let border = usize::try_from(ctr.target_border).unwrap_or(0);
    let figure = |idx: usize| figures.get(idx).copied().unwrap_or(0.0);
    let (matching, all) = match ctr.kind {
        CtrKind::Count => (figure(0), f64::from(table.denominator)),
        CtrKind::Mean => (figure(0), figure(1)),
        CtrKind::Buckets => (figure(border), figures.iter().sum()),
        CtrKind::Borders => (figures.iter().skip(border + 1).sum(), figures.iter().sum()),
    };
    let share = (matching as f32 + ctr.prior_numerator) / (all as f32 + ctr.prior_denominator);
    f64::from((share + ctr.shift) * ctr.scale)
}
