//! `interlock init --learn`: a contract learned from the train table, added to the project file.
//!
//! In: a folder or a project file. Out: the project file with learned rules, replaced as a whole or not
//! at all, and in words what was added and what was not learned. Decides nothing about rules.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use interlock_engine::config::Config;
use interlock_engine::init;
use interlock_engine::learn::{self, LearnError, Learned, Merged};

use crate::{complain, project, say};

/// Reasons named before "and n more".
const MAX_REASONS: usize = 12;

/// What each key says, one and several of it, in the order to say it.
const KINDS: [(&str, &str, &str); 11] = [
    ("type", "type", "types"),
    ("required", "required column", "required columns"),
    (
        "missing_at_most",
        "limit of missing rows",
        "limits of missing rows",
    ),
    ("min", "least value", "least values"),
    ("max", "greatest value", "greatest values"),
    ("allowed", "list of values", "lists of values"),
    (
        "unique",
        "column without repeats",
        "columns without repeats",
    ),
    ("pattern", "pattern", "patterns"),
    ("length_min", "least length", "least lengths"),
    ("length_max", "greatest length", "greatest lengths"),
    ("relations", "relation", "relations"),
];

/// `interlock init --learn`.
pub(crate) fn run(dir: &Path, only_print: bool) -> anyhow::Result<ExitCode> {
    let file = project::file(dir)?;
    // A link stays one: what it points to is replaced.
    let file = file.canonicalize().unwrap_or(file);
    let is_new = !file.exists();
    let mut notes = Vec::new();
    let text = if is_new {
        let inferred = init::infer(file.parent().context("the project has no folder")?);
        notes = inferred.notes;
        inferred.toml
    } else {
        fs::read_to_string(&file).with_context(|| format!("reading '{}'", file.display()))?
    };
    let parsed = Config::parse(&text, &file);
    let (config, _odd) = parsed.map_err(|problems| project::refused(&file, &problems))?;
    let learned = learn::learn(&config).map_err(|error| told(error, &config))?;
    let merged = learn::merge(&text, &config, &learned.columns, &learned.relations)
        .map_err(|why| anyhow!("'{}' was not changed: {why}", file.display()))?;
    let words = words(&learned, &merged, &config);
    if only_print {
        say(merged.toml.trim_end());
        for line in &words {
            complain(line);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if merged.toml != text || is_new {
        replace(&file, &merged.toml).with_context(|| format!("writing '{}'", file.display()))?;
        say(&format!("wrote {}", file.display()));
    }
    for note in &notes {
        say(&format!("note: {note}"));
    }
    for line in &words {
        say(line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a text in a file's place: the old text stays whole until the new one is.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_as(&unfinished, file, text);
    if written.is_err() {
        // Nothing is lost with it.
        let _not_there = fs::remove_file(&unfinished);
    }
    written
}

fn write_as(unfinished: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    let mut out = File::create_new(unfinished)?;
    out.write_all(text.as_bytes())?;
    if let Ok(old) = fs::metadata(file) {
        out.set_permissions(old.permissions())?;
    }
    out.sync_all()?;
    fs::rename(unfinished, file)
}

/// What was added, what was there, what was not learned.
fn words(learned: &Learned, merged: &Merged, config: &Config) -> Vec<String> {
    let n_added: usize = merged.added.values().sum();
    let train = config
        .data
        .source(interlock_plugin_api::outcome::Role::Train);
    let train = train.map_or_else(String::new, interlock_engine::config::Source::label);
    let from = format!("learned from {} of {train}", counted(learned.n_rows, "row"));
    let mut words = Vec::new();
    words.push(match n_added {
        0 => format!("nothing to add: everything {from} stands there already"),
        n => {
            let rules = counted(n as u64, "rule");
            format!("added {rules} {from}: {}", kinds(&merged.added))
        }
    });
    if n_added > 0 && merged.n_kept > 0 {
        let rules = counted(merged.n_kept as u64, "rule");
        words.push(format!(
            "kept {rules} that stood there already, as they are"
        ));
    }
    let of_columns = learned.columns.iter().flat_map(|column| {
        let reasons = column.not_learned.iter();
        reasons.map(move |why| format!("column '{}': {why}", column.name))
    });
    let reasons: Vec<String> = merged
        .left_out
        .iter()
        .chain(&learned.not_learned)
        .cloned()
        .chain(of_columns)
        .collect();
    let shown = reasons.iter().take(MAX_REASONS);
    words.extend(shown.map(|reason| format!("not learned: {reason}")));
    if reasons.len() > MAX_REASONS {
        words.push(format!("not learned: {} more", reasons.len() - MAX_REASONS));
    }
    if n_added > 0 {
        words.push("read it through: it says what the train rows look like, not what is right; `interlock check` holds every table to it".to_owned());
    }
    words
}

/// `12 types, 1 relation`.
fn kinds(added: &BTreeMap<&'static str, usize>) -> String {
    let said = KINDS.iter().filter_map(|(key, one, several)| {
        let n = added.get(key)?;
        Some(format!("{n} {}", if *n == 1 { one } else { several }))
    });
    said.collect::<Vec<_>>().join(", ")
}

fn counted(n: u64, singular: &str) -> String {
    format!("{n} {singular}{}", if n == 1 { "" } else { "s" })
}

fn told(error: LearnError, config: &Config) -> anyhow::Error {
    match &error {
        LearnError::Unreadable(problems) => {
            project::complain_of(problems);
            error.into()
        }
        LearnError::NoTable => anyhow!(
            "{error}\n  help: add [data] train = \"train.csv\" to {}",
            config.file_name()
        ),
        _ => error.into(),
    }
}
