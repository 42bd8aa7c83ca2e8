//! The check `data-quality.target-correlation`.
//!
//! In: the features and the target of the training table. Out: how well each feature alone predicts
//! the target; one that nearly does so is suspected to give it away.

use interlock_plugin_api::{
    Bar, Cell, Chart, CheckError, Context, Finding, MISSING, Metric, Outcome, Params, Role,
    Severity, TableRow, View, check,
};
use interlock_stats::auc::{Auc, delong};
use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::mean_interval::mean_interval;
use interlock_stats::order::sorted;
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, figure};
use crate::relations::inputs::{
    Cells, Input, features, predicted_target, rows_looked_at, sample_note,
};
use crate::relations::predictive_power::{
    Power, Values, class_power, mutual_information, number_power, stratified_folds,
};
use crate::wording::{self, MAX_MARKS, counted};

/// Folds of the cross-validation.
const N_FOLDS: u8 = 4;

/// Bins of a numeric column for its mutual information.
const N_BINS: usize = 10;

/// Rows looked at.
const MAX_ROWS: usize = 200_000;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Predictive power score of one feature, 0 to 1, from which it is suspected to give the target
    /// away.
    warn_from: f64,
    /// Area under the ROC curve of one numeric feature, 0.5 to 1, from which it is suspected; its
    /// whole interval must lie there.
    warn_from_auc: f64,
    /// Rows with feature and target below which a feature is not judged, at least 20.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_from: 0.8,
            warn_from_auc: 0.95,
            min_rows: 100,
        }
    }
}

/// The target over the rows looked at.
enum Target {
    Classes(Vec<u32>, usize),
    Numbers(Vec<f64>),
}

/// What one feature tells.
struct Judged {
    name: String,
    n: usize,
    power: Power,
    /// In nats, and as a share of the target's entropy.
    information: Option<(f64, f64)>,
    auc: Option<Auc>,
}

#[check(
    id = "data-quality.target-correlation",
    title = "Target correlation",
    stage = "data-quality",
    needs(train, target),
    codes(DQ061 = "a feature alone predicts the target"),
    cost = "moderate",
    docs = "target_correlation.md"
)]
pub(crate) fn target_correlation(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_from", settings.warn_from)?;
    conclusion::check_range("warn_from_auc", settings.warn_from_auc, 0.5, 1.0)?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 20.0, 1e9)?;
    let table = ctx.table(Role::Train)?;
    let rows = rows_looked_at(table.n_rows(), MAX_ROWS, ctx.seed());
    let (known, name) = match predicted_target(ctx, &table, rows.as_deref())? {
        Input {
            column,
            cells: Cells::Numbers(numbers),
        } => (Target::Numbers(numbers), column.name()),
        Input {
            column,
            cells: Cells::Codes(coded),
        } => (Target::Classes(coded.codes, coded.n_codes), column.name()),
    };
    let inputs = features(ctx, &table, rows.as_deref())?;
    let mut judged = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        judged.extend(Judged::of(input, &known, ctx.seed(), settings.min_rows));
        ctx.progress(
            (at + 1) as f64 / inputs.len() as f64,
            "predicting from one column",
        );
    }
    judged.sort_by(|a, b| b.power.score.total_cmp(&a.power.score));
    let mut outcome = outcome(&judged, name, &settings);
    outcome
        .notes
        .extend(sample_note(table.n_rows(), rows.as_deref()));
    if judged.len() < inputs.len() && !judged.is_empty() {
        outcome.notes.push(format!(
            "{} not judged: fewer than {} rows, or a target that does not vary there",
            counted(inputs.len() - judged.len(), "feature"),
            settings.min_rows
        ));
    }
    Ok(outcome)
}

