//! Sorts both tables' values of one column into the same bins.
//!
//! In: numbers in ascending order, or categories with codes. Out: [`Bins`] with counts on both
//! sides, and the bin of each row for those who ask.
//!
//! Bins come from the reference (quantiles) or from both tables (categories). Missing values are
//! in no bin.

use std::collections::HashMap;

use interlock_plugin_api::{Categories, CheckError, Column};
use interlock_stats::distance::{bin_of, quantile_edges};

/// Name of the bin that holds categories beyond the limit.
pub const OTHER: &str = "(other)";

/// Common bins of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// How a value finds its bin.
    pub rule: Rule,
    /// Reference rows per bin.
    pub reference: Vec<u64>,
    /// Current rows per bin.
    pub current: Vec<u64>,
}

/// How a value finds its bin.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Inner edges, ascending: bin `k` holds `edges[k−1] < x ≤ edges[k]`.
    Edges(Vec<f64>),
    /// Categories by name; several may share the last bin.
    Names {
        /// Names of the bins.
        names: Vec<String>,
        /// The bin of each category.
        bin_of: HashMap<String, usize>,
    },
}

/// What only one of the tables has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// Categories only the current table has, most frequent first.
    pub new: Vec<OneSided>,
    /// Categories only the reference has, most frequent first.
    pub vanished: Vec<OneSided>,
    /// Share of current rows in new categories that the reference itself lets expect: the share of
    /// its rows whose category it holds once (Good, "The population frequencies of species", 1953).
    pub expected_new: f64,
}

/// A category only one of the tables has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSided {
    /// Its name.
    pub name: String,
    /// How many rows it has there.
    pub n: u64,
}

/// Quantile bins of the reference, at most `n_bins`; both samples in ascending order without NaN.
///
/// A constant reference has three bins: below, equal, above.
pub fn quantile_bins(reference: &[f64], current: &[f64], n_bins: usize) -> Bins {
    let mut edges = quantile_edges(reference, n_bins);
    if let (Some(first), Some(last)) = (reference.first(), reference.last())
        && first >= last
    {
        edges = vec![first.next_down(), *first];
    }
    Bins {
        reference: counts(reference, &edges),
        current: counts(current, &edges),
        rule: Rule::Edges(edges),
    }
}

fn counts(ascending: &[f64], edges: &[f64]) -> Vec<u64> {
    let mut before = 0;
    let mut counts = Vec::with_capacity(edges.len() + 1);
    for edge in edges {
        let upto = ascending.partition_point(|value| value <= edge);
        counts.push((upto - before) as u64);
        before = upto;
    }
    counts.push((ascending.len() - before) as u64);
    counts
}

/// One bin per category, the most frequent first; beyond `max_bins` the rarest share one. Also the
/// categories that only the current table has, and those that only the reference has.
pub fn category_bins(
    reference: &Categories,
    current: &Categories,
    max_bins: usize,
) -> (Bins, Sides) {
    let mut all: HashMap<&str, (u64, u64)> = HashMap::new();
    let (r, c) = (per_code(reference), per_code(current));
    for (name, n) in reference.names.iter().zip(&r) {
        all.entry(name).or_default().0 += n;
    }
    for (name, n) in current.names.iter().zip(&c) {
        all.entry(name).or_default().1 += n;
    }
    let (n, m) = (sum(&r).max(1) as f64, sum(&c).max(1) as f64);
    let share = |(a, b): (u64, u64)| (a as f64 / n).max(b as f64 / m);
    let mut order: Vec<(&str, (u64, u64))> = all.into_iter().collect();
    order.retain(|(_, (a, b))| a + b > 0);
    order.sort_by(|x, y| share(y.1).total_cmp(&share(x.1)).then(x.0.cmp(y.0)));
    let one_sided = |pick: fn((u64, u64)) -> Option<u64>| -> Vec<OneSided> {
        let found = order.iter().filter_map(|(name, n)| {
            let name = (*name).to_owned();
            pick(*n).map(|n| OneSided { name, n })
        });
        found.collect()
    };
    let new = one_sided(|(a, b)| (a == 0).then_some(b));
    let vanished = one_sided(|(a, b)| (b == 0).then_some(a));
    let singles = r.iter().filter(|&&n| n == 1).count();
    let sides = Sides {
        new,
        vanished,
        expected_new: singles as f64 / n,
    };
    let n_own = if order.len() > max_bins {
        max_bins.saturating_sub(1)
    } else {
        order.len()
    };
    let n_bins = n_own + usize::from(order.len() > n_own);
    let (mut names, mut bin_of) = (Vec::new(), HashMap::new());
    let (mut left, mut right) = (vec![0; n_bins], vec![0; n_bins]);
    for (at, (name, (a, b))) in order.into_iter().enumerate() {
        let bin = at.min(n_own);
        if at <= n_own {
            let shown = if at < n_own { name } else { OTHER };
            names.push(shown.to_owned());
        }
        left[bin] += a;
        right[bin] += b;
        bin_of.insert(name.to_owned(), bin);
    }
    let bins = Bins {
        rule: Rule::Names { names, bin_of },
        reference: left,
        current: right,
    };
    (bins, sides)
}

