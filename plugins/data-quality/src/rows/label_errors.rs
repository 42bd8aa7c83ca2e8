//! The check `data-quality.label-errors`.
//!
//! In: the features and the class target of the training table. Out: rows whose label is probably
//! wrong, each with the label that out-of-sample probabilities suggest.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, MISSING, Metric, Outcome, Params, Role, Rows,
    Severity, Table, TableRow, Task, View, check,
};
use interlock_stats::proportion::wilson;
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, failed, figure};
use crate::relations::inputs::{
    Cells, Input, features, predicted_target, rows_looked_at, sample_note,
};
use crate::relations::predictive_power::stratified_folds;
use crate::rows::binned::Binned;
use crate::rows::boosting;
use crate::rows::confident::{Labeled, confident_joint, label_issues};
use crate::wording::{self, MAX_MARKS, counted, percent, shortened};

/// Cells learned from, at most: of more columns, fewer rows.
const MAX_CELLS: usize = 2_000_000;

/// Feature columns shown beside a row.
const N_SHOWN: usize = 6;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Share of rows, 0 to 1, whose label is surely contradicted, above which it warns: the whole
    /// interval must lie there.
    warn_above: f64,
    /// Probability of the suggested label, 0.5 to 1, from which it contradicts surely.
    sure_from: f64,
    /// Folds of the cross-validation, 2 to 20.
    n_folds: u8,
    /// Rows looked at, 200 to 1 000 000; of more, a random sample.
    max_rows: usize,
    /// Rows with a label below which nothing is said, at least 100.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_above: 0.04,
            sure_from: 0.9,
            n_folds: 5,
            max_rows: 50_000,
            min_rows: 200,
        }
    }
}

/// What there is to learn.
struct Study<'t> {
    target: Input<'t>,
    class_names: Vec<String>,
    /// Rows of the table, those with a label.
    rows: Vec<usize>,
    labels: Vec<u32>,
    columns: Vec<Binned>,
    shown: Vec<Input<'t>>,
}

/// A row whose label is probably wrong.
struct Issue {
    /// Position in the table.
    row: usize,
    given: usize,
    suggested: usize,
    p_given: f64,
    p_suggested: f64,
}

/// What confident learning says of the rows predicted so far.
struct Learned {
    n: usize,
    joint: Vec<u64>,
    issues: Vec<Issue>,
}

#[check(
    id = "data-quality.label-errors",
    title = "Label errors",
    stage = "data-quality",
    needs(train, target),
    codes(DQ065 = "labels are probably wrong"),
    cost = "heavy",
    docs = "label_errors.md"
)]
pub(crate) fn label_errors(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_above", settings.warn_above)?;
    conclusion::check_range("sure_from", settings.sure_from, 0.5, 1.0)?;
    conclusion::check_range("n_folds", f64::from(settings.n_folds), 2.0, 20.0)?;
    conclusion::check_range("max_rows", settings.max_rows as f64, 200.0, 1e6)?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 100.0, 1e9)?;
    if ctx.facts().task == Task::Regression {
        return Err(CheckError::missing_input(
            "a regression has numbers, not labels",
        ));
    }
    let table = ctx.table(Role::Train)?;
    let n_columns = table.columns().count().max(1);
    let max_rows = settings.max_rows.min((MAX_CELLS / n_columns).max(200));
    let sample = rows_looked_at(table.n_rows(), max_rows, ctx.seed());
    let study = Study::of(ctx, &table, sample.as_deref())?;
    let note = sample_note(table.n_rows(), sample.as_deref());
    let n_classes = study.class_names.len();
    if study.rows.len() < settings.min_rows || n_classes < 2 || study.columns.is_empty() {
        return Ok(undecided(&study, &settings));
    }
    let folds = stratified_folds(&study.labels, settings.n_folds, ctx.seed());
    let mut probabilities = vec![f64::NAN; study.rows.len() * n_classes];
    for fold in 0..settings.n_folds {
        let classes = (&study.labels[..], n_classes);
        let found = boosting::predict(&study.columns, classes, |row| folds[row] != fold);
        for (own, p) in probabilities.iter_mut().zip(found) {
            *own = if p.is_nan() { *own } else { p };
        }
        let share = f64::from(fold + 1) / f64::from(settings.n_folds);
        ctx.progress(share, "predicting rows from the others");
        if fold + 1 < settings.n_folds {
            let so_far = study.learn(&probabilities, |row| folds[row] <= fold);
            let outcome = study.outcome(&so_far, &settings)?;
            ctx.partial(&outcome.note(format!(
                "from the first {} of {} folds",
                fold + 1,
                settings.n_folds
            )));
        }
    }
    let mut outcome = study.outcome(&study.learn(&probabilities, |_| true), &settings)?;
    outcome.notes.extend(note);
    Ok(outcome)
}

