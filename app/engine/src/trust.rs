//! Which projects may run code of theirs, by whose consent.
//!
//! In: the part of a project file that would run code, and where the project lies. Out: whether the
//! user has consented to just that. Kept in the user's own state folder, never in the project: a
//! project cannot consent for its reader.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Config, ModelSource};
use crate::fingerprint::Fingerprint;

/// Where consent is kept and whether it is given for this run anyway.
#[derive(Debug, Clone, Default)]
pub struct TrustPolicy {
    /// The file; `None` if there is no place for it: consent then lasts for one run.
    pub file: Option<PathBuf>,
    /// Whether the user has consented on the command line, for this run.
    pub is_given: bool,
}

/// What a project asks consent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The project's folder.
    root: PathBuf,
    /// Names just what would be run.
    digest: Fingerprint,
    /// The same for people: `run 'python3' with 'model.pkl'`.
    pub what: String,
}

impl Consent {
    /// What these settings need consent for, if for anything.
    pub fn needed(config: &Config) -> Option<Self> {
        let (what, settings) = match &config.model.source {
            Some(ModelSource::Python(source)) => {
                let mut what = format!("run '{}'", config.relative(&source.interpreter));
                let path = source.path.as_ref().map(|path| config.relative(path));
                for part in path.iter().chain(&source.entry) {
                    what = format!("{what} on '{part}'");
                }
                (what, serde_json::to_vec(source).unwrap_or_default())
            }
            Some(ModelSource::Http(source)) => {
                let what = format!("send rows to '{}'", source.url);
                (what, serde_json::to_vec(source).unwrap_or_default())
            }
            Some(ModelSource::File { .. } | ModelSource::Train { .. }) | None => return None,
        };
        let root = config.root.to_string_lossy();
        Some(Self {
            root: config.root.clone(),
            digest: Fingerprint::of_parts([root.as_bytes(), &settings]),
            what,
        })
    }

    /// Whether the user has consented to this, now or before.
    pub(crate) fn is_given(&self, policy: &TrustPolicy) -> bool {
        policy.is_given
            || policy
                .file
                .as_deref()
                .is_some_and(|file| known(file).get(&self.root) == Some(&self.digest.to_string()))
    }

    /// Remembers that the user consented.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remember(&self, file: &Path) -> io::Result<()> {
        let mut known = known(file);
        known.insert(self.root.clone(), self.digest.to_string());
        write(&known, file)
    }

    /// Forgets whatever was consented to for the project in this folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn revoke(root: &Path, file: &Path) -> io::Result<()> {
        let mut known = known(file);
        known.remove(root);
        write(&known, file)
    }
}

fn write(known: &BTreeMap<PathBuf, String>, file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Another name first: a file under the final name is always whole.
    let unfinished = file.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&unfinished, serde_json::to_vec_pretty(known)?)?;
    std::fs::rename(&unfinished, file)
}

/// Digests by project; none where the file is not there or damaged, so that one asks again.
fn known(file: &Path) -> BTreeMap<PathBuf, String> {
    std::fs::read(file)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let text = format!("[data]\ntrain = \"t.csv\"\n[model]\n{text}");
        Config::parse(&text, Path::new("/there/interlock.toml"))
            .unwrap()
            .0
    }

    #[test]
    fn consent_holds_for_just_what_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let policy = TrustPolicy {
            file: Some(folder.path().join("state/trusted.json")),
            is_given: false,
        };
        let asked = Consent::needed(&config("format = \"python\"\nentry = \"a:b\"")).unwrap();
        assert_eq!(asked.what, "run 'python3' on 'a:b'");
        assert!(!asked.is_given(&policy));
        asked.remember(policy.file.as_deref().unwrap()).unwrap();
        assert!(asked.is_given(&policy));
        let other = Consent::needed(&config("format = \"python\"\nentry = \"a:c\"")).unwrap();
        assert!(!other.is_given(&policy));
    }

    #[test]
    fn a_file_that_is_only_read_needs_none() {
        assert_eq!(Consent::needed(&config("path = \"model.json\"")), None);
    }
}
