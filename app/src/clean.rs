//! `interlock clean`: what was typed becomes a cleaning, its summary and an exit status.
//!
//! In: arguments. Out: copies beside the originals, by way of the engine. Decides nothing about cells.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use interlock_engine::clean::{self, CleanError, FileForm, Request, suggest, summary};
use interlock_engine::config::{self, CleanStep, Config};
use interlock_plugin_api::outcome::Role;

use crate::args::{CleanArgs, CopyFormat, Table};
use crate::{project, say};

/// Exit status of a copy that lacks rows its original has.
const INCOMPLETE: u8 = 2;

/// `interlock clean`.
pub(crate) fn run(args: &CleanArgs) -> anyhow::Result<ExitCode> {
    let (config, _problems) = project::open(&args.dir)?;
    let tables = match args.table {
        Table::Train => vec![Role::Train],
        Table::Test => vec![Role::Test],
        Table::Current => vec![Role::Current],
        Table::All => Vec::new(),
    };
    if args.suggest {
        let plan = suggest::plan(&config, &tables).map_err(told)?;
        say(plan.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let request = Request {
        tables,
        steps: steps(args, &config)?,
        form: args.format.map(|format| match format {
            CopyFormat::Csv => FileForm::Csv,
            CopyFormat::Parquet => FileForm::Parquet,
        }),
        out: args.out.as_deref().map(absolute).transpose()?,
        force: args.force,
        dry_run: args.dry_run,
    };
    let summary = clean::run(&config, &request).map_err(told)?;
    project::complain_of(&summary.problems);
    if args.json {
        say(&serde_json::to_string_pretty(&summary).context("writing JSON")?);
    } else {
        say(summary::human(&summary).trim_end());
    }
    let is_incomplete = summary.problems.iter().any(|problem| problem.is_error);
    Ok(if is_incomplete {
        ExitCode::from(INCOMPLETE)
    } else {
        ExitCode::SUCCESS
    })
}

fn steps(args: &CleanArgs, config: &Config) -> anyhow::Result<Vec<CleanStep>> {
    if args.steps.is_empty() {
        if config.clean.is_empty() {
            bail!(
                "{} plans no cleaning\n  help: `interlock clean --suggest` prints a plan to start from",
                config.file_name()
            );
        }
        return Ok(config.clean.clone());
    }
    config::parse_steps(&args.steps).or_else(|problems| {
        project::complain_of(&problems);
        bail!("the steps cannot be read");
    })
}

fn absolute(path: &Path) -> anyhow::Result<std::path::PathBuf> {
    let folder = path
        .canonicalize()
        .with_context(|| format!("opening '{}'", path.display()))?;
    if !folder.is_dir() {
        bail!("'{}' is no folder", path.display());
    }
    Ok(folder)
}

fn told(error: CleanError) -> anyhow::Error {
    let help = match &error {
        CleanError::Step { help, .. } | CleanError::Output { help, .. } => help.clone(),
        CleanError::Table { problems, .. } => {
            project::complain_of(problems);
            String::new()
        }
        _ => String::new(),
    };
    if help.is_empty() {
        return error.into();
    }
    anyhow::anyhow!("{error}\n  help: {help}")
}
