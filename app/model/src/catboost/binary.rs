//! CatBoost's own binary format, `cbm`.
//!
//! In: the bytes of a file that `save_model("model.cbm")` wrote. Out: its [`Parts`].
//!
//! A magic, the size of a FlatBuffers table with the trees, the table, then named further parts. Field
//! numbers are those of CatBoost's schema files (`model.fbs`, `features.fbs`, `ctr_data.fbs`); fields
//! that only repeat others are not read.

use std::collections::HashMap;

use crate::bytes::Cursor;
use crate::catboost::flat::{Flat, Table, each};
use crate::catboost::parts::{
    CatInput, Ctr, CtrKind, CtrTable, FloatInput, Node, OneHot, Parts, Projection, Tree, damaged,
    unsupported, unsupported_inputs, within,
};
use crate::error::ModelError;
use crate::limits::Limits;

/// First bytes of a file.
pub(super) const MAGIC: &[u8; 4] = b"CBM1";

/// The library's own spelling.
const VERSION: &str = "FlabuffersModel_v1";

/// The part that holds tables of counts.
const TABLES: &str = "static_provider_v1";

/// Hash of an empty place in a table of counts.
const EMPTY: u64 = u64::MAX;

/// What a table of counts is of: categories, kind of statistic, classifier of the target.
type Base = (Projection, u8, i32);

/// Reads a file.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parts, ModelError> {
    let mut cursor = Cursor::new(bytes);
    let magic = cursor.array::<4>().map_err(damaged)?;
    if &magic != MAGIC {
        return Err(damaged("it does not begin with 'CBM1'".to_owned()));
    }
    let flat = Flat::new(sized(&mut cursor).map_err(damaged)?);
    let core = flat.root().map_err(damaged)?;
    let version = core.text(0).map_err(damaged)?;
    if version != VERSION {
        return Err(unsupported(
            format!("the format version '{version}'"),
            "save it with CatBoost 1.x, or as JSON",
        ));
    }
    let trees = core.table(1).map_err(damaged)?;
    let trees = trees.ok_or_else(|| damaged("it has no table of trees".to_owned()))?;
    for (field, kind) in [(12, "text"), (18, "embedding"), (13, "text or embedding")] {
        if !trees.tables(field).map_err(damaged)?.is_empty() {
            return Err(unsupported_inputs(kind));
        }
    }
    let sizes = trees.ints(2).map_err(damaged)?;
    let n_outputs = usize::try_from(trees.int(0, 0).map_err(damaged)?).unwrap_or(0);
    within(&[
        ("trees", sizes.len(), limits.n_trees),
        ("outputs", n_outputs, limits.n_outputs),
    ])?;
    let mut parts = Parts {
        n_outputs,
        ..Parts::default()
    };
    read_core(&core, &trees, &mut parts).map_err(damaged)?;
    parts.trees = read_trees(&trees, &sizes, n_outputs).map_err(damaged)?;
    let names = core.texts(3).map_err(damaged)?;
    if let Some(other) = names.iter().find(|name| **name != TABLES) {
        return Err(unsupported(
            format!("the part '{other}'"),
            "train it with numeric and categorical inputs",
        ));
    }
    let mut bases = HashMap::new();
    if !names.is_empty() {
        bases = read_tables(&mut cursor, &mut parts.tables).map_err(damaged)?;
    }
    for ctr in trees.tables(7).map_err(damaged)? {
        let ctr = read_ctr(&ctr, &bases).map_err(damaged)?;
        parts.ctrs.push(ctr);
    }
    Ok(parts)
}

/// The bytes after their size.
fn sized<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], String> {
    let n = u32::from_le_bytes(cursor.array()?);
    cursor.take(n as usize)
}

fn read_core(core: &Table<'_, '_>, trees: &Table<'_, '_>, parts: &mut Parts) -> Result<(), String> {
    for entry in core.tables(2)? {
        let value = || {
            let text = entry.text(1)?;
            serde_json::from_str(text).map_err(|error| format!("its parameters: {error}"))
        };
        match entry.text(0)? {
            "params" => parts.params = value()?,
            "class_params" | "multiclass_params" => parts.class_params = value()?,
            "catboost_version_info" => entry.text(1)?.clone_into(&mut parts.version),
            _ => {}
        }
    }
    parts.scale = trees.double(14, 1.0)?;
    parts.bias = trees.doubles(16)?;
    let bias = trees.double(15, 0.0)?;
    if parts.bias.is_empty() && parts.n_outputs == 1 {
        parts.bias.push(bias);
    }
    for float in trees.tables(5)? {
        const AS_TRUE: u8 = 2;
        parts.floats.push(FloatInput {
            index: float.int(1, -1)?.into(),
            flat: float.int(2, -1)?.into(),
            name: float.text(4)?.to_owned(),
            borders: float.floats(3)?,
            is_missing_above: float.byte(0, 0)? != 0 && float.byte(5, 0)? == AS_TRUE,
        });
    }
    for cat in trees.tables(4)? {
        parts.cats.push(CatInput {
            index: cat.int(0, -1)?.into(),
            flat: cat.int(1, -1)?.into(),
            name: cat.text(2)?.to_owned(),
        });
    }
    for one_hot in trees.tables(6)? {
        let texts = one_hot.texts(2)?;
        parts.one_hots.push(OneHot {
            cat: one_hot.int(0, -1)?.into(),
            values: one_hot.ints(1)?,
            texts: texts.into_iter().map(ToOwned::to_owned).collect(),
        });
    }
    Ok(())
}

