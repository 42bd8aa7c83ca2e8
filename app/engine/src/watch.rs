//! Says when a file the project depends on changed, once it has come to rest.
//!
//! In: a [`WatchSet`]. Out: [`WatchEvent`]s.
//!
//! The system's notices only wake this module; what changed is found by comparing each file's size,
//! times and number with what they were. So a rename-save, a swapped link, a lost notice and polling
//! all end in the same comparison, and reading a file never counts as a change. A file that still
//! grows is waited for. Nothing wakes up while nothing happens, except where only polling works, which
//! is announced.

mod set;

mod look;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select, unbounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use look::{Stamp, look};
pub use set::WatchSet;

/// A change is looked at again after this pause; it has come to rest when nothing changed between.
const REST: Duration = Duration::from_millis(20);

/// A file that changes without end is reported after this long.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often files are looked at where the system gives no notices.
const POLL: Duration = Duration::from_millis(500);

/// How often folders are looked for anew while they come and go under the watches being made.
const FOLDER_LOOKS: usize = 16;

/// Files of a set that exist now, sorted.
pub fn existing_files(set: &WatchSet) -> Vec<PathBuf> {
    look(set).into_keys().collect()
}

/// What the watcher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// These files changed, appeared or are gone; absolute, sorted, each once.
    Changed {
        /// Which.
        paths: Vec<PathBuf>,
    },
    /// Watching has begun.
    Watching {
        /// By what means: `inotify`, `polling every 500 ms`.
        how: String,
    },
    /// Watching goes on by other means.
    Fallback {
        /// Why, in one sentence.
        reason: String,
        /// By what means now.
        how: String,
    },
}

/// A running watcher; dropping it ends it.
#[derive(Debug)]
pub struct Watcher {
    control: Sender<WatchSet>,
}

impl Watcher {
    /// Watches other files from now on. Files that were not watched before are reported once.
    pub fn set(&self, set: WatchSet) {
        let _ended = self.control.send(set);
    }
}

/// Starts to watch. Changes from the moment of this call on are reported.
pub fn start(set: WatchSet, is_polling: bool, sender: &Sender<WatchEvent>) -> Watcher {
    start_resting(set, is_polling, REST, sender)
}

fn start_resting(
    set: WatchSet,
    is_polling: bool,
    rest: Duration,
    sender: &Sender<WatchEvent>,
) -> Watcher {
    let (control, controls) = unbounded();
    let seen = look(&set);
    let spawned = std::thread::Builder::new()
        .name("watch".to_owned())
        // Ends when the `Watcher` is dropped or nobody listens any more.
        .spawn({
            let sender = sender.clone();
            move || Loop::new(set, seen, rest, sender, controls).run(is_polling)
        });
    if let Err(error) = spawned {
        let reason = format!("files are not watched: {error}");
        let _nobody_listens = sender.send(WatchEvent::Fallback {
            reason,
            how: "not at all".to_owned(),
        });
    }
    Watcher { control }
}

struct Loop {
    set: WatchSet,
    rest: Duration,
    /// What every file looked like when it was last reported.
    seen: BTreeMap<PathBuf, Stamp>,
    /// What changed files looked like at the last look, while they come to rest.
    moving: Option<Moving>,
    sender: Sender<WatchEvent>,
    controls: Receiver<WatchSet>,
    notices: Receiver<notify::Result<notify::Event>>,
    notice_sender: Sender<notify::Result<notify::Event>>,
    /// `None` while polling.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    /// Whether a watched folder went or came since the watches were made.
    is_restless: bool,
}

struct Moving {
    since: Instant,
    looked_at: Instant,
    last: BTreeMap<PathBuf, Stamp>,
}

impl Loop {
    fn new(
        set: WatchSet,
        seen: BTreeMap<PathBuf, Stamp>,
        rest: Duration,
        sender: Sender<WatchEvent>,
        controls: Receiver<WatchSet>,
    ) -> Self {
        let (notice_sender, notices) = unbounded();
        Self {
            set,
            rest,
            seen,
            moving: None,
            sender,
            controls,
            notices,
            notice_sender,
            watcher: None,
            watched: BTreeMap::new(),
            is_restless: false,
        }
    }

    fn run(mut self, is_polling: bool) {
        if !self.begin(is_polling) {
            return;
        }
        // What changed while the watches were set up.
        let mut is_due = true;
        loop {
            if is_due && !self.compare() {
                return;
            }
            let timer = match (&self.moving, &self.watcher) {
                (Some(moving), _) => crossbeam_channel::at(moving.looked_at + self.rest),
                (None, None) => crossbeam_channel::after(POLL),
                (None, Some(_)) => never(),
            };
            is_due = select! {
                recv(self.notices) -> notice => notice.is_ok_and(|notice| self.noticed(notice)),
                recv(self.controls) -> set => match set {
                    Ok(set) => {
                        self.set = set;
                        self.rewatch();
                        true
                    }
                    Err(_dropped) => return,
                },
                recv(timer) -> _ => {
                    if !self.compare() {
                        return;
                    }
                    false
                }
            };
            // A change that is coming to rest is looked at when its pause is over, not before.
            is_due &= self.moving.is_none();
        }
    }

