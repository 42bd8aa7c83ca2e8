//! The characters things are drawn with, for terminals with Unicode and without.
//!
//! In: whether the terminal shows Unicode. Out: one of two tables.

use interlock_engine::picture::Standing;
use ratatui::symbols::border;

/// One set of characters; each glyph is one column wide.
#[derive(Debug)]
pub struct Glyphs {
    standings: [&'static str; 8],
    /// Joins the stages of the pipeline.
    pub arrow: &'static str,
    /// Separates breadcrumbs.
    pub crumb: &'static str,
    /// Marks the selected line beside its style.
    pub cursor: &'static str,
    /// Eight fillings of a cell from the left, the last one full.
    pub bar: [&'static str; 8],
    /// Eight heights of a cell from below, for sparklines and densities.
    pub heights: [&'static str; 8],
    /// A cell of the reference distribution.
    pub reference: &'static str,
    /// A threshold standing across bars.
    pub limit: &'static str,
    /// An interval: low end, inside, high end.
    pub interval: [&'static str; 3],
    /// A threshold lying across lines.
    pub level: &'static str,
    /// A band of uncertainty.
    pub band: &'static str,
    /// Axis: upright, corner, lying.
    pub axis: [&'static str; 3],
    /// A tick of the lying axis.
    pub tick: &'static str,
    /// How the lines of several series are drawn, in words of one column: one after the other.
    pub series: [&'static str; 4],
    /// A mark for what crosses a limit.
    pub flag: &'static str,
    /// Steps of the sign of work in progress.
    pub spinner: &'static [&'static str],
    /// Frames around panes.
    pub border: border::Set<'static>,
    /// Whether Braille patterns can be drawn.
    pub has_braille: bool,
}

impl Glyphs {
    /// The characters for a terminal.
    pub fn of(is_ascii: bool) -> &'static Self {
        if is_ascii { &ASCII } else { &UNICODE }
    }

    /// The glyph of a verdict.
    pub fn standing(&self, standing: Standing) -> &'static str {
        self.standings[match standing {
            Standing::Skipped => 0,
            Standing::Pass => 1,
            Standing::Pending => 2,
            Standing::Warn => 3,
            Standing::Inconclusive => 4,
            Standing::Stale => 5,
            Standing::Error => 6,
            Standing::Fail => 7,
        }]
    }
}

static UNICODE: Glyphs = Glyphs {
    standings: ["·", "✓", "○", "!", "?", "~", "⊘", "✗"],
    arrow: "→",
    crumb: "›",
    cursor: "▌",
    bar: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    heights: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    reference: "░",
    limit: "┊",
    interval: ["├", "─", "┤"],
    level: "┄",
    band: "░",
    axis: ["│", "└", "─"],
    tick: "┬",
    series: ["━", "╍", "┉", "·"],
    flag: "▲",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"],
    border: border::ROUNDED,
    has_braille: true,
};

static ASCII: Glyphs = Glyphs {
    standings: ["-", "+", "o", "!", "?", "~", "E", "x"],
    arrow: ">",
    crumb: ">",
    cursor: ">",
    bar: ["#", "#", "#", "#", "#", "#", "#", "#"],
    heights: ["_", ".", ":", "-", "=", "+", "*", "#"],
    reference: "-",
    limit: "|",
    interval: ["<", "-", ">"],
    level: "-",
    band: ":",
    axis: ["|", "+", "-"],
    tick: "+",
    series: ["*", "o", "x", "."],
    flag: "^",
    spinner: &["|", "/", "-", "\\"],
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    has_braille: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn verdicts_differ_by_glyph_and_every_glyph_is_one_column() {
        for glyphs in [&UNICODE, &ASCII] {
            let mut seen: Vec<&str> = glyphs.standings.to_vec();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 8);
            let single = [
                glyphs.arrow,
                glyphs.crumb,
                glyphs.cursor,
                glyphs.flag,
                glyphs.tick,
            ];
            let all = glyphs
                .bar
                .iter()
                .chain(&glyphs.heights)
                .chain(&glyphs.interval)
                .chain(&glyphs.axis)
                .chain(&glyphs.series)
                .chain(glyphs.spinner)
                .chain(&single);
            for glyph in all {
                assert_eq!(width(glyph), 1, "{glyph}");
            }
        }
        assert!(ASCII.standings.concat().is_ascii());
    }
}