fn read_trees(table: &Table<'_, '_>, sizes: &[i32], n_outputs: usize) -> Result<Vec<Tree>, String> {
    let splits = table.ints(1)?;
    let leaves = table.doubles(8)?;
    let weights = table.doubles(9)?;
    let steps = each(table.vector(10, 4)?, |[a, b, c, d]: [u8; 4]| {
        [a, b, c, d].map(usize::from)
    });
    let leaf_of = table.ints(11)?;
    // No leaf is used twice, so that the trees hold no more values than the file.
    let mut n_left = leaves.len();
    let mut trees = Vec::with_capacity(sizes.len());
    let (mut first_split, mut first_leaf) = (0, 0);
    for (idx, size) in sizes.iter().enumerate() {
        let size = usize::try_from(*size)
            .map_err(|_negative| format!("tree {idx} has the size {size}"))?;
        let range = first_split..first_split + size;
        let own = splits
            .get(range.clone())
            .ok_or_else(|| format!("tree {idx} claims {size} splits that are not there"))?;
        first_split = range.end;
        if !steps.is_empty() {
            let steps = steps.get(range.clone());
            let (Some(steps), Some(leaf_of)) = (steps, leaf_of.get(range)) else {
                return Err(format!("tree {idx} claims {size} nodes that are not there"));
            };
            let values = FreeValues {
                leaves: &leaves,
                weights: &weights,
                n_outputs,
                n_left,
            };
            let tree = free_tree(own, steps, leaf_of, &values);
            let tree = tree.map_err(|what| format!("tree {idx}: {what}"))?;
            if let Tree::Free { leaves, .. } = &tree {
                n_left -= leaves.len();
            }
            trees.push(tree);
            continue;
        }
        let n_leaves = 1_usize
            .checked_shl(u32::try_from(size).unwrap_or(u32::MAX))
            .filter(|n_leaves| *n_leaves <= leaves.len())
            .ok_or_else(|| format!("tree {idx} is {size} deep, its leaves are not there"))?;
        let end = first_leaf + n_leaves;
        let values = leaves.get(first_leaf * n_outputs..end.saturating_mul(n_outputs));
        let values = values.ok_or_else(|| format!("the leaves of tree {idx} are not there"))?;
        trees.push(Tree::Oblivious {
            splits: own.iter().copied().map(i64::from).collect(),
            leaves: values.to_vec(),
            weights: weights.get(first_leaf..end).unwrap_or_default().to_vec(),
        });
        first_leaf = end;
    }
    Ok(trees)
}

/// What the leaves of free trees hold, over all trees.
struct FreeValues<'v> {
    leaves: &'v [f64],
    weights: &'v [f64],
    n_outputs: usize,
    /// Values not yet used.
    n_left: usize,
}

/// Each step says how far ahead its two next nodes are; 0 means that the row stays where it is.
fn free_tree(
    splits: &[i32],
    steps: &[[usize; 4]],
    leaf_of: &[i32],
    values: &FreeValues<'_>,
) -> Result<Tree, String> {
    let mut nodes = Vec::with_capacity(steps.len() * 2);
    let mut kept = Vec::new();
    let mut stays = Vec::new();
    let mut leaf = |at: usize| {
        let first = u32::from_le_bytes(leaf_of[at].to_le_bytes()) as usize;
        let found = values
            .leaves
            .get(first..first.saturating_add(values.n_outputs));
        let found = found.ok_or_else(|| format!("the leaf of node {at} is not there"))?;
        let place = kept.len();
        if place + found.len() > values.n_left {
            return Err("its leaves are used twice".to_owned());
        }
        kept.extend_from_slice(found);
        Ok::<Node, String>(Node::Leaf {
            first: place,
            weight: values.weights.get(first / values.n_outputs.max(1)).copied(),
        })
    };
    for (at, [a, b, c, d]) in steps.iter().enumerate() {
        let (left, right) = (a + b * 256, c + d * 256);
        if left == 0 && right == 0 {
            nodes.push(leaf(at)?);
            continue;
        }
        let mut next = |ahead: usize| {
            if ahead == 0 {
                stays.push(at);
                steps.len() + stays.len() - 1
            } else {
                at + ahead
            }
        };
        nodes.push(Node::Split {
            split: splits[at].into(),
            fails: next(left),
            holds: next(right),
        });
    }
    for at in stays {
        nodes.push(leaf(at)?);
    }
    Ok(Tree::Free {
        nodes,
        leaves: kept,
    })
}

