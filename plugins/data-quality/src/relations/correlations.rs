//! The check `data-quality.correlations`.
//!
//! In: the features of the training table. Out: pairs that say nearly the same, and how all pairs go
//! together.

use interlock_plugin_api::{
    Cell, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, TableRow,
    View, check,
};
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise, figure};
use crate::relations::inputs::{Input, features, rows_looked_at, sample_note};
use crate::relations::pairs::{Pair, Strength, is_paired, pairs};
use crate::wording::{self, MAX_MARKS, counted};

/// Columns of the matrix shown.
const MAX_MATRIX: usize = 40;

/// Cells of pairs looked at in all: more columns, fewer rows of each.
const MAX_CELLS: usize = 1_000_000_000;

/// Rows looked at, at least and at most.
const ROWS: (usize, usize) = (1_000, 200_000);

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Size of a coefficient, 0 to 1, from which a pair is reported.
    warn_from: f64,
    /// Columns compared, 2 to 2000; of more, the first ones in table order.
    max_columns: usize,
    /// Categories a column may have, 2 to 1000; columns with more are left out.
    max_categories: usize,
    /// Rows with both values below which a pair is not judged, at least 10.
    min_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_from: 0.9,
            max_columns: 300,
            max_categories: 100,
            min_rows: 50,
        }
    }
}

#[check(
    id = "data-quality.correlations",
    title = "Correlations",
    stage = "data-quality",
    needs(train, target?),
    codes(
        DQ058 = "numeric columns are highly correlated",
        DQ059 = "categorical columns are highly associated",
        DQ060 = "a categorical column tells a numeric one"
    ),
    cost = "moderate",
    docs = "correlations.md"
)]
pub(crate) fn correlations(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    wording::check_share("warn_from", settings.warn_from)?;
    conclusion::check_range("max_columns", settings.max_columns as f64, 2.0, 2000.0)?;
    conclusion::check_range(
        "max_categories",
        settings.max_categories as f64,
        2.0,
        1000.0,
    )?;
    conclusion::check_range("min_rows", settings.min_rows as f64, 10.0, 1e9)?;
    let table = ctx.table(Role::Train)?;
    let n_columns = table.columns().count().min(settings.max_columns);
    let n_pairs = (n_columns * n_columns / 2).max(1);
    let max_rows = (MAX_CELLS / n_pairs).clamp(ROWS.0, ROWS.1);
    let rows = rows_looked_at(table.n_rows(), max_rows, ctx.seed());
    let mut inputs = features(ctx, &table, rows.as_deref())?;
    let n_features = inputs.len();
    inputs.retain(|input| is_paired(input, settings.max_categories));
    let mut notes: Vec<String> = sample_note(table.n_rows(), rows.as_deref())
        .into_iter()
        .collect();
    if inputs.len() < n_features {
        notes.push(format!(
            "left out: {} of a single value, or with more categories than {} or a tenth of the rows",
            counted(n_features - inputs.len(), "column"),
            settings.max_categories
        ));
    }
    if inputs.len() > settings.max_columns {
        let rest = counted(inputs.len() - settings.max_columns, "column");
        notes.push(format!(
            "{rest} beyond the first {} are not compared",
            settings.max_columns
        ));
        inputs.truncate(settings.max_columns);
    }
    let mut pairs = pairs(&inputs, |share| ctx.progress(share, "comparing columns"));
    pairs.retain(|pair| pair.n() >= settings.min_rows);
    pairs.sort_by(|a, b| b.size().total_cmp(&a.size()));
    let mut outcome = outcome(&inputs, &pairs, &settings);
    outcome.notes.extend(notes);
    Ok(outcome)
}

fn outcome(inputs: &[Input<'_>], pairs: &[Pair], settings: &Settings) -> Outcome {
    let flagged: Vec<&Pair> = pairs
        .iter()
        .take_while(|pair| pair.size() >= settings.warn_from)
        .collect();
    let findings = flagged.iter().map(|pair| finding(inputs, pair)).collect();
    let otherwise = Otherwise {
        has_enough: !pairs.is_empty(),
        sound: pairs.first().map_or(String::new(), |most| {
            let (name, value, _) = most.named();
            format!(
                "no pair of {} reaches {}; the closest are '{}' and '{}', {name} = {}",
                pairs.len(),
                settings.warn_from,
                inputs[most.first].name(),
                inputs[most.second].name(),
                figure(value)
            )
        }),
        undecided: format!(
            "no two columns that vary have {} in common; that many would do",
            counted(settings.min_rows, "row")
        ),
    };
    let mut outcome = conclusion::outcome(findings, otherwise).metric(
        Metric::new("n_high_pairs", flagged.len() as f64, pairs.len() as u64)
            .title("Pairs from the limit on")
            .unit("pairs")
            .at_most(Some(0.0), None),
    );
    for pair in pairs.iter().take(10) {
        let (name, value, interval) = pair.named();
        let columns = format!(
            "{} ~ {}",
            inputs[pair.first].name(),
            inputs[pair.second].name()
        );
        let mut metric = Metric::new("association", value, pair.n() as u64)
            .title(name)
            .group(columns);
        if let Some(bounds) = interval {
            metric = metric.interval(bounds.low, bounds.high, 0.95, method(pair));
        }
        outcome = outcome.metric(metric);
    }
    if pairs.is_empty() {
        return outcome;
    }
    outcome
        .view(matrix(inputs, pairs))
        .view(pair_table(inputs, pairs))
}

fn method(pair: &Pair) -> &'static str {
    match pair.strength {
        Strength::Numbers(_) => "Fisher's z",
        Strength::Categories(_) | Strength::Mixed(_) => "noncentral chi-square",
    }
}

