//! What a worker does for a running check: tables, predictions, progress.
//!
//! In: the host's `Run` command. Out: [`HostServices`] for the plugin, answers for the host.
//!
//! Tables and the model stay open between runs, because most runs ask for the same.

#![expect(
    unsafe_code,
    reason = "Arrow structs cross the border by the layout the specification fixes"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{Array as _, RecordBatch, StructArray};
use interlock_model::remote::Remote;
use interlock_model::{Batch, BatchColumn, BatchValues, Limits as ModelLimits, Model};
use interlock_plugin_api::error::{CheckError, CheckErrorKind};
use interlock_plugin_api::host::{
    ArrowArray, ArrowSchema, HostServices, PredictColumn, PredictValues, Space,
};
use interlock_plugin_api::outcome::Role;

use super::protocol::{FromWorker, Progress, Run};
use crate::fingerprint::Fingerprint;
use crate::table::TableView;

/// Progress is told at most this often.
const PROGRESS_PAUSE: Duration = Duration::from_millis(50);

/// Tables and model kept open between runs.
#[derive(Default)]
pub(crate) struct Inputs {
    tables: BTreeMap<PathBuf, TableView>,
    model: Option<(PathBuf, Fingerprint, Box<dyn Model>)>,
}

impl Inputs {
    /// Opens what a run needs and forgets what it does not.
    ///
    /// # Errors
    /// If a table or the model cannot be opened, or the model is not the one that was meant.
    pub(crate) fn prepare(&mut self, run: &Run) -> Result<(), CheckError> {
        self.tables
            .retain(|path, _| run.tables.iter().any(|(_, used)| used == path));
        for (role, path) in &run.tables {
            if !self.tables.contains_key(path) {
                let view = TableView::open(path).map_err(|error| {
                    CheckError::failed(format!(
                        "the {} table cannot be opened: {error}",
                        role.name()
                    ))
                })?;
                self.tables.insert(path.clone(), view);
            }
        }
        let Some(wanted) = &run.model else {
            return Ok(());
        };
        // A connection may have broken in the last run; a new one costs nothing beside a run.
        let is_open = wanted.answer_limit.is_none()
            && self.model.as_ref().is_some_and(|(path, fingerprint, _)| {
                *path == wanted.path && *fingerprint == wanted.fingerprint
            });
        if !is_open {
            self.model = Some((
                wanted.path.clone(),
                wanted.fingerprint,
                match wanted.answer_limit {
                    Some(limit) => served_model(&wanted.path, limit)?,
                    None => open_model(&wanted.path, wanted.fingerprint)?,
                },
            ));
        }
        Ok(())
    }
}

fn open_model(path: &Path, fingerprint: Fingerprint) -> Result<Box<dyn Model>, CheckError> {
    let bad = |message: String| CheckError::new(CheckErrorKind::Model, message);
    let model = interlock_model::open(path, &ModelLimits::default())
        .map_err(|error| bad(error.to_string()))?;
    // Read after opening: bytes that changed in between are noticed.
    let present = Fingerprint::of_file(path).map_err(|error| bad(error.to_string()))?;
    if present != fingerprint {
        return Err(bad(
            "the model's file changed while the check was about to run".to_owned(),
        ));
    }
    Ok(model)
}

/// The model that another process serves at a socket.
fn served_model(socket: &Path, answer_limit: Duration) -> Result<Box<dyn Model>, CheckError> {
    let bad = |message: String| CheckError::new(CheckErrorKind::Model, message);
    let stream = connect(socket, answer_limit)
        .map_err(|error| bad(format!("the served model cannot be reached: {error}")))?;
    let remote = Remote::connect(stream).map_err(|error| bad(error.to_string()))?;
    Ok(Box::new(remote))
}

/// A stream to a served model, which waits no longer than this for an answer.
///
/// # Errors
/// If nobody listens there.
pub(crate) fn connect(socket: &Path, answer_limit: Duration) -> std::io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(answer_limit))?;
    stream.set_write_timeout(Some(answer_limit))?;
    Ok(stream)
}

