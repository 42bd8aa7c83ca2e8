//! Opens the project's model, or trains it.
//!
//! In: a [`ModelPlan`]: a file to open, or an algorithm and the table to train it on. Out: a
//! [`PreparedModel`]: the file a worker opens and what it says of itself, or why there is none.
//!
//! Training runs in a process of its own, started from this program: it can be killed at any
//! moment, its memory goes with it, and a crash in it is one sentence here. The same table,
//! settings and seed give the same file, so a file that exists is not trained again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, ModelInfo, Target, TrainSpec};
use interlock_plugin_api::facts::{ColumnKind, ModelFacts, ModelFile, Task};
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;
use crate::model_card::ModelCard;
use crate::model_http::HttpPlan;
use crate::model_server::{Import, PythonPlan, Served, StartError};
use crate::schedule::Hasher;
use crate::snapshot::{ModelInput, ServedBy};
use crate::table::TableView;

/// The word that makes the program train: its only argument then.
pub const TRAIN_COMMAND: &str = "train-model";

/// How to come by the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ModelPlan {
    /// Open this file.
    Open {
        /// Absolute path.
        path: PathBuf,
    },
    /// Train on a table.
    Train(Box<Training>),
    /// Have the user's Python serve it.
    Python(Box<PythonPlan>),
    /// Ask it by HTTP.
    Http(Box<HttpPlan>),
}

/// What a training process is told, as JSON on its standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Training {
    /// Arrow file of the training table.
    pub(crate) table: PathBuf,
    /// The columns to learn from, in order, and whether each is categorical.
    pub(crate) features: Vec<(String, bool)>,
    /// The column to predict.
    pub(crate) target: String,
    /// What is predicted.
    pub(crate) task: Task,
    /// The positive class of a binary task.
    pub(crate) positive: Option<String>,
    /// Algorithm and its settings.
    pub(crate) spec: TrainSpec,
    /// Seed of everything random in it.
    pub(crate) seed: u64,
    /// The file to write.
    pub(crate) output: PathBuf,
}

impl Training {
    /// Names the model by everything it depends on: settings, and the columns it learns from.
    pub(crate) fn fingerprint(&self, columns: &[(String, Fingerprint)]) -> Fingerprint {
        let mut hasher = Hasher::default();
        let settings = (
            &self.features,
            &self.target,
            self.task,
            &self.positive,
            &self.spec,
            self.seed,
        );
        hasher.bytes(&rmp_serde::to_vec_named(&settings).unwrap_or_default());
        for (name, fingerprint) in columns {
            let is_used =
                *name == self.target || self.features.iter().any(|(feature, _)| feature == name);
            if is_used {
                hasher.text(name).bytes(fingerprint.as_bytes());
            }
        }
        hasher.finish()
    }
}

/// A model, or why there is none.
pub(crate) type PreparedModel = Result<Arc<ModelInput>, String>;

/// Holds a training process; dropping it ends the process.
#[derive(Debug)]
pub(crate) struct TrainingGuard {
    // The process ends itself when this pipe closes.
    _input: ChildStdin,
}

/// Opens a model file and reads what it says of itself.
pub(crate) fn open(path: &Path) -> PreparedModel {
    let fingerprint = Fingerprint::of_file(path)
        .map_err(|error| format!("cannot read the model '{}': {error}", path.display()))?;
    let model =
        interlock_model::open(path, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(Arc::new(ModelInput {
        path: path.to_owned(),
        fingerprint,
        facts: facts(model.info()),
        card: Arc::new(ModelCard {
            n_bytes: std::fs::metadata(path).ok().map(|metadata| metadata.len()),
            ..model.info().into()
        }),
        served: None,
    }))
}

/// What the preparation of a model came to.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The model, or why there is none.
    pub(crate) model: PreparedModel,
    /// What was seen in its file, if it is one.
    pub(crate) file: Option<Arc<ModelFile>>,
    /// Files of the project that it runs.
    pub(crate) imports: Vec<Import>,
}

/// What starting a served model came to.
pub(crate) fn served(
    started: Result<Served, StartError>,
    file: Option<Arc<ModelFile>>,
) -> Prepared {
    match started {
        Ok(mut served) => Prepared {
            imports: std::mem::take(&mut served.imports),
            model: Ok(input(served)),
            file,
        },
        Err(error) => Prepared {
            model: Err(error.why),
            file,
            imports: error.imports,
        },
    }
}

fn input(served: Served) -> Arc<ModelInput> {
    Arc::new(ModelInput {
        path: served.server.socket(),
        fingerprint: served.fingerprint,
        facts: facts(&served.info),
        card: Arc::new((&served.info).into()),
        served: Some(ServedBy {
            server: served.server,
            timeout: served.timeout,
        }),
    })
}

