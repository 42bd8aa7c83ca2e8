//! A model that another process serves: the user's own Python, or ours that asks a server by HTTP.
//!
//! In: a plan the user has consented to. Out: a [`ModelServer`] that runs, and the socket at which
//! workers ask it. The process ends with the server.
//!
//! The interpreter runs a small program of ours, which loads the model and answers frames
//! ([`interlock_model::remote`]); the other process is this program itself
//! ([`crate::model_http`]). It is started once per version of the model and shared by all workers. What it prints is kept: the last lines explain its death.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use interlock_model::remote::Remote;
use interlock_model::{Model as _, ModelError, ModelInfo};
use interlock_plugin_api::facts::Task;
use serde::Serialize;

use crate::config::PythonSource;
use crate::fingerprint::Fingerprint;
use crate::model_http::{self, HttpPlan};
use crate::work::{clean, connect};

/// The program the interpreter runs.
const SHIM: &str = include_str!("model_server/shim.py");

/// How long a model may take to load.
const LOAD_LIMIT: Duration = Duration::from_secs(120);

/// Lines kept of what it prints.
const MAX_LINES: usize = 50;

/// Most files a model may consist of.
const MAX_FILES: usize = 10_000;

/// How to serve a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PythonPlan {
    /// The interpreter, and what it is to load.
    #[serde(flatten)]
    pub source: PythonSource,
    /// Folder of the project; modules are looked for there first.
    pub root: PathBuf,
    /// What is predicted.
    pub task: Task,
    /// The positive class of a binary task.
    pub positive: Option<String>,
    /// Its inputs, where it does not know them itself.
    pub features: Vec<String>,
    /// Grows with every start, so that one that died is started anew.
    pub attempt: u32,
}

impl PythonPlan {
    /// Names this version of the model: its files' bytes and how it is asked.
    fn fingerprint(&self) -> Result<Fingerprint, String> {
        let mut files = Vec::new();
        for path in self.source.files(&self.root) {
            collect(&path, &mut files)?;
        }
        files.sort();
        let settings = (&self.source, self.task, &self.positive, &self.features);
        let mut parts = vec![rmp_serde::to_vec(&settings).unwrap_or_default()];
        for file in &files {
            let hash = Fingerprint::of_file(file)
                .map_err(|error| format!("cannot read '{}': {error}", file.display()))?;
            parts.push(hash.as_bytes().to_vec());
        }
        Ok(Fingerprint::of_parts(parts.iter().map(Vec::as_slice)))
    }
}

/// Every file below a path.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if files.len() > MAX_FILES {
        return Err(format!(
            "'{}' holds too many files for a model",
            path.display()
        ));
    }
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let failed = |error| format!("cannot read '{}': {error}", path.display());
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        if entry.file_name().is_none_or(|name| name != "__pycache__") {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

/// A running interpreter with the model. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct ModelServer {
    child: Mutex<Child>,
    // The process ends itself when this pipe closes.
    _input: ChildStdin,
    folder: PrivateFolder,
    said: Arc<Mutex<VecDeque<String>>>,
    ended: Receiver<()>,
}

impl PartialEq for ModelServer {
    fn eq(&self, other: &Self) -> bool {
        self.folder.0 == other.folder.0
    }
}

/// A served model.
#[derive(Debug)]
pub struct Served {
    pub(crate) server: Arc<ModelServer>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) info: ModelInfo,
    pub(crate) timeout: Duration,
    /// Files of the project that were run while it was loaded.
    pub(crate) imports: Vec<Import>,
}

/// A file of the project that a model runs, as it was when the model was loaded.
pub(crate) type Import = (PathBuf, Fingerprint);

/// Why a model is not served.
#[derive(Debug, Default)]
pub struct StartError {
    /// One sentence.
    pub why: String,
    /// Files of the project that were run meanwhile: a change of one may mend it.
    pub(crate) imports: Vec<Import>,
}

impl From<String> for StartError {
    fn from(why: String) -> Self {
        Self {
            why,
            imports: Vec::new(),
        }
    }
}

/// Starts the interpreter and waits until the model is loaded.
///
/// # Errors
/// One sentence: no such interpreter, the model's own error with its place, no answer in time.
pub fn start(plan: &PythonPlan) -> Result<Served, StartError> {
    let own = plan.fingerprint()?;
    let mut command = Command::new(&plan.source.interpreter);
    command.args(["-u", "-c", SHIM]).current_dir(&plan.root);
    let advice = "name the interpreter with model.python";
    let (server, imports) = spawn(command, advice, plan, PrivateFolder::new()?)?;
    let mut parts = vec![own.as_bytes().to_vec()];
    for (path, fingerprint) in &imports {
        let name = path.strip_prefix(&plan.root).unwrap_or(path);
        parts.push(name.to_string_lossy().as_bytes().to_vec());
        parts.push(fingerprint.as_bytes().to_vec());
    }
    let fingerprint = Fingerprint::of_parts(parts.iter().map(Vec::as_slice));
    serve(server, imports, fingerprint, plan.source.timeout)
}

/// Starts the process that asks a model behind HTTP. `program` is this program.
///
/// Nobody can tell whether the server's model has changed, so results of another start do not count.
///
/// # Errors
/// One sentence: no server there, a secret that is not set, an answer that is none.
pub fn start_http(plan: &HttpPlan, program: &Path) -> Result<Served, StartError> {
    let folder = PrivateFolder::new()?;
    let settings = serde_json::to_vec(plan).unwrap_or_default();
    let place = folder.0.to_string_lossy().into_owned();
    let fingerprint = Fingerprint::of_parts([settings.as_slice(), place.as_bytes()]);
    let mut command = Command::new(program);
    command.arg(model_http::COMMAND);
    let (server, imports) = spawn(command, "the program is gone", plan, folder)?;
    // The other end waits for the server; this end waits a little longer.
    serve(server, imports, fingerprint, plan.source.timeout * 4)
}

