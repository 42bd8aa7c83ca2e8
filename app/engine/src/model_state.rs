//! Which model the project has, and whether a newer one is on its way.
//!
//! In: the project file's model section, the training table, preparations that ended. Out: the
//! preparation to start, the model of the next snapshot, and the model as the picture shows it.
//!
//! Invariant: at most one preparation is wanted; the answer to an older one is ignored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use interlock_plugin_api::facts::ModelFile;
use interlock_plugin_api::outcome::Role;

use crate::config::{Config, ModelSource};
use crate::event::Command;
use crate::fingerprint::Fingerprint;
use crate::journal::Journal;
use crate::load::LoadedTable;
use crate::model_http::HttpPlan;
use crate::model_input::{ModelPlan, Prepared, Training, is_categorical};
use crate::model_server::{Import, PythonPlan};
use crate::picture::{InputState, LogKind};
use crate::snapshot::ModelInput;
use crate::trust::{Consent, TrustPolicy};

/// How often a served model is started anew before its files change.
const MAX_DEATHS: u32 = 3;

/// The model.
#[derive(Debug, Default)]
pub(crate) struct ModelState {
    label: String,
    plan: Option<ModelPlan>,
    generation: u64,
    coming: Option<u64>,
    model: Option<Arc<ModelInput>>,
    /// Files of the project that the model runs, as they were when it was loaded.
    imports: Vec<Import>,
    /// What was seen in the model's file, also in one that cannot be opened.
    file: Option<Arc<ModelFile>>,
    trouble: Option<String>,
    /// How often a model that is served was started anew because its process ended.
    n_deaths: u32,
    /// What waits for the reader's consent.
    wants_consent: Option<String>,
    loaded_at: Option<SystemTime>,
}

impl ModelState {
    /// What must be prepared for these settings and tables, if it is not what there is.
    pub(crate) fn wanted(
        &mut self,
        config: &Config,
        tables: &BTreeMap<Role, Arc<LoadedTable>>,
        trust: &TrustPolicy,
    ) -> Vec<Command> {
        let consent = Consent::needed(config).filter(|consent| !consent.is_given(trust));
        self.wants_consent = consent.map(|consent| consent.what);
        let plan = match self.plan(config, tables) {
            Ok(plan) => plan,
            Err(why) => {
                self.trouble = Some(why);
                "model".clone_into(&mut self.label);
                self.model = None;
                self.plan = None;
                return self.abandon();
            }
        };
        if plan == self.plan
            && (plan.is_none()
                || self.coming.is_some()
                || self.model.is_some()
                || self.trouble.is_some())
        {
            return Vec::new();
        }
        self.label = label(config);
        self.plan.clone_from(&plan);
        let mut commands = self.abandon();
        let Some(plan) = plan else {
            self.model = None;
            self.file = None;
            self.trouble = None;
            return commands;
        };
        self.generation += 1;
        self.coming = Some(self.generation);
        commands.push(Command::PrepareModel {
            generation: self.generation,
            plan,
        });
        commands
    }

    /// A preparation ended. Returns whether it is the one wanted.
    pub(crate) fn prepared(
        &mut self,
        generation: u64,
        prepared: Prepared,
        now: SystemTime,
        journal: &mut Journal,
    ) -> bool {
        if self.coming != Some(generation) {
            return false;
        }
        self.coming = None;
        self.file = prepared.file;
        self.imports = prepared.imports;
        match prepared.model {
            Ok(model) => {
                let is_new = self
                    .model
                    .as_ref()
                    .is_none_or(|old| old.fingerprint != model.fingerprint);
                if is_new {
                    let done = if matches!(self.plan, Some(ModelPlan::Train(_))) {
                        "ready"
                    } else {
                        "opened"
                    };
                    journal.note(
                        now,
                        LogKind::Change,
                        format!("model {} {done} ({})", self.label, model.facts.format),
                    );
                }
                self.model = Some(model);
                self.trouble = None;
                self.loaded_at = Some(now);
            }
            Err(why) => {
                journal.note(
                    now,
                    LogKind::Problem,
                    format!("model {}: {why}", self.label),
                );
                self.model = None;
                self.trouble = Some(why);
            }
        }
        true
    }