fn undecided(study: &Study<'_>, settings: &Settings) -> Outcome {
    let undecided = if study.columns.is_empty() {
        "no feature that varies to predict a label from; it takes one".to_owned()
    } else if study.class_names.len() < 2 {
        "labels of one class cannot be confused; it takes two".to_owned()
    } else {
        format!(
            "{} with a label are too few; {} would do",
            counted(study.rows.len(), "row"),
            settings.min_rows
        )
    };
    let otherwise = Otherwise {
        has_enough: false,
        sound: String::new(),
        undecided,
    };
    conclusion::outcome(Vec::new(), otherwise)
}

impl<'t> Study<'t> {
    fn of(
        ctx: &Context,
        table: &'t Table<'_>,
        sample: Option<&[usize]>,
    ) -> Result<Self, CheckError> {
        let target = predicted_target(ctx, table, sample)?;
        let inputs = features(ctx, table, sample)?;
        let (mut rows, mut labels, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut class_names = Vec::new();
        if let Cells::Codes(coded) = &target.cells {
            class_names.extend(
                (0..coded.n_codes).map(|code| shortened(&coded.name_of(code, &target.column))),
            );
            for (at, &code) in coded
                .codes
                .iter()
                .enumerate()
                .filter(|(_, code)| **code != MISSING)
            {
                kept.push(at);
                rows.push(sample.map_or(at, |sample| sample[at]));
                labels.push(code);
            }
        }
        let binned = |input: &Input<'_>| match &input.cells {
            Cells::Numbers(numbers) => {
                Binned::of_numbers(&kept.iter().map(|&at| numbers[at]).collect::<Vec<f64>>())
            }
            Cells::Codes(coded) => {
                let codes: Vec<u32> = kept.iter().map(|&at| coded.codes[at]).collect();
                Binned::of_codes(&codes, coded.n_codes)
            }
        };
        // A column that never varies predicts nothing.
        let varies = |column: &Binned| column.bins.iter().any(|bin| *bin != column.bins[0]);
        let columns = inputs.iter().map(binned).filter(varies).collect();
        let mut shown = inputs;
        shown.truncate(N_SHOWN);
        Ok(Self {
            target,
            class_names,
            rows,
            labels,
            columns,
            shown,
        })
    }

    /// Confident learning over the rows that are predicted.
    fn learn(&self, probabilities: &[f64], is_predicted: impl Fn(usize) -> bool) -> Learned {
        let k = self.class_names.len();
        let kept: Vec<usize> = (0..self.rows.len())
            .filter(|row| is_predicted(*row))
            .collect();
        let labels: Vec<u32> = kept.iter().map(|&row| self.labels[row]).collect();
        let predicted: Vec<f64> = kept
            .iter()
            .flat_map(|&row| &probabilities[row * k..(row + 1) * k])
            .copied()
            .collect();
        let data = Labeled {
            labels: &labels,
            probabilities: &predicted,
            n_classes: k,
        };
        let joint = confident_joint(data);
        let issues = label_issues(data, &joint)
            .into_iter()
            .map(|at| {
                let of_row = &predicted[at * k..(at + 1) * k];
                let most = of_row.iter().copied().fold(0.0, f64::max);
                let given = labels[at] as usize;
                Issue {
                    row: self.rows[kept[at]],
                    given,
                    suggested: of_row.iter().position(|p| *p >= most).unwrap_or(given),
                    p_given: of_row[given],
                    p_suggested: most,
                }
            })
            .collect();
        Learned {
            n: labels.len(),
            joint,
            issues,
        }
    }

    fn outcome(&self, learned: &Learned, settings: &Settings) -> Result<Outcome, CheckError> {
        let n = learned.n;
        let rate = |n_rows: usize| n_rows as f64 / n.max(1) as f64;
        let share = rate(learned.issues.len());
        let is_sure = |issue: &&Issue| issue.p_suggested >= settings.sure_from;
        let n_sure = learned.issues.iter().filter(is_sure).count();
        let bounds = wilson(n_sure as u64, n as u64, 0.95).map_err(failed)?;
        let findings = self.findings(learned, bounds.low > settings.warn_above);
        let otherwise = Otherwise {
            has_enough: true,
            sound: match learned.issues.first() {
                None => format!("no label of {n} rows speaks against its row"),
                Some(worst) => format!(
                    "{} of {n} labels ({}) are worth a look; first row {}, '{}' rather than '{}'",
                    learned.issues.len(),
                    percent(share),
                    worst.row,
                    self.class_names[worst.suggested],
                    self.class_names[worst.given]
                ),
            },
            undecided: String::new(),
        };
        let k = self.class_names.len();
        let n_right: u64 = learned.joint.iter().step_by(k + 1).sum();
        let estimated = (n as f64 - n_right as f64) / n.max(1) as f64;
        let metric = |id: &str, value: f64| Metric::new(id, value, n as u64).unit("rate");
        let method = "Wilson, given these probabilities";
        let outcome = conclusion::outcome(findings, otherwise)
            .metric(
                metric("sure_share", rate(n_sure))
                    .title("Labels surely contradicted")
                    .at_most(Some(settings.warn_above), None)
                    .interval(bounds.low, bounds.high, 0.95, method),
            )
            .metric(metric("issue_share", share).title("Labels worth a look"))
            .metric(
                metric("estimated_noise", estimated).title("Label noise by the confident joint"),
            );
        if learned.issues.is_empty() {
            return Ok(outcome.view(self.joint_view(learned)));
        }
        let outcome = outcome.view(self.row_view(learned));
        Ok(outcome.view(self.joint_view(learned)))
    }

