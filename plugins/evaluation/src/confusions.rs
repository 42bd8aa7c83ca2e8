//! The check `evaluation.confusion`.
//!
//! In: the test rows, the classes the model decides. Out: how often each class is decided as each,
//! with the rows; a warning where a class is mostly missed, or decided far too often or too rarely.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, TableRow,
    Verdict, View, check,
};
use interlock_stats::proportion::Bounds;
use serde::{Deserialize, Serialize};

use crate::class_rates::{ClassRates, Rate, class_rates};
use crate::confusion::{CellRows, Confusion};
use crate::judge::{Standing, at_least, at_most};
use crate::subject::{Answers, Classes, Subject};
use crate::views;
use crate::wording::{
    self, LEVEL, MIN_ROWS, check_count, check_range, counted, failed, inconclusive, number,
    percent, shortened,
};

/// Classes and pairs of classes that are listed at most.
const MAX_LISTED: usize = 30;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of a class's rows that are decided as it, 0 to 1, below which the check warns if the
    /// whole interval lies below.
    warn_recall: f64,
    /// The same, below which the check fails; 0 never does.
    fail_recall: f64,
    /// How many times as often (or as rarely) as it occurs a class may be decided, 1 to 1000;
    /// beyond, with the whole interval, the check warns.
    warn_factor: f64,
    /// Rows of a class below which it is shown, not judged; 10 or more.
    min_class_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_recall: 0.5,
            fail_recall: 0.0,
            warn_factor: 2.0,
            min_class_rows: 30,
        }
    }
}

#[check(
    id = "evaluation.confusion",
    title = "Confusion",
    stage = "robustness",
    needs(test, model, target),
    codes(
        DQ126 = "a class is mostly taken for another",
        DQ127 = "a class is decided far more or less often than it occurs"
    ),
    cost = "quick",
    docs = "confusions.md"
)]
pub(crate) fn confusion(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_range("warn_recall", settings.warn_recall, 0.0, 1.0)?;
    check_range(
        "fail_recall",
        settings.fail_recall,
        0.0,
        settings.warn_recall,
    )?;
    check_range("warn_factor", settings.warn_factor, 1.0, 1000.0)?;
    check_count("min_class_rows", settings.min_class_rows, 10, usize::MAX)?;
    let subject = Subject::of(ctx, Role::Test)?;
    let Answers::Classes(classes) = &subject.answers else {
        return Err(CheckError::missing_input("a regression decides no classes"));
    };
    if subject.n_rows() < MIN_ROWS {
        let n = counted(subject.n_rows(), "row");
        return Ok(inconclusive(
            format!("{n} with a known target; it takes at least {MIN_ROWS}"),
            &subject.notes,
        ));
    }
    let confusion = Confusion::of(classes.names.len(), &classes.truth, &classes.decided);
    let is_judged = |rates: &ClassRates| rates.n_true >= settings.min_class_rows as u64;
    let n_judged = class_rates(&confusion, LEVEL)
        .map_err(failed)?
        .iter()
        .filter(|rates| is_judged(rates))
        .count();
    // Bonferroni: recall and ratio of every judged class hold together.
    let level = 1.0 - (1.0 - LEVEL) / (2 * n_judged).max(1) as f64;
    let mut all = class_rates(&confusion, level).map_err(failed)?;
    let judged: Vec<ClassRates> = all.iter().copied().filter(is_judged).collect();
    all.sort_by_key(|rates| std::cmp::Reverse(rates.n_true + rates.n_decided - rates.n_right));
    all.retain(|rates| rates.n_true + rates.n_decided > 0);
    let report = Report {
        settings: &settings,
        subject: &subject,
        classes,
        pairs: pairs(&confusion),
        cells: CellRows::of(&confusion, &classes.truth, &classes.decided),
        all: &all,
        judged: &judged,
        level,
    };
    let mut outcome = report.outcome();
    outcome.notes.splice(0..0, subject.notes.iter().cloned());
    Ok(outcome)
}

/// A class, the class it was decided as, and how often; the most frequent first.
fn pairs(confusion: &Confusion) -> Vec<(usize, usize, f64)> {
    let classes = || 0..confusion.n_classes;
    let mut pairs: Vec<(usize, usize, f64)> = classes()
        .flat_map(|truth| classes().map(move |decided| (truth, decided)))
        .filter(|(truth, decided)| truth != decided)
        .map(|(truth, decided)| (truth, decided, confusion.count(truth, decided)))
        .filter(|(.., count)| *count > 0.0)
        .collect();
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
    pairs
}

