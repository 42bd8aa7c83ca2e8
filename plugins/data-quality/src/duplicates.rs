//! The check `data-quality.duplicates`.
//!
//! In: the tables. Out: rows that repeat within a table, that stand in the training table as well, or
//! that differ in nothing but their target.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Column, Context, Finding, MISSING, Metric, Outcome, Params, Role, Rows,
    Severity, Table, Verdict, View, check,
};
use interlock_report::report::{sort_by_severity, verdict};
use interlock_report::settings::check_share;
use interlock_report::words::{counted, percent};
use interlock_stats::proportion::{Bounds, wilson};
use serde::{Deserialize, Serialize};

use crate::coded::{Coder, told_apart};
use crate::duplication::{self, Indexed, conflicts, first_equal, repeated};
use crate::tables::tables;

/// Confidence of the intervals.
const LEVEL: f64 = 0.95;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of repeated rows of a table above which the check warns, 0 to 1.
    warn_above: f64,
    /// Share of repeated rows of a table above which the check fails, 0 to 1.
    fail_above: f64,
    /// Share of test rows also in the training table above which the check warns, 0 to 1.
    warn_leak_above: f64,
    /// Share of test rows also in the training table above which the check fails, 0 to 1.
    fail_leak_above: f64,
    /// Share of training rows with equal inputs but other targets above which the check warns, 0 to 1.
    warn_conflicts_above: f64,
    /// Columns to leave out of the comparison, beside the id.
    ignore: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.0,
            fail_above: 0.05,
            warn_leak_above: 0.0,
            fail_leak_above: 0.05,
            warn_conflicts_above: 0.0,
            ignore: Vec::new(),
        }
    }
}

/// One table as codes.
struct Coded {
    role: Role,
    n_rows: usize,
    columns: Vec<Vec<u32>>,
    /// Where the target stands among `columns`.
    target: Option<usize>,
}

#[check(
    id = "data-quality.duplicates",
    title = "Duplicate rows",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(
        DQ007 = "rows repeat",
        DQ008 = "rows stand in the training table as well",
        DQ009 = "rows differ in their target only"
    ),
    cost = "quick",
    docs = "duplicates.md"
)]
pub(crate) fn duplicates(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    for (name, value) in [
        ("warn_above", settings.warn_above),
        ("fail_above", settings.fail_above),
        ("warn_leak_above", settings.warn_leak_above),
        ("fail_leak_above", settings.fail_leak_above),
        ("warn_conflicts_above", settings.warn_conflicts_above),
    ] {
        check_share(name, value)?;
    }
    let facts = ctx.facts();
    let tables = tables(ctx)?;
    let compared = compared(&tables, facts.id.as_deref(), &settings.ignore);
    let coded = code(&tables, &compared, facts.target.as_deref())?;
    let mut found = Found::default();
    if compared.is_empty() {
        let summary = "no column is left to compare rows by";
        return Ok(Outcome::new(Verdict::Inconclusive, summary));
    }
    let slices: Vec<Vec<&[u32]>> = coded.iter().map(|table| table.slices(false)).collect();
    let rows = coded.iter().zip(&slices);
    let rows = rows
        .filter_map(|(table, slices)| Some((table, duplication::Rows::new(table.n_rows, slices)?)));
    let mut train: Option<Indexed<'_>> = None;
    let mut in_train = Vec::new();
    for (table, rows) in rows {
        let indexed = Indexed::new(rows);
        found.repeats(table, &indexed.firsts, &settings);
        match &train {
            Some(train) if table.role == Role::Test => {
                in_train.push((table, train.find_all(rows)));
            }
            Some(_) => {}
            None => train = Some(indexed),
        }
    }
    for (table, in_train) in in_train {
        found.leak(table, &in_train, &settings);
    }
    if let Some(train) = coded.first() {
        found.conflicts(train, &settings);
    }
    if let Some(id) = &facts.id {
        found.notes.push(format!("The id '{id}' is not compared."));
    }
    Ok(found.outcome(&coded, &compared))
}

