//! CatBoost's JSON format.
//!
//! In: the bytes of a file that `save_model("model.json", format="json")` wrote. Out: its [`Parts`].
//!
//! Source: files written by CatBoost 1.2. Names of fields are the file's. Trees nest; the parser
//! refuses nesting deeper than 128, and CatBoost grows no tree that deep.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use crate::catboost::parts::{
    CatInput, Ctr, CtrKind, CtrTable, FloatInput, Node, OneHot, Parts, Projection, Tree, damaged,
    unsupported_inputs, within,
};
use crate::error::ModelError;
use crate::limits::Limits;

/// The keys of a file, of which one comes first; XGBoost's are others.
pub(super) const KEYS: [&str; 6] = [
    "ctr_data",
    "features_info",
    "model_info",
    "oblivious_trees",
    "scale_and_bias",
    "trees",
];

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    ctr_data: Option<BTreeMap<String, CtrData>>,
    features_info: FeaturesInfo,
    #[serde(default)]
    model_info: BTreeMap<String, Value>,
    #[serde(default)]
    oblivious_trees: Option<Vec<ObliviousTree>>,
    #[serde(default)]
    scale_and_bias: Option<(f64, OneOrMany)>,
    #[serde(default)]
    trees: Option<Vec<FreeNode>>,
}

#[derive(Deserialize)]
struct FeaturesInfo {
    #[serde(default)]
    float_features: Option<Vec<Float>>,
    #[serde(default)]
    categorical_features: Option<Vec<Categorical>>,
    #[serde(default)]
    cat_features_hash: Option<Vec<HashOfText>>,
    #[serde(default)]
    ctrs: Option<Vec<CtrForm>>,
    #[serde(default)]
    text_features: Option<Vec<Value>>,
    #[serde(default)]
    embedding_features: Option<Vec<Value>>,
    #[serde(default)]
    estimated_features: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Float {
    #[serde(default)]
    borders: Option<Vec<f32>>,
    feature_index: i64,
    flat_feature_index: i64,
    #[serde(default)]
    feature_id: String,
    #[serde(default)]
    feature_name: String,
    #[serde(default)]
    has_nans: bool,
    #[serde(default)]
    nan_value_treatment: String,
}

#[derive(Deserialize)]
struct Categorical {
    feature_index: i64,
    flat_feature_index: i64,
    #[serde(default)]
    feature_id: String,
    #[serde(default)]
    feature_name: String,
    #[serde(default)]
    values: Option<Vec<i32>>,
    #[serde(default)]
    string_values: Option<Vec<String>>,
}

/// Written when the library was given rows along with the model.
#[derive(Deserialize)]
struct HashOfText {
    hash: u32,
    value: String,
}

#[derive(Deserialize)]
struct CtrForm {
    #[serde(default)]
    borders: Option<Vec<f32>>,
    ctr_type: String,
    elements: Vec<Element>,
    identifier: String,
    #[serde(rename = "prior_denomerator")]
    prior_denominator: f32,
    prior_numerator: f32,
    scale: f32,
    shift: f32,
    #[serde(default)]
    target_border_idx: i64,
}

#[derive(Deserialize)]
#[serde(tag = "combination_element", rename_all = "snake_case")]
enum Element {
    CatFeatureValue {
        cat_feature_index: i64,
    },
    FloatFeature {
        float_feature_index: i64,
        border: f32,
    },
    CatFeatureExactValue {
        cat_feature_index: i64,
        value: i32,
    },
}

#[derive(Deserialize)]
struct CtrData {
    #[serde(default)]
    counter_denominator: i32,
    hash_map: Vec<TextOrNumber>,
    hash_stride: usize,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Hash(u64),
    Number(f64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f64),
    Many(Vec<f64>),
}

#[derive(Deserialize)]
struct Split {
    split_index: i64,
}

#[derive(Deserialize)]
struct ObliviousTree {
    leaf_values: Vec<f64>,
    #[serde(default)]
    leaf_weights: Option<Vec<f64>>,
    #[serde(default)]
    splits: Option<Vec<Split>>,
}

#[derive(Deserialize)]
struct FreeNode {
    #[serde(default)]
    left: Option<Box<FreeNode>>,
    #[serde(default)]
    right: Option<Box<FreeNode>>,
    #[serde(default)]
    split: Option<Split>,
    #[serde(default)]
    value: Option<OneOrMany>,
    #[serde(default)]
    weight: Option<f64>,
}

/// Reads a file.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parts, ModelError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    let features = file.features_info;
    for (list, kind) in [
        (&features.text_features, "text"),
        (&features.embedding_features, "embedding"),
        (&features.estimated_features, "text or embedding"),
    ] {
        if list.as_ref().is_some_and(|list| !list.is_empty()) {
            return Err(unsupported_inputs(kind));
        }
    }
    let oblivious = file.oblivious_trees.unwrap_or_default();
    let free = file.trees.unwrap_or_default();
    within(&[("trees", oblivious.len() + free.len(), limits.n_trees)])?;
    let (scale, bias) = match file.scale_and_bias {
        None => (1.0, Vec::new()),
        Some((scale, OneOrMany::One(bias))) => (scale, vec![bias]),
        Some((scale, OneOrMany::Many(bias))) => (scale, bias),
    };
    let mut info = file.model_info;
    let mut taken = |key: &str| info.remove(key).map(parsed).unwrap_or_default();
    let mut parts = Parts {
        scale,
        bias,
        params: taken("params"),
        class_params: match taken("class_params") {
            Value::Null => taken("multiclass_params"),
            value => value,
        },
        version: match taken("catboost_version_info") {
            Value::String(text) => text,
            _ => String::new(),
        },
        ..Parts::default()
    };
    let tables = read_tables(file.ctr_data.unwrap_or_default(), &mut parts).map_err(damaged)?;
    for ctr in features.ctrs.unwrap_or_default() {
        parts.ctrs.push(read_ctr(ctr, &tables).map_err(damaged)?);
    }
    read_inputs(
        features.float_features,
        features.categorical_features,
        &mut parts,
    );
    name_categories(features.cat_features_hash.unwrap_or_default(), &mut parts);
    for (idx, tree) in oblivious.into_iter().enumerate() {
        let n_splits = tree.splits.as_ref().map_or(0, Vec::len);
        let n_outputs = tree
            .leaf_values
            .len()
            .checked_shr(u32::try_from(n_splits).unwrap_or(64));
        note_outputs(&mut parts, n_outputs.unwrap_or(0), idx)?;
        let splits = tree.splits.unwrap_or_default();
        parts.trees.push(Tree::Oblivious {
            splits: splits.into_iter().map(|split| split.split_index).collect(),
            leaves: tree.leaf_values,
            weights: tree.leaf_weights.unwrap_or_default(),
        });
    }
    for (idx, root) in free.into_iter().enumerate() {
        let (tree, n_outputs) =
            free_tree(root).map_err(|what| damaged(format!("tree {idx}: {what}")))?;
        note_outputs(&mut parts, n_outputs, idx)?;
        parts.trees.push(tree);
    }
    Ok(parts)
}

