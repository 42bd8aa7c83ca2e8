//! The inputs of a CatBoost model: where they are, what trees compare them with, how their categories
//! become hashes.
//!
//! In: the [`Parts`] of a file; columns of a batch. Out: a slot per input, the conditions that splits
//! of the file stand for, hashes of categories. Knows no tree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::batch::{BatchColumn, BatchValues, MISSING};
use crate::catboost::ctr::check;
use crate::catboost::hash::category_hash;
use crate::catboost::parts::{OneHot, Parts, damaged};
use crate::catboost::trees::Condition;
use crate::ensemble::Comparison;
use crate::error::ModelError;
use crate::inputs::{Inputs, Unseen};
use crate::limits::Limits;
use crate::{FeatureInfo, FeatureKind};

/// What a missing category counts as.
const MISSING_TEXT: &str = "nan";

/// What an input is to the model.
#[derive(Debug)]
pub(super) enum Slot {
    /// Nothing: no tree looks at it.
    Unused,
    /// A number.
    Float { index: i64, is_missing_above: bool },
    /// A category: trees compare with these hashes, by position.
    Cat { index: i64, values: Vec<i32> },
}

/// The inputs by position among all inputs.
pub(super) type Slots = BTreeMap<usize, (Slot, FeatureInfo)>;

/// Finds the position of every input.
pub(super) fn find(parts: &Parts, limits: &Limits) -> Result<Slots, ModelError> {
    let mut slots = Slots::new();
    let mut add = |flat: i64, slot: Slot, name: &str, kind: FeatureKind| {
        let place = usize::try_from(flat)
            .ok()
            .filter(|flat| *flat < limits.n_features)
            .ok_or_else(|| damaged(format!("the input '{name}' has the position {flat}")))?;
        let name = name.to_owned();
        if slots
            .insert(place, (slot, FeatureInfo { name, kind }))
            .is_some()
        {
            return Err(damaged(format!("two inputs have the position {flat}")));
        }
        Ok(())
    };
    for float in &parts.floats {
        let slot = if float.borders.is_empty() {
            Slot::Unused
        } else {
            Slot::Float {
                index: float.index,
                is_missing_above: float.is_missing_above,
            }
        };
        add(float.flat, slot, &float.name, FeatureKind::Numeric)?;
    }
    let hashed = hashed_cats(parts);
    for cat in &parts.cats {
        let mut of_cat = parts
            .one_hots
            .iter()
            .filter(|one_hot| one_hot.cat == cat.index);
        let one_hot = of_cat.next();
        if of_cat.next().is_some() {
            return Err(damaged(format!(
                "the input '{}' has two lists of categories",
                cat.name
            )));
        }
        let values = one_hot.map_or_else(Vec::new, |one_hot| one_hot.values.clone());
        let kind = FeatureKind::Categorical {
            categories: one_hot.map(texts).transpose()?.unwrap_or_default(),
        };
        let slot = if values.is_empty() && !hashed.contains(&cat.index) {
            Slot::Unused
        } else {
            Slot::Cat {
                index: cat.index,
                values,
            }
        };
        add(cat.flat, slot, &cat.name, kind)?;
    }
    Ok(slots)
}

/// The categorical inputs that statistics are of.
fn hashed_cats(parts: &Parts) -> BTreeSet<i64> {
    let mut hashed = BTreeSet::new();
    for ctr in &parts.ctrs {
        hashed.extend(&ctr.projection.cats);
        hashed.extend(ctr.projection.one_hots.iter().map(|(cat, _)| *cat));
    }
    hashed
}

/// The categories' texts, which must be those of their hashes.
fn texts(one_hot: &OneHot) -> Result<Vec<String>, ModelError> {
    let hashes = one_hot.texts.iter().map(|text| category_hash(text));
    if one_hot.texts.is_empty() || hashes.eq(one_hot.values.iter().copied()) {
        Ok(one_hot.texts.clone())
    } else {
        Err(damaged(format!(
            "the categories of the categorical input {} are not those of their hashes",
            one_hot.cat
        )))
    }
}

/// The inputs in their order: by name if all have one; else by position, with those between them that
/// the model does not know.
pub(super) fn inputs(mut slots: Slots) -> (Inputs, Vec<Slot>) {
    let has_names =
        !slots.is_empty() && slots.values().all(|(_, feature)| !feature.name.is_empty());
    if !has_names {
        let n_inputs = slots.last_key_value().map_or(0, |(last, _)| last + 1);
        for place in 0..n_inputs {
            let (_, feature) = slots
                .entry(place)
                .or_insert_with(|| (Slot::Unused, FeatureInfo::default()));
            if feature.name.is_empty() {
                feature.name = format!("f{place}");
            }
        }
    }
    let (slots, features) = slots.into_values().unzip();
    let inputs = Inputs {
        features,
        has_names,
        unseen: Unseen::Number(-1.0),
    };
    (inputs, slots)
}

