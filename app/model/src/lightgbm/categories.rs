//! Which inputs are categories, and which texts they were in training.
//!
//! In: what the file says of each input's values, and what stands after its trees: the parameters and
//! the category lists of the Python package. Out: a [`FeatureKind`] per input.
//!
//! The file holds one list per column that was categorical in the table, in the table's order, and
//! does not say which inputs these are. They are the inputs trained as categories if there are as
//! many; else (an ordered categorical is trained as a number) the lists are given to inputs whose
//! values they allow, and only if there is one way to do so.

use super::text::{Lines, real, whole};
use crate::FeatureKind;

/// What stands after the trees.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    /// Positions of inputs trained as categories, where the parameters name them.
    declared: Vec<usize>,
    /// The category lists, as text.
    lists: Vec<Vec<String>>,
}

impl Tail {
    /// Reads to the end of the file.
    ///
    /// # Errors
    /// If the category lists are no lists.
    pub(super) fn read(lines: &mut Lines<'_>) -> Result<Self, String> {
        const DECLARED: &[u8] = b"[categorical_feature: ";
        const LISTS: &[u8] = b"pandas_categorical:";
        let mut tail = Self::default();
        for line in lines {
            if let Some(rest) = line.strip_prefix(DECLARED) {
                let rest = rest.strip_suffix(b"]").unwrap_or(rest);
                let positions = rest.split(|byte| *byte == b',').filter_map(whole);
                tail.declared = positions
                    .filter_map(|position| usize::try_from(position).ok())
                    .collect();
            } else if let Some(json) = line.strip_prefix(LISTS) {
                let lists: Option<Vec<Vec<serde_json::Value>>> = serde_json::from_slice(json)
                    .map_err(|error| format!("'pandas_categorical' is no list: {error}"))?;
                let texts = |list: Vec<serde_json::Value>| list.iter().map(text).collect();
                tail.lists = lists.unwrap_or_default().into_iter().map(texts).collect();
            }
        }
        Ok(tail)
    }

    /// What each input takes; `infos` is empty if the file does not say.
    pub(super) fn kinds(&self, infos: &[&[u8]], n_features: usize) -> Vec<FeatureKind> {
        let mut values: Vec<Values> = (0..n_features)
            .map(|idx| {
                infos
                    .get(idx)
                    .map_or(Values::Unknown, |info| Values::read(info))
            })
            .collect();
        for declared in &self.declared {
            if let Some(values @ Values::Unknown) = values.get_mut(*declared) {
                *values = Values::Categories { greatest: -1.0 };
            }
        }
        let mut kinds: Vec<FeatureKind> = values.iter().map(Values::kind).collect();
        if let Some(places) = self.places(&values) {
            for (place, list) in places.iter().zip(&self.lists) {
                kinds[*place] = FeatureKind::Categorical {
                    categories: list.clone(),
                };
            }
        }
        kinds
    }

    /// The input of each list, if there is no doubt.
    fn places(&self, values: &[Values]) -> Option<Vec<usize>> {
        let of_kind = |keep: fn(&Values) -> bool| -> Vec<usize> {
            (0..values.len())
                .filter(|idx| keep(&values[*idx]))
                .collect()
        };
        let categorical = of_kind(|values| matches!(values, Values::Categories { .. }));
        let fits = |places: &[usize]| {
            places.len() == self.lists.len()
                && places
                    .iter()
                    .zip(&self.lists)
                    .all(|(place, list)| values[*place].allow(list.len()))
        };
        if fits(&categorical) {
            return Some(categorical);
        }
        // The lists keep the order of the inputs: the earliest and the latest way to place them agree
        // if and only if there is one way.
        let mut earliest = Vec::new();
        let mut next = 0;
        for list in &self.lists {
            let found = (next..values.len()).find(|idx| values[*idx].allow(list.len()))?;
            earliest.push(found);
            next = found + 1;
        }
        let mut latest = Vec::new();
        let mut end = values.len();
        for list in self.lists.iter().rev() {
            let found = (0..end).rev().find(|idx| values[*idx].allow(list.len()))?;
            latest.push(found);
            end = found;
        }
        latest.reverse();
        (earliest == latest).then_some(earliest)
    }
}

