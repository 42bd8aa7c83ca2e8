//! Interlock with its plugins standing beside it: the demo, the installer, the packager.
//!
//! In: `install [--prefix DIR]`, `package DIR`, or whatever `interlock` itself understands. Out: an
//! installation, a relocatable folder, or the program.
//!
//! This package names the plugins as dependencies, so that cargo builds their libraries whenever it
//! builds this binary; it is otherwise the very program `interlock` is. It links none of them.

mod install;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["install"] => install::install(None),
        ["install", "--prefix", prefix] => install::install(Some(PathBuf::from(prefix))),
        ["install", ..] => Err(anyhow::anyhow!("usage: install [--prefix DIR]")),
        ["package", folder] => install::package(&PathBuf::from(folder)),
        ["package", ..] => Err(anyhow::anyhow!("usage: package DIR")),
        _ => return interlock::main(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            interlock::complain(&format!("error: {error:#}"));
            ExitCode::from(3)
        }
    }
}