    fn begin(&mut self, is_polling: bool) -> bool {
        if is_polling {
            return self.tell(WatchEvent::Watching { how: polling() });
        }
        let sender = self.notice_sender.clone();
        let handler = move |notice| {
            let _ended = sender.send(notice);
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.rewatch();
                self.watcher.is_none() || self.tell(WatchEvent::Watching { how: means() })
            }
            Err(error) => self.fall_back(&error),
        }
    }

    /// Whether a notice is reason to look.
    fn noticed(&mut self, notice: notify::Result<notify::Event>) -> bool {
        match notice {
            Ok(event) => {
                // Reading a file, ours too, is no change. Folders may have come or gone otherwise.
                let is_access =
                    matches!(event.kind, EventKind::Access(_)) && !is_close_after_write(event.kind);
                if is_of_structure(event.kind) {
                    let is_watched =
                        |path: &PathBuf| self.watched.keys().any(|folder| folder.starts_with(path));
                    self.is_restless |= event.paths.iter().any(is_watched);
                    self.rewatch();
                }
                !is_access || event.need_rescan()
            }
            Err(error) => {
                self.fall_back(&error);
                true
            }
        }
    }

    /// Watches exactly the folders that matter now.
    ///
    /// A folder made between the look for folders and the watch on its parent gives no notice, so it
    /// is looked again until the watches stand on what is there.
    fn rewatch(&mut self) {
        for _attempt in 0..FOLDER_LOOKS {
            let wanted = self.set.folders_to_watch();
            if !self.watch_only(&wanted) || self.set.folders_to_watch() == wanted {
                return;
            }
        }
        self.is_restless = true;
    }

    /// False if the system does not watch any more.
    fn watch_only(&mut self, wanted: &BTreeMap<PathBuf, RecursiveMode>) -> bool {
        let Some(mut watcher) = self.watcher.take() else {
            return false;
        };
        let gone: Vec<PathBuf> = self
            .watched
            .keys()
            .filter(|folder| !wanted.contains_key(*folder))
            .cloned()
            .collect();
        for folder in gone {
            self.watched.remove(&folder);
            // The folder itself may be gone, and its watch with it.
            let _gone = watcher.unwatch(&folder);
        }
        for (folder, mode) in wanted {
            if self.watched.get(folder) == Some(mode) {
                continue;
            }
            match watcher.watch(folder, *mode) {
                Ok(()) => {
                    self.watched.insert(folder.clone(), *mode);
                }
                // Gone again since it was looked at; the next look sees that.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => {
                    self.fall_back(&error);
                    return false;
                }
            }
        }
        self.watcher = Some(watcher);
        true
    }

    fn fall_back(&mut self, error: &notify::Error) -> bool {
        self.watcher = None;
        self.watched.clear();
        let reason = match error.kind {
            notify::ErrorKind::MaxFilesWatch => {
                "the system's limit of watched folders is reached (fs.inotify.max_user_watches)"
                    .to_owned()
            }
            _ => format!("the system does not watch files here: {error}"),
        };
        self.tell(WatchEvent::Fallback {
            reason,
            how: polling(),
        })
    }

    /// Compares files with what they were; false if nobody listens any more.
    fn compare(&mut self) -> bool {
        let present = look(&self.set);
        let changed = differences(&self.seen, &present);
        let now = now();
        if changed.is_empty() {
            self.moving = None;
            return !self.is_restless || self.begin_anew(now);
        }
        match &mut self.moving {
            Some(moving) if moving.last == present || now >= moving.since + PATIENCE => {
                self.moving = None;
                self.seen = present;
                let is_heard = self.tell(WatchEvent::Changed { paths: changed });
                return is_heard && (!self.is_restless || self.begin_anew(now));
            }
            Some(moving) => {
                moving.last = present;
                moving.looked_at = now;
            }
            None => {
                self.moving = Some(Moving {
                    since: now,
                    looked_at: now,
                    last: present,
                });
            }
        }
        true
    }

    /// A watched folder went or came: the system's watch on it may have gone with it, so all are made
    /// again, and what happened meanwhile is looked for once more.
    fn begin_anew(&mut self, now: Instant) -> bool {
        self.is_restless = false;
        if let Some(watcher) = &mut self.watcher {
            for folder in std::mem::take(&mut self.watched).into_keys() {
                let _gone = watcher.unwatch(&folder);
            }
        }
        self.rewatch();
        let last = look(&self.set);
        self.moving = (last != self.seen).then_some(Moving {
            since: now,
            looked_at: now,
            last,
        });
        true
    }

    fn tell(&self, event: WatchEvent) -> bool {
        self.sender.send(event).is_ok()
    }
}

fn is_of_structure(kind: EventKind) -> bool {
    use notify::event::ModifyKind;
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

fn is_close_after_write(kind: EventKind) -> bool {
    use notify::event::{AccessKind, AccessMode};
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}

/// Files that are not what they were, are new, or are gone; sorted.
fn differences(before: &BTreeMap<PathBuf, Stamp>, now: &BTreeMap<PathBuf, Stamp>) -> Vec<PathBuf> {
    let changed = now
        .iter()
        .filter(|(path, stamp)| before.get(*path) != Some(stamp))
        .map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    let mut paths: Vec<PathBuf> = changed.chain(gone).cloned().collect();
    paths.sort();
    paths
}

fn polling() -> String {
    format!("polling every {} ms", POLL.as_millis())
}

fn means() -> String {
    if cfg!(target_os = "linux") {
        "inotify".to_owned()
    } else if cfg!(target_os = "macos") {
        "FSEvents".to_owned()
    } else {
        "notices of the system".to_owned()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the watcher's thread measures how long a file keeps changing"
)]
fn now() -> Instant {
    Instant::now()
}

/// Whether a path lies in a folder or is it.
fn is_below(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests;
