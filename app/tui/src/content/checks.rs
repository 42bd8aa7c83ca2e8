//! All checks, one line each: verdict, name, value against threshold, trend, when.

use interlock_engine::picture::{CheckState, HistoryPoint, RunState, Standing};
use interlock_plugin_api::check_info::Stage;
use interlock_plugin_api::outcome::{Direction, Metric};
use ratatui::text::{Line, Span};

use crate::item::Item;
use crate::page::Page;
use crate::scene::{Order, Scene};
use crate::text::{clip, duration, number, pad, pad_left, width as width_of};

const VERDICT: usize = 13;
const VALUE: usize = 20;
const TREND: usize = 8;
const WHEN: usize = 5;

/// How wide the columns are that give way.
struct Columns {
    title: usize,
    summary: usize,
    value: usize,
    trend: usize,
}

impl Columns {
    fn new(width: usize) -> Self {
        let trend = if width >= 64 { TREND } else { 0 };
        let value = if width >= 48 { VALUE } else { 0 };
        let fixed = VERDICT + value + trend + WHEN + 6;
        let rest = width.saturating_sub(fixed).max(8);
        let title = rest.min(34);
        let summary = rest.saturating_sub(title + 2);
        Self {
            title,
            summary: if summary < 12 { 0 } else { summary },
            value,
            trend,
        }
    }
}

/// The page of all checks in a pane of this height: those that passed stand in one line per stage if
/// they would not fit, or as the reader said.
pub(super) fn items(scene: &Scene, width: usize, height: usize) -> Vec<Item> {
    let (checks, columns) = (in_order(scene), Columns::new(width));
    if checks.is_empty() {
        return empty(scene, width);
    }
    let mut items = vec![head(scene, &columns)];
    let parts = parts(scene, &checks);
    let n_lines = 1 + checks.len() + parts.iter().filter(|part| part.stage.is_some()).count();
    for part in parts {
        items.extend(part.stage.map(|stage| heading(scene, stage)));
        let chosen = scene.folds.get(&part.stage).copied();
        let (mut folded, mut shown): (Vec<&CheckState>, Vec<&CheckState>) =
            part.checks.iter().partition(|check| can_fold(check));
        // One alone takes no more room as it is.
        if folded.len() < 2 || !chosen.unwrap_or(n_lines > height) {
            (folded, shown) = (Vec::new(), part.checks);
        }
        items.extend(shown.into_iter().map(|check| row(scene, check, &columns)));
        if !folded.is_empty() {
            items.push(fold(scene, part.stage, &folded, width));
        }
    }
    items
}

/// All checks without folds, for a filter to choose from.
pub fn all(scene: &Scene, width: usize) -> Vec<Item> {
    let columns = Columns::new(width);
    let checks = in_order(scene);
    checks
        .into_iter()
        .map(|check| row(scene, check, &columns))
        .collect()
}

/// Checks in the order of the page. What wants a look stands first, so that it is not to be searched
/// among what passes.
fn in_order(scene: &Scene) -> Vec<&CheckState> {
    let mut checks: Vec<&CheckState> = scene
        .picture
        .checks
        .iter()
        .map(AsRef::as_ref)
        .filter(|check| !scene.only_bad || check.standing >= Standing::Warn)
        .collect();
    let gravity = |check: &CheckState| std::cmp::Reverse(check.standing);
    match scene.order {
        Order::Gravity => checks.sort_by_key(|check| gravity(check)),
        Order::Stage => checks.sort_by_key(|check| (check.info.stage, gravity(check))),
    }
    checks
}

/// Checks that stand under one heading; without one if all stand together.
struct Part<'s> {
    stage: Option<Stage>,
    checks: Vec<&'s CheckState>,
}

fn parts<'s>(scene: &Scene, checks: &[&'s CheckState]) -> Vec<Part<'s>> {
    let mut parts: Vec<Part<'s>> = Vec::new();
    for check in checks {
        let stage = part_of(scene, check);
        match parts.last_mut().filter(|part| part.stage == stage) {
            Some(part) => part.checks.push(check),
            None => parts.push(Part {
                stage,
                checks: vec![check],
            }),
        }
    }
    parts
}

