//! One check: its verdict and why, then findings, metrics, charts, notes and history to drill into.

use interlock_engine::picture::{CheckState, RunState};
use interlock_plugin_api::outcome::{Metric, Outcome, Severity, Verdict};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::checks::{limit, said, trend, working};
use super::{gone, pair, paragraph, section};
use crate::item::Item;
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{clip, duration, number, pad, pad_left};

/// How many metrics are listed at most; the tables behind the charts hold all.
const MAX_METRICS: usize = 200;

/// The page of a check.
pub(super) fn items(scene: &Scene, id: &str, width: usize) -> Vec<Item> {
    let Some(check) = scene.check(id) else {
        return gone(scene, &format!("a check '{id}'"), width);
    };
    let mut items = top(scene, check, width);
    if let Some(outcome) = &check.outcome {
        items.extend(findings(scene, id, outcome, width));
        items.extend(charts(scene, id, outcome));
        items.extend(metrics(scene, outcome, width));
        if !outcome.notes.is_empty() {
            items.extend(section(scene, "Notes"));
            for note in &outcome.notes {
                items.extend(paragraph(note, Style::default(), width));
            }
        }
    }
    items.extend(history(scene, check, width));
    items.extend(section(scene, "About"));
    let about = format!("what it measures and how   ({id}, plugin {})", check.plugin);
    items.push(Item::row(
        "about",
        Line::from(Span::raw(clip(&about, width))),
        Some(Page::Docs {
            check: id.to_owned(),
        }),
    ));
    items
}

fn top(scene: &Scene, check: &CheckState, width: usize) -> Vec<Item> {
    let look = &scene.look;
    let style = look.theme.standing(check.standing);
    let title = look.style("ui.title");
    let mut items = vec![Item::plain(vec![Line::from(vec![
        Span::styled(
            format!("{} {}  ", look.glyph(check.standing), check.standing.word()),
            style,
        ),
        Span::styled(check.info.title.clone(), title),
    ])])];
    items.extend(paragraph(&said(check), Style::default(), width));
    if let (Some(_), Some(outcome)) = (&check.reason, &check.outcome) {
        let last = format!("last good result: {}", outcome.summary);
        items.extend(paragraph(&last, look.style("ui.text.dim"), width));
    }
    if let Some(cause) = &check.cause {
        let arrow = look.glyphs.arrow;
        let text = format!(
            "{} {arrow} {} at {}, after {}",
            cause.from.word(),
            cause.to.word(),
            scene.zone.time(cause.at),
            cause.change
        );
        items.extend(pair(
            scene,
            "since",
            &text,
            look.style("log.verdict"),
            width,
        ));
    }
    if let RunState::Running { activity, .. } = &check.run {
        let text = format!("{} {activity}   c cancels", working(scene, check));
        items.extend(pair(
            scene,
            "running",
            &text,
            look.style("status.pending"),
            width,
        ));
    }
    if let Some(at) = check.finished_at {
        let took = check
            .duration
            .map_or(String::new(), |took| format!(", took {}", duration(took)));
        let from = if check.is_cached {
            ", known from an earlier run of the same inputs"
        } else {
            ""
        };
        let partial = if check.is_partial {
            ", not final yet"
        } else {
            ""
        };
        let text = format!("{}{took}{from}{partial}", scene.zone.time(at));
        items.extend(pair(scene, "result of", &text, Style::default(), width));
    }
    items
}

fn findings(scene: &Scene, id: &str, outcome: &Outcome, width: usize) -> Vec<Item> {
    if outcome.findings.is_empty() {
        return Vec::new();
    }
    let mut items = section(scene, "Findings");
    for (index, finding) in outcome.findings.iter().enumerate() {
        let (word, scope) = severity(finding.severity);
        let line = Line::from(vec![
            Span::styled(pad(&finding.code, 7), scene.look.style("ui.text.dim")),
            Span::styled(pad(word, 9), scene.look.style(scope)),
            Span::raw(clip(&finding.title, width.saturating_sub(16))),
        ]);
        let target = Page::Finding {
            check: id.to_owned(),
            index,
        };
        items.push(
            Item::row(
                format!("finding {} {}", finding.code, finding.title),
                line,
                Some(target),
            )
            .readout(finding.title.clone()),
        );
    }
    items
}

/// The word of a severity and the scope of its style.
pub(super) fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => ("error", "status.fail"),
        Severity::Warning => ("warning", "status.warn"),
        Severity::Note => ("note", "ui.text.dim"),
    }
}

fn charts(scene: &Scene, id: &str, outcome: &Outcome) -> Vec<Item> {
    if outcome.views.is_empty() {
        return Vec::new();
    }
    let mut items = section(scene, "Charts");
    for view in &outcome.views {
        items.push(
            Item::row(
                format!("view {}", view.id),
                Line::from(Span::raw(view.title.clone())),
                Some(Page::View {
                    check: id.to_owned(),
                    view: view.id.clone(),
                }),
            )
            .readout(view.caption.clone()),
        );
    }
    items
}

