//! A theme file as text becomes styles.
//!
//! In: TOML, as in helix's themes: dotted names of styles, a `[palette]` of color names, and
//! `inherits`. Out: the styles by name, and what is odd or wrong with line and column. Reads no file.

use std::collections::BTreeMap;

use interlock_engine::config::nearest;
use interlock_engine::problem::Problem;
use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::color;

/// Names of styles that the program draws with.
pub const SCOPES: [&str; 44] = [
    "chart",
    "chart.axis",
    "chart.band",
    "chart.bar",
    "chart.flagged",
    "chart.high",
    "chart.low",
    "chart.middle",
    "chart.reference",
    "chart.series",
    "chart.series.1",
    "chart.series.2",
    "chart.series.3",
    "chart.series.4",
    "chart.threshold",
    "log",
    "log.change",
    "log.config",
    "log.finished",
    "log.info",
    "log.plugin",
    "log.problem",
    "log.verdict",
    "status",
    "status.error",
    "status.fail",
    "status.inconclusive",
    "status.pass",
    "status.pending",
    "status.skipped",
    "status.stale",
    "status.warn",
    "ui",
    "ui.background",
    "ui.border",
    "ui.border.focused",
    "ui.key",
    "ui.popup",
    "ui.selection",
    "ui.selection.inactive",
    "ui.text",
    "ui.text.accent",
    "ui.text.dim",
    "ui.title",
];

/// What a theme builds on: read first, since its styles may use inherited colors and inherited
/// styles its colors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Base {
    /// The theme it builds on.
    pub inherits: Option<String>,
    /// Its `[palette]`.
    pub palette: BTreeMap<String, Color>,
}

/// A theme's own styles, and what is odd about its file.
pub type Own = (BTreeMap<String, Style>, Vec<Problem>);

/// Reads what a theme builds on.
///
/// # Errors
/// If it is no TOML, or its palette cannot be understood: every mistake with its line and column.
pub fn base(text: &str, file: &str) -> Result<Base, Vec<Problem>> {
    let mut reader = Reader::new(text, file, BTreeMap::new());
    let document = reader.document()?;
    let table = document.get_ref();
    if let Some(palette) = table.get("palette") {
        reader.read_palette(palette);
    }
    let inherits = table
        .get("inherits")
        .and_then(|value| reader.text_of(value));
    let palette = std::mem::take(&mut reader.palette);
    reader.finish(Base { inherits, palette })
}

/// Reads a theme's own styles, and what is odd about them: that is left out and the rest is used.
///
/// # Errors
/// If it is no TOML, or a style cannot be understood: every mistake with its line and column.
pub fn styles(
    text: &str,
    file: &str,
    palette: &BTreeMap<String, Color>,
) -> Result<Own, Vec<Problem>> {
    let mut reader = Reader::new(text, file, palette.clone());
    let document = reader.document()?;
    let (mut styles, mut notes) = (BTreeMap::new(), Vec::new());
    for (key, value) in document.get_ref() {
        let scope = key.get_ref().as_ref();
        if ABOUT.contains(&scope) {
            continue;
        }
        if !SCOPES.contains(&scope) {
            notes.push(reader.unknown(key.span().start, scope));
        }
        if let Some(style) = reader.style(value) {
            styles.insert(scope.to_owned(), style);
        }
    }
    reader.finish((styles, notes))
}

/// Keys that are no style.
const ABOUT: [&str; 6] = [
    "author",
    "description",
    "inherits",
    "name",
    "palette",
    "variant",
];

