//! Bars, two distributions over the same bins, and contributions that add up.
//!
//! In: labels and lengths. Out: one item per bar, with its figures written beside it.

use interlock_plugin_api::chart::{Bar, Chart, View};
use interlock_plugin_api::outcome::Rows;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::axis::Scale;
use super::{Room, rows_page};
use crate::item::Item;
use crate::text::{number, pad, pad_left, percent, width};
use crate::theme::Look;

/// One bar per label, lying.
pub(super) fn bars(
    view: &View,
    value_axis: &str,
    bars: &[Bar],
    threshold: Option<f64>,
    (room, look): (Room, &Look),
) -> Vec<Item> {
    let ends = bars
        .iter()
        .flat_map(|bar| {
            [
                Some(bar.value),
                bar.interval.map(|i| i.0),
                bar.interval.map(|i| i.1),
            ]
        })
        .chain([threshold])
        .flatten();
    let scale = Scale::of(ends).with_zero();
    let figures: Vec<String> = bars.iter().map(figure).collect();
    let columns = Columns::new(bars.iter().map(|bar| bar.label.as_str()), &figures, room);
    let mut items = vec![caption(value_axis, threshold, look)];
    for (bar, figure) in bars.iter().zip(&figures) {
        let style = if bar.is_flagged {
            look.style("chart.flagged")
        } else {
            look.style("chart.bar")
        };
        let flag = if bar.is_flagged {
            look.glyphs.flag
        } else {
            " "
        };
        let mut spans = vec![
            Span::raw(pad(&bar.label, columns.label)),
            Span::styled(format!(" {flag} "), style),
        ];
        let cells = Cells {
            scale,
            n: columns.bar,
            threshold,
        };
        spans.extend(cells.draw((0.0, bar.value), bar.interval, style, look));
        spans.push(Span::raw(format!(" {}", pad_left(figure, columns.figure))));
        let target = rows_page(view, &bar.label, bar.rows.as_ref());
        let rows = bar
            .rows
            .as_ref()
            .map_or(String::new(), |rows| format!(", {} rows", rows.total));
        items.push(
            Item::row(bar.label.clone(), Line::from(spans), target)
                .readout(format!("{}: {figure}{rows}", bar.label)),
        );
    }
    items
}

/// The figure of a bar: `0.31 [0.28, 0.34]`.
fn figure(bar: &Bar) -> String {
    match bar.interval {
        Some((low, high)) => format!("{} [{}, {}]", number(bar.value), number(low), number(high)),
        None => number(bar.value),
    }
}

fn caption(value_axis: &str, threshold: Option<f64>, look: &Look) -> Item {
    let mut text = value_axis.to_owned();
    if let Some(threshold) = threshold {
        text = format!("{text}   {} limit {}", look.glyphs.limit, number(threshold));
    }
    Item::heading(pad(&text, width(&text)), look.style("chart.axis"))
}

/// How wide label, bar and figure are.
struct Columns {
    label: usize,
    bar: usize,
    figure: usize,
}

impl Columns {
    fn new<'a>(labels: impl Iterator<Item = &'a str>, figures: &[String], room: Room) -> Self {
        let label = labels.map(width).max().unwrap_or(0);
        let label = label.clamp(4, (room.width / 3).max(8));
        let figure = figures.iter().map(|text| width(text)).max().unwrap_or(0);
        let figure = figure.min(room.width / 2);
        let bar = room.width.saturating_sub(label + figure + 4).clamp(4, 60);
        Self { label, bar, figure }
    }
}

/// A row of cells that bars are drawn on.
struct Cells {
    scale: Scale,
    n: usize,
    threshold: Option<f64>,
}

impl Cells {
    /// From one value to another, with an interval and the limit laid over it.
    fn draw(
        &self,
        (from, to): (f64, f64),
        interval: Option<(f64, f64)>,
        style: Style,
        look: &Look,
    ) -> Vec<Span<'static>> {
        let n = self.n as f64;
        let (a, b) = (self.scale.share(from) * n, self.scale.share(to) * n);
        let (start, end) = (a.min(b), a.max(b));
        let limit = self
            .threshold
            .map(|threshold| self.scale.cell(threshold, self.n));
        let interval = interval
            .map(|(low, high)| (self.scale.cell(low, self.n), self.scale.cell(high, self.n)));
        (0..self.n)
            .map(|cell| {
                if let Some((low, high)) =
                    interval.filter(|(low, high)| (*low..=*high).contains(&cell))
                {
                    let part = match cell {
                        _ if cell == low => 0,
                        _ if cell == high => 2,
                        _ => 1,
                    };
                    return Span::styled(look.glyphs.interval[part], style);
                }
                if limit == Some(cell) {
                    return Span::styled(look.glyphs.limit, look.style("chart.threshold"));
                }
                let at = cell as f64;
                let covered = (end.min(at + 1.0) - start.max(at)).clamp(0.0, 1.0);
                Span::styled(filling(covered, start > at, look), style)
            })
            .collect()
    }
}

/// A cell of which a share is filled. Only from the left can it be filled in parts.
fn filling(covered: f64, begins_inside: bool, look: &Look) -> &'static str {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 8"
    )]
    let eighths = (covered * 8.0).round() as usize;
    match eighths {
        0 => " ",
        _ if begins_inside && eighths < 4 => " ",
        _ if begins_inside => look.glyphs.bar[7],
        eighths => look.glyphs.bar[eighths - 1],
    }
}

