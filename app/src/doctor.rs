//! `interlock doctor`: what this installation, terminal and kernel offer, for bug reports.
//!
//! In: the environment. Out: lines; nothing is changed.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use interlock_engine::work::sandbox;

use crate::{locate, project, say};

/// `interlock doctor`.
pub(crate) fn run(dir: &Path) -> ExitCode {
    say(&format!(
        "interlock {} ({}, {})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    ));
    say(&format!("plugin API {}", interlock_plugin_api::API_VERSION));
    say("");
    say("terminal");
    let is_terminal = std::io::stdout().is_terminal();
    line(
        "is a terminal",
        if is_terminal {
            "yes"
        } else {
            "no: use `interlock watch --plain`"
        },
    );
    for variable in [
        "TERM",
        "COLORTERM",
        "NO_COLOR",
        "TMUX",
        "SSH_CONNECTION",
        "LANG",
    ] {
        line(
            variable,
            &std::env::var(variable).unwrap_or_else(|_| "not set".to_owned()),
        );
    }
    say("");
    say("worker processes");
    for fact in sandbox::report() {
        line(fact.name, &fact.state);
    }
    say("");
    say("installation");
    list("plugins", &locate::plugins());
    list("themes", &locate::themes());
    list("samples", &locate::samples());
    say("");
    say("project");
    match project::open(dir) {
        Ok((config, problems)) => {
            line("project file", &config.path.display().to_string());
            line("state", &config.state_dir().display().to_string());
            list("plugin folders", &config.plugins.paths);
            for problem in &problems {
                line(
                    "note",
                    &interlock_engine::report::human::problem_line(problem),
                );
            }
        }
        Err(error) => line("none", &format!("{error:#}")),
    }
    ExitCode::SUCCESS
}

fn line(name: &str, value: &str) {
    say(&interlock_engine::report::printable(&format!(
        "  {name:<36} {value}"
    )));
}

fn list(name: &str, paths: &[std::path::PathBuf]) {
    if paths.is_empty() {
        line(name, "none found");
    }
    for path in paths {
        line(name, &path.display().to_string());
    }
}
