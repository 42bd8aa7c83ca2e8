//! One tree of the file, appended to the flat arrays.
//!
//! In: the lines of a tree. Out: its nodes in a [`TreeEnsemble`], inner nodes first, then leaves, and
//! the linear formulas of its leaves in [`Formulas`].
//!
//! A row goes left (`yes`) if `x <= threshold`, or if its category is in the node's set. LightGBM
//! knows three kinds of missing: none, where NaN counts as 0; zero, where zero and NaN go the default
//! way; NaN, where NaN does. At a category split NaN always goes right.

use super::formulas::Formulas;
use super::text::{Lines, List, count, pair, within};
use crate::ensemble::{Comparison, TreeEnsemble};
use crate::error::ModelError;
use crate::limits::Limits;

/// The lines of a tree, as text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TreeText<'a> {
    n_leaves: &'a [u8],
    n_sets: &'a [u8],
    is_linear: &'a [u8],
    split_feature: &'a [u8],
    threshold: &'a [u8],
    decision_type: &'a [u8],
    left_child: &'a [u8],
    right_child: &'a [u8],
    leaf_value: &'a [u8],
    leaf_count: &'a [u8],
    internal_count: &'a [u8],
    cat_boundaries: &'a [u8],
    cat_threshold: &'a [u8],
    leaf_const: &'a [u8],
    num_features: &'a [u8],
    leaf_features: &'a [u8],
    leaf_coeff: &'a [u8],
}

impl<'a> TreeText<'a> {
    /// The lines up to the next empty one; `None` if the file ends before it.
    pub(super) fn read(lines: &mut Lines<'a>) -> Option<Self> {
        let mut tree = Self::default();
        loop {
            let line = lines.next()?;
            if line.is_empty() {
                return Some(tree);
            }
            let (name, value) = pair(line);
            let field = match name {
                b"num_leaves" => &mut tree.n_leaves,
                b"num_cat" => &mut tree.n_sets,
                b"is_linear" => &mut tree.is_linear,
                b"split_feature" => &mut tree.split_feature,
                b"threshold" => &mut tree.threshold,
                b"decision_type" => &mut tree.decision_type,
                b"left_child" => &mut tree.left_child,
                b"right_child" => &mut tree.right_child,
                b"leaf_value" => &mut tree.leaf_value,
                b"leaf_count" => &mut tree.leaf_count,
                b"internal_count" => &mut tree.internal_count,
                b"cat_boundaries" => &mut tree.cat_boundaries,
                b"cat_threshold" => &mut tree.cat_threshold,
                b"leaf_const" => &mut tree.leaf_const,
                b"num_features" => &mut tree.num_features,
                b"leaf_features" => &mut tree.leaf_features,
                b"leaf_coeff" => &mut tree.leaf_coeff,
                _ => continue,
            };
            *field = value;
        }
    }

    /// Appends the tree. `name` stands before what is wrong with it.
    pub(super) fn add_to(
        &self,
        trees: &mut TreeEnsemble,
        formulas: &mut Formulas,
        output: u32,
        limits: &Limits,
    ) -> Result<(), ModelError> {
        let n_leaves = count("num_leaves", self.n_leaves).map_err(|what| wrong(trees, &what))?;
        if n_leaves == 0 {
            return Err(wrong(trees, "it has no leaves"));
        }
        let n_nodes = n_leaves.saturating_mul(2) - 1;
        within(
            "nodes",
            trees.n_nodes().saturating_add(n_nodes),
            limits.n_nodes,
        )?;
        let shape = Shape {
            start: u32::try_from(trees.n_nodes())
                .map_err(|_more| ModelError::TooLarge("more than 2^32 nodes".to_owned()))?,
            n_inner: n_leaves - 1,
        };
        self.append(trees, formulas, shape)
            .map_err(|what| wrong(trees, &what))?;
        trees.tree_starts.push(shape.start);
        trees.tree_outputs.push(output);
        Ok(())
    }

