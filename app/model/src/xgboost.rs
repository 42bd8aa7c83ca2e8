//! XGBoost's JSON and UBJSON formats, versions 1.0 to 3.x: `gbtree`, `dart` and `gblinear`.
//!
//! In: the bytes of a file that `save_model("model.json")` or `save_model("model.ubj")` wrote. Out: a
//! [`Model`] whose margins are those of `Booster.predict(output_margin=True)` and whose predictions
//! are those of `Booster.predict`, but for two objectives: of `binary:logitraw` the probability is
//! predicted, not the margin; of `multi:softmax` the probability of each class, not the class.
//! If the file was saved by scikit-learn's wrapper after early stopping, the trees up to the best
//! round predict, as they do there.
//!
//! Source: the JSON schema in XGBoost's documentation ("Introduction to Model IO") and files written
//! by versions 1.7 to 3.2. Values are compared and added in single precision, in tree order, as
//! XGBoost does on the CPU; a missing value takes the default direction; a category that was not in
//! a node's training rows goes left, one that was in no training row is refused where the file names
//! the categories (3.1 and later). Files of major versions after 3 are refused: they may mean other
//! numbers by the same keys.

mod source;

mod json;

mod ubjson;

mod names;

mod file;

mod objective;

mod trees;

mod linear;

mod rows;

use file::File;
use linear::Linear;
use names::{Categories, Doubt};
use objective::Meaning;
use rows::Rows;

use crate::batch::Batch;
use crate::ensemble::{Comparison, Link, TreeEnsemble};
use crate::error::ModelError;
use crate::forest::{Forest, Sums};
use crate::inputs::{Inputs, Unseen};
use crate::limits::Limits;
use crate::{FeatureInfo, FeatureKind, Model, ModelInfo, ModelTask, TreesInfo};

const JSON: &str = "xgboost-json";
const UBJSON: &str = "xgboost-ubjson";

/// The newest major version whose files are known to mean what they say.
const MAX_MAJOR_VERSION: i32 = 3;

/// An open XGBoost model.
#[derive(Debug)]
pub(crate) struct XgBoost {
    info: ModelInfo,
    rows: Rows,
    link: Link,
    booster: Booster,
}

#[derive(Debug)]
enum Booster {
    Trees(Box<Forest>),
    Linear(Linear),
}

/// Whether the bytes look like UBJSON: an object whose first key's length, or whose count, follows.
pub(crate) fn is_ubjson(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [
            b'{',
            b'L' | b'l' | b'I' | b'i' | b'U' | b'#' | b'$' | b'N',
            ..
        ]
    )
}

/// Reads a model, JSON or UBJSON.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<XgBoost, ModelError> {
    let (format, file) = if is_ubjson(bytes) {
        (UBJSON, file::read(&mut ubjson::Ubjson::new(bytes), limits))
    } else {
        (JSON, file::read(&mut json::Json::new(bytes), limits))
    };
    let file = file.map_err(|reason| ModelError::Damaged { format, reason })?;
    Reader { format, limits }.model(file)
}

