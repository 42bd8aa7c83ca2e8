//! Demographic parity: are all groups selected equally often?
//!
//! In: the model's decisions and the sensitive columns. Out: selection rates by group, their
//! difference and ratio, and a verdict that respects the intervals.

use interlock_plugin_api::{
    CheckError, CheckErrorKind, Context, Finding, Metric, Outcome, Params, Severity, Verdict, check,
};
use interlock_report::words::{percent, short};
use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, LEVEL, Wording};
use crate::disparity::rows_needed;
use crate::judge::{by_gravity, difference, graver, ratio};
use crate::study::{Reading, Study};

const WORDING: Wording = Wording {
    id: "selection_rate",
    title: "Selection rate",
    of: "rows",
};

/// Settings of demographic parity.
#[derive(Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least accepted ratio of the lowest to the highest selection rate (four-fifths rule).
    pub min_ratio: f64,
    /// Greatest accepted difference of the highest and the lowest selection rate.
    pub max_difference: f64,
    /// Groups with fewer rows are shown and not compared.
    pub min_group: u64,
    /// Class that counts as selected; empty means the project's positive class.
    pub selected_class: String,
    /// For a model that predicts a number: value above which a row counts as selected; without, the median prediction.
    pub selected_above: Option<f64>,
    /// Own bin edges of numeric columns, as `age = 25, 40, 60`.
    pub edges: Vec<String>,
    /// Rows looked at, at most; beyond, a random sample.
    pub max_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_ratio: 0.8,
            max_difference: 0.1,
            min_group: 30,
            selected_class: String::new(),
            selected_above: None,
            edges: Vec::new(),
            max_rows: 200_000,
        }
    }
}

/// The check; `#[check]` makes of it the constant that [`crate::module`] lists.
///
/// # Errors
/// Without table, model or sensitive column; if the model refuses the rows.
#[check(
    id = "bias.demographic-parity",
    title = "Demographic parity",
    stage = "bias",
    needs(train?, test?, model, target?, sensitive),
    codes(
        BI001 = "a group is selected less often than another",
        BI002 = "groups too small to compare",
        BI003 = "every row gets the same decision"
    ),
    cost = "moderate",
    cadence_days = 30,
    docs = "demographic_parity.md"
)]
pub fn demographic_parity(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
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
    let mut columns = Vec::new();
    for (at, sorting) in sortings.iter().enumerate() {
        if ctx.is_cancelled() {
            return Err(CheckError::new(CheckErrorKind::Cancelled, "asked to stop"));
        }
        ctx.progress(
            0.3 + 0.7 * at as f64 / sortings.len() as f64,
            &format!("comparing groups of {}", sorting.column),
        );
        let found = Comparison::new(&study, sorting, |_| true, settings.min_group, 1)?;
        let verdict = found.disparity.as_ref().map_or(Verdict::Inconclusive, |d| {
            graver(
                difference(d, settings.max_difference),
                ratio(d, settings.min_ratio),
            )
        });
        columns.push((verdict, found));
        if at + 1 < sortings.len() {
            let note = format!("So far {} of {} columns.", at + 1, sortings.len());
            ctx.partial(&outcome(&study, &mut columns, &settings).note(note));
        }
    }
    Ok(outcome(&study, &mut columns, &settings))
}