/// JSON within JSON, as old versions wrote it.
fn parsed(value: Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        other => other,
    }
}

fn note_outputs(parts: &mut Parts, n_outputs: usize, tree: usize) -> Result<(), ModelError> {
    if n_outputs == 0 || (tree > 0 && n_outputs != parts.n_outputs) {
        return Err(damaged(format!(
            "the leaves of tree {tree} have {n_outputs} values, those before {}",
            parts.n_outputs
        )));
    }
    parts.n_outputs = n_outputs;
    Ok(())
}

fn read_inputs(floats: Option<Vec<Float>>, cats: Option<Vec<Categorical>>, parts: &mut Parts) {
    let named = |name: String, id: String| if name.is_empty() { id } else { name };
    for float in floats.unwrap_or_default() {
        parts.floats.push(FloatInput {
            index: float.feature_index,
            flat: float.flat_feature_index,
            name: named(float.feature_name, float.feature_id),
            borders: float.borders.unwrap_or_default(),
            is_missing_above: float.has_nans && float.nan_value_treatment == "AsTrue",
        });
    }
    for cat in cats.unwrap_or_default() {
        if let Some(values) = cat.values {
            parts.one_hots.push(OneHot {
                cat: cat.feature_index,
                values,
                texts: cat.string_values.unwrap_or_default(),
            });
        }
        parts.cats.push(CatInput {
            index: cat.feature_index,
            flat: cat.flat_feature_index,
            name: named(cat.feature_name, cat.feature_id),
        });
    }
}

/// Categories get their texts where the file has them all.
fn name_categories(hashes: Vec<HashOfText>, parts: &mut Parts) {
    let texts: HashMap<i32, String> = hashes
        .into_iter()
        .map(|entry| (entry.hash.cast_signed(), entry.value))
        .collect();
    for one_hot in &mut parts.one_hots {
        let found = one_hot.values.iter().map(|hash| texts.get(hash).cloned());
        if one_hot.texts.is_empty()
            && let Some(found) = found.collect()
        {
            one_hot.texts = found;
        }
    }
}

