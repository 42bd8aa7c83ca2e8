//! What a check of performance looks at: rows with a known target, and what the model says of them.
//!
//! In: the run's context and a table. Out: a [`Subject`]. Here alone tables are read and the model
//! is asked.

use interlock_plugin_api::{
    CheckError, Context, Model, Outcome, Predictions, Role, Rows, Table, Task, Truth,
};

use crate::figures::{ClassSample, Classified, NumberSample};
use crate::wording::{MIN_ROWS, inconclusive};

/// Classes a model may have: a confusion holds their square.
const MAX_CLASSES: usize = 1000;

/// The rows of one table that can be judged.
pub(crate) struct Subject {
    /// The table they stand in.
    pub(crate) role: Role,
    /// Their positions there, ascending.
    pub(crate) rows: Vec<usize>,
    /// What is true of them and what was predicted.
    pub(crate) answers: Answers,
    /// What the reader must know.
    pub(crate) notes: Vec<String>,
}

/// Truths and predictions, one per row looked at.
pub(crate) enum Answers {
    /// Of a classification.
    Classes(Classes),
    /// Of a regression.
    Numbers {
        /// What is true.
        truth: Vec<f64>,
        /// What was predicted.
        predicted: Vec<f64>,
    },
}

/// Truths and predictions of a classification.
pub(crate) struct Classes {
    /// Names by position.
    pub(crate) names: Vec<String>,
    /// Class positions.
    pub(crate) truth: Vec<usize>,
    /// Class positions.
    pub(crate) decided: Vec<usize>,
    /// `probabilities[row * n_outputs + output]`.
    pub(crate) probabilities: Vec<f64>,
    /// 1 if binary, else the number of classes.
    pub(crate) n_outputs: usize,
    /// Probability from which a binary row is positive.
    pub(crate) threshold: f64,
}

impl Classes {
    /// Borrowed, for the figures.
    pub(crate) fn classified(&self) -> Classified<'_> {
        Classified {
            n_classes: self.names.len(),
            truth: &self.truth,
            decided: &self.decided,
            probabilities: &self.probabilities,
            n_outputs: self.n_outputs,
        }
    }

    /// Whether there is one probability per row.
    pub(crate) fn is_binary(&self) -> bool {
        self.n_outputs == 1
    }
}

/// Figures of a subject, ready to be counted with weights.
pub(crate) enum Sample {
    /// Of a classification.
    Classes(ClassSample),
    /// Of a regression, with the number of rows.
    Numbers(NumberSample, usize),
}

impl Sample {
    /// The figures with a weight per row.
    pub(crate) fn figures(&self, weights: &[u32]) -> Vec<f64> {
        match self {
            Self::Classes(sample) => sample.figures(weights),
            Self::Numbers(sample, _) => sample.figures(weights),
        }
    }

    /// The figures without each group of rows in turn.
    pub(crate) fn left_out(&self, n_groups: usize) -> Vec<Vec<f64>> {
        match self {
            Self::Classes(sample) => sample.left_out(n_groups),
            Self::Numbers(sample, _) => sample.left_out(n_groups),
        }
    }

    /// Strata of a bootstrap: classes.
    pub(crate) fn strata(&self) -> Vec<usize> {
        match self {
            Self::Classes(sample) => sample.strata(),
            Self::Numbers(_, n_rows) => vec![0; *n_rows],
        }
    }
}

/// The rows of the training and the test table whose target is known.
pub(crate) struct Sides {
    /// Of the training table.
    pub(crate) train: Subject,
    /// Of the test table.
    pub(crate) test: Subject,
    /// What the reader must know of both.
    pub(crate) notes: Vec<String>,
}

impl Sides {
    /// Both sides.
    ///
    /// # Errors
    /// As [`Subject::of`].
    pub(crate) fn of(ctx: &Context) -> Result<Self, CheckError> {
        let train = Subject::of(ctx, Role::Train)?;
        let test = Subject::of(ctx, Role::Test)?;
        let notes = [&train.notes[..], &test.notes[..]].concat();
        Ok(Self { train, test, notes })
    }

    /// What to say if one side has too few rows to judge.
    pub(crate) fn too_few(&self) -> Option<Outcome> {
        let (n_train, n_test) = (self.train.n_rows(), self.test.n_rows());
        (n_train < MIN_ROWS || n_test < MIN_ROWS).then(|| {
            let summary = format!(
                "{n_train} training and {n_test} test rows with a known target; it takes at least {MIN_ROWS} of each"
            );
            inconclusive(summary, &self.notes)
        })
    }
}

impl Subject {
    /// The rows of a table whose target is known.
    ///
    /// # Errors
    /// Without table, model or target; if the model refuses the rows or gives no probabilities.
    pub(crate) fn of(ctx: &Context, role: Role) -> Result<Self, CheckError> {
        let model = ctx.model()?;
        let table = ctx.table(role)?;
        Self::among(ctx, &model, &table, None)
    }

    /// As [`Subject::of`], of at most so many rows, drawn at random beyond.
    ///
    /// # Errors
    /// As [`Subject::of`].
    pub(crate) fn sample_of(
        ctx: &Context,
        role: Role,
        max_rows: usize,
    ) -> Result<Self, CheckError> {
        let model = ctx.model()?;
        let table = ctx.table(role)?;
        Self::among(ctx, &model, &table, Some(max_rows))
    }