/// Serves one run.
pub(crate) struct Services<'a, W> {
    pub(crate) run: &'a Run,
    pub(crate) inputs: &'a Inputs,
    pub(crate) answers: Arc<Mutex<W>>,
    pub(crate) told_at: Cell<Option<Instant>>,
    /// Category names as the model takes them, kept between calls that name the same ones.
    pub(crate) names: RefCell<BTreeMap<String, Vec<String>>>,
}

impl<W: Write> Services<'_, W> {
    fn tell(&self, answer: &FromWorker) {
        let mut answers = match self.answers.lock() {
            Ok(answers) => answers,
            Err(poisoned) => poisoned.into_inner(),
        };
        // A host that is gone has no use for answers; the process ends with it.
        let _gone = answer.write(&mut *answers);
    }

    fn model(&self) -> Result<&dyn Model, CheckError> {
        let model = self
            .inputs
            .model
            .as_ref()
            .filter(|_| self.run.model.is_some());
        model
            .map(|(_, _, model)| model.as_ref())
            .ok_or_else(|| CheckError::missing_input("there is no model"))
    }
}

impl<W: Write> Services<'_, W> {
    /// The numbers the project file gives for the texts of this column, if it does; a text without
    /// one is missing.
    fn coded(&self, column: &PredictColumn<'_>) -> Option<Vec<f64>> {
        let codes = self.run.model.as_ref()?.codes.get(column.name)?;
        let PredictValues::Categorical {
            codes: positions,
            categories,
        } = column.values
        else {
            return None;
        };
        let known: Vec<f64> = categories
            .iter()
            .map(|text| codes.get(*text).copied().unwrap_or(f64::NAN))
            .collect();
        let number = |position: &u32| known.get(*position as usize).copied().unwrap_or(f64::NAN);
        Some(positions.iter().map(number).collect())
    }

    /// The model's own name for an input that checks know by the name of its column.
    fn own_name<'n>(&self, model: &'n dyn Model, name: &'n str) -> &'n str {
        let told = self.run.model.as_ref().map(|told| told.features.as_slice());
        let place = told
            .unwrap_or_default()
            .iter()
            .position(|known| known == name);
        place
            .and_then(|place| model.info().features.get(place))
            .map_or(name, |feature| &feature.name)
    }
}

