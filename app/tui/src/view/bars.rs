//! The lines around the panes: title, pipeline, banner, readout, footer.

use interlock_engine::picture::{Picture, Standing};
use interlock_engine::report::{overall, printable};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::action::{self, Action, ENTRIES, Entry};
use crate::layout::Areas;
use crate::pipeline::segments;
use crate::state::State;
use crate::text::{clip, width};

/// Name, breadcrumbs, and at the right the verdict over all and what goes on.
pub(super) fn title(state: &State, area: Rect, buffer: &mut Buffer) {
    let look = &state.scene.look;
    let picture = &state.scene.picture;
    let standing = overall(picture);
    let verdict = format!("{} {} ", look.glyph(standing), standing.word());
    let doing = doing(picture);
    let right = width(&verdict) + width(&doing);
    let room = usize::from(area.width).saturating_sub(right + 1);
    let mut crumbs = vec![picture.project.name.clone()];
    crumbs.push(state.roots[state.root].page.title());
    crumbs.extend(state.stack.iter().map(|place| place.page.title()));
    let separator = format!(" {} ", look.glyphs.crumb);
    let mut text = format!(" interlock  {}", crumbs.join(&separator));
    if width(&text) > room && crumbs.len() > 2 {
        let last = &crumbs[crumbs.len() - 2..];
        text = format!(" …{separator}{}", last.join(&separator));
    }
    let line = Line::from(Span::styled(clip(&text, room), look.style("ui.title")));
    buffer.set_line(area.x, area.y, &line, area.width);
    let line = Line::from(vec![
        Span::styled(doing, look.style("status.pending")),
        Span::styled(verdict, look.theme.standing(standing)),
    ]);
    let x = area
        .right()
        .saturating_sub(u16::try_from(right).unwrap_or(area.width));
    buffer.set_line(x, area.y, &line, area.width);
}

/// What the engine is doing, in a few words.
fn doing(picture: &Picture) -> String {
    let activity = &picture.activity;
    let mut parts = Vec::new();
    if !activity.loading.is_empty() {
        parts.push(format!("loading {}", activity.loading.join(", ")));
    }
    if activity.n_running > 0 {
        parts.push(format!("{} running", activity.n_running));
    }
    if activity.n_queued > 0 {
        parts.push(format!("{} waiting", activity.n_queued));
    }
    if activity.is_paused {
        parts.push("PAUSED".to_owned());
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("{}  ", clip(&parts.join(", "), 40))
    }
}

/// The stages; with room, how many checks of each passed.
pub(super) fn pipeline(state: &State, areas: Areas, buffer: &mut Buffer) {
    let look = &state.scene.look;
    let area = areas.pipeline;
    let segments = segments(&state.scene.picture, usize::from(area.width));
    let dim = look.style("ui.text.dim");
    for (index, segment) in segments.iter().enumerate() {
        let (glyph, style, word) = match (segment.standing, segment.stage) {
            (Some(standing), _) => (
                look.glyph(standing),
                look.theme.standing(standing),
                format!(
                    "{} {}/{}",
                    standing.word(),
                    segment.passed.0,
                    segment.passed.1
                ),
            ),
            (None, Some(_)) => (look.glyph(Standing::Skipped), dim, "no check".to_owned()),
            (None, None) => (look.glyph(Standing::Pending), dim, "not signed".to_owned()),
        };
        let x = area.x + u16::try_from(segment.from).unwrap_or(0);
        let room = area.right().saturating_sub(x);
        let line = Line::from(Span::styled(format!("{glyph} {}", segment.name), style));
        buffer.set_line(x, area.y, &line, room);
        if area.height > 1 {
            let line = Line::from(Span::styled(format!("  {word}"), style));
            buffer.set_line(x, area.y + 1, &line, room);
        }
        let gap = segments
            .get(index + 1)
            .map_or(0, |next| next.from - segment.to);
        if gap >= 3 {
            let x = area.x + u16::try_from(segment.to + gap / 2).unwrap_or(0);
            let line = Line::from(Span::styled(look.glyphs.arrow, dim));
            buffer.set_line(x, area.y, &line, 1);
        }
    }
}

