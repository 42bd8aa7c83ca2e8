//! The plan of `interlock clean`: what its steps are, and how they are written.
//!
//! In: steps as values. Out: their TOML. Nothing here knows a table; whether a column exists and a rule
//! fits it is found out when the plan runs.

use std::collections::BTreeMap;

use interlock_plugin_api::outcome::Role;
use toml::Value;

/// One `[[clean]]` step.
#[derive(Debug, Clone, PartialEq)]
pub struct CleanStep {
    /// What is done.
    pub step: Step,
    /// The tables it is done to; empty means all that are cleaned.
    pub tables: Vec<Role>,
    /// The file it is written in, for messages.
    pub file: String,
    /// Its line there, the first is 1.
    pub line: u64,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Takes columns away.
    DropColumns {
        /// By name.
        columns: Vec<String>,
        /// And those with a single value, or none, in the train table.
        constant: bool,
        /// Whether the target may go.
        target: bool,
    },
    /// Takes rows away.
    DropRows {
        /// Those without a value in one of these columns.
        missing: Vec<String>,
        /// Those with more than this share, 0 to 1, of their cells missing.
        missing_above: Option<f64>,
        /// Rows equal to another in every column, but for the one kept.
        duplicates: Option<Keep>,
    },
    /// Fills missing cells with a statistic of the train table.
    Impute {
        /// By name; empty means every column the rule fits, but target, id and time.
        columns: Vec<String>,
        /// Which statistic.
        rule: Rule,
        /// The column whose values each have a statistic of their own.
        by: Option<String>,
        /// Whether a column of 0 and 1 says which cells were missing.
        indicator: bool,
        /// Whether the target may be filled.
        target: bool,
    },
    /// Gives spellings of the same category one form.
    NormalizeCategories {
        /// By name; empty means every text column, but target, id and time.
        columns: Vec<String>,
        /// Whether blanks at the ends go and runs of blanks become one.
        whitespace: bool,
        /// Whether spellings that differ in case become the train table's most frequent.
        fold_case: bool,
        /// Categories by what they become.
        map: BTreeMap<String, String>,
        /// Categories that mean missing.
        null: Vec<String>,
    },
    /// Moves numbers beyond bounds to the bounds.
    Clip {
        /// By name.
        columns: Vec<String>,
        /// The bounds.
        bounds: Bounds,
        /// Whether the target may be clipped.
        target: bool,
    },
    /// Undoes UTF-8 that was read as Windows-1252.
    FixEncoding {
        /// By name; empty means every text column, but target, id and time.
        columns: Vec<String>,
    },
    /// Takes rows away that repeat another.
    Deduplicate {
        /// The columns that must be equal; empty means all.
        columns: Vec<String>,
        /// Which of equal rows stays.
        keep: Keep,
    },
    /// Parts the train table in one to learn from and one to test on.
    Split {
        /// How.
        by: SplitBy,
        /// The column of classes, entities or times; that of the project if `None`.
        column: Option<String>,
        /// Share of the rows to test on, between 0 and 1.
        test: f64,
        /// The project's if `None`.
        seed: Option<u64>,
    },
}

/// Which of equal rows stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The first.
    First,
    /// The last.
    Last,
    /// None of them.
    None,
}

/// What a missing cell is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The mean.
    Mean,
    /// The median; the mean of the middle two.
    Median,
    /// The most frequent value; of several, the least.
    MostFrequent,
    /// Always this.
    Constant(String),
}

/// Where numbers are clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// At two quantiles of the train table, 0 to 1.
    Quantiles(f64, f64),
    /// At numbers.
    Values(Option<f64>, Option<f64>),
}

/// How a table is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitBy {
    /// With the same share of each class on both sides.
    Stratified,
    /// With all rows of an entity on the same side.
    Group,
    /// The latest rows to test on.
    Time,
    /// At random.
    Random,
}

pub(super) const KEEPS: [(&str, Keep); 3] = [
    ("first", Keep::First),
    ("last", Keep::Last),
    ("none", Keep::None),
];

pub(super) const SPLITS: [(&str, SplitBy); 4] = [
    ("stratified", SplitBy::Stratified),
    ("group", SplitBy::Group),
    ("time", SplitBy::Time),
    ("random", SplitBy::Random),
];

