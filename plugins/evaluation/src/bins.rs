//! Inputs cut into few bins: numbers at quantiles, categories as they are, missing by itself.
//!
//! In: the inputs of one or two tables. Out: a bin per row and what each bin stands for.

use std::collections::HashMap;

use interlock_plugin_api::{FeatureValues, MISSING};
use interlock_stats::distance::{bin_of, quantile_edges};
use interlock_stats::order::sorted;

/// What the bins of one input stand for.
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// Bin `b` holds numbers above `edges[b − 1]` up to `edges[b]`, both as `<=` says.
    Numbers {
        /// Inner edges, ascending, different.
        edges: Vec<f64>,
    },
    /// The most frequent categories, then all others.
    Categories {
        /// Names, most frequent first.
        names: Vec<String>,
    },
}

impl Bins {
    /// Bins of an input, at most `max_bins` beside the one for missing.
    pub fn of(values: &FeatureValues, max_bins: usize) -> Self {
        match values {
            FeatureValues::Numeric(values) => {
                let mut edges = quantile_edges(&sorted(values), max_bins);
                edges.retain(|edge| edge.is_finite());
                Self::Numbers { edges }
            }
            FeatureValues::Categorical { codes, categories } => {
                let mut counts = vec![0_usize; categories.len()];
                for code in codes {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                let mut order: Vec<usize> =
                    (0..categories.len()).filter(|&at| counts[at] > 0).collect();
                order.sort_by(|&a, &b| {
                    let by_count = counts[b].cmp(&counts[a]);
                    by_count.then_with(|| categories[a].cmp(&categories[b]))
                });
                if order.len() > max_bins {
                    order.truncate(max_bins.saturating_sub(1));
                }
                Self::Categories {
                    names: order.iter().map(|&at| categories[at].clone()).collect(),
                }
            }
        }
    }

    /// Bins without missing; other categories are the last of them.
    pub fn n_present(&self) -> usize {
        match self {
            Self::Numbers { edges } => edges.len() + 1,
            Self::Categories { names } => names.len() + 1,
        }
    }

    /// The bin of missing values, which comes last.
    pub fn missing(&self) -> usize {
        self.n_present()
    }

    /// A bin per row. An input that is of another kind here is missing throughout.
    pub fn place(&self, values: &FeatureValues) -> Vec<usize> {
        let missing = self.missing();
        match (self, values) {
            (Self::Numbers { edges }, FeatureValues::Numeric(values)) => values
                .iter()
                .map(|value| {
                    if value.is_nan() {
                        missing
                    } else {
                        bin_of(edges, *value)
                    }
                })
                .collect(),
            (Self::Categories { names }, FeatureValues::Categorical { codes, categories }) => {
                let by_name: HashMap<&str, usize> = names
                    .iter()
                    .enumerate()
                    .map(|(at, name)| (name.as_str(), at))
                    .collect();
                let bins: Vec<usize> = categories
                    .iter()
                    .map(|name| by_name.get(name.as_str()).copied().unwrap_or(names.len()))
                    .collect();
                codes
                    .iter()
                    .map(|&code| match bins.get(code as usize) {
                        Some(&bin) if code != MISSING => bin,
                        Some(_) | None => missing,
                    })
                    .collect()
            }
            (Self::Numbers { .. }, FeatureValues::Categorical { codes, .. }) => {
                vec![missing; codes.len()]
            }
            (Self::Categories { .. }, FeatureValues::Numeric(values)) => {
                vec![missing; values.len()]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_at_quantiles_and_missing_stands_alone() {
        let values = FeatureValues::Numeric(vec![1.0, 2.0, f64::NAN, 3.0, 4.0, f64::INFINITY]);
        let bins = Bins::of(&values, 2);
        let places = bins.place(&values);
        assert_eq!(places[2], bins.missing());
        assert!(
            places[0] == 0 && places[4] == 1 && places[5] == 1,
            "{places:?}"
        );
        let constant = Bins::of(&FeatureValues::Numeric(vec![7.0; 5]), 10);
        assert_eq!(constant.n_present(), 1);
        assert_eq!(
            Bins::of(&FeatureValues::Numeric(vec![f64::NAN]), 10).n_present(),
            1
        );
    }

    #[test]
    fn rare_and_unknown_categories_share_a_bin() {
        let categories = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let train = FeatureValues::Categorical {
            codes: vec![0, 0, 1, 1, 2, MISSING],
            categories: categories(&["a", "b", "c"]),
        };
        let bins = Bins::of(&train, 2);
        let test = FeatureValues::Categorical {
            codes: vec![0, 1, MISSING],
            categories: categories(&["z", "a"]),
        };
        assert_eq!(bins.place(&test), vec![1, 0, bins.missing()]);
    }
}
