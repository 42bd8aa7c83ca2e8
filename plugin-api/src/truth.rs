//! What is true of the rows, in the model's own terms.
//!
//! In: the target column and the model's classes. Out: [`Truth`], a class position or a number per
//! row, to be held against predictions.

use crate::context::Context;
use crate::error::CheckError;
use crate::facts::Task;
use crate::features::MISSING;
use crate::model::{Model, Predictions};
use crate::table::{Column, Table};

/// What is true of each row of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    /// Positions in `ModelFacts::classes`, one per row; `None` where the target is missing,
    /// `Some(usize::MAX)` for a class the model does not know, which it can never get right.
    Classes(Vec<Option<usize>>),
    /// Numbers, one per row; NaN where the target is missing.
    Numbers(Vec<f64>),
}

impl Truth {
    /// The position of a class that the model does not know.
    pub const UNKNOWN_CLASS: usize = usize::MAX;

    /// Rows whose target is known, ascending.
    pub fn known_rows(&self) -> Vec<usize> {
        match self {
            Self::Classes(classes) => positions(classes, Option::is_some),
            Self::Numbers(values) => positions(values, |value| value.is_finite()),
        }
    }

    /// The loss of each row: for classes 1 if the decided one is wrong, else 0; for numbers the
    /// squared error. NaN where the target is missing. `threshold` is the probability from which a
    /// binary model's row is positive.
    ///
    /// # Panics
    /// If there are fewer predictions than rows.
    pub fn losses(&self, predictions: &Predictions, threshold: f64) -> Vec<f64> {
        match self {
            Self::Classes(classes) => classes
                .iter()
                .enumerate()
                .map(|(row, class)| {
                    class.map_or(f64::NAN, |class| {
                        let is_wrong = predictions.class(row, threshold) != class;
                        f64::from(u8::from(is_wrong))
                    })
                })
                .collect(),
            Self::Numbers(values) => values
                .iter()
                .enumerate()
                .map(|(row, value)| (predictions.row(row)[0] - value).powi(2))
                .collect(),
        }
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// If a position is not below the number of rows.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Numbers(values) => Self::Numbers(rows.iter().map(|&row| values[row]).collect()),
        }
    }
}

fn positions<T>(values: &[T], is_wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    let wanted = values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_wanted(value));
    wanted.map(|(row, _)| row).collect()
}

impl Context {
    /// The target of a table in the model's terms.
    ///
    /// # Errors
    /// Without a target column in the project or the table; if a regression's target is text; if no
    /// row has a class that the model knows.
    pub fn truth(&self, table: &Table<'_>, model: &Model<'_>) -> Result<Truth, CheckError> {
        let name = self.facts().target.as_deref();
        let name = name.ok_or_else(|| CheckError::missing_input("the project names no target"))?;
        let column = table.column(name)?;
        if self.facts().task == Task::Regression {
            return Ok(Truth::Numbers(column.numbers()?));
        }
        let classes = classes(
            &column,
            &model.facts().classes,
            self.facts().positive.as_deref(),
        );
        let is_known = |class: &Option<usize>| class.is_some_and(|at| at != Truth::UNKNOWN_CLASS);
        let has_value = classes.iter().any(Option::is_some);
        if has_value && !classes.iter().any(is_known) {
            let message = format!("no value of the target '{name}' is a class of the model");
            return Err(CheckError::unsuitable(message));
        }
        Ok(Truth::Classes(classes))
    }
}

/// Each row's class as a position in the model's. A model file may name a binary model's classes 0
/// and 1 whatever the table calls them: then the project's positive value is 1, any other 0.
fn classes(column: &Column<'_>, known: &[String], positive: Option<&str>) -> Vec<Option<usize>> {
    let categories = column.categories();
    let mut positions: Vec<Option<usize>> = categories
        .names
        .iter()
        .map(|name| known.iter().position(|class| is_same(class, name)))
        .collect();
    let is_foreign = positions.iter().all(Option::is_none);
    if let Some(positive) = positive.filter(|_| is_foreign && known.len() == 2) {
        positions = categories
            .names
            .iter()
            .map(|name| Some(usize::from(is_same(positive, name))))
            .collect();
    }
    let class = |code: &u32| {
        let at = (*code != MISSING).then_some(*code as usize)?;
        Some(
            positions
                .get(at)
                .copied()
                .flatten()
                .unwrap_or(Truth::UNKNOWN_CLASS),
        )
    };
    categories.codes.iter().map(class).collect()
}

/// Whether two names are of one class: `1` and `1.0`, `Yes` and `yes`.
fn is_same(class: &str, name: &str) -> bool {
    if class.eq_ignore_ascii_case(name) {
        return true;
    }
    match (class.parse::<f64>(), name.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b).is_eq(),
        _ => false,
    }
}
