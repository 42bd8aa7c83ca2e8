//! What happened, the newest first.

use interlock_engine::picture::{LogEntry, LogKind};
use ratatui::text::{Line, Span};

use crate::item::Item;
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{clip, pad};

/// The page of the log.
pub(super) fn items(scene: &Scene, width: usize) -> Vec<Item> {
    let entries = scene.picture.log.iter().rev().enumerate();
    entries
        .map(|(index, entry)| row(scene, entry, scene.picture.log.len() - index, width))
        .collect()
}

fn row(scene: &Scene, entry: &LogEntry, number: usize, width: usize) -> Item {
    let (word, scope) = match entry.kind {
        LogKind::Change => ("change", "log.change"),
        LogKind::Verdict => ("verdict", "log.verdict"),
        LogKind::Finished => ("done", "log.finished"),
        LogKind::Plugin => ("plugin", "log.plugin"),
        LogKind::Config => ("config", "log.config"),
        LogKind::Problem => ("problem", "log.problem"),
        LogKind::Info => ("info", "log.info"),
    };
    let style = scene.look.style(scope);
    let line = Line::from(vec![
        Span::styled(scene.zone.time(entry.at), scene.look.style("ui.text.dim")),
        Span::styled(format!(" {}", pad(word, 8)), style),
        Span::styled(clip(&entry.text, width.saturating_sub(17)), style),
    ]);
    let target = entry.check.clone().map(|id| Page::Check { id });
    Item::row(format!("{number} {:?}", entry.at), line, target).readout(entry.text.clone())
}
