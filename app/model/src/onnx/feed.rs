//! Columns of a batch to the inputs of a graph.
//!
//! In: the inputs as declared. Out: features, and values for blocks of rows.
//!
//! An input with one column is one feature; a matrix is one feature per column. A missing text is the
//! empty text, as tables are commonly filled before they are exported; a missing number is NaN. A
//! fraction is cut off where the input takes whole numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::batch::{Batch, BatchColumn, BatchValues, MISSING};
use crate::error::ModelError;
use crate::inputs::{Inputs, Unseen};
use crate::limits::Limits;
use crate::onnx::graph::{Graph, Input};
use crate::onnx::kernel::Fault;
use crate::onnx::origin::Spans;
use crate::onnx::tensor::{Data, Kind, Tensor};
use crate::{FeatureInfo, FeatureKind};

/// Keys under which files name their features, as a JSON list or separated by commas.
const NAME_KEYS: [&str; 6] = [
    "feature_names",
    "features",
    "feature_names_in_",
    "input_names",
    "columns",
    "inputs",
];

/// Rows run together.
const BLOCK: usize = 256;

/// Most rows a file may ask for at once.
const MAX_BLOCK: usize = 65_536;

/// How columns become inputs.
#[derive(Debug)]
pub(super) struct Feed {
    parts: Vec<Part>,
    pub(super) inputs: Inputs,
    /// By slot of a graph's input: its features, if they are floating-point numbers.
    pub(super) spans: Spans,
    /// Rows every run must have, if the file fixes them.
    fixed: Option<usize>,
}

/// One input of the graph.
#[derive(Debug)]
struct Part {
    kind: Kind,
    width: usize,
    /// Whether it is a matrix; else a list.
    is_matrix: bool,
}

/// A column as the graph takes it.
pub(super) enum Column<'b> {
    Numbers(Cow<'b, [f64]>),
    Texts(Vec<Arc<str>>),
}

impl Feed {
    /// How the inputs of a graph are fed.
    pub(super) fn new(
        graph: &Graph,
        metadata: &[(String, String)],
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut features = Vec::new();
        let mut spans = HashMap::new();
        let mut fixed = None;
        let is_alone = graph.inputs.len() == 1;
        for input in &graph.inputs {
            let part = part(input, graph, is_alone)?;
            let rows = input
                .declared
                .dims
                .as_deref()
                .and_then(|dims| dims.first().copied().flatten());
            if let Some(rows) = rows {
                fixed = Some(usize::try_from(rows).unwrap_or(usize::MAX));
            }
            if features.len().saturating_add(part.width) > limits.n_features {
                return Err(Fault::TooLarge(format!(
                    "more than {} inputs, which is the limit",
                    limits.n_features
                )));
            }
            let kind = if part.kind == Kind::Text {
                FeatureKind::Text
            } else {
                FeatureKind::Numeric
            };
            let first = u32::try_from(features.len()).unwrap_or(u32::MAX);
            let width = u32::try_from(part.width).unwrap_or(u32::MAX);
            let is_float = matches!(part.kind, Kind::Single | Kind::Double);
            let features_of = first..first.saturating_add(width);
            let span = is_float.then_some((features_of, part.kind == Kind::Single));
            spans.insert(input.slot, span);
            let name = &input.declared.name;
            for idx in 0..part.width {
                let name = match (part.width, is_alone) {
                    (1, _) => name.clone(),
                    (_, true) => format!("f{idx}"),
                    (_, false) => format!("{name}_{idx}"),
                };
                features.push(FeatureInfo {
                    name,
                    kind: kind.clone(),
                });
            }
            parts.push(part);
        }
        if fixed.is_some_and(|rows| rows > MAX_BLOCK) {
            return Err(Fault::Unsupported(
                format!("a fixed number of {} rows", fixed.unwrap_or(0)),
                "export it with an open first dimension".to_owned(),
            ));
        }
        let mut has_names = parts.iter().all(|part| part.width == 1) && !is_alone;
        if let Some(names) = names(metadata, features.len()) {
            has_names = true;
            for (feature, name) in features.iter_mut().zip(names) {
                feature.name = name;
            }
        }
        Ok(Self {
            parts,
            spans,
            inputs: Inputs {
                features,
                has_names,
                unseen: Unseen::Refused,
            },
            fixed,
        })
    }

