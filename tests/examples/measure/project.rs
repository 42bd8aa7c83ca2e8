//! Projects to measure on, and the program on them.
//!
//! In: the repository's samples, or a table made here. Out: folders, dashboards, plain streams.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use termlens::Terminal;

use super::{Answer, program};

/// The project file of the folder with the made table.
pub(crate) const SETTINGS: &str = "[project]\nname = \"saves\"\ntask = \"binary\"\ntarget = \"y\"\npositive = \"yes\"\n\
    [data]\ntrain = \"train.csv\"\ncurrent = \"current.csv\"\ntest = \"current.csv\"\n\
    [columns.sex]\nsensitive = true\n\
    [model]\ntrain = { algorithm = \"random-forest\", n_trees = 20, max_depth = 6 }\n";

/// Where everything is put.
pub(crate) struct Place {
    folder: TempDir,
    program: PathBuf,
    pub(crate) top: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Answer<Self> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("no repository")?;
        Ok(Self {
            folder: tempfile::tempdir()?,
            program: program()?,
            top: top.to_path_buf(),
        })
    }

    /// An empty folder of this name.
    pub(crate) fn folder(&self, name: &str) -> Answer<PathBuf> {
        let folder = self.folder.path().join(name);
        let _none_yet = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A fresh copy of a bundled sample.
    pub(crate) fn sample(&self, name: &str) -> Answer<PathBuf> {
        let folder = self.folder(name)?;
        copy(&self.top.join("sample-projects").join(name), &folder)?;
        Ok(folder)
    }

    /// The dashboard on a project.
    pub(crate) fn dashboard(&self, project: &Path) -> Answer<Terminal> {
        let terminal = Terminal::builder()
            .size(140, 45)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .timeout(Duration::from_secs(60))
            .arg(project)
            .spawn(&self.program)?;
        Ok(terminal)
    }

    /// The plain stream of a project.
    pub(crate) fn plain(&self, project: &Path) -> Answer<Stream> {
        let mut child = Command::new(&self.program)
            .args(["watch", "--plain"])
            .arg(project)
            .env("HOME", self.folder.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Stream { child, lines })
    }
}

/// The lines of a running `watch --plain`, which ends with it.
pub(crate) struct Stream {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Stream {
    /// Reads on until a line holds these words.
    pub(crate) fn until(&mut self, words: &str) -> Answer<()> {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            if self.lines.read_line(&mut line)? == 0 {
                return Err(format!("the stream ended before '{words}'").into());
            }
        }
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A table of 30,000 rows and 15 columns, other numbers each time.
#[derive(Default)]
pub(crate) struct Table {
    state: u64,
}

impl Table {
    /// Its text; with one row in ten written twice if so wanted.
    pub(crate) fn csv(&mut self, has_duplicates: bool) -> String {
        const N_ROWS: usize = 30_000;
        let towns = [
            "Ulm", "Jena", "Kiel", "Bonn", "Hof", "Trier", "Gotha", "Emden",
        ];
        let mut text =
            "age,income,hours,debt,score,ratio,children,tenure,rate,sex,town,job,owns,plan,y\n"
                .to_owned();
        let mut line = String::new();
        let mut n_rows = 0;
        while n_rows < N_ROWS {
            line.clear();
            let mut sum = 0.0;
            for column in 0..9_u32 {
                let value = (self.next() % 10_000) as f64 / f64::from(column + 1);
                sum += value;
                let _written = write!(line, "{value:.3},");
            }
            let pick = self.next();
            let (sex, town) = (
                ["f", "m"][(pick & 1) as usize],
                towns[(pick >> 1 & 7) as usize],
            );
            let (job, owns) = (
                ["a", "b", "c", "d"][(pick >> 4 & 3) as usize],
                pick >> 6 & 1,
            );
            let (plan, y) = (
                ["x", "y", "z", "x"][(pick >> 7 & 3) as usize],
                ["no", "yes"][usize::from(sum > 14_000.0)],
            );
            let _written = writeln!(line, "{sex},{town},{job},{owns},{plan},{y}");
            let n_copies = if has_duplicates && n_rows % 10 == 0 {
                2
            } else {
                1
            };
            text.push_str(&line.repeat(n_copies));
            n_rows += n_copies;
        }
        text
    }

    /// A linear congruential generator (Knuth's MMIX constants), upper bits.
    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }
}

fn copy(from: &Path, to: &Path) -> Answer<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().ok_or("a file has a name")?;
        if name == ".interlock" || name == "target" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
