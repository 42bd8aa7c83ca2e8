//! Equalized odds: does the model find, and wrongly accuse, all groups equally often?
//!
//! In: decisions, true values and the sensitive columns. Out: true and false positive rates by
//! group, the larger of their differences, and a verdict that respects the intervals.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Severity, Verdict, check,
};
use interlock_report::words::percent;
use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, LEVEL, Wording};
use crate::disparity::rows_needed;
use crate::judge::{by_gravity, difference, graver};
use crate::study::{Reading, Sorting, Study};

const FOUND: Wording = Wording {
    id: "true_positive_rate",
    title: "True positive rate",
    of: "truly positive rows",
};

const ACCUSED: Wording = Wording {
    id: "false_positive_rate",
    title: "False positive rate",
    of: "truly negative rows",
};

/// Settings of equalized odds.
#[derive(Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Greatest accepted difference of true positive rates, and of false positive rates.
    pub max_difference: f64,
    /// Groups with fewer truly positive (negative) rows are not compared in that rate.
    pub min_class: u64,
    /// Class that counts as positive; empty means the project's positive class.
    pub selected_class: String,
    /// For a model that predicts a number: value above which a row counts as positive, in truth and in prediction; without, the median prediction.
    pub selected_above: Option<f64>,
    /// Own bin edges of numeric columns, as `age = 25, 40, 60`.
    pub edges: Vec<String>,
    /// Rows looked at, at most; beyond, a random sample.
    pub max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_difference: 0.1,
            min_class: 15,
            selected_class: String::new(),
            selected_above: None,
            edges: Vec::new(),
            max_rows: 200_000,
        }
    }
}

/// Both rates of one column.
struct Odds<'s> {
    verdict: Verdict,
    found: Comparison<'s>,
    accused: Comparison<'s>,
}

impl Odds<'_> {
    /// The comparison with the larger difference, as Fairlearn's worst case.
    fn worst(&self) -> (&Comparison<'_>, &'static Wording) {
        let gap = |c: &Comparison<'_>| c.disparity.as_ref().map_or(-1.0, |d| d.difference);
        if gap(&self.accused) > gap(&self.found) {
            (&self.accused, &ACCUSED)
        } else {
            (&self.found, &FOUND)
        }
    }

    /// The larger difference; −1 if neither rate could be compared.
    fn gap(&self) -> f64 {
        self.worst()
            .0
            .disparity
            .as_ref()
            .map_or(-1.0, |d| d.difference)
    }
}

/// The check; `#[check]` makes of it the constant that [`crate::module`] lists.
///
/// # Errors
/// Without table, model or sensitive column; if the model refuses the rows.
#[check(
    id = "bias.equalized-odds",
    title = "Equalized odds",
    stage = "bias",
    needs(train?, test?, model, target, sensitive),
    codes(
        BI011 = "truly positive rows of a group are found less often",
        BI012 = "truly negative rows of a group are wrongly selected more often",
        BI013 = "groups with too few rows of a class to compare",
        BI014 = "every row gets the same decision"
    ),
    cost = "moderate",
    cadence_days = 30,
    docs = "equalized_odds.md"
)]
pub fn equalized_odds(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let mut study = Study::new(
        ctx,
        &Reading {
            selected_class: &settings.selected_class,
            selected_above: settings.selected_above,
            max_rows: settings.max_rows,
        },
    )?;
    let sortings = study.sortings(ctx, &settings.edges)?;
    if study.rows.is_empty() {
        let summary = format!("the {} table has no rows", study.role.name());
        return Ok(Outcome::new(Verdict::Inconclusive, summary));
    }
    let truth = study.truth(ctx)?;
    let n_unknown = truth.iter().filter(|value| value.is_none()).count();
    if n_unknown > 0 {
        study
            .notes
            .push(format!("{n_unknown} rows without a target were left out."));
    }
    let mut columns = Vec::new();
    for (at, sorting) in sortings.iter().enumerate() {
        if ctx.is_cancelled() {
            return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
        }
        ctx.progress(
            0.3 + 0.7 * at as f64 / sortings.len() as f64,
            &format!("comparing groups of {}", sorting.column),
        );
        columns.push(odds(&study, sorting, &truth, &settings)?);
        if at + 1 < sortings.len() {
            let note = format!("So far {} of {} columns.", at + 1, sortings.len());
            ctx.partial(&outcome(&study, &mut columns, &truth, &settings).note(note));
        }
    }
    Ok(outcome(&study, &mut columns, &truth, &settings))
}