impl<W: Write> HostServices for Services<'_, W> {
    fn facts(&self) -> &[u8] {
        &self.run.facts
    }

    fn params(&self) -> &[u8] {
        &self.run.params
    }

    fn table(&self, role: Role) -> Option<(ArrowArray, ArrowSchema)> {
        let (_, path) = self.run.tables.iter().find(|(own, _)| *own == role)?;
        let batch = self.inputs.tables.get(path)?.record_batch();
        export(batch, &self.run.columns).ok()
    }

    fn predict(
        &self,
        n_rows: usize,
        columns: &[PredictColumn<'_>],
        space: Space,
        out: &mut Vec<f64>,
    ) -> Result<u32, CheckError> {
        let model = self.model()?;
        let mut names = self.names.borrow_mut();
        for column in columns {
            if let PredictValues::Categorical { categories, .. } = column.values {
                let kept = names.entry(column.name.to_owned()).or_default();
                if kept != categories {
                    *kept = categories.iter().map(ToString::to_string).collect();
                }
            }
        }
        let coded: Vec<Option<Vec<f64>>> =
            columns.iter().map(|column| self.coded(column)).collect();
        let columns = columns
            .iter()
            .zip(&coded)
            .map(|(column, coded)| BatchColumn {
                name: self.own_name(model, column.name),
                values: match coded {
                    Some(numbers) => BatchValues::Numeric(numbers),
                    None => values(column, &names),
                },
            })
            .collect();
        let batch = Batch { n_rows, columns };
        let predicted = match space {
            Space::Probability => model.predict(&batch),
            Space::Margin => model.margins(&batch),
        };
        *out =
            predicted.map_err(|error| CheckError::new(CheckErrorKind::Model, error.to_string()))?;
        if self
            .run
            .model
            .as_ref()
            .is_some_and(|model| model.is_flipped)
        {
            for figure in out.iter_mut() {
                *figure = match space {
                    Space::Probability => 1.0 - *figure,
                    Space::Margin => -*figure,
                };
            }
        }
        u32::try_from(model.info().n_outputs).map_err(|error| CheckError::failed(error.to_string()))
    }

    fn ensemble(&self) -> Vec<u8> {
        let Some(told) = &self.run.model else {
            return Vec::new();
        };
        // The trees say the margin of the model's own class.
        let ensemble = self.model().ok().filter(|_| !told.is_flipped);
        let ensemble = ensemble.and_then(Model::ensemble).map(|mut ensemble| {
            if ensemble.features.len() == told.features.len() {
                ensemble.features.clone_from(&told.features);
            }
            ensemble
        });
        ensemble
            .and_then(|ensemble| rmp_serde::to_vec_named(&ensemble).ok())
            .unwrap_or_default()
    }

    fn seed(&self) -> u64 {
        self.run.seed
    }

    fn budget_ms(&self) -> u64 {
        u64::try_from(self.run.budget.as_millis()).unwrap_or(u64::MAX)
    }

    fn progress(&self, share: Option<f64>, activity: &str) {
        let now = now();
        if self
            .told_at
            .get()
            .is_some_and(|at| now < at + PROGRESS_PAUSE)
        {
            return;
        }
        self.told_at.set(Some(now));
        self.tell(&FromWorker::Progress(Progress {
            share,
            activity: activity.to_owned(),
        }));
    }

    fn partial(&self, outcome: &[u8]) {
        self.tell(&FromWorker::Partial(outcome.to_vec()));
    }

    fn log(&self, text: &str) {
        self.tell(&FromWorker::Log(text.to_owned()));
    }
}

fn values<'a>(
    column: &PredictColumn<'a>,
    names: &'a BTreeMap<String, Vec<String>>,
) -> BatchValues<'a> {
    match column.values {
        PredictValues::Numeric(numbers) => BatchValues::Numeric(numbers),
        PredictValues::Categorical { codes, .. } => {
            let categories = names.get(column.name).map_or(&[][..], Vec::as_slice);
            BatchValues::Categorical { codes, categories }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a worker has no loop with a clock; it only thins out progress"
)]
fn now() -> Instant {
    Instant::now()
}

/// The columns as Arrow C structs that share the table's memory.
fn export(
    batch: &RecordBatch,
    columns: &[String],
) -> Result<(ArrowArray, ArrowSchema), arrow_schema::ArrowError> {
    let batch = if columns.is_empty() {
        batch.clone()
    } else {
        let schema = batch.schema();
        let chosen: Vec<usize> = (0..batch.num_columns())
            .filter(|&idx| columns.iter().any(|name| name == schema.field(idx).name()))
            .collect();
        batch.project(&chosen)?
    };
    let table = StructArray::from(batch);
    let (array, schema) = (
        FFI_ArrowArray::new(&table.to_data()),
        FFI_ArrowSchema::try_from(table.data_type())?,
    );
    const {
        assert!(size_of::<FFI_ArrowArray>() == size_of::<ArrowArray>());
        assert!(size_of::<FFI_ArrowSchema>() == size_of::<ArrowSchema>());
    }
    // SAFETY: both types are the `ArrowArray` of the C Data Interface specification, which fixes the
    // fields, their order and `repr(C)`; ownership moves with the value.
    let array = unsafe { std::mem::transmute::<FFI_ArrowArray, ArrowArray>(array) };
    // SAFETY: as above, for `ArrowSchema`.
    let schema = unsafe { std::mem::transmute::<FFI_ArrowSchema, ArrowSchema>(schema) };
    Ok((array, schema))
}
