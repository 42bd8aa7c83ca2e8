//! One worker process, from the host's side.
//!
//! In: commands. Out: [`RawEvent`]s from two threads, one reading answers, one reading what the
//! plugin prints. Both end when the process does.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use crossbeam_channel::{Sender, after};
use interlock_plugin_api::error::CheckError;
use interlock_plugin_api::host::decode_outcome;
use interlock_plugin_api::outcome::Outcome;

use super::output::{self, Lines};
use super::protocol::{FromWorker, OpenFailed, Opened, Progress, ToWorker};

/// The word that makes the program a worker: its only argument then.
pub const COMMAND: &str = "worker";

/// After each piece of printed output the reader pauses this long, so that a flood waits in the pipe
/// at the plugin's own cost.
const OUTPUT_PAUSE: Duration = Duration::from_millis(5);

/// What the environment may tell plugins; the rest, such as credentials, is not for them.
const INHERITED: [&str; 10] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "ORT_DYLIB_PATH",
];

/// Number of a worker process, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WorkerId(pub(crate) u64);

/// Something a worker did.
#[derive(Debug)]
pub(crate) struct RawEvent {
    pub(crate) worker: WorkerId,
    pub(crate) what: Raw,
}

/// What a worker did.
#[derive(Debug)]
pub(crate) enum Raw {
    Opened(Box<Opened>),
    OpenFailed(OpenFailed),
    Progress(Progress),
    Partial(Result<Box<Outcome>, CheckError>),
    Finished(Result<Box<Outcome>, CheckError>),
    Failed(CheckError),
    /// It sent what no worker of ours sends.
    Garbled(String),
    /// Nothing more will be answered: the process ended, or closed its pipe.
    AnswersEnded,
    Output(Vec<String>),
    OutputEnded,
}

/// A running worker process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    commands: ChildStdin,
}

impl Process {
    /// Starts a worker in its scratch folder.
    pub(crate) fn spawn(
        program: &Path,
        scratch: &Path,
        id: WorkerId,
        sender: &Sender<RawEvent>,
    ) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;

        let inherited = INHERITED
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut child = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .envs(inherited)
            .env("TMPDIR", scratch)
            .current_dir(scratch)
            // A Ctrl-C in the terminal is for the host; the host ends its workers.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(commands), Some(answers), Some(printed)) = pipes else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        let process = Self { child, commands };
        let answer_sender = sender.clone();
        thread(id, "answers", move || {
            read_answers(answers, id, &answer_sender);
        })?;
        let output_sender = sender.clone();
        thread(id, "output", move || {
            read_output(printed, id, &output_sender);
        })?;
        Ok(process)
    }

    /// Tells the worker to do something.
    pub(crate) fn send(&mut self, command: &ToWorker) -> io::Result<()> {
        command.write(&mut self.commands)
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory it holds, in bytes; 0 where the system does not say.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// Ends it without waiting.
    pub(crate) fn kill(&mut self) {
        let _ended_already = self.child.kill();
    }

    /// Ends it if it still runs, and says how it ended.
    pub(crate) fn end(&mut self) -> Option<ExitStatus> {
        self.kill();
        self.child.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _status = self.end();
    }
}

/// Starts a thread that ends when the process's pipe does.
fn thread(id: WorkerId, what: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name(format!("worker{}:{what}", id.0))
        .spawn(work)
        .map(drop)
}

fn read_answers(answers: ChildStdout, worker: WorkerId, sender: &Sender<RawEvent>) {
    let mut answers = BufReader::new(answers);
    loop {
        let what = match FromWorker::read(&mut answers) {
            Ok(Some(answer)) => raw(answer),
            Ok(None) => Raw::AnswersEnded,
            // Cut off in the middle: the process ended while it wrote.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Raw::AnswersEnded,
            Err(error) => Raw::Garbled(error.to_string()),
        };
        let is_last = matches!(what, Raw::AnswersEnded | Raw::Garbled(_));
        if sender.send(RawEvent { worker, what }).is_err() || is_last {
            return;
        }
    }
}

fn raw(answer: FromWorker) -> Raw {
    let decoded = |bytes: &[u8]| decode_outcome(bytes).map(Box::new);
    match answer {
        FromWorker::Opened(opened) => Raw::Opened(opened),
        FromWorker::OpenFailed(failed) => Raw::OpenFailed(failed),
        FromWorker::Progress(progress) => Raw::Progress(Progress {
            share: progress.share,
            activity: output::clean(progress.activity.as_bytes()),
        }),
        FromWorker::Partial(bytes) => Raw::Partial(decoded(&bytes)),
        FromWorker::Finished(bytes) => Raw::Finished(decoded(&bytes)),
        FromWorker::Failed(error) => Raw::Failed(CheckError {
            message: output::clean(error.message.as_bytes()),
            ..error
        }),
        FromWorker::Log(line) => Raw::Output(vec![output::clean(line.as_bytes())]),
    }
}

fn read_output(mut printed: impl Read, worker: WorkerId, sender: &Sender<RawEvent>) {
    let mut buffer = vec![0; 1 << 16];
    let mut lines = Lines::default();
    loop {
        let n_bytes = match printed.read(&mut buffer) {
            Ok(n_bytes) => n_bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_lost) => 0,
        };
        let complete = if n_bytes == 0 {
            lines.rest()
        } else {
            lines.push(&buffer[..n_bytes])
        };
        if !complete.is_empty()
            && sender
                .send(RawEvent {
                    worker,
                    what: Raw::Output(complete),
                })
                .is_err()
        {
            return;
        }
        if n_bytes == 0 {
            let _pool_ended = sender.send(RawEvent {
                worker,
                what: Raw::OutputEnded,
            });
            return;
        }
        let _pause = after(OUTPUT_PAUSE).recv();
    }
}