/// What two distributions consist of.
struct Pair<'a> {
    value_axis: &'a str,
    bins: &'a [String],
    reference: &'a [f64],
    current: &'a [f64],
    rows: &'a [Rows],
}

impl<'a> Pair<'a> {
    fn of(chart: &'a Chart) -> Option<Self> {
        let Chart::HistogramPair {
            value_axis,
            bins,
            reference,
            current,
            rows,
        } = chart
        else {
            return None;
        };
        Some(Self {
            value_axis,
            bins,
            reference,
            current,
            rows,
        })
    }
}

/// Two bars per bin: the reference above, the current rows below.
pub(super) fn histogram_pair(view: &View, room: Room, look: &Look) -> Vec<Item> {
    let Some(pair) = Pair::of(&view.chart) else {
        return Vec::new();
    };
    let value_axis = pair.value_axis;
    let scale = Scale::of(pair.reference.iter().chain(pair.current).copied()).with_zero();
    let figures: Vec<String> = pair
        .reference
        .iter()
        .zip(pair.current)
        .map(|(before, after)| {
            format!(
                "{} {} {}",
                percent(*before),
                look.glyphs.arrow,
                percent(*after)
            )
        })
        .collect();
    let columns = Columns::new(pair.bins.iter().map(String::as_str), &figures, room);
    let cells = Cells {
        scale,
        n: columns.bar,
        threshold: None,
    };
    let (reference, current) = (look.style("chart.reference"), look.style("chart.bar"));
    let mut items = vec![Item::plain(vec![Line::from(vec![
        Span::styled(format!("{value_axis}   "), look.style("chart.axis")),
        Span::styled(format!("{} reference   ", look.glyphs.reference), reference),
        Span::styled(format!("{} current", look.glyphs.bar[7]), current),
    ])])];
    let bins = pair
        .bins
        .iter()
        .zip(pair.reference)
        .zip(pair.current)
        .zip(&figures);
    for (index, (((bin, before), after), figure)) in bins.enumerate() {
        let before_bar: Vec<Span<'static>> = cells
            .draw((0.0, *before), None, reference, look)
            .into_iter()
            .map(|span| {
                let glyph = if span.content == " " {
                    " "
                } else {
                    look.glyphs.reference
                };
                Span::styled(glyph, reference)
            })
            .collect();
        let mut first = vec![Span::raw(format!("{}   ", pad(bin, columns.label)))];
        first.extend(before_bar);
        first.push(Span::raw(format!(" {}", pad_left(figure, columns.figure))));
        let mut second = vec![Span::raw(" ".repeat(columns.label + 3))];
        second.extend(cells.draw((0.0, *after), None, current, look));
        let rows = pair.rows.get(index);
        let counted = rows.map_or(String::new(), |rows| {
            format!(", {} current rows", rows.total)
        });
        let mut item = Item::row(bin.clone(), Line::from(first), rows_page(view, bin, rows))
            .readout(format!("{bin}: {figure}{counted}"));
        item.lines.push(Line::from(second));
        items.push(item);
    }
    items
}

/// How steps lead from a base value to a total.
pub(super) fn waterfall(
    view: &View,
    (base, base_label): (f64, &str),
    steps: &[Bar],
    (total, value_axis): (f64, &str),
    (room, look): (Room, &Look),
) -> Vec<Item> {
    let mut at = base;
    let mut heights = vec![base, total];
    for step in steps {
        at += step.value;
        heights.push(at);
    }
    let scale = Scale::of(heights);
    let figures: Vec<String> = steps.iter().map(|step| signed(step.value)).collect();
    let ends = [base_label, "total"];
    let labels = steps.iter().map(|step| step.label.as_str()).chain(ends);
    let columns = Columns::new(labels, &figures, room);
    let cells = Cells {
        scale,
        n: columns.bar,
        threshold: None,
    };
    let end = |label: &str, value: f64| {
        let mut spans = vec![Span::raw(format!("{}   ", pad(label, columns.label)))];
        let at = scale.cell(value, columns.bar);
        let mark = look.style("chart.threshold");
        spans.push(Span::styled(
            format!("{}{}", " ".repeat(at), look.glyphs.axis[0]),
            mark,
        ));
        spans.push(Span::raw(" ".repeat(columns.bar.saturating_sub(at + 1))));
        spans.push(Span::raw(format!(
            " {}",
            pad_left(&number(value), columns.figure)
        )));
        Item::plain(vec![Line::from(spans)])
    };
    let mut items = vec![caption(value_axis, None, look), end(base_label, base)];
    let mut at = base;
    for (step, figure) in steps.iter().zip(&figures) {
        let style = look.theme.scale(if step.value < 0.0 { 0.0 } else { 1.0 });
        let mut spans = vec![Span::raw(format!("{}   ", pad(&step.label, columns.label)))];
        spans.extend(cells.draw((at, at + step.value), None, style, look));
        spans.push(Span::raw(format!(" {}", pad_left(figure, columns.figure))));
        at += step.value;
        let target = rows_page(view, &step.label, step.rows.as_ref());
        items.push(
            Item::row(step.label.clone(), Line::from(spans), target).readout(format!(
                "{}: {figure}, now {}",
                step.label,
                number(at)
            )),
        );
    }
    items.push(end("total", total));
    items
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "" } else { "+" };
    format!("{sign}{}", number(value))
}
