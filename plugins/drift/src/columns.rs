//! Drift of each column between the train and the current table.
//!
//! In: both tables, roles of columns, settings. Out: the outcome.
//!
//! Columns are looked at one by one; a change in how they depend on each other is not seen.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, ProjectFacts, Role,
    Severity, Table, Task, Verdict, check,
};
use serde::{Deserialize, Serialize};

use crate::compare::{Compared, Comparison, Plan, compare};
use crate::judge::{Correction, Limits, Tally, judge, tally};
use crate::power::{POWER, rows_needed};
use crate::report::{Judged, OVERVIEW, STATISTICS, Sources, metrics, statistics};
use interlock_report::words::{names, percent, short};

/// Columns with metrics, findings and histograms, at most; the table shows all.
const MAX_SHOWN: usize = 500;

/// Histograms, at most.
const MAX_HISTOGRAMS: usize = 100;

/// Settings of the drift check.
#[derive(Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Greatest corrected p-value that is significant, between 0 and 1.
    pub alpha: f64,
    /// Correction over the columns: benjamini-hochberg, holm or none.
    pub correction: String,
    /// PSI above which a significant column counts as drifted.
    pub warn_psi: f64,
    /// PSI above which a single drifted column fails the check.
    pub fail_psi: f64,
    /// KS distance (0 to 1) above which a significant column counts as drifted.
    pub max_ks: f64,
    /// Share of drifted columns (0 to 1) above which the check fails.
    pub fail_share: f64,
    /// Accepted change of a column's missing rate (0 to 1).
    pub max_missing_change: f64,
    /// Accepted share of current values in categories the train table does not have (0 to 1).
    pub max_new_share: f64,
    /// Values a column needs in each table to be compared.
    pub min_rows: usize,
    /// Quantile bins of a numeric column, at least 2.
    pub bins: usize,
    /// Bins of a categorical column, at least 2; rarer categories share the last.
    pub max_categories: usize,
    /// Columns to leave out.
    pub leave_out: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            correction: "benjamini-hochberg".to_owned(),
            warn_psi: 0.1,
            fail_psi: 0.25,
            max_ks: 0.1,
            fail_share: 0.3,
            max_missing_change: 0.05,
            max_new_share: 0.01,
            min_rows: 100,
            bins: 10,
            max_categories: 50,
            leave_out: Vec::new(),
        }
    }
}

impl Settings {
    fn limits(&self) -> Result<Limits, CheckError> {
        let correction = Correction::named(&self.correction).ok_or_else(|| {
            let known = "benjamini-hochberg, holm, none";
            let text = format!("correction '{}' is none of: {known}", self.correction);
            CheckError::new(CheckErrorKind::BadParameter, text)
        })?;
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            let text = format!("alpha is {}, it must be between 0 and 1", self.alpha);
            return Err(CheckError::new(CheckErrorKind::BadParameter, text));
        }
        if !(self.max_ks > 0.0 && self.max_ks <= 1.0) {
            let text = format!(
                "max_ks is {}, it must be above 0 and at most 1",
                self.max_ks
            );
            return Err(CheckError::new(CheckErrorKind::BadParameter, text));
        }
        Ok(Limits {
            alpha: self.alpha,
            correction,
            warn_psi: self.warn_psi,
            fail_psi: self.fail_psi,
            max_ks: self.max_ks,
            max_missing_change: self.max_missing_change,
            max_new_share: self.max_new_share,
            fail_share: self.fail_share,
        })
    }
}

/// What a walk over the columns gave.
#[derive(Default)]
struct Walk {
    compared: Vec<Comparison>,
    broken: Vec<Finding>,
    notes: Vec<String>,
    only_current: Vec<String>,
}