/// Sorts the columns worst first and says what was found.
fn outcome(
    study: &Study,
    columns: &mut [(Verdict, Comparison<'_>)],
    settings: &Settings,
) -> Outcome {
    let gap = |c: &Comparison<'_>| c.disparity.as_ref().map_or(-1.0, |d| d.difference);
    columns.sort_by(|a, b| by_gravity((a.0, gap(&a.1)), (b.0, gap(&b.1))));
    let mut verdict = columns
        .first()
        .map_or(Verdict::Inconclusive, |column| column.0);
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
        outcome.findings.push(study.constant_finding("BI003"));
    }
    for (verdict, found) in columns.iter() {
        report(&mut outcome, study, (*verdict, found), settings);
    }
    outcome
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    outcome
}

fn summary(
    columns: &[(Verdict, Comparison<'_>)],
    is_constant: bool,
    settings: &Settings,
) -> String {
    if is_constant {
        return "every row gets the same decision: parity holds trivially".to_owned();
    }
    let Some((verdict, worst)) = columns.first() else {
        return "no sensitive column could be grouped".to_owned();
    };
    let column = &worst.sorting.column;
    let Some(found) = &worst.disparity else {
        let n = worst.rates.len();
        return if n == 1 {
            format!("'{column}' has one group only")
        } else {
            format!(
                "'{column}': of {n} groups fewer than two have {} rows",
                settings.min_group
            )
        };
    };
    let (low, high) = (
        worst.rates[found.lowest].share(),
        worst.rates[found.highest].share(),
    );
    let what = format!(
        "'{column}': {} of {} selected, {} of {}",
        percent(low),
        worst.sorting.groups[found.lowest].name,
        percent(high),
        worst.sorting.groups[found.highest].name
    );
    if *verdict != Verdict::Inconclusive {
        return what;
    }
    let needed = rows_needed(low, high, settings.max_difference, LEVEL);
    let needed = needed.map_or(String::new(), |n| {
        format!("; some {n:.0} rows a group would")
    });
    format!(
        "{what}: the difference may be as large as {}, the rows do not tell{needed}",
        percent(found.difference_bounds.high)
    )
}

/// Metrics, finding and views of one column.
fn report(
    outcome: &mut Outcome,
    study: &Study,
    (verdict, found): (Verdict, &Comparison<'_>),
    settings: &Settings,
) {
    let column = &found.sorting.column;
    outcome.metrics.push(found.ratio_metric(
        "demographic_parity_ratio",
        "Lowest / highest selection rate",
        Some(settings.min_ratio),
    ));
    outcome.metrics.push(found.difference_metric(
        "demographic_parity_difference",
        "Difference of selection rates",
        settings.max_difference,
    ));
    let groups: Vec<Metric> = found.group_metrics(&WORDING);
    outcome.metrics.extend(groups);
    if !found.sorting.rule.is_empty() {
        outcome
            .notes
            .push(format!("'{column}': {}.", found.sorting.rule));
    }
    let threshold = found
        .disparity
        .as_ref()
        .map(|d| found.rates[d.highest].share() * settings.min_ratio);
    let caption = format!(
        "Share of each group that is {}, with its 95 % interval. The line is {} of the highest \
         rate; a bar opens the rows of its group.",
        study.meaning,
        percent(settings.min_ratio)
    );
    let bars = found
        .bars(study, &WORDING, threshold, |_| true)
        .caption(caption);
    if matches!(verdict, Verdict::Fail | Verdict::Warn) {
        outcome
            .findings
            .extend(finding(study, verdict, found, settings).map(|f| f.evidence(&*bars.id)));
    }
    let small = found.small_groups();
    if !small.is_empty() {
        let n: u64 = small.iter().map(|&at| found.rates[at].n).sum();
        let mut finding = Finding::new(
            "BI002",
            Severity::Note,
            format!("'{column}': {} groups have fewer than {} rows", small.len(), settings.min_group),
        )
        .because(format!("They hold {n} rows in all and are not part of the verdict: a rate of so few rows says little."))
        .advice("Gather more rows of these groups, or join groups that belong together.")
        .column(&**column)
        .evidence(&*bars.id);
        for at in small.into_iter().take(20) {
            finding = finding.group(found.group(at));
        }
        outcome.findings.push(finding);
    }
    outcome.views.push(bars);
    outcome.views.push(found.table(study, &WORDING));
}

fn finding(
    study: &Study,
    verdict: Verdict,
    found: &Comparison<'_>,
    settings: &Settings,
) -> Option<Finding> {
    let disparity = found.disparity.as_ref()?;
    let (lowest, highest) = (disparity.lowest, disparity.highest);
    let is_certain = verdict == Verdict::Fail;
    let severity = if is_certain {
        Severity::Error
    } else {
        Severity::Warning
    };
    let title = format!(
        "{} is selected in {} of rows, {} in {}",
        found.group(lowest),
        percent(found.rates[lowest].share()),
        found.group(highest),
        percent(found.rates[highest].share())
    );
    let bounds = disparity.difference_bounds;
    let ratio = disparity.ratio.map_or(String::new(), |r| {
        format!(
            "The ratio is {}, {} is accepted. ",
            short(r),
            short(settings.min_ratio)
        )
    });
    let certainty = if is_certain {
        "This is beyond chance."
    } else {
        "The rows do not rule out that the true values are within the limits."
    };
    let because = format!(
        "{ratio}The difference is {} (between {} and {}), {} is accepted. {certainty}",
        percent(disparity.difference),
        percent(bounds.low),
        percent(bounds.high),
        percent(settings.max_difference)
    );
    Some(
        Finding::new("BI001", severity, title)
            .because(because)
            .advice(
                "Look at the inputs that stand for this column (see the SHAP checks), compare \
                 with equalized odds, and decide whether the difference can be justified.",
            )
            .column(&*found.sorting.column)
            .group(found.group(lowest))
            .group(found.group(highest))
            .rows(study.table_rows(found.sorting.groups[lowest].rows.iter().copied())),
    )
}
