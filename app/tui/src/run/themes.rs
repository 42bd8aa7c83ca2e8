//! Which theme is in force, and its file on disk watched.
//!
//! In: what the command line, the project and the reader name. Out: themes; one that cannot be read
//! leaves the last good one in force and says so.

use crossbeam_channel::{Receiver, unbounded};
use interlock_engine::problem::Problem;
use interlock_engine::report::human;
use interlock_engine::watch::{self, WatchEvent, WatchSet, Watcher};

use super::Options;
use crate::theme::library::Library;
use crate::theme::{ColorDepth, Theme};

pub(super) struct Themes {
    library: Library,
    depth: ColorDepth,
    fallback: &'static str,
    /// Named on the command line.
    fixed: Option<String>,
    /// Named by the project file.
    named: Option<String>,
    /// Chosen while looking.
    chosen: Option<String>,
    problem: Option<String>,
    events: Receiver<WatchEvent>,
    watcher: Watcher,
}

impl Themes {
    pub(super) fn new(options: &Options, depth: ColorDepth, fallback: &'static str) -> Self {
        let (sender, events) = unbounded();
        Self {
            library: Library::new(options.theme_folders.clone()),
            depth,
            fallback,
            fixed: options.theme.clone(),
            named: None,
            chosen: None,
            problem: None,
            events,
            watcher: watch::start(WatchSet::default(), false, &sender),
        }
    }

    /// The first theme. One named on the command line must be usable; one named by the project is
    /// replaced and complained about.
    pub(super) fn begin(&mut self, named: Option<&str>) -> Result<Theme, String> {
        self.named = named.map(str::to_owned);
        let is_fixed = self.fixed.is_some();
        if let Some(theme) = self.load() {
            return Ok(theme);
        }
        if is_fixed {
            return Err(self.problem.clone().unwrap_or_default());
        }
        let fallback = self.library.load(self.fallback, self.depth);
        fallback
            .map(|loaded| loaded.theme)
            .map_err(|problems| told(&problems))
    }

    /// Another theme if the project names another; whether it does.
    pub(super) fn follow(&mut self, named: Option<&str>) -> bool {
        let is_other = self.named.as_deref() != named;
        if is_other {
            self.named = named.map(str::to_owned);
            self.chosen = None;
        }
        is_other
    }

    /// The next one by name.
    pub(super) fn next(&mut self) {
        let names = self.library.names();
        let at = names.iter().position(|name| name == self.name());
        let next = at.map_or(0, |at| (at + 1) % names.len().max(1));
        self.chosen = names.get(next).cloned();
    }

    fn name(&self) -> &str {
        // Without colors there is one theme only.
        if self.depth == ColorDepth::Mono {
            return "mono";
        }
        let name = self.chosen.as_ref().or(self.fixed.as_ref());
        name.or(self.named.as_ref())
            .map_or(self.fallback, String::as_str)
    }

    /// Reads the theme in force and watches its files; `None` leaves the last good one.
    pub(super) fn load(&mut self) -> Option<Theme> {
        let name = self.name().to_owned();
        let mut files = self.library.candidates(&name);
        let loaded = self.library.load(&name, self.depth);
        let theme = match loaded {
            Ok(loaded) => {
                files.extend(loaded.files);
                self.problem = (!loaded.notes.is_empty()).then(|| told(&loaded.notes));
                Some(loaded.theme)
            }
            Err(problems) => {
                self.problem = Some(format!("{}; the last good theme stays", told(&problems)));
                None
            }
        };
        files.sort();
        files.dedup();
        self.watcher.set(WatchSet {
            files,
            ..WatchSet::default()
        });
        theme
    }

    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.clone()
    }

    /// Tells when to read it again.
    pub(super) fn changes(&self) -> Receiver<WatchEvent> {
        self.events.clone()
    }
}

fn told(problems: &[Problem]) -> String {
    let Some(first) = problems.first() else {
        return String::new();
    };
    let mut text = human::problem_line(first);
    if !first.help.is_empty() {
        text = format!("{text} ({})", first.help);
    }
    match problems.len() - 1 {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}
