//! One column of both tables, compared.
//!
//! In: the column of the train and of the current table, and how to bin. Out: a [`Comparison`]
//! with all figures, or why there is none.
//!
//! It judges nothing.

use interlock_plugin_api::{CheckError, Column, ColumnKind};

use crate::ascending::ascending;
use crate::bins::{Bins, OTHER, Rule, Sides, categories_of, category_bins, quantile_bins};
use crate::figures::{self, Figures, MissingChange, missing_change};
use interlock_report::words::shortened;

/// How to compare.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Bins of a numeric column, at least 2.
    pub n_bins: usize,
    /// Bins of a categorical column; rarer categories share one.
    pub max_categories: usize,
    /// Values a column needs in each table.
    pub min_rows: usize,
    /// Whether the column is to be read as classes even if it holds numbers.
    pub is_classes: bool,
}

/// One column of both tables.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Name of the column.
    pub name: String,
    /// Whether it is the target.
    pub is_target: bool,
    /// Whether it was compared as numbers.
    pub is_numeric: bool,
    /// Values in the reference and in the current table, missing ones not counted.
    pub n: (usize, usize),
    /// What was found; `None` with too few values.
    pub found: Option<Found>,
    /// How the missing rate changed; `None` if nothing is missing, or a table has no rows.
    pub missing: Option<MissingChange>,
}

/// What was found in the values.
#[derive(Debug, Clone)]
pub struct Found {
    /// The common bins.
    pub bins: Bins,
    /// Names of the bins.
    pub names: Vec<String>,
    /// All statistics.
    pub figures: Figures,
    /// Categories that only one table has.
    pub sides: Sides,
}

/// What became of a column.
#[derive(Debug, Clone)]
pub enum Compared {
    /// It was compared, or has too few values.
    Yes(Box<Comparison>),
    /// The tables hold different types; the reason as a sentence part.
    Unlike(String),
    /// It is not a column to compare; the reason as a sentence part.
    LeftOut(String),
}

/// Compares one column.
///
/// # Errors
/// If its memory does not hold together.
pub fn compare(
    reference: &Column<'_>,
    current: &Column<'_>,
    plan: Plan,
) -> Result<Compared, CheckError> {
    let has_order = matches!(reference.kind(), ColumnKind::Numeric | ColumnKind::Date);
    let is_numeric = has_order && reference.is_numeric() && !plan.is_classes;
    let mut comparison = Comparison {
        name: reference.name().to_owned(),
        is_target: false,
        is_numeric,
        n: (0, 0),
        found: None,
        missing: None,
    };
    if is_numeric {
        if !current.is_numeric() && current.n_missing() < current.len() {
            let reason = "numbers in the train table, text in the current table";
            return Ok(Compared::Unlike(reason.to_owned()));
        }
        let left = ascending(reference.numbers()?);
        let right = if current.is_numeric() {
            ascending(current.numbers()?)
        } else {
            Vec::new()
        };
        comparison.n = (left.len(), right.len());
        if left.len().min(right.len()) >= plan.min_rows.max(1) {
            comparison.found = Some(numbers(reference, &left, &right, plan.n_bins)?);
        }
    } else {
        let (left, right) = (categories_of(reference), categories_of(current));
        let is_text = reference.kind() == ColumnKind::Text && !plan.is_classes;
        if is_text && left.names.len().max(right.names.len()) > plan.max_categories {
            let reason = format!("free text of more than {} values", plan.max_categories);
            return Ok(Compared::LeftOut(reason));
        }
        let present = |codes: &[u32]| {
            let missing = interlock_plugin_api::MISSING;
            codes.iter().filter(|code| **code != missing).count()
        };
        comparison.n = (present(&left.codes), present(&right.codes));
        if comparison.n.0.min(comparison.n.1) >= plan.min_rows.max(1) {
            let (bins, sides) = category_bins(&left, &right, plan.max_categories);
            let figures = figures::binned(&bins.reference, &bins.current).map_err(failed)?;
            let names = match &bins.rule {
                Rule::Names { names, .. } => names.iter().map(|name| shortened(name)).collect(),
                Rule::Edges(_) => vec![OTHER.to_owned(); bins.len()],
            };
            comparison.found = Some(Found {
                bins,
                names,
                figures,
                sides,
            });
        }
    }
    let gone = |column: &Column<'_>, present: usize| {
        let n_rows = column.len();
        ((n_rows - present.min(n_rows)) as u64, n_rows as u64)
    };
    let left = gone(reference, comparison.n.0);
    let right = gone(current, comparison.n.1);
    if left.0 + right.0 > 0 {
        comparison.missing = missing_change(left, right).ok();
    }
    Ok(Compared::Yes(Box::new(comparison)))
}

