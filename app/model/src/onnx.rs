//! ONNX: graphs of operators for tables, as scikit-learn, XGBoost, LightGBM, `CatBoost` and networks
//! are exported.
//!
//! In: the bytes of a file, and files beside it that hold its weights. Out: a [`Model`] whose
//! predictions are those of `onnxruntime`.
//!
//! Source: the ONNX standard (`onnx.proto`, Operators, Operators-ml); what it leaves open follows
//! `onnxruntime`. A graph is interpreted in blocks of rows: its operators are listed in `onnx/ops`.
//! Nothing is downloaded, and no operator can touch anything but its inputs. A graph with operators
//! that are not among them runs in the user's ONNX Runtime, if there is one (`onnx/runtime`).

mod protobuf;

mod proto;

mod tensor;

mod post;

mod steps;

mod trees;

mod kernel;

mod ops;

mod graph;

mod build;

mod origin;

mod feed;

mod card;

mod runtime;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path};
use std::sync::Arc;

use build::Context;
use card::{Card, Margins};
use feed::{Column, Feed};
use graph::{Graph, Plan};
use kernel::{Budget, Fault};
use proto::ModelProto;
use runtime::Session;
use tensor::Tensor;

use crate::batch::Batch;
use crate::ensemble::TreeEnsemble;
use crate::error::ModelError;
use crate::limits::Limits;
use crate::{Model, ModelInfo, TreesInfo};

pub(crate) use proto::is_model;

const FORMAT: &str = "onnx";

/// Blocks of rows from which several threads pay.
const MIN_BLOCKS: usize = 8;

/// Newest version of the file format that is known.
const NEWEST_IR: i64 = 14;

/// An open ONNX model.
pub(crate) struct Onnx {
    info: ModelInfo,
    graph: Graph,
    feed: Feed,
    card: Card,
    ensemble: Option<TreeEnsemble>,
    /// Where it runs if not here.
    session: Option<Session>,
    /// Size of the file, which bounds what a run may cost.
    n_bytes: usize,
}

/// Reads a model. `path` is the file's own, beside which its external data lies.
pub(crate) fn read(bytes: &[u8], path: &Path, limits: &Limits) -> Result<Onnx, ModelError> {
    let file = ModelProto::read(bytes).map_err(damaged)?;
    let is_lenient = runtime::is_there();
    let foreign = match check_versions(&file) {
        Ok(()) => None,
        Err(Fault::Unsupported(part, _)) if is_lenient => Some(part),
        Err(fault) => return Err(told(fault)),
    };
    let proto = file
        .graph
        .ok_or_else(|| damaged("it has no graph".to_owned()))?;
    let beside = RefCell::new(Beside {
        model: path,
        limit: limits.n_bytes,
        files: HashMap::new(),
        n_read: 0,
        n_taken: 0,
    });
    let external = |location: &str, offset: usize, length: Option<usize>| {
        beside.borrow_mut().take(location, offset, length)
    };
    let context = Context {
        opsets: &file.opsets,
        limits,
        external: &external,
        is_lenient,
    };
    let graph = build::ready(&proto, &context).map_err(told)?;
    if graph.inputs.is_empty() || graph.outputs.is_empty() {
        return Err(damaged("it has no inputs or no outputs".to_owned()));
    }
    let session = match foreign.as_ref().or(graph.foreign.as_ref()) {
        Some(part) => Some(elsewhere(path, bytes, part)?),
        None => None,
    };
    let feed = Feed::new(&graph, &file.metadata, limits).map_err(told)?;
    let (n_rows, values) = feed.probe().map_err(damaged)?;
    let given = probe(&graph, session.as_ref(), values, bytes.len()).map_err(damaged)?;
    let card = Card::new(&graph, &given, n_rows).map_err(told)?;
    if card.width > limits.n_outputs {
        return Err(ModelError::TooLarge(format!(
            "{} outputs, the limit is {}",
            card.width, limits.n_outputs
        )));
    }
    let features = feed.inputs.features.clone();
    let names: Vec<String> = features
        .iter()
        .map(|feature| feature.name.clone())
        .collect();
    let ensemble = match session {
        None => card.ensemble(&graph, &feed.spans, &names),
        Some(_) => None,
    };
    let mut producer = format!("{} {}", file.producer_name, file.producer_version);
    if session.is_some() {
        producer.push_str(", run by ONNX Runtime");
    }
    let info = ModelInfo {
        format: FORMAT.to_owned(),
        producer: producer.trim().to_owned(),
        task: card.task,
        features,
        n_outputs: card.n_outputs,
        space: card.space,
        classes: card.classes.clone(),
        trees: size(&graph),
        has_ensemble: ensemble.is_some(),
    };
    Ok(Onnx {
        info,
        graph,
        feed,
        card,
        ensemble,
        session,
        n_bytes: bytes.len(),
    })
}

