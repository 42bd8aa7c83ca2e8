//! From a path on the command line to settings in force.
//!
//! In: a folder or a project file. Out: a [`Config`] read from `interlock.toml`, or guessed from
//! what lies in the folder if there is none; engine options made of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use interlock_engine::config::Config;
use interlock_engine::problem::Problem;
use interlock_engine::report::human;
use interlock_engine::trust::{Consent, TrustPolicy};
use interlock_engine::{init, run};

use crate::{complain, locate, say};

/// The project file's usual name.
const FILE_NAME: &str = "interlock.toml";

/// Settings in force, and what was odd about them.
pub(crate) fn open(path: &Path) -> anyhow::Result<(Config, Vec<Problem>)> {
    let file = file(path)?;
    if !file.exists() {
        return guess(&file);
    }
    Config::load(&file).map_err(|problems| refused(&file, &problems))
}

/// Says what is wrong with a project file; what remains to be said is the error.
pub(crate) fn refused(file: &Path, problems: &[Problem]) -> anyhow::Error {
    complain_of(problems);
    anyhow!(
        "'{}' has {} problem{}",
        file.display(),
        problems.len(),
        if problems.len() == 1 { "" } else { "s" }
    )
}

/// Says what is wrong and what to do, line by line.
pub(crate) fn complain_of(problems: &[Problem]) {
    for problem in problems {
        complain(&human::problem_line(problem));
        if !problem.help.is_empty() {
            complain(&format!("  help: {}", problem.help));
        }
    }
}

/// Options for an engine on this project.
pub(crate) fn engine_options(
    path: &Path,
    is_watching: bool,
    is_polling: bool,
    is_trusted: bool,
) -> anyhow::Result<run::Options> {
    let (config, problems) = open(path)?;
    Ok(run::Options {
        config,
        problems,
        program: std::env::current_exe().context("finding this program's own file")?,
        bundled: locate::plugins(),
        n_workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        is_watching,
        is_polling,
        trust: TrustPolicy {
            file: trust_file(),
            is_given: is_trusted,
        },
        only_opens_plugins: false,
    })
}

/// Where consent is kept.
fn trust_file() -> Option<PathBuf> {
    Some(locate::state_home()?.join("interlock/trusted.json"))
}

/// `interlock trust`.
pub(crate) fn trust(dir: &Path, is_revoked: bool) -> anyhow::Result<ExitCode> {
    let (config, _problems) = open(dir)?;
    let file = trust_file().context("no state folder: set HOME or XDG_STATE_HOME")?;
    if is_revoked {
        Consent::revoke(&config.root, &file).context("writing your consent down")?;
        say("nothing of this project is run until you consent again");
        return Ok(ExitCode::SUCCESS);
    }
    let Some(consent) = Consent::needed(&config) else {
        say("this project runs nothing of its own: there is nothing to consent to");
        return Ok(ExitCode::SUCCESS);
    };
    consent
        .remember(&file)
        .context("writing your consent down")?;
    say(&format!("from now on this project may {}", consent.what));
    Ok(ExitCode::SUCCESS)
}

/// `interlock init`.
pub(crate) fn init(dir: &Path, only_print: bool) -> anyhow::Result<ExitCode> {
    let file = file(dir)?;
    let folder = file.parent().context("the project has no folder")?;
    let inferred = init::infer(folder);
    if only_print {
        say(inferred.toml.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    if file.exists() {
        bail!(
            "'{}' exists; it is never overwritten (--print shows what would be written)",
            file.display()
        );
    }
    std::fs::write(&file, &inferred.toml)
        .with_context(|| format!("writing '{}'", file.display()))?;
    say(&format!("wrote {}", file.display()));
    for note in &inferred.notes {
        say(&format!("note: {note}"));
    }
    say("read it through: what was guessed is marked as a guess");
    Ok(ExitCode::SUCCESS)
}

/// `interlock config`.
pub(crate) fn show_config(dir: &Path, schema: bool) -> anyhow::Result<ExitCode> {
    if schema {
        say(interlock_engine::config::SCHEMA.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let (config, _problems) = open(dir)?;
    say(config.to_annotated_toml().trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The project file of a folder, or the file itself; it need not exist yet.
pub(crate) fn file(path: &Path) -> anyhow::Result<PathBuf> {
    let path = path
        .canonicalize()
        .with_context(|| format!("opening '{}'", path.display()))?;
    Ok(if path.is_dir() {
        path.join(FILE_NAME)
    } else {
        path
    })
}

fn guess(file: &Path) -> anyhow::Result<(Config, Vec<Problem>)> {
    let folder = file.parent().context("the project has no folder")?;
    let inferred = init::infer(folder);
    let (config, mut problems) = Config::parse(&inferred.toml, file).map_err(|problems| {
        let first = problems
            .first()
            .map(human::problem_line)
            .unwrap_or_default();
        anyhow!(
            "what was guessed of '{}' does not hold: {first}",
            folder.display()
        )
    })?;
    problems.push(Problem {
        file: FILE_NAME.to_owned(),
        line: None,
        column: None,
        message: "there is none; everything here is guessed from the files in the folder"
            .to_owned(),
        help: "run `interlock init` to write the guess down and correct it".to_owned(),
        is_error: false,
    });
    Ok((config, problems))
}
