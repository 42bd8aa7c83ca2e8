//! Loaded tables and model as one consistent, immutable picture of the inputs.
//!
//! In: the project file's settings, the tables and the model as last loaded. Out: a [`Snapshot`]
//! with the [`ProjectFacts`] every check is told, and what does not fit together.
//!
//! A check that runs keeps the snapshot it was started with; nothing here changes after `new`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use interlock_plugin_api::contract::{ColumnContract, Contract};
use interlock_plugin_api::facts::{
    ColumnFacts, ColumnKind, ModelFacts, ModelFile, ProjectFacts, Task,
};
use interlock_plugin_api::outcome::Role;

use crate::config::{Config, ModelSource};
use crate::fingerprint::Fingerprint;
use crate::load::LoadedTable;
use crate::model_card::ModelCard;
use crate::model_server::ModelServer;
use crate::problem::Problem;

/// The model of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ModelInput {
    /// The file a worker opens.
    pub(crate) path: PathBuf,
    /// Hash of the file's bytes.
    pub(crate) fingerprint: Fingerprint,
    /// What it says of itself; classes may be empty where the format has no names for them.
    pub(crate) facts: ModelFacts,
    /// The same with everything else it says of itself.
    pub(crate) card: Arc<ModelCard>,
    /// The process that serves it, for a model that is no file of ours; ends with the last snapshot
    /// that holds it.
    pub(crate) served: Option<ServedBy>,
}

/// Who serves a model, and how long an answer may take.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServedBy {
    /// The process.
    pub(crate) server: Arc<ModelServer>,
    /// Longest wait for one answer.
    pub(crate) timeout: Duration,
}

/// One consistent picture of the inputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    /// The tables that could be loaded.
    pub(crate) tables: BTreeMap<Role, Arc<LoadedTable>>,
    /// The model, if there is one and it opened.
    pub(crate) model: Option<Arc<ModelInput>>,
    /// What every check is told.
    pub(crate) facts: ProjectFacts,
    /// Whether the class the model predicts the probability of is the negative one of the project.
    pub(crate) is_flipped: bool,
    /// Numbers the model is given in place of texts, by column and text.
    pub(crate) codes: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Snapshot {
    /// Puts the inputs together. The problems say what does not fit: a target that stands in no
    /// table, a sensitive column that does not exist.
    pub(crate) fn new(
        config: &Config,
        tables: BTreeMap<Role, Arc<LoadedTable>>,
        (model, file): (Option<Arc<ModelInput>>, Option<Arc<ModelFile>>),
    ) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let columns = columns(config, &tables);
        check_names(config, &columns, &tables, &mut problems);
        let mut facts = ProjectFacts {
            name: config.project.name.clone(),
            task: config.project.task,
            target: config.project.target.clone(),
            positive: config.project.positive.clone(),
            id: config.data.id.clone(),
            time: config.data.time.clone(),
            columns,
            model: None,
            model_file: file.map(Arc::unwrap_or_clone),
            contract: None,
        };
        facts.contract = contract(config, &facts);
        let classes = target_classes(&facts, &tables);
        settle_positive(config, &mut facts, &classes, &mut problems);
        let coded = config
            .columns
            .iter()
            .filter(|(_, column)| !column.codes.is_empty());
        let codes = coded
            .map(|(name, column)| (name.clone(), column.codes.clone()))
            .collect();
        let told = model
            .as_deref()
            .map(|model| model_facts(config, model, &facts, &classes, &mut problems));
        let is_flipped = told.as_ref().is_some_and(|(_, is_flipped)| *is_flipped);
        facts.model = told.map(|(own, _)| own);
        if let (Some(model), Some(own)) = (&model, &facts.model) {
            let ignored: Vec<&str> = [&facts.target, &facts.id, &facts.time]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            let file = config.file_name();
            let names = (own.features.as_slice(), ignored.as_slice());
            problems.extend(model.card.misfits(names, &codes, &tables, &file));
        }
        (
            Self {
                tables,
                model,
                facts,
                is_flipped,
                codes,
            },
            problems,
        )
    }
}

