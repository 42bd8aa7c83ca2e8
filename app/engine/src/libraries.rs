//! Which plugin libraries there are, and how each is.
//!
//! In: folders and files named by the project and by the installation, what opening gave, what
//! died. Out: libraries to open and to close, and the plugins as the picture shows them.
//!
//! A library is opened anew when its bytes changed, not when its file was touched. Knows no
//! process; [`crate::work`] does the opening.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use interlock_plugin_api::check_info::PluginInfo;

use crate::event::Command;
use crate::fingerprint::Fingerprint;
use crate::picture::{PluginHealth, PluginState};
use crate::watch::{self, WatchSet};
use crate::work::LibraryId;

/// How many lines of output are kept per plugin.
const OUTPUT_LIMIT: usize = 1000;

/// One library file.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) path: PathBuf,
    pub(crate) hash: Fingerprint,
    pub(crate) info: Option<Arc<PluginInfo>>,
    pub(crate) health: PluginHealth,
    n_checks: usize,
    n_opened: u32,
    n_crashes: u32,
    last_crash: Option<String>,
    open_duration: Option<Duration>,
    run_duration: Duration,
    modified_at: Option<SystemTime>,
    workers: Vec<(u32, u64)>,
    output: Vec<String>,
    details: Option<String>,
}

/// A library file as found on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundLibrary {
    pub(crate) path: PathBuf,
    pub(crate) hash: Fingerprint,
    pub(crate) modified_at: Option<SystemTime>,
}

/// All libraries.
#[derive(Debug, Default)]
pub(crate) struct Libraries {
    libraries: BTreeMap<LibraryId, Library>,
    n_ids: u32,
}

/// What a look at the plugin folders changed.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) commands: Vec<Command>,
    /// Libraries whose file is gone.
    pub(crate) gone: Vec<LibraryId>,
    /// Libraries that are new or have new bytes.
    pub(crate) fresh: Vec<LibraryId>,
}

impl Libraries {
    /// Compares what stands on disk with what is open.
    pub(crate) fn found(&mut self, on_disk: &[FoundLibrary]) -> Found {
        let mut found = Found::default();
        let known: Vec<LibraryId> = self.libraries.keys().copied().collect();
        for id in known {
            let is_there = |library: &Library| on_disk.iter().any(|file| file.path == library.path);
            if self
                .libraries
                .get(&id)
                .is_some_and(|library| !is_there(library))
            {
                self.libraries.remove(&id);
                found.gone.push(id);
                found.commands.push(Command::CloseLibrary { library: id });
            }
        }
        for file in on_disk {
            let same_path = self
                .libraries
                .iter()
                .find(|(_, library)| library.path == file.path);
            let id = match same_path.map(|(id, library)| (*id, library.hash)) {
                Some((_, hash)) if hash == file.hash => continue,
                Some((id, _)) => id,
                None => {
                    self.n_ids += 1;
                    LibraryId(self.n_ids)
                }
            };
            self.open(id, file);
            found.fresh.push(id);
            found.commands.push(Command::OpenLibrary {
                library: id,
                path: file.path.clone(),
            });
        }
        found
    }

    /// Opens a library again at the user's wish.
    pub(crate) fn reopen(&mut self, plugin: &str) -> Option<Command> {
        let (id, library) = self
            .libraries
            .iter_mut()
            .find(|(_, library)| library.id() == plugin)?;
        library.health = PluginHealth::Opening;
        Some(Command::OpenLibrary {
            library: *id,
            path: library.path.clone(),
        })
    }

    /// The library of this number.
    pub(crate) fn get_mut(&mut self, id: LibraryId) -> Option<&mut Library> {
        self.libraries.get_mut(&id)
    }

    /// Whether every library has answered, well or not.
    pub(crate) fn are_known(&self) -> bool {
        let mut libraries = self.libraries.values();
        libraries.all(|library| library.health != PluginHealth::Opening)
    }

