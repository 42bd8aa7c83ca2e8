//! Splits rows into groups by the values of one column.
//!
//! In: a code or a number per row. Out: [`Group`]s with their rows, in a stated order.
//!
//! Knows no table and no model. A missing value is a group of its own, never dropped.

use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::order::sorted;

/// Name of the group of rows whose value is missing.
pub const MISSING_NAME: &str = "(missing)";

/// A numeric column with at most this many distinct values is not binned: each is a group.
pub const MAX_DISTINCT: usize = 6;

/// Rows that share a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The value, or the range: `over 30 to 41`.
    pub name: String,
    /// Positions, ascending; never empty.
    pub rows: Vec<usize>,
}

/// Groups by code; `names[code]` names a group and any other code means missing. Largest group
/// first, equals by name, missing last.
pub fn by_code(codes: &[u32], names: &[String]) -> Vec<Group> {
    let mut groups = collect(codes.iter().map(|&code| code as usize), names);
    let is_missing = |group: &Group| group.name == MISSING_NAME;
    groups.sort_by(|a, b| {
        is_missing(a)
            .cmp(&is_missing(b))
            .then(b.rows.len().cmp(&a.rows.len()))
            .then_with(|| a.name.cmp(&b.name))
    });
    groups
}

/// Groups by ascending inner `edges`: bin `k` holds `edges[k−1] < x ≤ edges[k]`, the outer bins
/// are open. Lowest first, missing (NaN) last; empty bins are left out.
pub fn by_edges(values: &[f64], edges: &[f64]) -> Vec<Group> {
    let names = bin_names(edges);
    let bin = |value: &f64| {
        if value.is_nan() {
            usize::MAX
        } else {
            bin_of(edges, *value)
        }
    };
    collect(values.iter().map(bin), &names)
}

/// Groups by distinct value, lowest first, missing last; `None` if there are more than
/// [`MAX_DISTINCT`].
pub fn by_distinct(values: &[f64]) -> Option<Vec<Group>> {
    let mut distinct: Vec<f64> = Vec::new();
    for &value in values.iter().filter(|value| !value.is_nan()) {
        let at = distinct.partition_point(|&known| known < value);
        if distinct.get(at).is_none_or(|&known| known > value) {
            if distinct.len() == MAX_DISTINCT {
                return None;
            }
            distinct.insert(at, value);
        }
    }
    let names: Vec<String> = distinct.iter().map(ToString::to_string).collect();
    let code = |value: &f64| {
        if value.is_nan() {
            usize::MAX
        } else {
            distinct.partition_point(|known| known < value)
        }
    };
    Some(collect(values.iter().map(code), &names))
}

/// Edges that split `values` into quarters of about equal size; ties may leave fewer. Missing
/// values (NaN) are left out.
pub fn quarter_edges(values: &[f64]) -> Vec<f64> {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    quantile_edges(&sorted(&known), 4)
}

/// Reads `age = 25, 40, 60`: a column and its inner edges, which must ascend.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_edges(text: &str) -> Result<(String, Vec<f64>), String> {
    let (name, list) = text
        .split_once('=')
        .ok_or_else(|| format!("edges '{text}' are not of the form 'age = 25, 40'"))?;
    let edges = list
        .split(',')
        .map(|edge| edge.trim().parse::<f64>().ok().filter(|e| e.is_finite()))
        .collect::<Option<Vec<f64>>>()
        .ok_or_else(|| format!("edges '{text}' hold something that is no number"))?;
    if !edges.is_sorted_by(|a, b| a < b) {
        return Err(format!("edges '{text}' do not ascend"));
    }
    Ok((name.trim().to_owned(), edges))
}

/// Rows by code, in the order of `names`; codes beyond it are the missing group, last.
fn collect(codes: impl Iterator<Item = usize>, names: &[String]) -> Vec<Group> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); names.len() + 1];
    for (row, code) in codes.enumerate() {
        rows[code.min(names.len())].push(row);
    }
    let missing = MISSING_NAME.to_owned();
    names
        .iter()
        .chain(std::iter::once(&missing))
        .zip(rows)
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(name, rows)| Group {
            name: name.clone(),
            rows,
        })
        .collect()
}

fn bin_names(edges: &[f64]) -> Vec<String> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return vec!["any value".to_owned()];
    };
    let mut names = vec![format!("up to {first}")];
    for pair in edges.windows(2) {
        names.push(format!("over {} to {}", pair[0], pair[1]));
    }
    names.push(format!("over {last}"));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(groups: &[Group]) -> Vec<(&str, &[usize])> {
        groups
            .iter()
            .map(|group| (group.name.as_str(), group.rows.as_slice()))
            .collect()
    }

    #[test]
    fn a_missing_value_is_a_group_of_its_own() {
        let names = ["f".to_owned(), "m".to_owned()];
        let groups = by_code(&[1, 0, u32::MAX, 1, u32::MAX, u32::MAX], &names);
        assert_eq!(
            shape(&groups),
            [("m", &[0, 3][..]), ("f", &[1]), (MISSING_NAME, &[2, 4, 5])]
        );
    }

    #[test]
    fn an_edge_belongs_to_the_bin_below_it() {
        let groups = by_edges(&[25.0, 25.5, 61.0, f64::NAN, 18.0], &[25.0, 40.0, 60.0]);
        assert_eq!(
            shape(&groups),
            [
                ("up to 25", &[0, 4][..]),
                ("over 25 to 40", &[1]),
                ("over 60", &[2]),
                (MISSING_NAME, &[3])
            ]
        );
    }

    #[test]
    fn quarters_hold_a_quarter_each() {
        let values: Vec<f64> = (0..100).map(f64::from).chain([f64::NAN]).collect();
        // pandas: pd.qcut(range(100), 4).value_counts() gives 25 in each.
        let edges = quarter_edges(&values);
        let sizes: Vec<usize> = by_edges(&values, &edges)
            .iter()
            .map(|group| group.rows.len())
            .collect();
        assert_eq!(sizes, [25, 25, 25, 25, 1]);
    }

    #[test]
    fn few_numbers_stay_as_they_are() {
        let groups = by_distinct(&[1.0, 0.0, 1.0, f64::NAN]).unwrap();
        assert_eq!(
            shape(&groups),
            [("0", &[1][..]), ("1", &[0, 2]), (MISSING_NAME, &[3])]
        );
        let many: Vec<f64> = (0..=MAX_DISTINCT).map(|value| value as f64).collect();
        assert_eq!(by_distinct(&many), None);
    }

    #[test]
    fn a_constant_column_is_one_group() {
        assert_eq!(quarter_edges(&[3.0; 9]), Vec::<f64>::new());
        assert_eq!(by_edges(&[3.0; 9], &[]).len(), 1);
        assert_eq!(by_edges(&[f64::NAN; 2], &[1.0])[0].name, MISSING_NAME);
    }

    #[test]
    fn edges_are_read_or_refused() {
        assert_eq!(
            parse_edges("age = 25, 40"),
            Ok(("age".to_owned(), vec![25.0, 40.0]))
        );
        for wrong in ["age", "age = ", "age = 40, 25", "age = x", "age = inf"] {
            assert!(parse_edges(wrong).is_err(), "{wrong}");
        }
    }
}
