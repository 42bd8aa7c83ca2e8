//! All checks, one line each: verdict, name, value against threshold, trend, when.

use interlock_engine::picture::{CheckState, HistoryPoint, RunState, Standing};
use interlock_plugin_api::check_info::Stage;
use interlock_plugin_api::outcome::{Direction, Metric};
use ratatui::text::{Line, Span};

use crate::item::Item;
use crate::page::Page;
use crate::scene::{Order, Scene};
use crate::text::{duration, number, pad, pad_left};

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

/// The page of all checks.
pub(super) fn items(scene: &Scene, width: usize) -> Vec<Item> {
    let columns = Columns::new(width);
    let mut checks: Vec<&CheckState> = scene
        .picture
        .checks
        .iter()
        .map(AsRef::as_ref)
        .filter(|check| !scene.only_bad || check.standing >= Standing::Warn)
        .collect();
    // What wants a look stands first, so that it is not to be searched among what passes.
    let gravity = |check: &CheckState| std::cmp::Reverse(check.standing);
    match scene.order {
        Order::Gravity => checks.sort_by_key(|check| gravity(check)),
        Order::Stage => checks.sort_by_key(|check| (check.info.stage, gravity(check))),
    }
    if checks.is_empty() {
        return empty(scene, width);
    }
    let mut items = vec![head(scene, &columns)];
    let mut stage = None;
    for check in checks {
        if scene.order == Order::Stage && stage != Some(check.info.stage) {
            stage = Some(check.info.stage);
            let title = check.info.stage.title();
            items.push(Item::heading(title, scene.look.style("ui.text.dim")));
        }
        items.push(row(scene, check, &columns));
    }
    items
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

/// The stage of the check on the item of this key.
pub fn stage_of(scene: &Scene, key: &str) -> Option<Stage> {
    scene.check(key).map(|check| check.info.stage)
}