    fn append(
        &self,
        trees: &mut TreeEnsemble,
        formulas: &mut Formulas,
        shape: Shape,
    ) -> Result<(), String> {
        let sets = self.sets(trees)?;
        self.append_inner(trees, shape, &sets)?;
        self.append_leaves(trees, shape)?;
        self.append_cover(trees, shape)?;
        if !matches!(self.is_linear, b"" | b"0") {
            let first_leaf = shape.start as usize + shape.n_inner;
            formulas.append(
                first_leaf..first_leaf + shape.n_inner + 1,
                trees.features.len(),
                [
                    List::new("leaf_const", self.leaf_const),
                    List::new("num_features", self.num_features),
                    List::new("leaf_features", self.leaf_features),
                    List::new("leaf_coeff", self.leaf_coeff),
                ],
            )?;
        }
        Ok(())
    }

    /// Where in `category_words` each category set of the tree stands. The file has 32 categories to a
    /// word.
    fn sets(&self, trees: &mut TreeEnsemble) -> Result<Vec<(u32, u32)>, String> {
        let n_sets = match self.n_sets {
            b"" => 0,
            text => count("num_cat", text)?,
        };
        if n_sets == 0 {
            return Ok(Vec::new());
        }
        let mut boundaries = List::new("cat_boundaries", self.cat_boundaries);
        let mut words = List::new("cat_threshold", self.cat_threshold);
        let mut sets = Vec::new();
        let mut before = boundaries.position()?;
        if before != 0 {
            return Err(format!("'cat_boundaries' begins with {before}, not 0"));
        }
        for _ in 0..n_sets {
            let end = boundaries.position()?;
            if end < before {
                return Err(format!("'cat_boundaries' falls from {before} to {end}"));
            }
            let first = u32::try_from(trees.category_words.len())
                .map_err(|_more| "its category sets are too large")?;
            for at in before..end {
                let half = u64::from(words.position()?);
                if (at - before) % 2 == 0 {
                    trees.category_words.push(half);
                } else if let Some(word) = trees.category_words.last_mut() {
                    *word |= half << 32;
                }
            }
            sets.push((first, (end - before).div_ceil(2)));
            before = end;
        }
        boundaries.end()?;
        words.end()?;
        Ok(sets)
    }

    fn append_inner(
        &self,
        trees: &mut TreeEnsemble,
        shape: Shape,
        sets: &[(u32, u32)],
    ) -> Result<(), String> {
        let mut features = List::new("split_feature", self.split_feature);
        let mut thresholds = List::new("threshold", self.threshold);
        let mut decisions = List::new("decision_type", self.decision_type);
        let mut lefts = List::new("left_child", self.left_child);
        let mut rights = List::new("right_child", self.right_child);
        for node in 0..shape.n_inner {
            let feature = features.position()?;
            if feature as usize >= trees.features.len() {
                return Err(format!(
                    "node {node} splits by input {feature}, of {}",
                    trees.features.len()
                ));
            }
            let threshold = thresholds.real()?;
            if threshold.is_nan() {
                return Err(format!("the threshold of node {node} is not a number"));
            }
            let decision = Decision::read(decisions.whole()?)
                .ok_or_else(|| format!("node {node} has an unknown decision type"))?;
            let at = trees.n_nodes();
            match decision.missing {
                _ if decision.is_category => {
                    let set = set_of(threshold, sets).ok_or_else(|| {
                        format!(
                            "node {node} names the category set {threshold}, of {}",
                            sets.len()
                        )
                    })?;
                    trees.category_ranges.resize(at, (0, 0));
                    trees.category_ranges.push(set);
                    trees.missing_goes_yes.push(false);
                }
                Missing::None => trees.missing_goes_yes.push(0.0 <= threshold),
                Missing::Zero => {
                    trees.zero_is_missing.resize(at, false);
                    trees.zero_is_missing.push(true);
                    trees.missing_goes_yes.push(decision.is_default_left);
                }
                Missing::Nan => trees.missing_goes_yes.push(decision.is_default_left),
            }
            trees.feature.push(feature);
            trees.comparison.push(if decision.is_category {
                Comparison::In
            } else {
                Comparison::LessOrEqual
            });
            trees.value.push(threshold);
            trees.yes.push(shape.child(node, lefts.whole()?)?);
            trees.no.push(shape.child(node, rights.whole()?)?);
        }
        for list in [features, thresholds, decisions, lefts, rights] {
            list.end()?;
        }
        Ok(())
    }

