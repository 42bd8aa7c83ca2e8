//! One library in the pool: its private copy, and how often its workers died.
//!
//! In: deaths and successes, with the time. Out: whether a worker may be started now.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::work::job::LibraryId;
use crate::work::process::WorkerId;

/// After so many deaths without a finished run between them a library is left alone.
const MAX_DEATHS: u32 = 5;

/// The wait after the second death in a row; doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// A library as the pool sees it.
#[derive(Debug)]
pub(super) struct Library {
    /// The user's file.
    pub(super) source: PathBuf,
    /// The copy that serves; `None` until it was opened once.
    pub(super) copy: Option<Arc<PrivateCopy>>,
    pub(super) n_copies: u32,
    n_deaths: u32,
    rest_until: Option<Instant>,
    quarantine: Option<String>,
}

/// What to do after a death.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AfterDeath {
    AtOnce,
    Later(Duration),
    /// Why not.
    Never(String),
}

impl Library {
    pub(super) fn new(source: PathBuf) -> Self {
        Self {
            source,
            copy: None,
            n_copies: 0,
            n_deaths: 0,
            rest_until: None,
            quarantine: None,
        }
    }

    /// New bytes, or the user's wish: what was is forgotten.
    pub(super) fn forgive(&mut self) {
        self.n_deaths = 0;
        self.rest_until = None;
        self.quarantine = None;
    }

    /// A run ended in good order.
    pub(super) fn worked(&mut self) {
        self.n_deaths = 0;
        self.rest_until = None;
    }

    /// Whether a worker died since the last run that ended in good order.
    pub(super) fn has_crashed(&self) -> bool {
        self.n_deaths > 0
    }

    /// A worker died.
    pub(super) fn died(&mut self, sentence: &str, now: Instant) -> AfterDeath {
        self.n_deaths += 1;
        if self.n_deaths >= MAX_DEATHS {
            let why = format!(
                "not started again: its workers died {} times in a row, the last one {sentence}; rebuild it, or reopen it in the plugins pane",
                self.n_deaths
            );
            self.quarantine = Some(why.clone());
            return AfterDeath::Never(why);
        }
        if self.n_deaths == 1 {
            return AfterDeath::AtOnce;
        }
        let wait = FIRST_WAIT * 2_u32.pow(self.n_deaths - 2);
        self.rest_until = Some(now + wait);
        AfterDeath::Later(wait)
    }

    /// The copy to run; `None` to wait.
    ///
    /// # Errors
    /// Why no worker is started for it at all.
    pub(super) fn ready(&self, now: Instant) -> Result<Option<Arc<PrivateCopy>>, String> {
        if let Some(why) = &self.quarantine {
            return Err(format!("its plugin is {why}"));
        }
        if self.rest_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        Ok(self.copy.clone())
    }

    /// Until when no worker is started for it.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.rest_until
    }
}

/// A copy of a library file nobody else writes to; removed when the last worker is done with it.
#[derive(Debug)]
pub(crate) struct PrivateCopy {
    pub(super) path: PathBuf,
}

impl PrivateCopy {
    pub(super) fn new(scratch: &Scratch, library: LibraryId, n_copies: &mut u32) -> Self {
        *n_copies += 1;
        let extension = std::env::consts::DLL_EXTENSION;
        Self {
            path: scratch
                .folder
                .join(format!("{}-{n_copies}.{extension}", library.0)),
        }
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        // Never made, if opening failed early.
        let _absent = fs::remove_file(&self.path);
    }
}

/// The pool's own folder, named after this process.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Takes a fresh folder below `parent` and clears away those of hosts that are gone.
    pub(super) fn new(parent: &Path) -> Self {
        for entry in fs::read_dir(parent)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
        {
            let pid = entry.file_name().to_string_lossy().parse::<u32>();
            let is_running = pid.is_ok_and(|pid| Path::new("/proc").join(pid.to_string()).exists());
            if Path::new("/proc/self").exists() && !is_running {
                let _in_use = fs::remove_dir_all(entry.path());
            }
        }
        Self {
            folder: parent.join(std::process::id().to_string()),
        }
    }

    /// The folder a worker may write to.
    pub(super) fn for_worker(&self, worker: WorkerId) -> io::Result<PathBuf> {
        let folder = self.folder.join(format!("w{}", worker.0));
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    pub(super) fn remove(&self) {
        let _absent = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test needs some instant to begin with"
        )]
        Instant::now()
    }

    #[test]
    fn waits_grow_and_end_in_quarantine() {
        let now = start();
        let mut library = Library::new(PathBuf::new());
        assert_eq!(library.died("crashed", now), AfterDeath::AtOnce);
        assert_eq!(
            library.died("crashed", now),
            AfterDeath::Later(Duration::from_millis(250))
        );
        assert!(library.ready(now).unwrap().is_none());
        assert_eq!(
            library.died("crashed", now),
            AfterDeath::Later(Duration::from_millis(500))
        );
        assert_eq!(
            library.died("crashed", now),
            AfterDeath::Later(Duration::from_millis(1000))
        );
        let AfterDeath::Never(why) = library.died("crashed", now) else {
            panic!("no quarantine")
        };
        assert!(
            why.contains("died 5 times in a row, the last one crashed"),
            "{why}"
        );
        assert!(library.ready(now + Duration::from_secs(3600)).is_err());
        library.forgive();
        assert!(library.ready(now).is_ok());
    }

    #[test]
    fn a_finished_run_clears_the_count() {
        let now = start();
        let mut library = Library::new(PathBuf::new());
        for _ in 0..20 {
            assert_eq!(library.died("crashed", now), AfterDeath::AtOnce);
            assert!(library.has_crashed());
            library.worked();
            assert!(!library.has_crashed());
        }
    }
}
