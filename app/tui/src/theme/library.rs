//! Themes by name: the user's own first, then those that come with the program.
//!
//! In: a name or path, and folders. Out: a [`Theme`], or why there is none; and the files it was made
//! of, to be watched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interlock_engine::config::nearest;
use interlock_engine::problem::Problem;
use ratatui::style::{Color, Style};

use super::file;
use super::{ColorDepth, Theme};

/// The themes that come with the program; also in its folder of themes, to be copied from.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("dark", include_str!("../../../../themes/dark.toml")),
    ("light", include_str!("../../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../../themes/high-contrast.toml"),
    ),
    ("mono", include_str!("../../../../themes/mono.toml")),
    (
        "color-blind",
        include_str!("../../../../themes/color-blind.toml"),
    ),
    ("terminal", include_str!("../../../../themes/terminal.toml")),
];

/// How many themes may build on each other.
const MAX_DEPTH: usize = 8;

/// A theme and what it was made of.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The theme.
    pub theme: Theme,
    /// Its files on disk, absolute; built-in ones have none.
    pub files: Vec<PathBuf>,
    /// What is odd about them.
    pub notes: Vec<Problem>,
}

/// Where themes are looked for.
#[derive(Debug, Clone, Default)]
pub struct Library {
    folders: Vec<PathBuf>,
}

impl Library {
    /// A library of these folders, the best first.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Names of all themes, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        for folder in &self.folders {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()) {
                let is_theme = path.extension().is_some_and(|end| end == "toml");
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                names.extend(stem.filter(|_| is_theme).map(str::to_owned));
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// Files that a theme of this name is or would be read from.
    pub fn candidates(&self, name: &str) -> Vec<PathBuf> {
        if is_path(name) {
            return vec![PathBuf::from(name)];
        }
        let file = format!("{name}.toml");
        self.folders
            .iter()
            .map(|folder| folder.join(&file))
            .collect()
    }

    /// Reads a theme and all it builds on.
    ///
    /// # Errors
    /// If there is none of that name, or a file of it is wrong: where and how.
    pub fn load(&self, name: &str, depth: ColorDepth) -> Result<Loaded, Vec<Problem>> {
        let mut chain = Vec::new();
        let mut next = Some(name.to_owned());
        while let Some(name) = next {
            if chain.len() == MAX_DEPTH {
                let message = format!("more than {MAX_DEPTH} themes build on each other");
                return Err(vec![trouble(
                    &name,
                    message,
                    "let one of them inherit nothing",
                )]);
            }
            let source = self.read(&name)?;
            let base = file::base(&source.text, &source.shown)?;
            next = base.inherits;
            chain.push((source, base.palette));
        }
        let mut palette: BTreeMap<String, Color> = BTreeMap::new();
        for (_, own) in chain.iter().rev() {
            palette.extend(own.clone());
        }
        let mut styles: BTreeMap<String, Style> = BTreeMap::new();
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        for (source, _) in chain.iter().rev() {
            let (own, odd) = file::styles(&source.text, &source.shown, &palette)?;
            styles.extend(own);
            notes.extend(odd);
            files.extend(source.path.clone());
        }
        Ok(Loaded {
            theme: Theme::new(name, styles, depth),
            files,
            notes,
        })
    }

    fn read(&self, name: &str) -> Result<Source, Vec<Problem>> {
        for path in self.candidates(name) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    return Ok(Source {
                        text,
                        shown: path.file_name().map_or_else(
                            || name.to_owned(),
                            |file| file.to_string_lossy().into_owned(),
                        ),
                        path: Some(path),
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let shown = path.display().to_string();
                    return Err(vec![trouble(&shown, error.to_string(), "")]);
                }
            }
        }
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Ok(Source {
                text: (*text).to_owned(),
                shown: format!("{name}.toml"),
                path: None,
            });
        }
        let names = self.names();
        let help = nearest(name, names.iter().map(String::as_str)).map_or_else(
            || format!("there are {}", names.join(", ")),
            |known| format!("did you mean '{known}'?"),
        );
        Err(vec![trouble(
            name,
            "there is no such theme".to_owned(),
            &help,
        )])
    }
}

struct Source {
    text: String,
    shown: String,
    path: Option<PathBuf>,
}

fn is_path(name: &str) -> bool {
    name.contains(std::path::MAIN_SEPARATOR)
        || Path::new(name).extension().is_some_and(|end| end == "toml")
}

fn trouble(file: &str, message: String, help: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: None,
        column: None,
        message,
        help: help.to_owned(),
        is_error: true,
    }
}

