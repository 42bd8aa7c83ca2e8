//! The engine's state and how each event changes it.
//!
//! In: one [`Event`] and the time. Out: [`Command`]s for the loop's shell; [`App::picture`] for the
//! readers.
//!
//! Nothing here waits, starts a thread or reads the clock. It does look at the project file, the
//! plugin folders and the store, which are small and local.

mod reports;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::checks::{Checks, Present};
use crate::config::Config;
use crate::event::{Command, Event};
use crate::inputs::Inputs;
use crate::journal::Journal;
use crate::libraries::{self, Libraries};
use crate::model_state::ModelState;
use crate::picture::{Activity, LogKind, Picture, ProjectState, Request};
use crate::problem::Problem;
use crate::profiles::ProfileBook;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::trust::{Consent, TrustPolicy};
use crate::watch::WatchSet;

/// Everything the engine knows.
pub(crate) struct App {
    config: Config,
    config_problems: Vec<Problem>,
    stale_config: Option<String>,
    /// Plugin folders and files that come with the program.
    bundled: Vec<PathBuf>,
    inputs: Inputs,
    model: ModelState,
    libraries: Libraries,
    checks: Checks,
    store: Store,
    journal: Journal,
    profiles: ProfileBook,
    /// `None` until every table was read once.
    snapshot: Option<Snapshot>,
    snapshot_problems: Vec<Problem>,
    trust: TrustPolicy,
    /// Changes seen while paused.
    held: Option<Vec<PathBuf>>,
    watcher: String,
    read_only: Option<String>,
    revision: u64,
}

impl App {
    /// The state before anything was read. Call [`App::begin`] next.
    pub(crate) fn new(
        config: Config,
        problems: Vec<Problem>,
        bundled: Vec<PathBuf>,
        store: Store,
        trust: TrustPolicy,
    ) -> Self {
        let read_only = store.read_only_reason();
        Self {
            config,
            config_problems: problems,
            stale_config: None,
            bundled,
            inputs: Inputs::default(),
            model: ModelState::default(),
            libraries: Libraries::default(),
            checks: Checks::default(),
            store,
            journal: Journal::default(),
            profiles: ProfileBook::default(),
            snapshot: None,
            snapshot_problems: Vec::new(),
            trust,
            held: None,
            watcher: String::new(),
            read_only,
            revision: 0,
        }
    }

    /// The first commands: open the plugins and, unless only those are wanted, read the tables.
    pub(crate) fn begin(&mut self, now: SystemTime, only_opens_plugins: bool) -> Vec<Command> {
        for text in self.store.notices() {
            self.journal.note(now, LogKind::Problem, text);
        }
        if let Some(why) = &self.read_only {
            self.journal.note(now, LogKind::Info, why.clone());
        }
        let mut commands = self.look_for_libraries(now);
        if !only_opens_plugins {
            commands.extend(self.inputs.configure(&self.config));
            commands.extend(self.replan(now));
        }
        commands
    }

    /// Settings in force.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Everything whose change matters.
    pub(crate) fn watch_set(&self) -> WatchSet {
        let mut set = self.config.watch_set(&self.plugin_paths());
        set.files.extend(self.model.imports());
        set
    }

    /// Folders and files in which plugins are looked for.
    pub(crate) fn plugin_paths(&self) -> Vec<PathBuf> {
        self.bundled
            .iter()
            .chain(&self.config.plugins.paths)
            .cloned()
            .collect()
    }

    /// Lines of the log written since the last call.
    pub(crate) fn take_log(&mut self) -> Vec<Arc<crate::picture::LogEntry>> {
        self.journal.take_fresh()
    }

    /// When something must be looked at again though no event came.
    pub(crate) fn next_deadline(&self) -> Option<SystemTime> {
        self.checks.next_deadline(&self.config)
    }