fn metrics(scene: &Scene, outcome: &Outcome, width: usize) -> Vec<Item> {
    if outcome.metrics.is_empty() {
        return Vec::new();
    }
    let mut items = section(scene, "Metrics");
    let name = width.saturating_sub(54).clamp(18, 60);
    let head = format!(
        "{} {:>10} {:<18} {:<12} {:>8}",
        pad("", name),
        "value",
        "interval",
        "accepted",
        "n"
    );
    items.push(Item::heading(head, scene.look.style("ui.text.dim")));
    for metric in outcome.metrics.iter().take(MAX_METRICS) {
        items.push(metric_row(scene, metric, name));
    }
    let n_more = outcome.metrics.len().saturating_sub(MAX_METRICS);
    if n_more > 0 {
        let text = format!("{n_more} more; the charts' tables hold all");
        items.push(Item::heading(text, scene.look.style("ui.text.dim")));
    }
    items
}

fn metric_row(scene: &Scene, metric: &Metric, name: usize) -> Item {
    let mut title = if metric.title.is_empty() {
        metric.id.clone()
    } else {
        metric.title.clone()
    };
    for part in [&metric.column, &metric.group].into_iter().flatten() {
        title = format!("{title}, {part}");
    }
    let value = metric.value.map_or_else(|| "-".to_owned(), number);
    let interval = metric.interval.as_ref().map_or(String::new(), |interval| {
        format!("[{}, {}]", number(interval.low), number(interval.high))
    });
    let method = metric.interval.as_ref().map_or(String::new(), |interval| {
        format!(
            ", {:.0} % interval [{}, {}] by {}",
            interval.level * 100.0,
            number(interval.low),
            number(interval.high),
            interval.method
        )
    });
    let limit = limit(metric).unwrap_or_default();
    let line = Line::from(vec![
        Span::raw(pad(&title, name)),
        Span::styled(
            format!(" {}", pad_left(&value, 10)),
            crossing(scene, metric),
        ),
        Span::styled(
            format!(" {}", pad(&interval, 18)),
            scene.look.style("ui.text.dim"),
        ),
        Span::raw(format!(" {}", pad(&limit, 12))),
        Span::styled(format!(" {:>8}", metric.n), scene.look.style("ui.text.dim")),
    ]);
    let unit = if metric.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", metric.unit)
    };
    Item::row(format!("metric {title}"), line, None)
        .readout(format!("{title}: {value}{unit}{method}, n = {}", metric.n))
}

/// The style of a value that crosses its limits.
fn crossing(scene: &Scene, metric: &Metric) -> Style {
    match metric.standing() {
        Some(Verdict::Fail) => scene.look.style("status.fail"),
        Some(Verdict::Warn) => scene.look.style("status.warn"),
        Some(Verdict::Pass | Verdict::Inconclusive) | None => Style::default(),
    }
}

fn history(scene: &Scene, check: &CheckState, width: usize) -> Vec<Item> {
    if check.history.len() < 2 {
        return Vec::new();
    }
    let mut items = section(scene, "History");
    let columns = check.history.len().min(width);
    items.push(Item::plain(vec![Line::from(trend(
        scene,
        &check.history,
        columns,
    ))]));
    for (index, point) in check.history.iter().enumerate().rev().take(20) {
        let value = point.value.map_or_else(|| "-".to_owned(), number);
        let word = format!(
            "{} {}",
            scene.look.glyph(point.standing),
            point.standing.word()
        );
        items.push(Item::row(
            format!("history {index}"),
            Line::from(vec![
                Span::styled(
                    format!(
                        "{}  {} ",
                        pad_left(&scene.zone.short(point.at, scene.now), 5),
                        scene.zone.time(point.at)
                    ),
                    scene.look.style("ui.text.dim"),
                ),
                Span::styled(pad(&word, 13), scene.look.theme.standing(point.standing)),
                Span::raw(pad_left(&value, 10)),
            ]),
            None,
        ));
    }
    items
}

/// The page that says what a check measures and how.
pub(super) fn docs(scene: &Scene, id: &str, width: usize) -> Vec<Item> {
    let Some(check) = scene.check(id) else {
        return gone(scene, &format!("a check '{id}'"), width);
    };
    let info = &check.info;
    let title = scene.look.style("ui.title");
    let mut items = vec![Item::heading(format!("{} ({id})", info.title), title)];
    let docs = &info.docs;
    let parts = [
        ("What it measures", &docs.measures),
        ("Why it matters", &docs.matters),
        ("How it is computed", &docs.computed),
        ("How to read it", &docs.reading),
        ("References", &docs.references),
    ];
    for (name, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        items.extend(section(scene, name));
        items.extend(paragraph(text, Style::default(), width.min(100)));
    }
    if !info.params.is_empty() {
        items.extend(section(scene, &format!("Settings under [checks.\"{id}\"]")));
        for param in &info.params {
            let line = format!("{} = {}", param.name, param.default);
            items.push(Item::heading(clip(&line, width), Style::default()));
            let dim = scene.look.style("ui.text.dim");
            items.extend(
                crate::text::wrap(&param.doc, width.saturating_sub(4).min(96))
                    .into_iter()
                    .map(|line| Item::heading(format!("    {line}"), dim)),
            );
        }
    }
    if !info.codes.is_empty() {
        items.extend(section(scene, "Codes"));
        for code in &info.codes {
            items.extend(pair(
                scene,
                &code.code,
                &code.title,
                Style::default(),
                width,
            ));
        }
    }
    // A long page is scrolled by moving over it.
    for (index, item) in items.iter_mut().enumerate() {
        item.key = format!("line {index}");
        item.spots = vec![crate::item::Spot::whole(None)];
    }
    items
}
