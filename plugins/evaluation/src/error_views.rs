//! Charts of the errors of predicted numbers.
//!
//! In: errors, their shape, tenths of the prediction. Out: views within stated bounds. Judges
//! nothing.

use interlock_plugin_api::{Bar, Chart, View};
use interlock_stats::distribution::normal_cdf;
use interlock_stats::mean_interval::mean_interval;

use crate::error_shape::{Deciles, Shape};
use crate::subject::Subject;
use crate::views::scatter;
use crate::wording::{LEVEL, number};

/// Bins of the histogram.
const N_BINS: usize = 40;

/// Errors beside a normal distribution of the same robust center and width.
pub(crate) fn histogram(subject: &Subject, errors: &[f64], shape: &Shape) -> View {
    let width = if shape.robust_deviation > 0.0 {
        shape.robust_deviation
    } else {
        shape.rmse
    };
    let half = N_BINS as f64 / 2.0;
    let step = width / 5.0;
    let mut behind = vec![Vec::new(); N_BINS];
    for (row, error) in errors.iter().enumerate() {
        let place = ((error - shape.median) / step + half).floor();
        behind[place_of(place)].push(row);
    }
    let edge = |bin: usize| shape.median + (bin as f64 - half) * step;
    let below = |bin: usize| match bin {
        0 => 0.0,
        N_BINS => 1.0,
        _ => normal_cdf((edge(bin) - shape.median) / width),
    };
    let name = |bin: usize| match bin {
        0 => format!("below {}", number(edge(1))),
        bin if bin == N_BINS - 1 => format!("above {}", number(edge(bin))),
        bin => format!("{}–{}", number(edge(bin)), number(edge(bin + 1))),
    };
    let n = errors.len() as f64;
    let chart = Chart::HistogramPair {
        value_axis: "error (prediction minus target)".to_owned(),
        bins: (0..N_BINS).map(name).collect(),
        reference: (0..N_BINS).map(|bin| below(bin + 1) - below(bin)).collect(),
        current: behind.iter().map(|rows| rows.len() as f64 / n).collect(),
        rows: behind
            .iter()
            .map(|rows| subject.table_rows(rows.iter().copied()))
            .collect(),
    };
    View::new("errors", "Errors", chart).caption(
            "Reference: a normal distribution of the same median and robust width; current: the errors. Open a bar for its rows.",
        )
}

/// Mean errors with intervals, by tenths of the prediction.
pub(crate) fn by_decile(subject: &Subject, shape: &Shape, deciles: &Deciles) -> View {
    let edges = &deciles.edges;
    let overall = shape.mean.value;
    let bars = deciles
        .groups
        .iter()
        .enumerate()
        .map(|(at, errors)| {
            let label = match (at.checked_sub(1).map(|low| edges[low]), edges.get(at)) {
                (None, Some(high)) => format!("up to {}", number(*high)),
                (Some(low), Some(high)) => format!("{}–{}", number(low), number(*high)),
                (Some(low), None) => format!("above {}", number(low)),
                (None, None) => "all".to_owned(),
            };
            let found = mean_interval(errors, LEVEL).ok();
            let mean = found.map_or_else(
                || errors.first().copied().unwrap_or(overall),
                |(mean, _)| mean,
            );
            let mut bar = Bar::new(label, mean);
            bar.interval = found.map(|(_, bounds)| (bounds.low, bounds.high));
            bar.rows = Some(subject.table_rows(deciles.rows[at].iter().copied()));
            bar
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "mean error (prediction minus target)".to_owned(),
        bars,
        threshold: None,
    };
    View::new("deciles", "Mean error by tenths of the prediction", chart)
        .caption("Student's 95 % intervals, each by itself; open a bar for its rows.")
}

/// Errors over predictions.
pub(crate) fn residuals(subject: &Subject, predicted: &[f64], errors: &[f64]) -> View {
    let chart = scatter(subject, ("prediction", "error"), |row| {
        (predicted[row], errors[row])
    });
    View::new("residuals", "Errors over predictions", chart)
        .caption("A good model's errors lie around 0, equally wide everywhere.")
}

/// A bin of the histogram from a whole number; the outer bins take what lies beyond.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the bins, which are few"
)]
fn place_of(place: f64) -> usize {
    place.clamp(0.0, (N_BINS - 1) as f64) as usize
}