/// Turns what the file says into a model.
#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    format: &'static str,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn model(self, mut file: File) -> Result<XgBoost, ModelError> {
        self.check_kind(&file)?;
        let n_features = self.count("num_feature", &file.param.num_feature)?;
        let n_outputs = self
            .count("num_class", &file.param.num_class)?
            .max(self.count("num_target", &file.param.num_target)?)
            .max(1);
        self.check_limits(&file, n_features, n_outputs)?;
        let meaning = objective::meaning(&file.objective).ok_or_else(|| {
            self.unsupported(
                format!("the objective '{}'", file.objective),
                "train it with an objective that XGBoost's documentation lists",
            )
        })?;
        let base = meaning
            .base(&file.param.base_score, n_outputs, &file.version)
            .map_err(|reason| self.damaged(reason))?;
        let has_names = !file.feature_names.is_empty();
        let doubts = doubts(&mut file.booster.model.categories);
        let mut features = self.features(&mut file, n_features)?;
        let mut split_by_category = Vec::new();
        let booster = match file.booster.name.as_str() {
            "gbtree" | "dart" => {
                let forest = self.forest(&file, &features, &base, meaning.link)?;
                split_by_category = inputs_split_by_category(forest.trees());
                Booster::Trees(Box::new(forest))
            }
            "gblinear" => {
                let weights = file.booster.model.weights.take().unwrap_or_default();
                let linear = Linear::new(weights, &base, n_features);
                Booster::Linear(linear.map_err(|reason| self.damaged(reason))?)
            }
            other => {
                return Err(self.unsupported(
                    format!("the booster '{other}'"),
                    "train it with gbtree, dart or gblinear",
                ));
            }
        };
        for idx in &split_by_category {
            if matches!(features[*idx].kind, FeatureKind::Numeric) {
                features[*idx].kind = FeatureKind::Categorical {
                    categories: Vec::new(),
                };
            }
        }
        let inputs = Inputs {
            features,
            has_names,
            unseen: Unseen::Refused,
        };
        Ok(XgBoost {
            info: self.info(&file, &inputs, &booster, meaning, n_outputs),
            rows: Rows {
                inputs,
                split_by_category,
                doubts,
            },
            link: meaning.link,
            booster,
        })
    }

    fn damaged(self, reason: String) -> ModelError {
        ModelError::Damaged {
            format: self.format,
            reason,
        }
    }

    fn unsupported(self, part: String, advice: &str) -> ModelError {
        ModelError::Unsupported {
            format: self.format,
            part,
            advice: advice.to_owned(),
        }
    }

    /// Refuses what is not an XGBoost model, or one of a version that is not known.
    fn check_kind(self, file: &File) -> Result<(), ModelError> {
        if !file.has_learner {
            let has = |key: &str| file.keys.iter().any(|known| known == key);
            let seen = if has("tree_info") {
                "it looks like LightGBM's dump_model: save it with save_model"
            } else if has("Config") {
                "it is a pickled memory snapshot: save it with save_model"
            } else {
                "it is not one of XGBoost's save_model"
            };
            return Err(self.damaged(format!("it has no 'learner'; {seen}")));
        }
        if let Some(major) = file.version.first()
            && *major > MAX_MAJOR_VERSION
        {
            return Err(self.unsupported(
                format!("version {}", version(&file.version)),
                "save it with XGBoost 3, or with a newer version of this program",
            ));
        }
        Ok(())
    }

    fn count(self, what: &str, text: &str) -> Result<usize, ModelError> {
        if text.is_empty() {
            return Ok(0);
        }
        text.parse().map_err(|_not_a_count| {
            self.damaged(format!("'{what}' is '{text}', which is no count"))
        })
    }

    fn check_limits(
        self,
        file: &File,
        n_features: usize,
        n_outputs: usize,
    ) -> Result<(), ModelError> {
        let model = &file.booster.model;
        let n_nodes = model.trees.iter().map(|tree| tree.left_children.len());
        for (what, number, limit) in [
            ("trees", model.n_trees, self.limits.n_trees),
            ("nodes", n_nodes.sum(), self.limits.n_nodes),
            ("inputs", n_features, self.limits.n_features),
            ("outputs", n_outputs, self.limits.n_outputs),
        ] {
            if number > limit {
                return Err(ModelError::TooLarge(format!(
                    "{number} {what}, the limit is {limit}"
                )));
            }
        }
        Ok(())
    }

    /// The inputs, with the categories the file names.
    fn features(self, file: &mut File, n_features: usize) -> Result<Vec<FeatureInfo>, ModelError> {
        let mut categories = std::mem::take(&mut file.booster.model.categories);
        for (what, length) in [
            ("names", file.feature_names.len()),
            ("types", file.feature_types.len()),
            ("lists of categories", categories.len()),
        ] {
            if length != 0 && length != n_features {
                return Err(self.damaged(format!("{length} {what} for {n_features} inputs")));
            }
        }
        let feature = |idx: usize| {
            let is_categorical = file.feature_types.get(idx).is_some_and(|kind| kind == "c");
            let categories = categories
                .get_mut(idx)
                .map(|categories| std::mem::take(&mut categories.names))
                .unwrap_or_default();
            FeatureInfo {
                name: file
                    .feature_names
                    .get(idx)
                    .cloned()
                    .unwrap_or_else(|| format!("f{idx}")),
                kind: if is_categorical || !categories.is_empty() {
                    FeatureKind::Categorical { categories }
                } else {
                    FeatureKind::Numeric
                },
            }
        };
        Ok((0..n_features).map(feature).collect())
    }

    fn forest(
        self,
        file: &File,
        features: &[FeatureInfo],
        base: &[f32],
        link: Link,
    ) -> Result<Forest, ModelError> {
        let model = &file.booster.model;
        if model.trees.is_empty() {
            return Err(self.damaged("it has no trees: it was saved before training".to_owned()));
        }
        let is_dart = file.booster.name == "dart";
        for (what, length, is_needed) in [
            ("tree_info", model.tree_info.len(), base.len() > 1),
            ("weight_drop", file.booster.weight_drop.len(), is_dart),
        ] {
            if length != model.n_trees && (is_needed || length != 0) {
                return Err(self.damaged(format!(
                    "'{what}' has {length} values for {} trees",
                    model.n_trees
                )));
            }
        }
        let mut ensemble = TreeEnsemble {
            features: features
                .iter()
                .map(|feature| feature.name.clone())
                .collect(),
            n_outputs: u32::try_from(base.len()).unwrap_or(u32::MAX),
            base: base.iter().copied().map(f64::from).collect(),
            link,
            is_single_precision: true,
            ..TreeEnsemble::default()
        };
        let n_trees = self.n_trees_used(file, base.len());
        for (idx, tree) in model.trees.iter().take(n_trees).enumerate() {
            let output = model.tree_info.get(idx).copied().unwrap_or(0);
            let output = u32::try_from(output)
                .map_err(|_negative| self.damaged(format!("tree {idx} adds to output {output}")))?;
            let factor = file.booster.weight_drop.get(idx).copied().unwrap_or(1.0);
            trees::add(&mut ensemble, tree, output, factor)
                .map_err(|what| self.damaged(format!("tree {idx}: {what}")))?;
        }
        // Vector leaves had no covers before 3.2; exponential losses may have infinite ones.
        let has_covers = model.trees.iter().all(|tree| !tree.sum_hessian.is_empty());
        if !has_covers || ensemble.cover.iter().any(|cover| !cover.is_finite()) {
            ensemble.cover = Vec::new();
        }
        if !ensemble.category_ranges.is_empty() {
            ensemble.category_ranges.resize(ensemble.n_nodes(), (0, 0));
        }
        Forest::new(ensemble, Sums::plain(true), self.format)
    }

    /// scikit-learn's wrapper predicts with the trees up to the best round of early stopping.
    fn n_trees_used(self, file: &File, n_outputs: usize) -> usize {
        let model = &file.booster.model;
        let best = file
            .best_iteration
            .as_ref()
            .and_then(|best| best.parse::<usize>().ok());
        let (Some(best), Some(_)) = (best, &file.scikit_learn) else {
            return model.n_trees;
        };
        let n_rounds = best.saturating_add(1);
        if let Some(end) = model.iteration_indptr.get(n_rounds) {
            return usize::try_from(*end).map_or(model.n_trees, |end| end.clamp(1, model.n_trees));
        }
        let has_rows = model.trees.iter().any(|tree| tree.n_leaf_values > 1);
        let per_round = self
            .count("num_parallel_tree", &model.num_parallel_tree)
            .unwrap_or(1)
            .max(1)
            .saturating_mul(if has_rows { 1 } else { n_outputs });
        n_rounds.saturating_mul(per_round).min(model.n_trees)
    }

    fn info(
        self,
        file: &File,
        inputs: &Inputs,
        booster: &Booster,
        meaning: Meaning,
        n_outputs: usize,
    ) -> ModelInfo {
        let trees = match booster {
            Booster::Trees(forest) => {
                let (n_leaves, depth) = forest.trees().n_leaves_and_depth();
                Some(TreesInfo {
                    n_trees: forest.trees().tree_starts.len(),
                    n_leaves,
                    depth,
                })
            }
            Booster::Linear(_) => None,
        };
        // Several binary targets are several tasks at once.
        let task = Some(meaning.task).filter(|task| *task != ModelTask::Binary || n_outputs == 1);
        let n_classes = match task {
            Some(ModelTask::Binary) => 2,
            Some(ModelTask::Multiclass) => n_outputs,
            Some(ModelTask::Regression | ModelTask::Ranking) | None => 0,
        };
        ModelInfo {
            format: self.format.to_owned(),
            producer: format!("xgboost {}", version(&file.version))
                .trim()
                .to_owned(),
            task,
            features: inputs.features.clone(),
            n_outputs,
            space: meaning.space,
            classes: file
                .scikit_learn
                .as_deref()
                .and_then(classes)
                .filter(|classes| classes.len() == n_classes)
                .unwrap_or_default(),
            has_ensemble: trees.is_some(),
            trees,
        }
    }
}