    fn append_leaves(&self, trees: &mut TreeEnsemble, shape: Shape) -> Result<(), String> {
        let mut values = List::new("leaf_value", self.leaf_value);
        for _ in 0..=shape.n_inner {
            trees.value.push(values.finite()?);
            trees.feature.push(TreeEnsemble::LEAF);
            trees.comparison.push(Comparison::LessOrEqual);
            trees.yes.push(0);
            trees.no.push(0);
            trees.missing_goes_yes.push(false);
        }
        values.end()
    }

    /// Rows per node, as LightGBM's own SHAP values and those of the Python package `shap` weigh them;
    /// the file's weights are sums of second derivatives. Nothing if the file does not say.
    fn append_cover(&self, trees: &mut TreeEnsemble, shape: Shape) -> Result<(), String> {
        if shape.n_inner == 0 && self.leaf_count.is_empty() {
            // Old versions do not count a lone leaf; nothing is shared out below it.
            trees.cover.push(1.0);
            return Ok(());
        }
        let is_said =
            !self.leaf_count.is_empty() && (shape.n_inner == 0 || !self.internal_count.is_empty());
        if !is_said {
            return Ok(());
        }
        let inner = List::new("internal_count", self.internal_count);
        let leaves = List::new("leaf_count", self.leaf_count);
        for (mut list, n_values) in [(inner, shape.n_inner), (leaves, shape.n_inner + 1)] {
            for _ in 0..n_values {
                trees.cover.push(list.finite()?);
            }
            list.end()?;
        }
        Ok(())
    }
}

fn wrong(trees: &TreeEnsemble, what: &str) -> ModelError {
    super::text::damaged(format!("tree {}: {what}", trees.tree_starts.len()))
}

/// Where a tree stands in the arrays.
#[derive(Debug, Clone, Copy)]
struct Shape {
    start: u32,
    n_inner: usize,
}

impl Shape {
    /// The position of a child: inner nodes count from 0 up, leaves from -1 down.
    fn child(self, node: usize, child: i64) -> Result<u32, String> {
        let place = usize::try_from(child).map_or_else(
            |_negative| {
                let leaf = usize::try_from(!child).unwrap_or(usize::MAX);
                (leaf <= self.n_inner).then(|| self.n_inner + leaf)
            },
            |inner| (0 < inner && inner < self.n_inner).then_some(inner),
        );
        place
            .and_then(|place| u32::try_from(place).ok())
            .and_then(|place| self.start.checked_add(place))
            .ok_or_else(|| {
                format!("node {node} points to the child {child}, which is the root or not there")
            })
    }
}

/// How a node decides.
#[derive(Debug, Clone, Copy)]
struct Decision {
    is_category: bool,
    is_default_left: bool,
    missing: Missing,
}

/// What counts as missing.
#[derive(Debug, Clone, Copy)]
enum Missing {
    /// Nothing: NaN is 0.
    None,
    /// Zero and NaN.
    Zero,
    /// NaN.
    Nan,
}

impl Decision {
    /// From the bits of the file: category, default left, and two of what is missing.
    fn read(bits: i64) -> Option<Self> {
        let missing = match bits >> 2 {
            0 => Missing::None,
            1 => Missing::Zero,
            2 => Missing::Nan,
            _ => return None,
        };
        Some(Self {
            is_category: bits & 1 != 0,
            is_default_left: bits & 2 != 0,
            missing,
        })
    }
}

/// The category set a threshold names.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a whole number from 0 to below the number of sets"
)]
fn set_of(threshold: f64, sets: &[(u32, u32)]) -> Option<(u32, u32)> {
    let is_position = threshold >= 0.0 && threshold < sets.len() as f64 && threshold.fract() == 0.0;
    is_position.then(|| sets[threshold as usize])
}
