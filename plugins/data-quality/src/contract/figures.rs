//! Rules on figures of a whole column: mean, median, spread, sum, number of different values.
//!
//! In: a column and its rules. Out: a ruling for each rule that is set.

use interlock_plugin_api::contract::{Between, ColumnContract};
use interlock_plugin_api::{CheckError, Role, Severity, ValueType};
use interlock_report::words::{counted, figure};
use interlock_stats::moments;

use crate::contract::cells::Cells;
use crate::contract::columns::plural;
use crate::contract::holds::median;
use crate::contract::ruling::Ruling;

/// The rulings on figures of one column.
pub(super) fn rulings(
    contract: &ColumnContract,
    cells: &Cells<'_>,
    role: Role,
) -> Result<Vec<Ruling>, CheckError> {
    let rules = &contract.rules;
    let mut rulings = Vec::new();
    let named = |key: &str, (low, high): Between| {
        Ruling::new(
            "DQ170",
            format!("{key}_between = [{low}, {high}]"),
            &[&contract.name],
            role,
        )
    };
    if let Some(ends) = rules.distinct_between {
        let n_distinct = cells.coded()?.counts.len() as f64;
        rulings.push(held(
            named("distinct", ends),
            "distinct values",
            n_distinct,
            ends,
        ));
    }
    let asked: Vec<(&str, Between)> = [
        ("mean", rules.mean_between),
        ("median", rules.median_between),
        ("std", rules.std_between),
        ("sum", rules.sum_between),
    ]
    .into_iter()
    .filter_map(|(key, ends)| Some((key, ends?)))
    .collect();
    if asked.is_empty() {
        return Ok(rulings);
    }
    let has = cells.column.value_type();
    let is_number = matches!(
        has,
        ValueType::Integer | ValueType::Number | ValueType::Boolean
    );
    let present = cells
        .numbers()
        .iter()
        .copied()
        .filter(|value| !value.is_nan());
    let present: Vec<f64> = if is_number {
        present.collect()
    } else {
        Vec::new()
    };
    for (key, ends) in asked {
        let ruling = named(key, ends);
        let value = match key {
            "mean" => moments::mean(&present),
            "median" => median(present.clone()),
            "std" => moments::standard_deviation(&present),
            _ => Some(moments::sum(&present)).filter(|_| is_number),
        };
        rulings.push(match value {
            Some(value) => {
                let mut ruling = held(ruling, key, value, ends);
                ruling.n_looked = present.len();
                ruling
            }
            None if !is_number => {
                let why = format!("it holds {}, no numbers", plural(has));
                ruling.not_applied(Severity::Error, &why)
            }
            None => {
                let n = counted(present.len(), "value");
                let why = format!("{n} are too few for a {key}");
                ruling.not_applied(Severity::Warning, &why)
            }
        });
    }
    Ok(rulings)
}

fn held(ruling: Ruling, name: &str, value: f64, (low, high): Between) -> Ruling {
    if low <= value && value <= high {
        return ruling;
    }
    let said = format!(
        "{} {name} = {}, must lie from {low} to {high}",
        ruling.place(),
        figure(value)
    );
    ruling.broken(said)
}
