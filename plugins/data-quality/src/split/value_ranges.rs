//! The check `data-quality.value-ranges`.
//!
//! In: the numeric columns of all tables. Out: values outside the training range, beyond what chance
//! gives.

use interlock_plugin_api::{
    Bar, CheckError, Context, Finding, Outcome, Params, Rows, Table, check,
};
use interlock_report::report::{Report, bars_view};
use interlock_report::settings::{check_open_share, check_share};
use interlock_report::words::{counted, names, p_value, percent};
use serde::{Deserialize, Serialize};

use crate::split::chance::outside_tail;
use crate::split::others::others;
use crate::split::sides::{Beside, Cells, Want, absent_note, each_input};
use crate::split::uncovered::{Part, ranked, severity, without_rows};
use crate::tables::tables;

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Corrected p-value, between 0 and 1, below which values outside are more than chance gives.
    alpha: f64,
    /// Share of values outside, 0 to 1, above which more than chance gives fails the check.
    fail_above: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            fail_above: 1.0,
        }
    }
}

/// Values of one column and table beyond the training range.
struct Outside {
    name: String,
    table: usize,
    low: f64,
    high: f64,
    n_train: u64,
    n_present: u64,
    n_below: u64,
    n_above: u64,
    /// Rows of the values outside, and the least and greatest value of all.
    rows: Vec<usize>,
    ends: (f64, f64),
}

impl Outside {
    fn n(&self) -> u64 {
        self.n_below + self.n_above
    }

    fn share(&self) -> f64 {
        self.n() as f64 / self.n_present as f64
    }

    fn expected(&self) -> f64 {
        self.n_present as f64 * 2.0 / (self.n_train as f64 + 1.0)
    }
}

#[check(
    id = "data-quality.value-ranges",
    title = "Values beyond the training range",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(DQ084 = "values outside the training range"),
    cost = "quick",
    docs = "value_ranges.md"
)]
pub(crate) fn value_ranges(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    check_open_share("alpha", settings.alpha)?;
    check_share("fail_above", settings.fail_above)?;
    let tables = tables(ctx)?;
    others(&tables)?;
    let (mut columns, mut found) = (Vec::new(), Vec::new());
    for column in each_input(ctx.facts(), &tables, Want::Numbers) {
        let column = column?;
        found.extend(outside(&column));
        columns.push(column.without_cells());
    }
    let p_values: Vec<f64> = found
        .iter()
        .map(|out| outside_tail(out.n_train, out.n_present, out.n()))
        .collect();
    let (corrected, order) = ranked(&p_values, settings.alpha, |at| found[at].share())?;
    let mut report = Report::default();
    let mut bars = Vec::new();
    for &at in &order {
        say(
            &mut report,
            &mut bars,
            &tables,
            &found[at],
            (corrected[at], &settings),
        );
    }
    for (at, table) in tables.iter().enumerate().skip(1) {
        report
            .notes
            .extend(absent_note(&columns, at, table.role().name()));
    }
    let view = bars_view(
        "outside",
        "Values outside the training range",
        "A marked bar is more than chance gives; each bar opens its rows.",
    );
    report.bars(view, bars, "share of values", None);
    let beyond: Vec<&str> = found
        .iter()
        .filter(|out| out.n() > 0)
        .map(|out| out.name.as_str())
        .collect();
    Ok(report.outcome(if let Some(why) = without_rows(&tables) {
        Err(why)
    } else if found.is_empty() {
        Err("no numeric column with two training values and one other to look at".to_owned())
    } else if beyond.is_empty() {
        Ok(format!(
            "{} within the training range",
            counted(columns.len(), "numeric column")
        ))
    } else {
        Ok(format!(
            "values outside the training range in {}, no more than chance gives",
            names(beyond)
        ))
    }))
}

fn outside(column: &Beside) -> Vec<Outside> {
    let Some(Cells::Numbers(train)) = column.tables.first() else {
        return Vec::new();
    };
    let (mut low, mut high, mut n_train) = (f64::INFINITY, f64::NEG_INFINITY, 0);
    for value in train.iter().filter(|value| !value.is_nan()) {
        low = low.min(*value);
        high = high.max(*value);
        n_train += 1;
    }
    let mut found = Vec::new();
    for (table, cells) in column.tables.iter().enumerate().skip(1) {
        let Cells::Numbers(values) = cells else {
            continue;
        };
        let (mut n_present, mut n_below, mut n_above) = (0, 0, 0);
        let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            n_present += u64::from(!value.is_nan());
            n_below += u64::from(*value < low);
            n_above += u64::from(*value > high);
            ends = (ends.0.min(*value), ends.1.max(*value));
        }
        if n_train >= 2 && n_present > 0 {
            found.push(Outside {
                name: column.name.clone(),
                table,
                low,
                high,
                n_train,
                n_present,
                n_below,
                n_above,
                rows: (0..values.len())
                    .filter(|&row| values[row] < low || values[row] > high)
                    .collect(),
                ends,
            });
        }
    }
    found
}

fn say(
    report: &mut Report,
    bars: &mut Vec<Bar>,
    tables: &[Table<'_>],
    out: &Outside,
    judged: (f64, &Settings),
) {
    let (p, settings) = judged;
    let (role, name) = (tables[out.table].role(), out.name.as_str());
    let is_odd = p < settings.alpha;
    let title = format!("Values of {} outside the training range", role.name());
    let part = Part {
        metric: ("outside_share", title),
        column: name,
        role,
        n_others: tables.len() - 1,
        n_uncovered: out.n(),
        n_present: out.n_present,
        is_odd,
    };
    let (metric, mut bar) = part.shown();
    report.metrics.push(metric);
    if out.n() == 0 {
        bars.push(bar);
        return;
    }
    bar.rows = Some(Rows::new(role, out.rows.iter().copied()));
    bars.push(bar);
    let n = usize::try_from(out.n()).unwrap_or(usize::MAX);
    let (least, greatest) = out.ends;
    let why = if is_odd {
        p_value(p)
    } else {
        "chance".to_owned()
    };
    let title = format!(
        "column '{name}' leaves the training range {} to {} in {} of the {} table ({}; {:.1} expected, {why})",
        out.low,
        out.high,
        counted(n, "row"),
        role.name(),
        percent(out.share()),
        out.expected()
    );
    let severity = severity(is_odd, out.share(), settings.fail_above);
    report.find(
        Finding::new("DQ084", severity, title)
            .because(format!("{} below and {} above, from {least} to {greatest}. There the model extrapolates from nothing.", out.n_below, out.n_above))
            .advice("Open the rows: another unit, a placeholder such as 999, or true values the training table lacks? Mend the former, train on the latter.")
            .column(name)
            .rows(Rows::new(role, out.rows.iter().copied()))
            .evidence("outside"),
    );
}
