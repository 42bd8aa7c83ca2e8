//! Pages as items.
//!
//! In: a [`Scene`] and a [`Page`]. Out: the page's [`Item`]s for a width. Nothing here knows what is
//! selected or where on the screen it stands.

mod checks;

mod check;

mod finding;

mod rows;

mod column;

mod inputs;

mod plugins;

mod log;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::chart::{self, Room};
use crate::item::Item;
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{pad, wrap};

pub use checks::stage_of;
pub use rows::{items as rows_items, order};

/// The items of a page in a pane of this width and height.
pub fn items(scene: &Scene, page: &Page, width: usize, height: usize) -> Vec<Item> {
    let width = width.max(20);
    match page {
        Page::Checks => checks::items(scene, width),
        Page::Plugins => plugins::items(scene, width),
        Page::Inputs => inputs::items(scene, width),
        Page::Log => log::items(scene, width),
        Page::Check { id } => check::items(scene, id, width),
        Page::Finding { check, index } => finding::items(scene, check, *index, width),
        Page::View { check, view } => view_items(scene, check, view, (width, height)),
        Page::Rows { rows, columns, .. } => rows::items(scene, (rows, columns), None, "", width),
        Page::Docs { check } => check::docs(scene, check, width),
        Page::Plugin { id } => plugins::plugin(scene, id, width),
        Page::Column { name } => column::items(scene, name, width),
        Page::Input { name } => inputs::input(scene, name, width),
    }
}

fn view_items(
    scene: &Scene,
    check: &str,
    view: &str,
    (width, height): (usize, usize),
) -> Vec<Item> {
    let outcome = scene.check(check).and_then(|check| check.outcome.as_ref());
    let found = outcome.and_then(|outcome| outcome.views.iter().find(|known| known.id == view));
    let Some(found) = found else {
        return gone(scene, "this chart", width);
    };
    let title = scene.look.style("ui.title");
    let mut items = vec![Item::heading(pad(&found.title, width), title)];
    items.extend(paragraph(
        &found.caption,
        scene.look.style("ui.text.dim"),
        width,
    ));
    items.push(Item::gap());
    let room = Room::new(width, height.saturating_sub(items.len() + 4));
    items.extend(chart::items(found, room, &scene.look));
    items
}

/// What a page says whose subject is no longer there.
fn gone(scene: &Scene, what: &str, width: usize) -> Vec<Item> {
    let text = format!("The last run has not given {what}. Esc goes back.");
    paragraph(&text, scene.look.style("ui.text.dim"), width)
}

/// Wrapped text; nothing for an empty one.
fn paragraph(text: &str, style: Style, width: usize) -> Vec<Item> {
    if text.is_empty() {
        return Vec::new();
    }
    wrap(text, width)
        .into_iter()
        .map(|line| Item::heading(line, style))
        .collect()
}

/// A name and what it stands for, in two columns; the second is wrapped.
fn pair(scene: &Scene, name: &str, text: &str, style: Style, width: usize) -> Vec<Item> {
    const NAME: usize = 12;
    let dim = scene.look.style("ui.text.dim");
    wrap(text, width.saturating_sub(NAME))
        .into_iter()
        .enumerate()
        .map(|(index, line)| {
            let name = if index == 0 { name } else { "" };
            Item::plain(vec![Line::from(vec![
                Span::styled(pad(name, NAME), dim),
                Span::styled(line, style),
            ])])
        })
        .collect()
}

/// A heading with a gap above it.
fn section(scene: &Scene, title: &str) -> Vec<Item> {
    vec![
        Item::gap(),
        Item::heading(title, scene.look.style("ui.text.accent")),
    ]
}
