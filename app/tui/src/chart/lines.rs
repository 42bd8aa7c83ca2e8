//! Lines over a common axis, with bands of uncertainty.
//!
//! In: series of points. Out: one item as high as the room, with a spot per place where a series has
//! a point, which says the values of all series there. Series differ by dashes and signs too.

use interlock_plugin_api::chart::Series;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Room;
use super::axis::{Scale, flow, foot, labels};
use crate::item::{Item, Spot};
use crate::text::{number, pad_left};
use crate::theme::Look;

/// Columns for the labels of the upright axis.
const LABEL: usize = 9;

/// What is to be drawn.
pub(super) struct Plot<'a> {
    x_axis: &'a str,
    y_axis: &'a str,
    series: &'a [Series],
    threshold: Option<f64>,
    xs: Scale,
    ys: Scale,
}

impl<'a> Plot<'a> {
    pub(super) fn new(
        (x_axis, y_axis): (&'a str, &'a str),
        series: &'a [Series],
        threshold: Option<f64>,
    ) -> Self {
        let points = || series.iter().flat_map(|series| series.points.iter());
        let bands = series
            .iter()
            .flat_map(|series| series.band.iter().flat_map(|(low, high)| [*low, *high]));
        let ys = points().map(|point| point.1).chain(bands).chain(threshold);
        Self {
            x_axis,
            y_axis,
            series,
            threshold,
            xs: Scale::of(points().map(|point| point.0)),
            ys: Scale::of(ys),
        }
    }
}

/// A cell of the picture; later layers cover earlier ones, dots of one cell add up.
#[derive(Clone)]
struct Pixel {
    text: &'static str,
    dots: u8,
    /// How dots are drawn where there is no Braille.
    sign: &'static str,
    style: Style,
}

struct Raster {
    n_columns: usize,
    n_lines: usize,
    pixels: Vec<Pixel>,
}

impl Raster {
    fn new(n_columns: usize, n_lines: usize) -> Self {
        let empty = Pixel {
            text: " ",
            dots: 0,
            sign: "",
            style: Style::default(),
        };
        Self {
            n_columns,
            n_lines,
            pixels: vec![empty; n_columns * n_lines],
        }
    }

    fn put(&mut self, column: usize, line: usize, text: &'static str, style: Style) {
        if let Some(pixel) = self.pixels.get_mut(line * self.n_columns + column) {
            *pixel = Pixel {
                text,
                dots: 0,
                sign: "",
                style,
            };
        }
    }

    /// A dot in quarter lines and half columns.
    fn dot(&mut self, x: usize, y: usize, (sign, style): (&'static str, Style)) {
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        if let Some(pixel) = self.pixels.get_mut(y / 4 * self.n_columns + x / 2) {
            pixel.dots |= BITS[x % 2][y % 4];
            pixel.sign = sign;
            pixel.style = style;
        }
    }

    fn line(&self, line: usize, look: &Look) -> Vec<Span<'static>> {
        let from = line * self.n_columns;
        self.pixels[from..from + self.n_columns]
            .iter()
            .map(|pixel| {
                let text = match pixel.dots {
                    0 => pixel.text.to_owned(),
                    dots if look.glyphs.has_braille => char::from_u32(0x2800 + u32::from(dots))
                        .unwrap_or(' ')
                        .to_string(),
                    _ => pixel.sign.to_owned(),
                };
                Span::styled(text, pixel.style)
            })
            .collect()
    }
}

/// The whole plot.
pub(super) fn lines(plot: &Plot<'_>, room: Room, look: &Look) -> Vec<Item> {
    let n_columns = room.width.saturating_sub(LABEL + 1);
    let mut raster = Raster::new(n_columns, room.height);
    for series in plot.series {
        draw_band(&mut raster, plot, series, look);
    }
    if let Some(threshold) = plot.threshold {
        let line = upside_down(plot.ys.cell(threshold, raster.n_lines), raster.n_lines);
        for column in 0..n_columns {
            raster.put(
                column,
                line,
                look.glyphs.level,
                look.style("chart.threshold"),
            );
        }
    }
    for (index, series) in plot.series.iter().enumerate() {
        draw_line(&mut raster, plot, (index, series), look);
    }
    let axis = look.style("chart.axis");
    let mut picture = Item {
        key: "lines".to_owned(),
        lines: Vec::new(),
        spots: spots(plot, n_columns),
        ..Item::default()
    };
    for (line, label) in labels(plot.ys, raster.n_lines).iter().enumerate() {
        let mut spans = vec![Span::styled(
            format!("{}{}", pad_left(label, LABEL), look.glyphs.axis[0]),
            axis,
        )];
        spans.extend(raster.line(line, look));
        picture.lines.push(Line::from(spans));
    }
    vec![
        legend(plot, room, look),
        picture,
        foot(LABEL, plot.xs, n_columns, look),
    ]
}

fn style(index: usize, look: &Look) -> Style {
    look.style(&format!("chart.series.{}", index % 4 + 1))
}

fn upside_down(cell: usize, n: usize) -> usize {
    n.saturating_sub(1) - cell.min(n.saturating_sub(1))
}