    /// The columns of a batch, in order.
    pub(super) fn columns<'b>(&self, batch: &Batch<'b>) -> Result<Vec<Column<'b>>, ModelError> {
        let n_features = self.inputs.features.len();
        if !self.inputs.has_names && batch.columns.len() != n_features {
            return Err(ModelError::Batch(format!(
                "the model takes {n_features} inputs by position, {} are given: name them in model.features",
                batch.columns.len()
            )));
        }
        let kinds = self
            .parts
            .iter()
            .flat_map(|part| std::iter::repeat_n(part.kind, part.width));
        let mut columns = Vec::with_capacity(n_features);
        for (idx, kind) in kinds.enumerate() {
            let column = self.inputs.column(idx, batch)?;
            columns.push(match kind {
                Kind::Text => Column::Texts(texts(column)),
                Kind::Single | Kind::Double => Column::Numbers(column.numbers()?),
                Kind::Int | Kind::Long | Kind::Truth => Column::Numbers(whole(column, kind)?),
            });
        }
        Ok(columns)
    }

    /// Blocks of rows that run together.
    pub(super) fn blocks(&self, n_rows: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let size = self.fixed.unwrap_or(BLOCK).max(1);
        (0..n_rows)
            .step_by(size)
            .map(move |start| start..(start + size).min(n_rows))
    }

    /// Values of the inputs for some rows; rows are repeated where the file fixes their number.
    pub(super) fn values(
        &self,
        columns: &[Column<'_>],
        rows: Range<usize>,
    ) -> Result<Vec<Arc<Tensor>>, String> {
        let n_rows = self.fixed.unwrap_or(rows.len());
        let last = rows.end.saturating_sub(1);
        let row = |idx: usize| (rows.start + idx).min(last);
        let mut first = 0;
        let mut values = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let own = &columns[first..first + part.width];
            first += part.width;
            let places =
                (0..n_rows).flat_map(|idx| own.iter().map(move |column| (column, row(idx))));
            let data = if part.kind == Kind::Text {
                let text = |(column, row): (&Column<'_>, usize)| match column {
                    Column::Texts(texts) => texts.get(row).cloned().unwrap_or_default(),
                    Column::Numbers(_) => Arc::default(),
                };
                Data::Text(places.map(text).collect())
            } else {
                let number = |(column, row): (&Column<'_>, usize)| match column {
                    Column::Numbers(numbers) => numbers.get(row).copied().unwrap_or(0.0),
                    Column::Texts(_) => f64::NAN,
                };
                Data::from_doubles(places.map(number).collect(), part.kind)
            };
            let shape = if part.is_matrix {
                vec![n_rows, part.width]
            } else {
                vec![n_rows]
            };
            values.push(Arc::new(Tensor::new(shape, data)?));
        }
        Ok(values)
    }

    /// Rows of zeros and empty texts, and how many they are.
    pub(super) fn probe(&self) -> Result<(usize, Vec<Arc<Tensor>>), String> {
        let n_rows = self.fixed.unwrap_or(2);
        let kinds = self
            .parts
            .iter()
            .flat_map(|part| std::iter::repeat_n(part.kind, part.width));
        let column = |kind| match kind {
            Kind::Text => Column::Texts(Vec::new()),
            _ => Column::Numbers(Cow::Borrowed(&[][..])),
        };
        let columns: Vec<Column<'_>> = kinds.map(column).collect();
        Ok((n_rows, self.values(&columns, 0..n_rows)?))
    }
}

fn part(input: &Input, graph: &Graph, is_alone: bool) -> Result<Part, Fault> {
    let name = &input.declared.name;
    let kind = Kind::of(input.declared.element).ok_or_else(|| {
        Fault::Unsupported(
            format!(
                "the input '{name}' of element type {}",
                input.declared.element
            ),
            "export it with inputs of float, double, integer, truth or text elements".to_owned(),
        )
    })?;
    let (width, is_matrix) = match input.declared.dims.as_deref() {
        Some([_]) => (Some(1), false),
        Some([_, width]) => (
            width.map(|width| usize::try_from(width).unwrap_or(usize::MAX)),
            true,
        ),
        None => (None, true),
        Some(dims) => {
            return Err(Fault::Unsupported(
                format!("the input '{name}' with {} dimensions", dims.len()),
                "only models of tables are read, whose inputs are columns or one matrix".to_owned(),
            ));
        }
    };
    let width = width.or_else(|| {
        if is_alone {
            graph.width(input.slot)
        } else {
            None
        }
    });
    let width = match width {
        None if !is_alone => 1,
        Some(width) if width > 0 => width,
        _ => {
            return Err(Fault::Unsupported(
                format!("the input '{name}' without a number of columns"),
                "export it with a fixed second dimension".to_owned(),
            ));
        }
    };
    Ok(Part {
        kind,
        width,
        is_matrix,
    })
}

/// Names of the features among the metadata.
fn names(metadata: &[(String, String)], n_features: usize) -> Option<Vec<String>> {
    for key in NAME_KEYS {
        let Some((_, text)) = metadata.iter().find(|(own, _)| own == key) else {
            continue;
        };
        let listed = serde_json::from_str::<Vec<String>>(text).ok();
        let split = || text.split(',').map(|name| name.trim().to_owned()).collect();
        let names: Vec<String> = listed.unwrap_or_else(split);
        if names.len() == n_features && names.iter().all(|name| !name.is_empty()) {
            return Some(names);
        }
    }
    None
}

/// A column as texts: categories as they are, numbers in their shortest form.
fn texts(column: &BatchColumn<'_>) -> Vec<Arc<str>> {
    match column.values {
        BatchValues::Numeric(values) => {
            let text = |value: &f64| {
                if value.is_nan() {
                    Arc::default()
                } else {
                    Arc::from(value.to_string())
                }
            };
            values.iter().map(text).collect()
        }
        BatchValues::Categorical { codes, categories } => {
            let known: Vec<Arc<str>> = categories
                .iter()
                .map(|text| Arc::from(text.as_str()))
                .collect();
            let text = |code: &u32| match known.get(*code as usize) {
                Some(text) if *code != MISSING => Arc::clone(text),
                _ => Arc::default(),
            };
            codes.iter().map(text).collect()
        }
    }
}

/// A column of whole numbers.
fn whole<'b>(column: &BatchColumn<'b>, kind: Kind) -> Result<Cow<'b, [f64]>, ModelError> {
    let numbers = column.numbers()?;
    match numbers.iter().position(|value| value.is_nan()) {
        None => Ok(numbers),
        Some(row) => Err(ModelError::Batch(format!(
            "the input '{}' takes {} and has no value in row {row}",
            column.name,
            kind.name()
        ))),
    }
}