/// Columns of the training table by which rows are compared. A column that another table lacks
/// (a target not known yet) is left out of that table's comparison only.
fn compared(tables: &[Table<'_>], id: Option<&str>, ignore: &[String]) -> Vec<String> {
    let Some(train) = tables.first() else {
        return Vec::new();
    };
    train
        .columns()
        .map(|column| column.name().to_owned())
        .filter(|name| Some(name.as_str()) != id && !ignore.contains(name))
        .collect()
}

fn code(
    tables: &[Table<'_>],
    names: &[String],
    target: Option<&str>,
) -> Result<Vec<Coded>, CheckError> {
    let mut coded: Vec<Coded> = tables
        .iter()
        .map(|table| Coded {
            role: table.role(),
            n_rows: table.n_rows(),
            columns: Vec::new(),
            target: None,
        })
        .collect();
    let n_rows: Vec<usize> = tables.iter().map(Table::n_rows).collect();
    for name in names {
        // A table without the column has it missing throughout, which changes nothing.
        let columns: Vec<Option<Column<'_>>> =
            tables.iter().map(|table| table.column(name).ok()).collect();
        if Some(name.as_str()) == target {
            let mut coder = Coder::default();
            for ((column, coded), n_rows) in columns.iter().zip(&mut coded).zip(&n_rows) {
                let codes = match column {
                    Some(column) => coder.code(column)?.codes,
                    None => vec![MISSING; *n_rows],
                };
                coded.target = Some(coded.columns.len());
                coded.columns.push(codes);
            }
        } else {
            let told_apart = told_apart(&columns, &n_rows)?;
            for (coded, codes) in coded.iter_mut().zip(told_apart) {
                coded.columns.extend(codes);
            }
        }
    }
    Ok(coded)
}

impl Coded {
    fn slices(&self, without_target: bool) -> Vec<&[u32]> {
        self.columns
            .iter()
            .enumerate()
            .filter(|(position, _)| !(without_target && self.target == Some(*position)))
            .map(|(_, codes)| codes.as_slice())
            .collect()
    }
}

/// How many of how many rows.
#[derive(Clone, Copy)]
struct Share {
    n: usize,
    of: usize,
}

impl Share {
    fn rate(self) -> f64 {
        if self.of == 0 {
            0.0
        } else {
            self.n as f64 / self.of as f64
        }
    }

    fn metric(self, id: &str, title: &str, warn: f64, fail: Option<f64>) -> Metric {
        let metric = Metric::new(id, self.rate(), self.of as u64)
            .title(title)
            .unit("rate")
            .at_most(Some(warn), fail);
        match wilson(self.n as u64, self.of as u64, LEVEL) {
            Ok(Bounds { low, high }) => metric.interval(low, high, LEVEL, "Wilson"),
            Err(_) => metric,
        }
    }

    fn severity(self, warn: f64, fail: f64) -> Option<Severity> {
        let rate = self.rate();
        if rate > fail {
            Some(Severity::Error)
        } else {
            (rate > warn).then_some(Severity::Warning)
        }
    }
}

#[derive(Default)]
struct Found {
    metrics: Vec<Metric>,
    findings: Vec<Finding>,
    bars: Vec<Bar>,
    notes: Vec<String>,
}

impl Found {
    fn repeats(&mut self, table: &Coded, firsts: &[usize], settings: &Settings) {
        let n_extra = firsts
            .iter()
            .enumerate()
            .filter(|(row, first)| row != *first)
            .count();
        let share = Share {
            n: n_extra,
            of: table.n_rows,
        };
        let role = table.role.name();
        self.metrics.push(share.metric(
            &format!("duplicate_share_{role}"),
            &format!("Repeated rows of {role}"),
            settings.warn_above,
            Some(settings.fail_above),
        ));
        let mut bar = Bar::new(format!("{role}: repeated"), share.rate());
        let Some(severity) = share.severity(settings.warn_above, settings.fail_above) else {
            self.bars.push(bar);
            return;
        };
        let all = Rows::new(table.role, repeated(firsts));
        let title = format!(
            "{} of the {role} table ({}) repeat an earlier one",
            counted(n_extra, "row"),
            percent(share.rate())
        );
        bar.is_flagged = true;
        bar.rows = Some(all.clone());
        self.bars.push(bar);
        self.findings.push(
            Finding::new("DQ007", severity, title)
                .because("Each copy counts the same case again: the model leans towards it, and figures look surer than they are.")
                .advice("Open the rows. If they are one case recorded twice, drop the copies; if they are different cases that look alike, name the column that tells them apart as [data] id.")
                .rows(all)
                .evidence("shares"),
        );
    }

    fn leak(&mut self, other: &Coded, in_train: &[Option<usize>], settings: &Settings) {
        let leaked: Vec<usize> = in_train
            .iter()
            .enumerate()
            .filter(|(_, found)| found.is_some())
            .map(|(row, _)| row)
            .collect();
        let share = Share {
            n: leaked.len(),
            of: other.n_rows,
        };
        let role = other.role.name();
        self.metrics.push(share.metric(
            &format!("leaked_share_{role}"),
            &format!("Rows of {role} also in train"),
            settings.warn_leak_above,
            Some(settings.fail_leak_above),
        ));
        let mut bar = Bar::new(format!("{role}: also in train"), share.rate());
        let severity = share.severity(settings.warn_leak_above, settings.fail_leak_above);
        if let Some(severity) = severity {
            let rows = Rows::new(other.role, leaked);
            bar.is_flagged = true;
            bar.rows = Some(rows.clone());
            let title = format!(
                "{} of the {role} table ({}) stand in the training table as well",
                counted(share.n, "row"),
                percent(share.rate())
            );
            self.findings.push(
                Finding::new("DQ008", severity, title)
                    .because("The model has seen these rows with their answer: what is measured on them is memory, not skill.")
                    .advice("Split again so that no row stands on both sides, and measure anew.")
                    .rows(rows)
                    .evidence("shares"),
            );
        }
        self.bars.push(bar);
    }

    fn conflicts(&mut self, train: &Coded, settings: &Settings) {
        let Some(target) = train.target.and_then(|at| train.columns.get(at)) else {
            return;
        };
        let slices = train.slices(true);
        let Some(rows) = duplication::Rows::new(train.n_rows, &slices) else {
            return;
        };
        let classes: Vec<Option<u32>> = target
            .iter()
            .map(|code| (*code != MISSING).then_some(*code))
            .collect();
        let found = conflicts(&first_equal(rows), &classes);
        let share = Share {
            n: found.rows.len(),
            of: found.n_rows,
        };
        self.metrics.push(share.metric(
            "conflict_share",
            "Rows with equal inputs, other target",
            settings.warn_conflicts_above,
            None,
        ));
        let mut bar = Bar::new("train: other target", share.rate());
        if share.n > 0 && share.rate() > settings.warn_conflicts_above {
            let rows = Rows::new(Role::Train, found.rows);
            bar.is_flagged = true;
            bar.rows = Some(rows.clone());
            let title = format!(
                "{} of the training table have equal inputs but different targets",
                counted(share.n, "row")
            );
            let because = format!(
                "No model can be right on all of them: at least {} will be wrong.",
                counted(found.n_unavoidable, "row")
            );
            self.findings.push(
                Finding::new("DQ009", Severity::Warning, title)
                    .because(because)
                    .advice("Look for wrong targets among them, or for a column that tells the cases apart.")
                    .rows(rows)
                    .evidence("shares"),
            );
        }
        self.bars.push(bar);
    }

    fn outcome(mut self, tables: &[Coded], compared: &[String]) -> Outcome {
        sort_by_severity(&mut self.findings);
        let has_rows = tables.first().is_some_and(|train| train.n_rows > 0);
        let verdict = verdict(&self.findings, has_rows);
        let summary = match self.findings.first() {
            Some(finding) => finding.title.clone(),
            None if has_rows => "no row repeats".to_owned(),
            None => "the train table has no rows".to_owned(),
        };
        // The headline is the share that is furthest beyond its limit.
        self.metrics
            .sort_by_key(|metric| std::cmp::Reverse(crossing(metric)));
        let mut outcome = Outcome::new(verdict, summary);
        outcome.metrics = self.metrics;
        outcome.findings = self.findings;
        outcome.notes = self.notes;
        outcome.notes.push(format!(
            "Rows are equal if all {} are; missing equals missing.",
            counted(compared.len(), "compared column")
        ));
        outcome.views.push(
            View::new(
                "shares",
                "Repeated, leaked and conflicting rows",
                Chart::Bars {
                    value_axis: "share of rows".to_owned(),
                    bars: self.bars,
                    threshold: None,
                },
            )
            .caption("A marked bar is above its limit and opens its rows."),
        );
        outcome
    }
}

/// How many of its limits a metric crosses.
fn crossing(metric: &Metric) -> usize {
    let limits = metric.threshold.as_ref();
    let limits = limits.map_or([None, None], |limits| [limits.warn, limits.fail]);
    let value = metric.value.unwrap_or(0.0);
    limits
        .iter()
        .flatten()
        .filter(|limit| value > **limit)
        .count()
}
