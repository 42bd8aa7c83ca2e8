//! Runs without a screen: `check` once, `watch --plain` as long as wanted.
//!
//! In: an engine. Out: a report and an exit status, or one line per event.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, select};
use interlock_engine::evidence::{self, EvidenceError, Form, INDEX};
use interlock_engine::picture::Picture;
use interlock_engine::report::{self, human, json, plain};
use interlock_engine::run::Engine;
use interlock_plugin_api::outcome::Rows;

use crate::args::{CheckArgs, CopyFormat, Format, WatchArgs};
use crate::{complain, project, say, try_say};

/// `interlock check`.
pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    if args.schema {
        say(json::SCHEMA.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let options = project::engine_options(&args.dir, false, false, args.trust)?;
    let engine = Engine::start(options).context("starting the engine")?;
    let picture = settled(&engine.pictures).context("the engine ended before the checks did")?;
    match args.format {
        Format::Human => say(human::report(&picture).trim_end()),
        Format::Json => {
            say(&serde_json::to_string_pretty(&json::report(&picture)).context("writing JSON")?);
        }
    }
    let status = report::exit_status(&picture);
    let exported = args
        .export
        .as_deref()
        .map(|folder| export(&picture, folder, args));
    engine.stop();
    exported.transpose()?;
    Ok(ExitCode::from(status.code(args.strict_warnings)))
}

/// Writes the rows behind the findings, and says so where it disturbs no JSON.
fn export(picture: &Picture, folder: &Path, args: &CheckArgs) -> anyhow::Result<()> {
    let form = match args.export_format {
        CopyFormat::Csv => Form::Csv,
        CopyFormat::Parquet => Form::Parquet,
    };
    let entries = evidence::write(picture, folder, form).map_err(|error| match error {
        EvidenceError::NotOurs { .. } => anyhow::anyhow!(
            "{error}\n  help: name a folder that is new or empty, or take away what is yours"
        ),
        error => error.into(),
    })?;
    let with_rows = || entries.iter().filter(|entry| !entry.file.is_empty());
    let mut text = format!(
        "{} findings listed in {}; the rows of {} beside it",
        entries.len(),
        folder.join(INDEX).display(),
        with_rows().count()
    );
    let n_cut = with_rows()
        .filter(|entry| entry.n_in_file < entry.n_rows)
        .count();
    if n_cut > 0 {
        let most = Rows::LIMIT;
        text = format!("{text}; of {n_cut} only the first {most}, as the checks keep no more");
    }
    if args.format == Format::Json {
        complain(&text);
    } else {
        say(&text);
    }
    Ok(())
}

/// `interlock watch`.
pub(crate) fn watch(args: &WatchArgs) -> anyhow::Result<ExitCode> {
    let options = project::engine_options(&args.dir, true, args.poll, args.trust)?;
    let engine = Engine::start(options).context("starting the engine")?;
    let mut was_settled = false;
    loop {
        let mut lines = Vec::new();
        select! {
            recv(engine.log) -> entry => match entry {
                Ok(entry) => lines.push(plain::line(&entry, 0)),
                Err(_) => break,
            },
            recv(engine.pictures) -> picture => match picture {
                Ok(picture) => {
                    // The log lines that led here come first.
                    lines.extend(engine.log.try_iter().map(|entry| plain::line(&entry, 0)));
                    let is_settled = picture.is_settled();
                    if is_settled && !was_settled {
                        lines.extend(plain::standings(&picture));
                    }
                    was_settled = is_settled;
                }
                Err(_) => break,
            },
        }
        if lines.iter().any(|line| try_say(line).is_err()) {
            // Nobody reads any more.
            break;
        }
    }
    engine.stop();
    Ok(ExitCode::SUCCESS)
}

/// The first picture in which everything has come to rest.
pub(crate) fn settled(pictures: &Receiver<Arc<Picture>>) -> Option<Arc<Picture>> {
    pictures.iter().find(|picture| picture.is_settled())
}