fn serve(
    server: ModelServer,
    imports: Vec<Import>,
    fingerprint: Fingerprint,
    timeout: Duration,
) -> Result<Served, StartError> {
    match server.remote(timeout) {
        Ok(remote) => Ok(Served {
            info: remote.info().clone(),
            server: Arc::new(server),
            fingerprint,
            timeout,
            imports,
        }),
        Err(why) => Err(StartError { why, imports }),
    }
}

impl Served {
    /// The model, to be asked from this process.
    ///
    /// # Errors
    /// If its process is gone.
    pub fn remote(&self) -> Result<Remote, String> {
        self.server.remote(self.timeout)
    }
}

impl ModelServer {
    /// Where workers ask.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.0.join("model.sock")
    }

    /// Closes when the process has ended.
    pub(crate) fn ended(&self) -> Receiver<()> {
        self.ended.clone()
    }

    /// What it said last, for a message; empty if nothing.
    pub(crate) fn last_words(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.iter().rev().find(|line| !line.trim().is_empty());
        last.map_or_else(String::new, |line| clean(line.trim().as_bytes()))
    }

    fn remote(&self, timeout: Duration) -> Result<Remote, String> {
        let stream = connect(&self.socket(), timeout).map_err(|error| error.to_string())?;
        Remote::connect(stream).map_err(|error| self.explained(&error))
    }

    fn explained(&self, error: &ModelError) -> String {
        let last = self.last_words();
        if last.is_empty() {
            error.to_string()
        } else {
            format!("{error}: {last}")
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ended_already = child.kill();
        let _status = child.wait();
    }
}

/// A folder that only this user can enter, with a path short enough for a socket; removed in the end.
#[derive(Debug)]
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    fn new() -> Result<Self, String> {
        let mut number = 0_u32;
        loop {
            let name = format!("interlock-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error)
                    if error.kind() == std::io::ErrorKind::AlreadyExists && number < 10_000 =>
                {
                    number += 1;
                }
                Err(error) => return Err(format!("cannot make '{}': {error}", folder.display())),
            }
        }
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

#[derive(Serialize)]
struct Told<'a, P> {
    socket: PathBuf,
    #[serde(flatten)]
    plan: &'a P,
}

fn spawn(
    mut command: Command,
    advice: &str,
    plan: &impl Serialize,
    folder: PrivateFolder,
) -> Result<(ModelServer, Vec<Import>), StartError> {
    use std::os::unix::process::CommandExt as _;

    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            let program = command.get_program().to_string_lossy();
            format!("cannot start '{program}': {error}; {advice}")
        })?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut input), Some(output), Some(errors)) = pipes else {
        return Err("the interpreter has no pipes".to_owned().into());
    };
    let said = Arc::new(Mutex::new(VecDeque::new()));
    let (end, ended) = bounded(0);
    let kept = Arc::clone(&said);
    thread("model:output", move || {
        keep_lines(errors, &kept);
        drop(end);
    })?;
    let told = Told {
        socket: folder.0.join("model.sock"),
        plan,
    };
    let mut line = serde_json::to_vec(&told).map_err(|error| error.to_string())?;
    line.push(b'\n');
    let told = input.write_all(&line);
    let server = ModelServer {
        child: Mutex::new(child),
        _input: input,
        folder,
        said,
        ended,
    };
    let (sender, ready) = bounded(1);
    thread("model:ready", move || {
        let mut line = String::new();
        let _closed = BufReader::new(output).read_line(&mut line);
        let _given_up = sender.send(line);
    })?;
    let line = ready.recv_timeout(LOAD_LIMIT).map_err(|_late| {
        format!(
            "the served model was not loaded within {} s",
            LOAD_LIMIT.as_secs()
        )
    })?;
    let (word, files) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let imports = imports(files);
    if told.is_ok() && word == "ready" {
        return Ok((server, imports));
    }
    // Its last words come before its end.
    let _closed = server.ended.recv_timeout(Duration::from_secs(2));
    let last = server.last_words();
    let why = if last.is_empty() {
        "the served model ended without a word while it was loaded".to_owned()
    } else {
        format!("the served model cannot be loaded: {last}")
    };
    Err(StartError { why, imports })
}

/// The files a process says it has run, as they are now.
fn imports(files: &str) -> Vec<Import> {
    let files: Vec<PathBuf> = serde_json::from_str(files).unwrap_or_default();
    let read = |path: PathBuf| {
        let fingerprint = Fingerprint::of_file(&path).ok()?;
        Some((path, fingerprint))
    };
    files.into_iter().take(MAX_FILES).filter_map(read).collect()
}

/// Starts a thread that ends when the process's pipe does.
fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let spawned = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work);
    spawned.map(drop).map_err(|error| error.to_string())
}

fn keep_lines(output: impl Read, kept: &Mutex<VecDeque<String>>) {
    // A line without end is cut, not collected.
    const MAX_LINE: u64 = 10_000;
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        match output.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_back(String::from_utf8_lossy(&line).into_owned());
                if kept.len() > MAX_LINES {
                    kept.pop_front();
                }
            }
        }
    }
}
