//! One finding: what is wrong, why it matters, what to do, and the rows and chart behind it.

use interlock_plugin_api::outcome::Finding;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::check::severity;
use super::{gone, pair, paragraph, section};
use crate::item::Item;
use crate::page::Page;
use crate::scene::Scene;

/// The page of a finding.
pub(super) fn items(scene: &Scene, check: &str, index: usize, width: usize) -> Vec<Item> {
    let outcome = scene.check(check).and_then(|check| check.outcome.as_ref());
    let Some(finding) = outcome.and_then(|outcome| outcome.findings.get(index)) else {
        return gone(scene, "this finding", width);
    };
    let (word, scope) = severity(finding.severity);
    let mut items = vec![Item::plain(vec![Line::from(vec![Span::styled(
        format!("{word} {}  ", finding.code),
        scene.look.style(scope),
    )])])];
    items.extend(paragraph(
        &finding.title,
        scene.look.style("ui.title"),
        width,
    ));
    if !finding.explanation.is_empty() {
        items.push(Item::gap());
        items.extend(paragraph(&finding.explanation, Style::default(), width));
    }
    if !finding.advice.is_empty() {
        items.extend(section(scene, "What to do"));
        items.extend(paragraph(&finding.advice, Style::default(), width));
    }
    items.extend(place(scene, check, finding, width));
    items
}

fn place(scene: &Scene, check: &str, finding: &Finding, width: usize) -> Vec<Item> {
    let place = &finding.place;
    let mut items = Vec::new();
    let lists = [("columns", &place.columns), ("groups", &place.groups)];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        items.extend(pair(scene, name, &list.join(", "), Style::default(), width));
    }
    if let Some(file) = &place.file {
        let line = place.line.map_or(String::new(), |line| format!(":{line}"));
        items.extend(pair(
            scene,
            "file",
            &format!("{file}{line}"),
            Style::default(),
            width,
        ));
    }
    if let Some(rows) = place.rows.as_ref().filter(|rows| !rows.rows.is_empty()) {
        let text = format!("{} rows of the {} table", rows.total, rows.role.name());
        items.push(open(
            "rows",
            &text,
            Page::Rows {
                title: format!("{} rows", finding.code),
                rows: rows.clone(),
                columns: place.columns.clone(),
                is_whole: false,
            },
        ));
    }
    if let Some(view) = &finding.evidence {
        let text = "the chart that shows it";
        items.push(open(
            "chart",
            text,
            Page::View {
                check: check.to_owned(),
                view: view.clone(),
            },
        ));
    }
    if items.is_empty() {
        return items;
    }
    let mut all = section(scene, "Where");
    all.extend(items);
    all
}

fn open(name: &str, text: &str, page: Page) -> Item {
    let line = Line::from(vec![
        Span::raw(format!("{name:<12}")),
        Span::raw(text.to_owned()),
    ]);
    Item::row(name, line, Some(page)).readout("Enter opens it")
}
