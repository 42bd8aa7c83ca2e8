//! The check `data-quality.missing-values`.
//!
//! In: the tables. Out: shares of missing values per column, and what they depend on.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Role, Rows, Severity,
    Table, Task, Verdict, check,
};
use interlock_report::report::{MAX_FINDINGS, MAX_MARKS, sort_by_severity, verdict};
use interlock_report::settings::check_share;
use interlock_report::words::{counted, names, percent};
use interlock_stats::StatsError;
use serde::{Deserialize, Serialize};

use crate::coded::Coder;
use crate::masks::{Mask, Masks, worst};
use crate::missing_views::{bars, column_table, matrix, together, view_id};
use crate::missingness::{
    Count, LEVEL, Tests, between_tables, difference_interval, on_classes, on_numbers,
};
use crate::tables::tables;

/// Classes of a target beyond which it is no classification to test against.
const MAX_CLASSES: usize = 50;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Missing share of a column above which the check warns, 0 to 1.
    warn_above: f64,
    /// Missing share of a column above which the check fails, 0 to 1.
    fail_above: f64,
    /// Share of its columns above which a row counts as mostly missing, 0 to 1.
    row_share: f64,
    /// Share of mostly missing rows above which the check warns, 0 to 1.
    warn_rows_above: f64,
    /// Least difference of missing shares between tables or target classes worth reporting, 0 to 1.
    min_difference: f64,
    /// Chance of any false alarm among the tests of one kind, 0 to 1.
    alpha: f64,
    /// Rows of the training table below which only failures are reported.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.05,
            fail_above: 0.5,
            row_share: 0.5,
            warn_rows_above: 0.0,
            min_difference: 0.02,
            alpha: 0.05,
            min_rows: 20,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), CheckError> {
        for (name, value) in [
            ("warn_above", self.warn_above),
            ("fail_above", self.fail_above),
            ("row_share", self.row_share),
            ("warn_rows_above", self.warn_rows_above),
            ("min_difference", self.min_difference),
            ("alpha", self.alpha),
        ] {
            check_share(name, value)?;
        }
        if self.warn_above > self.fail_above {
            let message = format!(
                "warn_above {} is above fail_above {}",
                self.warn_above, self.fail_above
            );
            return Err(CheckError::new(CheckErrorKind::BadParameter, message));
        }
        Ok(())
    }
}

#[check(
    id = "data-quality.missing-values",
    title = "Missing values",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(
        DQ001 = "column has many missing values",
        DQ002 = "column has no value at all",
        DQ003 = "rows are mostly missing",
        DQ004 = "column is missing more often in one table than in another",
        DQ005 = "missing values depend on the target",
        DQ006 = "rows have no target"
    ),
    cost = "quick",
    docs = "missing_values.md"
)]
pub(crate) fn missing_values(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    settings.check()?;
    let tables = tables(ctx)?;
    let target = ctx.facts().target.as_deref();
    let masks: Vec<Masks> = tables
        .iter()
        .map(|table| Masks::of(table, target.filter(|_| table.role() == Role::Current)))
        .collect();
    let (Some(train), Some(train_table)) = (masks.first(), tables.first()) else {
        return Err(CheckError::missing_input("no train table"));
    };
    let mut found = Found::default();
    for table in &masks {
        found.columns(table, target, &settings);
        found.rows(table, &settings);
    }
    for other in &masks[1..] {
        found.between(train, other, &settings)?;
    }
    if let Some(target) = target {
        found.on_target(ctx.facts().task, train_table, train, target, &settings)?;
    }
    Ok(found.outcome(&masks, &settings))
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    notes: Vec<String>,
}