fn odds<'s>(
    study: &Study,
    sorting: &'s Sorting,
    truth: &[Option<bool>],
    settings: &Settings,
) -> Result<Odds<'s>, CheckError> {
    let compare = |class: bool| {
        // Two rates stand together in one statement, hence two families.
        let counts = |row: usize| truth[row] == Some(class);
        Comparison::new(study, sorting, counts, settings.min_class, 2)
    };
    let (found, accused) = (compare(true)?, compare(false)?);
    let judge = |comparison: &Comparison<'_>| {
        let disparity = comparison.disparity.as_ref();
        disparity.map_or(Verdict::Inconclusive, |d| {
            difference(d, settings.max_difference)
        })
    };
    Ok(Odds {
        verdict: graver(judge(&found), judge(&accused)),
        found,
        accused,
    })
}

/// Sorts the columns worst first and says what was found.
fn outcome(
    study: &Study,
    columns: &mut [Odds<'_>],
    truth: &[Option<bool>],
    settings: &Settings,
) -> Outcome {
    columns.sort_by(|a, b| by_gravity((a.verdict, a.gap()), (b.verdict, b.gap())));
    let mut verdict = columns
        .first()
        .map_or(Verdict::Inconclusive, |odds| odds.verdict);
    let is_constant = study.is_constant();
    if is_constant {
        verdict = graver(verdict, Verdict::Warn);
    }
    let mut outcome = Outcome::new(verdict, summary(columns, is_constant, settings));
    outcome.notes.push(format!(
        "Selected means {}, on {} rows of the {} table.",
        study.meaning,
        study.rows.len(),
        study.role.name()
    ));
    outcome.notes.extend(study.notes.iter().cloned());
    if is_constant {
        outcome.findings.push(study.constant_finding("BI014"));
    }
    for odds in columns.iter() {
        report(&mut outcome, study, odds, (truth, settings));
    }
    outcome
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    outcome
}

fn summary(columns: &[Odds<'_>], is_constant: bool, settings: &Settings) -> String {
    if is_constant {
        return "every row gets the same decision: odds are equal trivially".to_owned();
    }
    let Some(worst) = columns.first() else {
        return "no sensitive column could be grouped".to_owned();
    };
    let (comparison, wording) = worst.worst();
    let column = &comparison.sorting.column;
    let Some(found) = &comparison.disparity else {
        return format!(
            "'{column}': fewer than two groups have {} rows of a class",
            settings.min_class
        );
    };
    let share = |at: usize| comparison.rates[at].share();
    let (low, high) = (share(found.lowest), share(found.highest));
    let name = |at: usize| &comparison.sorting.groups[at].name;
    let title = wording.title.to_lowercase();
    let what = if found.lowest == found.highest {
        format!("'{column}': {title} is {} for every group", percent(low))
    } else {
        format!(
            "'{column}': {title} is {} for {}, {} for {}",
            percent(low),
            name(found.lowest),
            percent(high),
            name(found.highest)
        )
    };
    if worst.verdict != Verdict::Inconclusive {
        return what;
    }
    let needed = rows_needed(low, high, settings.max_difference, LEVEL);
    let needed = needed.map_or(String::new(), |n| {
        format!("; some {n:.0} rows of each class a group would")
    });
    format!("{what}: the rows do not tell whether the difference is acceptable{needed}")
}

/// Metrics, findings and views of one column.
fn report(
    outcome: &mut Outcome,
    study: &Study,
    odds: &Odds<'_>,
    (truth, settings): (&[Option<bool>], &Settings),
) {
    let column = &odds.found.sorting.column;
    outcome.metrics.push(odds.worst().0.difference_metric(
        "equalized_odds_difference",
        "Equalized odds difference",
        settings.max_difference,
    ));
    outcome.metrics.push(ratio_metric(odds));
    if !odds.found.sorting.rule.is_empty() {
        outcome
            .notes
            .push(format!("'{column}': {}.", odds.found.sorting.rule));
    }
    for (comparison, wording, class) in [
        (&odds.found, &FOUND, true),
        (&odds.accused, &ACCUSED, false),
    ] {
        let id = format!("{}_difference", wording.id);
        let title = format!("Difference of {}s", wording.title.to_lowercase());
        outcome
            .metrics
            .push(comparison.difference_metric(&id, &title, settings.max_difference));
        let groups: Vec<Metric> = comparison.group_metrics(wording);
        outcome.metrics.extend(groups);
        let (share, opens) = if class {
            ("truly positive rows that are found", "those missed")
        } else {
            (
                "truly negative rows that are wrongly selected",
                "those wrongly selected",
            )
        };
        let caption =
            format!("Share of each group's {share}, with its 95 % interval. A bar opens {opens}.");
        let is_error =
            |row: usize| truth[row] == Some(class) && study.selected[row] == Some(!class);
        let bars = comparison
            .bars(study, wording, None, is_error)
            .caption(caption);
        outcome
            .findings
            .extend(finding(study, comparison, class, settings).map(|finding| {
                let at = comparison
                    .disparity
                    .as_ref()
                    .map_or(0, |d| if class { d.lowest } else { d.highest });
                let rows = comparison.sorting.groups[at].rows.iter().copied();
                finding
                    .rows(study.table_rows(rows.filter(|&row| is_error(row))))
                    .evidence(&*bars.id)
            }));
        outcome
            .findings
            .extend(small_finding(comparison, wording, settings));
        outcome.views.push(bars);
        outcome.views.push(comparison.table(study, wording));
    }
}

/// The smaller of the two ratios, as Fairlearn's worst case.
fn ratio_metric(odds: &Odds<'_>) -> Metric {
    let ratio = |c: &Comparison<'_>| c.disparity.as_ref().and_then(|d| d.ratio);
    let smaller = match (ratio(&odds.found), ratio(&odds.accused)) {
        (Some(found), Some(accused)) if accused < found => &odds.accused,
        (None, Some(_)) => &odds.accused,
        _ => &odds.found,
    };
    smaller.ratio_metric("equalized_odds_ratio", "Equalized odds ratio", None)
}

fn finding(
    study: &Study,
    comparison: &Comparison<'_>,
    class: bool,
    settings: &Settings,
) -> Option<Finding> {
    let disparity = comparison.disparity.as_ref()?;
    let verdict = difference(disparity, settings.max_difference);
    let (severity, certainty) = match verdict {
        Verdict::Fail => (Severity::Error, "This is beyond chance."),
        Verdict::Warn => (
            Severity::Warning,
            "The rows do not rule out that the true difference is within the limit.",
        ),
        Verdict::Pass | Verdict::Inconclusive => return None,
    };
    let share = |at: usize| percent(comparison.rates[at].share());
    let name = |at: usize| comparison.group(at);
    let (lowest, highest) = (disparity.lowest, disparity.highest);
    let (code, title) = if class {
        let title = format!(
            "{} of the truly positive rows of {} are found, {} of {}",
            share(lowest),
            name(lowest),
            share(highest),
            name(highest)
        );
        ("BI011", title)
    } else {
        let title = format!(
            "{} of the truly negative rows of {} are wrongly selected, {} of {}",
            share(highest),
            name(highest),
            share(lowest),
            name(lowest)
        );
        ("BI012", title)
    };
    let bounds = disparity.difference_bounds;
    let because = format!(
        "The difference is {} (between {} and {}), {} is accepted; positive means {}. {certainty}",
        percent(disparity.difference),
        percent(bounds.low),
        percent(bounds.high),
        percent(settings.max_difference),
        study.meaning
    );
    Some(
        Finding::new(code, severity, title)
            .because(because)
            .advice(
                "Open the rows the model errs on, see whether the group has fewer or other \
                 training rows, and whether the threshold suits it.",
            )
            .column(&*comparison.sorting.column)
            .group(name(lowest))
            .group(name(highest)),
    )
}

fn small_finding(
    comparison: &Comparison<'_>,
    wording: &Wording,
    settings: &Settings,
) -> Option<Finding> {
    let small = comparison.small_groups();
    if small.is_empty() {
        return None;
    }
    let n_without = small
        .iter()
        .filter(|&&at| comparison.rates[at].n == 0)
        .count();
    let column = &comparison.sorting.column;
    let title = format!(
        "'{column}': {} groups have fewer than {} {}",
        small.len(),
        settings.min_class,
        wording.of
    );
    let because = format!(
        "{n_without} of them have none. Their {} is not part of the verdict.",
        wording.title.to_lowercase()
    );
    let finding = Finding::new("BI013", Severity::Note, title)
        .because(because)
        .advice("Gather more rows of these groups, or join groups that belong together.")
        .column(&**column);
    let groups = small.into_iter().take(20);
    Some(groups.fold(finding, |finding, at| finding.group(comparison.group(at))))
}