impl Snapshot {
    /// What checks call the inputs of the model, in its order.
    pub(crate) fn model_features(&self) -> Vec<String> {
        let model = self.facts.model.as_ref();
        model.map_or_else(Vec::new, |model| model.features.clone())
    }
}

/// Every column of every table, in the order of the training table, then the others'.
fn columns(config: &Config, tables: &BTreeMap<Role, Arc<LoadedTable>>) -> Vec<ColumnFacts> {
    let mut found: Vec<ColumnFacts> = Vec::new();
    for table in tables.values() {
        for column in &table.columns {
            if found.iter().all(|known| known.name != column.name) {
                found.push(column_facts(config, &column.name, column.kind));
            }
        }
    }
    found
}

fn column_facts(config: &Config, name: &str, kind: ColumnKind) -> ColumnFacts {
    let mut facts = ColumnFacts {
        name: name.to_owned(),
        kind,
        is_sensitive: false,
        is_immutable: false,
        min: None,
        max: None,
        unit: String::new(),
        monotone: None,
        allowed: Vec::new(),
    };
    if let Some(column) = config.columns.get(name) {
        facts.kind = column.kind.unwrap_or(kind);
        facts.is_sensitive = column.sensitive;
        facts.is_immutable = column.immutable;
        facts.min = column.min;
        facts.max = column.max;
        facts.unit = column.unit.clone().unwrap_or_default();
        facts.monotone = column.monotone;
        facts.allowed.clone_from(&column.allowed);
    }
    facts
}

/// What must hold of the tables; nothing if the project file says nothing of it.
fn contract(config: &Config, facts: &ProjectFacts) -> Option<Contract> {
    let mut contract = config.contract.clone();
    let in_tables = facts.columns.iter().map(|column| &column.name);
    let absent = config.columns.keys().chain(
        [&facts.target, &facts.id, &facts.time]
            .into_iter()
            .flatten(),
    );
    let absent = absent.filter(|name| facts.column(name).is_none());
    for name in in_tables.chain(absent) {
        let is_role = [&facts.target, &facts.id, &facts.time].contains(&&Some(name.clone()));
        let column = config.columns.get(name);
        if column.is_none() && !is_role {
            continue;
        }
        let column = column.cloned().unwrap_or_default();
        contract.columns.push(ColumnContract {
            name: name.clone(),
            min: column.min,
            max: column.max,
            allowed: column.allowed,
            rules: column.rules,
        });
    }
    if contract.column_set.is_none() {
        contract.columns.retain(|column| !column.is_empty());
    }
    (!contract.is_empty()).then_some(contract)
}

/// Names in the project file that stand in no table.
fn check_names(
    config: &Config,
    columns: &[ColumnFacts],
    tables: &BTreeMap<Role, Arc<LoadedTable>>,
    problems: &mut Vec<Problem>,
) {
    if tables.is_empty() {
        return;
    }
    let named = [
        ("project.target", config.project.target.as_ref()),
        ("data.id", config.data.id.as_ref()),
        ("data.time", config.data.time.as_ref()),
    ];
    let settings = config.columns.keys().map(|name| ("columns", Some(name)));
    let relations = config.contract.relations.iter().flat_map(|relation| {
        let names = relation.columns.iter();
        names.map(|name| ("relations.rule", Some(name)))
    });
    let order = config.contract.order.iter();
    let order = order.map(|name| ("contract.order", Some(name)));
    let rules = relations.chain(order);
    for (key, name) in named.into_iter().chain(settings).chain(rules) {
        let Some(name) = name else { continue };
        if columns.iter().any(|column| column.name == *name) {
            continue;
        }
        let nearest =
            crate::config::nearest(name, columns.iter().map(|column| column.name.as_str()));
        problems.push(Problem {
            file: config.file_name(),
            line: None,
            column: Some(key.to_owned()),
            message: format!("no table has a column '{name}'"),
            help: nearest.map_or_else(String::new, |near| format!("did you mean '{near}'?")),
            is_error: true,
        });
    }
}