impl Found {
    fn columns(&mut self, table: &Masks, target: Option<&str>, settings: &Settings) {
        let role = table.role.name();
        let mut worst: Vec<&Mask> = table
            .columns
            .iter()
            .filter(|mask| mask.count.n_missing > 0)
            .collect();
        worst.sort_by_key(|mask| std::cmp::Reverse(mask.count.n_missing));
        for mask in worst.into_iter().take(MAX_FINDINGS) {
            let (name, rate) = (&mask.name, mask.count.rate());
            let finding = if Some(name.as_str()) == target {
                let title = format!(
                    "target '{name}' is missing in {} of {role} rows",
                    percent(rate)
                );
                let severity = if rate > settings.fail_above {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                Finding::new("DQ006", severity, title)
                    .because("Nothing can be learned from or measured on a row whose outcome is not known.")
                    .advice("Drop these rows, or find out why their outcome is not known.")
            } else if mask.count.n_missing == mask.count.n_rows {
                let severity = if rate > settings.fail_above {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                Finding::new(
                    "DQ002",
                    severity,
                    format!("column '{name}' has no value in the {role} table"),
                )
                .because(
                    "The column carries no information here; a model that expects it gets nothing.",
                )
                .advice("Find out where it got lost, or remove the column.")
            } else if rate > settings.warn_above {
                let severity = if rate > settings.fail_above {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                let title = format!(
                    "column '{name}' is missing in {} of {role} rows",
                    percent(rate)
                );
                Finding::new("DQ001", severity, title)
                    .because("Rows without the value are dropped or filled in; the model learns the filling.")
                    .advice("Find out why it is missing before choosing how to fill it in; a column 'is missing' of its own often helps.")
            } else {
                continue;
            };
            self.findings.push(
                finding
                    .column(name)
                    .rows(mask.rows(table.role))
                    .evidence(view_id(table.role)),
            );
        }
    }

    fn rows(&mut self, table: &Masks, settings: &Settings) {
        let rows = table.mostly_missing(settings.row_share);
        let share = rows.len() as f64 / table.n_rows.max(1) as f64;
        if rows.is_empty() || share <= settings.warn_rows_above {
            return;
        }
        let title = format!(
            "{} of the {} table miss more than {} of their columns",
            counted(rows.len(), "row"),
            table.role.name(),
            percent(settings.row_share)
        );
        let finding = Finding::new("DQ003", Severity::Warning, title)
            .because(
                "A row with hardly any value is often a broken record, not a case to learn from.",
            )
            .advice("Open the rows; drop them if they are no real cases.")
            .rows(Rows::new(table.role, rows));
        self.findings.push(finding);
    }

    fn between(
        &mut self,
        train: &Masks,
        other: &Masks,
        settings: &Settings,
    ) -> Result<(), CheckError> {
        let pairs: Vec<(usize, Count, Count)> = train
            .columns
            .iter()
            .enumerate()
            .filter_map(|(position, mask)| {
                Some((position, mask.count, other.get(&mask.name)?.count))
            })
            .collect();
        let tests = between_tables(&pairs).map_err(failed)?;
        self.note_too_few(
            &tests,
            train,
            &format!("to compare train and {}", other.role.name()),
        );
        for test in tests.made {
            let mask = &train.columns[test.column];
            let Some(of_other) = other.get(&mask.name) else {
                continue;
            };
            if test.corrected >= settings.alpha || test.difference < settings.min_difference {
                continue;
            }
            let bounds = difference_interval(mask.count, of_other.count).map_err(failed)?;
            let title = format!(
                "column '{}' is missing in {} of train rows but {} of {} rows",
                mask.name,
                percent(mask.count.rate()),
                percent(of_other.count.rate()),
                other.role.name()
            );
            let because = format!(
                "The difference is {:+.1} points (95 % interval {:+.1} to {:+.1}, corrected p = {:.1e}): the tables were not filled in the same way.",
                100.0 * (of_other.count.rate() - mask.count.rate()),
                100.0 * bounds.low,
                100.0 * bounds.high,
                test.corrected
            );
            let is_more_in_other = of_other.count.rate() > mask.count.rate();
            let rows = if is_more_in_other {
                of_other.rows(other.role)
            } else {
                mask.rows(train.role)
            };
            let finding = Finding::new("DQ004", Severity::Warning, title)
                .because(because)
                .advice("Compare how the column is collected for the two tables; a model trained on one meets the other unprepared.")
                .column(&mask.name)
                .rows(rows)
                .evidence("columns");
            self.findings.push(finding);
        }
        Ok(())
    }

    fn on_target(
        &mut self,
        task: Task,
        table: &Table<'_>,
        train: &Masks,
        target: &str,
        settings: &Settings,
    ) -> Result<(), CheckError> {
        let Ok(column) = table.column(target) else {
            self.notes.push(format!(
                "The train table has no column '{target}': dependence on the target was not tested."
            ));
            return Ok(());
        };
        let others: Vec<(usize, &[bool])> = train
            .columns
            .iter()
            .enumerate()
            .filter(|(_, mask)| mask.name != target)
            .map(|(position, mask)| (position, mask.is_missing.as_slice()))
            .collect();
        let tests = if task == Task::Regression && column.is_numeric() {
            on_numbers(&others, &column.numbers()?, settings.min_rows)
        } else {
            let codes = Coder::default().code(&column)?;
            if codes.n_codes > MAX_CLASSES {
                self.notes.push(format!(
                    "The target has {} classes: dependence on it was not tested.",
                    codes.n_codes
                ));
                return Ok(());
            }
            let class = |code: &u32| {
                usize::try_from(*code)
                    .ok()
                    .filter(|class| *class < codes.n_codes)
            };
            let classes: Vec<Option<usize>> = codes.codes.iter().map(class).collect();
            on_classes(&others, &classes, codes.n_codes)
        }
        .map_err(failed)?;
        self.note_too_few(&tests, train, "to test dependence on the target");
        for test in tests.made {
            if test.corrected >= settings.alpha || test.difference < settings.min_difference {
                continue;
            }
            let mask = &train.columns[test.column];
            let title = format!(
                "whether '{}' is missing depends on the target '{target}'",
                mask.name
            );
            let because = format!(
                "Rows of different targets miss it differently (largest difference {:.1} points, corrected p = {:.1e}): it may have been filled in after the outcome was known, or be missing for a reason that matters.",
                100.0 * test.difference,
                test.corrected
            );
            let finding = Finding::new("DQ005", Severity::Warning, title)
                .because(because)
                .advice("Find out when the column is filled in. If after the outcome, remove it; else give the model a column 'is missing'.")
                .column(&mask.name)
                .rows(mask.rows(train.role))
                .evidence(view_id(train.role));
            self.findings.push(finding);
        }
        Ok(())
    }

    fn note_too_few(&mut self, tests: &Tests, train: &Masks, purpose: &str) {
        if !tests.too_few.is_empty() {
            let columns = tests
                .too_few
                .iter()
                .map(|&column| train.columns[column].name.as_str());
            self.notes.push(format!(
                "Too few missing rows {purpose}: {}.",
                names(columns)
            ));
        }
    }

    fn outcome(mut self, tables: &[Masks], settings: &Settings) -> Outcome {
        sort_by_severity(&mut self.findings);
        let n_train = tables.first().map_or(0, |train| train.n_rows);
        let verdict = verdict(&self.findings, n_train >= settings.min_rows);
        let mut outcome = Outcome::new(verdict, summary(tables, verdict, settings));
        outcome.metrics = metrics(tables, settings);
        outcome.views = tables
            .iter()
            .filter_map(|table| bars(table, settings.warn_above))
            .collect();
        outcome.views.extend(column_table(tables));
        outcome.views.extend(tables.first().and_then(together));
        outcome.views.extend(tables.first().and_then(matrix));
        outcome.findings = self.findings;
        outcome.notes = self.notes;
        outcome
    }
}

fn failed(error: StatsError) -> CheckError {
    CheckError::failed(error.to_string())
}

fn summary(tables: &[Masks], verdict: Verdict, settings: &Settings) -> String {
    let Some(train) = tables.first() else {
        return String::new();
    };
    if train.n_rows < settings.min_rows && verdict == Verdict::Inconclusive {
        return format!(
            "{} of train: needs at least {}",
            counted(train.n_rows, "row"),
            settings.min_rows
        );
    }
    let n_incomplete = train
        .columns
        .iter()
        .filter(|mask| mask.count.n_missing > 0)
        .count();
    match worst(train) {
        Some(mask) if n_incomplete > 0 => format!(
            "{} of {} columns of train incomplete; most in '{}' ({})",
            n_incomplete,
            train.columns.len(),
            mask.name,
            percent(mask.count.rate())
        ),
        _ => format!(
            "nothing missing in {} columns of train",
            train.columns.len()
        ),
    }
}

fn metrics(tables: &[Masks], settings: &Settings) -> Vec<Metric> {
    let limits = (Some(settings.warn_above), Some(settings.fail_above));
    let mut metrics = Vec::new();
    if let Some(train) = tables.first() {
        let count = worst(train)
            .map(|mask| mask.count)
            .filter(|count| count.n_rows > 0);
        let rate = count.map_or(f64::NAN, Count::rate);
        let headline = Metric::new("max_missing_rate", rate, train.n_rows as u64)
            .title("Largest missing rate")
            .unit("rate")
            .at_most(limits.0, limits.1);
        metrics.push(with_interval(headline, count));
    }
    for table in tables {
        let n_missing: u64 = table.columns.iter().map(|mask| mask.count.n_missing).sum();
        let n_cells = table.n_rows as u64 * table.columns.len() as u64;
        let share = n_missing as f64 / n_cells as f64;
        let overall = Metric::new("missing_cell_rate", share, n_cells)
            .title("Missing cells")
            .unit("rate");
        metrics.push(overall.group(format!("table={}", table.role.name())));
        for mask in table
            .columns
            .iter()
            .filter(|mask| mask.count.n_missing > 0)
            .take(MAX_MARKS)
        {
            let metric = Metric::new("missing_rate", mask.count.rate(), mask.count.n_rows)
                .title("Missing rate")
                .unit("rate")
                .at_most(limits.0, limits.1)
                .column(&mask.name)
                .group(format!("table={}", table.role.name()));
            metrics.push(with_interval(metric, Some(mask.count)));
        }
    }
    metrics
}

fn with_interval(metric: Metric, count: Option<Count>) -> Metric {
    match count.and_then(Count::interval) {
        Some(bounds) => metric.interval(bounds.low, bounds.high, LEVEL, "Wilson"),
        None => metric,
    }
}
