//! Finds the model of a folder: by what a file's bytes are, not by its name alone.
//!
//! In: a folder. Out: the first file there, or in `models` and `model`, that opens as a model; else the
//! first one that only Python can load. Nothing is run to find out.

use std::path::Path;

use interlock_model::Limits;

/// Endings of files that may be models; tables and settings have some of them too.
const ENDINGS: [&str; 6] = [".json", ".ubj", ".txt", ".cbm", ".onnx", ".model"];

/// Endings of files that only Python can load.
const PYTHON: [&str; 3] = [".pkl", ".pickle", ".joblib"];

/// Files larger than this are not opened for a guess.
const MAX_BYTES: u64 = 256 << 20;

/// A model that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FoundModel {
    /// It opens.
    Read {
        /// Relative to the folder.
        path: String,
        /// `onnx`, `lightgbm-text`…
        format: String,
    },
    /// It is a pickle.
    Python {
        /// Relative to the folder.
        path: String,
    },
}

/// The folder's model. Notes name the others, if there are several.
pub(super) fn find(folder: &Path, notes: &mut Vec<String>) -> Option<FoundModel> {
    let files = files(folder);
    let ends = |file: &&String, endings: &[&str]| {
        let name = file.to_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let limits = Limits {
        n_bytes: MAX_BYTES,
        ..Limits::default()
    };
    let opened = files
        .iter()
        .filter(|file| ends(file, &ENDINGS))
        .filter_map(|file| {
            let model = interlock_model::open(&folder.join(file), &limits).ok()?;
            Some((file.clone(), model.info().format.clone()))
        });
    let opened: Vec<(String, String)> = opened.collect();
    if opened.len() > 1 {
        let names: Vec<&str> = opened.iter().map(|(file, _)| file.as_str()).collect();
        notes.push(format!(
            "several models were found, the first is used: {}",
            names.join(", ")
        ));
    }
    if let Some((path, format)) = opened.into_iter().next() {
        return Some(FoundModel::Read { path, format });
    }
    let pickle = files.iter().find(|file| ends(file, &PYTHON))?;
    notes.push(format!(
        "'{pickle}' is loaded by Python only: it is run once you have consented"
    ));
    Some(FoundModel::Python {
        path: pickle.clone(),
    })
}

/// The project file's section; without a model one is trained, if it is known for what.
pub(super) fn section(model: Option<&FoundModel>, has_target: bool) -> String {
    let quote = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let lines = match model {
        Some(FoundModel::Read { path, format }) => format!("path = {}  # {format}", quote(path)),
        Some(FoundModel::Python { path }) => format!(
            "path = {}\nformat = \"python\"  # your own Python loads it, once you have consented\n# python = \".venv/bin/python\"",
            quote(path)
        ),
        None if has_target => {
            "train = \"random-forest\"  # trained here until you set: path = \"model.json\""
                .to_owned()
        }
        None => "# path = \"model.json\"".to_owned(),
    };
    format!("\n[model]\n{lines}\n")
}

/// Files of the folder and of its model folders, sorted, those at the top first.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for prefix in ["", "model/", "models/"] {
        let entries = std::fs::read_dir(folder.join(prefix));
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| Some(format!("{prefix}{}", entry.file_name().to_str()?)))
            .collect();
        names.sort();
        found.extend(names);
    }
    found
}