    /// The process that serves the model ended. Whether it was the present one: it is then started
    /// anew, a few times.
    pub(crate) fn ended(
        &mut self,
        generation: u64,
        last_words: &str,
        now: SystemTime,
        journal: &mut Journal,
    ) -> bool {
        if generation != self.generation || self.model.is_none() {
            return false;
        }
        self.model = None;
        self.n_deaths += 1;
        let colon = if last_words.is_empty() { "" } else { ": " };
        let why = format!("its process ended{colon}{last_words}");
        let next = if self.n_deaths > MAX_DEATHS {
            self.trouble = Some(format!(
                "{why}; that was the last of {} attempts, the next comes when its files change",
                MAX_DEATHS + 1
            ));
            "is not started again"
        } else {
            self.plan = None;
            "is started again"
        };
        let text = format!("model {}: {why}; it {next}", self.label);
        journal.note(now, LogKind::Problem, text);
        true
    }

    /// What the project would run once the reader consents.
    pub(crate) fn wants_consent(&self) -> Option<&str> {
        self.wants_consent.as_deref()
    }

    /// The preparation these settings ask for; `None` if the project has no model.
    fn plan(
        &self,
        config: &Config,
        tables: &BTreeMap<Role, Arc<LoadedTable>>,
    ) -> Result<Option<ModelPlan>, String> {
        match &config.model.source {
            None => Ok(None),
            Some(ModelSource::File { path }) => Ok(Some(ModelPlan::Open { path: path.clone() })),
            Some(ModelSource::Train { .. }) => {
                training(config, tables).map(|plan| Some(ModelPlan::Train(Box::new(plan))))
            }
            Some(ModelSource::Python(source)) => {
                if let Some(what) = &self.wants_consent {
                    return Err(format!("waits for your consent to {what}"));
                }
                Ok(Some(ModelPlan::Python(Box::new(PythonPlan {
                    source: source.clone(),
                    root: config.root.clone(),
                    task: config.project.task,
                    positive: config.project.positive.clone(),
                    features: config.model.features.clone(),
                    attempt: self.n_deaths.min(MAX_DEATHS),
                }))))
            }
            Some(ModelSource::Http(source)) => {
                if let Some(what) = &self.wants_consent {
                    return Err(format!("waits for your consent to {what}"));
                }
                Ok(Some(ModelPlan::Http(Box::new(HttpPlan {
                    source: source.clone(),
                    task: config.project.task,
                    positive: config.project.positive.clone(),
                    features: config.model.features.clone(),
                    classes: config.model.classes.clone(),
                    attempt: self.n_deaths.min(MAX_DEATHS),
                }))))
            }
        }
    }

    /// The model of the next snapshot: none while a newer one is on its way.
    pub(crate) fn current(&self) -> Option<Arc<ModelInput>> {
        self.model.clone().filter(|_| self.coming.is_none())
    }

    /// What was seen in the file of the next snapshot's model.
    pub(crate) fn file(&self) -> Option<Arc<ModelFile>> {
        self.file.clone().filter(|_| self.coming.is_none())
    }

    /// Whether a model is being opened or trained.
    pub(crate) fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Why there is no model although one is named.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Its name for people.
    pub(crate) fn label(&self) -> String {
        self.label.clone()
    }

    /// Whether one of these files is the model.
    pub(crate) fn is_made_of(&self, paths: &[PathBuf]) -> bool {
        match &self.plan {
            Some(ModelPlan::Open { path }) => paths.contains(path),
            Some(ModelPlan::Python(plan)) => {
                let files = plan.source.files(&plan.root);
                // Files that are watched from now on are told once although they are as they were.
                let has_changed = |(file, known): &Import| {
                    paths.contains(file) && Fingerprint::of_file(file).ok().as_ref() != Some(known)
                };
                paths
                    .iter()
                    .any(|path| files.iter().any(|file| path.starts_with(file)))
                    || self.imports.iter().any(has_changed)
            }
            Some(ModelPlan::Train(_) | ModelPlan::Http(_)) | None => false,
        }
    }

