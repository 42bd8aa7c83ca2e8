//! The file's structure, as far as predicting needs it, the same for JSON and UBJSON.
//!
//! In: a [`Source`]. Out: [`File`], as it stands there; nothing is checked against each other yet.
//! Keys that are not needed are skipped, whatever they hold.

use super::names::{self, Categories};
use super::source::{Source, texts};
use crate::limits::Limits;

/// Category names over all inputs at most: 100 MB and more of names.
const MAX_CATEGORIES: usize = 4_000_000;

#[derive(Debug, Default)]
pub(super) struct File {
    /// Major, minor and patch of the XGBoost that wrote it.
    pub(super) version: Vec<i32>,
    /// Whether there is a learner at all.
    pub(super) has_learner: bool,
    /// All keys beside it, to tell what else the file may be.
    pub(super) keys: Vec<String>,
    pub(super) feature_names: Vec<String>,
    /// `float`, `int`, `i`, `q` or `c` each.
    pub(super) feature_types: Vec<String>,
    pub(super) best_iteration: Option<String>,
    /// What scikit-learn's wrapper wrote of itself.
    pub(super) scikit_learn: Option<String>,
    pub(super) param: LearnerParam,
    pub(super) objective: String,
    pub(super) booster: Booster,
}

/// Numbers as the texts they are written as.
#[derive(Debug, Default)]
pub(super) struct LearnerParam {
    pub(super) base_score: String,
    pub(super) num_class: String,
    pub(super) num_feature: String,
    pub(super) num_target: String,
}

#[derive(Debug, Default)]
pub(super) struct Booster {
    /// `gbtree`, `dart` or `gblinear`.
    pub(super) name: String,
    pub(super) model: Model,
    /// The factor of each tree of `dart`.
    pub(super) weight_drop: Vec<f32>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// As many as the limits allow.
    pub(super) trees: Vec<Tree>,
    /// As many as there are.
    pub(super) n_trees: usize,
    /// The output of each tree.
    pub(super) tree_info: Vec<i32>,
    /// The first tree of each round; empty before version 2.
    pub(super) iteration_indptr: Vec<i32>,
    pub(super) num_parallel_tree: String,
    /// Category names per input; empty before version 3.1 and without categories.
    pub(super) categories: Vec<Categories>,
    /// Of `gblinear`: `weights[input * n_outputs + output]`, then the biases.
    pub(super) weights: Option<Vec<f32>>,
}

#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Values per leaf.
    pub(super) n_leaf_values: usize,
    pub(super) left_children: Vec<i32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<i32>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<i32>,
    /// 1 marks a split by categories; empty before version 1.3.
    pub(super) split_type: Vec<i32>,
    pub(super) sum_hessian: Vec<f32>,
    /// The categories that go right, of all nodes that split by categories.
    pub(super) categories: Vec<i32>,
    pub(super) categories_nodes: Vec<i32>,
    pub(super) categories_segments: Vec<i32>,
    pub(super) categories_sizes: Vec<i32>,
    /// Values of leaves that have several: a row per leaf from version 3.2 on.
    pub(super) leaf_weights: Vec<f32>,
    /// The same before: a row per node. Read only if there are several and no `leaf_weights`.
    pub(super) base_weights: Vec<f32>,
}

/// Puts what was read into its place.
fn put<T>(place: &mut T, read: Result<T, String>) -> Result<(), String> {
    *place = read?;
    Ok(())
}

/// Reads a file.
pub(super) fn read(source: &mut impl Source, limits: &Limits) -> Result<File, String> {
    let mut file = File::default();
    source.object(|source, key| match key {
        "version" => put(&mut file.version, source.integers()),
        "learner" => {
            file.has_learner = true;
            learner(source, &mut file, limits).map_err(|what| format!("in 'learner': {what}"))
        }
        other => {
            if file.keys.len() < 20 {
                file.keys.push(other.to_owned());
            }
            source.skip()
        }
    })?;
    source.finish()?;
    Ok(file)
}

fn learner(source: &mut impl Source, file: &mut File, limits: &Limits) -> Result<(), String> {
    let names = |source: &mut _| texts(source, limits.n_features).map(|(texts, _n)| texts);
    source.object(|source, key| match key {
        "attributes" => source.object(|source, key| match key {
            "best_iteration" => put(&mut file.best_iteration, source.text().map(Some)),
            "scikit_learn" => put(&mut file.scikit_learn, source.text().map(Some)),
            _ => source.skip(),
        }),
        "feature_names" => put(&mut file.feature_names, names(source)),
        "feature_types" => put(&mut file.feature_types, names(source)),
        "gradient_booster" => booster(source, &mut file.booster, limits),
        "learner_model_param" => param(source, &mut file.param),
        "objective" => source.object(|source, key| match key {
            "name" => put(&mut file.objective, source.text()),
            _ => source.skip(),
        }),
        _ => source.skip(),
    })
}

fn param(source: &mut impl Source, param: &mut LearnerParam) -> Result<(), String> {
    source.object(|source, key| {
        let place = match key {
            "base_score" => &mut param.base_score,
            "num_class" => &mut param.num_class,
            "num_feature" => &mut param.num_feature,
            "num_target" => &mut param.num_target,
            _ => return source.skip(),
        };
        *place = source.text()?;
        Ok(())
    })
}

