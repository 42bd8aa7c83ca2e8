//! A folder that appears whole or not at all.
//!
//! In: where it is to be, and what fills it. Out: the folder, in place of an earlier one of ours. One
//! that holds anything else is left as it is: files that were not written here, or that somebody has
//! changed since.

use std::fs;
use std::path::{Path, PathBuf};

use super::EvidenceError;
use super::index::{self, INDEX};

/// Fills a folder beside its place, then moves it there.
pub(super) fn whole<T>(
    place: &Path,
    fill: impl FnOnce(&Path) -> Result<T, EvidenceError>,
) -> Result<T, EvidenceError> {
    let failed = |error: &std::io::Error| EvidenceError::Failed {
        path: place.to_owned(),
        reason: error.to_string(),
    };
    // A link is followed, so that the folder it names is the one replaced.
    let place = &fs::canonicalize(place)
        .or_else(|_new| std::path::absolute(place))
        .map_err(|error| failed(&error))?;
    let is_there = may_take(place)?;
    let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(EvidenceError::NotOurs {
            folder: place.clone(),
            why: "it is no folder of its own".to_owned(),
        });
    };
    fs::create_dir_all(parent).map_err(|error| failed(&error))?;
    let beside = |ending: &str| -> PathBuf {
        let mut name = name.to_owned();
        name.push(format!(".{}.{ending}", std::process::id()));
        parent.join(name)
    };
    let (part, old) = (beside("part"), beside("old"));
    fs::create_dir(&part).map_err(|error| failed(&error))?;
    let filled = fill(&part).and_then(|filled| {
        put(&part, place, is_there.then_some(&old)).map_err(|error| failed(&error))?;
        Ok(filled)
    });
    filled.map_err(|error| {
        let _gone = fs::remove_dir_all(&part);
        in_place(error, &part, place)
    })
}

/// The same error about the file as it would have been called.
fn in_place(error: EvidenceError, part: &Path, place: &Path) -> EvidenceError {
    match error {
        EvidenceError::Failed { path, reason } => EvidenceError::Failed {
            path: path
                .strip_prefix(part)
                .map_or_else(|_| path.clone(), |name| place.join(name)),
            reason,
        },
        error @ EvidenceError::NotOurs { .. } => error,
    }
}

/// Moves the new folder into place and takes the old one away.
fn put(part: &Path, place: &Path, old: Option<&PathBuf>) -> std::io::Result<()> {
    let Some(old) = old else {
        return fs::rename(part, place);
    };
    fs::rename(place, old)?;
    if let Err(error) = fs::rename(part, place) {
        fs::rename(old, place)?;
        return Err(error);
    }
    fs::remove_dir_all(old)
}

/// Whether a folder is there already; an error if it is not ours to replace.
fn may_take(place: &Path) -> Result<bool, EvidenceError> {
    let not_ours = |why: String| EvidenceError::NotOurs {
        folder: place.to_owned(),
        why,
    };
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(not_ours(error.to_string())),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| not_ours(error.to_string()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    if names.is_empty() {
        return Ok(true);
    }
    let Some(known) = index::read(&place.join(INDEX)) else {
        return Err(not_ours(format!(
            "'{}' is not of an earlier export",
            names[0]
        )));
    };
    for name in names.iter().filter(|name| *name != INDEX) {
        let Some((_, hash)) = known.iter().find(|(known, _)| known == name) else {
            return Err(not_ours(format!("'{name}' is not of an earlier export")));
        };
        if index::hash(&place.join(name)).as_ref() != Some(hash) {
            return Err(not_ours(format!(
                "'{name}' was changed since it was written"
            )));
        }
    }
    Ok(true)
}