fn finding(inputs: &[Input<'_>], pair: &Pair) -> Finding {
    let (first, second) = (inputs[pair.first].name(), inputs[pair.second].name());
    let (name, value, interval) = pair.named();
    let code = match pair.strength {
        Strength::Numbers(_) => "DQ058",
        Strength::Categories(_) => "DQ059",
        Strength::Mixed(_) => "DQ060",
    };
    let interval = interval.map_or(String::new(), |bounds| {
        format!(
            ", 95 % interval {} to {}",
            figure(bounds.low),
            figure(bounds.high)
        )
    });
    let title = format!(
        "columns '{first}' and '{second}' say nearly the same: {name} = {}",
        figure(value)
    );
    let n = pair.n();
    Finding::new(code, Severity::Warning, title)
        .because(format!("On {n} rows{interval}. Importance and coefficients are split between them by chance, and explanations, counterfactuals and permutation tests move one without the other, to rows that do not exist."))
        .advice("Keep the one that is known earlier or measured better, or combine them.")
        .column(first)
        .column(second)
        .evidence("matrix")
}

fn matrix(inputs: &[Input<'_>], pairs: &[Pair]) -> View {
    // The columns of the strongest pairs, in table order.
    let mut shown: Vec<usize> = Vec::new();
    for at in pairs.iter().flat_map(|pair| [pair.first, pair.second]) {
        if shown.len() < MAX_MATRIX && !shown.contains(&at) {
            shown.push(at);
        }
        if shown.len() == MAX_MATRIX {
            break;
        }
    }
    shown.sort_unstable();
    let n = shown.len();
    let mut values = vec![None; n * n];
    for at in 0..n {
        values[at * n + at] = Some(1.0);
    }
    for pair in pairs {
        let places = (
            shown.binary_search(&pair.first),
            shown.binary_search(&pair.second),
        );
        if let (Ok(a), Ok(b)) = places {
            values[a * n + b] = Some(pair.signed());
            values[b * n + a] = Some(pair.signed());
        }
    }
    let labels: Vec<String> = shown
        .iter()
        .map(|&at| inputs[at].name().to_owned())
        .collect();
    let chart = Chart::Heatmap {
        row_axis: "column".to_owned(),
        column_axis: "column".to_owned(),
        value_axis: "ρ, V or η".to_owned(),
        row_labels: labels.clone(),
        column_labels: labels,
        values,
        rows: Vec::new(),
    };
    let all = inputs.len();
    let which = if n < all {
        format!(" The {n} columns of the strongest pairs, of {all}.")
    } else {
        String::new()
    };
    let caption = format!(
        "Spearman's ρ of numbers, bias-corrected Cramér's V of categories, correlation ratio η of both; only ρ has a sign.{which}"
    );
    View::new("matrix", "How columns go together", chart).caption(caption)
}

fn pair_table(inputs: &[Input<'_>], pairs: &[Pair]) -> View {
    let headings = [
        "first",
        "second",
        "coefficient",
        "value",
        "low",
        "high",
        "rows",
    ];
    let rows = pairs
        .iter()
        .take(MAX_MARKS)
        .map(|pair| {
            let (name, value, interval) = pair.named();
            let end = |end: Option<f64>| end.map_or(Cell::Nothing, Cell::from);
            TableRow::new(vec![
                Cell::from(inputs[pair.first].name()),
                Cell::from(inputs[pair.second].name()),
                Cell::from(name),
                Cell::from(value),
                end(interval.map(|bounds| bounds.low)),
                end(interval.map(|bounds| bounds.high)),
                Cell::from(pair.n() as f64),
            ])
        })
        .collect();
    let chart = Chart::Table {
        columns: headings.map(str::to_owned).to_vec(),
        rows,
    };
    let title = if pairs.len() > MAX_MARKS {
        format!("The {MAX_MARKS} strongest of {} pairs", pairs.len())
    } else {
        "All pairs, strongest first".to_owned()
    };
    View::new("pairs", title, chart).caption("Intervals at 95 %.")
}
