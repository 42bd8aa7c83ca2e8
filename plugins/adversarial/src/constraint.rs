//! How each input of the model may change, and what it may not become.
//!
//! In: the values of an input and what the project file says of its column. Out: a [`Freedom`]
//! that puts any wanted value back among the possible ones.
//!
//! A missing value stays missing.

use interlock_plugin_api::{ColumnFacts, ColumnKind, Feature, FeatureValues, Features, MISSING};
use interlock_stats::moments::standard_deviation;

/// How one input may change.
#[derive(Debug, Clone, PartialEq)]
pub enum Freedom {
    /// Not at all, for the reason given.
    Fixed(&'static str),
    /// Along the number line.
    Number(Line),
    /// From one listed number to another: truth values.
    Choice(Vec<f64>),
    /// From one category to another, by code.
    Category(Vec<u32>),
}

/// The numbers an input may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Standard deviation in the reference rows; above 0. The unit of every distance.
    pub std: f64,
    /// Whether only whole numbers occur, so that only they are possible.
    pub is_integer: bool,
    /// Least possible value.
    pub min: f64,
    /// Greatest possible value.
    pub max: f64,
    /// The only possible values, ascending; empty means any.
    pub allowed: Vec<f64>,
}

impl Line {
    /// The possible value nearest to `wanted`; `original` itself if it is missing or nothing
    /// better is possible.
    pub fn place(&self, original: f64, wanted: f64) -> f64 {
        if original.is_nan() || !wanted.is_finite() {
            return original;
        }
        if !self.allowed.is_empty() {
            let above = self.allowed.partition_point(|&value| value < wanted);
            let next = self.allowed.get(above).copied();
            let before = above.checked_sub(1).map(|at| self.allowed[at]);
            return match (before, next) {
                (Some(low), Some(high)) if wanted - low <= high - wanted => low,
                (_, Some(high)) => high,
                (Some(low), None) => low,
                (None, None) => original,
            };
        }
        let (mut min, mut max) = (self.min, self.max);
        let mut value = wanted;
        if self.is_integer {
            value = value.round();
            min = min.ceil();
            max = max.floor();
        }
        // A value that already lies outside stays where it is rather than jump to the limit.
        value.max(min.min(original)).min(max.max(original))
    }
}

/// How each input may change. `reference` holds the rows the scale is taken from, usually train,
/// with the same columns as `features`; `facts` knows a column by name.
pub fn freedoms<'f>(
    features: &Features,
    reference: &Features,
    facts: impl Fn(&str) -> Option<&'f ColumnFacts>,
) -> Vec<Freedom> {
    features
        .columns
        .iter()
        .zip(&reference.columns)
        .map(|(feature, known)| freedom(feature, known, facts(&feature.name)))
        .collect()
}

fn freedom(feature: &Feature, known: &Feature, facts: Option<&ColumnFacts>) -> Freedom {
    if facts.is_some_and(|facts| facts.is_immutable) {
        return Freedom::Fixed("immutable");
    }
    let allowed = facts.map_or(&[][..], |facts| facts.allowed.as_slice());
    match (&feature.values, &known.values) {
        (FeatureValues::Categorical { categories, codes }, _) => {
            category(categories, codes, allowed)
        }
        (FeatureValues::Numeric(_), FeatureValues::Numeric(known)) => {
            if facts.is_some_and(|facts| facts.kind == ColumnKind::Boolean) {
                return Freedom::Choice(vec![0.0, 1.0]);
            }
            number(known, facts)
        }
        (FeatureValues::Numeric(_), FeatureValues::Categorical { .. }) => {
            Freedom::Fixed("of another type in the reference rows")
        }
    }
}

fn category(categories: &[String], codes: &[u32], allowed: &[String]) -> Freedom {
    let is_possible = |code: &u32| {
        let name = &categories[*code as usize];
        allowed.is_empty() || allowed.contains(name)
    };
    let mut occurs = vec![false; categories.len()];
    for &code in codes.iter().filter(|&&code| code != MISSING) {
        if let Some(occurs) = occurs.get_mut(code as usize) {
            *occurs = true;
        }
    }
    let options: Vec<u32> = (0..u32::try_from(categories.len()).unwrap_or(0))
        .filter(|&code| occurs[code as usize])
        .filter(is_possible)
        .collect();
    if options.len() < 2 {
        Freedom::Fixed("one value only")
    } else {
        Freedom::Category(options)
    }
}

fn number(known: &[f64], facts: Option<&ColumnFacts>) -> Freedom {
    let finite: Vec<f64> = known.iter().copied().filter(|v| v.is_finite()).collect();
    let Some(std) = standard_deviation(&finite).filter(|std| *std > 0.0) else {
        return Freedom::Fixed("one value only");
    };
    let mut allowed: Vec<f64> = facts
        .map_or(&[][..], |facts| facts.allowed.as_slice())
        .iter()
        .filter_map(|value| value.trim().parse().ok())
        .filter(|value: &f64| value.is_finite())
        .collect();
    allowed.sort_by(f64::total_cmp);
    Freedom::Number(Line {
        std,
        is_integer: finite.iter().all(|value| value.fract() == 0.0),
        min: facts.and_then(|f| f.min).unwrap_or(f64::NEG_INFINITY),
        max: facts.and_then(|f| f.max).unwrap_or(f64::INFINITY),
        allowed,
    })
}

