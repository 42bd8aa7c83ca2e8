//! What an interpretability check looks at: rows, background, and the figure that is explained.
//!
//! In: the run's context. Out: a [`Subject`]. Here alone tables are read.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Features, Model, Role, Rows, Table, Task,
};
use interlock_stats::rng::Rng;

/// The stream of draws for the background, apart from that for the rows.
const BACKGROUND_STREAM: u64 = 1;

/// The table looked at.
pub struct Subject<'c> {
    /// The model.
    pub model: Model<'c>,
    /// The rows' table: test, or train where there is none.
    pub table: Table<'c>,
    /// Its role.
    pub role: Role,
    /// What the reader must know.
    pub notes: Vec<String>,
}

impl<'c> Subject<'c> {
    /// The test table, or the training table where there is none.
    ///
    /// # Errors
    /// Without table or model.
    pub fn new(ctx: &'c Context) -> Result<Self, CheckError> {
        let model = ctx.model()?;
        let mut notes = Vec::new();
        let table = if let Some(table) = ctx.table_if_present(Role::Test)? {
            table
        } else {
            notes.push(
                "There is no test table: the rows are those the model learned from.".to_owned(),
            );
            ctx.table(Role::Train)?
        };
        Ok(Self {
            role: table.role(),
            model,
            table,
            notes,
        })
    }

    /// At most `limit` of `rows`, by chance; says so if it leaves any out.
    pub fn sample(&mut self, ctx: &Context, rows: &[usize], limit: usize) -> Vec<usize> {
        let chosen = Rng::new(ctx.seed()).sample_sorted(rows.len(), limit.max(1));
        if chosen.len() < rows.len() {
            self.notes.push(format!(
                "A random sample of {} of {} rows was looked at.",
                chosen.len(),
                rows.len()
            ));
        }
        chosen.into_iter().map(|at| rows[at]).collect()
    }

    /// At most `limit` rows of the training table (of the rows' own table where there is none): what
    /// a prediction is compared with.
    ///
    /// # Errors
    /// If the table lacks an input of the model.
    pub fn background(&mut self, ctx: &Context, limit: usize) -> Result<Features, CheckError> {
        let train = ctx.table_if_present(Role::Train)?;
        let table = train.as_ref().unwrap_or(&self.table);
        let rows = Rng::for_stream(ctx.seed(), BACKGROUND_STREAM)
            .sample_sorted(table.n_rows(), limit.max(1));
        self.notes.push(format!(
            "The background is {} random rows of the {} table.",
            rows.len(),
            table.role().name()
        ));
        table.features_at(&self.model, &rows)
    }

    /// Positions in the table as rows to open.
    pub fn rows(&self, rows: impl IntoIterator<Item = usize>) -> Rows {
        Rows::new(self.role, rows)
    }
}

/// The figure that is explained: which output, and what it is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Position among the model's outputs.
    pub output: usize,
    /// `probability of 'good'`, `prediction`.
    pub name: String,
}

impl Explained {
    /// The positive class of a binary model, a number as it is; of several classes the named one, or
    /// the one with the highest mean probability.
    ///
    /// # Errors
    /// If the named class is not one of the model's.
    pub fn new(model: &Model<'_>, class: &str, means: &[f64]) -> Result<Self, CheckError> {
        let classes = &model.facts().classes;
        if model.task() == Task::Regression {
            return Ok(Self {
                output: 0,
                name: "prediction".to_owned(),
            });
        }
        if means.len() <= 1 {
            let name = classes.get(1).map_or("1", String::as_str);
            return Ok(Self {
                output: 0,
                name: format!("probability of '{name}'"),
            });
        }
        let output = if class.is_empty() {
            let best = means.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            best.map_or(0, |(at, _)| at)
        } else {
            classes
                .iter()
                .position(|known| known == class)
                .ok_or_else(|| {
                    let message = format!(
                        "the model has no class '{class}': it has {}",
                        classes.join(", ")
                    );
                    CheckError::new(CheckErrorKind::BadParameter, message)
                })?
        };
        let name = classes.get(output).map_or("?", String::as_str);
        Ok(Self {
            output,
            name: format!("probability of '{name}'"),
        })
    }
}
