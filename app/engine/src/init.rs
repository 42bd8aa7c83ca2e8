//! Guesses a project file from what lies in a folder.
//!
//! In: a folder. Out: the text of an `interlock.toml`, every guess marked as one, and notes on what to
//! look at. Reads the tables it finds, writes nothing but their cache.

mod columns;

mod models;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use interlock_plugin_api::facts::Task;

use crate::load::{self, LoadSpec, LoadedTable};

use columns::Guess;
use models::FoundModel;

/// A guessed project file.
#[derive(Debug, Clone)]
pub struct Inferred {
    /// Its text.
    pub toml: String,
    /// What to look at, one sentence each.
    pub notes: Vec<String>,
}

/// Endings of table files; compressed ones have `.gz` or `.zst` after them.
const TABLES: [&str; 7] = [
    "csv", "tsv", "parquet", "arrow", "feather", "jsonl", "ndjson",
];

/// Names, without ending, that say which table a file is.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "train",
        &["train", "training", "train_data", "reference", "baseline"],
    ),
    (
        "test",
        &[
            "test",
            "testing",
            "test_data",
            "valid",
            "validation",
            "val",
            "holdout",
        ],
    ),
    (
        "current",
        &[
            "current",
            "live",
            "production",
            "prod",
            "serving",
            "recent",
            "new",
        ],
    ),
];

/// Guesses a project file for a folder.
pub fn infer(folder: &Path) -> Inferred {
    let files = files(folder);
    let mut notes = Vec::new();
    let tables = tables(folder, &files, &mut notes);
    let train = tables
        .iter()
        .find(|(role, _)| *role == "train")
        .and_then(|(_, file)| read(folder, file, &mut notes));
    let guess = train.as_deref().map(columns::guess).unwrap_or_default();
    let model = models::find(folder, &mut notes);
    if tables.is_empty() {
        notes.push("no table was found: put a train.csv (or .parquet, .arrow, .jsonl) here, or name yours under [data]".to_owned());
    }
    if model.is_none() && guess.target.is_some() {
        notes.push("no model was found: a random forest is trained from the train table until you set model.path".to_owned());
    }
    if let Some(target) = &guess.target {
        notes.push(format!("the column to predict is guessed to be '{target}'"));
    }
    Inferred {
        toml: write(folder, &tables, model.as_ref(), &guess),
        notes,
    }
}

/// Names of the folder's files and of those in its `data` folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for prefix in ["", "data/"] {
        let entries = std::fs::read_dir(folder.join(prefix))
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        found.extend(
            entries
                .filter(|entry| entry.path().is_file())
                .filter_map(|entry| Some(format!("{prefix}{}", entry.file_name().to_str()?))),
        );
    }
    found.sort();
    found
}

/// The file's name without folder and endings, if it is a table.
fn stem(file: &str) -> Option<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(name);
    let (stem, ending) = name.rsplit_once('.')?;
    TABLES
        .contains(&ending.to_lowercase().as_str())
        .then(|| stem.to_lowercase())
}

fn tables(folder: &Path, files: &[String], notes: &mut Vec<String>) -> Vec<(&'static str, String)> {
    let all: Vec<(&String, String)> = files
        .iter()
        .filter_map(|file| Some((file, stem(file)?)))
        .collect();
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (role, names) in NAMES {
        let is_named = |stem: &str| {
            names.iter().any(|name| {
                stem == *name
                    || stem.ends_with(&format!("_{name}"))
                    || stem.ends_with(&format!("-{name}"))
            })
        };
        if let Some((file, _)) = all.iter().find(|(_, stem)| is_named(stem)) {
            found.push((role, (*file).clone()));
        }
    }
    if found.iter().all(|(role, _)| *role != "train") {
        let rest: Vec<&&String> = all
            .iter()
            .map(|(file, _)| file)
            .filter(|file| found.iter().all(|(_, known)| known != **file))
            .collect();
        let largest = rest.into_iter().max_by_key(|file| {
            let size =
                std::fs::metadata(folder.join(file.as_str())).map_or(0, |metadata| metadata.len());
            (size, std::cmp::Reverse((**file).clone()))
        });
        if let Some(file) = largest {
            notes.push(format!(
                "no file is named like a train table; the largest table, {file}, is taken for it"
            ));
            found.insert(0, ("train", (**file).clone()));
        }
    }
    found
}