/// Takes what is in doubt about category names, with the input it is about.
fn doubts(categories: &mut [Categories]) -> Vec<(usize, Doubt)> {
    let all = categories.iter_mut().enumerate();
    all.filter_map(|(idx, categories)| Some((idx, categories.doubt.take()?)))
        .collect()
}

fn version(parts: &[i32]) -> String {
    let parts: Vec<String> = parts.iter().take(3).map(i32::to_string).collect();
    parts.join(".")
}

/// The class names that scikit-learn's wrapper wrote in versions 1.x, as its label encoder's or its
/// own; later ones write none.
fn classes(scikit_learn: &str) -> Option<Vec<String>> {
    // Any JSON fits in here, so its size is bounded before it becomes values.
    const MAX_BYTES: usize = 1 << 20;
    if scikit_learn.len() > MAX_BYTES {
        return None;
    }
    let meta: serde_json::Value = serde_json::from_str(scikit_learn).ok()?;
    let owner = meta.get("_le").unwrap_or(&meta);
    let classes = owner.get("classes_")?.as_array()?;
    let name = |class: &serde_json::Value| match class {
        serde_json::Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    Some(classes.iter().map(name).collect())
}

fn inputs_split_by_category(trees: &TreeEnsemble) -> Vec<usize> {
    let mut inputs: Vec<usize> = (0..trees.n_nodes())
        .filter(|node| trees.comparison[*node] == Comparison::In)
        .map(|node| trees.feature[node] as usize)
        .filter(|input| *input < trees.features.len())
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}

impl Model for XgBoost {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn predict(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        Ok(self.link.applied(self.margins(batch)?, self.info.n_outputs))
    }

    fn margins(&self, batch: &Batch<'_>) -> Result<Vec<f64>, ModelError> {
        let columns = self.rows.columns(batch)?;
        Ok(match &self.booster {
            Booster::Trees(forest) => forest.margins(&columns, batch.n_rows),
            Booster::Linear(linear) => linear.margins(&columns, batch.n_rows),
        })
    }

    fn ensemble(&self) -> Option<TreeEnsemble> {
        match &self.booster {
            Booster::Trees(forest) => Some(forest.trees().clone()),
            Booster::Linear(_) => None,
        }
    }
}
