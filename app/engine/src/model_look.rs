//! Looks at a model's file without loading it, for the check that says whether loading it is safe.
//!
//! In: a path. Out: a [`ModelFile`] for checks, bounded in size; `None` if there is no such file.

use std::path::Path;
use std::sync::Arc;

use interlock_model::scan::{Class, Scan, ScanLimits, Use, Verdict, Weight, scan};
use interlock_plugin_api::facts::{FileImport, FileSight, FileStanding, ModelFile};

/// Imports and sights that are handed on, the gravest first.
const MAX_LISTED: usize = 1000;

/// What is seen in the file at a path; in an `MLflow` folder, in the pickle inside.
pub(crate) fn look(path: &Path, root: &Path) -> Option<Arc<ModelFile>> {
    let file = if path.is_dir() {
        path.join("model.pkl")
    } else {
        path.to_owned()
    };
    let n_bytes = std::fs::metadata(&file).ok()?.len();
    let shown = file.strip_prefix(root).unwrap_or(&file);
    let seen = scan(&file, &ScanLimits::default());
    Some(Arc::new(match seen {
        Ok(scan) => told(&scan, &shown.display().to_string(), n_bytes),
        Err(error) => ModelFile {
            path: shown.display().to_string(),
            kind: "unreadable".to_owned(),
            n_bytes,
            reasons: vec![error.to_string()],
            ..ModelFile::default()
        },
    }))
}

fn told(scan: &Scan, path: &str, n_bytes: u64) -> ModelFile {
    let mut imports: Vec<FileImport> = scan
        .imports
        .iter()
        .map(|import| FileImport {
            name: format!("{}.{}", import.module, import.name),
            how: match import.how {
                Use::Named => "imported",
                Use::Built => "built",
                Use::Called => "called",
            }
            .to_owned(),
            standing: match import.class {
                Class::Safe => FileStanding::Safe,
                Class::Suspicious => FileStanding::Suspicious,
                Class::Dangerous => FileStanding::Dangerous,
            },
            why: import.why.to_owned(),
            place: place(&import.part, import.offset),
        })
        .collect();
    imports.sort_by_key(|import| std::cmp::Reverse(grave(import.standing)));
    imports.truncate(MAX_LISTED);
    let mut sights: Vec<FileSight> = scan
        .findings
        .iter()
        .map(|finding| FileSight {
            code: finding.code.to_owned(),
            standing: match finding.weight {
                Weight::Note => FileStanding::Safe,
                Weight::Unread => FileStanding::CannotTell,
                Weight::Suspicious => FileStanding::Suspicious,
                Weight::Dangerous => FileStanding::Dangerous,
            },
            text: finding.text.clone(),
            place: place(&finding.part, finding.offset),
        })
        .collect();
    sights.sort_by_key(|sight| std::cmp::Reverse(grave(sight.standing)));
    sights.truncate(MAX_LISTED);
    ModelFile {
        path: path.to_owned(),
        kind: scan.kind.to_string(),
        n_bytes,
        standing: match scan.verdict {
            Verdict::Safe => FileStanding::Safe,
            Verdict::Suspicious => FileStanding::Suspicious,
            Verdict::Dangerous => FileStanding::Dangerous,
            Verdict::CannotTell => FileStanding::CannotTell,
        },
        reasons: scan.reasons.clone(),
        n_imports: scan.imports.len() as u64,
        imports,
        sights,
        object: scan.estimator.clone(),
        advice: scan.advice.clone(),
    }
}

fn grave(standing: FileStanding) -> u8 {
    match standing {
        FileStanding::Safe => 0,
        FileStanding::CannotTell => 1,
        FileStanding::Suspicious => 2,
        FileStanding::Dangerous => 3,
    }
}

fn place(part: &str, offset: usize) -> String {
    if part.is_empty() {
        format!("byte {offset}")
    } else {
        format!("{part}, byte {offset}")
    }
}
