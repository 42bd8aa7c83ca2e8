//! What a column of the training table says must hold of others of its kind.
//!
//! In: the column's values. Out: keys for `[columns.NAME]`, and in words what was not learned and why.
//! A rule is learned only where other rows of the same population will hardly break it.

use arrow_schema::DataType;
use interlock_plugin_api::facts::Task;
use toml::Value;

use crate::config::Config;
use crate::learn::shapes;
use crate::learn::tail::{Ends, ends, greatest_share};
use crate::table::TableView;

/// Rows with a value below which nothing is learned but the type.
const MIN_VALUES: usize = 30;

/// Rows with a value from which on a type of many values is believed.
const MIN_FOR_TYPE: usize = 20;

/// Rows from which on whole numbers are no accident, and values all different neither.
const MIN_FOR_UNIQUE: usize = 100;

/// How often the rarest value must stand before the list of values counts as complete.
const MIN_PER_VALUE: usize = 3;

/// Values about as rare as the rarest, per time that it stands, up to which the list counts as
/// complete.
const MAX_RARE: f64 = 0.4;

/// Longest list of allowed values.
const MAX_ALLOWED: usize = 50;

/// Longest key, in bytes.
const MAX_KEY: usize = 64;

/// What was learned of one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnedColumn {
    /// Its name.
    pub name: String,
    /// Keys of its section and their values.
    pub rules: Vec<(&'static str, Value)>,
    /// What was not learned, and why.
    pub not_learned: Vec<String>,
}

/// How many rows tables to come may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next {
    /// The fewest: shares vary most in these.
    pub(super) least: usize,
    /// The most: these reach farthest into the tails.
    pub(super) most: usize,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Input,
    Id,
    Time,
    /// A number to predict.
    Value,
    /// A class to predict.
    Class,
}

/// Values of a column as distinct texts.
struct Texts {
    values: Vec<String>,
    counts: Vec<usize>,
}

/// Learns of one column, for tables to come.
pub(super) fn learn(config: &Config, table: &TableView, name: &str, next: Next) -> LearnedColumn {
    let is = |named: &Option<String>| named.as_deref() == Some(name);
    let what = if is(&config.project.target) && config.project.task == Task::Regression {
        Use::Value
    } else if is(&config.project.target) {
        Use::Class
    } else if is(&config.data.id) {
        Use::Id
    } else if is(&config.data.time) {
        Use::Time
    } else {
        Use::Input
    };
    let mut learned = LearnedColumn {
        name: name.to_owned(),
        ..LearnedColumn::default()
    };
    let Some(kind) = type_name(table, name) else {
        return learned;
    };
    // Rows seen after launch have no target.
    if !matches!(what, Use::Value | Use::Class) {
        learned.add("required", Value::Boolean(true));
    }
    match kind {
        "integer" | "number" => numbers(&mut learned, table, (kind, what), next),
        "text" => texts(&mut learned, table, what, next),
        _ => {
            let n_present = table
                .numbers(name)
                .map_or(0, |numbers| present(&numbers).len());
            if n_present >= MIN_FOR_TYPE {
                learned.add("type", Value::String(kind.to_owned()));
            }
            missing(&mut learned, n_present, table, next);
        }
    }
    learned
}

/// The word of `type` for what a column was read as.
fn type_name(table: &TableView, name: &str) -> Option<&'static str> {
    let array = table.record_batch().column_by_name(name)?;
    Some(match array.data_type() {
        DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Date32 => "date",
        DataType::Timestamp(..) => "timestamp",
        _ => "text",
    })
}

fn present(numbers: &[f64]) -> Vec<f64> {
    numbers
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect()
}

fn missing(learned: &mut LearnedColumn, n_present: usize, table: &TableView, next: Next) {
    let n = usize::try_from(table.n_rows()).unwrap_or(usize::MAX);
    if n_present < MIN_VALUES {
        let few = format!("{n_present} values are too few to learn from; it takes {MIN_VALUES}");
        learned.not_learned.push(few);
        return;
    }
    let limit = greatest_share(n - n_present, n, next.least);
    learned.add("missing_at_most", Value::Float(limit));
}

fn numbers(learned: &mut LearnedColumn, table: &TableView, (kind, what): (&str, Use), next: Next) {
    let Some(numbers) = table.numbers(&learned.name) else {
        return;
    };
    let mut values = present(&numbers);
    let n_present = values.len();
    values.sort_by(f64::total_cmp);
    if n_present >= MIN_FOR_TYPE {
        // Few whole numbers may be so by accident.
        let is_sure = kind == "integer" && n_present >= MIN_FOR_UNIQUE;
        let kind = if is_sure { "integer" } else { "number" };
        learned.add("type", Value::String(kind.to_owned()));
    }
    missing(learned, n_present, table, next);
    if n_present < MIN_VALUES {
        return;
    }
    if what == Use::Class {
        allowed(learned, table);
        return;
    }
    let is_all_different = values.windows(2).all(|pair| pair[0] < pair[1]);
    let is_key = is_all_different && n_present >= MIN_FOR_UNIQUE && kind == "integer";
    if is_key && (what == Use::Id || is_dense(&values)) {
        learned.add("unique", Value::Boolean(true));
        learned
            .not_learned
            .push("no range: it names rows".to_owned());
        return;
    }
    if matches!(what, Use::Id | Use::Time) {
        learned
            .not_learned
            .push("no range: it names or orders rows".to_owned());
        return;
    }
    if values.iter().any(|value| value.is_infinite()) {
        learned
            .not_learned
            .push("no range: some values are infinite".to_owned());
        return;
    }
    if let Some(Ends { low, high }) = ends(&values, next.most) {
        learned.add("min", number(low));
        learned.add("max", number(high));
    }
}

