//! What a model says of itself, for people and reports, and where the tables do not fit it.
//!
//! In: an opened model's own words; loaded tables. Out: a [`ModelCard`]; a [`Problem`] per input that a
//! table lacks, holds as another type, or fills with categories the model has never seen. Asks no model:
//! all of it is known before anything runs.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use interlock_model::{FeatureKind, ModelInfo, ModelTask, OutputSpace};
use interlock_plugin_api::facts::ColumnKind;
use interlock_plugin_api::outcome::Role;
use serde::Serialize;

use crate::load::LoadedTable;
use crate::problem::Problem;

/// A model's card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelCard {
    /// `xgboost-json`, `python`…
    pub format: String,
    /// The library that wrote it, with its version; empty where the file does not say.
    pub producer: String,
    /// `binary`, `multiclass`, `regression`, `ranking`; `None` where the file does not say.
    pub task: Option<&'static str>,
    /// What a prediction is: `probability`, `value`, `score`.
    pub output: &'static str,
    /// Figures per row.
    pub n_outputs: usize,
    /// Size of its file; `None` for a served model.
    pub n_bytes: Option<u64>,
    /// Class names in the model's order; empty where it does not know them.
    pub classes: Vec<String>,
    /// Size of a model made of trees.
    pub trees: Option<CardTrees>,
    /// Its inputs in its order; empty where it does not know them.
    pub features: Vec<CardFeature>,
}

/// The size of a model made of trees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CardTrees {
    /// Number of trees.
    pub n_trees: usize,
    /// Leaves over all trees.
    pub n_leaves: usize,
    /// Decisions on the longest way down.
    pub depth: usize,
}

/// One input of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CardFeature {
    /// Its name.
    pub name: String,
    /// `numeric`, `categorical`, `text`, or `unknown` where the model does not say.
    pub kind: &'static str,
    /// The categories it knows, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

impl From<&ModelInfo> for ModelCard {
    fn from(info: &ModelInfo) -> Self {
        let features = info.features.iter().map(|feature| {
            let (kind, categories) = match &feature.kind {
                FeatureKind::Unknown => ("unknown", &[][..]),
                FeatureKind::Numeric => ("numeric", &[][..]),
                FeatureKind::Categorical { categories } => ("categorical", &categories[..]),
                FeatureKind::Text => ("text", &[][..]),
            };
            CardFeature {
                name: feature.name.clone(),
                kind,
                categories: categories.to_vec(),
            }
        });
        Self {
            format: info.format.clone(),
            producer: info.producer.clone(),
            task: info.task.map(|task| match task {
                ModelTask::Binary => "binary",
                ModelTask::Multiclass => "multiclass",
                ModelTask::Regression => "regression",
                ModelTask::Ranking => "ranking",
            }),
            output: match info.space {
                OutputSpace::Probability => "probability",
                OutputSpace::Value => "value",
                OutputSpace::Score => "score",
            },
            n_outputs: info.n_outputs,
            n_bytes: None,
            classes: info.classes.clone(),
            trees: info.trees.map(|trees| CardTrees {
                n_trees: trees.n_trees,
                n_leaves: trees.n_leaves,
                depth: trees.depth,
            }),
            features: features.collect(),
        }
    }
}

/// Values of a column that are looked at: far more than categories have.
const MAX_VALUES: usize = 100_000;

/// Values named in one sentence.
const MAX_NAMED: usize = 5;

