//! The dashboard on a project.
//!
//! In: a project folder. Out: the screen until the reader quits, then the standings as text, so that
//! they stay in the shell's history. Without a terminal that can draw: events as lines.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use interlock_engine::report::human;
use interlock_engine::run::Engine;
use interlock_tui::run::{Ending, Options};

use crate::args::{ScreenArgs, WatchArgs};
use crate::{complain, headless, locate, project, say};

/// Opens a project and follows it.
pub(crate) fn run(dir: &Path, screen: &ScreenArgs) -> anyhow::Result<ExitCode> {
    if let Some(why) = cannot_draw() {
        complain(&format!("{why}: showing events as lines instead"));
        return headless::watch(&WatchArgs {
            dir: dir.to_owned(),
            plain: true,
            poll: screen.poll,
            trust: false,
        });
    }
    let options = project::engine_options(dir, true, screen.poll, false)?;
    let engine = Engine::start(options).context("starting the engine")?;
    let ended = interlock_tui::run::run(
        &engine.pictures,
        &engine.requests,
        &Options {
            theme: screen.theme.clone(),
            theme_folders: locate::themes(),
            is_ascii: screen.ascii || !speaks_unicode(),
            has_mouse: !screen.no_mouse,
        },
    );
    engine.stop();
    let ended = ended?;
    match ended.how {
        Ending::Quit => {
            say(&human::summary(&ended.picture));
            Ok(ExitCode::SUCCESS)
        }
        Ending::Signal(signal) => Ok(ExitCode::from(
            u8::try_from(128 + signal).unwrap_or(u8::MAX),
        )),
    }
}

/// Why no screen can be drawn here.
fn cannot_draw() -> Option<&'static str> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        Some("this is no terminal")
    } else if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        Some("TERM is dumb")
    } else {
        None
    }
}

/// Whether the locale says that the terminal shows Unicode.
fn speaks_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    set.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
