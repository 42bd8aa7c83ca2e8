//! What a page consists of: lines that can be selected, and spots on them that can be opened.
//!
//! In: styled lines. Out: [`Item`]s, which the state moves over and the view draws. A chart is a list
//! of items too: a bar, a bin or a row of cells is one, and a cell is a spot on it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::page::Page;

/// One or more lines that belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// Tells it from the others of its page, whatever else changes; empty if nothing keeps it.
    pub key: String,
    /// What is drawn, cut at the pane's right end.
    pub lines: Vec<Line<'static>>,
    /// What can be selected on it, from left to right; empty if nothing can.
    pub spots: Vec<Spot>,
    /// Whether it stays at the top while what stands below it is scrolled.
    pub is_pinned: bool,
    /// If it is scrolled sideways, how many of its columns stay at the left.
    pub fixed: Option<u16>,
}

/// A part of an item that can be selected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spot {
    /// First column.
    pub from: u16,
    /// Column after the last; `u16::MAX` for the whole width.
    pub to: u16,
    /// What is said below the page while it is selected; may be empty.
    pub readout: String,
    /// What opens.
    pub target: Option<Page>,
}

impl Item {
    /// Lines that cannot be selected.
    pub fn plain(lines: Vec<Line<'static>>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// An empty line.
    pub fn gap() -> Self {
        Self::plain(vec![Line::default()])
    }

    /// A heading.
    pub fn heading(text: impl Into<String>, style: Style) -> Self {
        Self::plain(vec![Line::from(Span::styled(text.into(), style))])
    }

    /// A line that can be selected and opened as a whole.
    pub fn row(key: impl Into<String>, line: Line<'static>, target: Option<Page>) -> Self {
        Self {
            key: key.into(),
            lines: vec![line],
            spots: vec![Spot::whole(target)],
            ..Self::default()
        }
    }

    /// Stays at the top while what stands below it is scrolled.
    #[must_use]
    pub fn pinned(mut self) -> Self {
        self.is_pinned = true;
        self
    }

    /// Is scrolled sideways, but for its first columns.
    #[must_use]
    pub fn fixed(mut self, columns: usize) -> Self {
        self.fixed = Some(u16::try_from(columns).unwrap_or(u16::MAX));
        self
    }

    /// With what is said while it is selected.
    #[must_use]
    pub fn readout(mut self, text: impl Into<String>) -> Self {
        if let Some(spot) = self.spots.first_mut() {
            spot.readout = text.into();
        }
        self
    }

    /// The text of its lines, without styles.
    pub fn text(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(line_text).collect();
        lines.join("\n")
    }
}

impl Spot {
    /// The whole width.
    pub fn whole(target: Option<Page>) -> Self {
        Self {
            from: 0,
            to: u16::MAX,
            readout: String::new(),
            target,
        }
    }
}

/// The lines in a pane of this height, scrolled so that line `top` would be the first one: each as
/// item and line of it. Pinned ones that would be above stand at the top instead and cover others.
pub fn on_screen(items: &[Item], top: usize, height: usize) -> Vec<(usize, usize)> {
    let mut stuck: Vec<(usize, usize)> = Vec::new();
    let mut rest: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for (index, item) in items.iter().enumerate() {
        for line in 0..item.lines.len() {
            if item.is_pinned && at < top + stuck.len() {
                stuck.push((index, line));
            } else if (top + stuck.len()..top + height).contains(&at) {
                rest.push((index, line));
            }
            at += 1;
        }
    }
    stuck.extend(rest);
    stuck.truncate(height);
    stuck
}

/// The text of a line, without styles.
pub fn line_text(line: &Line<'_>) -> String {
    line.spans
        .iter()
        .map(|span| span.content.as_ref())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(n: usize) -> Item {
        Item::plain(vec![Line::default(); n])
    }

    #[test]
    fn pinned_lines_stick_when_they_would_leave_the_screen() {
        let items = [lines(2), lines(1).pinned(), lines(1), lines(1), lines(1)];
        let shown = |top, height| -> Vec<usize> {
            let shown = on_screen(&items, top, height).into_iter();
            shown.map(|(index, _)| index).collect()
        };
        assert_eq!(shown(0, 4), [0, 0, 1, 2]);
        assert_eq!(shown(2, 3), [1, 2, 3]);
        assert_eq!(shown(3, 3), [1, 3, 4]);
        assert_eq!(shown(3, 1), [1]);
        assert_eq!(shown(9, 3), [1]);
        assert_eq!(shown(0, 0), [] as [usize; 0]);
    }
}
