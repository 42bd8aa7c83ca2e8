//! Reads the source tree as text for the tidy rules.
//!
//! In: the repository's folder. Out: files with their lines, functions and imports.
//!
//! Build output, samples' own crates and frozen compatibility fixtures are left out: they are not
//! this repository's code style.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub(super) struct SourceFile {
    /// Path from the repository's top, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests stand in the repository")
        .to_path_buf()
}

/// Every Rust file of the repository, by path.
pub(super) fn rust_files() -> Vec<SourceFile> {
    let top = repository();
    let mut files = Vec::new();
    for folder in ["app", "plugin-api", "plugins", "tests"] {
        collect(&top.join(folder), &top, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Path, top: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the entry can be read").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            let is_frozen =
                path.ends_with("plugin-api/tests/compat") || path.ends_with("plugin-api/tests/ui");
            if name != "target" && !is_frozen {
                collect(&path, top, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path
                .strip_prefix(top)
                .expect("below the top")
                .to_string_lossy()
                .into_owned();
            files.push(SourceFile {
                path: relative,
                text: fs::read_to_string(&path).expect("source is UTF-8"),
            });
        }
    }
}

impl SourceFile {
    /// Lines with their numbers, the first is 1.
    pub(super) fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Lines that are not comments.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered_lines()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// First line and length of every function: from `fn` to the closing brace that stands as far
    /// in as the line of the `fn`.
    pub(super) fn functions(&self) -> Vec<(usize, usize)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut found = Vec::new();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let opens = [
                "fn ",
                "pub fn ",
                "pub(crate) fn ",
                "pub(super) fn ",
                "const fn ",
                "pub const fn ",
                concat!("unsafe", " fn "),
                "extern \"C\" fn ",
            ];
            if !opens.iter().any(|form| code.starts_with(form)) {
                continue;
            }
            let signature_end = lines[start..]
                .iter()
                .find(|line| line.ends_with(['{', ';', '}']));
            if signature_end.is_some_and(|line| !line.ends_with('{')) {
                continue;
            }
            let indent = &line[..line.len() - code.len()];
            let closing = format!("{indent}}}");
            if let Some(length) = lines[start..].iter().position(|line| *line == closing) {
                found.push((start + 1, length + 1));
            }
        }
        found
    }

    /// The module below `lib.rs` this file belongs to; `None` for `lib.rs` and `main.rs`.
    pub(super) fn top_module(&self, prefix: &str) -> Option<String> {
        let rest = self.path.strip_prefix(prefix)?;
        let first = rest.split('/').next()?.trim_end_matches(".rs");
        (!matches!(first, "lib" | "main")).then(|| first.to_owned())
    }

    /// Top-level modules this file names as `crate::module`, outside its tests.
    pub(super) fn crate_imports(&self) -> Vec<(usize, String)> {
        let mut imports = Vec::new();
        for (number, line) in self.code_lines() {
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            for (at, _) in line.match_indices("crate::") {
                let is_whole_word =
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
                let name: String = line[at + 7..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if is_whole_word {
                    imports.push((number, name));
                }
            }
        }
        imports
    }

    /// The file that declares this one as its child, and the name it has there.
    pub(super) fn parent_and_name(&self) -> Option<(String, String)> {
        let (folder, file) = self.path.rsplit_once('/')?;
        let name = file.strip_suffix(".rs")?;
        Some((format!("{folder}.rs"), name.to_owned()))
    }

    /// Names this file takes from its parent as `super::name`, outside its tests.
    pub(super) fn parent_imports(&self) -> Vec<(usize, String)> {
        let mut imports = Vec::new();
        for (number, line) in self.code_lines() {
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            for (at, _) in line.match_indices("super::") {
                let rest = &line[at + "super::".len()..];
                let group = rest
                    .strip_prefix('{')
                    .and_then(|rest| rest.split('}').next());
                for path in group.unwrap_or(rest).split(',') {
                    let name: String = path
                        .trim()
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    imports.push((number, name));
                    if group.is_none() {
                        break;
                    }
                }
            }
        }
        imports
    }
}

/// Names of the modules in a crate's `lib.rs`, in order.
pub(super) fn module_order(folder: &str) -> Vec<String> {
    let path = repository().join(folder).join("src/lib.rs");
    modules(&fs::read_to_string(&path).expect("every crate has a lib.rs"))
}

/// Names of the modules a file declares, in order.
pub(super) fn modules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let name = line.trim().strip_suffix(';')?.rsplit_once("mod ")?;
            let is_declaration = matches!(name.0, "" | "pub " | "pub(crate) " | "pub(super) ");
            is_declaration.then(|| name.1.to_owned())
        })
        .collect()
}

/// Names under `[dependencies]` of a crate's manifest.
pub(super) fn manifest_dependencies(folder: &str) -> Vec<String> {
    let path = repository().join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).expect("every crate has a manifest");
    let mut is_inside = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            is_inside = line == "[dependencies]";
        } else if is_inside {
            let name: String = line
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
                .collect();
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
    names
}