/// A category as text, as Python writes it.
fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => "True".to_owned(),
        serde_json::Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// What the file says of an input's values in training.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Values {
    /// Nothing, or that they were all alike.
    Unknown,
    /// Numbers within these ends.
    Numbers { least: f64, greatest: f64 },
    /// Categories up to this one.
    Categories { greatest: f64 },
}

impl Values {
    /// From `none`, `[least:greatest]` or `category:category:…`.
    fn read<'a>(info: &'a [u8]) -> Self {
        let within = info
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        let parts = |text: &'a [u8]| text.split(|byte| *byte == b':').map(real);
        if let Some(within) = within {
            let mut ends = parts(within);
            return match (ends.next(), ends.next()) {
                (Some(Some(least)), Some(Some(greatest))) => Self::Numbers { least, greatest },
                _ => Self::Unknown,
            };
        }
        parts(info)
            .collect::<Option<Vec<f64>>>()
            .filter(|categories| !categories.is_empty())
            .map_or(Self::Unknown, |categories| Self::Categories {
                greatest: categories.into_iter().fold(-1.0, f64::max),
            })
    }

    fn kind(&self) -> FeatureKind {
        match self {
            Self::Unknown => FeatureKind::Unknown,
            Self::Numbers { .. } => FeatureKind::Numeric,
            Self::Categories { .. } => FeatureKind::Categorical {
                categories: Vec::new(),
            },
        }
    }

    /// Whether positions in a list of this length can be such values.
    fn allow(&self, length: usize) -> bool {
        let length = length as f64;
        match *self {
            Self::Unknown => true,
            Self::Numbers { least, greatest } => {
                least >= 0.0 && greatest < length && least.fract() == 0.0 && greatest.fract() == 0.0
            }
            Self::Categories { greatest } => greatest < length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(infos: &str, tail: &str) -> Vec<Option<Vec<String>>> {
        let infos: Vec<&[u8]> = infos.split(' ').map(str::as_bytes).collect();
        let tail = Tail::read(&mut Lines::new(tail.as_bytes())).unwrap();
        let list = |kind| match kind {
            FeatureKind::Categorical { categories } => Some(categories),
            FeatureKind::Unknown | FeatureKind::Numeric | FeatureKind::Text => None,
        };
        tail.kinds(&infos, infos.len())
            .into_iter()
            .map(list)
            .collect()
    }

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn lists_go_to_the_inputs_trained_as_categories() {
        assert_eq!(
            kinds(
                "[-1.5:2] -1:2:0:1 none",
                "[categorical_feature: 1,2]\npandas_categorical:[[\"a\", 1, 2.5], [false, true]]"
            ),
            [
                None,
                Some(list(&["a", "1", "2.5"])),
                Some(list(&["False", "True"]))
            ]
        );
    }

    #[test]
    fn a_list_of_a_number_goes_to_the_only_number_it_allows() {
        assert_eq!(
            kinds(
                "[-1.5:2] 1:0 [0:1] [0:2]",
                "pandas_categorical:[[\"a\", \"b\"], [\"lo\", \"hi\"]]"
            ),
            [
                None,
                Some(list(&["a", "b"])),
                Some(list(&["lo", "hi"])),
                None
            ]
        );
    }

    #[test]
    fn a_number_a_list_would_allow_does_not_disturb() {
        assert_eq!(
            kinds("[0:1] 1:0 [0:1]", "pandas_categorical:[[\"lo\", \"hi\"]]"),
            [None, Some(list(&["lo", "hi"])), None]
        );
    }

    #[test]
    fn lists_that_fit_several_ways_are_not_guessed() {
        assert_eq!(
            kinds("[0:1] [0:1]", "pandas_categorical:[[\"lo\", \"hi\"]]"),
            [None, None]
        );
    }

    #[test]
    fn no_lists_are_no_trouble() {
        assert_eq!(
            kinds("1:0 [0:1]", "pandas_categorical:null"),
            [Some(list(&[])), None]
        );
        let tail = Tail::read(&mut Lines::new(b"pandas_categorical:[1"));
        assert!(
            tail.unwrap_err()
                .contains("'pandas_categorical' is no list")
        );
    }
}
