//! The check `data-quality.split-sizes`.
//!
//! In: the number of rows of the training and the test table, and of each class. Out: whether a score
//! measured on so many rows says much.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    Table, TableRow, Task, View, check,
};
use interlock_stats::order::index_below;
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::split::chance::detectable_drop;
use crate::split::report::{LEVEL, Report, check_not_negative};
use crate::split::sides::{Beside, Cells, beside, counts, value_of};
use crate::wording::{self, counted, percent};

/// Significance and power at which a drop counts as detectable.
const SIGNIFICANCE: f64 = 0.05;
const POWER: f64 = 0.8;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Test rows per training row below which the check warns, 0 or more.
    min_ratio: f64,
    /// Test rows below which the check warns.
    min_test: usize,
    /// Test rows of each class below which the check warns.
    min_class: usize,
    /// Accuracy at which width and detectable drop are stated, 0 to 1; at 0.5 the width is greatest.
    accuracy: f64,
    /// Half width of the accuracy's interval above which the check warns, 0 to 1.
    max_half_width: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_ratio: 0.01,
            min_test: 100,
            min_class: 10,
            accuracy: 0.5,
            max_half_width: 0.1,
        }
    }
}

#[check(
    id = "data-quality.split-sizes",
    title = "Sizes of the split",
    stage = "data-quality",
    needs(train, test, target?),
    codes(DQ080 = "the test table is too small to tell much"),
    cost = "quick",
    docs = "sizes.md"
)]
pub(crate) fn split_sizes(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_not_negative("min_ratio", settings.min_ratio)?;
    wording::check_share("accuracy", settings.accuracy)?;
    wording::check_share("max_half_width", settings.max_half_width)?;
    let tables = [ctx.table(Role::Train)?, ctx.table(Role::Test)?];
    let (n_train, n_test) = (tables[0].n_rows(), tables[1].n_rows());
    let mut report = Report::default();
    if n_test == 0 {
        report.find(
            Finding::new("DQ080", Severity::Error, "the test table has no rows")
                .because("Nothing can be measured on it.")
                .advice("Split again; a fifth of the rows is a usual test table."),
        );
    }
    let ratio = n_test as f64 / n_train as f64;
    report.metrics.push(
        Metric::new("test_per_train", ratio, n_train as u64)
            .title("Test rows per training row")
            .unit("rows per row")
            .at_least(Some(settings.min_ratio), None),
    );
    report.metrics.push(
        Metric::new("n_test", n_test as f64, n_test as u64)
            .title("Test rows")
            .unit("rows")
            .at_least(Some(settings.min_test as f64), None),
    );
    if n_test > 0 {
        widths(&mut report, &settings, n_test);
        small(&mut report, &settings, n_train, n_test);
    }
    let facts = ctx.facts();
    let target = facts
        .target
        .as_deref()
        .filter(|_| facts.task != Task::Regression);
    if let Some(classes) = target
        .map(|name| beside(&tables, name, false))
        .transpose()?
        .flatten()
    {
        classes_of(&mut report, &settings, &tables, &classes);
    }
    Ok(report.outcome(if n_train == 0 {
        Err("the train table has no rows to compare with; one would do".to_owned())
    } else {
        Ok(format!(
            "{} for {}: {ratio:.2} per row",
            counted(n_test, "test row"),
            counted(n_train, "training row")
        ))
    }))
}

/// How exactly so many rows tell an accuracy.
fn half_width(n: usize, accuracy: f64) -> f64 {
    let right = index_below((n as f64 * accuracy).round()).min(n) as u64;
    wilson(right, n as u64, LEVEL).map_or(1.0, |bounds| (bounds.high - bounds.low) / 2.0)
}

fn widths(report: &mut Report, settings: &Settings, n_test: usize) {
    let half = half_width(n_test, settings.accuracy);
    report.metrics.push(
        Metric::new("accuracy_half_width", half, n_test as u64)
            .title("Half width of an accuracy's interval")
            .unit("rate")
            .at_most(Some(settings.max_half_width), None),
    );
    let drop = detectable_drop(n_test as u64, settings.accuracy, SIGNIFICANCE, POWER);
    report.metrics.push(
        Metric::new("detectable_drop", drop.unwrap_or(f64::NAN), n_test as u64)
            .title("Detectable drop of accuracy")
            .unit("rate"),
    );
    let at = percent(settings.accuracy);
    let drop = drop.map_or("no drop at all".to_owned(), |d| {
        format!("a drop of {} points", points(d))
    });
    report.note(format!(
        "At an accuracy of {at} these test rows tell it to ±{} points (Wilson, 95 %), and show {drop} with a probability of {}.",
        points(half), percent(POWER)
    ));
}