fn read(folder: &Path, file: &str, notes: &mut Vec<String>) -> Option<std::sync::Arc<LoadedTable>> {
    let spec = LoadSpec {
        files: vec![folder.join(file)],
        ..LoadSpec::default()
    };
    let loaded = load::load(&spec, folder, &cache(folder));
    if loaded.table.is_none() {
        let why = loaded
            .problems
            .first()
            .map(|problem| problem.message.clone())
            .unwrap_or_default();
        notes.push(format!("{file} could not be read: {why}"));
    }
    loaded.table
}

fn cache(folder: &Path) -> PathBuf {
    folder.join(".interlock").join("cache")
}

fn write(
    folder: &Path,
    tables: &[(&str, String)],
    model: Option<&FoundModel>,
    guess: &Guess,
) -> String {
    let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let name = folder.file_name().map_or_else(
        || "project".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let task = match guess.task {
        Task::Binary => "binary",
        Task::Multiclass => "multiclass",
        Task::Regression => "regression",
    };
    let mut text = String::from(
        "# Written by `interlock init`. Lines marked \"guess\" are guesses: read them through.\n\n[project]\n",
    );
    let mut line = |parts: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _written = text.write_fmt(parts);
        text.push('\n');
    };
    line(format_args!("name = {}", quote(&name)));
    if let Some(target) = &guess.target {
        line(format_args!(
            "task = \"{task}\"  # guess: from the values of the target"
        ));
        line(format_args!(
            "target = {}  # guess: {}",
            quote(target),
            guess.why_target
        ));
        if let Some(positive) = &guess.positive {
            line(format_args!(
                "positive = {}  # guess: the class of interest",
                quote(positive)
            ));
        }
    } else {
        line(format_args!("# task = \"binary\"\n# target = \"label\""));
    }
    line(format_args!("\n[data]"));
    for (role, file) in tables {
        line(format_args!("{role} = {}", quote(file)));
    }
    if tables.is_empty() {
        line(format_args!(
            "# train = \"train.csv\"\n# test = \"test.csv\"\n# current = \"current.csv\""
        ));
    }
    if let Some(id) = &guess.id {
        line(format_args!(
            "id = {}  # guess: every value is different",
            quote(id)
        ));
    }
    if let Some(time) = &guess.time {
        line(format_args!("time = {}  # guess: holds dates", quote(time)));
    }
    for column in &guess.sensitive {
        line(format_args!("\n[columns.{}]", quote(column)));
        line(format_args!("sensitive = true  # guess: from its name"));
    }
    text.push_str(&models::section(model, guess.target.is_some()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(inferred: &Inferred, folder: &Path) -> Config {
        Config::parse(&inferred.toml, &folder.join("interlock.toml"))
            .unwrap()
            .0
    }

    #[test]
    fn a_folder_of_tables_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = String::from("customer_id,Sex,income,signup,default\n");
        for row in 0..60 {
            let sex = if row % 2 == 0 { "f" } else { "m" };
            let risk = if row % 3 == 0 { "yes" } else { "no" };
            let _written = writeln!(
                rows,
                "{row},{sex},{}.5,2024-01-{:02},{risk}",
                row * 7,
                row % 28 + 1
            );
        }
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("data/credit_train.csv"), &rows).unwrap();
        std::fs::write(folder.path().join("data/test.csv"), &rows).unwrap();
        let inferred = infer(folder.path());
        let config = config(&inferred, folder.path());
        assert_eq!(
            config.project.target.as_deref(),
            Some("default"),
            "{}",
            inferred.toml
        );
        assert_eq!(config.project.task, Task::Binary);
        assert_eq!(config.project.positive.as_deref(), Some("yes"));
        assert_eq!(config.data.id.as_deref(), Some("customer_id"));
        assert_eq!(config.data.time.as_deref(), Some("signup"));
        assert!(config.columns["Sex"].sensitive);
        assert_eq!(config.data.sources.len(), 2);
        assert!(inferred.toml.contains("# guess"));
    }

    #[test]
    fn samples_are_guessed_as_they_are() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-projects");
        let copy = tempfile::tempdir().unwrap();
        for (sample, target, task) in [
            ("german-credit", "risk", Task::Binary),
            ("diabetes", "progression", Task::Regression),
        ] {
            for file in ["train.csv", "test.csv", "current.csv"] {
                std::fs::copy(samples.join(sample).join(file), copy.path().join(file)).unwrap();
            }
            let inferred = infer(copy.path());
            let config = config(&inferred, copy.path());
            assert_eq!(
                config.project.target.as_deref(),
                Some(target),
                "{}",
                inferred.toml
            );
            assert_eq!(config.project.task, task);
        }
    }

    #[test]
    fn an_empty_folder_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let inferred = infer(folder.path());
        config(&inferred, folder.path());
        assert!(inferred.notes[0].contains("put a train.csv"));
    }
}
