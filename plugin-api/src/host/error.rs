//! Why a library cannot be opened: one sentence and one piece of advice each.

use std::fmt;
use std::path::{Path, PathBuf};

use abi_stable::library::LibraryError;

/// Why a library cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file.
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be read.
    NoPermission {
        /// The file.
        path: PathBuf,
    },
    /// The file is no shared library of this system.
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// What it is instead, as far as can be told.
        found: String,
    },
    /// The file ends too early: half written, or damaged.
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// The library is built for another processor.
    OtherArchitecture {
        /// The file.
        path: PathBuf,
        /// The processor it is built for.
        found: String,
    },
    /// A library it needs is not there.
    MissingDependency {
        /// The file.
        path: PathBuf,
        /// What is missing.
        missing: String,
    },
    /// It is a library, but no Interlock plugin.
    NoRootModule {
        /// The file.
        path: PathBuf,
    },
    /// The plugin is built for a newer API.
    NewerApi {
        /// The file.
        path: PathBuf,
        /// The plugin's API: `2.0`.
        found: String,
    },
    /// The plugin is built for an API too old.
    OlderApi {
        /// The file.
        path: PathBuf,
        /// The plugin's API: `0.9`.
        found: String,
    },
    /// The plugin lays out memory differently.
    LayoutDiffers {
        /// The file.
        path: PathBuf,
        /// The type and field where it differs.
        place: String,
        /// Everything `abi_stable` says about it.
        details: String,
    },
    /// What the plugin says of itself cannot be read.
    BadAnswer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system's loader refused it for another reason.
    Loader {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        said: String,
    },
}

impl OpenError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "build the plugin, or correct `plugins.paths`",
            Self::NoPermission { .. } => "make the file readable: chmod +r",
            Self::NotALibrary { .. } => "a plugin is built with crate-type = [\"cdylib\"]",
            Self::Truncated { .. } => {
                "it is loaded again when the build has finished; else build it anew"
            }
            Self::OtherArchitecture { .. } => "build the plugin on this machine",
            Self::MissingDependency { .. } => "install the missing library, or link it statically",
            Self::NoRootModule { .. } => {
                "write `interlock_plugin_api::plugin! { … }` in its lib.rs"
            }
            Self::NewerApi { .. } => {
                "update Interlock, or build the plugin with an older interlock-plugin-api"
            }
            Self::OlderApi { .. } => "build the plugin with a newer interlock-plugin-api",
            Self::LayoutDiffers { .. } => {
                "build the plugin with the interlock-plugin-api of this version"
            }
            Self::BadAnswer { .. } => "build the plugin anew with the unchanged SDK",
            Self::Loader { .. } => "see the message of the system's loader",
        }
    }

    /// The long form, for those who debug the border.
    pub fn details(&self) -> Option<&str> {
        match self {
            Self::LayoutDiffers { details, .. } => Some(details),
            _ => None,
        }
    }

    /// From the message of the system's loader.
    pub(crate) fn from_loader(path: &Path, error: &libloading::Error) -> Self {
        // libloading puts the loader's own words into its source.
        let said =
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        Self::from_loader_text(path, &said)
    }

    fn from_loader_text(path: &Path, said: &str) -> Self {
        let path = path.to_owned();
        let own = path.to_string_lossy().into_owned();
        let missing = said
            .split(": cannot open shared object file")
            .next()
            .filter(|missing| missing.len() < said.len() && !missing.contains(&own));
        if let Some(missing) = missing {
            return Self::MissingDependency {
                path,
                missing: missing.trim().to_owned(),
            };
        }
        if ["file too short", "truncated", "file data", "cannot read"]
            .iter()
            .any(|words| said.contains(words))
        {
            return Self::Truncated { path };
        }
        if said.contains("undefined symbol") {
            return Self::MissingDependency {
                path,
                missing: said.to_owned(),
            };
        }
        Self::Loader {
            path,
            said: said.to_owned(),
        }
    }

    /// Layouts that do not fit, from the whole dump.
    pub(crate) fn layout_differs(path: &Path, details: String) -> Self {
        Self::LayoutDiffers {
            path: path.to_owned(),
            place: place(&details),
            details,
        }
    }

    /// From the error of `abi_stable`, whose layout dump runs to hundreds of lines.
    pub(crate) fn from_abi(path: &Path, error: &LibraryError) -> Self {
        let details = error.to_string();
        match error {
            LibraryError::AbiInstability(_) => Self::layout_differs(path, details),
            LibraryError::GetSymbolError { .. } => Self::NoRootModule {
                path: path.to_owned(),
            },
            LibraryError::OpenError { err, .. } => Self::from_loader_text(path, &err.to_string()),
            _ => Self::LayoutDiffers {
                path: path.to_owned(),
                place: details
                    .lines()
                    .map(str::trim)
                    .find(|line| !line.is_empty())
                    .unwrap_or_default()
                    .to_owned(),
                details: details.clone(),
            },
        }
    }
}

/// The first type or field a layout dump complains about.
fn place(details: &str) -> String {
    let lines: Vec<&str> = details
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let named = |word: &str| lines.iter().find(|line| line.starts_with(word)).copied();
    let error = lines
        .iter()
        .position(|line| line.starts_with("Error:"))
        .map(|at| lines[at].to_owned());
    let field = named("field_name:")
        .or_else(|| named("Field:"))
        .or_else(|| named("field:"));
    let kind = named("Type:").or_else(|| named("type:"));
    let said: Vec<String> = [
        kind.map(ToOwned::to_owned),
        field.map(ToOwned::to_owned),
        error,
    ]
    .into_iter()
    .flatten()
    .collect();
    if said.is_empty() {
        lines.first().copied().unwrap_or_default().to_owned()
    } else {
        said.join(", ")
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = crate::API_VERSION;
        match self {
            Self::NotFound { path } => write!(f, "'{}' does not exist", path.display()),
            Self::NoPermission { path } => write!(f, "'{}' may not be read", path.display()),
            Self::NotALibrary { path, found } => write!(
                f,
                "'{}' is not a shared library but {found}",
                path.display()
            ),
            Self::Truncated { path } => write!(
                f,
                "'{}' ends too early: it is half written or damaged",
                path.display()
            ),
            Self::OtherArchitecture { path, found } => {
                write!(
                    f,
                    "'{}' is built for {found}, this machine is {}",
                    path.display(),
                    std::env::consts::ARCH
                )
            }
            Self::MissingDependency { path, missing } => {
                write!(
                    f,
                    "'{}' needs '{missing}', which is not there",
                    path.display()
                )
            }
            Self::NoRootModule { path } => write!(
                f,
                "'{}' is a library but no Interlock plugin",
                path.display()
            ),
            Self::NewerApi { path, found } => {
                write!(
                    f,
                    "'{}' is built for plugin API {found}, newer than this host's {here}",
                    path.display()
                )
            }
            Self::OlderApi { path, found } => {
                write!(
                    f,
                    "'{}' is built for plugin API {found}, too old for this host's {here}",
                    path.display()
                )
            }
            Self::LayoutDiffers { path, place, .. } => {
                write!(
                    f,
                    "'{}' lays out memory differently at {place}",
                    path.display()
                )
            }
            Self::BadAnswer { path, why } => {
                write!(f, "'{}' gives no usable information: {why}", path.display())
            }
            Self::Loader { path, said } => {
                write!(f, "'{}' cannot be loaded: {said}", path.display())
            }
        }
    }
}

impl std::error::Error for OpenError {}
