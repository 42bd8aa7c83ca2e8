//! Runs without a screen: `check` once, `watch --plain` as long as wanted.
//!
//! In: an engine. Out: a report and an exit status, or one line per event.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, select};
use interlock_engine::picture::Picture;
use interlock_engine::report::{self, human, json, plain};
use interlock_engine::run::Engine;

use crate::args::{CheckArgs, Format, WatchArgs};
use crate::{project, say, try_say};

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
    engine.stop();
    Ok(ExitCode::from(status.code(args.strict_warnings)))
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
