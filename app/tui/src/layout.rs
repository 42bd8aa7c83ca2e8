//! Which part of the screen is for what.
//!
//! In: the screen's size and how much is to be shown. Out: rectangles. Four classes: wide (three
//! panes), normal (list and log), narrow (one pane), tiny (a summary).

use ratatui::layout::Rect;

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// At least 120 × 30: list, preview and log.
    Wide,
    /// At least 80 × 20: list and log; an opened page has all the room.
    Normal,
    /// One pane.
    Narrow,
    /// Under 40 × 10: a summary of a few lines.
    Tiny,
}

/// Rectangles of a frame; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// How much fits.
    pub class: Class,
    /// Name, breadcrumbs, overall verdict.
    pub title: Rect,
    /// The stages.
    pub pipeline: Rect,
    /// What is wrong with the project.
    pub banner: Rect,
    /// The page, frame included.
    pub body: Rect,
    /// What Enter would open, frame included.
    pub preview: Rect,
    /// What happened last, frame included.
    pub log: Rect,
    /// What is said about the selected spot.
    pub readout: Rect,
    /// Keys.
    pub footer: Rect,
}

/// What the layout depends on beside the size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the page"
)]
pub struct Wish {
    /// Lines of the banner.
    pub n_banner: u16,
    /// Whether the page stands alone.
    pub is_zoomed: bool,
    /// Whether the page has a preview beside it.
    pub has_preview: bool,
    /// Whether the page is the log itself.
    pub is_log: bool,
    /// Whether the page was opened from another one: what it shows needs the room more than the log.
    pub is_deep: bool,
}

impl Areas {
    /// The parts of a screen.
    pub fn of((width, height): (u16, u16), wish: Wish) -> Self {
        let class = match (width, height) {
            _ if width < 40 || height < 10 => Class::Tiny,
            _ if width < 80 || height < 20 => Class::Narrow,
            _ if width < 120 || height < 30 => Class::Normal,
            _ => Class::Wide,
        };
        let mut rest = Rect::new(0, 0, width, height);
        let mut top = |lines: u16| {
            let lines = lines.min(rest.height);
            let area = Rect {
                height: lines,
                ..rest
            };
            rest.y += lines;
            rest.height -= lines;
            area
        };
        let title = top(1);
        let pipeline = top(match class {
            Class::Wide => 2,
            Class::Normal | Class::Narrow => 1,
            Class::Tiny => 0,
        });
        let most = match class {
            Class::Wide | Class::Normal => 3,
            Class::Narrow => 1,
            Class::Tiny => 0,
        };
        let banner = top(wish.n_banner.min(most));
        let mut bottom = |lines: u16| {
            let lines = lines.min(rest.height);
            rest.height -= lines;
            Rect {
                y: rest.y + rest.height,
                height: lines,
                ..rest
            }
        };
        let n_foot = u16::from(class != Class::Tiny);
        let footer = bottom(n_foot);
        let readout = bottom(n_foot);
        let has_log = !wish.is_zoomed && !wish.is_log;
        let log = bottom(match class {
            Class::Wide if has_log => height / 5,
            Class::Normal if has_log && !wish.is_deep => 5,
            Class::Wide | Class::Normal | Class::Narrow | Class::Tiny => 0,
        });
        let (mut body, mut preview) = (rest, Rect::default());
        if class == Class::Wide && wish.has_preview && !wish.is_zoomed {
            body.width = width * 11 / 20;
            preview = Rect {
                x: body.width,
                width: width - body.width,
                ..rest
            };
        }
        Self {
            class,
            title,
            pipeline,
            banner,
            body,
            preview,
            log,
            readout,
            footer,
        }
    }

    /// The inside of a pane: framed where there is room.
    pub fn inside(&self, pane: Rect) -> Rect {
        match self.class {
            Class::Wide | Class::Normal => Rect {
                x: pane.x + 1,
                y: pane.y + 1,
                width: pane.width.saturating_sub(2),
                height: pane.height.saturating_sub(2),
            },
            Class::Narrow | Class::Tiny => pane,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_screen_without_overlap_at_every_size() {
        for width in 0..220 {
            for height in 0..70 {
                for bits in 0..32_u16 {
                    let wish = Wish {
                        n_banner: (bits & 1) * 3,
                        is_zoomed: bits & 2 != 0,
                        has_preview: bits & 4 != 0,
                        is_log: bits & 8 != 0,
                        is_deep: bits & 16 != 0,
                    };
                    let areas = Areas::of((width, height), wish);
                    let parts = [
                        areas.title,
                        areas.pipeline,
                        areas.banner,
                        areas.body,
                        areas.preview,
                        areas.log,
                        areas.readout,
                        areas.footer,
                    ];
                    let cells: u32 = parts.iter().map(|part| part.area()).sum();
                    assert_eq!(
                        cells,
                        u32::from(width) * u32::from(height),
                        "{width}x{height} {wish:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn sizes_have_their_class() {
        let class = |size| Areas::of(size, Wish::default()).class;
        assert_eq!(class((200, 60)), Class::Wide);
        assert_eq!(class((80, 24)), Class::Normal);
        assert_eq!(class((79, 24)), Class::Narrow);
        assert_eq!(class((39, 24)), Class::Tiny);
    }
}
