//! Tree ensembles of `ai.onnx.ml`: rows of numbers to scores, labels and what the operators give.
//!
//! In: a forest and how its leaves add up. Out: scores in the precision of the thresholds, as
//! `onnxruntime` sums them.
//!
//! Knows no attributes; [`crate::onnx::ops`] reads them.

use std::borrow::Cow;

use crate::ensemble::{Comparison, Link, TreeEnsemble};
use crate::error::ModelError;
use crate::forest::Forest;
use crate::onnx::post::{Post, Second};
use crate::onnx::steps::{Origin, Step, cut, through};
use crate::onnx::tensor::{Data, Kind, Tensor};

/// How leaf values become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

/// What makes an ensemble a classifier.
#[derive(Debug)]
pub(super) struct Classes {
    pub(super) labels: Data,
    /// Per class: whether any leaf has a weight for it.
    pub(super) has_weight: Vec<bool>,
    /// Whether no weight is negative.
    pub(super) is_positive: bool,
}

/// A tree ensemble.
#[derive(Debug)]
pub(super) struct Trees {
    pub(super) forest: Forest,
    /// Per leaf value of trees that add to all outputs: whether the file has it.
    pub(super) present: Vec<bool>,
    pub(super) aggregate: Aggregate,
    /// One per output, or none.
    pub(super) base: Vec<f64>,
    pub(super) post: Post,
    pub(super) classes: Option<Classes>,
    pub(super) is_single: bool,
    /// Columns the nodes compare.
    pub(super) width: usize,
    /// Type of what it gives.
    pub(super) kind: Kind,
}

impl Trees {
    fn n_outputs(&self) -> usize {
        self.forest.trees().n_outputs as usize
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    fn rounded(&self, value: f64) -> f64 {
        if self.is_single {
            f64::from(value as f32)
        } else {
            value
        }
    }

    /// Whether two classes share one score.
    pub(super) fn is_one_score(&self) -> bool {
        self.classes
            .as_ref()
            .is_some_and(|classes| classes.labels.len() == 2 && !classes.has_weight[1])
            && self.base.len() < 2
    }

    /// How one score becomes two.
    fn second(&self) -> Second {
        match &self.classes {
            Some(classes) if classes.is_positive => Second::Complement,
            _ => Second::Negation,
        }
    }

    /// Rows and their scores; two classes that share one have one.
    ///
    /// # Errors
    /// If the matrix has fewer columns than the nodes compare.
    pub(super) fn scores(&self, input: &Tensor) -> Result<(usize, Vec<f64>), String> {
        let (n_rows, n_columns) = input.matrix()?;
        if n_columns < self.width {
            return Err(format!(
                "its trees compare column {}, its input has {n_columns} columns",
                self.width - 1
            ));
        }
        let values = input.data.doubles()?;
        let column = |idx: usize| {
            let rows = values.chunks_exact(n_columns.max(1));
            Cow::Owned(rows.map(|row| row[idx]).collect())
        };
        let columns: Vec<Cow<'_, [f64]>> = (0..self.width).map(column).collect();
        let n_outputs = self.n_outputs();
        let mut scores = match self.aggregate {
            Aggregate::Sum | Aggregate::Average => self.forest.margins(&columns, n_rows),
            Aggregate::Min | Aggregate::Max => self.extremes(&columns, n_rows),
        };
        let n_trees = self.forest.trees().tree_starts.len() as f64;
        for row in scores.chunks_exact_mut(n_outputs) {
            for (idx, score) in row.iter_mut().enumerate() {
                if self.aggregate == Aggregate::Average {
                    *score = self.rounded(*score / n_trees);
                }
                if let Some(base) = self.base.get(idx) {
                    *score = self.rounded(*score + base);
                }
            }
            self.settle(row);
        }
        if self.is_one_score() {
            scores = scores.chunks_exact(2).map(|row| row[0]).collect();
        }
        Ok((n_rows, scores))
    }

    /// Two classes with two base values and one score each way: the second score is the first one
    /// with the second base, the first its negative.
    fn settle(&self, row: &mut [f64]) {
        let Some(classes) = &self.classes else { return };
        if row.len() == 2 && self.base.len() == 2 && classes.has_weight[1] {
            let first = row[0] - self.base[0];
            row[1] = self.rounded(self.base[1] + first);
            row[0] = -row[1];
        }
    }

    /// The least or greatest leaf value per output; zero where no leaf has one.
    fn extremes(&self, columns: &[Cow<'_, [f64]>], n_rows: usize) -> Vec<f64> {
        let trees = self.forest.trees();
        let n_outputs = self.n_outputs();
        let n_trees = trees.tree_starts.len();
        let leaves = self.forest.leaves(columns, n_rows);
        let mut scores: Vec<f64> = Vec::with_capacity(n_rows * n_outputs);
        let mut best: Vec<Option<f64>> = vec![None; n_outputs];
        for row in leaves.chunks_exact(n_trees) {
            best.fill(None);
            let mut meet = |output: usize, value: f64| {
                let slot = &mut best[output];
                *slot = Some(match (*slot, self.aggregate) {
                    (None, _) => value,
                    (Some(other), Aggregate::Min) => other.min(value),
                    (Some(other), _) => other.max(value),
                });
            };
            for (leaf, output) in row.iter().zip(&trees.tree_outputs) {
                let value = trees.value[*leaf as usize];
                if *output == TreeEnsemble::ALL_OUTPUTS {
                    let first = place(value) * n_outputs;
                    for output in 0..n_outputs {
                        if self.present[first + output] {
                            meet(output, trees.leaf_rows[first + output]);
                        }
                    }
                } else {
                    meet(*output as usize, value);
                }
            }
            scores.extend(best.iter().map(|value| value.unwrap_or(0.0)));
        }
        scores
    }

    /// What the operator gives: labels first, if it is a classifier.
    ///
    /// # Errors
    /// As [`Trees::scores`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the operators give single precision"
    )]
    pub(super) fn run(&self, input: &Tensor) -> Result<Vec<Tensor>, String> {
        let (n_rows, scores) = self.scores(input)?;
        let width = if self.is_one_score() {
            1
        } else {
            self.n_outputs()
        };
        if self.classes.is_none() && self.kind == Kind::Double && self.post == Post::None {
            return Ok(vec![Tensor::new(
                vec![n_rows, width],
                Data::Double(scores),
            )?]);
        }
        let mut given = Vec::with_capacity(n_rows * width.max(2));
        let mut labels = Vec::with_capacity(n_rows);
        for row in scores.chunks_exact(width.max(1)) {
            labels.push(self.label(row));
            let mut row: Vec<f32> = row.iter().map(|score| *score as f32).collect();
            if self.is_one_score() {
                given.extend(self.post.two(row[0], self.second()));
            } else {
                self.post.apply(&mut row);
                given.extend(row);
            }
        }
        let shape = vec![n_rows, given.len() / n_rows.max(1)];
        let given = match self.kind {
            Kind::Double => Data::Double(given.into_iter().map(f64::from).collect()),
            _ => Data::Single(given),
        };
        let given = Tensor::new(shape, given)?;
        Ok(match &self.classes {
            None => vec![given],
            Some(classes) => {
                let labels = classes.labels.pick(&labels);
                vec![Tensor::new(vec![n_rows], labels)?, given]
            }
        })
    }

