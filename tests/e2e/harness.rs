//! A copy of a sample project in a folder of its own, and the real program on it.
//!
//! In: the name of a sample. Out: a headless run's output, or a pseudo-terminal with the dashboard
//! in it. Nothing here sleeps; waits are for what must appear.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use termlens::Terminal;

/// How long anything may take on a loaded machine before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_interlock-under-test"))
}

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests stand in the repository")
        .to_path_buf()
}

/// A project of its own for one test.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// A copy of a bundled sample.
    pub(crate) fn of_sample(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        copy(
            &repository().join("sample-projects").join(name),
            &folder.path().join("project"),
        );
        Self { folder }
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        fs::create_dir(folder.path().join("project")).expect("the project's folder");
        Self { folder }
    }

    /// A train and a test table of a town and a size, where the target is whether the size is positive.
    pub(crate) fn of_sizes() -> Self {
        let project = Self::empty();
        for (file, shift) in [("train.csv", 0.5), ("test.csv", 0.25)] {
            let mut csv = "town,size,y\n".to_owned();
            for row in 0..120_u32 {
                // Every size once: no row repeats.
                let size = f64::from(row * 7 % 121) - 60.0 + shift;
                let town = if row % 2 == 0 { "Ulm" } else { "Jena" };
                let _written = writeln!(csv, "{town},{size},{}", u8::from(size > 0.0));
            }
            project.save(file, &csv);
        }
        project
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("project").join(file)
    }

    /// The text of a file.
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("the file can be read")
    }

    /// Saves a file as editors do: under another name first, then renamed.
    pub(crate) fn save(&self, file: &str, text: &str) {
        let unfinished = self.path(&format!(".{file}.tmp"));
        fs::write(&unfinished, text).expect("the file can be written");
        fs::rename(&unfinished, self.path(file)).expect("the file can be renamed");
    }

    /// A home of its own, so that no setting of this machine is read.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Runs the program without a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.path("."));
        let output = self
            .at_home(&mut command)
            .output()
            .expect("the program can be started");
        Run { output }
    }

    /// A command with a clean environment.
    pub(crate) fn at_home<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
    }

    /// Opens the dashboard in a terminal of this size.
    pub(crate) fn dashboard(&self, columns: u16, rows: u16) -> Terminal {
        self.dashboard_with(columns, rows, &[])
    }

    /// Opens the dashboard with more in its environment.
    pub(crate) fn dashboard_with(
        &self,
        columns: u16,
        rows: u16,
        environment: &[(&str, &str)],
    ) -> Terminal {
        let mut builder = Terminal::builder()
            .size(columns, rows)
            .env_clear()
            .env("HOME", self.home())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .timeout(PATIENCE)
            .arg(self.path("."));
        for (name, value) in environment {
            builder = builder.env(name, value);
        }
        builder
            .spawn(program())
            .expect("the dashboard can be started")
    }
}

/// What a headless run left.
pub(crate) struct Run {
    output: Output,
}

impl Run {
    /// Standard output.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard error.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The exit status.
    pub(crate) fn code(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.output.stdout).unwrap_or_else(|error| {
            panic!("no JSON: {error}\n{}\n{}", self.stdout(), self.stderr())
        })
    }
}

/// The report on one check.
pub(crate) fn check_in<'a>(report: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    let checks = report["checks"].as_array().expect("a list of checks");
    checks
        .iter()
        .find(|check| check["id"] == id)
        .unwrap_or_else(|| panic!("no check {id} in {report:#}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the sample can be listed") {
        let entry = entry.expect("the entry can be read");
        let name = entry.file_name();
        if name == ".interlock" || name == "target" {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}
