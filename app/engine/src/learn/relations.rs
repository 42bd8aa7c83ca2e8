//! Rules between columns that the training rows keep without exception.
//!
//! In: columns of numbers. Out: `a <= b`, `a = b` and `a + b = c`, each only where it would not hold by
//! chance: columns that have nothing to do with each other would have broken it often.

use std::collections::HashSet;

/// Rows with all values below which nothing is learned.
const MIN_ROWS: usize = 100;

/// Rows that would break `a <= b` if the columns were independent.
const MIN_EXPECTED: f64 = 20.0;

/// Rows in which both parts of a sum count, and different sums.
const MIN_SUMS: usize = 20;

/// Columns looked at; pairs and triples of more would take too long.
pub(super) const MAX_COLUMNS: usize = 60;

/// What rounding makes of decimals that add up.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// A column of numbers, NaN where missing.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
    /// Only columns of the same unit are compared: plain numbers, days, seconds.
    pub(super) unit: u8,
}

/// A relation as the project file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedRelation {
    /// `a <= b`
    pub rule: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
}

/// All relations, sums first. At most [`MAX_COLUMNS`] columns are looked at.
pub(super) fn learn(columns: &[Numbers]) -> Vec<LearnedRelation> {
    let columns = &columns[..columns.len().min(MAX_COLUMNS)];
    let sums = sums(columns);
    let mut orders = orders(columns);
    let holds: HashSet<(usize, usize)> = orders.iter().copied().collect();
    let is_implied = |a: usize, b: usize| {
        // A part is no more than its sum if the other part is never negative.
        let by_sum = sums.iter().any(|(x, y, sum)| {
            let other = if *x == a { *y } else { *x };
            *sum == b && (*x == a || *y == a) && is_never_negative(&columns[other])
        });
        let by_step = (0..columns.len()).any(|middle| {
            let is_new = |x: usize, y: usize| holds.contains(&(x, y)) && !holds.contains(&(y, x));
            is_new(a, middle) && is_new(middle, b)
        });
        by_sum || by_step
    };
    // Columns that are equal hold both ways: one line says so.
    orders.retain(|(a, b)| !(holds.contains(&(*b, *a)) && a > b));
    let name = |at: usize| columns[at].name.as_str();
    let mut relations: Vec<LearnedRelation> = sums
        .iter()
        .map(|(a, b, c)| written(&[name(*a), "+", name(*b), "=", name(*c)]))
        .collect();
    for (a, b) in &orders {
        let is_equal = holds.contains(&(*b, *a));
        if is_equal {
            relations.push(written(&[name(*a), "=", name(*b)]));
        } else if !is_implied(*a, *b) {
            relations.push(written(&[name(*a), "<=", name(*b)]));
        }
    }
    relations
}

fn is_never_negative(column: &Numbers) -> bool {
    column
        .values
        .iter()
        .all(|value| value.is_nan() || *value >= 0.0)
}

/// Names and signs in turn.
fn written(parts: &[&str]) -> LearnedRelation {
    let quoted = |name: &str| {
        let is_plain = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
            && name.chars().any(char::is_alphanumeric);
        match (is_plain, name.contains('\'')) {
            (true, _) => name.to_owned(),
            (false, false) => format!("'{name}'"),
            (false, true) => format!("\"{name}\""),
        }
    };
    let texts: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            if at % 2 == 0 {
                quoted(part)
            } else {
                (*part).to_owned()
            }
        })
        .collect();
    LearnedRelation {
        rule: texts.join(" "),
        columns: parts
            .iter()
            .step_by(2)
            .map(|name| (*name).to_owned())
            .collect(),
    }
}

/// Pairs `(a, b)` with `a <= b` in every row.
fn orders(columns: &[Numbers]) -> Vec<(usize, usize)> {
    let sorted: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let present = column
                .values
                .iter()
                .copied()
                .filter(|value| !value.is_nan());
            let mut present: Vec<f64> = present.collect();
            present.sort_by(f64::total_cmp);
            present
        })
        .collect();
    let mut found = Vec::new();
    for a in 0..columns.len() {
        for b in 0..columns.len() {
            let (left, right) = (&columns[a], &columns[b]);
            if a == b || left.unit != right.unit {
                continue;
            }
            let Some(n) = n_in_order(&left.values, &right.values) else {
                continue;
            };
            let expected = n as f64 * share_above(&sorted[a], &sorted[b]);
            if n >= MIN_ROWS && expected >= MIN_EXPECTED {
                found.push((a, b));
            }
        }
    }
    found
}

/// How many rows have both values, if none of them breaks `a <= b`.
fn n_in_order(a: &[f64], b: &[f64]) -> Option<usize> {
    let mut n = 0;
    for (a, b) in a.iter().zip(b) {
        if a > b {
            return None;
        }
        n += usize::from(!a.is_nan() && !b.is_nan());
    }
    Some(n)
}