impl ModelCard {
    /// Where the tables do not fit, input by input. `names` are the columns the inputs are called by,
    /// in the model's order; columns besides these and `ignored` are told once, as they may be meant.
    /// `codes` are the numbers the project file gives for texts.
    pub(crate) fn misfits(
        &self,
        (names, ignored): (&[String], &[&str]),
        codes: &BTreeMap<String, BTreeMap<String, f64>>,
        tables: &BTreeMap<Role, Arc<LoadedTable>>,
        file: &str,
    ) -> Vec<Problem> {
        let problem = |column: &str, message: String, help: &str, is_error| Problem {
            file: file.to_owned(),
            line: None,
            column: Some(column.to_owned()),
            message,
            help: help.to_owned(),
            is_error,
        };
        let mut problems = Vec::new();
        for (role, table) in tables {
            for (place, name) in names.iter().enumerate() {
                let Some(column) = table.columns.iter().find(|column| column.name == *name) else {
                    let message =
                        format!("the model needs it, and the {} table lacks it", role.name());
                    let near = crate::config::nearest(
                        name,
                        table.columns.iter().map(|column| column.name.as_str()),
                    );
                    let help = near.map_or_else(
                        || "mend the table, or name the model's inputs in model.features".to_owned(),
                        |near| format!("did you mean '{near}'? model.features names the inputs in the model's order"),
                    );
                    problems.push(problem(name, message, &help, true));
                    continue;
                };
                let Some(feature) = self.features.get(place) else {
                    continue;
                };
                let found = match codes.get(name) {
                    Some(codes) => uncoded(codes, table, name),
                    None => misfit(feature, column.kind, table, name),
                };
                problems.extend(found.map(|(what, help)| {
                    let message = format!("{} table: {what}", role.name());
                    problem(name, message, help, true)
                }));
            }
        }
        if let Some(train) = tables.get(&Role::Train).filter(|_| !names.is_empty()) {
            let is_extra =
                |name: &&str| !names.iter().any(|known| known == name) && !ignored.contains(name);
            let columns = train.columns.iter().map(|column| column.name.as_str());
            let extra: Vec<&str> = columns.filter(is_extra).collect();
            if !extra.is_empty() {
                let message = format!("the model does not use: {}", named(&extra));
                problems.push(problem("model", message, "", false));
            }
        }
        problems
    }
}

/// Why a column does not fit an input, and what to do.
fn misfit(
    feature: &CardFeature,
    kind: ColumnKind,
    table: &LoadedTable,
    name: &str,
) -> Option<(String, &'static str)> {
    let is_text = matches!(
        kind,
        ColumnKind::Categorical | ColumnKind::Text | ColumnKind::Date
    );
    if feature.kind == "numeric" && is_text {
        let values = table.view.distinct(name, MAX_VALUES).unwrap_or_default();
        let is_number = |value: &String| value.trim().parse::<f64>().is_ok();
        let stranger = values.iter().find(|value| !is_number(value))?;
        return Some((
            format!("the model takes numbers, and it holds '{stranger}'"),
            "say what the model was given for each text with codes under [columns.NAME], or give the model with its preprocessing (ONNX, Python)",
        ));
    }
    if feature.categories.is_empty() {
        return None;
    }
    let values = table.view.distinct(name, MAX_VALUES)?;
    let texts: HashSet<&str> = feature.categories.iter().map(String::as_str).collect();
    // A category that is a number may be written otherwise: 1 and 1.0.
    let bits = |text: &str| {
        text.parse::<f64>()
            .ok()
            .map(|number| (number + 0.0).to_bits())
    };
    let numbers: HashSet<u64> = texts.iter().filter_map(|text| bits(text)).collect();
    let is_known = |value: &String| {
        texts.contains(value.as_str())
            || bits(value).is_some_and(|number| numbers.contains(&number))
    };
    let unseen: Vec<&str> = values
        .iter()
        .filter(|value| !is_known(value))
        .map(String::as_str)
        .collect();
    (!unseen.is_empty()).then(|| {
        (
            format!("{} of its values are categories the model has never seen: {}", unseen.len(), named(&unseen)),
            "check the spelling; a model treats what it has not seen as its format says, which may be as missing",
        )
    })
}

/// Texts of a column that the project file gives no number for.
fn uncoded(
    codes: &BTreeMap<String, f64>,
    table: &LoadedTable,
    name: &str,
) -> Option<(String, &'static str)> {
    let values = table.view.distinct(name, MAX_VALUES)?;
    let unknown: Vec<&str> = values
        .iter()
        .filter(|value| !codes.contains_key(*value))
        .map(String::as_str)
        .collect();
    (!unknown.is_empty()).then(|| {
        (
            format!("codes has no number for {}", named(&unknown)),
            "add them to codes under [columns.NAME]; without one a text is missing to the model",
        )
    })
}

/// A few names, and how many more.
fn named(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MAX_NAMED)
        .map(|name| format!("'{name}'"))
        .collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