fn booster(source: &mut impl Source, booster: &mut Booster, limits: &Limits) -> Result<(), String> {
    source.object(|source, key| match key {
        "name" => put(&mut booster.name, source.text()),
        "model" => model(source, &mut booster.model, limits),
        // The trees of `dart` are a booster within the booster.
        "gbtree" => source.object(|source, key| match key {
            "model" => model(source, &mut booster.model, limits),
            _ => source.skip(),
        }),
        "weight_drop" => put(&mut booster.weight_drop, source.floats()),
        _ => source.skip(),
    })
}

fn model(source: &mut impl Source, model: &mut Model, limits: &Limits) -> Result<(), String> {
    source.object(|source, key| match key {
        "trees" => source.array(|source| {
            model.n_trees += 1;
            if model.n_trees > limits.n_trees {
                return source.skip();
            }
            let read = tree(source).map_err(|what| format!("tree {}: {what}", model.n_trees - 1));
            model.trees.push(read?);
            Ok(())
        }),
        "tree_info" => put(&mut model.tree_info, source.integers()),
        "iteration_indptr" => put(&mut model.iteration_indptr, source.integers()),
        "weights" => put(&mut model.weights, source.floats().map(Some)),
        "cats" => put(&mut model.categories, categories(source, limits)),
        "gbtree_model_param" => source.object(|source, key| match key {
            "num_parallel_tree" => put(&mut model.num_parallel_tree, source.text()),
            _ => source.skip(),
        }),
        _ => source.skip(),
    })
}

fn tree(source: &mut impl Source) -> Result<Tree, String> {
    let mut tree = Tree::default();
    let mut base_weights = None;
    source.object(|source, key| {
        match key {
            "left_children" => tree.left_children = source.integers()?,
            "right_children" => tree.right_children = source.integers()?,
            "split_indices" => tree.split_indices = source.integers()?,
            "split_conditions" => tree.split_conditions = source.floats()?,
            "default_left" => tree.default_left = source.integers()?,
            "split_type" => tree.split_type = source.integers()?,
            "sum_hessian" => tree.sum_hessian = source.floats()?,
            "categories" => tree.categories = source.integers()?,
            "categories_nodes" => tree.categories_nodes = source.integers()?,
            "categories_segments" => tree.categories_segments = source.integers()?,
            "categories_sizes" => tree.categories_sizes = source.integers()?,
            "leaf_weights" => tree.leaf_weights = source.floats()?,
            "base_weights" => {
                base_weights = Some(source.clone());
                source.skip()?;
            }
            "tree_param" => source.object(|source, key| match key {
                "size_leaf_vector" => {
                    let text = source.text()?;
                    let size = text.parse();
                    tree.n_leaf_values =
                        size.map_err(|_no_count| format!("'{text}' values per leaf"))?;
                    Ok(())
                }
                _ => source.skip(),
            })?,
            _ => source.skip()?,
        }
        Ok(())
    })?;
    if let (true, true, Some(mut source)) = (
        tree.n_leaf_values > 1,
        tree.leaf_weights.is_empty(),
        base_weights,
    ) {
        tree.base_weights = source.floats()?;
    }
    Ok(tree)
}

/// The categories each input had in training, as texts.
fn categories(source: &mut impl Source, limits: &Limits) -> Result<Vec<Categories>, String> {
    let mut all = Vec::new();
    let mut n_all = 0;
    source.object(|source, key| match key {
        "enc" => source.array(|source| {
            if all.len() == limits.n_features {
                return source.skip();
            }
            let names = input_categories(source, MAX_CATEGORIES.saturating_sub(n_all))
                .map_err(|what| format!("the categories of input {}: {what}", all.len()))?;
            n_all += names.names.len();
            all.push(names);
            Ok(())
        }),
        _ => source.skip(),
    })?;
    Ok(all)
}

/// Texts lie in bytes, with offsets; numbers are listed.
fn input_categories(source: &mut impl Source, limit: usize) -> Result<Categories, String> {
    let mut offsets = None;
    let mut values = None;
    source.object(|source, key| match key {
        "offsets" => put(&mut offsets, source.integers().map(Some)),
        "values" => {
            values = Some(source.clone());
            source.skip()
        }
        _ => source.skip(),
    })?;
    let Some(mut values) = values else {
        return Ok(Categories::default());
    };
    let too_many = |n: usize| format!("{n}, the limit over all inputs is {MAX_CATEGORIES}");
    if let Some(offsets) = offsets {
        if offsets.len() > limit {
            return Err(too_many(offsets.len()));
        }
        let bytes = values.integers()?;
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte.to_le_bytes()[0]).collect();
        return names::read(&bytes, &offsets);
    }
    let (names, n) = texts(&mut values, limit)?;
    if n > limit {
        return Err(too_many(n));
    }
    Ok(Categories { names, doubt: None })
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    #[test]
    fn trees_beyond_the_limit_are_counted_and_not_kept() {
        let text = br#"{"learner":{"gradient_booster":{"model":{"trees":[{},{},{},{},{}]}}}}"#;
        let limits = Limits {
            n_trees: 2,
            ..Limits::default()
        };
        let file = read(&mut Json::new(text), &limits).unwrap();
        let model = file.booster.model;
        assert_eq!((model.n_trees, model.trees.len()), (5, 2));
    }

    #[test]
    fn unknown_keys_are_skipped() {
        let text = br#"{"new":[{"a":null}],"learner":{"new":{},"objective":{"name":"a","b":[1]}}}"#;
        let file = read(&mut Json::new(text), &Limits::default()).unwrap();
        assert_eq!(file.objective, "a");
        assert_eq!(file.keys, ["new"]);
    }
}
