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
            key: String::new(),
            lines,
            spots: Vec::new(),
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
        }
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

/// The text of a line, without styles.
pub fn line_text(line: &Line<'_>) -> String {
    line.spans
        .iter()
        .map(|span| span.content.as_ref())
        .collect()
}
