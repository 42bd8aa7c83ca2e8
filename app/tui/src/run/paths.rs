//! Paths as a shell would read them.
//!
//! In: what was typed, the home folder, the folder the program was started in. Out: the whole path.
//! Touches the disk only to see whether a folder is there.

use std::path::{Path, PathBuf};

/// The whole path of a file to be written: `~` is the home folder, others begin where the program was
/// started. Says what is wrong with one that can be no file.
pub(super) fn whole(typed: &str, home: Option<&Path>, folder: &Path) -> Result<PathBuf, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err("no file is named".to_owned());
    }
    let path = match (typed.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        (Some(rest), None) if rest.is_empty() || rest.starts_with('/') => {
            return Err(
                "~ stands for the home folder, and HOME does not say which it is".to_owned(),
            );
        }
        // The folder of another user is not looked for; a file may well be called so.
        _ => folder.join(typed),
    };
    if typed.ends_with('/') || path.is_dir() {
        return Err(format!(
            "'{}' is a folder; name a file in it",
            path.display()
        ));
    }
    match path.parent() {
        Some(parent) if !parent.is_dir() => {
            Err(format!("there is no folder '{}'", parent.display()))
        }
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_and_the_folder_of_the_start_are_filled_in() {
        let root = tempfile::tempdir().unwrap();
        let (home, start) = (root.path().join("home"), root.path().join("start"));
        std::fs::create_dir_all(home.join("out")).unwrap();
        std::fs::create_dir_all(&start).unwrap();
        let of = |typed: &str| whole(typed, Some(&home), &start);
        assert_eq!(of("rows.csv"), Ok(start.join("rows.csv")));
        assert_eq!(of(" ~/out/rows.csv "), Ok(home.join("out/rows.csv")));
        assert_eq!(of("../home/a.csv"), Ok(start.join("../home/a.csv")));
        assert_eq!(of("~rows.csv"), Ok(start.join("~rows.csv")));
        let absolute = root.path().join("a.csv").display().to_string();
        assert_eq!(of(&absolute), Ok(root.path().join("a.csv")));
        for folder in ["~", "~/", "~/out", "out/", ".."] {
            assert!(of(folder).unwrap_err().contains("is a folder"), "{folder}");
        }
        assert!(
            of("none/rows.csv")
                .unwrap_err()
                .contains("there is no folder")
        );
        assert!(of("  ").is_err());
        assert!(whole("~/a.csv", None, &start).unwrap_err().contains("HOME"));
    }
}