fn per_code(categories: &Categories) -> Vec<u64> {
    let mut counts = vec![0; categories.names.len()];
    for &code in &categories.codes {
        if let Some(count) = counts.get_mut(code as usize) {
            *count += 1;
        }
    }
    counts
}

fn sum(counts: &[u64]) -> u64 {
    counts.iter().sum()
}

/// A column as categories; truth values by name.
pub fn categories_of(column: &Column<'_>) -> Categories {
    let Ok(values) = column.booleans() else {
        return column.categories();
    };
    let code = |value: Option<bool>| value.map_or(interlock_plugin_api::MISSING, u32::from);
    Categories {
        codes: values.into_iter().map(code).collect(),
        names: vec!["false".to_owned(), "true".to_owned()],
    }
}

impl Bins {
    /// How many bins there are.
    pub fn len(&self) -> usize {
        self.reference.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.reference.is_empty()
    }

    /// The bin of each row of a column of the same kind; `None` where missing.
    ///
    /// # Errors
    /// If the bins have edges and the column is text.
    pub fn of_rows(&self, column: &Column<'_>) -> Result<Vec<Option<usize>>, CheckError> {
        Ok(match &self.rule {
            Rule::Edges(edges) => {
                let of = |value: f64| (!value.is_nan()).then(|| bin_of(edges, value));
                column.numbers()?.into_iter().map(of).collect()
            }
            Rule::Names { bin_of, .. } => {
                let Categories { codes, names } = categories_of(column);
                let bins: Vec<Option<usize>> =
                    names.iter().map(|name| bin_of.get(name).copied()).collect();
                let of = |code: u32| bins.get(code as usize).copied().flatten();
                codes.into_iter().map(of).collect()
            }
        })
    }

    /// The bins whose share grew most, until they make up half of all growth; ascending.
    pub fn grown(&self) -> Vec<usize> {
        let (n, m) = (sum(&self.reference), sum(&self.current));
        if n == 0 || m == 0 {
            return Vec::new();
        }
        let pairs = self.reference.iter().zip(&self.current);
        let mut growth: Vec<(usize, f64)> = pairs
            .map(|(&r, &c)| c as f64 / m as f64 - r as f64 / n as f64)
            .enumerate()
            .filter(|(_, growth)| *growth > 0.0)
            .collect();
        growth.sort_by(|a, b| b.1.total_cmp(&a.1));
        let half = 0.5 * growth.iter().map(|(_, growth)| growth).sum::<f64>();
        let (mut kept, mut reached) = (Vec::new(), 0.0);
        for (bin, growth) in growth {
            if reached >= half {
                break;
            }
            reached += growth;
            kept.push(bin);
        }
        kept.sort_unstable();
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(codes: &[u32], names: &[&str]) -> Categories {
        Categories {
            codes: codes.to_vec(),
            names: names.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn counts_over_edges_are_those_of_bin_of() {
        let values = [1.0, 1.0, 2.0, 3.0, 3.0, 8.0, 9.0];
        let bins = quantile_bins(&values, &[0.0, 3.0, 100.0], 3);
        let Rule::Edges(edges) = &bins.rule else {
            panic!("numbers have edges")
        };
        let mut by_hand = vec![0; bins.len()];
        for value in values {
            by_hand[bin_of(edges, value)] += 1;
        }
        assert_eq!(bins.reference, by_hand);
        assert_eq!(bins.current.iter().sum::<u64>(), 3);
    }

    #[test]
    fn a_constant_reference_tells_below_equal_and_above() {
        let bins = quantile_bins(&[5.0; 4], &[4.0, 5.0, 6.0, 6.0], 10);
        assert_eq!(bins.reference, [0, 4, 0]);
        assert_eq!(bins.current, [1, 1, 2]);
        assert_eq!(bins.grown(), [2]);
    }

    #[test]
    fn categories_beyond_the_limit_share_a_bin() {
        let reference = categories(&[0, 0, 0, 1, 1, 2, u32::MAX], &["a", "b", "c"]);
        let current = categories(&[0, 0, 1, 1, 1], &["d", "a"]);
        let (bins, sides) = category_bins(&reference, &current, 2);
        let Rule::Names { names, .. } = &bins.rule else {
            panic!("categories have names")
        };
        assert_eq!(names, &["a", OTHER]);
        assert_eq!((bins.reference, bins.current), (vec![3, 3], vec![3, 2]));
        assert_eq!((sides.new[0].name.as_str(), sides.new[0].n), ("d", 2));
        let gone: Vec<&str> = sides.vanished.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(gone, ["b", "c"]);
        assert!((sides.expected_new - 1.0 / 6.0).abs() < 1e-15);
    }
}
