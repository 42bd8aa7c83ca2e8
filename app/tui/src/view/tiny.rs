//! The screen where no page fits: the verdict over all, then the gravest checks.

use interlock_engine::report::overall;
use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use crate::state::State;
use crate::text::clip;

/// Draws the summary.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let look = &state.scene.look;
    let area = buffer.area;
    let columns = usize::from(area.width);
    let picture = &state.scene.picture;
    let mut checks: Vec<_> = picture.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.standing));
    let all = overall(picture);
    let head = (all, format!("{} {}", all.word(), picture.project.name));
    let rest = checks
        .iter()
        .map(|check| (check.standing, check.info.title.clone()));
    for ((standing, text), y) in std::iter::once(head)
        .chain(rest)
        .zip(area.top()..area.bottom())
    {
        let text = clip(&format!("{} {text}", look.glyph(standing)), columns);
        let line = Line::from(Span::styled(text, look.theme.standing(standing)));
        buffer.set_line(area.x, y, &line, area.width);
    }
}