/// The share of all pairs of values with the first above the second: what independence would give.
fn share_above(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut below, mut n_above) = (0, 0.0);
    for value in a {
        while below < b.len() && b[below] < *value {
            below += 1;
        }
        n_above += below as f64;
    }
    n_above / (a.len() as f64 * b.len() as f64)
}

/// Triples `(a, b, c)`, `a` before `b`, with `a + b = c` in every row.
fn sums(columns: &[Numbers]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let is_plain: Vec<usize> = (0..columns.len())
        .filter(|at| columns[*at].unit == 0)
        .collect();
    for (at, a) in is_plain.iter().copied().enumerate() {
        for b in is_plain[at + 1..].iter().copied() {
            for c in is_plain.iter().copied() {
                let parts = (columns[a].values.as_slice(), columns[b].values.as_slice());
                if c != a && c != b && is_sum(parts, &columns[c].values) {
                    found.push((a, b, c));
                }
            }
        }
    }
    found
}

fn is_sum((a, b): (&[f64], &[f64]), c: &[f64]) -> bool {
    let (mut n, mut n_both) = (0, 0);
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        if a.is_nan() || b.is_nan() || c.is_nan() {
            continue;
        }
        let size = a.abs().max(b.abs()).max(c.abs());
        let holds = (a + b - c).abs() <= ROUNDING * size;
        if !holds {
            return false;
        }
        n += 1;
        n_both += usize::from(a.abs() > 0.0 && b.abs() > 0.0);
    }
    let n_different = |values: &[f64]| {
        let present = values.iter().filter(|value| !value.is_nan());
        let bits: HashSet<u64> = present
            .map(|value| (value + 0.0).to_bits())
            .take(n)
            .collect();
        bits.len()
    };
    n >= MIN_ROWS
        && n_both >= MIN_SUMS
        && n_different(c) >= MIN_SUMS
        && n_different(a) > 2
        && n_different(b) > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, value: impl Fn(u32) -> f64) -> Numbers {
        Numbers {
            name: name.to_owned(),
            values: (0..200).map(value).collect(),
            unit: 0,
        }
    }

    /// Scattered in 0..100.
    fn scattered(row: u32, salt: u32) -> f64 {
        f64::from(
            (row.wrapping_mul(2_654_435_761)
                .wrapping_add(salt.wrapping_mul(40_503))
                >> 8)
                % 100,
        )
    }

    #[track_caller]
    fn check(columns: &[Numbers], rules: &[&str]) {
        let found = learn(columns);
        let found: Vec<&str> = found
            .iter()
            .map(|relation| relation.rule.as_str())
            .collect();
        assert_eq!(found, rules);
    }

    #[test]
    fn orders_and_sums_are_found_once() {
        let net = column("net", |row| scattered(row, 1));
        let tax = column("tax", |row| scattered(row, 2) + 0.1);
        let gross = column("gross sum", |row| {
            scattered(row, 1) + scattered(row, 2) + 0.1
        });
        let copy = column("it's", |row| scattered(row, 1));
        let other = column("other", |row| scattered(row, 3));
        check(&[net.clone(), other.clone()], &[]);
        check(
            &[net.clone(), tax, gross, other.clone()],
            &["net + tax = 'gross sum'"],
        );
        let later = column("later", |row| scattered(row, 1) + f64::from(row % 3));
        let last = column("last", |row| scattered(row, 1) + f64::from(row % 3) + 1.0);
        check(
            &[net.clone(), later, last, other],
            &["net <= later", "later <= last"],
        );
        check(&[net, copy], &["net = \"it's\""]);
    }

    #[test]
    fn what_holds_by_scale_alone_is_not_learned() {
        let small = column("small", |row| scattered(row, 1));
        let large = column("large", |row| 1000.0 + scattered(row, 2));
        check(&[small.clone(), large], &[]);
        let constant = column("constant", |_| 5.0);
        let shifted = column("shifted", |row| scattered(row, 1) + 5.0);
        check(
            &[small.clone(), constant, shifted.clone()],
            &["small <= shifted"],
        );
        let days = Numbers { unit: 1, ..shifted };
        check(&[small.clone(), days], &[]);
        let short: Vec<Numbers> = [small, column("later", |row| scattered(row, 1) + 1.0)]
            .into_iter()
            .map(|mut column| {
                column.values.truncate(90);
                column
            })
            .collect();
        check(&short, &[]);
    }

    #[test]
    fn missing_values_break_nothing() {
        let a = column("a", |row| {
            if row % 9 == 0 {
                f64::NAN
            } else {
                scattered(row, 1)
            }
        });
        let b = column("b", |row| scattered(row, 1) + 1.0);
        check(&[a, b], &["a <= b"]);
        check(&[column("a", |_| f64::NAN), column("b", |_| f64::NAN)], &[]);
        check(&[], &[]);
    }
}