    fn among(
        ctx: &Context,
        model: &Model<'_>,
        table: &Table<'_>,
        max_rows: Option<usize>,
    ) -> Result<Self, CheckError> {
        let truth = ctx.truth(table, model)?;
        let mut known = truth.known_rows();
        let mut notes = Vec::new();
        let role = table.role().name();
        let n_unlabeled = table.n_rows() - known.len();
        if n_unlabeled > 0 {
            notes.push(format!(
                "{n_unlabeled} of {} {role} rows have no target and were left out.",
                table.n_rows()
            ));
        }
        if let Truth::Classes(classes) = &truth {
            let n_known = known.len();
            known.retain(|&row| classes[row] != Some(Truth::UNKNOWN_CLASS));
            let n_foreign = n_known - known.len();
            if n_foreign > 0 {
                notes.push(format!(
                    "{n_foreign} {role} rows are of a class the model does not know: it is wrong on each of them, and they are in no figure here."
                ));
            }
        }
        if let Some(most) = max_rows.filter(|&most| known.len() > most) {
            let drawn = interlock_stats::rng::Rng::new(ctx.seed()).sample_sorted(known.len(), most);
            notes.push(format!(
                "A random sample of {most} of {} {role} rows was looked at.",
                known.len()
            ));
            known = drawn.into_iter().map(|at| known[at]).collect();
        }
        let features = table.features(model)?;
        let predictions = if known.len() == table.n_rows() {
            model.predict(&features)?
        } else {
            model.predict(&features.select(&known))?
        };
        Self::joined(model, table.role(), (known, notes), &truth, &predictions)
    }

    fn joined(
        model: &Model<'_>,
        role: Role,
        (known, mut notes): (Vec<usize>, Vec<String>),
        truth: &Truth,
        predictions: &Predictions,
    ) -> Result<Self, CheckError> {
        let kept: Vec<usize> = (0..known.len())
            .filter(|&at| predictions.row(at).iter().all(|value| value.is_finite()))
            .collect();
        if kept.len() < known.len() {
            notes.push(format!(
                "The model gave no number for {} {} rows; they are in no figure here.",
                known.len() - kept.len(),
                role.name()
            ));
        }
        let rows: Vec<usize> = kept.iter().map(|&at| known[at]).collect();
        let answers = match truth {
            Truth::Numbers(values) => Answers::Numbers {
                truth: rows.iter().map(|&row| values[row]).collect(),
                predicted: kept.iter().map(|&at| predictions.row(at)[0]).collect(),
            },
            Truth::Classes(classes) => {
                let truth = rows.iter().filter_map(|&row| classes[row]).collect();
                Answers::Classes(decided(model, truth, &kept, predictions)?)
            }
        };
        Ok(Self {
            role,
            rows,
            answers,
            notes,
        })
    }

    /// How many rows are looked at.
    pub(crate) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether it is a classification with one probability per row.
    pub(crate) fn is_binary(&self) -> bool {
        matches!(&self.answers, Answers::Classes(classes) if classes.is_binary())
    }

    /// Positions in the table of rows looked at, given ascending.
    pub(crate) fn table_rows(&self, rows: impl IntoIterator<Item = usize>) -> Rows {
        Rows::new(self.role, rows.into_iter().map(|row| self.rows[row]))
    }

    /// The figures, ready to be counted.
    pub(crate) fn sample(&self) -> Sample {
        match &self.answers {
            Answers::Classes(classes) => Sample::Classes(ClassSample::new(classes.classified())),
            Answers::Numbers { truth, predicted } => {
                Sample::Numbers(NumberSample::new(truth, predicted), truth.len())
            }
        }
    }
}

fn decided(
    model: &Model<'_>,
    truth: Vec<usize>,
    kept: &[usize],
    predictions: &Predictions,
) -> Result<Classes, CheckError> {
    let facts = model.facts();
    let is_probability = |p: &f64| (0.0..=1.0).contains(p);
    if let Some(other) = predictions
        .values
        .iter()
        .find(|value| value.is_finite() && !is_probability(value))
    {
        let message = format!("the model gives {other} where a probability is due");
        return Err(CheckError::unsuitable(message));
    }
    let n_outputs = predictions.n_outputs;
    let n_classes = n_outputs.max(2);
    if n_classes > MAX_CLASSES {
        let message =
            format!("the model has {n_classes} classes; {MAX_CLASSES} at most are looked at");
        return Err(CheckError::unsuitable(message));
    }
    if truth.iter().any(|&class| class >= n_classes)
        || (n_outputs == 1 && model.task() == Task::Multiclass)
    {
        return Err(CheckError::unsuitable(
            "the model has fewer outputs than classes",
        ));
    }
    let fallback = ["negative", "positive"];
    let names = (0..n_classes)
        .map(|class| match facts.classes.get(class) {
            Some(name) => name.clone(),
            None if n_outputs == 1 => fallback[class].to_owned(),
            None => format!("class {class}"),
        })
        .collect();
    Ok(Classes {
        names,
        truth,
        decided: kept
            .iter()
            .map(|&at| predictions.class(at, facts.threshold))
            .collect(),
        probabilities: kept
            .iter()
            .flat_map(|&at| predictions.row(at).iter().copied())
            .collect(),
        n_outputs,
        threshold: facts.threshold,
    })
}
