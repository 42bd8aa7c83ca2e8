//! Puts binary, plugins, themes and samples where the binary finds them.
//!
//! In: this executable and the libraries cargo built with it, the source tree's themes and samples.
//! Out: an installation by the XDG rules, or one relocatable folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Installs for this user: the binary to `~/.local/bin`, the rest to `$XDG_DATA_HOME/interlock`.
/// With a prefix: to `PREFIX/bin` and `PREFIX/share/interlock`.
pub(crate) fn install(prefix: Option<PathBuf>) -> anyhow::Result<()> {
    let (binaries, data) = match prefix {
        Some(prefix) => (prefix.join("bin"), prefix.join("share/interlock")),
        None => {
            let home = PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?);
            let data = interlock::data_home().context("no data folder")?;
            (home.join(".local/bin"), data.join("interlock"))
        }
    };
    put(&binaries, &data)?;
    interlock::say(&format!(
        "installed {} and {}",
        binaries.join(program_name()).display(),
        data.display()
    ));
    let is_on_path = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder == binaries));
    if !is_on_path {
        interlock::say(&format!("note: add {} to your PATH", binaries.display()));
    }
    Ok(())
}

/// Makes one folder that runs from anywhere.
pub(crate) fn package(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        bail!("'{}' is not empty", folder.display());
    }
    put(folder, folder)?;
    interlock::say(&format!(
        "packaged {}: run {}",
        folder.display(),
        folder.join(program_name()).display()
    ));
    Ok(())
}

fn program_name() -> String {
    format!("interlock{}", std::env::consts::EXE_SUFFIX)
}

fn put(binaries: &Path, data: &Path) -> anyhow::Result<()> {
    let source =
        interlock::source_tree().context("this must be started by cargo, in the source tree")?;
    let plugins = interlock::bundled_plugins();
    if plugins.len() != 6 {
        bail!(
            "found {} of the six plugin libraries beside this program",
            plugins.len()
        );
    }
    fs::create_dir_all(binaries)?;
    replace(&std::env::current_exe()?, &binaries.join(program_name()))?;
    let folder = data.join("plugins");
    fs::create_dir_all(&folder)?;
    for plugin in plugins {
        let name = plugin.file_name().context("a library has a name")?;
        replace(&plugin, &folder.join(name))?;
    }
    interlock::copy_folder(&source.join("themes"), &data.join("themes"))?;
    interlock::copy_folder(&source.join("sample-projects"), &data.join("samples"))?;
    Ok(())
}

/// Copies beside the target and renames: a program that runs from there keeps its own file.
fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    let unfinished = to.with_extension("part");
    fs::copy(from, &unfinished).with_context(|| format!("copying '{}'", from.display()))?;
    fs::rename(&unfinished, to).with_context(|| format!("writing '{}'", to.display()))
}
