//! What a reader typed as conditions on rows.
//!
//! In: `age<30 & purpose=car & savings missing`, names of columns. Out: a [`Filter`], in words and
//! applied. What names no column is a text that some cell of the row must hold.

use std::cmp::Ordering;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::DataType;

use super::matcher::Matcher;
use crate::table::{TableView, cell_text};

/// Conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The conditions; none lets every row pass.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Some cell holds this text, letter case aside.
    Holds(String),
    /// The value of a column compares so with this one; a missing value never does.
    Compares {
        /// The column's name.
        column: String,
        /// How.
        how: Comparison,
        /// With what; a number for columns of numbers.
        value: String,
    },
    /// The value of a column is missing, or is not.
    IsMissing {
        /// The column's name.
        column: String,
        /// Whether it is to be missing.
        is_missing: bool,
    },
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same; for texts to the letter.
    Equal,
    /// Another value.
    NotEqual,
    /// Less, or before in the order of letters.
    Less,
    /// Not more.
    AtMost,
    /// More.
    More,
    /// Not less.
    AtLeast,
    /// The text of the value holds this one, letter case aside.
    Holds,
}

/// Signs of comparisons, the longer ones first.
const SIGNS: [(&str, Comparison); 7] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("~", Comparison::Holds),
];

impl Comparison {
    fn sign(self) -> &'static str {
        SIGNS
            .iter()
            .find(|(_, how)| *how == self)
            .map_or("", |(sign, _)| sign)
    }

    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Holds => false,
        }
    }

    fn accepts_text(self, text: &str, value: &str) -> bool {
        match self {
            Self::Holds => text.to_lowercase().contains(&value.to_lowercase()),
            _ => self.accepts(text.cmp(value)),
        }
    }
}

impl Filter {
    /// Reads what was typed; never fails, see [`Term::Holds`].
    pub fn parse(text: &str, columns: &[&str]) -> Self {
        let terms = text
            .split('&')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Term::parse(part, columns))
            .collect();
        Self { terms }
    }

    /// What is asked, in words, so that a reader sees what was understood.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.terms.iter().map(Term::words).collect();
        words.join(" and ")
    }
}

impl Term {
    fn parse(text: &str, columns: &[&str]) -> Self {
        let column = |name: &str| columns.iter().find(|known| **known == name.trim());
        // The longest name that fits: names may hold signs themselves.
        let mut best: Option<(usize, Self)> = None;
        for (sign, how) in SIGNS {
            for (at, _) in text.match_indices(sign) {
                let Some(name) = column(&text[..at]) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(length, _)| name.len() > *length) {
                    let value = text[at + sign.len()..].trim().to_owned();
                    let column = (*name).to_owned();
                    best = Some((name.len(), Self::Compares { column, how, value }));
                }
            }
        }
        if let Some((_, term)) = best {
            return term;
        }
        for (word, is_missing) in [(" missing", true), (" present", false)] {
            let name = text
                .strip_suffix(word)
                .map(|name| name.trim_end_matches(" is"));
            if let Some(name) = name.and_then(column) {
                return Self::IsMissing {
                    column: (*name).to_owned(),
                    is_missing,
                };
            }
        }
        Self::Holds(text.to_owned())
    }

    fn words(&self) -> String {
        match self {
            Self::Holds(text) => format!("any cell holds '{text}'"),
            Self::Compares { column, how, value } => format!("{column} {} {value}", how.sign()),
            Self::IsMissing { column, is_missing } => {
                let word = if *is_missing { "missing" } else { "present" };
                format!("{column} is {word}")
            }
        }
    }
}

/// Keeps the rows that pass.
pub(super) fn retain(table: &TableView, filter: &Filter, rows: &mut Vec<u32>) {
    let array = |name: &str| table.record_batch().column_by_name(name);
    for term in &filter.terms {
        match term {
            Term::Holds(needle) => {
                let columns = table.record_batch().columns();
                let matchers: Vec<Matcher<'_>> = columns
                    .iter()
                    .map(|array| Matcher::new(array, needle))
                    .collect();
                rows.retain(|row| matchers.iter().any(|known| known.holds(*row as usize)));
            }
            Term::IsMissing { column, is_missing } => {
                let array = array(column);
                rows.retain(|row| {
                    array.is_some_and(|array| array.is_null(*row as usize) == *is_missing)
                });
            }
            Term::Compares { column, how, value } => match array(column) {
                Some(array) => compare(array, *how, value, rows),
                None => rows.clear(),
            },
        }
    }
}

fn compare(array: &ArrayRef, how: Comparison, value: &str, rows: &mut Vec<u32>) {
    let is_known = |row: u32| array.is_valid(row as usize);
    match array.data_type() {
        DataType::Int64 if how != Comparison::Holds && value.parse::<i64>().is_ok() => {
            let wanted = value.parse::<i64>().unwrap_or_default();
            let values = array.as_primitive::<Int64Type>();
            rows.retain(|row| {
                is_known(*row) && how.accepts(values.value(*row as usize).cmp(&wanted))
            });
        }
        DataType::Int64 | DataType::Float64
            if how != Comparison::Holds && value.parse::<f64>().is_ok() =>
        {
            let wanted = value.parse::<f64>().unwrap_or_default();
            let number = |row: usize| match array.as_primitive_opt::<Float64Type>() {
                Some(values) => values.value(row),
                None => array.as_primitive::<Int64Type>().value(row) as f64,
            };
            rows.retain(|row| {
                let order = is_known(*row).then(|| number(*row as usize).partial_cmp(&wanted));
                order.flatten().is_some_and(|order| how.accepts(order))
            });
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary_opt::<Int32Type>();
            let texts = dictionary.and_then(|known| known.values().as_string_opt::<i32>());
            let passes: Vec<bool> = texts
                .into_iter()
                .flatten()
                .map(|text| text.is_some_and(|text| how.accepts_text(text, value)))
                .collect();
            rows.retain(|row| {
                let key = dictionary.and_then(|dictionary| dictionary.key(*row as usize));
                key.and_then(|key| passes.get(key))
                    .is_some_and(|passes| *passes)
            });
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            rows.retain(|row| {
                is_known(*row) && how.accepts_text(texts.value(*row as usize), value)
            });
        }
        _ => rows.retain(|row| {
            cell_text(array, *row as usize).is_some_and(|text| how.accepts_text(&text, value))
        }),
    }
}