fn points(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

fn small(report: &mut Report, settings: &Settings, n_train: usize, n_test: usize) {
    let half = half_width(n_test, settings.accuracy);
    let is_few = n_test < settings.min_test;
    let is_wide = half > settings.max_half_width;
    if is_few || is_wide {
        let title = format!(
            "{} tell an accuracy to ±{} points only",
            counted(n_test, "test row"),
            points(half)
        );
        report.find(
            Finding::new("DQ080", Severity::Warning, title)
                .because(format!("The limits are {} and ±{} points: below, models that differ look alike.",
                    counted(settings.min_test, "row"), points(settings.max_half_width)))
                .advice("Hold back more rows, or measure by cross-validation and say how wide the interval is.")
                .evidence("sizes"),
        );
    }
    let ratio = n_test as f64 / n_train as f64;
    if n_train > 0 && ratio < settings.min_ratio {
        let title = format!(
            "{} for {}: fewer than {} per row",
            counted(n_test, "test row"),
            counted(n_train, "training row"),
            settings.min_ratio
        );
        report.find(
            Finding::new("DQ080", Severity::Warning, title)
                .because(
                    "What is rare in so many training rows hardly stands in the test table at all.",
                )
                .advice("Hold back more rows.")
                .evidence("sizes"),
        );
    }
}

fn classes_of(report: &mut Report, settings: &Settings, tables: &[Table<'_>], classes: &Beside) {
    let [Cells::Codes(train), Cells::Codes(test)] = &classes.tables[..] else {
        return;
    };
    let (in_train, in_test) = (
        counts(train, classes.n_codes),
        counts(test, classes.n_codes),
    );
    let mut rows = Vec::new();
    let mut order: Vec<usize> = (0..classes.n_codes).filter(|&c| in_train[c] > 0).collect();
    order.sort_by_key(|&class| (in_test[class], class));
    // A class of few training rows is few in any split: the limit is what a fair share would be.
    for &class in order.iter().take(wording::MAX_MARKS) {
        let code = u32::try_from(class).unwrap_or(u32::MAX);
        let name = value_of(&tables[0], &classes.name, train, code);
        let n = index_below(in_test[class] as f64);
        let half = half_width(n, settings.accuracy);
        let of_class = (0..test.len()).filter(|&row| test[row] == code);
        rows.push(TableRow {
            cells: vec![
                name.clone().into(),
                (in_train[class] as f64).into(),
                (n as f64).into(),
                if n > 0 {
                    (half * 100.0).into()
                } else {
                    Cell::Nothing
                },
            ],
            rows: (n > 0).then(|| Rows::new(Role::Test, of_class.clone())),
        });
        // Absent classes are told by `data-quality.new-labels`.
        if n > 0 && n < settings.min_class {
            let title = format!(
                "class '{name}' has {}: its recall is told to ±{} points only",
                counted(n, "test row"),
                points(half)
            );
            report.find(
                Finding::new("DQ080", Severity::Warning, title)
                    .because(format!("At least {} are asked of each class.", counted(settings.min_class, "row")))
                    .advice("Hold back more rows of this class, or read its figures with their interval only.")
                    .column(&classes.name)
                    .rows(Rows::new(Role::Test, of_class))
                    .evidence("sizes"),
            );
        }
    }
    if order.len() > wording::MAX_MARKS {
        report.note(format!(
            "The {} rarest of {} classes are looked at.",
            wording::MAX_MARKS,
            order.len()
        ));
    }
    let columns = [
        "class",
        "training rows",
        "test rows",
        "recall told to ± points",
    ];
    report.views.push(
        View::new(
            "sizes",
            "Rows of each class",
            Chart::Table {
                columns: columns.iter().map(|&name| name.to_owned()).collect(),
                rows,
            },
        )
        .caption("The rarest in the test table first; a row opens the test rows of the class."),
    );
}