/// Whether the format and its operators are of versions that are known.
fn check_versions(file: &ModelProto<'_>) -> Result<(), Fault> {
    if file.ir_version > NEWEST_IR {
        return Err(Fault::Unsupported(
            format!("version {} of the file format", file.ir_version),
            format!("save it with IR version {NEWEST_IR} or lower"),
        ));
    }
    if file.n_functions > 0 {
        return Err(Fault::Unsupported(
            "functions of its own".to_owned(),
            "export it with its functions inlined".to_owned(),
        ));
    }
    file.opsets
        .iter()
        .try_for_each(|(domain, version)| ops::check_opset(domain, *version))
}

/// Opens a graph that cannot run here where it can.
fn elsewhere(path: &Path, bytes: &[u8], part: &str) -> Result<Session, ModelError> {
    Session::open(path, bytes).map_err(|reason| ModelError::Unsupported {
        format: FORMAT,
        part: part.to_owned(),
        advice: format!("it was left to ONNX Runtime, which failed ({reason})"),
    })
}

/// Every output for made-up rows.
fn probe(
    graph: &Graph,
    session: Option<&Session>,
    values: Vec<Arc<Tensor>>,
    n_bytes: usize,
) -> Result<Vec<Arc<Tensor>>, String> {
    if let Some(session) = session {
        let outputs: Vec<String> = graph.outputs.iter().map(|(name, _)| name.clone()).collect();
        return session.run(&graph.named(values), &outputs);
    }
    let all = graph.plan(graph.outputs.iter().map(|(_, slot)| *slot).collect(), None);
    let mut budget = Budget::new(n_bytes, true);
    let (given, _) = graph.run(&all, values, &mut budget)?;
    Ok(given)
}

fn damaged(reason: String) -> ModelError {
    ModelError::Damaged {
        format: FORMAT,
        reason,
    }
}

fn told(fault: Fault) -> ModelError {
    match fault {
        Fault::Damaged(reason) => damaged(reason),
        Fault::Unsupported(part, advice) => ModelError::Unsupported {
            format: FORMAT,
            part,
            advice: match runtime::advice() {
                Some(more) => format!("{advice}, {more}"),
                None => advice,
            },
        },
        Fault::TooLarge(what) => ModelError::TooLarge(what),
    }
}

/// Files beside the model that hold weights, each read once.
struct Beside<'a> {
    model: &'a Path,
    /// Bytes of all files, and of all tensors, at most.
    limit: u64,
    files: HashMap<String, Vec<u8>>,
    n_read: u64,
    n_taken: u64,
}

impl Beside<'_> {
    /// Bytes of one of the files.
    fn take(
        &mut self,
        location: &str,
        offset: usize,
        length: Option<usize>,
    ) -> Result<Vec<u8>, String> {
        if !self.files.contains_key(location) {
            let bytes = self.read(location)?;
            self.files.insert(location.to_owned(), bytes);
        }
        let bytes = self.files.get(location).map_or(&[][..], Vec::as_slice);
        let length = length.unwrap_or(bytes.len().saturating_sub(offset));
        let part = bytes.get(offset..offset.saturating_add(length));
        let part = part.ok_or_else(|| {
            format!(
                "it takes {length} bytes at offset {offset} of '{location}', which has {}",
                bytes.len()
            )
        })?;
        self.n_taken += u64::try_from(length).unwrap_or(u64::MAX);
        if self.n_taken > self.limit {
            return Err(format!(
                "all tensors in files beside the model take more than {} bytes, the limit",
                self.limit
            ));
        }
        Ok(part.to_vec())
    }

    /// Reads a file. Only plain names are followed, so that no file elsewhere is read.
    fn read(&mut self, location: &str) -> Result<Vec<u8>, String> {
        let own = Path::new(location);
        let is_plain = !location.is_empty()
            && !location.contains(['\\', '\0'])
            && own
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
        if !is_plain {
            return Err(format!(
                "its elements lie in '{location}', which is not a file beside the model: export it with its weights inside"
            ));
        }
        let folder = self.model.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let path = folder.join(own);
        let missing = |error: std::io::Error| {
            format!(
                "its elements lie in '{location}', which cannot be read ({error}): put the file beside the model"
            )
        };
        let entry = std::fs::symlink_metadata(&path).map_err(missing)?;
        let is_inside = path
            .canonicalize()
            .map_err(missing)?
            .starts_with(folder.canonicalize().map_err(missing)?);
        if !entry.is_file() || !is_inside {
            return Err(format!(
                "its elements lie in '{location}', which is no plain file"
            ));
        }
        self.n_read = self.n_read.saturating_add(entry.len());
        if self.n_read > self.limit {
            return Err(format!(
                "its elements lie in '{location}', which has {} bytes, the limit for all files is {}",
                entry.len(),
                self.limit
            ));
        }
        std::fs::read(&path).map_err(missing)
    }
}

