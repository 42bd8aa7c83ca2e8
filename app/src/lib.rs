//! The `interlock` program: what was typed becomes a running engine and a screen or a report.
//!
//! The binary is this library's [`main`], so that the bundle and the end-to-end tests run the very
//! same program.

mod args;

mod locate;

mod project;

mod learn;

mod headless;

mod clean;

mod dashboard;

mod demo;

mod plugins;

mod doctor;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Args, Command};

pub use demo::copy_folder;
pub use locate::{data_home, plugins as bundled_plugins, source_tree};

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    // These are not for people: the engine starts this program again for work that may crash.
    match std::env::args().nth(1).as_deref() {
        Some(interlock_engine::work::worker::COMMAND) => {
            return interlock_engine::work::worker::main();
        }
        Some(interlock_engine::model_input::TRAIN_COMMAND) => {
            return ended(interlock_engine::model_input::train_main());
        }
        Some(interlock_engine::model_http::COMMAND) => {
            return ended(interlock_engine::model_http::main());
        }
        _ => {}
    }
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::from(3)
        }
    }
}

fn ended(how: Result<(), String>) -> ExitCode {
    match how {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        None => dashboard::run(&args.dir, &args.screen),
        Some(Command::Init {
            dir,
            learn,
            force_print,
        }) => {
            if learn {
                learn::run(&dir, force_print)
            } else {
                project::init(&dir, force_print)
            }
        }
        Some(Command::Check(options)) => headless::check(&options),
        Some(Command::Clean(options)) => clean::run(&options),
        Some(Command::Watch(options)) => headless::watch(&options),
        Some(Command::Config { dir, schema }) => project::show_config(&dir, schema),
        Some(Command::Demo { name, list, screen }) => demo::run(name.as_deref(), list, &screen),
        Some(Command::Trust { dir, revoke }) => project::trust(&dir, revoke),
        Some(Command::Plugin { command }) => plugins::run(&command),
        Some(Command::Doctor { dir }) => Ok(doctor::run(&dir)),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "interlock",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Says what went wrong. Who does not listen misses it, nothing more.
pub fn complain(text: &str) {
    let _not_heard = writeln!(std::io::stderr(), "{text}");
}

/// Says what was asked for. A reader that has gone, as in `interlock check | head`, is no error: the
/// exit status still is the verdict.
pub fn say(text: &str) {
    let _not_heard = try_say(text);
}

/// Says what was asked for.
///
/// # Errors
/// If nobody listens any more.
pub fn try_say(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}