/// Whether different whole numbers lie so close that chance would have repeated some.
fn is_dense(ascending: &[f64]) -> bool {
    let (Some(least), Some(greatest)) = (ascending.first(), ascending.last()) else {
        return false;
    };
    let n = ascending.len() as f64;
    // Expected repeats among n draws from that many numbers: n² / 2N.
    n * n / (2.0 * (greatest - least + 1.0)) >= 10.0
}

/// Whole numbers without a point.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract().abs() > 0.0 || value.abs() > EXACT {
        return Value::Float(value);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and exact by the line above"
    )]
    Value::Integer(value as i64)
}

fn texts(learned: &mut LearnedColumn, table: &TableView, what: Use, next: Next) {
    let Some(texts) = Texts::of(table, &learned.name) else {
        return;
    };
    let n_present: usize = texts.counts.iter().sum();
    let is_number = |text: &String| text.trim().parse::<f64>().is_ok();
    let by_count = texts.values.iter().zip(&texts.counts);
    let n_words: usize = by_count
        .filter(|(text, _)| !is_number(text))
        .map(|(_, n)| n)
        .sum();
    // With few words among numbers, other rows may hold numbers only and be read as such.
    if n_words >= MIN_FOR_TYPE {
        learned.add("type", Value::String("text".to_owned()));
    }
    missing(learned, n_present, table, next);
    if n_present < MIN_VALUES {
        return;
    }
    let is_all_different = texts.counts.iter().all(|n| *n == 1);
    let is_word = |text: &String| text.len() <= MAX_KEY && !text.contains(char::is_whitespace);
    if is_all_different && n_present >= MIN_FOR_UNIQUE && texts.values.iter().all(is_word) {
        learned.add("unique", Value::Boolean(true));
    } else if what != Use::Id && allowed_of(learned, &texts) {
        return;
    }
    let pattern = shapes::pattern(&texts.values.iter().map(String::as_str));
    if let Some(pattern) = pattern {
        learned.add("pattern", Value::String(pattern));
        return;
    }
    lengths(learned, &texts, n_present, next);
    if !is_all_different {
        let why = "no pattern: its texts have no common form";
        learned.not_learned.push(why.to_owned());
    }
}

fn allowed(learned: &mut LearnedColumn, table: &TableView) {
    if let Some(texts) = Texts::of(table, &learned.name) {
        allowed_of(learned, &texts);
    }
}

/// The list of values, if it counts as complete.
fn allowed_of(learned: &mut LearnedColumn, texts: &Texts) -> bool {
    let rare = texts
        .values
        .iter()
        .zip(&texts.counts)
        .min_by_key(|(_, n)| **n);
    let Some((value, n)) = rare else {
        return false;
    };
    if texts.values.len() > MAX_ALLOWED {
        let why = format!("no list of values: there are {}", texts.values.len());
        learned.not_learned.push(why);
        return false;
    }
    if *n < MIN_PER_VALUE {
        let times = if *n == 1 { "once" } else { "twice" };
        let why =
            format!("no list of values: '{value}' stands only {times}, so there may be others");
        learned.not_learned.push(why);
        return false;
    }
    // Where many are nearly as rare as the rarest, there are rarer ones.
    let n_rare = texts
        .counts
        .iter()
        .filter(|other| **other as f64 <= *n as f64 * std::f64::consts::E)
        .count();
    if n_rare as f64 > MAX_RARE * *n as f64 {
        let why = format!(
            "no list of values: {n_rare} of them stand hardly more often than '{value}' ({n} times), so there may be others"
        );
        learned.not_learned.push(why);
        return false;
    }
    let mut values = texts.values.clone();
    values.sort();
    let values = values.into_iter().map(Value::String).collect();
    learned.add("allowed", Value::Array(values));
    true
}

/// The lengths of different texts: one that repeats says no more about others.
fn lengths(learned: &mut LearnedColumn, texts: &Texts, n_present: usize, next: Next) {
    let lengths = texts.values.iter().map(|text| text.chars().count() as f64);
    let mut lengths: Vec<f64> = lengths.collect();
    lengths.sort_by(f64::total_cmp);
    if lengths.len() < MIN_VALUES {
        return;
    }
    let n_next = lengths.len().saturating_mul(next.most) / n_present.max(1);
    if let Some(Ends { low, high }) = ends(&lengths, n_next) {
        if low >= 1.0 {
            learned.add("length_min", number(low.floor()));
        }
        learned.add("length_max", number(high.ceil()));
    }
}

impl Texts {
    fn of(table: &TableView, name: &str) -> Option<Self> {
        let (codes, values) = table.categories(name)?;
        let mut counts = vec![0; values.len()];
        for code in &codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        Some(Self { values, counts })
    }
}

impl LearnedColumn {
    fn add(&mut self, key: &'static str, value: Value) {
        self.rules.push((key, value));
    }
}