struct Reader<'t> {
    text: &'t str,
    file: &'t str,
    palette: BTreeMap<String, Color>,
    errors: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, file: &'t str, palette: BTreeMap<String, Color>) -> Self {
        Self {
            text,
            file,
            palette,
            errors: Vec::new(),
        }
    }

    fn document(&self) -> Result<Spanned<DeTable<'t>>, Vec<Problem>> {
        DeTable::parse(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            vec![self.problem(at, error.message().to_owned(), "", true)]
        })
    }

    fn finish<T>(self, value: T) -> Result<T, Vec<Problem>> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self.errors)
        }
    }

    fn problem(&self, at: usize, message: String, help: &str, is_error: bool) -> Problem {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() as u64 + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count())
            + 1;
        Problem {
            file: self.file.to_owned(),
            line: Some(line),
            column: Some(format!("column {column}")),
            message,
            help: help.to_owned(),
            is_error,
        }
    }

    fn error(&mut self, at: usize, message: String, help: &str) {
        let problem = self.problem(at, message, help, true);
        self.errors.push(problem);
    }

    fn unknown(&self, at: usize, scope: &str) -> Problem {
        let help = nearest(scope, SCOPES).map_or_else(
            || "the names are listed in the README".to_owned(),
            |known| format!("did you mean \"{known}\"?"),
        );
        self.problem(at, format!("nothing is drawn as \"{scope}\""), &help, false)
    }

    fn text_of(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.error(value.span().start, "is not a text".to_owned(), "");
        }
        text.map(str::to_owned)
    }

    fn read_palette(&mut self, palette: &Spanned<DeValue<'_>>) {
        let DeValue::Table(colors) = palette.get_ref() else {
            let help = "write [palette] and below it name = \"#rrggbb\"";
            self.error(
                palette.span().start,
                "palette is not a table".to_owned(),
                help,
            );
            return;
        };
        for (name, value) in colors {
            if let Some(color) = self.color(value) {
                self.palette.insert(name.get_ref().to_string(), color);
            }
        }
    }

    fn style(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Style> {
        let DeValue::Table(parts) = value.get_ref() else {
            return self.color(value).map(|color| Style::default().fg(color));
        };
        let mut style = Style::default();
        for (key, value) in parts {
            match key.get_ref().as_ref() {
                "fg" => style.fg = self.color(value),
                "bg" => style.bg = self.color(value),
                "modifiers" => style = style.add_modifier(self.modifiers(value)),
                other => {
                    let message = format!("a style has no '{other}'");
                    self.error(key.span().start, message, "it has fg, bg and modifiers");
                }
            }
        }
        Some(style)
    }

    fn color(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Color> {
        let at = value.span().start;
        let Some(name) = value.get_ref().as_str() else {
            let help = "write \"#rrggbb\", a name of [palette], \"red\" or \"208\"";
            self.error(at, "is not a color".to_owned(), help);
            return None;
        };
        if let Some(color) = self.palette.get(name) {
            return Some(*color);
        }
        let color = color::parse(name);
        if color.is_none() {
            let known = color::NAMES.iter().map(|(name, _)| *name);
            let known = known.chain(self.palette.keys().map(String::as_str));
            let help = nearest(name, known).map_or_else(
                || "write \"#rrggbb\", a name of [palette], \"red\" or \"208\"".to_owned(),
                |known| format!("did you mean \"{known}\"?"),
            );
            self.error(at, format!("\"{name}\" is not a color"), &help);
        }
        color
    }

    fn modifiers(&mut self, value: &Spanned<DeValue<'_>>) -> Modifier {
        const KNOWN: [(&str, Modifier); 6] = [
            ("bold", Modifier::BOLD),
            ("dim", Modifier::DIM),
            ("italic", Modifier::ITALIC),
            ("underlined", Modifier::UNDERLINED),
            ("reversed", Modifier::REVERSED),
            ("crossed_out", Modifier::CROSSED_OUT),
        ];
        let mut all = Modifier::empty();
        let DeValue::Array(names) = value.get_ref() else {
            let help = "write modifiers = [\"bold\"]";
            self.error(value.span().start, "is not a list".to_owned(), help);
            return all;
        };
        for name in names {
            let text = name.get_ref().as_str().unwrap_or_default();
            match KNOWN.iter().find(|(known, _)| *known == text) {
                Some((_, modifier)) => all |= *modifier,
                None => {
                    let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
                    let help = format!("there are {}", names.join(", "));
                    let message = format!("\"{text}\" is not a modifier");
                    self.error(name.span().start, message, &help);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Own, Vec<Problem>> {
        let base = base(text, "mine.toml")?;
        styles(text, "mine.toml", &base.palette)
    }

    #[test]
    fn a_theme_names_styles_and_colors() {
        let (styles, notes) = read(
            "\"ui.text\" = \"ink\"\n\"status.fail\" = { fg = \"red\", bg = \"208\", modifiers = [\"bold\"] }\n[palette]\nink = \"#102030\"\n",
        )
        .unwrap();
        assert_eq!(styles["ui.text"].fg, Some(Color::Rgb(16, 32, 48)));
        let fail = styles["status.fail"];
        assert_eq!(
            (fail.fg, fail.bg),
            (Some(Color::Red), Some(Color::Indexed(208)))
        );
        assert!(fail.add_modifier.contains(Modifier::BOLD));
        assert!(notes.is_empty());
    }

    #[test]
    fn every_mistake_has_its_place_and_a_way_out() {
        let cases = [
            (
                "\"ui.text\" = \"bleu\"\n",
                1,
                "column 13",
                "did you mean \"blue\"?",
            ),
            ("a = 1\nb =\n", 2, "column 4", ""),
            (
                "\"ui\" = { fgg = \"red\" }\n",
                1,
                "column 10",
                "it has fg, bg and modifiers",
            ),
            (
                "\"ui\" = { modifiers = [\"fat\"] }\n",
                1,
                "column 23",
                "there are bold, dim, italic, underlined, reversed, crossed_out",
            ),
            (
                "\n[palette]\nx = \"#12\"\n",
                3,
                "column 5",
                "write \"#rrggbb\", a name of [palette], \"red\" or \"208\"",
            ),
        ];
        for (text, line, column, help) in cases {
            let problems = read(text).unwrap_err();
            assert_eq!(problems[0].line, Some(line), "{text}: {problems:?}");
            assert_eq!(problems[0].column.as_deref(), Some(column), "{text}");
            assert_eq!(problems[0].help, help, "{text}");
            assert!(problems[0].is_error);
        }
    }

    #[test]
    fn an_unknown_name_is_noted_and_the_rest_is_used() {
        let (styles, notes) = read("\"ui.txet\" = \"red\"\n\"ui.text\" = \"blue\"\n").unwrap();
        assert_eq!(notes[0].help, "did you mean \"ui.text\"?");
        assert_eq!(styles["ui.text"].fg, Some(Color::Blue));
    }
}