/// The check; `#[check]` makes of it the constant that [`crate::module`] lists.
///
/// # Errors
/// Without train or current table; if a setting or a column cannot be read.
#[check(
    id = "drift.columns",
    title = "Drift of columns",
    stage = "monitoring",
    needs(train, current, model?, target?),
    codes(
        DR001 = "a column drifted",
        DR002 = "the target drifted",
        DR003 = "a column's missing rate changed",
        DR004 = "categories the model has never seen",
        DR005 = "categories vanished",
        DR006 = "a column is absent or of another type",
        DR007 = "columns with too few values to compare"
    ),
    cost = "quick",
    cadence_days = 7,
    docs = "columns.md"
)]
pub fn columns(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let limits = settings.limits()?;
    let (train, current) = (ctx.table(Role::Train)?, ctx.table(Role::Current)?);
    let walk = walk(ctx, &settings, &train, &current)?;
    let judgements = judge(&walk.compared, &limits)?;
    let total = tally(
        &walk.compared,
        &judgements,
        !walk.broken.is_empty(),
        &limits,
    );
    let pairs = walk.compared.iter().zip(judgements);
    let mut judged: Vec<Judged<'_>> = pairs
        .map(|(column, judgement)| Judged { column, judgement })
        .collect();
    judged.sort_by(|a, b| {
        let key = |j: &Judged<'_>| (j.judgement.is_drifted(), j.judgement.is_missing_drifted);
        key(b).cmp(&key(a)).then(b.psi().total_cmp(&a.psi()))
    });
    ctx.progress(0.8, "looking up rows");
    let sources = Sources {
        train: &train,
        current: &current,
        limits: &limits,
    };
    let mut outcome = Outcome::new(total.verdict, summary(&judged, &walk, &total, &settings))
        .metric(headline(&total, &limits, current.n_rows()));
    outcome.notes = notes(&walk, &total, &limits, (train.n_rows(), current.n_rows()));
    outcome.findings = walk.broken;
    if judged.len() > MAX_SHOWN {
        outcome.notes.push(format!(
            "Metrics and findings of the {MAX_SHOWN} columns with most drift."
        ));
    }
    outcome.views.push(sources.overview(&judged)?);
    for item in judged.iter().take(MAX_SHOWN) {
        outcome.metrics.extend(metrics(item, &limits));
        outcome.findings.extend(sources.findings(item)?);
    }
    let shown = judged.iter().filter(|item| item.is_shown());
    for item in shown.take(MAX_HISTOGRAMS) {
        if let Some(found) = &item.column.found {
            outcome.views.push(sources.histogram(item, found)?);
        }
    }
    outcome.findings.extend(too_few(&judged, settings.min_rows));
    outcome.views.push(statistics(&judged));
    tie_evidence(&mut outcome);
    outcome
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(outcome)
}

/// Compares every column that is to be compared.
fn walk(
    ctx: &Context,
    settings: &Settings,
    train: &Table<'_>,
    current: &Table<'_>,
) -> Result<Walk, CheckError> {
    let facts = ctx.facts();
    let mut walk = Walk::default();
    let n_columns = facts.columns.len() as f64;
    for (at, column) in facts.columns.iter().enumerate() {
        if ctx.is_cancelled() {
            return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
        }
        let name = &column.name;
        ctx.progress(0.8 * at as f64 / n_columns, &format!("comparing {name}"));
        let skipped = [
            (facts.id.as_ref() == Some(name), "it names rows"),
            (
                facts.time.as_ref() == Some(name),
                "time passes, it always differs",
            ),
            (settings.leave_out.contains(name), "the settings say so"),
        ];
        if let Some((_, why)) = skipped.iter().find(|(is_skipped, _)| *is_skipped) {
            walk.leave_out(name, why);
        } else {
            walk.step(facts, settings, name, (train, current))?;
        }
    }
    if !walk.only_current.is_empty() {
        let list = names(walk.only_current.iter().map(String::as_str));
        walk.notes.push(format!(
            "Only the current table has {list}: nothing to compare with."
        ));
    }
    let unknown = |name: &&String| facts.column(name).is_none();
    for name in settings.leave_out.iter().filter(unknown) {
        let note = format!("There is no column '{name}' to leave out.");
        walk.notes.push(note);
    }
    Ok(walk)
}

impl Walk {
    fn leave_out(&mut self, name: &str, why: &str) {
        self.notes.push(format!("'{name}' is left out: {why}."));
    }

    /// Compares one column.
    fn step(
        &mut self,
        facts: &ProjectFacts,
        settings: &Settings,
        name: &str,
        (train, current): (&Table<'_>, &Table<'_>),
    ) -> Result<(), CheckError> {
        let is_absent = |error: &CheckError| error.kind == CheckErrorKind::MissingInput;
        let is_target = facts.target.as_deref() == Some(name);
        let reference = match train.column(name) {
            Ok(reference) => reference,
            Err(error) => {
                if is_absent(&error) {
                    self.only_current.push(name.to_owned());
                } else {
                    self.leave_out(name, &error.message);
                }
                return Ok(());
            }
        };
        let found = match current.column(name) {
            Ok(found) => found,
            Err(error) => {
                let model = facts.model.as_ref();
                let is_unused = model.is_some_and(|m| !m.features.iter().any(|f| f == name));
                if is_absent(&error) && (is_target || is_unused) {
                    self.leave_out(
                        name,
                        if is_target {
                            "it is the target, and the current table has none"
                        } else {
                            "the current table lacks it, and the model does not use it"
                        },
                    );
                } else {
                    self.broken.push(broken(name, &error.message));
                }
                return Ok(());
            }
        };
        let plan = Plan {
            n_bins: settings.bins.max(2),
            max_categories: settings.max_categories.max(2),
            min_rows: settings.min_rows,
            is_classes: is_target && facts.task != Task::Regression,
        };
        match compare(&reference, &found, plan)? {
            Compared::Yes(comparison) => self.compared.push(Comparison {
                is_target,
                ..*comparison
            }),
            Compared::Unlike(why) => self.broken.push(broken(name, &why)),
            Compared::LeftOut(why) => self.leave_out(name, &why),
        }
        Ok(())
    }
}

