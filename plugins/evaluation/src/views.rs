//! Charts that more than one check shows: curves, confusion heatmap, scatter.
//!
//! In: rows with truths and predictions, steps of a curve. Out: views within stated bounds.

use interlock_plugin_api::{Chart, Point, Rows, Series, View};

use crate::confusion::CellRows;
use crate::ranking::Step;
use crate::subject::{Classes, Subject};
use crate::wording::{MAX_POINTS, shortened};

/// Classes a confusion heatmap shows at most, so that its rows stay bounded.
const MAX_CLASSES: usize = 30;

/// How often each class was decided as each, with the rows behind each cell.
pub(crate) fn confusion(classes: &Classes, subject: &Subject, cells: &CellRows) -> View {
    let shown = frequent(classes);
    let rows = behind(&shown, subject, cells);
    let values = rows.iter().map(|rows| Some(rows.total as f64)).collect();
    let labels = labels(&shown, classes);
    View::new(
        "confusion",
        "Confusion",
        heatmap("rows", (labels.clone(), labels), values, rows),
    )
    .caption(format!(
        "Right decisions stand on the diagonal; open a cell for its rows.{}",
        left_out(&shown, classes)
    ))
}

/// The same as shares of each true class.
pub(crate) fn confusion_shares(classes: &Classes, subject: &Subject, cells: &CellRows) -> View {
    let shown = frequent(classes);
    let rows = behind(&shown, subject, cells);
    let n_true = |class: usize| -> usize {
        let decided = 0..classes.names.len();
        decided
            .map(|decided| cells.rows(class, decided).len())
            .sum()
    };
    let totals: Vec<usize> = shown.iter().map(|&class| n_true(class)).collect();
    let values = rows
        .iter()
        .enumerate()
        .map(|(at, rows)| {
            let total = totals[at / shown.len()];
            (total > 0).then(|| rows.total as f64 / total as f64)
        })
        .collect();
    let across = labels(&shown, classes);
    let down = across
        .iter()
        .zip(&totals)
        .map(|(name, total)| format!("{name} ({total})"))
        .collect();
    View::new(
        "confusion-shares",
        "Confusion, shares of each true class",
        heatmap("share of the true class", (down, across), values, rows),
    )
    .caption(format!(
        "Each line adds up to 1; in brackets the rows of the class. The diagonal is recall.{}",
        left_out(&shown, classes)
    ))
}

/// The most frequent classes, in the model's order.
fn frequent(classes: &Classes) -> Vec<usize> {
    let mut counts = vec![0_usize; classes.names.len()];
    for &class in &classes.truth {
        counts[class] += 1;
    }
    let mut shown: Vec<usize> = (0..classes.names.len()).collect();
    shown.sort_by_key(|&class| std::cmp::Reverse(counts[class]));
    shown.truncate(MAX_CLASSES);
    shown.sort_unstable();
    shown
}

fn behind(shown: &[usize], subject: &Subject, cells: &CellRows) -> Vec<Rows> {
    let pairs = shown
        .iter()
        .flat_map(|&truth| shown.iter().map(move |&decided| (truth, decided)));
    pairs
        .map(|(truth, decided)| subject.table_rows(cells.rows(truth, decided).iter().copied()))
        .collect()
}

fn labels(shown: &[usize], classes: &Classes) -> Vec<String> {
    shown
        .iter()
        .map(|&class| shortened(&classes.names[class]))
        .collect()
}

fn left_out(shown: &[usize], classes: &Classes) -> String {
    if shown.len() < classes.names.len() {
        format!(
            " The {MAX_CLASSES} most frequent of {} classes.",
            classes.names.len()
        )
    } else {
        String::new()
    }
}

fn heatmap(
    value_axis: &str,
    (row_labels, column_labels): (Vec<String>, Vec<String>),
    values: Vec<Option<f64>>,
    rows: Vec<Rows>,
) -> Chart {
    Chart::Heatmap {
        row_axis: "true class".to_owned(),
        column_axis: "decided class".to_owned(),
        value_axis: value_axis.to_owned(),
        row_labels,
        column_labels,
        values,
        rows,
    }
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
