//! The worker's side: a process that opens one plugin library and runs its checks.
//!
//! In: commands on standard input. Out: answers on a private copy of standard output; what the plugin
//! prints goes to standard error, which the host captures.
//!
//! One thread reads commands, so that the process ends the moment its host is gone, whatever a check
//! does; the other opens the library and runs checks, one at a time.

#![expect(
    unsafe_code,
    reason = "file descriptors are moved before any other code can use them"
)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::host::{self, Plugin};

use super::protocol::{FromWorker, Open, OpenFailed, Opened, Run, ToWorker};
use super::sandbox;
use super::services::{Inputs, Services};

pub use super::process::COMMAND;

/// The stack of the thread that runs checks.
const STACK_BYTES: usize = 16 << 20;

/// Serves a host until it closes the pipe.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_host_is_gone) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let (mut commands, answers) = take_pipes()?;
    let answers = Arc::new(Mutex::new(answers));
    // The first command says how to confine the process, which must happen before threads start.
    let Some(ToWorker::Open(open)) = ToWorker::read(&mut commands)? else {
        return Ok(());
    };
    if open.is_copy_needed
        && let Err(error) = std::fs::copy(&open.source, &open.copy)
    {
        return tell(
            &answers,
            &FromWorker::OpenFailed(copy_failed(&open, &error)),
        );
    }
    sandbox::confine(&open.scratch, &open.limits);
    let (sender, runs) = channel();
    let checks = std::thread::Builder::new()
        .name("check".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let work = std::panic::AssertUnwindSafe(|| work(&open, &runs, &answers));
            // Plugins catch their own panics; one that still arrives must not leave the host waiting.
            if std::panic::catch_unwind(work).is_err() {
                std::process::abort();
            }
        })?;
    while let Ok(Some(command)) = ToWorker::read(&mut commands) {
        if let ToWorker::Run(run) = command
            && sender.send(run).is_err()
        {
            break;
        }
    }
    // The host closed the pipe. A check that runs now is not wanted any more.
    if checks.is_finished() {
        let _ended = checks.join();
    }
    #[expect(clippy::exit, reason = "a check in the other thread may never return")]
    std::process::exit(0)
}

/// Keeps the pipes for this program alone: what the plugin reads is empty, what it prints is captured.
fn take_pipes() -> io::Result<(File, File)> {
    let commands = private_copy(libc::STDIN_FILENO)?;
    let answers = private_copy(libc::STDOUT_FILENO)?;
    let nothing = File::open("/dev/null")?;
    for (from, to) in [
        (nothing.as_raw_fd(), libc::STDIN_FILENO),
        (libc::STDERR_FILENO, libc::STDOUT_FILENO),
    ] {
        // SAFETY: both are open descriptors; no other thread exists yet.
        if unsafe { libc::dup2(from, to) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok((File::from(commands), File::from(answers)))
}

fn private_copy(descriptor: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointer; high enough not to be taken for a standard stream.
    let copy = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 100) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above made it for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn copy_failed(open: &Open, error: &io::Error) -> OpenFailed {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "make the file readable for yourself",
        io::ErrorKind::NotFound => "build it again",
        _ => "check the disk the state folder lies on",
    };
    OpenFailed {
        message: format!("cannot read '{}': {error}", open.source.display()),
        help: help.to_owned(),
        details: None,
    }
}

fn tell(answers: &Mutex<File>, answer: &FromWorker) -> io::Result<()> {
    let mut answers = match answers.lock() {
        Ok(answers) => answers,
        Err(poisoned) => poisoned.into_inner(),
    };
    answer.write(&mut *answers)
}

fn work(open: &Open, runs: &Receiver<Box<Run>>, answers: &Arc<Mutex<File>>) {
    let plugin = match host::open(&open.copy) {
        Ok(plugin) => plugin,
        Err(error) => {
            // The user knows the file by its own name, not by that of our copy.
            let own = |text: &str| {
                text.replace(
                    &*open.copy.to_string_lossy(),
                    &open.source.to_string_lossy(),
                )
            };
            let failed = OpenFailed {
                message: own(&error.to_string()),
                help: error.help().to_owned(),
                details: error.details().map(own),
            };
            let _host_is_gone = tell(answers, &FromWorker::OpenFailed(failed));
            return;
        }
    };
    let opened = Opened {
        info: plugin.info.clone(),
        checks: plugin.checks.clone(),
    };
    if tell(answers, &FromWorker::Opened(Box::new(opened))).is_err() {
        return;
    }
    let mut inputs = Inputs::default();
    while let Ok(run) = runs.recv() {
        sandbox::allow_cpu_time(open.limits.cpu_time);
        let answer = match serve_run(&plugin, &run, &mut inputs, answers) {
            Ok(outcome) => FromWorker::Finished(outcome),
            Err(error) => FromWorker::Failed(error),
        };
        if let Err(error) = tell(answers, &answer) {
            // Too long to send is the check's fault and can be said.
            let failed = CheckError::failed(format!("its outcome cannot be sent: {error}"));
            if tell(answers, &FromWorker::Failed(failed)).is_err() {
                return;
            }
        }
    }
}

fn serve_run(
    plugin: &Plugin,
    run: &Run,
    inputs: &mut Inputs,
    answers: &Arc<Mutex<File>>,
) -> Result<Vec<u8>, CheckError> {
    inputs.prepare(run)?;
    let services = Services {
        run,
        inputs,
        answers: Arc::clone(answers),
        told_at: Cell::new(None),
        names: RefCell::new(BTreeMap::new()),
    };
    plugin.run(&run.check, &services)
}
