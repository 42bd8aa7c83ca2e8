//! The dashboard on a project.
//!
//! In: a project folder. Out: events as lines until the program is ended; the screen is drawn by the
//! terminal crate once it has panes for all of a picture.

use std::path::Path;
use std::process::ExitCode;

use crate::args::{ScreenArgs, WatchArgs};
use crate::headless;

/// Opens a project and follows it.
pub(crate) fn run(dir: &Path, screen: &ScreenArgs) -> anyhow::Result<ExitCode> {
    headless::watch(&WatchArgs {
        dir: dir.to_owned(),
        plain: true,
        poll: screen.poll,
    })
}
