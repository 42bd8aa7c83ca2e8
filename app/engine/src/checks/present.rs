//! What planning looks at.
//!
//! In and out: plain references; nothing here acts.

use std::collections::BTreeMap;
use std::time::SystemTime;

use interlock_plugin_api::outcome::Role;

use crate::config::Config;
use crate::fingerprint::Fingerprint;
use crate::snapshot::Snapshot;
use crate::work::LibraryId;

/// Where a check's library comes from, as far as its results depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) library: LibraryId,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) hash: Fingerprint,
}

/// What planning looks at.
pub(crate) struct Present<'a> {
    pub(crate) config: &'a Config,
    pub(crate) snapshot: &'a Snapshot,
    /// Whether a model is being opened or trained for this snapshot.
    pub(crate) model_is_coming: bool,
    /// Why there is no model although the project file names one.
    pub(crate) model_trouble: Option<&'a str>,
    /// Names of the inputs for people: `train` → `train.csv`.
    pub(crate) labels: &'a BTreeMap<String, String>,
    /// Tables whose file is newer than what could be read, and why.
    pub(crate) stale: &'a BTreeMap<Role, String>,
    pub(crate) now: SystemTime,
}