impl Step {
    /// The word that names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DropColumns { .. } => "drop-columns",
            Self::DropRows { .. } => "drop-rows",
            Self::Impute { .. } => "impute",
            Self::NormalizeCategories { .. } => "normalize-categories",
            Self::Clip { .. } => "clip",
            Self::FixEncoding { .. } => "fix-encoding",
            Self::Deduplicate { .. } => "deduplicate",
            Self::Split { .. } => "split",
        }
    }

    /// Whether it learns something of the train table that it then applies to other rows.
    pub fn learns(&self) -> bool {
        match self {
            Self::DropColumns { constant, .. } => *constant,
            Self::Impute { rule, .. } => !matches!(rule, Rule::Constant(_)),
            Self::NormalizeCategories { fold_case, .. } => *fold_case,
            Self::Clip { bounds, .. } => matches!(bounds, Bounds::Quantiles(..)),
            Self::DropRows { .. }
            | Self::FixEncoding { .. }
            | Self::Deduplicate { .. }
            | Self::Split { .. } => false,
        }
    }

    /// Its settings by key, those that are the default left out.
    fn settings(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::DropColumns {
                columns,
                constant,
                target,
            } => [
                texts("columns", columns),
                flag("constant", *constant),
                flag("target", *target),
            ]
            .concat(),
            Self::DropRows {
                missing,
                missing_above,
                duplicates,
            } => [
                texts("missing", missing),
                number("missing_above", *missing_above),
                duplicates.map_or_else(Vec::new, |keep| word("duplicates", &KEEPS, keep)),
            ]
            .concat(),
            Self::Impute {
                columns,
                rule,
                by,
                indicator,
                target,
            } => [
                texts("columns", columns),
                rule_settings(rule),
                by.iter().map(|by| ("by", text(by))).collect(),
                flag("indicator", *indicator),
                flag("target", *target),
            ]
            .concat(),
            Self::NormalizeCategories {
                columns,
                whitespace,
                fold_case,
                map,
                null,
            } => [
                texts("columns", columns),
                off("whitespace", *whitespace),
                off("fold_case", *fold_case),
                mapping(map),
                texts("null", null),
            ]
            .concat(),
            Self::Clip {
                columns,
                bounds,
                target,
            } => [
                texts("columns", columns),
                bound_settings(*bounds),
                flag("target", *target),
            ]
            .concat(),
            Self::FixEncoding { columns } => texts("columns", columns),
            Self::Deduplicate { columns, keep } => {
                [texts("columns", columns), word("keep", &KEEPS, *keep)].concat()
            }
            Self::Split {
                by,
                column,
                test,
                seed,
            } => [
                word("by", &SPLITS, *by),
                column.iter().map(|name| ("column", text(name))).collect(),
                number("test", Some(*test)),
                seed.map(|seed| ("seed", Value::Integer(seed.cast_signed())))
                    .into_iter()
                    .collect(),
            ]
            .concat(),
        }
    }
}

impl CleanStep {
    /// The lines of its `[[clean]]` section.
    pub fn to_toml(&self) -> Vec<String> {
        let tables: Vec<String> = self
            .tables
            .iter()
            .map(|role| role.name().to_owned())
            .collect();
        let settings = self
            .step
            .settings()
            .into_iter()
            .chain(texts("tables", &tables));
        [
            "[[clean]]".to_owned(),
            format!("step = \"{}\"", self.step.name()),
        ]
        .into_iter()
        .chain(settings.map(|(key, value)| format!("{key} = {}", inline(&value))))
        .collect()
    }
}

fn rule_settings(rule: &Rule) -> Vec<(&'static str, Value)> {
    let named = |name: &str| ("rule", text(name));
    match rule {
        Rule::Mean => vec![named("mean")],
        Rule::Median => vec![named("median")],
        Rule::MostFrequent => vec![named("most-frequent")],
        Rule::Constant(value) => vec![named("constant"), ("value", text(value))],
    }
}

fn bound_settings(bounds: Bounds) -> Vec<(&'static str, Value)> {
    match bounds {
        Bounds::Quantiles(low, high) => {
            let both = Value::Array(vec![Value::Float(low), Value::Float(high)]);
            vec![("quantiles", both)]
        }
        Bounds::Values(min, max) => [number("min", min), number("max", max)].concat(),
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn texts(key: &'static str, texts: &[String]) -> Vec<(&'static str, Value)> {
    let values: Vec<Value> = texts.iter().map(|name| text(name)).collect();
    (!values.is_empty())
        .then_some((key, Value::Array(values)))
        .into_iter()
        .collect()
}

fn mapping(map: &BTreeMap<String, String>) -> Vec<(&'static str, Value)> {
    let table: toml::Table = map
        .iter()
        .map(|(from, to)| (from.clone(), text(to)))
        .collect();
    (!table.is_empty())
        .then_some(("map", Value::Table(table)))
        .into_iter()
        .collect()
}

fn flag(key: &'static str, is_set: bool) -> Vec<(&'static str, Value)> {
    is_set
        .then_some((key, Value::Boolean(true)))
        .into_iter()
        .collect()
}

/// A setting that is on unless turned off.
fn off(key: &'static str, is_set: bool) -> Vec<(&'static str, Value)> {
    (!is_set)
        .then_some((key, Value::Boolean(false)))
        .into_iter()
        .collect()
}

fn number(key: &'static str, number: Option<f64>) -> Vec<(&'static str, Value)> {
    number
        .map(|number| (key, Value::Float(number)))
        .into_iter()
        .collect()
}

fn word<T: PartialEq + Copy>(
    key: &'static str,
    words: &[(&'static str, T)],
    value: T,
) -> Vec<(&'static str, Value)> {
    let found = words.iter().find(|(_, own)| *own == value);
    found
        .map(|(word, _)| (key, text(word)))
        .into_iter()
        .collect()
}

/// A key, in quotes if it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare {
        name.to_owned()
    } else {
        inline(&text(name))
    }
}

/// A value on one line.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Array(values) => format!(
            "[{}]",
            values.iter().map(inline).collect::<Vec<_>>().join(", ")
        ),
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
