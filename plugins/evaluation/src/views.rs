//! Charts that more than one check shows: curves, confusion heatmap, scatter.
//!
//! In: rows with truths and predictions, steps of a curve. Out: views within stated bounds.

use interlock_plugin_api::{Chart, Point, Rows, Series, View};

use crate::confusion::Confusion;
use crate::ranking::Step;
use crate::subject::{Classes, Subject};
use crate::wording::{MAX_POINTS, shortened};

/// Classes a confusion heatmap shows at most, so that its rows stay bounded.
const MAX_CLASSES: usize = 30;

/// How often each class was decided as each, with the rows behind each cell.
pub(crate) fn confusion(subject: &Subject, classes: &Classes) -> View {
    let n_classes = classes.names.len();
    let confusion = Confusion::of(n_classes, &classes.truth, &classes.decided);
    // The most frequent classes, in the model's order.
    let mut shown: Vec<usize> = (0..n_classes).collect();
    shown.sort_by(|&a, &b| confusion.n_true(b).total_cmp(&confusion.n_true(a)));
    shown.truncate(MAX_CLASSES);
    shown.sort_unstable();
    let mut places = vec![None; n_classes];
    for (place, &class) in shown.iter().enumerate() {
        places[class] = Some(place);
    }
    let mut behind = vec![Vec::new(); shown.len() * shown.len()];
    for (row, (&truth, &decided)) in classes.truth.iter().zip(&classes.decided).enumerate() {
        if let (Some(truth), Some(decided)) = (places[truth], places[decided]) {
            behind[truth * shown.len() + decided].push(row);
        }
    }
    let labels: Vec<String> = shown
        .iter()
        .map(|&class| shortened(&classes.names[class]))
        .collect();
    let rows: Vec<Rows> = behind
        .iter()
        .map(|rows| subject.table_rows(rows.iter().copied()))
        .collect();
    let chart = Chart::Heatmap {
        row_axis: "true class".to_owned(),
        column_axis: "decided class".to_owned(),
        value_axis: "rows".to_owned(),
        row_labels: labels.clone(),
        column_labels: labels,
        values: rows.iter().map(|rows| Some(rows.total as f64)).collect(),
        rows,
    };
    let left_out = if n_classes > MAX_CLASSES {
        format!(" The {MAX_CLASSES} most frequent of {n_classes} classes.")
    } else {
        String::new()
    };
    View::new("confusion", "Confusion", chart).caption(format!(
        "Right decisions stand on the diagonal; open a cell for its rows.{left_out}"
    ))
}

/// A ROC curve.
pub(crate) fn roc(name: &str, steps: &[Step]) -> Series {
    let (positives, negatives) = totals(steps);
    let mut points = vec![(0.0, 0.0)];
    points.extend(thinned(steps).map(|step| {
        (
            step.false_positive / negatives,
            step.true_positive / positives,
        )
    }));
    line(name, points)
}

/// A precision-recall curve.
pub(crate) fn precision_recall(name: &str, steps: &[Step]) -> Series {
    let (positives, _) = totals(steps);
    let points = thinned(steps)
        .map(|step| {
            let decided = step.true_positive + step.false_positive;
            (step.true_positive / positives, step.true_positive / decided)
        })
        .collect();
    line(name, points)
}

/// A line without band.
pub(crate) fn line(name: &str, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.to_owned(),
        points,
        band: Vec::new(),
    }
}

fn totals(steps: &[Step]) -> (f64, f64) {
    steps.last().map_or((1.0, 1.0), |last| {
        (last.true_positive.max(1.0), last.false_positive.max(1.0))
    })
}

/// At most [`MAX_POINTS`] of the steps, evenly, the last one among them.
fn thinned(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let stride = steps.len().div_ceil(MAX_POINTS).max(1);
    let last = steps.len().saturating_sub(1);
    steps
        .iter()
        .enumerate()
        .filter(move |(at, _)| at % stride == 0 || *at == last)
        .map(|(_, step)| step)
}

/// Points of rows, at most [`MAX_POINTS`], evenly over the rows.
pub(crate) fn scatter(
    subject: &Subject,
    axes: (&str, &str),
    at: impl Fn(usize) -> (f64, f64),
) -> Chart {
    let stride = subject.n_rows().div_ceil(MAX_POINTS).max(1);
    Chart::Scatter {
        x_axis: axes.0.to_owned(),
        y_axis: axes.1.to_owned(),
        color_axis: String::new(),
        points: (0..subject.n_rows())
            .step_by(stride)
            .map(|row| {
                let (x, y) = at(row);
                Point {
                    x,
                    y,
                    color: None,
                    row: Some(subject.rows[row] as u64),
                }
            })
            .collect(),
        role: Some(subject.role),
    }
}