    /// Position of the class with the greatest score.
    fn label(&self, row: &[f64]) -> usize {
        let Some(classes) = &self.classes else {
            return 0;
        };
        if classes.labels.len() == 2 {
            let score = row[row.len() - 1];
            let threshold = if classes.is_positive { 0.5 } else { 0.0 };
            return usize::from(score > threshold);
        }
        let mut best = 0;
        for (idx, score) in row.iter().enumerate() {
            if *score > row[best] {
                best = idx;
            }
        }
        best.min(classes.labels.len() - 1)
    }

    /// Whether its scores are transformed before they are given.
    pub(super) fn is_transformed(&self) -> bool {
        match self.post {
            Post::None => false,
            Post::Logistic => true,
            Post::Softmax | Post::SoftmaxZero | Post::Probit => !self.is_one_score(),
        }
    }

    /// Whether what it gives are probabilities.
    pub(super) fn gives_probabilities(&self) -> bool {
        let Some(classes) = &self.classes else {
            return false;
        };
        self.is_transformed() || classes.is_positive
    }

    /// The trees with their base and link, over the columns the model's inputs `columns` are; `None`
    /// if what the operator gives is not the link of their sum.
    pub(super) fn surfaced(
        &self,
        columns: &[Origin],
        features: &[String],
        link: Link,
    ) -> Option<TreeEnsemble> {
        let mut trees = self.forest.trees().clone();
        trees.features = features.to_vec();
        trees.link = link;
        before(&mut trees, columns)?;
        match self.aggregate {
            Aggregate::Sum => {}
            Aggregate::Average => average(&mut trees),
            Aggregate::Min | Aggregate::Max => return None,
        }
        for (own, base) in trees.base.iter_mut().zip(&self.base) {
            *own = *base;
        }
        match &self.classes {
            Some(classes) if classes.labels.len() == 2 => {
                let is_logistic = link == Link::Logistic;
                let kept = if self.is_one_score() {
                    0
                } else if self.post == Post::None && classes.is_positive && !is_logistic {
                    1
                } else {
                    return None;
                };
                only(&mut trees, kept)
            }
            _ => Some(trees),
        }
    }

