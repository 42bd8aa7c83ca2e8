//! Loaded tables and model as one consistent, immutable picture of the inputs.
//!
//! In: the project file's settings, the tables and the model as last loaded. Out: a [`Snapshot`]
//! with the [`ProjectFacts`] every check is told, and what does not fit together.
//!
//! A check that runs keeps the snapshot it was started with; nothing here changes after `new`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use interlock_plugin_api::facts::{ColumnFacts, ColumnKind, ModelFacts, ProjectFacts, Task};
use interlock_plugin_api::outcome::Role;

use crate::config::Config;
use crate::fingerprint::Fingerprint;
use crate::load::LoadedTable;
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
}

impl Snapshot {
    /// Puts the inputs together. The problems say what does not fit: a target that stands in no
    /// table, a sensitive column that does not exist.
    pub(crate) fn new(
        config: &Config,
        tables: BTreeMap<Role, Arc<LoadedTable>>,
        model: Option<Arc<ModelInput>>,
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
        };
        let classes = target_classes(&facts, &tables);
        settle_positive(config, &mut facts, &classes, &mut problems);
        facts.model = model
            .as_deref()
            .map(|model| model_facts(config, model, &facts, &classes));
        (
            Self {
                tables,
                model,
                facts,
            },
            problems,
        )
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
    for (key, name) in named.into_iter().chain(settings) {
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

/// The model's own facts, with the classes and the threshold the project file gives.
fn model_facts(
    config: &Config,
    model: &ModelInput,
    facts: &ProjectFacts,
    classes: &[String],
) -> ModelFacts {
    let mut own = model.facts.clone();
    own.threshold = config.model.threshold.unwrap_or(0.5);
    if !config.model.classes.is_empty() {
        own.classes.clone_from(&config.model.classes);
    } else if own.classes.is_empty() {
        own.classes = classes.to_vec();
    }
    if let (Task::Binary, Some(positive)) = (facts.task, &facts.positive) {
        own.classes.sort_by_key(|class| class == positive);
    }
    own
}
