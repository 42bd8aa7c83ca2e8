//! LightGBM's text format, versions v2 to v4: boosting `gbdt`, `rf` and `dart`, linear trees.
//!
//! In: the bytes of a file that `Booster.save_model("model.txt")` wrote. Out: a [`Model`] whose
//! predictions are those of `Booster.predict`; the rounds in the file are the rounds that predict,
//! because `save_model` leaves out those after the best one.
//!
//! Margins are sums in double precision, in tree order; for random forests they are means over rounds
//! (where `predict(raw_score=True)` gives the sum), because that is what the link is applied to. Each
//! input is compared as `x <= threshold` or looked up in a set of categories, and magnitudes up to
//! 1e-35 count as zero. Linear trees predict, and have no ensemble: their leaves are not constants.
//!
//! Source: files written by LightGBM 2.2 to 4.7 and its predictions for them. Knows no dataset files
//! and no JSON dumps.

mod text;

mod header;

mod objective;

mod formulas;

mod tree;

mod categories;

use std::borrow::Cow;

use categories::Tail;
use formulas::Formulas;
use header::Header;
use objective::Objective;
use text::{FORMAT, Lines, damaged, pair, within};
use tree::TreeText;

use crate::batch::{Batch, BatchColumn};
use crate::ensemble::TreeEnsemble;
use crate::error::ModelError;
use crate::forest::{Forest, Sums};
use crate::inputs::{Inputs, Unseen};
use crate::limits::Limits;
use crate::{FeatureInfo, Model, ModelInfo, TreesInfo};

/// Magnitudes up to this are zero: 1e-35 in single precision, as LightGBM has it.
const ZERO: f64 = 1.000_000_018_002_509_5e-35;

/// Rows whose leaves are looked up at once when leaves have formulas.
const CHUNK: usize = 1024;

#[derive(Debug)]
pub(crate) struct LightGbm {
    info: ModelInfo,
    inputs: Inputs,
    forest: Forest,
    formulas: Formulas,
    /// What margins are divided by: the number of rounds for random forests, else 1.
    divisor: f64,
}

/// Reads a model.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<LightGbm, ModelError> {
    let mut lines = Lines::new(bytes);
    let header = header::read(&mut lines, limits)?;
    let objective = objective::read(&header.objective, header.n_classes).map_err(|part| {
        ModelError::Unsupported {
            format: FORMAT,
            part,
            advice: "train it with an objective of LightGBM's own".to_owned(),
        }
    })?;
    if objective.n_outputs.is_some_and(|n| n != header.n_outputs) {
        return Err(damaged(format!(
            "the objective '{}' and {} trees per round do not go together",
            header.objective, header.n_outputs
        )));
    }
    let mut trees = TreeEnsemble {
        features: header.names.clone(),
        n_outputs: u32::try_from(header.n_outputs).unwrap_or(u32::MAX),
        base: vec![0.0; header.n_outputs],
        link: objective.link,
        ..TreeEnsemble::default()
    };
    let mut formulas = Formulas::default();
    read_trees(&mut lines, &mut trees, &mut formulas, limits)?;
    finish(&mut trees);
    let n_trees = trees.tree_starts.len();
    check_count(n_trees, &header)?;
    let divisor = if header.is_average {
        (n_trees / header.n_outputs) as f64
    } else {
        1.0
    };
    let sums = Sums {
        divisor,
        ..Sums::plain(false)
    };
    let forest = Forest::new(trees, sums, FORMAT)?;
    let tail = Tail::read(&mut lines).map_err(damaged)?;
    let inputs = inputs(&header, &tail);
    Ok(LightGbm {
        info: info(&header, objective, &inputs, &forest, formulas.is_empty()),
        inputs,
        forest,
        formulas,
        divisor,
    })
}

/// Reads tree after tree, up to the line that ends them.
fn read_trees(
    lines: &mut Lines<'_>,
    trees: &mut TreeEnsemble,
    formulas: &mut Formulas,
    limits: &Limits,
) -> Result<(), ModelError> {
    let n_outputs = trees.n_outputs;
    let mut output = 0;
    while let Some(line) = lines.next() {
        match pair(line) {
            (b"Tree", _) => {
                within("trees", trees.tree_starts.len() + 1, limits.n_trees)?;
                let Some(tree) = TreeText::read(lines) else {
                    break;
                };
                tree.add_to(trees, formulas, output, limits)?;
                output = (output + 1) % n_outputs;
            }
            // Before v3 nothing else ended them.
            (b"end of trees" | b"feature importances:", _) => return Ok(()),
            (b"", _) => {}
            (name, _) => {
                return Err(damaged(format!(
                    "line {} is '{}', where a tree or 'end of trees' should be",
                    lines.number(),
                    text::shown(name)
                )));
            }
        }
    }
    Err(damaged(
        "it ends before 'end of trees': the file was cut off, save it again",
    ))
}

/// Brings the arrays that only some trees needed to full length.
fn finish(trees: &mut TreeEnsemble) {
    let n_nodes = trees.n_nodes();
    if !trees.zero_is_missing.is_empty() {
        trees.zero_is_missing.resize(n_nodes, false);
    }
    if !trees.category_ranges.is_empty() {
        trees.category_ranges.resize(n_nodes, (0, 0));
    }
    // A tree without counts leaves all without: they are only good together.
    if trees.cover.len() != n_nodes {
        trees.cover.clear();
    }
}

