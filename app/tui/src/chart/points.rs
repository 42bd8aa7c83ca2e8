//! Points in a plane and points on strips.
//!
//! In: points with an optional color value. Out: one item per line of cells, a spot per cell that
//! holds points. Points are counted per cell, so that drawing costs what the cells cost, not the
//! points; a cell's color is the mean of its points, which is honest for one color per cell.

use interlock_plugin_api::chart::{Point, Strip, View};
use interlock_plugin_api::outcome::{Role, Rows};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::axis::{Scale, flow, foot, labels};
use super::{Room, rows_page};
use crate::item::{Item, Spot};
use crate::text::{number, pad, pad_left, width};
use crate::theme::Look;

/// What one cell holds.
#[derive(Clone, Default)]
struct Heap {
    n: usize,
    color_sum: f64,
    n_colored: usize,
    rows: Vec<usize>,
    /// Points per sub-cell, 2 wide and 4 high, in the order of Braille's bits.
    dots: u8,
}

impl Heap {
    fn add(&mut self, point: &Point, dot: u8) {
        self.n += 1;
        self.dots |= dot;
        if let Some(color) = point.color.filter(|color| color.is_finite()) {
            self.color_sum += color;
            self.n_colored += 1;
        }
        self.rows
            .extend(point.row.and_then(|row| usize::try_from(row).ok()));
    }

    fn color(&self) -> Option<f64> {
        (self.n_colored > 0).then(|| self.color_sum / self.n_colored as f64)
    }

    fn style(&self, colors: Scale, look: &Look) -> Style {
        self.color().map_or_else(
            || look.style("chart.bar"),
            |color| look.theme.scale(colors.share(color)),
        )
    }

    fn spot(&self, column: usize, place: &str, (view, role): (&View, Option<Role>)) -> Spot {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        let rows = role.map(|role| Rows::new(role, rows));
        let color = self.color().map_or(String::new(), |color| {
            format!(", mean color value {}", number(color))
        });
        let plural = if self.n == 1 { "" } else { "s" };
        let from = u16::try_from(column).unwrap_or(u16::MAX);
        Spot {
            from,
            to: from.saturating_add(1),
            readout: format!("{place}: {} point{plural}{color}", self.n),
            target: rows_page(view, place, rows.as_ref()),
        }
    }
}

fn color_scale<'a>(points: impl Iterator<Item = &'a Point>) -> Scale {
    Scale::of(points.filter_map(|point| point.color))
}

/// The bit of a Braille pattern for a sub-cell.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

fn braille(dots: u8) -> String {
    char::from_u32(0x2800 + u32::from(dots))
        .unwrap_or(' ')
        .to_string()
}

/// Points by two values.
pub(super) fn scatter(
    view: &View,
    [x_axis, y_axis, color_axis]: [&str; 3],
    (points, role): (&[Point], Option<Role>),
    room: Room,
    look: &Look,
) -> Vec<Item> {
    const LABEL: usize = 9;
    let whole = |point: &&Point| point.x.is_finite() && point.y.is_finite();
    let xs = Scale::of(points.iter().filter(whole).map(|point| point.x));
    let ys = Scale::of(points.iter().filter(whole).map(|point| point.y));
    let colors = color_scale(points.iter());
    let (n_columns, n_lines) = (room.width.saturating_sub(LABEL + 1), room.height);
    let mut heaps = vec![Heap::default(); n_columns * n_lines];
    for point in points.iter().filter(whole) {
        let column = xs.cell(point.x, n_columns * 2);
        let line = n_lines * 4 - 1 - ys.cell(point.y, n_lines * 4);
        heaps[line / 4 * n_columns + column / 2].add(point, DOTS[column % 2][line % 4]);
    }
    let axis = look.style("chart.axis");
    let color = if color_axis.is_empty() {
        String::new()
    } else {
        format!(
            ", color {color_axis} from {} to {}",
            number(colors.low),
            number(colors.high)
        )
    };
    let mut items = vec![Item::heading(
        format!("{y_axis} over {x_axis}{color}"),
        axis,
    )];
    let labels = labels(ys, n_lines);
    for (line, heaps) in heaps.chunks(n_columns).enumerate() {
        let y = ys.value(1.0 - (line as f64 + 0.5) / n_lines as f64);
        let mut spans = vec![Span::styled(
            format!("{}{}", pad_left(&labels[line], LABEL), look.glyphs.axis[0]),
            axis,
        )];
        let mut spots = Vec::new();
        for (column, heap) in heaps.iter().enumerate() {
            spans.push(mark(heap, colors, look));
            if heap.n > 0 {
                let x = xs.value((column as f64 + 0.5) / n_columns as f64);
                let place = format!("{x_axis} near {}, {y_axis} near {}", number(x), number(y));
                spots.push(heap.spot(LABEL + 1 + column, &place, (view, role)));
            }
        }
        items.push(Item {
            key: line.to_string(),
            lines: vec![Line::from(spans)],
            spots,
            ..Item::default()
        });
    }
    items.push(foot(LABEL, xs, n_columns, look));
    items
}