    /// Files of the project that it runs, beyond those the project file names.
    pub(crate) fn imports(&self) -> impl Iterator<Item = PathBuf> + use<'_> {
        self.imports.iter().map(|(path, _)| path.clone())
    }

    /// Makes the next [`ModelState::wanted`] prepare the model anew.
    pub(crate) fn forget_plan(&mut self) {
        self.plan = None;
        self.n_deaths = 0;
    }

    /// The model as the picture shows it; `None` if the project has none.
    pub(crate) fn state(&self) -> Option<InputState> {
        if self.plan.is_none() && self.trouble.is_none() {
            return None;
        }
        let facts = self.model.as_ref().map(|model| &model.facts);
        Some(InputState {
            name: "model".to_owned(),
            role: None,
            source: facts.map_or_else(
                || self.label.clone(),
                |facts| format!("{} ({})", self.label, facts.format),
            ),
            shape: None,
            card: self.model.as_ref().map(|model| Arc::clone(&model.card)),
            fingerprint: self
                .model
                .as_ref()
                .map_or_else(String::new, |model| model.fingerprint.to_string()),
            table: None,
            stale: self.trouble.clone(),
            loaded_at: self.loaded_at,
        })
    }

    fn abandon(&mut self) -> Vec<Command> {
        if self.coming.take().is_some() {
            vec![Command::AbandonModel]
        } else {
            Vec::new()
        }
    }
}

fn label(config: &Config) -> String {
    match &config.model.source {
        Some(ModelSource::File { path }) => config.relative(path),
        Some(ModelSource::Train { algorithm, .. }) => algorithm.clone(),
        Some(ModelSource::Python(source)) => source.path.as_ref().map_or_else(
            || source.entry.clone().unwrap_or_default(),
            |path| config.relative(path),
        ),
        Some(ModelSource::Http(source)) => source.url.clone(),
        None => "model".to_owned(),
    }
}

fn training(
    config: &Config,
    tables: &BTreeMap<Role, Arc<LoadedTable>>,
) -> Result<Training, String> {
    let table = tables
        .get(&Role::Train)
        .ok_or("the model cannot be trained: no train table")?;
    let target = config
        .project
        .target
        .clone()
        .ok_or("the model cannot be trained: project.target is not set")?;
    if table.columns.iter().all(|column| column.name != target) {
        return Err(format!(
            "the model cannot be trained: the train table has no column '{target}'"
        ));
    }
    let spec = config.train_spec()?;
    let is_feature = |name: &str| {
        let named = [
            Some(&target),
            config.data.id.as_ref(),
            config.data.time.as_ref(),
        ];
        let is_chosen = config.model.features.is_empty()
            || config.model.features.iter().any(|feature| feature == name);
        is_chosen && named.iter().flatten().all(|other| *other != name)
    };
    let features = table
        .columns
        .iter()
        .filter(|column| is_feature(&column.name))
        .map(|column| {
            let kind = config
                .columns
                .get(&column.name)
                .and_then(|set| set.kind)
                .unwrap_or(column.kind);
            (column.name.clone(), is_categorical(kind))
        })
        .collect();
    let mut training = Training {
        table: table.cache_path.clone(),
        features,
        target,
        task: config.project.task,
        positive: config.project.positive.clone(),
        spec,
        seed: config.project.seed,
        output: PathBuf::new(),
    };
    let columns: Vec<(String, Fingerprint)> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.fingerprint))
        .collect();
    let name = format!("{}.model", training.fingerprint(&columns));
    training.output = config.state_dir().join("models").join(name);
    Ok(training)
}
