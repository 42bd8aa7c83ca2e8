//! What workers report, and what follows from it.
//!
//! In: [`WorkEvent`]s. Out: the state of checks and plugins changed; commands.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::check_info::{CheckInfo, PluginInfo};
use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::outcome::Outcome;

use super::App;
use crate::checks::{Origin, Present};
use crate::event::Command;
use crate::picture::{LogKind, PluginHealth};
use crate::work::{JobId, LibraryId, WorkEvent};

impl App {
    pub(super) fn work(&mut self, event: WorkEvent, now: SystemTime) -> Vec<Command> {
        match event {
            WorkEvent::LibraryOpened {
                library,
                info,
                checks,
                duration,
                ..
            } => {
                return self.library_opened(library, info, &checks, duration, now);
            }
            WorkEvent::LibraryFailed {
                library,
                message,
                help,
                details,
            } => {
                let why = if help.is_empty() {
                    message
                } else {
                    format!("{message}; {help}")
                };
                self.library_trouble(library, &why, now);
                if let Some(library) = self.libraries.get_mut(library) {
                    library.broke(why, details);
                }
            }
            WorkEvent::Started { job } => self.checks.started(job, now),
            WorkEvent::Progressed {
                job,
                share,
                activity,
            } => self.checks.progressed(job, share, activity),
            WorkEvent::Partial { job, outcome } => self.checks.partial(job, Arc::new(outcome)),
            WorkEvent::Finished {
                job,
                outcome,
                duration,
            } => {
                self.finished(job, outcome, duration, now);
            }
            WorkEvent::Failed { job, error } => {
                self.checks.failed(job, &error, now, &mut self.journal);
            }
            WorkEvent::Died {
                job,
                library,
                sentence,
                ..
            } => self.died(job, library, &sentence, now),
            WorkEvent::Restarting { library, sentence } => {
                if let Some(library) = self.libraries.get_mut(library) {
                    library.health = PluginHealth::Restarting(sentence);
                }
            }
            WorkEvent::Recovered { library } => {
                if let Some(library) = self.libraries.get_mut(library) {
                    library.health = PluginHealth::Ready;
                }
            }
            WorkEvent::Quarantined { library, sentence } => {
                self.library_trouble(library, &sentence, now);
                if let Some(library) = self.libraries.get_mut(library) {
                    library.health = PluginHealth::Quarantined(sentence);
                }
            }
            WorkEvent::Workers { library, workers } => {
                if let Some(library) = self.libraries.get_mut(library) {
                    library.set_workers(workers);
                }
            }
            WorkEvent::Output { library, lines } => {
                if let Some(library) = self.libraries.get_mut(library) {
                    library.wrote(lines);
                }
            }
        }
        Vec::new()
    }
}

impl App {
    pub(super) fn library_opened(
        &mut self,
        id: LibraryId,
        info: PluginInfo,
        infos: &[CheckInfo],
        duration: Duration,
        now: SystemTime,
    ) -> Vec<Command> {
        let Some(library) = self.libraries.get_mut(id) else {
            return Vec::new();
        };
        let is_reload = library.info.is_some();
        let origin = Origin {
            library: id,
            plugin: info.id.clone(),
            version: info.version.clone(),
            hash: library.hash,
        };
        library.opened(info, infos.len(), duration);
        if self.config.plugins.disabled.contains(&origin.plugin) {
            library.health = PluginHealth::Disabled;
            return self.checks.withdraw(id);
        }
        let verb = if is_reload { "loaded anew" } else { "loaded" };
        let text = format!(
            "plugin {} {} {verb}: {} checks",
            origin.plugin,
            origin.version,
            infos.len()
        );
        self.journal.note(now, LogKind::Plugin, text);
        for refused in self.checks.offer(&origin, infos, &self.store) {
            let text = format!(
                "plugin {}: check '{refused}' is already offered by another plugin",
                origin.plugin
            );
            self.journal.note(now, LogKind::Problem, text);
        }
        if self.snapshot.is_some() {
            self.replan(now)
        } else {
            Vec::new()
        }
    }

    pub(super) fn library_trouble(&mut self, id: LibraryId, why: &str, now: SystemTime) {
        let name = self
            .libraries
            .get_mut(id)
            .map(|library| library.id())
            .unwrap_or_default();
        self.journal
            .note(now, LogKind::Problem, format!("plugin {name}: {why}"));
        self.checks.trouble(id, Some(why));
    }

    pub(super) fn finished(
        &mut self,
        job: JobId,
        outcome: Outcome,
        duration: Duration,
        now: SystemTime,
    ) {
        let labels = self.labels();
        let stale = self.inputs.stale();
        let Some(snapshot) = &self.snapshot else {
            return;
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
        let library = self.checks.library_of(job);
        let stored = self
            .checks
            .finished(job, outcome, duration, &present, &mut self.journal);
        if let Some(library) = library.and_then(|library| self.libraries.get_mut(library)) {
            library.worked(duration);
        }
        if let Some(stored) = stored
            && let Err(error) = self.store.put(&stored)
        {
            self.journal.note(
                now,
                LogKind::Problem,
                format!("the result was not stored: {error}"),
            );
        }
    }

    pub(super) fn died(
        &mut self,
        job: Option<JobId>,
        id: LibraryId,
        sentence: &str,
        now: SystemTime,
    ) {
        let name = self.libraries.get_mut(id).map(|library| {
            library.crashed(sentence);
            library.id()
        });
        match job {
            Some(job) => {
                let error = CheckError::failed(sentence);
                self.checks.failed(job, &error, now, &mut self.journal);
            }
            None => {
                let name = name.unwrap_or_default();
                self.journal
                    .note(now, LogKind::Plugin, format!("plugin {name}: {sentence}"));
            }
        }
    }
}