    /// One event.
    pub(crate) fn update(&mut self, event: Event, now: SystemTime) -> Vec<Command> {
        match event {
            Event::FilesChanged { paths } => self.files_changed(paths, now),
            Event::WatchTold { text, watcher } => {
                if let Some(watcher) = watcher {
                    self.watcher = watcher;
                }
                if !text.is_empty() {
                    self.journal.note(now, LogKind::Info, text);
                }
                Vec::new()
            }
            Event::TableLoaded {
                role,
                generation,
                loaded,
            } => {
                let again = self
                    .inputs
                    .loaded(role, generation, loaded, now, &mut self.journal);
                let mut commands: Vec<Command> = again.into_iter().collect();
                commands.extend(self.replan(now));
                commands
            }
            Event::ModelPrepared {
                generation,
                prepared,
            } => {
                if self
                    .model
                    .prepared(generation, prepared, now, &mut self.journal)
                {
                    let mut commands = self.replan(now);
                    // What it runs is known only now.
                    commands.push(Command::Rewatch);
                    return commands;
                }
                Vec::new()
            }
            Event::ModelEnded {
                generation,
                last_words,
            } => {
                let is_ours = self
                    .model
                    .ended(generation, &last_words, now, &mut self.journal);
                if is_ours {
                    // What failed for want of the model may be tried again.
                    self.checks.forget_model_failures();
                    return self.replan(now);
                }
                Vec::new()
            }
            Event::Profiled(profiled) => {
                self.profiles.take_in(profiled);
                Vec::new()
            }
            Event::Work(event) => self.work(event, now),
            Event::Requested(request) => self.requested(request, now),
            Event::DeadlineReached => self.replan(now),
        }
    }

    fn files_changed(&mut self, paths: Vec<PathBuf>, now: SystemTime) -> Vec<Command> {
        if let Some(held) = &mut self.held {
            held.extend(paths);
            return Vec::new();
        }
        let mut commands = Vec::new();
        if paths.contains(&self.config.path) {
            commands.extend(self.reload_config(now));
        }
        let folders = self.plugin_paths();
        let concerns_plugins = |path: &PathBuf| {
            folders.iter().any(|folder| {
                path == folder || path.starts_with(folder) || folder.starts_with(path)
            })
        };
        if paths.iter().any(concerns_plugins) {
            commands.extend(self.look_for_libraries(now));
        }
        commands.extend(self.inputs.changed(&self.config, &paths));
        if self.model.is_made_of(&paths) {
            self.model.forget_plan();
        }
        commands.extend(self.replan(now));
        commands
    }

    fn reload_config(&mut self, now: SystemTime) -> Vec<Command> {
        match Config::load(&self.config.path) {
            Ok((config, problems)) => {
                if config == self.config && self.stale_config.is_none() {
                    return Vec::new();
                }
                self.config = config;
                self.config_problems = problems;
                self.stale_config = None;
                self.journal.note(
                    now,
                    LogKind::Config,
                    format!("{} read again", self.config.file_name()),
                );
                let mut commands = self.look_for_libraries(now);
                commands.extend(self.inputs.configure(&self.config));
                commands.push(Command::Rewatch);
                commands
            }
            Err(problems) => {
                let first = problems
                    .first()
                    .map(crate::report::human::problem_line)
                    .unwrap_or_default();
                let text = format!("{first}; the last good settings stay in force");
                self.journal.note(now, LogKind::Problem, text.clone());
                self.stale_config = Some(text);
                self.config_problems = problems;
                Vec::new()
            }
        }
    }

    fn look_for_libraries(&mut self, now: SystemTime) -> Vec<Command> {
        let found = self.libraries.found(&libraries::look(&self.plugin_paths()));
        let mut commands = found.commands;
        for library in found.gone {
            commands.extend(self.checks.withdraw(library));
            self.journal.note(
                now,
                LogKind::Plugin,
                "a plugin library was removed; its checks are gone",
            );
        }
        commands
    }

    /// Puts a new snapshot together if every table is at rest, and starts what it asks for.
    fn replan(&mut self, now: SystemTime) -> Vec<Command> {
        if self.inputs.is_loading() {
            return Vec::new();
        }
        let tables = self.inputs.tables();
        let mut commands = self.model.wanted(&self.config, &tables, &self.trust);
        let (snapshot, problems) = Snapshot::new(
            &self.config,
            tables,
            (self.model.current(), self.model.file()),
        );
        self.snapshot_problems = problems;
        self.snapshot = Some(snapshot);
        let labels = self.labels();
        let stale = self.inputs.stale();
        if let Some(snapshot) = &self.snapshot {
            let present = Present {
                config: &self.config,
                snapshot,
                model_is_coming: self.model.is_coming(),
                model_trouble: self.model.trouble(),
                labels: &labels,
                stale: &stale,
                now,
            };
            commands.extend(self.checks.plan(&present, &self.store, &mut self.journal));
        }
        commands
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.inputs.labels();
        labels.insert("model".to_owned(), self.model.label());
        labels.insert("project file".to_owned(), self.config.file_name());
        labels
    }

