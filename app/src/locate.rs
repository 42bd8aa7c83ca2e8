//! Where the program's own parts lie: plugins, themes, samples.
//!
//! In: the environment and the place of the executable. Out: folders that exist, best first.
//!
//! Looked for in this order: `$INTERLOCK_HOME`; beside the executable (a relocatable folder);
//! `../share/interlock` of it; `$XDG_DATA_HOME/interlock` and `$XDG_DATA_DIRS`; and for a program
//! just built by cargo, the build folder and the source tree around it.

use std::path::{Path, PathBuf};

/// The plugins that come with the program, by the name of their library.
const BUNDLED_PLUGINS: &[&str] = &[
    "adversarial",
    "bias",
    "data_quality",
    "drift",
    "evaluation",
    "shap",
];

/// The plugin libraries that come with the program: the first place that has any.
pub fn plugins() -> Vec<PathBuf> {
    for home in homes() {
        let found = libraries(&home.join("plugins"));
        if !found.is_empty() {
            return found;
        }
    }
    // Built by cargo: a plugin named as a dependency stands in `deps`, one built by itself also
    // beside the executable; `deps` always has the newest.
    let Some(folder) = executable_folder() else {
        return Vec::new();
    };
    for place in [folder.join("deps"), folder.clone(), folder.join("..")] {
        let found = libraries(&place);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Folders with themes, the user's own first.
pub(crate) fn themes() -> Vec<PathBuf> {
    let own = config_home().map(|home| home.join("interlock/themes"));
    own.into_iter().chain(all("themes")).collect()
}

/// Folders with sample projects.
pub(crate) fn samples() -> Vec<PathBuf> {
    let mut found = all("samples");
    found.extend(
        source_tree()
            .map(|top| top.join("sample-projects"))
            .filter(|folder| folder.is_dir()),
    );
    found
}

/// `$XDG_DATA_HOME`, or what stands for it.
pub fn data_home() -> Option<PathBuf> {
    xdg("XDG_DATA_HOME", ".local/share")
}

/// `$XDG_STATE_HOME`, or what stands for it.
pub(crate) fn state_home() -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state")
}

/// The source tree this program was started from by cargo.
pub fn source_tree() -> Option<PathBuf> {
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    manifest
        .ancestors()
        .find(|folder| folder.join("sample-projects").is_dir())
        .map(Path::to_path_buf)
}

fn all(part: &str) -> Vec<PathBuf> {
    let in_source = source_tree().map(|top| top.join(part));
    homes()
        .into_iter()
        .map(|home| home.join(part))
        .chain(in_source)
        .filter(|folder| folder.is_dir())
        .collect()
}

fn homes() -> Vec<PathBuf> {
    let mut homes = Vec::new();
    homes.extend(std::env::var_os("INTERLOCK_HOME").map(PathBuf::from));
    if let Some(folder) = executable_folder() {
        homes.push(folder.join("../share/interlock"));
        homes.push(folder);
    }
    homes.extend(data_home().map(|home| home.join("interlock")));
    let system =
        std::env::var_os("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    homes.extend(std::env::split_paths(&system).map(|folder| folder.join("interlock")));
    homes
}

fn libraries(folder: &Path) -> Vec<PathBuf> {
    BUNDLED_PLUGINS
        .iter()
        .map(|name| {
            folder.join(format!(
                "{}interlock_{name}{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            ))
        })
        .filter(|file| file.is_file())
        .collect()
}

fn executable_folder() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    // A link in a folder of the search path points to the installation.
    let executable = executable.canonicalize().unwrap_or(executable);
    executable.parent().map(Path::to_path_buf)
}

fn config_home() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config")
}

fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    set.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home)))
}