impl Judged {
    fn of(input: &Input<'_>, target: &Target, seed: u64, min_rows: usize) -> Option<Self> {
        let is_known = |row: &usize| match target {
            Target::Classes(codes, _) => codes[*row] != MISSING,
            Target::Numbers(numbers) => numbers[*row].is_finite(),
        };
        let is_present = |row: &usize| match &input.cells {
            Cells::Numbers(numbers) => numbers[*row].is_finite(),
            Cells::Codes(coded) => coded.codes[*row] != MISSING,
        };
        let n_all = match target {
            Target::Classes(codes, _) => codes.len(),
            Target::Numbers(numbers) => numbers.len(),
        };
        let rows: Vec<usize> = (0..n_all).filter(is_known).filter(is_present).collect();
        if rows.len() < min_rows {
            return None;
        }
        let numbers: Option<Vec<f64>> = match &input.cells {
            Cells::Numbers(numbers) => Some(rows.iter().map(|&row| numbers[row]).collect()),
            Cells::Codes(_) => None,
        };
        let values = match &input.cells {
            Cells::Numbers(_) => Values::of_numbers(numbers.as_deref()?),
            Cells::Codes(coded) => {
                let codes = rows.iter().map(|&row| coded.codes[row]).collect();
                Values::of_codes(codes, coded.n_codes)
            }
        };
        let mut judged = Self {
            name: input.name().to_owned(),
            n: rows.len(),
            power: Power {
                score: 0.0,
                folds: Vec::new(),
                model: 0.0,
                baseline: 0.0,
            },
            information: None,
            auc: None,
        };
        match target {
            Target::Classes(codes, n_classes) => {
                let classes: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
                let folds = stratified_folds(&classes, N_FOLDS, seed);
                judged.power = class_power(&values, (&classes, *n_classes), (&folds, N_FOLDS))?;
                judged.information = Some(information(&values, &classes, *n_classes));
                judged.auc = numbers.filter(|_| *n_classes == 2).and_then(|numbers| {
                    let is_second: Vec<bool> = classes.iter().map(|class| *class == 1).collect();
                    delong(&numbers, &is_second, 0.95).ok()
                });
            }
            Target::Numbers(all) => {
                let numbers: Vec<f64> = rows.iter().map(|&row| all[row]).collect();
                let folds = stratified_folds(&vec![0; rows.len()], N_FOLDS, seed);
                judged.power = number_power(&values, &numbers, (&folds, N_FOLDS))?;
            }
        }
        Some(judged)
    }

    /// Distance of the area from guessing, on the side it lies: at least 0.5, with its lower end.
    fn area(&self) -> Option<(f64, f64)> {
        self.auc.map(|auc| {
            if auc.value < 0.5 {
                (1.0 - auc.value, 1.0 - auc.bounds.high)
            } else {
                (auc.value, auc.bounds.low)
            }
        })
    }

    fn is_suspected(&self, settings: &Settings) -> bool {
        let is_sharp = |(_, low): (f64, f64)| low >= settings.warn_from_auc;
        self.power.score >= settings.warn_from || self.area().is_some_and(is_sharp)
    }

    /// Between the folds, with Student's t.
    fn interval(&self) -> Option<(f64, f64)> {
        let (_, bounds) = mean_interval(&self.power.folds, 0.95).ok()?;
        Some((bounds.low.clamp(0.0, 1.0), bounds.high.clamp(0.0, 1.0)))
    }

    fn finding(&self, target: &str) -> Finding {
        let area = self.area().map_or(String::new(), |(area, _)| {
            format!(", alone an area under the ROC curve of {}", figure(area))
        });
        let title = format!(
            "column '{}' alone predicts the target '{target}': predictive power {}{area}",
            self.name,
            figure(self.power.score)
        );
        Finding::new("DQ061", Severity::Warning, title)
            .because("A single feature that nearly decides the outcome was often filled in from it, and will not be known when the model is asked. The model scores splendidly until then.")
            .advice("Find out when the column is known. If not before the outcome, remove it; if before, a rule on it may do instead of a model.")
            .column(&self.name)
            .evidence("power")
    }
}