/// The distinct values of the target in the first table that has it, sorted; empty for regression.
fn target_classes(facts: &ProjectFacts, tables: &BTreeMap<Role, Arc<LoadedTable>>) -> Vec<String> {
    let Some(target) = facts
        .target
        .as_ref()
        .filter(|_| facts.task != Task::Regression)
    else {
        return Vec::new();
    };
    tables
        .values()
        .find_map(|table| table.view.distinct(target, MAX_CLASSES))
        .unwrap_or_default()
}

/// A target with more distinct values than this is no classification.
const MAX_CLASSES: usize = 1000;

/// Says which class is positive where the project file does not: the last in sorted order, so that
/// 1 is positive among 0 and 1. The choice is told, as it decides what every bias figure means.
fn settle_positive(
    config: &Config,
    facts: &mut ProjectFacts,
    classes: &[String],
    problems: &mut Vec<Problem>,
) {
    if facts.task != Task::Binary || classes.is_empty() {
        return;
    }
    let problem = |message: String, help: String, is_error| Problem {
        file: config.file_name(),
        line: None,
        column: Some("project.positive".to_owned()),
        message,
        help,
        is_error,
    };
    match &facts.positive {
        None => {
            let positive = classes.last().cloned();
            let name = positive.clone().unwrap_or_default();
            problems.push(problem(
                format!("not set; '{name}' counts as the positive class"),
                format!("write positive = \"{name}\" under [project] to say so"),
                false,
            ));
            facts.positive = positive;
        }
        Some(positive) if !classes.contains(positive) => {
            problems.push(problem(
                format!("'{positive}' is no value of the target"),
                format!("its values are: {}", classes.join(", ")),
                true,
            ));
        }
        Some(_) => {}
    }
}

/// The model's own facts, with the names, classes and threshold the project file gives; and whether
/// the class it predicts the probability of is the project's negative one.
fn model_facts(
    config: &Config,
    model: &ModelInput,
    facts: &ProjectFacts,
    classes: &[String],
    problems: &mut Vec<Problem>,
) -> (ModelFacts, bool) {
    let mut own = model.facts.clone();
    own.threshold = config.model.threshold.unwrap_or(0.5);
    name_features(config, facts, &mut own, problems);
    if !config.model.classes.is_empty() {
        own.classes.clone_from(&config.model.classes);
    } else if own.classes.is_empty() {
        own.classes = classes.to_vec();
        if let (Task::Binary, Some(positive)) = (facts.task, &facts.positive) {
            // Nobody named them in another order: the model's second class is the positive one.
            own.classes.sort_by_key(|class| class == positive);
        }
    }
    let is_flipped = facts.task == Task::Binary
        && own.n_outputs == 1
        && own.classes.len() == 2
        && facts.positive.as_ref() == own.classes.first();
    if is_flipped {
        own.classes.reverse();
    }
    (own, is_flipped)
}

/// The names checks call the model's inputs by: its own, or those of the project file for a model
/// that does not know any.
fn name_features(
    config: &Config,
    facts: &ProjectFacts,
    own: &mut ModelFacts,
    problems: &mut Vec<Problem>,
) {
    let named = &config.model.features;
    let is_trained = matches!(config.model.source, Some(ModelSource::Train { .. }));
    if is_trained || (named.is_empty() && !own.features.is_empty()) {
        return;
    }
    if named.is_empty() {
        own.features = facts.features().map(|column| column.name.clone()).collect();
    } else if own.features.is_empty() || own.features.len() == named.len() {
        own.features.clone_from(named);
    } else {
        problems.push(Problem {
            file: config.file_name(),
            line: None,
            column: Some("model.features".to_owned()),
            message: format!(
                "{} names for the {} inputs of the model",
                named.len(),
                own.features.len()
            ),
            help: format!("its own names are: {}", own.features.join(", ")),
            is_error: true,
        });
    }
}
