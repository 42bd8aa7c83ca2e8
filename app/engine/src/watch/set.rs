//! What to watch.
//!
//! In: files, patterns and plugin folders. Out: the folders whose notices matter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use notify::RecursiveMode;

/// What to watch; all paths absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchSet {
    /// Files; they need not exist yet.
    pub files: Vec<PathBuf>,
    /// Patterns of files, as `/project/data/*.csv`.
    pub patterns: Vec<String>,
    /// Folders whose plugin libraries count, and library files themselves.
    pub libraries: Vec<PathBuf>,
    /// Folders nothing in which counts.
    pub excluded: Vec<PathBuf>,
}

impl WatchSet {
    /// Existing folders to watch: those of the files and of what their links point to; for a folder
    /// that does not exist yet, the nearest one above it that does.
    pub(super) fn folders_to_watch(&self) -> BTreeMap<PathBuf, RecursiveMode> {
        let mut folders = BTreeMap::new();
        let mut add = |folder: &Path, mode| {
            if let Some(existing) = folder.ancestors().find(|folder| folder.is_dir()) {
                let is_itself = existing == folder;
                let mode = if is_itself {
                    mode
                } else {
                    RecursiveMode::NonRecursive
                };
                let entry = folders.entry(existing.to_owned()).or_insert(mode);
                if mode == RecursiveMode::Recursive {
                    *entry = mode;
                }
            }
        };
        for file in self.files.iter().chain(&self.libraries) {
            for path in [Some(file.clone()), std::fs::canonicalize(file).ok()]
                .into_iter()
                .flatten()
            {
                if let Some(parent) = path.parent() {
                    add(parent, RecursiveMode::NonRecursive);
                }
            }
        }
        for folder in &self.libraries {
            add(folder, RecursiveMode::NonRecursive);
        }
        for pattern in &self.patterns {
            let (folder, is_deep) = base(pattern);
            let mode = if is_deep {
                RecursiveMode::Recursive
            } else {
                RecursiveMode::NonRecursive
            };
            add(&folder, mode);
        }
        folders
    }
}

/// The folder a pattern begins with, and whether it reaches into folders below.
pub(super) fn base(pattern: &str) -> (PathBuf, bool) {
    let path = Path::new(pattern);
    let is_plain = |part: &std::ffi::OsStr| !part.to_string_lossy().contains(['*', '?', '[', '{']);
    let folder: PathBuf = path.iter().take_while(|part| is_plain(part)).collect();
    let is_deep = path.iter().count() > folder.iter().count() + 1;
    (folder, is_deep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_begin_with_a_folder() {
        assert_eq!(base("/p/data/*.csv"), (PathBuf::from("/p/data"), false));
        assert_eq!(
            base("/p/data/20*/part-?.csv"),
            (PathBuf::from("/p/data"), true)
        );
        assert_eq!(base("/p/**/*.csv"), (PathBuf::from("/p"), true));
    }

    #[test]
    fn a_folder_that_is_not_there_is_awaited_above() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let set = WatchSet {
            libraries: vec![root.join("target/debug")],
            ..WatchSet::default()
        };
        assert_eq!(
            set.folders_to_watch().into_keys().collect::<Vec<_>>(),
            std::slice::from_ref(&root)
        );
        std::fs::create_dir_all(root.join("target/debug")).unwrap();
        let keys: Vec<PathBuf> = set.folders_to_watch().into_keys().collect();
        assert_eq!(keys, [root.join("target"), root.join("target/debug")]);
    }
}