    /// The plugins as the picture shows them, by id.
    pub(crate) fn states(&self) -> Vec<Arc<PluginState>> {
        let mut states: Vec<Arc<PluginState>> = self
            .libraries
            .values()
            .map(|library| Arc::new(library.state()))
            .collect();
        states.sort_by(|a, b| (&a.id, &a.path).cmp(&(&b.id, &b.path)));
        states
    }

    fn open(&mut self, id: LibraryId, file: &FoundLibrary) {
        let library = self.libraries.entry(id).or_insert_with(|| Library {
            path: file.path.clone(),
            hash: file.hash,
            info: None,
            health: PluginHealth::Opening,
            n_checks: 0,
            n_opened: 0,
            n_crashes: 0,
            last_crash: None,
            open_duration: None,
            run_duration: Duration::ZERO,
            modified_at: None,
            workers: Vec::new(),
            output: Vec::new(),
            details: None,
        });
        library.hash = file.hash;
        library.modified_at = file.modified_at;
        library.health = PluginHealth::Opening;
    }
}

impl Library {
    /// The plugin's id; the file's name while it could not be opened.
    pub(crate) fn id(&self) -> String {
        match &self.info {
            Some(info) => info.id.clone(),
            None => file_name(&self.path),
        }
    }

    /// It was opened and answers.
    pub(crate) fn opened(&mut self, info: PluginInfo, n_checks: usize, duration: Duration) {
        self.info = Some(Arc::new(info));
        self.n_checks = n_checks;
        self.n_opened += 1;
        self.open_duration = Some(duration);
        self.health = PluginHealth::Ready;
        self.details = None;
    }

    /// It could not be opened.
    pub(crate) fn broke(&mut self, why: String, details: Option<String>) {
        self.health = PluginHealth::Broken(why);
        self.details = details;
    }

    /// One of its workers died.
    pub(crate) fn crashed(&mut self, sentence: &str) {
        self.n_crashes += 1;
        self.last_crash = Some(sentence.to_owned());
    }

    /// One of its checks took this long.
    pub(crate) fn worked(&mut self, duration: Duration) {
        self.run_duration += duration;
    }

    /// Its workers, as process id and resident bytes.
    pub(crate) fn set_workers(&mut self, workers: Vec<(u32, u64)>) {
        self.workers = workers;
    }

    /// It wrote these lines.
    pub(crate) fn wrote(&mut self, lines: Vec<String>) {
        self.output.extend(lines);
        let excess = self.output.len().saturating_sub(OUTPUT_LIMIT);
        self.output.drain(..excess);
    }

    fn state(&self) -> PluginState {
        PluginState {
            id: self.id(),
            path: self.path.clone(),
            info: self.info.clone(),
            health: self.health.clone(),
            n_checks: self.n_checks,
            n_reloads: self.n_opened.saturating_sub(1),
            n_crashes: self.n_crashes,
            last_crash: self.last_crash.clone(),
            open_duration: self.open_duration,
            run_duration: self.run_duration,
            modified_at: self.modified_at,
            workers: self.workers.clone(),
            output: self.output.clone(),
            details: self.details.clone(),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The library files in these folders, sorted by path; a path that is itself a file counts too.
pub(crate) fn look(folders: &[PathBuf]) -> Vec<FoundLibrary> {
    let set = WatchSet {
        libraries: folders.to_vec(),
        ..WatchSet::default()
    };
    watch::existing_files(&set)
        .iter()
        .filter_map(|path| read(path))
        .collect()
}

/// A file that cannot be read still counts, so that opening it says why.
fn read(path: &Path) -> Option<FoundLibrary> {
    let metadata = std::fs::metadata(path).ok()?;
    let hash = Fingerprint::of_file(path).unwrap_or_default();
    Some(FoundLibrary {
        path: path.to_owned(),
        hash,
        modified_at: metadata.modified().ok(),
    })
}