    fn requested(&mut self, request: Request, now: SystemTime) -> Vec<Command> {
        match request {
            Request::Rerun { check } => self.rerun(Some(&check), now),
            Request::RerunAll => self.rerun(None, now),
            Request::Cancel { check } => self.checks.cancel(&check).into_iter().collect(),
            Request::Pause(true) => {
                self.held.get_or_insert_default();
                Vec::new()
            }
            Request::Pause(false) => match self.held.take() {
                Some(paths) if !paths.is_empty() => self.files_changed(paths, now),
                _ => Vec::new(),
            },
            Request::ReopenPlugin { plugin } => {
                self.libraries.reopen(&plugin).into_iter().collect()
            }
            Request::ProfileTable { role } => {
                let plan = self.profiles.plan_table(&self.inputs.tables(), role);
                plan.into_iter().map(Command::Profile).collect()
            }
            Request::ProfileColumn { column } => {
                let plan = self.profiles.plan_column(&self.inputs.tables(), &column);
                plan.into_iter().map(Command::Profile).collect()
            }
            Request::Consent => self.consent(now),
            Request::Quit => Vec::new(),
        }
    }

    fn consent(&mut self, now: SystemTime) -> Vec<Command> {
        let Some(consent) = Consent::needed(&self.config) else {
            return Vec::new();
        };
        let kept = self
            .trust
            .file
            .as_deref()
            .map(|file| consent.remember(file));
        if let Some(Err(error)) = kept {
            let text =
                format!("your consent could not be written down, it holds until the end: {error}");
            self.journal.note(now, LogKind::Problem, text);
        }
        // From now on for this run, wherever it could be kept.
        self.trust.is_given = true;
        self.journal.note(
            now,
            LogKind::Info,
            format!("you consented to {}", consent.what),
        );
        self.model.forget_plan();
        self.replan(now)
    }

    fn rerun(&mut self, only: Option<&str>, now: SystemTime) -> Vec<Command> {
        let labels = self.labels();
        let stale = self.inputs.stale();
        let Some(snapshot) = &self.snapshot else {
            return Vec::new();
        };
        let present = Present {
            config: &self.config,
            snapshot,
            model_is_coming: self.model.is_coming(),
            model_trouble: self.model.trouble(),
            labels: &labels,
            stale: &stale,
            now,
        };
        self.checks.rerun(only, &present)
    }
}

impl App {
    /// Everything as readers see it.
    pub(crate) fn picture(&mut self) -> Picture {
        self.revision += 1;
        let (n_running, n_queued) = self.checks.n_running_and_queued();
        let mut inputs = self.inputs.states();
        inputs.extend(self.model.state());
        let mut loading = self.inputs.loading();
        if self.model.is_coming() {
            loading.push(self.model.label());
        }
        // Before the plugins have answered nobody knows which checks there are.
        let are_known = self.libraries.are_known();
        let (unknown, missing_checks) = if are_known {
            let checks = &self.checks;
            (checks.unknown(&self.config), checks.missing(&self.config))
        } else {
            (Vec::new(), Vec::new())
        };
        let problems = self
            .config_problems
            .iter()
            .chain(self.inputs.problems())
            .chain(&self.snapshot_problems)
            .chain(&unknown)
            .cloned()
            .collect();
        Picture {
            revision: self.revision,
            project: ProjectState {
                name: self.config.project.name.clone(),
                root: self.config.root.clone(),
                inputs,
                problems,
                stale_config: self.stale_config.clone(),
                theme: self.config.theme.clone(),
                wants_consent: self.model.wants_consent().map(ToOwned::to_owned),
                missing_checks,
            },
            checks: self.checks.states(),
            plugins: self.libraries.states(),
            log: self.journal.kept(),
            profiles: self.profiles.shown(&self.inputs.tables()),
            activity: Activity {
                loading,
                n_running,
                n_queued,
                is_paused: self.held.is_some(),
                watcher: self.watcher.clone(),
                read_only: self.read_only.clone(),
            },
        }
    }
}