    /// The link of what a classifier gives, or of a regressor.
    pub(super) fn link(&self) -> Option<Link> {
        match self.post {
            Post::None => Some(Link::Identity),
            Post::Logistic => Some(Link::Logistic),
            Post::Softmax if !self.is_one_score() => Some(Link::Softmax),
            Post::Softmax | Post::SoftmaxZero | Post::Probit => None,
        }
    }
}

/// Makes comparisons of columns comparisons of the features they come from; `None` if one cannot be.
fn before(trees: &mut TreeEnsemble, columns: &[Origin]) -> Option<()> {
    let is_cast = |step: &Step| matches!(step, Step::ToSingle | Step::ToDouble);
    let is_plain = columns
        .iter()
        .all(|column| column.steps.iter().all(is_cast));
    let is_single = columns.iter().all(|column| column.is_single);
    for node in 0..trees.n_nodes() {
        if trees.is_leaf(node) {
            continue;
        }
        let column = columns.get(trees.feature[node] as usize)?;
        trees.feature[node] = column.feature;
        if is_plain {
            continue;
        }
        let is_inclusive = match trees.comparison[node] {
            Comparison::Less => false,
            Comparison::LessOrEqual => true,
            Comparison::Equal | Comparison::In => return None,
        };
        let mut steps = column.steps.clone();
        if trees.is_single_precision {
            steps.push(Step::ToSingle);
        }
        let threshold = trees.value[node];
        let cut = cut(&steps, threshold, is_inclusive, is_single)?;
        let missing = through(&steps, f64::NAN, is_single);
        let mut is_yes = trees.missing_goes_yes[node];
        if !missing.is_nan() {
            is_yes = missing < threshold || (is_inclusive && missing <= threshold);
        }
        trees.value[node] = cut.threshold;
        trees.comparison[node] = if cut.is_inclusive {
            Comparison::LessOrEqual
        } else {
            Comparison::Less
        };
        trees.missing_goes_yes[node] = is_yes != cut.is_swapped;
        if cut.is_swapped {
            let TreeEnsemble { yes, no, .. } = trees;
            std::mem::swap(&mut yes[node], &mut no[node]);
        }
    }
    if !is_plain {
        trees.is_single_precision = is_single;
    }
    Some(())
}

/// The row of `leaf_rows` a leaf value names; checked when the forest was made.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the check of the trees made sure it is a position"
)]
fn place(value: f64) -> usize {
    value as usize
}

/// Divides leaf values by the number of trees.
fn average(trees: &mut TreeEnsemble) {
    let n_trees = trees.tree_starts.len() as f64;
    trees
        .leaf_rows
        .iter_mut()
        .for_each(|value| *value /= n_trees);
    for tree in 0..trees.tree_starts.len() {
        if trees.tree_outputs[tree] == TreeEnsemble::ALL_OUTPUTS {
            continue;
        }
        for node in trees.tree_starts[tree] as usize..trees.tree_end(tree) {
            if trees.is_leaf(node) {
                trees.value[node] /= n_trees;
            }
        }
    }
}

/// The trees with one of their outputs; `None` if a tree adds to another one alone.
fn only(trees: &mut TreeEnsemble, output: usize) -> Option<TreeEnsemble> {
    let n_outputs = trees.n_outputs as usize;
    for tree in 0..trees.tree_starts.len() {
        if trees.tree_outputs[tree] == TreeEnsemble::ALL_OUTPUTS {
            for node in trees.tree_starts[tree] as usize..trees.tree_end(tree) {
                if trees.is_leaf(node) {
                    trees.value[node] =
                        trees.leaf_rows[place(trees.value[node]) * n_outputs + output];
                }
            }
        } else if trees.tree_outputs[tree] as usize != output {
            return None;
        }
        trees.tree_outputs[tree] = 0;
    }
    trees.n_outputs = 1;
    trees.base = vec![trees.base.get(output).copied().unwrap_or(0.0)];
    trees.leaf_rows.clear();
    Some(std::mem::take(trees))
}

/// A forest, checked, whose base is added later.
///
/// # Errors
/// If a walk does not end, or a leaf or threshold is no number.
pub(super) fn forest(trees: TreeEnsemble, is_single: bool) -> Result<Forest, String> {
    use crate::forest::Sums;
    Forest::new(trees, Sums::plain(is_single), "onnx").map_err(|error| match error {
        ModelError::Damaged { reason, .. } => reason,
        other => other.to_string(),
    })
}
