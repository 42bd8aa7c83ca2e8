//! Where copies go, and how they get there without harm.
//!
//! In: a path and the project's own files. Out: a file that is written under another name and put in
//! place only when whole. A file that is one of the project's tables, under whatever name (symbolic or
//! hard link), is never a place for a copy; one that exists only if told so.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::choose::Refusal;

/// Files that must stay as they are.
#[derive(Debug, Default)]
pub(super) struct Originals(Vec<PathBuf>);

impl Originals {
    pub(super) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().collect())
    }

    /// Refuses a place that holds an original, or anything unless told so.
    pub(super) fn check(&self, place: &Path, may_replace: bool) -> Result<(), Refusal> {
        let shown = place.display();
        let Ok(there) = fs::symlink_metadata(place) else {
            return Ok(());
        };
        if there.is_dir() {
            let help = "move it, or write elsewhere with --out";
            return Err(Refusal::new(format!("{shown} is a folder"), help));
        }
        if let Some(original) = self.0.iter().find(|original| are_same(original, place)) {
            let message = format!("{shown} is the original {} itself", original.display());
            return Err(Refusal::new(message, "write elsewhere with --out"));
        }
        if may_replace {
            return Ok(());
        }
        Err(Refusal::new(
            format!("{shown} exists"),
            "replace it with --force, or write elsewhere with --out",
        ))
    }
}

/// Whether two paths lead to the same file, through links of either kind.
fn are_same(a: &Path, b: &Path) -> bool {
    if a == b {
        return true;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |path: &Path| fs::metadata(path).map(|there| (there.dev(), there.ino()));
        if let (Ok(a), Ok(b)) = (identity(a), identity(b)) {
            return a == b;
        }
    }
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// A file being written. Dropped before it is put in place, it leaves nothing.
#[derive(Debug)]
pub(super) struct Unfinished {
    temporary: PathBuf,
    place: PathBuf,
    is_placed: bool,
}

impl Unfinished {
    /// A new file beside its place.
    pub(super) fn begin(place: &Path) -> Result<(Self, File), Refusal> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let temporary = place.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(|error| unwritten(place, &error))?;
        let unfinished = Self {
            temporary,
            place: place.to_owned(),
            is_placed: false,
        };
        Ok((unfinished, file))
    }

    /// Puts the file in its place; what stands there is replaced only if told so.
    pub(super) fn finish(mut self, may_replace: bool) -> Result<PathBuf, Refusal> {
        let placed = if may_replace {
            fs::rename(&self.temporary, &self.place)
        } else {
            self.place_new()
        };
        placed.map_err(|error| unwritten(&self.place, &error))?;
        self.is_placed = true;
        Ok(self.place.clone())
    }

    /// Fails if something came to stand there meanwhile. Where the file system has no hard links, the
    /// look and the renaming are two steps.
    fn place_new(&self) -> io::Result<()> {
        match fs::hard_link(&self.temporary, &self.place) {
            Ok(()) => fs::remove_file(&self.temporary),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) if fs::symlink_metadata(&self.place).is_ok() => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Err(_) => fs::rename(&self.temporary, &self.place),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_placed {
            // A file that cannot be removed could not be written either.
            let _left = fs::remove_file(&self.temporary);
        }
    }
}

/// A place that could not be written.
pub(super) fn unwritten(place: &Path, error: &io::Error) -> Refusal {
    let help = "check that the folder can be written and the disk is not full, or write elsewhere with --out";
    Refusal::new(
        format!("{} cannot be written: {error}", place.display()),
        help,
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(place: &Path, may_replace: bool) -> Result<PathBuf, Refusal> {
        let (unfinished, mut file) = Unfinished::begin(place)?;
        file.write_all(b"new").unwrap();
        unfinished.finish(may_replace)
    }

    #[test]
    fn nothing_is_replaced_unless_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.csv");
        fs::write(&place, "old").unwrap();
        assert!(write(&place, false).is_err());
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");
        write(&place, true).unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_that_is_replaced_leaves_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (far, place) = (folder.path().join("far"), folder.path().join("place"));
        fs::write(&far, "old").unwrap();
        std::os::unix::fs::symlink(&far, &place).unwrap();
        write(&place, true).unwrap();
        assert_eq!(fs::read_to_string(&far).unwrap(), "old");
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
    }

    #[test]
    fn an_original_is_no_place_under_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("train.csv");
        fs::write(&original, "x").unwrap();
        let originals = Originals::new([original.clone()]);
        let (soft, hard) = (folder.path().join("soft"), folder.path().join("hard"));
        std::os::unix::fs::symlink(&original, &soft).unwrap();
        fs::hard_link(&original, &hard).unwrap();
        for place in [&original, &soft, &hard] {
            let refusal = originals.check(place, true).unwrap_err();
            assert!(refusal.message.contains("original"), "{refusal:?}");
        }
        assert!(originals.check(&folder.path().join("other"), false).is_ok());
    }
}