/// What must be seen whatever page is open.
pub(super) fn banner(state: &State, area: Rect, buffer: &mut Buffer) {
    let look = &state.scene.look;
    for ((standing, text), y) in state.banner().into_iter().zip(area.top()..area.bottom()) {
        let text = format!(" {} {text}", look.glyph(standing));
        let text = clip(&text, usize::from(area.width));
        let line = Line::from(Span::styled(text, look.theme.standing(standing)));
        buffer.set_line(area.x, y, &line, area.width);
    }
}

/// What is said about the selected spot, for a moment, or what is typed; where typing goes on.
pub(super) fn readout(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let look = &state.scene.look;
    let columns = usize::from(area.width);
    let place = state.place();
    let typed = match &state.export {
        Some((path, true)) => Some(format!(" {path} exists; Enter replaces it: {path}")),
        Some((path, false)) => Some(format!(" write rows to (.csv, .tsv, .parquet): {path}")),
        None if state.is_filtering => Some(format!(" / {}", place.filter)),
        None => None,
    };
    if let Some(text) = typed {
        let text = printable(&text);
        let at = u16::try_from(width(&text))
            .unwrap_or(0)
            .min(area.width.saturating_sub(1));
        let line = Line::from(Span::styled(
            clip(&text, columns),
            look.style("ui.text.accent"),
        ));
        buffer.set_line(area.x, area.y, &line, area.width);
        return Some(Position::new(area.x + at, area.y));
    }
    let (text, style) = if let Some(toast) = &state.toast {
        (toast.text.clone(), look.style("ui.text.accent"))
    } else {
        let items = state.items();
        let said = state
            .selected(&items)
            .map(|(_, _, spot)| spot.readout.clone());
        let said = said.unwrap_or_default();
        if place.filter.is_empty() {
            (said, look.style("ui.text"))
        } else {
            (format!("/{}  {said}", place.filter), look.style("ui.text"))
        }
    };
    let line = Line::from(Span::styled(clip(&format!(" {text}"), columns), style));
    buffer.set_line(area.x, area.y, &line, area.width);
    None
}

/// The keys that matter here, as many as fit; help always does.
pub(super) fn footer(state: &State, area: Rect, buffer: &mut Buffer) {
    let look = &state.scene.look;
    let (key, text) = (look.style("ui.key"), look.style("ui.text.dim"));
    let hints: Vec<(String, String)> = if state.palette.is_some() {
        hints(&[("Enter", "do it"), ("Up/Down", "select"), ("Esc", "close")])
    } else if state.export.is_some() {
        hints(&[("Enter", "write"), ("Esc", "do not")])
    } else if state.is_filtering {
        hints(&[("Enter", "keep"), ("Esc", "show all")])
    } else {
        entries(state)
            .iter()
            .map(|entry| (entry.keys[0].name(), title_of(entry, state)))
            .collect()
    };
    let wide = |(key, title): &(String, String)| width(key) + width(title) + 3;
    let room = usize::from(area.width).saturating_sub(hints.last().map_or(0, wide));
    let mut spans = Vec::new();
    let mut used = 1;
    for (index, hint) in hints.iter().enumerate() {
        let is_last = index + 1 == hints.len();
        if !is_last && used + wide(hint) > room {
            continue;
        }
        used += wide(hint);
        spans.push(Span::styled(format!(" {}", hint.0), key));
        spans.push(Span::styled(format!(" {} ", hint.1), text));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn hints(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, title)| ((*key).to_owned(), (*title).to_owned()))
        .collect()
}

/// Actions of the footer that can be done now, in their order.
fn entries(state: &State) -> Vec<&'static Entry> {
    let mut entries: Vec<&Entry> = ENTRIES
        .iter()
        .filter(|entry| entry.rank > 0 && action::can(state, entry.action).is_ok())
        .filter(|entry| entry.action != Action::Leave || state.stack.is_empty())
        .filter(|entry| entry.action != Action::NextPane || state.stack.is_empty())
        .collect();
    entries.sort_by_key(|entry| entry.rank);
    entries
}

fn title_of(entry: &Entry, state: &State) -> String {
    match entry.action {
        Action::OnlyBad if state.scene.only_bad => "all".to_owned(),
        _ => entry.title.to_owned(),
    }
}
