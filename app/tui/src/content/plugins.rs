//! Plugins: how each is, what it cost, what it printed.

use interlock_engine::picture::{PluginHealth, PluginState};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{gone, pair, paragraph, section};
use crate::item::{Item, Spot};
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{bytes, clip, duration, pad, pad_left};

/// The page of all plugins.
pub(super) fn items(scene: &Scene, width: usize) -> Vec<Item> {
    let dim = scene.look.style("ui.text.dim");
    let mut items = if scene.picture.plugins.is_empty() {
        let text =
            "No plugin library was found. `interlock doctor` says where they are looked for.";
        paragraph(text, dim, width)
    } else {
        list(scene, width)
    };
    if !scene.output.is_empty() {
        items.extend(section(scene, "Printed by this program itself"));
        items.extend(lines(&scene.output, "own output", width));
    }
    items
}

fn list(scene: &Scene, width: usize) -> Vec<Item> {
    let plugins = &scene.picture.plugins;
    let name = plugins.iter().map(|plugin| plugin.id.len()).max();
    let name = name.unwrap_or(0).clamp(6, 24);
    let head = format!(
        "{} {} {:>8} {:>6} {:>6} {:>8} {:>8} {:>7} {:>7} {:>9}",
        pad("plugin", name),
        pad("state", 12),
        "version",
        "api",
        "checks",
        "opened",
        "ran",
        "reloads",
        "crashes",
        "memory"
    );
    let mut items = vec![Item::heading(
        clip(&head, width),
        scene.look.style("ui.text.dim"),
    )];
    items.extend(plugins.iter().map(|plugin| row(scene, plugin, name)));
    items
}

fn row(scene: &Scene, plugin: &PluginState, name: usize) -> Item {
    let (word, scope, why) = health(&plugin.health);
    let info = plugin.info.as_deref();
    let opened = plugin.open_duration.map_or(String::new(), duration);
    let memory: u64 = plugin.workers.iter().map(|(_, bytes)| bytes).sum();
    let rest = format!(
        " {} {} {:>6} {:>8} {:>8} {:>7} {:>7} {:>9}",
        pad_left(info.map_or("", |info| &info.version), 8),
        pad_left(info.map_or("", |info| &info.api), 6),
        plugin.n_checks,
        opened,
        duration(plugin.run_duration),
        plugin.n_reloads,
        plugin.n_crashes,
        if memory > 0 {
            bytes(memory)
        } else {
            String::new()
        },
    );
    let line = Line::from(vec![
        Span::raw(pad(&plugin.id, name)),
        Span::raw(" "),
        Span::styled(pad(word, 12), scene.look.style(scope)),
        Span::raw(rest),
    ]);
    let said = why
        .or(plugin.last_crash.as_deref())
        .unwrap_or_else(|| info.map_or("", |info| &info.summary));
    Item::row(
        plugin.id.clone(),
        line,
        Some(Page::Plugin {
            id: plugin.id.clone(),
        }),
    )
    .readout(said)
}

/// Word, style and reason of a plugin's health.
fn health(health: &PluginHealth) -> (&'static str, &'static str, Option<&str>) {
    match health {
        PluginHealth::Opening => ("opening", "status.pending", None),
        PluginHealth::Ready => ("ready", "status.pass", None),
        PluginHealth::Broken(why) => ("broken", "status.error", Some(why)),
        PluginHealth::Restarting(why) => ("restarting", "status.warn", Some(why)),
        PluginHealth::Quarantined(why) => ("quarantined", "status.error", Some(why)),
        PluginHealth::Disabled => ("disabled", "status.skipped", None),
    }
}

/// The page of one plugin.
pub(super) fn plugin(scene: &Scene, id: &str, width: usize) -> Vec<Item> {
    let Some(plugin) = scene.plugin(id) else {
        return gone(scene, &format!("a plugin '{id}'"), width);
    };
    let (word, scope, why) = health(&plugin.health);
    let mut items = vec![Item::plain(vec![Line::from(vec![
        Span::styled(format!("{word}  "), scene.look.style(scope)),
        Span::styled(plugin.id.clone(), scene.look.style("ui.title")),
    ])])];
    items.extend(paragraph(why.unwrap_or_default(), Style::default(), width));
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            items.extend(pair(scene, name, &text, Style::default(), width));
        }
    };
    fact("library", plugin.path.display().to_string());
    if let Some(info) = plugin.info.as_deref() {
        fact("about", info.summary.clone());
        fact("version", info.version.clone());
        fact("plugin API", info.api.clone());
        fact("built with", info.compiler.clone());
    }
    let time = |at| scene.zone.time(at);
    fact("built at", plugin.modified_at.map_or(String::new(), time));
    fact("checks", plugin.n_checks.to_string());
    fact(
        "opened in",
        plugin.open_duration.map_or(String::new(), duration),
    );
    fact("ran for", duration(plugin.run_duration));
    fact("reloads", plugin.n_reloads.to_string());
    fact("crashes", plugin.n_crashes.to_string());
    fact("last crash", plugin.last_crash.clone().unwrap_or_default());
    for (process, memory) in &plugin.workers {
        fact(
            "worker",
            format!("process {process}, {} resident", bytes(*memory)),
        );
    }
    let checks = scene
        .picture
        .checks
        .iter()
        .filter(|check| check.plugin == id);
    let mut rows = Vec::new();
    for check in checks {
        let word = format!(
            "{} {}",
            scene.look.glyph(check.standing),
            check.standing.word()
        );
        rows.push(Item::row(
            check.info.id.clone(),
            Line::from(vec![
                Span::styled(pad(&word, 13), scene.look.theme.standing(check.standing)),
                Span::raw(format!(" {}", check.info.id)),
            ]),
            Some(Page::Check {
                id: check.info.id.clone(),
            }),
        ));
    }
    if !rows.is_empty() {
        items.extend(section(scene, "Checks"));
        items.extend(rows);
    }
    items.extend(section(scene, "Output"));
    if plugin.output.is_empty() {
        let text = "It has printed nothing.";
        items.extend(paragraph(text, scene.look.style("ui.text.dim"), width));
    }
    items.extend(lines(&plugin.output, "output", width));
    if let Some(details) = &plugin.details {
        items.extend(section(scene, "Details"));
        let details: Vec<String> = details.lines().map(str::to_owned).collect();
        items.extend(lines(&details, "details", width));
    }
    items
}

/// Lines that can be moved over.
fn lines(texts: &[String], key: &str, width: usize) -> Vec<Item> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| Item {
            key: format!("{key} {index}"),
            lines: vec![Line::from(Span::raw(clip(text, width)))],
            spots: vec![Spot::whole(None)],
            ..Item::default()
        })
        .collect()
}