/// What each split of the file compares, in the file's order: borders of numeric inputs, then
/// categories, then borders of statistics.
pub(super) fn conditions(parts: &Parts, slots: &[Slot]) -> Result<Vec<Condition>, ModelError> {
    let (mut floats, mut cats) = (BTreeMap::new(), BTreeMap::new());
    for (slot, column) in slots.iter().zip(0_u32..) {
        let twice = match slot {
            Slot::Unused => None,
            Slot::Float { index, .. } => floats.insert(*index, column),
            Slot::Cat { index, .. } => cats.insert(*index, column),
        };
        if twice.is_some() {
            return Err(damaged("two inputs of one kind have one number".to_owned()));
        }
    }
    let missing = |what: &str, index: i64| {
        damaged(format!(
            "it uses the {what} input {index}, which is not there"
        ))
    };
    let mut conditions = Vec::new();
    for float in &parts.floats {
        for border in &float.borders {
            let column = floats.get(&float.index);
            conditions.push(Condition {
                column: *column.ok_or_else(|| missing("numeric", float.index))?,
                comparison: Comparison::LessOrEqual,
                threshold: finite(*border, &format!("of the input '{}'", float.name))?,
                holds_if_met: false,
                holds_if_missing: float.is_missing_above,
            });
        }
    }
    let nan = category_hash(MISSING_TEXT);
    for one_hot in &parts.one_hots {
        for (position, value) in one_hot.values.iter().enumerate() {
            let column = cats.get(&one_hot.cat);
            conditions.push(Condition {
                column: *column.ok_or_else(|| missing("categorical", one_hot.cat))?,
                comparison: Comparison::Equal,
                threshold: position as f64,
                holds_if_met: true,
                holds_if_missing: *value == nan,
            });
        }
    }
    for (ctr, idx) in parts.ctrs.iter().zip(slots.len()..) {
        check(ctr, &parts.tables[ctr.table]).map_err(damaged)?;
        let one_hots = ctr.projection.one_hots.iter().map(|(cat, _)| cat);
        for cat in ctr.projection.cats.iter().chain(one_hots) {
            cats.get(cat).ok_or_else(|| missing("categorical", *cat))?;
        }
        for (float, border) in &ctr.projection.floats {
            floats
                .get(float)
                .ok_or_else(|| missing("numeric", *float))?;
            finite(*border, "of a combination")?;
        }
        for border in &ctr.borders {
            conditions.push(Condition {
                column: u32::try_from(idx).unwrap_or(u32::MAX),
                comparison: Comparison::LessOrEqual,
                threshold: finite(*border, "of a statistic")?,
                holds_if_met: false,
                holds_if_missing: false,
            });
        }
    }
    Ok(conditions)
}

fn finite(border: f32, what: &str) -> Result<f64, ModelError> {
    if border.is_finite() {
        Ok(f64::from(border))
    } else {
        Err(damaged(format!("a border {what} is {border}")))
    }
}

/// The greatest number that says which whole number it is.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// The hashes of a column's categories.
pub(super) fn hashes_of(column: &BatchColumn<'_>) -> Result<Vec<i32>, ModelError> {
    let missing = category_hash(MISSING_TEXT);
    match column.values {
        BatchValues::Categorical { codes, categories } => {
            let known: Vec<i32> = categories.iter().map(|text| category_hash(text)).collect();
            let hash = |code: &u32| {
                let found = known.get(*code as usize).copied();
                found.ok_or_else(|| {
                    ModelError::Batch(format!(
                        "the input '{}' has the code {code} and {} categories",
                        column.name,
                        known.len()
                    ))
                })
            };
            let hash = |code: &u32| {
                if *code == MISSING {
                    Ok(missing)
                } else {
                    hash(code)
                }
            };
            codes.iter().map(hash).collect()
        }
        BatchValues::Numeric(values) => {
            let hash = |value: &f64| {
                if value.is_nan() {
                    return Ok(missing);
                }
                if value.fract() == 0.0 && value.abs() <= WHOLE {
                    // No minus before zero.
                    return Ok(category_hash(&(value + 0.0).to_string()));
                }
                Err(ModelError::Batch(format!(
                    "the input '{}' must be categories and holds {value}: CatBoost takes texts or whole numbers",
                    column.name
                )))
            };
            values.iter().map(hash).collect()
        }
    }
}

/// The position of each row's category among those that trees compare with; -1 if they do not.
pub(super) fn places(hashes: &[i32], values: &[i32]) -> Vec<f64> {
    let mut places = HashMap::new();
    for (place, value) in values.iter().enumerate() {
        places.entry(*value).or_insert(place as f64);
    }
    let place = |hash: &i32| places.get(hash).copied().unwrap_or(-1.0);
    hashes.iter().map(place).collect()
}
