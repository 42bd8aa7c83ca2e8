//! What watched files look like at one moment.
//!
//! In: a [`WatchSet`]. Out: a [`Stamp`] per file that exists. Reads no file.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::set::{WatchSet, base};

/// Folders looked into for one pattern at most, so that a pattern at `/` ends.
const MAX_FOLDERS: usize = 20_000;

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    number: u64,
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            number: metadata.ino(),
        }
    }
}

/// Looks at every watched file.
pub(super) fn look(set: &WatchSet) -> BTreeMap<PathBuf, Stamp> {
    let mut stamps = BTreeMap::new();
    let mut add = |path: &Path| {
        if super::is_below(path, &set.excluded) {
            return;
        }
        if let Ok(metadata) = std::fs::metadata(path)
            && metadata.is_file()
        {
            stamps.insert(path.to_owned(), Stamp::from(&metadata));
        }
    };
    set.files.iter().for_each(|file| add(file));
    for place in &set.libraries {
        if place.is_dir() {
            entries(place)
                .filter(|path| is_library(path))
                .for_each(|path| add(&path));
        } else {
            add(place);
        }
    }
    for pattern in &set.patterns {
        if let Ok(glob) = globset::GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
        {
            for path in matching(pattern, &glob.compile_matcher(), &set.excluded) {
                add(&path);
            }
        }
    }
    stamps
}

fn is_library(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == std::env::consts::DLL_EXTENSION)
}

fn matching(pattern: &str, glob: &GlobMatcher, excluded: &[PathBuf]) -> Vec<PathBuf> {
    let (folder, is_deep) = base(pattern);
    let mut found = Vec::new();
    let mut folders = vec![folder];
    let mut n_folders = 0;
    while let Some(folder) = folders.pop() {
        n_folders += 1;
        if n_folders > MAX_FOLDERS {
            break;
        }
        for path in entries(&folder) {
            if glob.is_match(&path) {
                found.push(path);
            } else if is_deep
                && !path.is_symlink()
                && path.is_dir()
                && !super::is_below(&path, excluded)
            {
                folders.push(path);
            }
        }
    }
    found
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
}