fn check_count(n_trees: usize, header: &Header<'_>) -> Result<(), ModelError> {
    if n_trees == 0 {
        return Err(damaged(
            "it holds no trees: train it for at least one round",
        ));
    }
    if header.n_trees.is_some_and(|claimed| claimed != n_trees) {
        return Err(damaged(format!(
            "it holds {n_trees} trees, and 'tree_sizes' counts {}",
            header.n_trees.unwrap_or(0)
        )));
    }
    if !n_trees.is_multiple_of(header.n_outputs) {
        return Err(damaged(format!(
            "it holds {n_trees} trees, {} to a round: the last round is not whole",
            header.n_outputs
        )));
    }
    Ok(())
}

fn inputs(header: &Header<'_>, tail: &Tail) -> Inputs {
    let kinds = tail.kinds(&header.infos, header.names.len());
    // What LightGBM calls the columns of a matrix without names.
    let is_given = |(idx, name): (usize, &String)| *name != format!("Column_{idx}");
    Inputs {
        has_names: header.names.iter().enumerate().any(is_given),
        features: std::iter::zip(&header.names, kinds)
            .map(|(name, kind)| FeatureInfo {
                name: name.clone(),
                kind,
            })
            .collect(),
        // The Python package makes them missing.
        unseen: Unseen::Number(f64::NAN),
    }
}

fn info(
    header: &Header<'_>,
    objective: Objective,
    inputs: &Inputs,
    forest: &Forest,
    has_ensemble: bool,
) -> ModelInfo {
    let trees = forest.trees();
    let (n_leaves, depth) = trees.n_leaves_and_depth();
    let producer = match header.version.as_str() {
        "" => "lightgbm".to_owned(),
        version => format!("lightgbm, text format {version}"),
    };
    ModelInfo {
        format: FORMAT.to_owned(),
        producer,
        task: objective.task,
        features: inputs.features.clone(),
        n_outputs: header.n_outputs,
        space: objective.space,
        classes: Vec::new(),
        trees: Some(TreesInfo {
            n_trees: trees.tree_starts.len(),
            n_leaves,
            depth,
        }),
        has_ensemble,
    }
}

impl LightGbm {
    /// The batch with its columns under the model's names, where all are there: LightGBM writes spaces
    /// in names as underscores.
    fn renamed<'b>(&'b self, batch: &Batch<'b>) -> Option<Batch<'b>> {
        let is = |column: &BatchColumn<'_>, name: &str| {
            column.name.len() == name.len()
                && std::iter::zip(column.name.bytes(), name.bytes())
                    .all(|(own, known)| own == known || (own == b' ' && known == b'_'))
        };
        let find = |feature: &'b FeatureInfo| {
            let name = feature.name.as_str();
            let mut columns = batch.columns.iter();
            let exact = columns.clone().find(|column| column.name == name);
            let column = exact.or_else(|| columns.find(|column| is(column, name)))?;
            Some(BatchColumn {
                name,
                values: column.values,
            })
        };
        let columns = self.inputs.features.iter().map(find);
        Some(Batch {
            n_rows: batch.n_rows,
            columns: columns.collect::<Option<_>>()?,
        })
    }

    fn numbers<'b>(&'b self, batch: &Batch<'b>) -> Result<Vec<Cow<'b, [f64]>>, ModelError> {
        let mut columns = match self.renamed(batch) {
            Some(batch) => self.inputs.numbers(&batch)?,
            None => self.inputs.numbers(batch)?,
        };
        let is_tiny = |value: &f64| *value != 0.0 && value.abs() <= ZERO;
        for column in &mut columns {
            if column.iter().any(is_tiny) {
                let values = column.to_mut().iter_mut();
                values
                    .filter(|value| is_tiny(value))
                    .for_each(|value| *value = 0.0);
            }
        }
        Ok(columns)
    }

    /// Margins where leaves have formulas.
    fn linear_margins(&self, columns: &[Cow<'_, [f64]>], n_rows: usize) -> Vec<f64> {
        let trees = self.forest.trees();
        let n_outputs = self.info.n_outputs;
        let mut margins = vec![0.0; n_rows * n_outputs];
        for first in (0..n_rows).step_by(CHUNK) {
            let end = n_rows.min(first + CHUNK);
            let chunk: Vec<Cow<'_, [f64]>> = columns
                .iter()
                .map(|column| Cow::Borrowed(&column[first..end]))
                .collect();
            let leaves = self.forest.leaves(&chunk, end - first);
            for (row, leaves) in leaves.chunks_exact(trees.tree_starts.len()).enumerate() {
                let sums = &mut margins[(first + row) * n_outputs..][..n_outputs];
                for (leaf, output) in leaves.iter().zip(&trees.tree_outputs) {
                    let leaf = *leaf as usize;
                    let value = |input: usize| chunk[input][row];
                    sums[*output as usize] += self.formulas.value(leaf, trees.value[leaf], value);
                }
                for sum in sums {
                    *sum /= self.divisor;
                }
            }
        }
        margins
    }
}

impl Model for LightGbm {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let link = self.forest.trees().link;
        Ok(link.applied(self.margins(batch)?, self.info.n_outputs))
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let columns = self.numbers(batch)?;
        if self.formulas.is_empty() {
            Ok(self.forest.margins(&columns, batch.n_rows))
        } else {
            Ok(self.linear_margins(&columns, batch.n_rows))
        }
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        if !self.formulas.is_empty() {
            return None;
        }
        let mut trees = self.forest.trees().clone();
        for (value, feature) in trees.value.iter_mut().zip(&trees.feature) {
            if *feature == TreeEnsemble::LEAF {
                *value /= self.divisor;
            }
        }
        Some(trees)
    }
}