/// A cell of points: dots where there is Braille, a density otherwise.
fn mark(heap: &Heap, colors: Scale, look: &Look) -> Span<'static> {
    let text = match heap.n {
        0 => return Span::raw(" "),
        _ if look.glyphs.has_braille => braille(heap.dots),
        1 => ".".to_owned(),
        2..=4 => "o".to_owned(),
        _ => "@".to_owned(),
    };
    Span::styled(text, heap.style(colors, look))
}

/// One strip of points per feature: height is how many, color is their value.
pub(super) fn beeswarm(
    view: &View,
    value_axis: &str,
    (strips, role): (&[Strip], Option<Role>),
    room: Room,
    look: &Look,
) -> Vec<Item> {
    let xs = Scale::of(
        strips
            .iter()
            .flat_map(|strip| strip.points.iter().map(|point| point.x)),
    )
    .with_zero();
    let label = strips
        .iter()
        .map(|strip| width(&strip.name))
        .max()
        .unwrap_or(0);
    let label = label.clamp(4, (room.width / 3).max(8));
    let n_columns = room.width.saturating_sub(label + 1).max(8);
    let zero = xs.cell(0.0, n_columns);
    let axis = look.style("chart.axis");
    let legend = vec![
        Span::styled(format!("{value_axis}   "), axis),
        Span::styled("color: feature value, ", axis),
        Span::styled("low", look.theme.scale(0.0)),
        Span::styled(" to ", axis),
        Span::styled("high", look.theme.scale(1.0)),
    ];
    let mut items = vec![flow(legend, room.width)];
    for strip in strips {
        // Each feature has its own unit, so its colors have their own range.
        let colors = color_scale(strip.points.iter());
        let mut heaps = vec![Heap::default(); n_columns];
        for point in strip.points.iter().filter(|point| point.x.is_finite()) {
            heaps[xs.cell(point.x, n_columns)].add(point, 0);
        }
        let most = heaps.iter().map(|heap| heap.n).max().unwrap_or(1).max(1);
        let mut spans = vec![Span::raw(format!("{} ", pad(&strip.name, label)))];
        let mut spots = Vec::new();
        for (column, heap) in heaps.iter().enumerate() {
            if heap.n == 0 {
                let glyph = if column == zero {
                    look.glyphs.axis[0]
                } else {
                    " "
                };
                spans.push(Span::styled(glyph, axis));
                continue;
            }
            let height = (heap.n * 8).div_ceil(most) - 1;
            spans.push(Span::styled(
                look.glyphs.heights[height],
                heap.style(colors, look),
            ));
            let x = xs.value((column as f64 + 0.5) / n_columns as f64);
            let place = format!("{} near {}", strip.name, number(x));
            spots.push(heap.spot(label + 1 + column, &place, (view, role)));
        }
        items.push(Item {
            key: strip.name.clone(),
            lines: vec![Line::from(spans)],
            spots,
            ..Item::default()
        });
    }
    items.push(foot(label, xs, n_columns, look));
    items
}
