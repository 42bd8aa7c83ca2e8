//! The check `data-quality.infinite-values`.
//!
//! In: the tables. Out: columns that hold an infinite number, with the rows. Exact.

use interlock_plugin_api::{
    Bar, Chart, CheckError, Context, Finding, Metric, Outcome, Params, Rows, Severity, View, check,
};
use serde::{Deserialize, Serialize};

use crate::conclusion::{self, Otherwise};
use crate::numbers::column::numeric;
use crate::wording::{self, MAX_MARKS, counted};

/// Settings of the check.
#[derive(Debug, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Severity of an infinite value: fail instead of warn.
    fail_on_infinite: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fail_on_infinite: true,
        }
    }
}

#[check(
    id = "data-quality.infinite-values",
    title = "Infinite values",
    stage = "data-quality",
    needs(train, test?, current?, target?),
    codes(DQ052 = "column holds infinite values"),
    cost = "quick",
    docs = "infinite_values.md"
)]
pub(crate) fn infinite_values(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let severity = if settings.fail_on_infinite {
        Severity::Error
    } else {
        Severity::Warning
    };
    let (mut findings, mut bars) = (Vec::new(), Vec::new());
    let (mut n_infinite, mut n_present, mut n_columns) = (0, 0, 0);
    for table in &wording::tables(ctx)? {
        let role = table.role();
        for column in numeric(ctx, table)? {
            let present = column.n_present();
            n_columns += usize::from(present > 0);
            n_present += present;
            let rows = column.rows(f64::is_infinite);
            if rows.is_empty() {
                continue;
            }
            n_infinite += rows.len();
            let name = &column.name;
            let n_negative = rows.iter().filter(|row| column.values[**row] < 0.0).count();
            let title = format!(
                "column '{name}' is infinite in {} of the {} table",
                counted(rows.len(), "row"),
                role.name()
            );
            let signs = format!(
                "{} positive, {n_negative} negative. ",
                rows.len() - n_negative
            );
            let marked = Rows::new(role, rows);
            findings.push(
                Finding::new("DQ052", severity, title)
                    .because(signs + "Means, scalers and linear models turn into infinity or NaN, and most libraries refuse the table. Usually a division by zero or the logarithm of zero upstream.")
                    .advice("Mend the computation upstream, or make these cells missing.")
                    .column(name)
                    .rows(marked.clone())
                    .evidence("columns"),
            );
            bars.push(Bar {
                is_flagged: true,
                value: marked.total as f64,
                rows: Some(marked),
                ..Bar::new(format!("{name} ({})", role.name()), 0.0)
            });
        }
    }
    let otherwise = Otherwise {
        has_enough: n_present > 0,
        sound: format!("no infinite value among {n_present} numbers"),
        undecided: "no number to look at; it takes one".to_owned(),
    };
    let n_limit = settings.fail_on_infinite.then_some(0.0);
    let mut outcome = conclusion::outcome(findings, otherwise).metric(
        Metric::new("n_infinite", n_infinite as f64, n_present as u64)
            .title("Infinite values")
            .unit("values")
            .at_most(Some(0.0), n_limit),
    );
    outcome = outcome.metric(
        Metric::new("n_columns", n_columns as f64, n_columns as u64)
            .title("Columns looked at")
            .unit("columns"),
    );
    if !bars.is_empty() {
        bars.truncate(MAX_MARKS);
        let chart = Chart::Bars {
            value_axis: "rows with an infinite value".to_owned(),
            bars,
            threshold: None,
        };
        outcome = outcome.view(View::new("columns", "Infinite values by column", chart));
    }
    Ok(outcome)
}