/// Mutual information with a class target in nats, and as a share of the target's entropy. Numbers
/// are cut at their deciles.
fn information(values: &Values, classes: &[u32], n_classes: usize) -> (f64, f64) {
    let own = mutual_information((classes, n_classes), (classes, n_classes));
    let binned = values.ascending.as_ref().map(|ascending| {
        let numbers: Vec<f64> = values
            .cells
            .iter()
            .map(|cell| ascending[*cell as usize])
            .collect();
        let edges = quantile_edges(&sorted(&numbers), N_BINS);
        let bin = |value: &f64| u32::try_from(bin_of(&edges, *value)).unwrap_or(0);
        let bins: Vec<u32> = numbers.iter().map(bin).collect();
        let n_bins = edges.len() + 1;
        mutual_information((&bins, n_bins), (classes, n_classes))
    });
    let found = binned.unwrap_or_else(|| {
        mutual_information((&values.cells, values.n_cells), (classes, n_classes))
    });
    (found, if own > 0.0 { found / own } else { 0.0 })
}

fn outcome(judged: &[Judged], target: &str, settings: &Settings) -> Outcome {
    let suspected: Vec<&Judged> = judged.iter().filter(|j| j.is_suspected(settings)).collect();
    let findings = suspected
        .iter()
        .map(|judged| judged.finding(target))
        .collect();
    let otherwise = Otherwise {
        has_enough: !judged.is_empty(),
        sound: judged.first().map_or(String::new(), |best| {
            format!(
                "no feature gives '{target}' away; the best alone is '{}', predictive power {}",
                best.name,
                figure(best.power.score)
            )
        }),
        undecided: format!(
            "no feature has {} with a target that varies; that many would do",
            counted(settings.min_rows, "row")
        ),
    };
    let mut outcome = conclusion::outcome(findings, otherwise);
    for one in judged.iter().take(MAX_MARKS) {
        let mut metric = Metric::new("predictive_power", one.power.score, one.n as u64)
            .title("Predictive power score")
            .at_most(Some(settings.warn_from), None)
            .column(&one.name);
        if let Some((low, high)) = one.interval() {
            metric = metric.interval(low, high, 0.95, "Student's t over the folds");
        }
        outcome = outcome.metric(metric);
        if let Some((nats, _)) = one.information {
            let metric = Metric::new("mutual_information", nats, one.n as u64);
            let metric = metric.title("Mutual information").unit("nats");
            outcome = outcome.metric(metric.column(&one.name));
        }
        if let Some(auc) = one.auc {
            let metric =
                Metric::new("auc", auc.value, one.n as u64).title("Area under the ROC curve");
            let (low, high) = (auc.bounds.low, auc.bounds.high);
            outcome = outcome.metric(metric.column(&one.name).interval(low, high, 0.95, "DeLong"));
        }
    }
    if judged.is_empty() {
        return outcome;
    }
    outcome.view(bars(judged, settings)).view(table(judged))
}

fn bars(judged: &[Judged], settings: &Settings) -> View {
    let bars = judged
        .iter()
        .take(MAX_MARKS)
        .map(|one| Bar {
            interval: one.interval(),
            is_flagged: one.is_suspected(settings),
            ..Bar::new(&one.name, one.power.score)
        })
        .collect();
    let chart = Chart::Bars {
        value_axis: "predictive power score, 0 to 1".to_owned(),
        bars,
        threshold: Some(settings.warn_from),
    };
    let caption =
        "0: no better than a constant; 1: never wrong. Whiskers: over the folds, at 95 %.";
    View::new(
        "power",
        "What each feature alone tells of the target",
        chart,
    )
    .caption(caption)
}

fn table(judged: &[Judged]) -> View {
    let headings = [
        "feature",
        "power",
        "model",
        "baseline",
        "information (nats)",
        "share of entropy",
        "AUC",
        "rows",
    ];
    let number = |value: Option<f64>| value.map_or(Cell::Nothing, Cell::from);
    let rows = judged
        .iter()
        .take(MAX_MARKS)
        .map(|one| {
            TableRow::new(vec![
                Cell::from(one.name.as_str()),
                Cell::from(one.power.score),
                Cell::from(one.power.model),
                Cell::from(one.power.baseline),
                number(one.information.map(|(nats, _)| nats)),
                number(one.information.map(|(_, share)| share)),
                number(one.auc.map(|auc| auc.value)),
                Cell::from(one.n as f64),
            ])
        })
        .collect();
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows,
    };
    let caption = "Model and baseline: weighted F1 for classes, mean absolute error for numbers. AUC of the class that stands second in the table.";
    View::new("features", "Each feature alone", chart).caption(caption)
}