/// The size of all trees together.
fn size(graph: &Graph) -> Option<TreesInfo> {
    let all = graph.trees();
    let mut size = TreesInfo::default();
    for trees in &all {
        let trees = trees.forest.trees();
        let (n_leaves, depth) = trees.n_leaves_and_depth();
        size.n_trees += trees.tree_starts.len();
        size.n_leaves += n_leaves;
        size.depth = size.depth.max(depth);
    }
    (!all.is_empty()).then_some(size)
}

impl Onnx {
    /// Runs a plan on all rows, block by block; `read` makes figures of what it gives. Blocks do not
    /// depend on each other, so the number of threads changes nothing.
    fn run(
        &self,
        batch: &Batch<'_>,
        plan: &Plan,
        read: impl Fn(&Tensor, usize) -> Result<Vec<f64>, String> + Sync,
    ) -> Result<Vec<f64>, ModelError> {
        let columns = self.feed.columns(batch)?;
        let blocks: Vec<Range<usize>> = self.feed.blocks(batch.n_rows).collect();
        let n_threads = if blocks.len() < MIN_BLOCKS {
            1
        } else {
            std::thread::available_parallelism().map_or(1, usize::from)
        };
        if n_threads == 1 {
            return self.run_blocks(&columns, &blocks, plan, &read);
        }
        let shares = blocks.chunks(blocks.len().div_ceil(n_threads));
        let parts: Vec<Result<Vec<f64>, ModelError>> = std::thread::scope(|scope| {
            let spawned: Vec<_> = shares
                .map(|share| scope.spawn(|| self.run_blocks(&columns, share, plan, &read)))
                .collect();
            let broke = |_| {
                Err(ModelError::Batch(
                    "a thread of the onnx model broke".to_owned(),
                ))
            };
            spawned
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(broke))
                .collect()
        });
        let mut figures = Vec::with_capacity(batch.n_rows * self.info.n_outputs);
        for part in parts {
            figures.extend(part?);
        }
        Ok(figures)
    }

    fn run_blocks(
        &self,
        columns: &[Column<'_>],
        blocks: &[Range<usize>],
        plan: &Plan,
        read: &impl Fn(&Tensor, usize) -> Result<Vec<f64>, String>,
    ) -> Result<Vec<f64>, ModelError> {
        let mut figures = Vec::new();
        for rows in blocks {
            let failed = |reason: String| {
                ModelError::Batch(format!("the onnx model fails in rows {rows:?}: {reason}"))
            };
            let values = self.feed.values(columns, rows.clone()).map_err(failed)?;
            let (given, scores) = self.run_block(plan, values).map_err(failed)?;
            let value = scores.as_ref().or(given.first().map(|value| &**value));
            let value = value.ok_or_else(|| failed("it gives nothing".to_owned()))?;
            figures.extend(read(value, rows.len()).map_err(failed)?);
        }
        Ok(figures)
    }

    fn run_block(
        &self,
        plan: &Plan,
        values: Vec<Arc<Tensor>>,
    ) -> Result<(Vec<Arc<Tensor>>, Option<Tensor>), String> {
        match &self.session {
            None => {
                let mut budget = Budget::new(self.n_bytes, false);
                self.graph.run(plan, values, &mut budget)
            }
            Some(session) => {
                let output = std::slice::from_ref(&self.card.output);
                Ok((session.run(&self.graph.named(values), output)?, None))
            }
        }
    }
}

impl Model for Onnx {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        self.run(batch, &self.card.plan, |value, n_rows| {
            self.card.read(value, n_rows)
        })
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        match &self.card.margins {
            Margins::Predictions => self.predict(batch),
            Margins::Scores {
                plan,
                has_difference,
            } if self.session.is_none() => self.run(batch, plan, |scores, n_rows| {
                self.card.read_scores(scores, n_rows, *has_difference)
            }),
            Margins::Scores { .. } | Margins::None => Err(ModelError::Batch(
                "the onnx model has no scores before its probabilities".to_owned(),
            )),
        }
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        self.ensemble.clone()
    }
}