/// Names outside the picture, so that they hide nothing.
fn legend(plot: &Plot<'_>, room: Room, look: &Look) -> Item {
    let axis = look.style("chart.axis");
    let mut spans = vec![Span::styled(
        format!("{} over {}   ", plot.y_axis, plot.x_axis),
        axis,
    )];
    for (index, series) in plot.series.iter().enumerate() {
        let sign = look.glyphs.series[index % 4].repeat(3);
        let name = format!("{sign} {}   ", series.name);
        spans.push(Span::styled(name, style(index, look)));
    }
    if let Some(threshold) = plot.threshold {
        let name = format!("{} limit {}", look.glyphs.level, number(threshold));
        spans.push(Span::styled(name, look.style("chart.threshold")));
    }
    flow(spans, room.width)
}

fn draw_band(raster: &mut Raster, plot: &Plot<'_>, series: &Series, look: &Look) {
    let bounds: Vec<(f64, (f64, f64))> = series
        .points
        .iter()
        .zip(&series.band)
        .map(|(point, band)| (point.0, *band))
        .collect();
    for pair in bounds.windows(2) {
        let [(x0, (low0, high0)), (x1, (low1, high1))] = [pair[0], pair[1]];
        let (from, to) = (
            plot.xs.cell(x0, raster.n_columns),
            plot.xs.cell(x1, raster.n_columns),
        );
        for column in from..=to {
            let part = if to == from {
                0.0
            } else {
                (column - from) as f64 / (to - from) as f64
            };
            let (low, high) = (low0 + (low1 - low0) * part, high0 + (high1 - high0) * part);
            let bottom = upside_down(plot.ys.cell(low, raster.n_lines), raster.n_lines);
            let top = upside_down(plot.ys.cell(high, raster.n_lines), raster.n_lines);
            for line in top..=bottom {
                raster.put(column, line, look.glyphs.band, look.style("chart.band"));
            }
        }
    }
}

/// Lines differ by their dashes as well as by their colors.
const DASHES: [[bool; 8]; 4] = [
    [true; 8],
    [true, true, true, true, true, false, false, false],
    [true, true, false, false, true, true, false, false],
    [true, false, false, false, true, false, false, false],
];

fn draw_line(raster: &mut Raster, plot: &Plot<'_>, (index, series): (usize, &Series), look: &Look) {
    let (width, height) = (raster.n_columns * 2, raster.n_lines * 4);
    let pen = (look.glyphs.series[index % 4], style(index, look));
    let place = |point: (f64, f64)| {
        let y = upside_down(plot.ys.cell(point.1, height), height);
        (plot.xs.cell(point.0, width), y)
    };
    let finite = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let places: Vec<(usize, usize)> = series
        .points
        .iter()
        .filter(finite)
        .map(|p| place(*p))
        .collect();
    if let [(x, y)] = places[..] {
        raster.dot(x, y, pen);
    }
    let mut drawn = 0;
    for pair in places.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let n = x0.abs_diff(x1).max(y0.abs_diff(y1)).max(1);
        for step in 0..=n {
            let between = |a: usize, b: usize| (a * (n - step) + b * step + n / 2) / n;
            // Without Braille the signs themselves differ.
            if !look.glyphs.has_braille || DASHES[index % 4][(drawn + step) % 8] {
                raster.dot(between(x0, x1), between(y0, y1), pen);
            }
        }
        drawn += n;
    }
}

/// The value of a series at a place: its own, or the one the line has between two points, with a
/// sign.
fn value_at(series: &Series, x: f64) -> Option<String> {
    let at = series
        .points
        .iter()
        .position(|point| point.0.total_cmp(&x).is_eq());
    if let Some(at) = at {
        let value = number(series.points[at].1);
        let band = series.band.get(at);
        return Some(band.map_or_else(
            || value.clone(),
            |(low, high)| format!("{value} [{}, {}]", number(*low), number(*high)),
        ));
    }
    let around = series
        .points
        .windows(2)
        .find(|pair| pair[0].0 < x && x < pair[1].0)?;
    let [(x0, y0), (x1, y1)] = [around[0], around[1]];
    let value = y0 + (y1 - y0) * (x - x0) / (x1 - x0);
    value.is_finite().then(|| format!("~{}", number(value)))
}

/// One spot per place where a series has a point; several may share a column.
fn spots(plot: &Plot<'_>, n_columns: usize) -> Vec<Spot> {
    let mut places: Vec<f64> = plot
        .series
        .iter()
        .flat_map(|series| series.points.iter().map(|point| point.0))
        .filter(|x| x.is_finite())
        .collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let spot = |x: f64| {
        let from = u16::try_from(LABEL + 1 + plot.xs.cell(x, n_columns)).unwrap_or(u16::MAX);
        let values = plot
            .series
            .iter()
            .filter_map(|series| Some(format!(", {} {}", series.name, value_at(series, x)?)));
        Spot {
            from,
            to: from.saturating_add(1),
            readout: format!(
                "{} {}{}",
                plot.x_axis,
                number(x),
                values.collect::<String>()
            ),
            target: None,
        }
    };
    places.into_iter().map(spot).collect()
}
