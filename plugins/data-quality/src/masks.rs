//! Which cells of a table are missing.
//!
//! In: a table. Out: one mask and count per column.

use interlock_plugin_api::{Role, Rows, Table};

use crate::missingness::Count;

/// One column's missing rows.
pub(crate) struct Mask {
    pub(crate) name: String,
    pub(crate) is_missing: Vec<bool>,
    pub(crate) count: Count,
}

/// The missing cells of a table.
pub(crate) struct Masks {
    pub(crate) role: Role,
    pub(crate) n_rows: usize,
    pub(crate) columns: Vec<Mask>,
}

impl Masks {
    pub(crate) fn of(table: &Table<'_>, left_out: Option<&str>) -> Self {
        let columns = table
            .columns()
            .filter(|column| Some(column.name()) != left_out)
            .map(|column| {
                let is_missing = column.missing();
                let count = Count::of(&is_missing);
                Mask {
                    name: column.name().to_owned(),
                    is_missing,
                    count,
                }
            })
            .collect();
        Self {
            role: table.role(),
            n_rows: table.n_rows(),
            columns,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Mask> {
        self.columns.iter().find(|mask| mask.name == name)
    }

    /// Rows of which more than this share of columns is missing.
    pub(crate) fn mostly_missing(&self, share: f64) -> Vec<usize> {
        let mut counts = vec![0_u32; self.n_rows];
        for mask in &self.columns {
            for (count, missing) in counts.iter_mut().zip(&mask.is_missing) {
                *count += u32::from(*missing);
            }
        }
        let limit = share * self.columns.len() as f64;
        (0..self.n_rows)
            .filter(|&row| counts[row] > 0 && f64::from(counts[row]) > limit)
            .collect()
    }
}

impl Mask {
    pub(crate) fn rows(&self, role: Role) -> Rows {
        Rows::new(
            role,
            (0..self.is_missing.len()).filter(|&row| self.is_missing[row]),
        )
    }
}

/// The column with most missing rows; the first of equal ones.
pub(crate) fn worst(table: &Masks) -> Option<&Mask> {
    table
        .columns
        .iter()
        .rev()
        .max_by_key(|mask| mask.count.n_missing)
}