    /// One finding per pair of given and suggested label, most rows first.
    fn findings(&self, learned: &Learned, is_grave: bool) -> Vec<Finding> {
        let k = self.class_names.len();
        let mut by_pair: Vec<Vec<&Issue>> = (0..k * k).map(|_| Vec::new()).collect();
        for issue in &learned.issues {
            by_pair[issue.given * k + issue.suggested].push(issue);
        }
        by_pair.retain(|issues| !issues.is_empty());
        by_pair.sort_by_key(|issues| std::cmp::Reverse(issues.len()));
        let severity = if is_grave {
            Severity::Warning
        } else {
            Severity::Note
        };
        let target = self.target.name();
        let finding = |issues: Vec<&Issue>| {
            let worst = issues[0];
            let title = format!(
                "{} labeled '{}' of '{target}' look like '{}'",
                counted(issues.len(), "row"),
                self.class_names[worst.given],
                self.class_names[worst.suggested]
            );
            let because = format!(
                "Predicted from all other rows, row {} has the probability {} of its label. Wrong labels are learned as if they were right, and in a test table they are counted as the model's mistakes.",
                worst.row,
                figure(worst.p_given)
            );
            let mut rows: Vec<usize> = issues.iter().map(|issue| issue.row).collect();
            rows.sort_unstable();
            Finding::new("DQ065", severity, title)
                .because(because)
                .advice("Look at the first rows of the view: a slip of the labeler, a changed definition, or merely a hard case? Relabel the slips; do not drop rows by this list alone.")
                .column(target)
                .rows(Rows::new(Role::Train, rows))
                .evidence("rows")
        };
        by_pair.into_iter().map(finding).collect()
    }

    fn row_view(&self, learned: &Learned) -> View {
        let mut columns: Vec<String> = ["row", "given", "suggested", "p given", "p suggested"]
            .map(str::to_owned)
            .to_vec();
        columns.extend(self.shown.iter().map(|input| input.name().to_owned()));
        let row = |issue: &Issue| {
            let mut cells = vec![
                Cell::from(issue.row as f64),
                Cell::from(self.class_names[issue.given].as_str()),
                Cell::from(self.class_names[issue.suggested].as_str()),
                Cell::from(issue.p_given),
                Cell::from(issue.p_suggested),
            ];
            cells.extend(self.shown.iter().map(|input| {
                let text = input.column.display(issue.row);
                text.map_or(Cell::Nothing, |text| Cell::from(shortened(&text)))
            }));
            TableRow {
                cells,
                rows: Some(Rows::new(Role::Train, [issue.row])),
            }
        };
        let rows = learned.issues.iter().take(MAX_MARKS).map(row).collect();
        let n = learned.issues.len();
        let title = if n > MAX_MARKS {
            format!("The {MAX_MARKS} least probable of {n} labels worth a look")
        } else {
            "Labels worth a look, least probable first".to_owned()
        };
        let caption = "Probabilities come from models that did not see the row.";
        View::new("rows", title, Chart::Table { columns, rows }).caption(caption)
    }

    fn joint_view(&self, learned: &Learned) -> View {
        // A matrix of many classes cannot be read: the first ones, and the caption says so.
        const MAX_SHOWN: usize = 14;
        let k = self.class_names.len();
        let n_shown = k.min(MAX_SHOWN);
        let cell = |at: usize| learned.joint[at / n_shown * k + at % n_shown];
        let labels = self.class_names[..n_shown].to_vec();
        let chart = Chart::Heatmap {
            row_axis: "given label".to_owned(),
            column_axis: "true label".to_owned(),
            value_axis: "rows".to_owned(),
            row_labels: labels.clone(),
            column_labels: labels,
            values: (0..n_shown * n_shown)
                .map(|at| Some(cell(at) as f64))
                .collect(),
            rows: Vec::new(),
        };
        let which = if n_shown < k {
            format!(" The first {n_shown} of {k} classes.")
        } else {
            String::new()
        };
        let caption = format!(
            "Estimated rows by given and true label; off the diagonal are label errors, or classes that overlap.{which}"
        );
        View::new("joint", "Given and true labels", chart).caption(caption)
    }
}