fn broken(name: &str, why: &str) -> Finding {
    Finding::new(
        "DR006",
        Severity::Error,
        format!("column '{name}' cannot be compared"),
    )
    .because(format!(
        "The current table does not hold what the model learned from: {why}."
    ))
    .advice("Mend the export of the current rows, or name the column in leave_out.")
    .column(name)
}

/// A finding may point to a view only if it is there.
fn tie_evidence(outcome: &mut Outcome) {
    for finding in &mut outcome.findings {
        let is_there = |id: &String| outcome.views.iter().any(|view| view.id == *id);
        if !finding.evidence.as_ref().is_some_and(is_there) {
            finding.evidence = Some(STATISTICS.to_owned());
        }
    }
}

fn too_few(judged: &[Judged<'_>], min_rows: usize) -> Option<Finding> {
    let few = judged.iter().filter(|item| item.column.found.is_none());
    let few: Vec<&str> = few.map(|item| item.column.name.as_str()).collect();
    let first = few.first()?;
    let title = format!("{} columns have too few values to compare", few.len());
    let because = format!(
        "{} have fewer than {min_rows} values in one of the tables and are not part of the verdict.",
        names(few.iter().copied())
    );
    Some(
        Finding::new("DR007", Severity::Note, title)
            .because(because)
            .advice("Gather more current rows, or lower min_rows knowing that less is told.")
            .column(*first)
            .evidence(STATISTICS),
    )
}

fn headline(total: &Tally, limits: &Limits, n_rows: usize) -> Metric {
    let share = if total.n_compared == 0 {
        f64::NAN
    } else {
        total.share()
    };
    Metric::new("drifted_share", share, n_rows as u64)
        .title("Share of columns that drifted")
        .unit("rate")
        .at_most(Some(0.0), Some(limits.fail_share))
}

fn summary(judged: &[Judged<'_>], walk: &Walk, total: &Tally, settings: &Settings) -> String {
    if total.verdict == Verdict::Inconclusive {
        let needed = rows_needed(settings.max_ks, total.level).max(settings.min_rows as f64);
        if judged.is_empty() {
            return "no column of the train table can be compared".to_owned();
        }
        return format!(
            "too few rows: they tell a KS distance of {} at best, {} is asked; some {needed} rows \
             in each table would do",
            short(total.detectable),
            short(settings.max_ks)
        );
    }
    let worst = judged
        .iter()
        .find(|j| j.judgement.is_drifted() && !j.column.is_target);
    let worst = worst.map_or(String::new(), |worst| {
        let psi = short(worst.psi());
        format!(", most '{}' (PSI {psi})", worst.column.name)
    });
    let mut parts = vec![format!(
        "{} of {} columns drifted{worst}",
        total.n_drifted, total.n_compared
    )];
    if judged
        .iter()
        .any(|j| j.judgement.is_drifted() && j.column.is_target)
    {
        parts.push("the target drifted".to_owned());
    }
    let mut count = |n: usize, one: &str, many: &str| match n {
        0 => {}
        1 => parts.push(one.to_owned()),
        n => parts.push(format!("{n} {many}")),
    };
    count(
        judged
            .iter()
            .filter(|j| j.judgement.is_missing_drifted)
            .count(),
        "1 missing rate changed",
        "missing rates changed",
    );
    count(
        judged.iter().filter(|j| j.judgement.has_many_new).count(),
        "1 column has unknown categories",
        "columns have unknown categories",
    );
    count(
        walk.broken.len(),
        "1 column cannot be compared",
        "columns cannot be compared",
    );
    parts.join("; ")
}

fn notes(walk: &Walk, total: &Tally, limits: &Limits, rows: (usize, usize)) -> Vec<String> {
    let mut notes = vec![format!(
        "{} train rows against {} current rows; p-values {}. A drift of KS distance {} would be \
         found with a probability of {}.",
        rows.0,
        rows.1,
        limits.correction.words(),
        short(total.detectable),
        percent(POWER)
    )];
    let pooled = walk.compared.iter().filter(|c| {
        let found = c.found.as_ref();
        found.is_some_and(|f| f.figures.is_pooled && f.figures.ks.is_none())
    });
    let pooled = names(pooled.map(|c| c.name.as_str()));
    if !pooled.is_empty() {
        notes.push(format!(
            "Categories that expect fewer than five rows are one for the chi-square test of {pooled}."
        ));
    }
    let text = "See the view";
    if walk.compared.len() > MAX_HISTOGRAMS {
        notes.push(format!(
            "{text} '{OVERVIEW}' for all columns; at most {MAX_HISTOGRAMS} have a histogram."
        ));
    }
    notes.extend(walk.notes.iter().cloned());
    notes
}