fn failed(error: interlock_stats::StatsError) -> CheckError {
    CheckError::failed(format!("cannot {error}"))
}

fn numbers(
    column: &Column<'_>,
    left: &[f64],
    right: &[f64],
    n_bins: usize,
) -> Result<Found, CheckError> {
    let bins = quantile_bins(left, right, n_bins.max(2));
    let counts = (&*bins.reference, &*bins.current);
    let figures = figures::numeric(left, right, counts).map_err(failed)?;
    let edges = match &bins.rule {
        Rule::Edges(edges) => edges.as_slice(),
        Rule::Names { .. } => &[],
    };
    let names = if column.kind() == ColumnKind::Date {
        interval_names(edges, &dates(column, edges)?)
    } else {
        interval_names(edges, &texts(edges))
    };
    Ok(Found {
        bins,
        names,
        figures,
        sides: Sides::default(),
    })
}

/// Edges as the dates they are: each is a value of some row.
fn dates(column: &Column<'_>, edges: &[f64]) -> Result<Vec<String>, CheckError> {
    let values = column.numbers()?;
    let shown = |edge: &f64| {
        let row = values
            .iter()
            .position(|value| value >= edge && value.total_cmp(&edge.next_up()).is_le());
        row.and_then(|row| column.display(row))
            .unwrap_or_else(|| edge.to_string())
    };
    Ok(edges.iter().map(shown).collect())
}

/// Edges with four digits, or with all where four do not tell them apart.
fn texts(edges: &[f64]) -> Vec<String> {
    let short: Vec<String> = edges.iter().copied().map(four_digits).collect();
    if short.windows(2).all(|pair| pair[0] != pair[1]) {
        short
    } else {
        edges.iter().map(ToString::to_string).collect()
    }
}

/// A number with four significant digits, whole ones with all.
fn four_digits(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:.3e}");
    }
    let (mut decimals, mut scaled) = (0_usize, size);
    while size > 0.0 && scaled < 1000.0 {
        scaled *= 10.0;
        decimals += 1;
    }
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn interval_names(edges: &[f64], texts: &[String]) -> Vec<String> {
    let (Some(first), Some(last)) = (texts.first(), texts.last()) else {
        return vec!["all values".to_owned()];
    };
    if let [below, value] = edges
        && below.next_up() >= *value
    {
        return vec![format!("< {last}"), last.clone(), format!("> {last}")];
    }
    let mut names = vec![format!("≤ {first}")];
    names.extend(
        texts
            .windows(2)
            .map(|pair| format!("{}–{}", pair[0], pair[1])),
    );
    names.push(format!("> {last}"));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_named_by_their_edges() {
        let edges = [-1.5, 0.012_345_6, 3.0, 12_345.678];
        let names = interval_names(&edges, &texts(&edges));
        assert_eq!(
            names,
            ["≤ -1.5", "-1.5–0.01235", "0.01235–3", "3–12346", "> 12346"]
        );
        let close = [1000.1, 1000.2];
        assert_eq!(
            interval_names(&close, &texts(&close)),
            ["≤ 1000.1", "1000.1–1000.2", "> 1000.2"]
        );
        let constant = [5.0_f64.next_down(), 5.0];
        assert_eq!(
            interval_names(&constant, &texts(&constant)),
            ["< 5", "5", "> 5"]
        );
        assert_eq!(interval_names(&[], &[]), ["all values"]);
    }
}