struct Report<'r> {
    settings: &'r Settings,
    subject: &'r Subject,
    classes: &'r Classes,
    /// Most frequent first.
    pairs: Vec<(usize, usize, f64)>,
    cells: CellRows,
    /// The classes that occur or were decided, the most frequent first.
    all: &'r [ClassRates],
    judged: &'r [ClassRates],
    /// Of each interval.
    level: f64,
}

fn interval(rate: Rate, shown: impl Fn(f64) -> String) -> String {
    rate.bounds.map_or(String::new(), |bounds| {
        format!(" [{}, {}]", shown(bounds.low), shown(bounds.high))
    })
}

impl Report<'_> {
    fn name(&self, class: usize) -> String {
        format!("'{}'", shortened(&self.classes.names[class]))
    }

    fn outcome(&self) -> Outcome {
        let (mut findings, mut unsure) = (Vec::new(), Vec::new());
        for rates in self.judged {
            let (missed, off) = (self.missed(rates), self.far_off(rates));
            for found in [missed, off] {
                match found {
                    Ok(finding) => findings.push(finding),
                    Err(Standing::Unsure) => unsure.push(*rates),
                    Err(Standing::Met | Standing::Crossed) => {}
                }
            }
        }
        wording::sort_by_severity(&mut findings);
        let otherwise = if self.judged.is_empty() || !unsure.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        let verdict = wording::verdict(&findings, otherwise);
        let mut outcome = Outcome::new(verdict, self.summary(&findings, &unsure));
        outcome.metrics = self.metrics();
        outcome.notes = self.notes(findings.len());
        findings.truncate(MAX_LISTED);
        outcome.findings = findings;
        outcome
            .view(views::confusion(self.classes, self.subject, &self.cells))
            .view(views::confusion_shares(
                self.classes,
                self.subject,
                &self.cells,
            ))
            .view(self.table())
            .view(self.mistakes())
    }

    /// DQ126: recall surely below its limit.
    fn missed(&self, rates: &ClassRates) -> Result<Finding, Standing> {
        let bounds = rates.recall.bounds.ok_or(Standing::Met)?;
        let hold = |limit| at_least(rates.recall.value, bounds, limit, true);
        let severity = if hold(self.settings.fail_recall) == Standing::Crossed {
            Severity::Error
        } else {
            match hold(self.settings.warn_recall) {
                Standing::Crossed => Severity::Warning,
                other => return Err(other),
            }
        };
        let most = self.pairs.iter().find(|pair| pair.0 == rates.class);
        let taken = most.map_or(String::new(), |(_, decided, count)| {
            format!("; {count:.0} are taken for {}", self.name(*decided))
        });
        let title = format!(
            "{} is mostly missed: {}{} of its {} found{taken}",
            self.name(rates.class),
            percent(rates.recall.value),
            interval(rates.recall, percent),
            counted(as_usize(rates.n_true), "row"),
        );
        Ok(Finding::new("DQ126", severity, title)
            .because("A figure over all rows hides it: where a class is rare, a model that never decides it is right most of the time.")
            .advice("Open the rows. If the probabilities rank them well, move the threshold (see evaluation.threshold) or weigh the class more in training; if not, the inputs do not tell the two classes apart, or labels are mixed up.")
            .group(format!("class={}", self.classes.names[rates.class]))
            .rows(self.subject.table_rows(self.cells.missed(rates.class)))
            .evidence("confusion"))
    }

    /// DQ127: decided surely far more or less often than it occurs.
    fn far_off(&self, rates: &ClassRates) -> Result<Finding, Standing> {
        let factor = self.settings.warn_factor;
        let bounds = rates.ratio.bounds.ok_or(Standing::Met)?;
        let value = rates.ratio.value;
        let above = at_most(value, bounds, factor, true);
        let below = at_least(value, bounds, 1.0 / factor, true);
        let (many, of) = match (above, below) {
            (Standing::Crossed, _) => ("more", "decided as it, not of it"),
            (_, Standing::Crossed) => ("less", "of it, not decided as it"),
            (Standing::Unsure, _) | (_, Standing::Unsure) => return Err(Standing::Unsure),
            (Standing::Met, Standing::Met) => return Err(Standing::Met),
        };
        let n = self.subject.n_rows() as f64;
        let title = format!(
            "{} is decided far {many} often than it occurs: {} of rows against {}, {}{} times",
            self.name(rates.class),
            percent(rates.n_decided as f64 / n),
            percent(rates.n_true as f64 / n),
            number(value),
            interval(rates.ratio, number),
        );
        let rows = if many == "more" {
            self.cells.intruders(rates.class)
        } else {
            self.cells.missed(rates.class)
        };
        Ok(Finding::new("DQ127", Severity::Warning, title)
            .because("Whoever plans by counts of decisions (cases to review, loans to grant) plans wrongly, and a class that is hardly ever decided is hardly ever found.")
            .advice(format!("Move the threshold or recalibrate on held-out rows; open the rows {of}. If the test rows have other class shares than those the model learned from, that alone explains it: see the label drift check."))
            .group(format!("class={}", self.classes.names[rates.class]))
            .rows(self.subject.table_rows(rows))
            .evidence("classes"))
    }

    fn worst(&self) -> Option<&ClassRates> {
        let by_recall =
            |a: &&ClassRates, b: &&ClassRates| a.recall.value.total_cmp(&b.recall.value);
        self.judged.iter().min_by(by_recall)
    }

    fn summary(&self, findings: &[Finding], unsure: &[ClassRates]) -> String {
        match (findings, unsure.first(), self.worst()) {
            ([first], ..) => first.title.clone(),
            ([first, rest @ ..], ..) => format!("{}; and {} more", first.title, rest.len()),
            ([], Some(rates), _) => format!(
                "{}: {}{} of its {} found, decided {}{} times as often as it occurs: more rows would tell whether that is within the limits",
                self.name(rates.class),
                percent(rates.recall.value),
                interval(rates.recall, percent),
                counted(as_usize(rates.n_true), "row"),
                number(rates.ratio.value),
                interval(rates.ratio, number),
            ),
            ([], None, Some(rates)) => {
                let mistake = self.pairs.first().map_or(String::new(), |pair| {
                    format!(
                        "; most frequent mistake: {} taken for {} ({})",
                        self.name(pair.0),
                        self.name(pair.1),
                        counted(as_count(pair.2), "row")
                    )
                });
                format!(
                    "lowest recall: {}{} of {} of {}{mistake}",
                    percent(rates.recall.value),
                    interval(rates.recall, percent),
                    counted(as_usize(rates.n_true), "row"),
                    self.name(rates.class),
                )
            }
            ([], None, None) => format!(
                "no class has {} rows: too few to judge any",
                self.settings.min_class_rows
            ),
        }
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut listed: Vec<&ClassRates> = self.worst().into_iter().collect();
        let first = listed.first().map(|rates| rates.class);
        let others = self.all.iter().filter(|rates| Some(rates.class) != first);
        listed.extend(others.take(MAX_LISTED - 1));
        let settings = self.settings;
        let fail = Some(settings.fail_recall).filter(|limit| *limit > 0.0);
        let mut metrics = Vec::new();
        for rates in listed {
            let metric = |id: &str, title: &str, rate: Rate, n: u64, method: &str| {
                let metric = Metric::new(id, rate.value, n)
                    .title(title)
                    .group(format!("class={}", self.classes.names[rates.class]));
                match rate.bounds {
                    Some(bounds) => metric.interval(bounds.low, bounds.high, self.level, method),
                    None => metric,
                }
            };
            let recall = metric("recall", "Recall", rates.recall, rates.n_true, "Wilson");
            let is_judged = rates.n_true >= settings.min_class_rows as u64;
            metrics.push(if is_judged {
                recall
                    .at_least(Some(settings.warn_recall), fail)
                    .unit("rate")
            } else {
                recall.unit("rate")
            });
            metrics.push(
                metric(
                    "precision",
                    "Precision",
                    rates.precision,
                    rates.n_decided,
                    "Wilson",
                )
                .unit("rate"),
            );
            let n_either = rates.n_true + rates.n_decided - rates.n_right;
            metrics.push(metric(
                "f1",
                "F1",
                rates.f1,
                n_either,
                "Wilson, transformed",
            ));
            metrics.push(metric(
                "decided_to_true",
                "Times as often decided as it occurs",
                rates.ratio,
                self.subject.n_rows() as u64,
                "Bonett-Price",
            ));
        }
        metrics
    }

    fn notes(&self, n_findings: usize) -> Vec<String> {
        let mut notes = vec![format!(
            "Intervals of {} judged classes hold together (Bonferroni, each at {:.2} %).",
            self.judged.len(),
            self.level * 100.0
        )];
        let few: Vec<String> = self
            .all
            .iter()
            .filter(|rates| rates.n_true < self.settings.min_class_rows as u64)
            .map(|rates| {
                format!(
                    "{} ({})",
                    self.name(rates.class),
                    counted(as_usize(rates.n_true), "row")
                )
            })
            .collect();
        if !few.is_empty() {
            let more = few.len().saturating_sub(5);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            notes.push(format!(
                "Not judged, fewer than {} rows: {}{rest}.",
                self.settings.min_class_rows,
                few[..few.len().min(5)].join(", ")
            ));
        }
        if self.all.len() > MAX_LISTED {
            notes.push(format!(
                "Figures of {MAX_LISTED} classes are listed; {} more are not.",
                self.all.len() - MAX_LISTED
            ));
        }
        if n_findings > MAX_LISTED {
            notes.push(format!("{MAX_LISTED} of {n_findings} findings are listed."));
        }
        if self.classes.is_binary() {
            notes.push(format!(
                "'{}' is decided from a probability of {}.",
                self.classes.names[1], self.classes.threshold
            ));
        }
        notes
    }

    fn table(&self) -> View {
        let listed = self.all.iter().take(MAX_LISTED);
        let rows = listed
            .map(|rates| {
                let ends = |rate: Rate| {
                    let end =
                        |of: fn(Bounds) -> f64| rate.bounds.map_or(Cell::Nothing, |b| of(b).into());
                    [rate.value.into(), end(|b| b.low), end(|b| b.high)]
                };
                let mut cells: Vec<Cell> = vec![
                    self.classes.names[rates.class].as_str().into(),
                    (rates.n_true as f64).into(),
                    (rates.n_decided as f64).into(),
                ];
                for rate in [rates.recall, rates.precision, rates.f1, rates.ratio] {
                    cells.extend(ends(rate));
                }
                TableRow {
                    cells,
                    rows: Some(self.subject.table_rows(self.cells.missed(rates.class))),
                }
            })
            .collect();
        let mut columns = vec!["class", "rows", "decided"];
        for name in ["recall", "precision", "F1", "decided / true"] {
            columns.extend([name, "low", "high"]);
        }
        let chart = Chart::Table {
            columns: columns.into_iter().map(str::to_owned).collect(),
            rows,
        };
        View::new("classes", "Rates of each class", chart)
            .caption("Open a class for the rows of it that are decided otherwise. Intervals hold together for all judged classes.")
    }

    fn mistakes(&self) -> View {
        let listed = &self.pairs[..self.pairs.len().min(MAX_LISTED)];
        let rows = listed
            .iter()
            .map(|&(truth, decided, count)| {
                let n_true = self.all.iter().find(|rates| rates.class == truth);
                let share = n_true.map_or(f64::NAN, |rates| count / rates.n_true as f64);
                let own = self.cells.rows(truth, decided).iter().copied();
                TableRow {
                    cells: vec![
                        self.classes.names[truth].as_str().into(),
                        self.classes.names[decided].as_str().into(),
                        count.into(),
                        share.into(),
                    ],
                    rows: Some(self.subject.table_rows(own)),
                }
            })
            .collect();
        let columns = ["class", "decided as", "rows", "share of the class"];
        let more = self.pairs.len() - listed.len();
        let caption = if more > 0 {
            format!("The most frequent first; {more} more pairs are not listed.")
        } else {
            "The most frequent first; open one for its rows.".to_owned()
        };
        let chart = Chart::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        };
        View::new("mistakes", "Biggest confusions", chart).caption(caption)
    }
}

fn as_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn as_count(count: f64) -> usize {
    as_usize(crate::estimate::whole_number(count))
}
