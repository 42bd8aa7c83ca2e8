//! The screen in a program whose other threads print and panic: what a library we use may do.
//!
//! In: a project folder. Out: the dashboard, while lines go to standard output and error and a panic
//! is caught in another thread.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "printing and panicking is what this is for"
)]

use std::path::PathBuf;

use interlock_engine::config::Config;
use interlock_engine::run::{Engine, Options};
use interlock_tui::run::{Options as Screen, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which project?")?);
    let (config, problems) =
        Config::load(&folder.join("interlock.toml")).map_err(|problems| format!("{problems:?}"))?;
    let engine = Engine::start(Options {
        config,
        problems,
        program: std::env::current_exe()?,
        bundled: Vec::new(),
        n_workers: 1,
        is_watching: true,
        is_polling: false,
        trust: interlock_engine::trust::TrustPolicy::default(),
        only_opens_plugins: false,
    })?;
    let chatter = std::thread::spawn(|| {
        for line in 0..200 {
            println!("out {line}");
            eprintln!("err {line}");
        }
        let caught = std::panic::catch_unwind(|| panic!("contained"));
        println!("caught: {}", caught.is_err());
    });
    let ended = run(&engine.pictures, &engine.requests, &Screen::default());
    let _panicked = chatter.join();
    engine.stop();
    ended?;
    println!("ended well");
    Ok(())
}
