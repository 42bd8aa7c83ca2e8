//! The check `data-quality.class-imbalance`.
//!
//! In: the training table. Out: how uneven the classes of the target are, which of them are too rare
//! to learn, and which categorical columns are dominated by a few values.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity, Table,
    Task, View, check,
};
use interlock_stats::proportion::{Bounds, wilson};
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, figure};
use crate::relations::association::unevenness;
use crate::relations::inputs::{Cells, Coded, Input, features, target};
use crate::wording::{self, MAX_MARKS, counted, names, percent, shortened};

/// Categories a column may have to be looked at for unevenness.
const MAX_CATEGORIES: usize = 1000;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Rows of the rarest class over those of the most frequent, 0 to 1, below which it warns.
    warn_below: f64,
    /// Rows a class needs, so that it can be split and cross-validated.
    min_class_rows: usize,
    /// Unevenness of a categorical column, 0 to 1, above which it is noted.
    note_above: f64,
    /// Rows with a class below which nothing is decided.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_below: 0.1,
            min_class_rows: 10,
            note_above: 0.5,
            min_rows: 30,
        }
    }
}

/// One class of the target.
struct Class {
    name: String,
    n: usize,
    code: usize,
}

/// The target by class, most frequent first.
struct Classes {
    column: String,
    by_frequency: Vec<Class>,
    n: usize,
    codes: Vec<u32>,
}

impl Classes {
    fn of(target: Input<'_>) -> Option<Self> {
        let Cells::Codes(coded) = target.cells else {
            return None;
        };
        let mut classes: Vec<Class> = coded
            .counts()
            .into_iter()
            .enumerate()
            .map(|(code, n)| Class {
                name: shortened(&coded.name_of(code, &target.column)),
                n,
                code,
            })
            .collect();
        classes.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
        Some(Self {
            column: target.column.name().to_owned(),
            n: classes.iter().map(|class| class.n).sum(),
            by_frequency: classes,
            codes: coded.codes,
        })
    }

    fn ends(&self) -> Option<(&Class, &Class)> {
        Some((self.by_frequency.first()?, self.by_frequency.last()?))
    }

    /// Rarest over most frequent; `None` without a row.
    fn ratio(&self) -> Option<f64> {
        self.ends()
            .map(|(most, least)| least.n as f64 / most.n as f64)
    }

    /// Given the rows of these two classes, the rarest one's are binomial: Wilson's interval of the
    /// share as odds.
    fn ratio_interval(&self) -> Option<Bounds> {
        let (most, least) = self.ends()?;
        let bounds = wilson(least.n as u64, (least.n + most.n) as u64, 0.95).ok()?;
        let odds = |share: f64| share / (1.0 - share);
        Some(Bounds {
            low: odds(bounds.low),
            high: odds(bounds.high).min(1.0),
        })
    }

    fn rows(&self, class: &Class) -> Rows {
        let is_class = |code: u32| code as usize == class.code;
        let rows = (0..self.codes.len()).filter(|&row| is_class(self.codes[row]));
        Rows::new(Role::Train, rows)
    }

    fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (Some((most, least)), Some(ratio)) = (self.ends(), self.ratio()) else {
            return findings;
        };
        let column = &self.column;
        if self.by_frequency.len() == 1 {
            let title = format!(
                "target '{column}' has the one class '{}' in all {}",
                most.name,
                counted(self.n, "row")
            );
            findings.push(
                Finding::new("DQ056", Severity::Error, title)
                    .because("There is nothing to tell apart: any model of these rows is a constant.")
                    .advice("Find out where the other classes were lost: a filter, a join, a date range?")
                    .column(column),
            );
        } else if ratio < settings.warn_below {
            let title = format!(
                "class '{}' of target '{column}' has {}, {} of those of '{}' ({})",
                least.name,
                counted(least.n, "row"),
                percent(ratio),
                most.name,
                most.n
            );
            findings.push(
                Finding::new("DQ056", Severity::Warning, title)
                    .because("A model that never answers the rare class is nearly always right, so accuracy says nothing and training may ignore it.")
                    .advice("Judge by recall, precision and PR AUC of the rare class; split stratified; weight the classes or move the threshold before resampling.")
                    .column(column)
                    .rows(self.rows(least))
                    .evidence("classes"),
            );
        }
        let few: Vec<&Class> = self
            .by_frequency
            .iter()
            .filter(|class| class.n < settings.min_class_rows)
            .collect();
        if let (Some(first), true) = (few.last(), self.by_frequency.len() > 1) {
            let title = format!(
                "{} of target '{column}' with fewer than {} rows: {}",
                if few.len() == 1 {
                    "1 class".to_owned()
                } else {
                    format!("{} classes", few.len())
                },
                settings.min_class_rows,
                names(few.iter().map(|class| class.name.as_str()))
            );
            findings.push(
                Finding::new("DQ056", Severity::Warning, title)
                    .because("So few rows cannot be split, cross-validated or measured.")
                    .advice("Collect more rows, join the class with another, or leave it out and say so.")
                    .column(column)
                    .rows(self.rows(first))
                    .evidence("classes"),
            );
        }
        findings
    }
}

#[check(
    id = "data-quality.class-imbalance",
    title = "Class imbalance",
    stage = "data-quality",
    needs(train, target?),
    codes(
        DQ056 = "classes of the target are uneven",
        DQ057 = "values of a column are uneven"
    ),
    cost = "quick",
    docs = "class_imbalance.md"
)]
pub(crate) fn class_imbalance(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_below", settings.warn_below)?;
    wording::check_share("note_above", settings.note_above)?;
    let table = ctx.table(Role::Train)?;
    let has_classes = ctx.facts().task != Task::Regression && ctx.facts().target.is_some();
    let classes = if has_classes {
        Classes::of(target(ctx, &table, None)?)
    } else {
        None
    };
    let uneven = uneven_columns(ctx, &table)?;
    let mut findings = classes
        .as_ref()
        .map_or(Vec::new(), |c| c.findings(&settings));
    findings.extend(
        uneven
            .iter()
            .filter(|column| column.unevenness > settings.note_above)
            .map(Uneven::finding),
    );
    Ok(outcome(findings, classes.as_ref(), &uneven, &settings))
}

fn outcome(
    findings: Vec<Finding>,
    classes: Option<&Classes>,
    uneven: &[Uneven],
    settings: &Settings,
) -> Outcome {
    let n = classes.map_or(0, |classes| classes.n);
    let ends = classes.and_then(|classes| Some((classes, classes.ends()?, classes.ratio()?)));
    let otherwise = Otherwise {
        has_enough: match classes {
            Some(_) => n >= settings.min_rows,
            None => !uneven.is_empty(),
        },
        sound: match ends {
            Some((classes, (_, least), ratio)) => format!(
                "the rarest of {}, '{}', has {}, {} of those of the most frequent",
                counted(classes.by_frequency.len(), "target value"),
                least.name,
                counted(least.n, "row"),
                percent(ratio)
            ),
            None => format!(
                "no classes to compare; {} looked at",
                counted(uneven.len(), "categorical column")
            ),
        },
        undecided: format!(
            "{} with a class are too few; {} would do",
            counted(n, "row"),
            settings.min_rows
        ),
    };
    let mut outcome = conclusion::outcome(findings, otherwise);
    if let Some((classes, _, ratio)) = ends {
        let mut metric = Metric::new("class_ratio", ratio, n as u64)
            .title("Rarest class over most frequent")
            .unit("ratio")
            .at_least(Some(settings.warn_below), None)
            .column(&classes.column);
        if let Some(bounds) = classes.ratio_interval() {
            metric = metric.interval(bounds.low, bounds.high, 0.95, "Wilson, as odds");
        }
        outcome = outcome.metric(metric).view(class_view(classes, settings));
    }
    for column in uneven.iter().take(MAX_MARKS) {
        let metric = Metric::new("unevenness", column.unevenness, column.n as u64);
        outcome = outcome.metric(metric.title("Unevenness").unit("rate").column(&column.name));
    }
    if uneven.is_empty() {
        outcome
    } else {
        outcome.view(uneven_view(uneven, settings))
    }
}