/// Starts training in a process of its own. The guard must live as long as the result is wanted.
pub(crate) fn begin(program: &Path, training: &Training) -> Result<(Child, TrainingGuard), String> {
    let mut child = Command::new(program)
        .arg(TRAIN_COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start training: {error}"))?;
    let mut input = child
        .stdin
        .take()
        .ok_or("the training process has no standard input")?;
    let mut told = serde_json::to_vec(training).map_err(|error| error.to_string())?;
    told.push(b'\n');
    input
        .write_all(&told)
        .map_err(|error| format!("cannot tell the training process: {error}"))?;
    Ok((child, TrainingGuard { _input: input }))
}

/// Waits for a training process and opens what it made.
pub(crate) fn finish(child: Child, training: &Training) -> PreparedModel {
    let ended = child
        .wait_with_output()
        .map_err(|error| format!("training was lost: {error}"))?;
    if ended.status.success() {
        return open(&training.output);
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing");
    Err(format!("training failed: {last}"))
}

/// The training process: reads one line of JSON, trains, writes the file. Ends when its standard
/// input closes before that, because then nobody wants the model any more.
///
/// # Errors
/// One sentence on what went wrong.
pub fn train_main() -> Result<(), String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let training: Training = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    std::thread::Builder::new()
        .name("watch-parent".to_owned())
        .spawn(|| {
            // Blocks until the parent closes the pipe or dies.
            let mut rest = String::new();
            let _closed = std::io::stdin().read_line(&mut rest);
            std::process::abort();
        })
        .map_err(|error| error.to_string())?;
    train(&training)
}

fn train(training: &Training) -> Result<(), String> {
    let view = TableView::open(&training.table).map_err(|error| error.to_string())?;
    let owned: Vec<OwnedColumn> = training
        .features
        .iter()
        .map(|(name, is_categorical)| OwnedColumn::read(&view, name, *is_categorical))
        .collect::<Result<_, _>>()?;
    let batch = Batch {
        n_rows: usize::try_from(view.n_rows()).map_err(|error| error.to_string())?,
        columns: owned.iter().map(OwnedColumn::borrow).collect(),
    };
    let target = OwnedColumn::read(&view, &training.target, training.task != Task::Regression)?;
    let target = match &target.values {
        OwnedValues::Numeric(values) => Target::Values(values),
        OwnedValues::Categorical { codes, categories } => Target::Classes {
            codes,
            classes: categories,
            positive: training.positive.as_deref(),
        },
    };
    let model = interlock_model::train(&training.spec, &batch, &target, training.seed)
        .map_err(|error| error.to_string())?;
    // Another name first: a file under the final name is always whole.
    let unfinished = training
        .output
        .with_extension(format!("{}.part", std::process::id()));
    model.save(&unfinished).map_err(|error| error.to_string())?;
    std::fs::rename(&unfinished, &training.output).map_err(|error| error.to_string())
}

struct OwnedColumn {
    name: String,
    values: OwnedValues,
}

enum OwnedValues {
    Numeric(Vec<f64>),
    Categorical {
        codes: Vec<u32>,
        categories: Vec<String>,
    },
}

impl OwnedColumn {
    fn read(view: &TableView, name: &str, is_categorical: bool) -> Result<Self, String> {
        let missing = || format!("the training table has no column '{name}'");
        let values = if is_categorical {
            let (codes, categories) = view.categories(name).ok_or_else(missing)?;
            OwnedValues::Categorical { codes, categories }
        } else {
            OwnedValues::Numeric(view.numbers(name).ok_or_else(missing)?)
        };
        Ok(Self {
            name: name.to_owned(),
            values,
        })
    }

    fn borrow(&self) -> BatchColumn<'_> {
        let values = match &self.values {
            OwnedValues::Numeric(values) => BatchValues::Numeric(values),
            OwnedValues::Categorical { codes, categories } => {
                BatchValues::Categorical { codes, categories }
            }
        };
        BatchColumn {
            name: &self.name,
            values,
        }
    }
}

/// Whether a column of this kind is learned from as categories.
pub(crate) fn is_categorical(kind: ColumnKind) -> bool {
    matches!(
        kind,
        ColumnKind::Categorical | ColumnKind::Boolean | ColumnKind::Text
    )
}

fn facts(info: &ModelInfo) -> ModelFacts {
    ModelFacts {
        format: info.format.clone(),
        features: info
            .features
            .iter()
            .map(|feature| feature.name.clone())
            .collect(),
        n_outputs: u32::try_from(info.n_outputs).unwrap_or(u32::MAX),
        classes: info.classes.clone(),
        threshold: 0.5,
        has_ensemble: info.has_ensemble,
    }
}