fn part_of(scene: &Scene, check: &CheckState) -> Option<Stage> {
    (scene.order == Order::Stage).then_some(check.info.stage)
}

fn heading(scene: &Scene, stage: Stage) -> Item {
    Item::heading(stage.title(), scene.look.style("ui.text.dim"))
}

/// Whether a check may be folded away: nothing of it wants a look.
fn can_fold(check: &CheckState) -> bool {
    matches!(check.standing, Standing::Pass | Standing::Skipped)
}

/// The key of the line that a check is folded into, if it can be.
pub fn fold_key(scene: &Scene, check: &str) -> Option<String> {
    let check = scene.check(check).filter(|check| can_fold(check))?;
    Some(key_of(part_of(scene, check)))
}

fn key_of(stage: Option<Stage>) -> String {
    let name = stage.map_or("all stages", Stage::title);
    format!("folded {name}")
}

/// The part of the page that an item of this key belongs to: a check's, or a folded one.
pub fn part_of_key(scene: &Scene, key: &str) -> Option<Option<Stage>> {
    if let Some(check) = scene.check(key) {
        return Some(part_of(scene, check));
    }
    let stages = Stage::ALL.into_iter().map(Some).chain([None]);
    stages.into_iter().find(|stage| key_of(*stage) == key)
}

/// Whether the passed checks of a part are folded in a pane of this height.
pub fn is_folded(scene: &Scene, part: Option<Stage>, height: usize) -> bool {
    let items = items(scene, 80, height);
    items.iter().any(|item| item.key == key_of(part))
}

/// What passed in one line: `✓ 21 passed  · 2 skipped  Duplicates, Missing values, …`.
fn fold(scene: &Scene, stage: Option<Stage>, checks: &[&CheckState], width: usize) -> Item {
    let look = &scene.look;
    let mut spans = Vec::new();
    for (standing, word) in [(Standing::Pass, "passed"), (Standing::Skipped, "skipped")] {
        let n = checks
            .iter()
            .filter(|check| check.standing == standing)
            .count();
        if n > 0 {
            let text = format!("{} {n} {word}  ", look.glyph(standing));
            spans.push(Span::styled(text, look.theme.standing(standing)));
        }
    }
    let n_running = checks
        .iter()
        .filter(|check| check.run != RunState::Idle)
        .count();
    if n_running > 0 {
        let text = format!("{n_running} running again  ");
        spans.push(Span::styled(text, look.style("status.pending")));
    }
    let said: usize = spans.iter().map(|span| width_of(&span.content)).sum();
    let names: Vec<&str> = checks
        .iter()
        .map(|check| check.info.title.as_str())
        .collect();
    let names = names.join(", ");
    let room = width.saturating_sub(said);
    spans.push(Span::styled(clip(&names, room), look.style("ui.text.dim")));
    Item::row(key_of(stage), Line::from(spans), None).readout(format!("Enter unfolds: {names}"))
}

fn empty(scene: &Scene, width: usize) -> Vec<Item> {
    let opening = scene.picture.plugins.is_empty() || !scene.picture.is_settled();
    let text = if scene.only_bad && !scene.picture.checks.is_empty() {
        "No check wants a look. f shows all of them."
    } else if opening {
        "Plugins are being opened…"
    } else {
        "No plugin offers a check. The plugins pane (2) says why; the project file names folders of plugins under [plugins] paths."
    };
    super::paragraph(text, scene.look.style("ui.text.dim"), width)
}

fn head(scene: &Scene, columns: &Columns) -> Item {
    let mut text = format!(
        "{} {}",
        pad("verdict", VERDICT),
        pad("check", columns.title)
    );
    if columns.summary > 0 {
        text = format!("{text}  {}", pad("", columns.summary));
    }
    if columns.value > 0 {
        text = format!("{text} {}", pad_left("value", columns.value));
    }
    if columns.trend > 0 {
        text = format!("{text} {}", pad("trend", columns.trend));
    }
    text = format!("{text} {}", pad_left("at", WHEN));
    Item::heading(text, scene.look.style("ui.text.dim"))
}