/// What was respected, for the notes: which columns stay as they are and which are bounded.
pub fn describe(features: &Features, freedoms: &[Freedom]) -> Vec<String> {
    let names = |wanted: &dyn Fn(&Freedom) -> bool| {
        let names: Vec<&str> = features
            .columns
            .iter()
            .zip(freedoms)
            .filter(|(_, freedom)| wanted(freedom))
            .map(|(feature, _)| feature.name.as_str())
            .collect();
        names.join(", ")
    };
    let line = |test: fn(&Line) -> bool| move |freedom: &Freedom| matches!(freedom, Freedom::Number(line) if test(line));
    let mut notes = Vec::new();
    for (what, columns) in [
        (
            "Left as they are (immutable)",
            names(&|f| *f == Freedom::Fixed("immutable")),
        ),
        (
            "Left as they are (one value only)",
            names(&|f| matches!(f, Freedom::Fixed(why) if *why != "immutable")),
        ),
        ("Kept whole", names(&line(|line| line.is_integer))),
        (
            "Kept within the limits of the project file",
            names(&line(|line| line.min.is_finite() || line.max.is_finite())),
        ),
        (
            "Kept among the allowed values",
            names(&line(|line| !line.allowed.is_empty())),
        ),
    ] {
        if !columns.is_empty() {
            notes.push(format!("{what}: {columns}."));
        }
    }
    notes
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values are put on exact places")]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            std: 2.0,
            is_integer: false,
            min: 0.0,
            max: 10.0,
            allowed: Vec::new(),
        }
    }

    #[test]
    fn limits_hold_and_outliers_stay() {
        assert_eq!(line().place(5.0, -3.0), 0.0);
        assert_eq!(line().place(5.0, 12.0), 10.0);
        assert_eq!(line().place(5.0, 6.25), 6.25);
        // 15 was there before: it may move inward, not outward.
        assert_eq!(line().place(15.0, 17.0), 15.0);
        assert_eq!(line().place(15.0, 9.0), 9.0);
        assert!(line().place(f64::NAN, 3.0).is_nan());
        assert_eq!(line().place(5.0, f64::INFINITY), 5.0);
    }

    #[test]
    fn whole_numbers_stay_whole_within_limits() {
        let whole = Line {
            is_integer: true,
            min: 0.5,
            max: 9.5,
            ..line()
        };
        assert_eq!(whole.place(5.0, 5.4), 5.0);
        assert_eq!(whole.place(5.0, 5.6), 6.0);
        assert_eq!(whole.place(5.0, 0.1), 1.0);
        assert_eq!(whole.place(5.0, 99.0), 9.0);
    }

    #[test]
    fn only_allowed_values_are_taken() {
        let some = Line {
            allowed: vec![1.0, 2.0, 8.0],
            ..line()
        };
        assert_eq!(some.place(1.0, 1.4), 1.0);
        assert_eq!(some.place(1.0, 1.6), 2.0);
        assert_eq!(some.place(1.0, 99.0), 8.0);
        assert_eq!(some.place(1.0, -99.0), 1.0);
    }

    fn features(values: FeatureValues) -> Features {
        Features {
            n_rows: values.len(),
            columns: vec![Feature {
                name: "x".to_owned(),
                values,
            }],
        }
    }

    fn facts(change: impl FnOnce(&mut ColumnFacts)) -> ColumnFacts {
        let mut facts = ColumnFacts {
            name: "x".to_owned(),
            kind: ColumnKind::Numeric,
            is_sensitive: false,
            is_immutable: false,
            min: None,
            max: None,
            unit: String::new(),
            monotone: None,
            allowed: Vec::new(),
        };
        change(&mut facts);
        facts
    }

    #[test]
    fn freedom_follows_the_project_file() {
        let numbers = features(FeatureValues::Numeric(vec![1.0, 2.0, f64::NAN, 6.0]));
        let of = |facts: &ColumnFacts, features: &Features| {
            freedoms(features, features, |_| Some(facts)).remove(0)
        };
        assert_eq!(
            of(&facts(|f| f.is_immutable = true), &numbers),
            Freedom::Fixed("immutable")
        );
        let Freedom::Number(line) = of(&facts(|f| f.min = Some(1.0)), &numbers) else {
            panic!("a number can change")
        };
        // numpy.std([1, 2, 6], ddof=1) = 2.6457513110645907
        assert!((line.std - 2.645_751_311_064_590_7).abs() < 1e-12);
        assert!(line.is_integer && line.min == 1.0);
        let constant = features(FeatureValues::Numeric(vec![3.0; 4]));
        assert_eq!(
            of(&facts(|_| ()), &constant),
            Freedom::Fixed("one value only")
        );
        assert_eq!(
            of(&facts(|f| f.kind = ColumnKind::Boolean), &numbers),
            Freedom::Choice(vec![0.0, 1.0])
        );
    }

    #[test]
    fn categories_change_among_those_that_occur_and_are_allowed() {
        let values = FeatureValues::Categorical {
            codes: vec![0, 1, MISSING, 3],
            categories: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        };
        let categories = features(values);
        let any = freedoms(&categories, &categories, |_| None);
        assert_eq!(any[0], Freedom::Category(vec![0, 1, 3]));
        let facts = facts(|f| f.allowed = vec!["a".to_owned(), "d".to_owned()]);
        let some = freedoms(&categories, &categories, |_| Some(&facts));
        assert_eq!(some[0], Freedom::Category(vec![0, 3]));
    }
}
