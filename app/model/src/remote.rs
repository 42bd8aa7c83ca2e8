//! A model that another process serves: asked through a stream, in frames.
//!
//! In: a stream to a server that speaks the frames below. Out: a [`Model`]. Knows neither what kind of
//! process it is nor how it was started.
//!
//! A frame is a 32-bit little-endian length, a JSON header of that length, then `n_bytes` (from the
//! header) of raw little-endian columns. Requests: `{"op": "info"}`, or `{"op": "predict", "space",
//! "n_rows", "columns", "n_bytes"}` where a column is `{"name", "kind": "f8"}` or `{"name", "kind":
//! "u4", "categories"}`; codes are positions in the categories, 2^32 - 1 is missing. Answers:
//! `{"ok": true, "n_outputs", "n_bytes"}` with `n_rows * n_outputs` doubles row by row, or `{"ok": false,
//! "error"}`. What the server says is checked before it is believed.

pub mod answering;

use std::io::{ErrorKind, Read, Write};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, BatchValues};
use crate::ensemble::TreeEnsemble;
use crate::error::ModelError;
use crate::{FeatureInfo, FeatureKind, Model, ModelInfo, ModelTask, OutputSpace};

/// Longest header a server may send.
const MAX_HEADER: usize = 16 << 20;

/// Most outputs a server may claim.
const MAX_OUTPUTS: usize = 10_000;

/// Most figures one answer may hold.
const MAX_FIGURES: usize = 1 << 30;

/// A stream in both directions.
pub trait Stream: Read + Write + Send + std::fmt::Debug {}

impl<S: Read + Write + Send + std::fmt::Debug> Stream for S {}

/// A model behind a stream.
#[derive(Debug)]
pub struct Remote {
    info: ModelInfo,
    /// `None` once an answer was lost: what comes next would answer another question.
    stream: Mutex<Option<Box<dyn Stream>>>,
}

/// What a server says of its model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Said {
    ok: bool,
    error: String,
    format: String,
    producer: String,
    task: String,
    features: Vec<String>,
    classes: Vec<String>,
    n_outputs: usize,
    n_bytes: usize,
}

#[derive(Serialize)]
struct Asked<'a> {
    op: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<&'a str>,
    n_rows: usize,
    columns: Vec<AskedColumn<'a>>,
    n_bytes: usize,
}

#[derive(Serialize)]
struct AskedColumn<'a> {
    name: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<&'a [String]>,
}

impl Remote {
    /// Asks the server what its model is.
    ///
    /// # Errors
    /// If it does not answer, answers nonsense, or could not load the model.
    pub fn connect(stream: impl Stream + 'static) -> Result<Self, ModelError> {
        let mut stream: Box<dyn Stream> = Box::new(stream);
        let asked = Asked {
            op: "info",
            space: None,
            n_rows: 0,
            columns: Vec::new(),
            n_bytes: 0,
        };
        send(&mut stream, &asked, &[])?;
        let said = receive(&mut stream)?;
        if !said.ok {
            return Err(ModelError::Served(said.error));
        }
        if said.n_outputs == 0 || said.n_outputs > MAX_OUTPUTS || said.n_bytes != 0 {
            return Err(nonsense(&format!("{} outputs", said.n_outputs)));
        }
        Ok(Self {
            info: info(said),
            stream: Mutex::new(Some(stream)),
        })
    }

    fn ask(&self, batch: &Batch<'_>, space: &str) -> Result<Vec<f64>, ModelError> {
        let mut guard = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = guard.as_mut() else {
            return Err(ModelError::Served(
                "the connection to it was lost before".to_owned(),
            ));
        };
        let answer = exchange(stream, batch, space, self.info.n_outputs);
        if !matches!(&answer, Ok(_) | Err(ModelError::Batch(_))) {
            *guard = None;
        }
        answer
    }
}

impl Model for Remote {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        self.ask(batch, "prediction")
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        self.ask(batch, "margin")
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        None
    }
}

fn info(said: Said) -> ModelInfo {
    let task = match said.task.as_str() {
        "binary" => Some(ModelTask::Binary),
        "multiclass" => Some(ModelTask::Multiclass),
        "regression" => Some(ModelTask::Regression),
        _ => None,
    };
    let feature = |name| FeatureInfo {
        name,
        kind: FeatureKind::Unknown,
    };
    ModelInfo {
        format: said.format,
        producer: said.producer,
        task,
        features: said.features.into_iter().map(feature).collect(),
        n_outputs: said.n_outputs,
        space: match task {
            Some(ModelTask::Binary | ModelTask::Multiclass) => OutputSpace::Probability,
            Some(ModelTask::Regression | ModelTask::Ranking) | None => OutputSpace::Value,
        },
        classes: said.classes,
        trees: None,
        has_ensemble: false,
    }
}