fn row(scene: &Scene, check: &CheckState, columns: &Columns) -> Item {
    let look = &scene.look;
    let dim = look.style("ui.text.dim");
    let style = look.theme.standing(check.standing);
    let word = format!("{} {}", look.glyph(check.standing), check.standing.word());
    let mut spans = vec![
        Span::styled(pad(&word, VERDICT), style),
        Span::raw(" "),
        Span::raw(pad(&check.info.title, columns.title)),
    ];
    if columns.summary > 0 {
        spans.push(Span::styled(
            format!("  {}", pad(&said(check), columns.summary)),
            dim,
        ));
    }
    if columns.value > 0 {
        let (text, style) = match &check.run {
            RunState::Running { .. } | RunState::Queued => {
                (working(scene, check), look.style("status.pending"))
            }
            RunState::Idle => (value(check), ratatui::style::Style::default()),
        };
        spans.push(Span::styled(
            format!(" {}", pad_left(&text, columns.value)),
            style,
        ));
    }
    if columns.trend > 0 {
        spans.push(Span::raw(" "));
        spans.extend(trend(scene, &check.history, columns.trend));
    }
    let when = check
        .finished_at
        .map_or(String::new(), |at| scene.zone.short(at, scene.now));
    spans.push(Span::styled(format!(" {}", pad_left(&when, WHEN)), dim));
    Item::row(
        check.info.id.clone(),
        Line::from(spans),
        Some(Page::Check {
            id: check.info.id.clone(),
        }),
    )
    .readout(said(check))
}

/// What there is to say in one line: why it stands so, or what it found.
pub(super) fn said(check: &CheckState) -> String {
    let summary = check
        .outcome
        .as_ref()
        .map(|outcome| outcome.summary.clone())
        .unwrap_or_default();
    match (&check.reason, check.standing) {
        (Some(reason), _) => reason.clone(),
        (None, Standing::Pending) => String::new(),
        (None, _) => summary,
    }
}

/// What a run is doing: `⠙ 40 % 1.2 s`.
pub(super) fn working(scene: &Scene, check: &CheckState) -> String {
    match &check.run {
        RunState::Idle => String::new(),
        RunState::Queued => "waits".to_owned(),
        RunState::Running {
            since, progress, ..
        } => {
            let elapsed = scene.now.duration_since(*since).unwrap_or_default();
            let spinner = scene.look.glyphs.spinner;
            let step = usize::try_from(elapsed.as_millis() / 120).unwrap_or(0) % spinner.len();
            let share = progress.map_or(String::new(), |share| format!(" {:.0} %", share * 100.0));
            format!("{}{share} {}", spinner[step], duration(elapsed))
        }
    }
}

/// The headline against its limit: `0.310 (≤ 0.200)`.
fn value(check: &CheckState) -> String {
    let metric = check
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.metrics.first());
    metric.map_or(String::new(), |metric| {
        let value = metric.value.map_or_else(|| "-".to_owned(), number);
        match limit(metric) {
            Some(limit) => format!("{value} ({limit})"),
            None => value,
        }
    })
}

/// The limit of a metric, as what is accepted: `≤ 0.200`.
pub(super) fn limit(metric: &Metric) -> Option<String> {
    let limit = number(metric.limit()?);
    Some(match metric.direction {
        Direction::HigherIsBetter => format!("≥ {limit}"),
        Direction::LowerIsBetter => format!("≤ {limit}"),
        Direction::Neutral => format!("limit {limit}"),
    })
}

/// Earlier values as heights, each in the color of its verdict; the newest at the right.
pub(super) fn trend(scene: &Scene, history: &[HistoryPoint], columns: usize) -> Vec<Span<'static>> {
    let shown = &history[history.len().saturating_sub(columns)..];
    let values = || {
        shown
            .iter()
            .filter_map(|point| point.value)
            .filter(|value| value.is_finite())
    };
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let mut spans = vec![Span::raw(" ".repeat(columns - shown.len()))];
    for point in shown {
        let glyph = match point.value {
            Some(value) if value.is_finite() && high > low => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 0 and 7"
                )]
                let height = ((value - low) / (high - low) * 7.0).round() as usize;
                scene.look.glyphs.heights[height.min(7)]
            }
            Some(_) => scene.look.glyphs.heights[3],
            None => scene.look.glyph(point.standing),
        };
        spans.push(Span::styled(
            glyph,
            scene.look.theme.standing(point.standing),
        ));
    }
    spans
}
