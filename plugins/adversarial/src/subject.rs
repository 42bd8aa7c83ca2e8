//! What a robustness check looks at: rows, the truth about them, and how their inputs may change.
//!
//! In: the run's context. Out: a [`Subject`]. Here alone tables are read.

use interlock_plugin_api::{
    CheckError, Context, FeatureValues, Features, Model, Role, Rows, Table,
};
use interlock_stats::moments::variance;
use interlock_stats::rng::Rng;

use crate::constraint::{Freedom, describe, freedoms};
use crate::noise_curve::Truth;

/// The rows looked at.
pub struct Subject<'c> {
    /// The model.
    pub model: Model<'c>,
    /// The table they stand in.
    pub role: Role,
    /// Their positions there, ascending.
    pub rows: Vec<usize>,
    /// The model's inputs for them.
    pub features: Features,
    /// How each input may change.
    pub freedoms: Vec<Freedom>,
    /// What is true of them.
    pub truth: Truth,
    /// What the reader must know.
    pub notes: Vec<String>,
}

impl<'c> Subject<'c> {
    /// At most `max_rows` rows with a known target of the test table, or of the training table
    /// where there is none.
    ///
    /// # Errors
    /// Without table, model or target; if the table lacks an input of the model.
    pub fn new(ctx: &'c Context, max_rows: usize) -> Result<Self, CheckError> {
        let model = ctx.model()?;
        let mut notes = Vec::new();
        let table = if let Some(table) = ctx.table_if_present(Role::Test)? {
            table
        } else {
            notes.push(
                "There is no test table: the rows are those the model learned from, where it is at its best."
                    .to_owned(),
            );
            ctx.table(Role::Train)?
        };
        let truth = ctx.truth(&table, &model)?;
        let known = truth.known_rows();
        if known.len() < table.n_rows() {
            let n = table.n_rows() - known.len();
            notes.push(format!("{n} rows without a target were left out."));
        }
        let chosen = Rng::new(ctx.seed()).sample_sorted(known.len(), max_rows.max(1));
        if chosen.len() < known.len() {
            notes.push(format!(
                "A random sample of {} of {} rows was looked at.",
                chosen.len(),
                known.len()
            ));
        }
        let rows: Vec<usize> = chosen.into_iter().map(|at| known[at]).collect();
        let features = table.features_at(&model, &rows)?;
        let reference = reference(ctx, &table, &model)?;
        let freedoms = freedoms(&features, &reference, |name| ctx.facts().column(name));
        notes.extend(describe(&features, &freedoms));
        Ok(Self {
            truth: own(&truth.select(&rows), model.facts().threshold),
            role: table.role(),
            model,
            rows,
            features,
            freedoms,
            notes,
        })
    }

    /// Positions in the table of rows looked at.
    pub fn table_rows(&self, rows: impl IntoIterator<Item = usize>) -> Rows {
        Rows::new(self.role, rows.into_iter().map(|row| self.rows[row]))
    }

    /// Inputs that may change.
    pub fn free_columns(&self) -> Vec<usize> {
        (0..self.freedoms.len())
            .filter(|&column| !matches!(self.freedoms[column], Freedom::Fixed(_)))
            .collect()
    }
}

/// The rows that scales are taken from: those the model learned from, if they are there.
fn reference(ctx: &Context, table: &Table<'_>, model: &Model<'_>) -> Result<Features, CheckError> {
    match ctx.table_if_present(Role::Train)? {
        Some(train) => train.features(model),
        None => table.features(model),
    }
}

fn own(truth: &interlock_plugin_api::Truth, threshold: f64) -> Truth {
    match truth {
        interlock_plugin_api::Truth::Classes(classes) => Truth::Classes {
            classes: classes
                .iter()
                .map(|class| class.unwrap_or(usize::MAX))
                .collect(),
            threshold,
        },
        interlock_plugin_api::Truth::Numbers(values) => Truth::Numbers {
            // The sample variance times (n - 1) / n is the population's.
            variance: variance(values).map_or(0.0, |variance| {
                variance * (values.len() - 1) as f64 / values.len() as f64
            }),
            values: values.clone(),
        },
    }
}

/// The value of an input as people read it.
pub fn shown(values: &FeatureValues, row: usize) -> String {
    values.display(row).unwrap_or_else(|| "missing".to_owned())
}
