//! Rows of which some inputs come from elsewhere.
//!
//! In: rows to explain and background rows. Out: both over the same categories, and mixtures of one
//! row with every background row.

use std::collections::HashMap;

use interlock_plugin_api::{Feature, FeatureValues, Features, MISSING};

/// Both tables with one list of categories per input, so that codes mean the same.
#[must_use]
pub fn aligned(rows: &Features, background: &Features) -> (Features, Features) {
    let (mut left, mut right) = (rows.clone(), background.clone());
    for (left, right) in left.columns.iter_mut().zip(&mut right.columns) {
        if let (
            FeatureValues::Categorical { categories, .. },
            FeatureValues::Categorical {
                codes: other_codes,
                categories: other,
            },
        ) = (&mut left.values, &mut right.values)
        {
            let mut known: HashMap<String, u32> = categories.iter().cloned().zip(0..).collect();
            let position: Vec<u32> = other
                .iter()
                .map(|name| {
                    *known.entry(name.clone()).or_insert_with(|| {
                        categories.push(name.clone());
                        u32::try_from(categories.len() - 1).unwrap_or(MISSING)
                    })
                })
                .collect();
            for code in other_codes {
                *code = position.get(*code as usize).copied().unwrap_or(MISSING);
            }
            other.clone_from(categories);
        }
    }
    (left, right)
}

/// For each coalition the row mixed with every background row: inputs of the coalition come from
/// the row, the others from the background. `coalitions.len() * background.n_rows` rows, coalition
/// by coalition.
#[must_use]
pub fn mixtures(
    rows: &Features,
    row: usize,
    background: &Features,
    coalitions: &[Vec<bool>],
) -> Features {
    let n = coalitions.len() * background.n_rows;
    let columns = rows
        .columns
        .iter()
        .zip(&background.columns)
        .enumerate()
        .map(|(input, (own, other))| Feature {
            name: own.name.clone(),
            values: mixed(
                (&own.values, row),
                &other.values,
                coalitions.iter().map(|inside| inside[input]),
                n,
            ),
        })
        .collect();
    Features { n_rows: n, columns }
}

fn mixed(
    (own, row): (&FeatureValues, usize),
    other: &FeatureValues,
    is_own: impl Iterator<Item = bool>,
    n: usize,
) -> FeatureValues {
    match (own, other) {
        (FeatureValues::Numeric(own), FeatureValues::Numeric(other)) => {
            let mut values = Vec::with_capacity(n);
            for is_own in is_own {
                if is_own {
                    values.extend(std::iter::repeat_n(own[row], other.len()));
                } else {
                    values.extend_from_slice(other);
                }
            }
            FeatureValues::Numeric(values)
        }
        (
            FeatureValues::Categorical { codes, categories },
            FeatureValues::Categorical { codes: other, .. },
        ) => {
            let mut mixed = Vec::with_capacity(n);
            for is_own in is_own {
                if is_own {
                    mixed.extend(std::iter::repeat_n(codes[row], other.len()));
                } else {
                    mixed.extend_from_slice(other);
                }
            }
            FeatureValues::Categorical {
                codes: mixed,
                categories: categories.clone(),
            }
        }
        // Of another type in the background: the row's own value stands in every mixture.
        (own, other) => own.select(&vec![row; other.len() * is_own.count()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[&str]) -> Features {
        let mut categories: Vec<String> = Vec::new();
        let codes = values
            .iter()
            .map(|value| {
                let at = categories.iter().position(|known| known == value);
                let at = at.unwrap_or_else(|| {
                    categories.push((*value).to_owned());
                    categories.len() - 1
                });
                u32::try_from(at).unwrap()
            })
            .collect();
        Features {
            n_rows: values.len(),
            columns: vec![Feature {
                name: "town".to_owned(),
                values: FeatureValues::Categorical { codes, categories },
            }],
        }
    }

    #[test]
    fn codes_mean_the_same_in_both_tables() {
        let (rows, background) = aligned(&text(&["Ulm"]), &text(&["Jena", "Ulm"]));
        let names = |features: &Features| -> Vec<Option<String>> {
            (0..features.n_rows)
                .map(|row| features.columns[0].values.display(row))
                .collect()
        };
        assert_eq!(names(&rows), [Some("Ulm".to_owned())]);
        assert_eq!(
            names(&background),
            [Some("Jena".to_owned()), Some("Ulm".to_owned())]
        );
        let mixed = mixtures(&rows, 0, &background, &[vec![true], vec![false]]);
        let names: Vec<String> = names(&mixed).into_iter().flatten().collect();
        assert_eq!(names, ["Ulm", "Ulm", "Jena", "Ulm"]);
    }
}