fn read_ctr(form: CtrForm, tables: &HashMap<String, usize>) -> Result<Ctr, String> {
    let mut projection = Projection::default();
    for element in form.elements {
        match element {
            Element::CatFeatureValue { cat_feature_index } => {
                projection.cats.push(cat_feature_index);
            }
            Element::FloatFeature {
                float_feature_index,
                border,
            } => projection.floats.push((float_feature_index, border)),
            Element::CatFeatureExactValue {
                cat_feature_index,
                value,
            } => projection.one_hots.push((cat_feature_index, value)),
        }
    }
    let kind = CtrKind::named(&form.ctr_type);
    let table = tables.get(&form.identifier);
    Ok(Ctr {
        projection,
        kind: kind.ok_or_else(|| format!("a statistic of the kind '{}'", form.ctr_type))?,
        target_border: form.target_border_idx,
        prior_numerator: form.prior_numerator,
        prior_denominator: form.prior_denominator,
        shift: form.shift,
        scale: form.scale,
        borders: form.borders.unwrap_or_default(),
        table: *table
            .ok_or_else(|| format!("the counts of '{}' are not there", form.identifier))?,
    })
}

/// Reads the tables of counts; says which has which name.
fn read_tables(
    data: BTreeMap<String, CtrData>,
    parts: &mut Parts,
) -> Result<HashMap<String, usize>, String> {
    let mut names = HashMap::new();
    for (name, data) in data {
        if data.hash_stride < 2 || data.hash_map.len() % data.hash_stride != 0 {
            return Err(format!("the counts of '{name}' are cut off"));
        }
        let mut table = CtrTable {
            n_figures: data.hash_stride - 1,
            denominator: data.counter_denominator,
            ..CtrTable::default()
        };
        for row in data.hash_map.chunks_exact(data.hash_stride) {
            let hash = match &row[0] {
                TextOrNumber::Text(text) => text.parse().ok(),
                TextOrNumber::Hash(hash) => Some(*hash),
                TextOrNumber::Number(_) => None,
            };
            let hash = hash.ok_or_else(|| format!("a hash of '{name}' is not a number"))?;
            // The hash of no row: an empty place.
            if hash == u64::MAX {
                continue;
            }
            table
                .rows
                .insert(hash, table.figures.len() / table.n_figures);
            for figure in &row[1..] {
                table.figures.push(match figure {
                    TextOrNumber::Hash(number) => *number as f64,
                    TextOrNumber::Number(number) => *number,
                    TextOrNumber::Text(text) => {
                        return Err(format!("a count of '{name}' is '{text}'"));
                    }
                });
            }
        }
        names.insert(name, parts.tables.len());
        parts.tables.push(table);
    }
    Ok(names)
}

/// Lays the nodes of a tree one behind the other, parents first.
fn free_tree(root: FreeNode) -> Result<(Tree, usize), String> {
    let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
    let mut n_outputs = 0;
    // A node and where its place is to be written: the parent, and whether its split holds.
    let mut waiting: Vec<(FreeNode, Option<(usize, bool)>)> = vec![(root, None)];
    while let Some((node, parent)) = waiting.pop() {
        let at = nodes.len();
        if let Some((parent, is_right)) = parent
            && let Some(Node::Split { fails, holds, .. }) = nodes.get_mut(parent)
        {
            *(if is_right { holds } else { fails }) = at;
        }
        match (node.left, node.right, node.split, node.value) {
            (Some(left), Some(right), Some(split), None) => {
                nodes.push(Node::Split {
                    split: split.split_index,
                    fails: 0,
                    holds: 0,
                });
                waiting.push((*right, Some((at, true))));
                waiting.push((*left, Some((at, false))));
            }
            (None, None, None, Some(value)) => {
                nodes.push(Node::Leaf {
                    first: leaves.len(),
                    weight: node.weight,
                });
                let before = leaves.len();
                match value {
                    OneOrMany::One(value) => leaves.push(value),
                    OneOrMany::Many(values) => leaves.extend(values),
                }
                let n_values = leaves.len() - before;
                if before > 0 && n_values != n_outputs {
                    return Err(format!("leaves with {n_outputs} and {n_values} values"));
                }
                n_outputs = n_values;
            }
            _ => return Err(format!("node {at} is neither a split nor a leaf")),
        }
    }
    Ok((Tree::Free { nodes, leaves }, n_outputs))
}
