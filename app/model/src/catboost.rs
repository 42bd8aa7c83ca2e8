//! CatBoost models: its binary format (`cbm`) and its JSON format.
//!
//! In: the bytes of a file that `save_model` wrote. Out: a [`Model`] whose margins are those of
//! `predict(prediction_type="RawFormulaVal")`, to the bit for `cbm`.
//!
//! Oblivious, depthwise and loss-guided trees over numeric inputs, one-hot categories, and statistics
//! of categories and their combinations. Text and embedding inputs are refused. Numbers are compared
//! in single precision, values added in double precision in tree order, then scaled, then the bias is
//! added. Categories are known by the hash of their text: whole numbers by their decimal digits, a
//! missing category as `nan`, which is what `astype(str)` makes of it; CatBoost itself takes no
//! missing categories.
//!
//! A model trained with `RMSEWithUncertainty` predicts its mean; its variance is left out. A model
//! that compares statistics of categories, or categories whose texts the file does not hold, has no
//! ensemble: its nodes do not compare the table's own values.

mod parts;

mod hash;

mod flat;

mod binary;

mod json;

mod trees;

mod ctr;

mod slots;

mod card;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use parts::{CtrTable, FORMAT, Parts, damaged};
use slots::Slot;
use trees::Frame;

use crate::batch::Batch;
use crate::ensemble::TreeEnsemble;
use crate::error::ModelError;
use crate::forest::{Forest, Sums};
use crate::inputs::Inputs;
use crate::limits::Limits;
use crate::{Model, ModelInfo, TreesInfo};

/// Rows whose statistics are computed at once.
const ROWS_PER_BLOCK: usize = 1024;

/// An open CatBoost model.
#[derive(Debug)]
pub(crate) struct CatBoost {
    info: ModelInfo,
    inputs: Inputs,
    slots: Vec<Slot>,
    ctrs: Vec<parts::Ctr>,
    tables: Vec<CtrTable>,
    forest: Forest,
    scale: f64,
}

/// Whether these are the first bytes of CatBoost's JSON: whether the first key is one of its own.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    let key = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    key.and_then(|key| key.strip_prefix(b"\""))
        .is_some_and(|key| {
            json::KEYS.iter().any(|known| {
                key.strip_prefix(known.as_bytes())
                    .is_some_and(|rest| rest.first() == Some(&b'"'))
            })
        })
}

/// Whether these are the first bytes of a `cbm` file.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(binary::MAGIC)
}

/// Reads a model in either format.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<CatBoost, ModelError> {
    let (parts, format) = if is_binary(bytes) {
        (binary::read(bytes, limits)?, "catboost-cbm")
    } else {
        (json::read(bytes, limits)?, "catboost-json")
    };
    parts.check_limits(limits)?;
    if parts.trees.is_empty() {
        let what = "it has no trees: train it with at least one iteration";
        return Err(damaged(what.to_owned()));
    }
    let classes = card::classes(&parts.class_params, parts.n_outputs);
    let loss = card::loss(&parts.params, !classes.is_empty(), parts.n_outputs);
    let n_outputs = if loss.is_first_kept {
        1
    } else {
        parts.n_outputs
    };
    let base = base(&parts, n_outputs)?;
    let (inputs, slots) = slots::inputs(slots::find(&parts, limits)?);
    let conditions = slots::conditions(&parts, &slots)?;
    let columns = inputs.features.iter().map(|feature| feature.name.clone());
    let statistics = (0..parts.ctrs.len()).map(|idx| format!("statistic {idx}"));
    let ensemble = TreeEnsemble {
        features: columns.chain(statistics).collect(),
        n_outputs: u32::try_from(n_outputs).unwrap_or(u32::MAX),
        base,
        link: loss.link,
        is_single_precision: true,
        ..TreeEnsemble::default()
    };
    let frame = Frame {
        ensemble,
        n_kept: n_outputs,
    };
    let trees = trees::build(&parts, &conditions, frame, limits)?;
    let has_ensemble = parts.ctrs.is_empty()
        && parts
            .one_hots
            .iter()
            .all(|one_hot| one_hot.values.is_empty() || !one_hot.texts.is_empty());
    let sums = Sums {
        is_base_last: true,
        scale: parts.scale,
        ..Sums::plain(false)
    };
    let forest = Forest::new(trees, sums, FORMAT)?;
    let (n_leaves, depth) = forest.trees().n_leaves_and_depth();
    let info = ModelInfo {
        format: format.to_owned(),
        producer: card::producer(&parts.version),
        task: loss.task,
        features: inputs.features.clone(),
        n_outputs,
        space: loss.space,
        classes,
        trees: Some(TreesInfo {
            n_trees: parts.trees.len(),
            n_leaves,
            depth,
        }),
        has_ensemble,
    };
    Ok(CatBoost {
        info,
        inputs,
        slots,
        ctrs: parts.ctrs,
        tables: parts.tables,
        forest,
        scale: parts.scale,
    })
}

