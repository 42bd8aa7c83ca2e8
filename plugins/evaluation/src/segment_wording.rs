//! Conditions, rules and figures of segments in words.
//!
//! In: columns in bins, conditions, losses. Out: texts, and a figure with its interval. Searches
//! nothing.

use interlock_stats::mean_interval::mean_interval;
use interlock_stats::moments::mean;
use interlock_stats::proportion::{Bounds, wilson};

use crate::bins::Bins;
use crate::estimate::whole_number;
use crate::inputs::Searched;
use crate::segments::Condition;
use crate::wording::{LEVEL, shortened};

/// How good the rows are relative to all, 1 if as good, below if worse; their own figure and its
/// interval. The figure is accuracy where losses are errors, else mean absolute error.
pub(crate) fn standing(inside: &[f64], overall: f64, is_error: bool) -> (f64, f64, Option<Bounds>) {
    let loss = mean(inside).unwrap_or(0.0);
    if is_error {
        let n = inside.len() as u64;
        let right = n - whole_number(inside.iter().sum());
        let bounds = wilson(right, n, LEVEL).ok();
        let relative = if overall < 1.0 {
            (1.0 - loss) / (1.0 - overall)
        } else {
            1.0
        };
        (relative, 1.0 - loss, bounds)
    } else {
        let bounds = mean_interval(inside, LEVEL).ok().map(|(_, bounds)| bounds);
        let relative = if loss > 0.0 { overall / loss } else { 1.0 };
        (relative, loss, bounds)
    }
}

/// `age <= 28 and housing = rent`, conditions on one column together.
pub(crate) fn rule(searched: &[Searched], conditions: &[Condition]) -> String {
    let mut sorted = conditions.to_vec();
    sorted.sort_by_key(|condition| {
        (
            condition.input(),
            matches!(condition, Condition::UpTo { .. }),
        )
    });
    let parts: Vec<String> = sorted
        .iter()
        .map(|&condition| named(searched, condition))
        .collect();
    parts.join(" and ")
}

/// `age <= 28`.
pub(crate) fn named(searched: &[Searched], condition: Condition) -> String {
    let column = &searched[condition.input()];
    let name = &column.name;
    match (condition, &column.bins) {
        (Condition::UpTo { bin, .. }, Bins::Numbers { edges }) => {
            format!("{name} <= {}", edges[bin])
        }
        (Condition::Above { bin, .. }, Bins::Numbers { edges }) => {
            format!("{name} > {}", edges[bin])
        }
        (Condition::Is { bin, .. }, bins) if bin == bins.missing() => {
            format!("{name} is missing")
        }
        (condition, bins) => format!("{name} {}", one_of(condition, bins)),
    }
}

/// The opposite: `age > 28`, `housing is not rent`; `or missing` where such rows are among them.
pub(crate) fn opposite(searched: &[Searched], condition: Condition, has_missing: bool) -> String {
    let column = &searched[condition.input()];
    let name = &column.name;
    let or_missing = if has_missing { " or missing" } else { "" };
    match (condition, &column.bins) {
        (Condition::UpTo { bin, .. }, Bins::Numbers { edges }) => {
            format!("{name} > {}{or_missing}", edges[bin])
        }
        (Condition::Above { bin, .. }, Bins::Numbers { edges }) => {
            format!("{name} <= {}{or_missing}", edges[bin])
        }
        (Condition::Is { bin, .. }, bins) if bin == bins.missing() => {
            format!("{name} is known")
        }
        (condition, bins) => {
            let other = one_of(condition, bins);
            let other = other.strip_prefix("= ").unwrap_or(&other);
            format!("{name} is not {other}{or_missing}")
        }
    }
}

fn one_of(condition: Condition, bins: &Bins) -> String {
    let Condition::Is { bin, .. } = condition else {
        return "in a range".to_owned();
    };
    match bins {
        Bins::Categories { names } if bin < names.len() => format!("= {}", shortened(&names[bin])),
        Bins::Categories { .. } => "= a rare value".to_owned(),
        Bins::Numbers { .. } => format!("in {}", label(bins, bin)),
    }
}

/// The name of a bin.
pub(crate) fn label(bins: &Bins, bin: usize) -> String {
    if bin == bins.missing() {
        return "missing".to_owned();
    }
    match bins {
        Bins::Categories { names } => names
            .get(bin)
            .map_or("rare".to_owned(), |name| shortened(name)),
        Bins::Numbers { edges } => match (bin.checked_sub(1).map(|at| edges[at]), edges.get(bin)) {
            (_, Some(high)) => format!("<= {high}"),
            (Some(low), None) => format!("> {low}"),
            (None, None) => "any".to_owned(),
        },
    }
}