#[cfg(test)]
mod tests {
    use interlock_engine::picture::Standing;
    use ratatui::style::Modifier;

    use super::*;

    const STANDINGS: [Standing; 8] = [
        Standing::Skipped,
        Standing::Pass,
        Standing::Pending,
        Standing::Warn,
        Standing::Inconclusive,
        Standing::Stale,
        Standing::Error,
        Standing::Fail,
    ];

    #[test]
    fn every_built_in_theme_is_whole() {
        let library = Library::default();
        for (name, _) in BUILT_IN {
            for depth in [
                ColorDepth::True,
                ColorDepth::Ansi256,
                ColorDepth::Ansi16,
                ColorDepth::Mono,
            ] {
                let loaded = library.load(name, depth).unwrap();
                assert!(loaded.notes.is_empty(), "{name}: {:?}", loaded.notes);
                for scope in file::SCOPES {
                    let roots = ["chart", "log", "status", "ui", "ui.background", "ui.popup"];
                    let style = loaded.theme.style(scope);
                    let is_set = style != Style::default();
                    assert!(
                        is_set
                            || depth == ColorDepth::Mono
                            || roots.contains(&scope)
                            || name == "terminal"
                            || name == "mono",
                        "{name}: {scope}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_selected_line_and_grave_verdicts_stand_out_without_color() {
        let theme = Library::default()
            .load("mono", ColorDepth::Mono)
            .unwrap()
            .theme;
        let selection = theme.style("ui.selection");
        assert!(selection.add_modifier.contains(Modifier::REVERSED));
        assert_eq!((selection.fg, selection.bg), (None, None));
        for standing in [Standing::Fail, Standing::Error, Standing::Warn] {
            assert!(!theme.standing(standing).add_modifier.is_empty());
        }
    }

    #[test]
    fn text_can_be_read_on_the_background() {
        for name in ["dark", "light", "high-contrast", "color-blind"] {
            let theme = Library::default()
                .load(name, ColorDepth::True)
                .unwrap()
                .theme;
            let ground = luminance(theme.style("ui.background").bg);
            let mut scopes: Vec<(String, Style)> = ["ui.text", "ui.text.dim", "ui.title", "ui.key"]
                .iter()
                .map(|scope| ((*scope).to_owned(), theme.style(scope)))
                .collect();
            scopes.extend(
                STANDINGS.map(|standing| (format!("{standing:?}"), theme.standing(standing))),
            );
            // WCAG 2.2: 4.5 for text, 7 for enhanced contrast.
            let least = if name == "high-contrast" { 7.0 } else { 4.5 };
            for (scope, style) in scopes {
                let ink = luminance(style.fg);
                let contrast = (ink.max(ground) + 0.05) / (ink.min(ground) + 0.05);
                assert!(
                    contrast >= least,
                    "{name}: {scope} has contrast {contrast:.2}"
                );
            }
        }
    }

    /// Relative luminance as in WCAG 2.2.
    fn luminance(color: Option<Color>) -> f64 {
        let Some(Color::Rgb(r, g, b)) = color else {
            panic!("{color:?} is no true color")
        };
        let linear = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    #[test]
    fn the_users_own_theme_comes_first_and_builds_on_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, "inherits = \"dark\"\n\"ui.text\" = \"light-red\"\n").unwrap();
        let library = Library::new(vec![folder.path().to_owned()]);
        let loaded = library.load("mine", ColorDepth::True).unwrap();
        assert_eq!(loaded.theme.style("ui.text").fg, Some(Color::LightRed));
        assert_eq!(
            loaded.theme.style("status.fail"),
            library
                .load("dark", ColorDepth::True)
                .unwrap()
                .theme
                .style("status.fail")
        );
        assert_eq!(loaded.files, [file]);
        assert!(library.names().contains(&"mine".to_owned()));
    }

    #[test]
    fn a_theme_that_is_not_there_has_a_neighbor() {
        let problems = Library::default()
            .load("drak", ColorDepth::True)
            .unwrap_err();
        assert_eq!(problems[0].help, "did you mean 'dark'?");
    }

    #[test]
    fn themes_that_build_on_each_other_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), "inherits = \"b\"\n").unwrap();
        std::fs::write(folder.path().join("b.toml"), "inherits = \"a\"\n").unwrap();
        let library = Library::new(vec![folder.path().to_owned()]);
        let problems = library.load("a", ColorDepth::True).unwrap_err();
        assert!(problems[0].message.contains("build on each other"));
    }
}
