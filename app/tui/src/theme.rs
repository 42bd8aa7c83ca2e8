//! What things look like: a theme file becomes styles, a locale becomes glyphs.
//!
//! In: the text of a theme file and what the terminal can show. Out: a [`Look`], from which
//! everything that draws takes its styles and characters.
//!
//! Names of styles are dotted; a name that is not in the file takes the style of the longest
//! beginning that is: `status.fail.word`, `status.fail`, `status`. No style says anything by color
//! alone: words and glyphs carry every verdict.

pub mod color;

pub mod file;

pub mod glyphs;

pub mod library;

use std::collections::BTreeMap;

use interlock_engine::picture::Standing;
use ratatui::style::{Color, Style};

pub use color::ColorDepth;
pub use glyphs::Glyphs;

/// A theme, ready to draw with.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: BTreeMap<String, Style>,
}

impl Theme {
    /// A theme of these styles, in colors the terminal has.
    pub fn new(name: &str, styles: BTreeMap<String, Style>, depth: ColorDepth) -> Self {
        let styles = styles
            .into_iter()
            .map(|(scope, style)| (scope, color::degrade(style, depth)))
            .collect();
        Self {
            name: name.to_owned(),
            styles,
        }
    }

    /// The style of a scope, or of the longest beginning of it that has one.
    pub fn style(&self, scope: &str) -> Style {
        let mut name = scope;
        loop {
            if let Some(style) = self.styles.get(name) {
                return *style;
            }
            match name.rsplit_once('.') {
                Some((shorter, _)) => name = shorter,
                None => return Style::default(),
            }
        }
    }

    /// The style of a verdict.
    pub fn standing(&self, standing: Standing) -> Style {
        self.style(match standing {
            Standing::Skipped => "status.skipped",
            Standing::Pass => "status.pass",
            Standing::Pending => "status.pending",
            Standing::Warn => "status.warn",
            Standing::Inconclusive => "status.inconclusive",
            Standing::Stale => "status.stale",
            Standing::Error => "status.error",
            Standing::Fail => "status.fail",
        })
    }

    /// The style of a share from 0 (low) to 1 (high) of a range. Colors in between are mixed where
    /// the terminal shows them; else the nearest of low, middle and high is taken.
    pub fn scale(&self, share: f64) -> Style {
        let (low, middle, high) = (
            self.style("chart.low"),
            self.style("chart.middle"),
            self.style("chart.high"),
        );
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        };
        let (from, to, part) = if share < 0.5 {
            (low, middle, share * 2.0)
        } else {
            (middle, high, share * 2.0 - 1.0)
        };
        match (from.fg, to.fg) {
            (Some(Color::Rgb(..)), Some(Color::Rgb(..))) => {
                Style::default().fg(color::mix(from.fg, to.fg, part))
            }
            _ if share < 1.0 / 3.0 => low,
            _ if share < 2.0 / 3.0 => middle,
            _ => high,
        }
    }
}

/// Styles and characters together.
#[derive(Debug, Clone)]
pub struct Look {
    /// The styles.
    pub theme: Theme,
    /// The characters.
    pub glyphs: &'static Glyphs,
}

impl Look {
    /// The style of a scope.
    pub fn style(&self, scope: &str) -> Style {
        self.theme.style(scope)
    }

    /// The glyph of a verdict.
    pub fn glyph(&self, standing: Standing) -> &'static str {
        self.glyphs.standing(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(pairs: &[(&str, Color)]) -> Theme {
        let styles = pairs
            .iter()
            .map(|(scope, color)| ((*scope).to_owned(), Style::default().fg(*color)))
            .collect();
        Theme::new("test", styles, ColorDepth::True)
    }

    #[test]
    fn the_longest_beginning_gives_the_style() {
        let theme = theme(&[("ui", Color::Red), ("ui.text", Color::Blue)]);
        assert_eq!(theme.style("ui.text.dim").fg, Some(Color::Blue));
        assert_eq!(theme.style("ui.textual").fg, Some(Color::Red));
        assert_eq!(theme.style("chart").fg, None);
    }

    #[test]
    fn a_scale_mixes_true_colors_and_steps_through_others() {
        let mixed = theme(&[
            ("chart.low", Color::Rgb(0, 0, 0)),
            ("chart.middle", Color::Rgb(100, 100, 100)),
            ("chart.high", Color::Rgb(200, 200, 200)),
        ]);
        assert_eq!(mixed.scale(0.25).fg, Some(Color::Rgb(50, 50, 50)));
        assert_eq!(mixed.scale(2.0).fg, Some(Color::Rgb(200, 200, 200)));
        let stepped = theme(&[("chart.low", Color::Blue), ("chart.high", Color::Red)]);
        assert_eq!(stepped.scale(0.1).fg, Some(Color::Blue));
        assert_eq!(stepped.scale(0.9).fg, Some(Color::Red));
    }
}
