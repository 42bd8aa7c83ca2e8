//! `interlock demo`: a bundled sample project, opened with no set-up.
//!
//! In: the name of a sample. Out: the dashboard on it.
//!
//! Run from its source tree, the sample is opened in place, so that its files and the source of its
//! in-house plugin can be edited. Installed, a copy is made once in the user's data folder: what
//! belongs to the installation is never written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::args::ScreenArgs;
use crate::{dashboard, locate, say};

/// The sample opened when none is named.
const FIRST: &str = "german-credit";

/// `interlock demo`.
pub(crate) fn run(
    name: Option<&str>,
    is_listing: bool,
    screen: &ScreenArgs,
) -> anyhow::Result<ExitCode> {
    let samples = samples();
    if is_listing {
        for (name, path) in &samples {
            say(&format!("{name:<20} {}", path.display()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let name = name.unwrap_or(FIRST);
    let Some((_, path)) = samples.iter().find(|(sample, _)| sample == name) else {
        let names: Vec<&str> = samples.iter().map(|(name, _)| name.as_str()).collect();
        bail!(
            "there is no sample '{name}'; there are: {}",
            names.join(", ")
        );
    };
    dashboard::run(&writable(name, path)?, screen)
}

/// The samples by name; the first place that has one wins.
fn samples() -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for folder in locate::samples() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_sample = path.join("interlock.toml").is_file();
            if is_sample && found.iter().all(|(known, _)| *known != name) {
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

/// The sample itself in a source tree, else a copy the user may write to.
fn writable(name: &str, path: &Path) -> anyhow::Result<PathBuf> {
    if locate::source_tree().is_some_and(|top| path.starts_with(top)) {
        return Ok(path.to_owned());
    }
    let copy = locate::data_home()
        .context("no home folder to copy the sample to")?
        .join("interlock/demo")
        .join(name);
    if !copy.exists() {
        copy_folder(path, &copy)
            .with_context(|| format!("copying the sample to '{}'", copy.display()))?;
    }
    Ok(copy)
}

/// Copies a folder without the state a run left in it.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let name = entry.file_name();
        if name == ".interlock" || name == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