fn read_base(table: &Table<'_, '_>) -> Result<Base, String> {
    let mut projection = Projection::default();
    let combination = table.table(0)?.ok_or("a statistic of no categories")?;
    let cats = combination.ints(0)?;
    projection.cats = cats.into_iter().map(i64::from).collect();
    let pair = |bytes: [u8; 8]| {
        let [a, b, c, d, e, f, g, h] = bytes;
        (i64::from(i32::from_le_bytes([a, b, c, d])), [e, f, g, h])
    };
    projection.floats = each(combination.vector(1, 8)?, |bytes| {
        let (index, border) = pair(bytes);
        (index, f32::from_le_bytes(border))
    });
    projection.one_hots = each(combination.vector(2, 8)?, |bytes| {
        let (index, value) = pair(bytes);
        (index, i32::from_le_bytes(value))
    });
    Ok((projection, table.byte(1, 0)?, table.int(2, 0)?))
}

fn kind(number: u8) -> Result<CtrKind, String> {
    Ok(match number {
        0 => CtrKind::Borders,
        1 => CtrKind::Buckets,
        2 | 3 => CtrKind::Mean,
        4 | 5 => CtrKind::Count,
        other => return Err(format!("a statistic of the kind {other}")),
    })
}

/// A base as a key of a map: hashes and equality of borders are those of their bits.
fn key(base: &Base) -> Vec<i64> {
    let (projection, kind, classifier) = base;
    let mut key = vec![i64::from(*kind), i64::from(*classifier)];
    for part in [
        projection.cats.clone(),
        projection
            .floats
            .iter()
            .flat_map(|(idx, border)| [*idx, i64::from(border.to_bits())])
            .collect(),
        projection
            .one_hots
            .iter()
            .flat_map(|(idx, value)| [*idx, i64::from(*value)])
            .collect(),
    ] {
        key.push(i64::try_from(part.len()).unwrap_or(i64::MAX));
        key.extend(part);
    }
    key
}

fn read_ctr(table: &Table<'_, '_>, bases: &HashMap<Vec<i64>, usize>) -> Result<Ctr, String> {
    let ctr = table.table(0)?.ok_or("a statistic without a description")?;
    let base = read_base(&ctr.table(0)?.ok_or("a statistic without a base")?)?;
    let found = bases.get(&key(&base));
    Ok(Ctr {
        kind: kind(base.1)?,
        projection: base.0,
        target_border: ctr.int(1, 0)?.into(),
        prior_numerator: ctr.float(2, 0.0)?,
        prior_denominator: ctr.float(3, 1.0)?,
        shift: ctr.float(4, 0.0)?,
        scale: ctr.float(5, 1.0)?,
        borders: table.floats(1)?,
        table: *found.ok_or("the counts of a statistic are not there")?,
    })
}

/// Reads the tables of counts; says which is of what.
fn read_tables(
    cursor: &mut Cursor<'_>,
    tables: &mut Vec<CtrTable>,
) -> Result<HashMap<Vec<i64>, usize>, String> {
    let n_tables = u32::from_le_bytes(cursor.array()?);
    let mut bases = HashMap::new();
    for _ in 0..n_tables {
        let flat = Flat::new(sized(cursor)?);
        let table = flat.root()?;
        let base = read_base(&table.table(0)?.ok_or("counts of nothing")?)?;
        let blob = table.vector(2, 1)?;
        let int = |bytes: [u8; 4]| f64::from(i32::from_le_bytes(bytes));
        let (n_figures, figures) = match kind(base.1)? {
            CtrKind::Borders | CtrKind::Buckets => {
                let n_classes = usize::try_from(table.int(4, 0)?).unwrap_or(0);
                (n_classes, each(blob, int))
            }
            CtrKind::Count => (1, each(blob, int)),
            CtrKind::Mean => {
                let pairs = each(blob, |[a, b, c, d, e, f, g, h]: [u8; 8]| {
                    let sum = f32::from_le_bytes([a, b, c, d]);
                    [f64::from(sum), int([e, f, g, h])]
                });
                (2, pairs.concat())
            }
        };
        let places = each(table.vector(1, 1)?, |place: [u8; 12]| {
            let [a, b, c, d, e, f, g, h, row @ ..] = place;
            let hash = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            (hash, u32::from_le_bytes(row) as usize)
        });
        bases.insert(key(&base), tables.len());
        tables.push(CtrTable {
            rows: places
                .into_iter()
                .filter(|(hash, _)| *hash != EMPTY)
                .collect(),
            n_figures,
            figures,
            denominator: table.int(3, 0)?,
        });
    }
    Ok(bases)
}