/// The bias per output.
fn base(parts: &Parts, n_outputs: usize) -> Result<Vec<f64>, ModelError> {
    if parts.n_outputs == 0 {
        return Err(damaged("its leaves have no values".to_owned()));
    }
    if !parts.scale.is_finite() {
        return Err(damaged(format!("its scale is {}", parts.scale)));
    }
    match parts.bias.len() {
        0 => Ok(vec![0.0; n_outputs]),
        n if n == parts.n_outputs => Ok(parts.bias[..n_outputs].to_vec()),
        n => Err(damaged(format!(
            "{n} biases for {} outputs",
            parts.n_outputs
        ))),
    }
}

/// A batch as the model looks at it.
struct Rows<'b> {
    /// Numbers and positions of categories, by input.
    columns: Vec<Cow<'b, [f64]>>,
    /// Hashes, by position among the categorical inputs.
    hashes: BTreeMap<i64, Vec<i32>>,
    /// By position among the numeric inputs: which column, whether a missing value is above borders.
    numbers: BTreeMap<i64, (usize, bool)>,
}

impl CatBoost {
    fn rows<'b>(&self, batch: &Batch<'b>) -> Result<Rows<'b>, ModelError> {
        let n_inputs = self.slots.len();
        if !self.inputs.has_names && batch.columns.len() != n_inputs {
            return Err(ModelError::Batch(format!(
                "the model takes {n_inputs} inputs by position, {} are given: name them in model.features",
                batch.columns.len()
            )));
        }
        let mut rows = Rows {
            columns: Vec::with_capacity(n_inputs),
            hashes: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        for (idx, slot) in self.slots.iter().enumerate() {
            let column = self.inputs.column(idx, batch)?;
            rows.columns.push(match slot {
                Slot::Unused => Cow::Owned(vec![0.0; batch.n_rows]),
                Slot::Float {
                    index,
                    is_missing_above,
                } => {
                    rows.numbers.insert(*index, (idx, *is_missing_above));
                    column.numbers()?
                }
                Slot::Cat { index, values } => {
                    let hashes = slots::hashes_of(column)?;
                    let places = slots::places(&hashes, values);
                    rows.hashes.insert(*index, hashes);
                    Cow::Owned(places)
                }
            });
        }
        Ok(rows)
    }

    /// Margins of some rows: statistics are computed for few rows at a time, as there may be hundreds.
    fn block(&self, rows: &Rows<'_>, range: &Range<usize>) -> Vec<f64> {
        let inputs = rows.columns.iter();
        let mut columns: Vec<Cow<'_, [f64]>> = inputs
            .map(|column| Cow::Borrowed(&column[range.clone()]))
            .collect();
        // `slots::conditions` made sure that what statistics are of is there.
        let looked_up = ctr::Columns {
            hashes: &|cat| {
                let found = rows.hashes.get(&cat);
                found.map_or(&[][..], |hashes| &hashes[range.clone()])
            },
            numbers: &|float| {
                let found = rows.numbers.get(&float);
                found.map_or((&[][..], false), |(idx, is_above)| {
                    (&rows.columns[*idx][range.clone()], *is_above)
                })
            },
            n_rows: range.len(),
        };
        let statistics = ctr::columns(&self.ctrs, &self.tables, &looked_up);
        columns.extend(statistics.into_iter().map(Cow::Owned));
        self.forest.margins(&columns, range.len())
    }
}

impl Model for CatBoost {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let link = self.forest.trees().link;
        Ok(link.applied(self.margins(batch)?, self.info.n_outputs))
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let rows = self.rows(batch)?;
        if self.ctrs.is_empty() {
            return Ok(self.forest.margins(&rows.columns, batch.n_rows));
        }
        let mut margins = Vec::with_capacity(batch.n_rows * self.info.n_outputs);
        for start in (0..batch.n_rows).step_by(ROWS_PER_BLOCK) {
            let end = batch.n_rows.min(start + ROWS_PER_BLOCK);
            margins.extend(self.block(&rows, &(start..end)));
        }
        Ok(margins)
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        if !self.info.has_ensemble {
            return None;
        }
        let mut trees = self.forest.trees().clone();
        for row in &mut trees.leaf_rows {
            *row *= self.scale;
        }
        if trees.leaf_rows.is_empty() {
            for node in 0..trees.n_nodes() {
                if trees.is_leaf(node) {
                    trees.value[node] *= self.scale;
                }
            }
        }
        Some(trees)
    }
}