fn class_view(classes: &Classes, settings: &Settings) -> View {
    let bars = classes
        .by_frequency
        .iter()
        .take(MAX_MARKS)
        .map(|class| Bar {
            is_flagged: class.n < settings.min_class_rows
                || (class.n as f64) < settings.warn_below * classes.by_frequency[0].n as f64,
            rows: Some(classes.rows(class)),
            ..Bar::new(&class.name, class.n as f64)
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "training rows".to_owned(),
        bars,
        threshold: None,
    };
    let caption = if classes.by_frequency.len() > MAX_MARKS {
        format!(
            "The {MAX_MARKS} most frequent of {} classes.",
            classes.by_frequency.len()
        )
    } else {
        String::new()
    };
    View::new("classes", format!("Classes of '{}'", classes.column), chart).caption(caption)
}

/// How uneven a categorical column is.
struct Uneven {
    name: String,
    unevenness: f64,
    n: usize,
    n_values: usize,
    top: String,
    top_share: f64,
}

/// Categorical columns, most uneven first.
fn uneven_columns(ctx: &Context, table: &Table<'_>) -> Result<Vec<Uneven>, CheckError> {
    let mut uneven: Vec<Uneven> = features(ctx, table, None)?
        .iter()
        .filter_map(|input| match &input.cells {
            Cells::Codes(coded) if coded.n_codes <= MAX_CATEGORIES => Uneven::of(input, coded),
            _ => None,
        })
        .collect();
    uneven.sort_by(|a, b| b.unevenness.total_cmp(&a.unevenness));
    Ok(uneven)
}

impl Uneven {
    fn of(input: &Input<'_>, coded: &Coded) -> Option<Self> {
        let counts = coded.counts();
        let n: usize = counts.iter().sum();
        // Nearly every value once: text or a key, not categories.
        if n == 0 || coded.n_codes * 2 > n {
            return None;
        }
        let (top, n_top) = counts
            .iter()
            .enumerate()
            .max_by_key(|(at, n)| (**n, std::cmp::Reverse(*at)))?;
        Some(Self {
            name: input.name().to_owned(),
            unevenness: unevenness(&counts),
            n,
            n_values: coded.n_codes,
            top: shortened(&coded.name_of(top, &input.column)),
            top_share: *n_top as f64 / n as f64,
        })
    }

    fn finding(&self) -> Finding {
        let title = format!(
            "column '{}' is uneven: {} of {} rows have '{}', of {} values (score {})",
            self.name,
            percent(self.top_share),
            self.n,
            self.top,
            self.n_values,
            figure(self.unevenness)
        );
        Finding::new("DQ057", Severity::Note, title)
            .because("The rare values are learned from few rows, and one-hot codes of them are nearly constant.")
            .advice("Join rare values if they mean the same for the question; keep them apart if they are groups to be treated fairly.")
            .column(&self.name)
            .evidence("columns")
    }
}

fn uneven_view(uneven: &[Uneven], settings: &Settings) -> View {
    let bars = uneven
        .iter()
        .take(MAX_MARKS)
        .map(|column| Bar {
            is_flagged: column.unevenness > settings.note_above,
            ..Bar::new(
                format!("{}: {}", column.name, column.top),
                column.unevenness,
            )
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "unevenness, 0 even to 1 one value".to_owned(),
        bars,
        threshold: Some(settings.note_above),
    };
    let view = View::new("columns", "Unevenness of categorical columns", chart);
    view.caption("Beside each column its most frequent value.")
}