fn exchange(
    stream: &mut Box<dyn Stream>,
    batch: &Batch<'_>,
    space: &str,
    n_outputs: usize,
) -> Result<Vec<f64>, ModelError> {
    let n_figures = batch.n_rows.saturating_mul(n_outputs);
    if n_figures > MAX_FIGURES {
        return Err(ModelError::Batch(format!(
            "{} rows are too many to ask a served model at once",
            batch.n_rows
        )));
    }
    let columns = batch.columns.iter().map(|column| match column.values {
        BatchValues::Numeric(_) => AskedColumn {
            name: column.name,
            kind: "f8",
            categories: None,
        },
        BatchValues::Categorical { categories, .. } => AskedColumn {
            name: column.name,
            kind: "u4",
            categories: Some(categories),
        },
    });
    let mut body = Vec::new();
    for column in &batch.columns {
        match column.values {
            BatchValues::Numeric(values) => {
                body.reserve(values.len() * 8);
                body.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            BatchValues::Categorical { codes, .. } => {
                body.reserve(codes.len() * 4);
                body.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
            }
        }
    }
    let asked = Asked {
        op: "predict",
        space: Some(space),
        n_rows: batch.n_rows,
        columns: columns.collect(),
        n_bytes: body.len(),
    };
    send(stream, &asked, &body)?;
    let said = receive(stream)?;
    if !said.ok {
        return Err(ModelError::Batch(said.error));
    }
    if said.n_outputs != n_outputs || said.n_bytes != n_figures * 8 {
        return Err(nonsense(&format!(
            "{} outputs in {} bytes for {} rows of {n_outputs}",
            said.n_outputs, said.n_bytes, batch.n_rows
        )));
    }
    let mut bytes = vec![0; said.n_bytes];
    stream
        .read_exact(&mut bytes)
        .map_err(|error| lost(&error))?;
    let (figures, _) = bytes.as_chunks::<8>();
    let figures: Vec<f64> = figures
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes))
        .collect();
    match figures.iter().position(|figure| figure.is_nan()) {
        Some(at) => Err(ModelError::Batch(format!(
            "the served model gave no number for row {} of {}",
            at / n_outputs,
            batch.n_rows
        ))),
        None => Ok(figures),
    }
}

fn send(stream: &mut Box<dyn Stream>, asked: &Asked<'_>, body: &[u8]) -> Result<(), ModelError> {
    let header = serde_json::to_vec(asked).map_err(|error| nonsense(&error.to_string()))?;
    let length = u32::try_from(header.len()).map_err(|_longer| nonsense("a header too long"))?;
    let mut write = |bytes: &[u8]| stream.write_all(bytes).map_err(|error| lost(&error));
    write(&length.to_le_bytes())?;
    write(&header)?;
    write(body)?;
    stream.flush().map_err(|error| lost(&error))
}

fn receive(stream: &mut Box<dyn Stream>) -> Result<Said, ModelError> {
    let mut length = [0; 4];
    stream
        .read_exact(&mut length)
        .map_err(|error| lost(&error))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(nonsense(&format!("a header of {length} bytes")));
    }
    let mut header = vec![0; length];
    stream
        .read_exact(&mut header)
        .map_err(|error| lost(&error))?;
    serde_json::from_slice(&header).map_err(|error| nonsense(&error.to_string()))
}

fn lost(error: &std::io::Error) -> ModelError {
    ModelError::Served(match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            "it did not answer in time; give it more with model.timeout, or less to do".to_owned()
        }
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            "its process ended while it was asked; the log says why".to_owned()
        }
        _ => error.to_string(),
    })
}

fn nonsense(what: &str) -> ModelError {
    ModelError::Served(format!("it answered what no server of ours does: {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::batch::BatchColumn;

    /// Answers what it was given, whatever it is asked.
    #[derive(Debug)]
    struct Scripted {
        answers: Cursor<Vec<u8>>,
    }

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.answers.read(buffer)
        }
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn frame(header: &str, body: &[f64]) -> Vec<u8> {
        let mut bytes = u32::try_from(header.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(body.iter().flat_map(|figure| figure.to_le_bytes()));
        bytes
    }

    const INFO: &str =
        r#"{"ok": true, "format": "python", "task": "binary", "features": ["a"], "n_outputs": 1}"#;

    /// Predicts two rows after the server said what it is.
    fn predicted(answer: Vec<u8>) -> Result<Vec<f64>, String> {
        let mut answers = frame(INFO, &[]);
        answers.extend(answer);
        let answers = Cursor::new(answers);
        let remote = Remote::connect(Scripted { answers }).map_err(|error| error.to_string())?;
        let batch = Batch {
            n_rows: 2,
            columns: vec![BatchColumn {
                name: "a",
                values: BatchValues::Numeric(&[1.0, 2.0]),
            }],
        };
        remote.predict(&batch).map_err(|error| error.to_string())
    }

    #[test]
    fn figures_come_row_by_row() {
        let answer = frame(
            r#"{"ok": true, "n_outputs": 1, "n_bytes": 16}"#,
            &[0.25, 0.5],
        );
        assert_eq!(predicted(answer), Ok(vec![0.25, 0.5]));
    }

    #[test]
    fn whatever_is_wrong_is_said() {
        for (answer, words) in [
            (
                frame(r#"{"ok": false, "error": "ValueError: x"}"#, &[]),
                "ValueError: x",
            ),
            (
                frame(r#"{"ok": true, "n_outputs": 2, "n_bytes": 32}"#, &[]),
                "2 outputs",
            ),
            (
                frame(r#"{"ok": true, "n_outputs": 1, "n_bytes": 24}"#, &[]),
                "24 bytes",
            ),
            (
                frame(
                    r#"{"ok": true, "n_outputs": 1, "n_bytes": 16}"#,
                    &[0.5, f64::NAN],
                ),
                "no number for row 1",
            ),
            (
                frame(r#"{"ok": true, "n_outputs": 1, "n_bytes": 16}"#, &[0.5]),
                "process ended",
            ),
            (frame("hello", &[]), "no server of ours"),
            (vec![0xff; 8], "a header of 4294967295 bytes"),
            (Vec::new(), "process ended"),
        ] {
            let error = predicted(answer).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
