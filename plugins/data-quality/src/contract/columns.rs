//! Rules on the values of one column.
//!
//! In: a column and its rules. Out: a ruling for each rule that is set.

use std::collections::HashSet;

use interlock_plugin_api::contract::ColumnContract;
use interlock_plugin_api::{CheckError, CheckErrorKind, MISSING, Role, Severity, ValueType};
use interlock_report::words::names;
use regex::Regex;

use crate::contract::cells::{Broken, Cells, EXACT_INTEGERS};
use crate::contract::holds::{out_of_order, repeated};
use crate::contract::kinds;
use crate::contract::ruling::{Ruling, share};

/// Most values of a list in a rule's name.
const MAX_LISTED: usize = 3;

/// The rules of one column, with its patterns ready.
pub(super) struct Known<'c> {
    pub(super) contract: &'c ColumnContract,
    pattern: Option<Regex>,
    not_pattern: Option<Regex>,
}

impl<'c> Known<'c> {
    /// # Errors
    /// If a pattern cannot be read.
    pub(super) fn of(contract: &'c ColumnContract) -> Result<Self, CheckError> {
        let compiled = |pattern: &Option<String>| {
            let whole = pattern.as_ref().map(|text| format!(r"\A(?:{text})\z"));
            whole.map(|text| Regex::new(&text)).transpose()
        };
        let rules = &contract.rules;
        let bad = |error: regex::Error| {
            let message = format!("columns.{}: {error}", contract.name);
            CheckError::new(CheckErrorKind::BadParameter, message)
        };
        Ok(Self {
            contract,
            pattern: compiled(&rules.pattern).map_err(bad)?,
            not_pattern: compiled(&rules.not_pattern).map_err(bad)?,
        })
    }

    /// Every rule on values that is set, as it is written; for tables without the column.
    pub(super) fn written(&self) -> Vec<String> {
        let (contract, rules) = (self.contract, &self.contract.rules);
        let quoted = |key: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{key} = '{text}'"))
        };
        let flag = |key: &str, is_set: bool| is_set.then(|| format!("{key} = true"));
        let between = |key: &str, ends: Option<(f64, f64)>| {
            ends.map(|(low, high)| format!("{key} = [{low}, {high}]"))
        };
        [
            rules.value_type.map(type_rule),
            contract.min.map(|min| format!("min = {min}")),
            contract.max.map(|max| format!("max = {max}")),
            (!contract.allowed.is_empty()).then(|| list_rule("allowed", &contract.allowed)),
            (!rules.not_allowed.is_empty()).then(|| list_rule("not_allowed", &rules.not_allowed)),
            quoted("pattern", &rules.pattern),
            quoted("not_pattern", &rules.not_pattern),
            rules.length_min.map(|n| format!("length_min = {n}")),
            rules.length_max.map(|n| format!("length_max = {n}")),
            flag("unique", rules.unique),
            flag("increasing", rules.increasing),
            flag("decreasing", rules.decreasing),
            rules
                .missing_at_most
                .map(|limit| format!("missing_at_most = {limit}")),
            between("mean_between", rules.mean_between),
            between("median_between", rules.median_between),
            between("std_between", rules.std_between),
            between("sum_between", rules.sum_between),
            between("distinct_between", rules.distinct_between),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// A ruling for each rule on values.
    pub(super) fn rulings(&self, cells: &Cells<'_>, role: Role) -> Result<Vec<Ruling>, CheckError> {
        let mut holder = Holder {
            known: self,
            cells,
            role,
            rulings: Vec::new(),
        };
        holder.missing()?;
        holder.value_type()?;
        holder.range()?;
        holder.sets()?;
        holder.patterns()?;
        holder.lengths()?;
        holder.unique()?;
        holder.order()?;
        Ok(holder.rulings)
    }
}

fn type_rule(value_type: ValueType) -> String {
    format!("type = \"{}\"", type_name(value_type))
}

fn type_name(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Integer => "integer",
        ValueType::Number => "number",
        ValueType::Boolean => "boolean",
        ValueType::Date => "date",
        ValueType::Timestamp => "timestamp",
        ValueType::Text => "text",
    }
}

/// `allowed = ["a", "b", "c", … 4 more]`.
fn list_rule(key: &str, values: &[String]) -> String {
    let shown: Vec<String> = values
        .iter()
        .take(MAX_LISTED)
        .map(|value| format!("\"{value}\""))
        .collect();
    match values.len() - shown.len() {
        0 => format!("{key} = [{}]", shown.join(", ")),
        rest => format!("{key} = [{}, … {rest} more]", shown.join(", ")),
    }
}

struct Holder<'a, 't> {
    known: &'a Known<'a>,
    cells: &'a Cells<'t>,
    role: Role,
    rulings: Vec<Ruling>,
}

impl Holder<'_, '_> {
    fn ruling(&self, code: &'static str, rule: String) -> Ruling {
        Ruling::new(code, rule, &[&self.known.contract.name], self.role)
    }

    fn by_rows(&mut self, code: &'static str, rule: String, broken: Broken) {
        let mostly = self.known.contract.rules.mostly;
        let ruling = self.ruling(code, rule).by_rows(broken, mostly);
        self.rulings.push(ruling);
    }

    fn missing(&mut self) -> Result<(), CheckError> {
        let Some(limit) = self.known.contract.rules.missing_at_most else {
            return Ok(());
        };
        let rows = self.cells.missing_rows()?;
        let n = self.cells.column.len();
        let mut ruling = self.ruling("DQ163", format!("missing_at_most = {limit}"));
        ruling.n_looked = n;
        ruling.has_share = true;
        if rows.len() as f64 / n as f64 > limit {
            let said = format!(
                "{} {} of {n} rows are missing, at most {limit} may be",
                ruling.place(),
                share(rows.len(), n)
            );
            ruling = ruling.broken(said);
        }
        ruling.rows = rows;
        self.rulings.push(ruling);
        Ok(())
    }

    fn value_type(&mut self) -> Result<(), CheckError> {
        let Some(wanted) = self.known.contract.rules.value_type else {
            return Ok(());
        };
        let cells = self.cells;
        let magnitude = |value: f64| value.abs();
        let has = cells.column.value_type();
        let broken = match (wanted, has) {
            (ValueType::Integer, ValueType::Number) => {
                cells.by_number(|value| !kinds::is_whole(value), magnitude)?
            }
            (ValueType::Integer, ValueType::Text) => {
                cells.by_text(|text| !kinds::is_integer(text))?
            }
            (ValueType::Number, ValueType::Text) => {
                cells.by_text(|text| kinds::number(text).is_none())?
            }
            (ValueType::Boolean, ValueType::Text) => {
                cells.by_text(|text| !kinds::is_boolean(text))?
            }
            (ValueType::Date, ValueType::Text) => cells.by_text(|text| !kinds::is_date(text))?,
            (ValueType::Timestamp, ValueType::Text) => {
                cells.by_text(|text| !kinds::is_timestamp(text))?
            }
            (ValueType::Date, ValueType::Timestamp) => {
                let is_midnight = |seconds: f64| seconds.rem_euclid(86_400.0) <= 0.0;
                cells.by_number(|seconds| !is_midnight(seconds), magnitude)?
            }
            (ValueType::Number, ValueType::Integer) | (ValueType::Timestamp, ValueType::Date) => {
                cells.none_broken()?
            }
            (wanted, has) if wanted == has => cells.none_broken()?,
            _ => cells.all_broken()?,
        };
        self.by_rows("DQ162", type_rule(wanted), broken);
        Ok(())
    }

    fn range(&mut self) -> Result<(), CheckError> {
        let contract = self.known.contract;
        let has = self.cells.column.value_type();
        let is_number = |text: &str| kinds::number(text).is_some();
        let is_hopeless = match has {
            ValueType::Integer | ValueType::Number => None,
            ValueType::Text if self.cells.coded()?.texts.iter().any(|text| is_number(text)) => None,
            ValueType::Text if self.cells.n_present()? == 0 => None,
            other => Some(format!("it holds {}, no numbers", plural(other))),
        };
        for (key, limit, is_below) in [("min", contract.min, true), ("max", contract.max, false)] {
            let Some(limit) = limit else { continue };
            let rule = format!("{key} = {limit}");
            if let Some(why) = &is_hopeless {
                let ruling = self.ruling("DQ164", rule);
                self.rulings.push(ruling.not_applied(Severity::Error, why));
                continue;
            }
            let broken = if is_below {
                self.cells
                    .by_number(|value| value < limit, |value| -value)?
            } else {
                self.cells.by_number(|value| value > limit, |value| value)?
            };
            self.by_rows("DQ164", rule, broken);
        }
        Ok(())
    }

    fn sets(&mut self) -> Result<(), CheckError> {
        let contract = self.known.contract;
        for (key, values, must_be_in) in [
            ("allowed", &contract.allowed, true),
            ("not_allowed", &contract.rules.not_allowed, false),
        ] {
            if values.is_empty() {
                continue;
            }
            let texts: HashSet<&str> = values.iter().map(String::as_str).collect();
            // Numbers are equal however they are written: 1, 1.0, 1e0.
            let bits = |value: f64| (value + 0.0).to_bits();
            let numbers = values.iter().filter_map(|value| kinds::number(value));
            let numbers: HashSet<u64> = numbers.map(bits).collect();
            let limit = match self.cells.column.value_type() {
                ValueType::Integer => EXACT_INTEGERS,
                ValueType::Number => f64::INFINITY,
                _ => f64::NEG_INFINITY,
            };
            let is_in = |text: &str| {
                let number = kinds::number(text).filter(|number| number.abs() <= limit);
                texts.contains(text) || number.is_some_and(|number| numbers.contains(&bits(number)))
            };
            let broken = self.cells.by_text(|text| is_in(text) != must_be_in)?;
            self.by_rows("DQ165", list_rule(key, values), broken);
        }
        Ok(())
    }

    fn patterns(&mut self) -> Result<(), CheckError> {
        let rules = &self.known.contract.rules;
        for (key, written, regex, must_match) in [
            ("pattern", &rules.pattern, &self.known.pattern, true),
            (
                "not_pattern",
                &rules.not_pattern,
                &self.known.not_pattern,
                false,
            ),
        ] {
            let (Some(written), Some(regex)) = (written, regex) else {
                continue;
            };
            let broken = self
                .cells
                .by_text(|text| regex.is_match(text) != must_match)?;
            self.by_rows("DQ166", format!("{key} = '{written}'"), broken);
        }
        Ok(())
    }

    fn lengths(&mut self) -> Result<(), CheckError> {
        let rules = &self.known.contract.rules;
        let length = |text: &str| {
            let n = if text.is_ascii() {
                text.len()
            } else {
                text.chars().count()
            };
            n as u64
        };
        if let Some(min) = rules.length_min {
            let broken = self.cells.by_text(|text| length(text) < min)?;
            self.by_rows("DQ167", format!("length_min = {min}"), broken);
        }
        if let Some(max) = rules.length_max {
            let broken = self.cells.by_text(|text| length(text) > max)?;
            self.by_rows("DQ167", format!("length_max = {max}"), broken);
        }
        Ok(())
    }

    fn unique(&mut self) -> Result<(), CheckError> {
        if !self.known.contract.rules.unique {
            return Ok(());
        }
        let coded = self.cells.coded()?;
        let marks: Vec<bool> = coded.counts.iter().map(|count| *count > 1).collect();
        let mut broken = coded.broken(&marks);
        broken.rows = repeated(&coded.codes, coded.counts.len());
        self.by_rows("DQ168", "unique = true".to_owned(), broken);
        Ok(())
    }

    fn order(&mut self) -> Result<(), CheckError> {
        let rules = &self.known.contract.rules;
        for (key, is_set, falls) in [
            ("increasing", rules.increasing, true),
            ("decreasing", rules.decreasing, false),
        ] {
            if !is_set {
                continue;
            }
            let rows = self.turns(falls)?;
            let n_present = self.cells.n_present()?;
            // The first value has none before it.
            let broken = self.cells.rows_broken(n_present.saturating_sub(1), rows);
            let rule = format!("{key} = true");
            if n_present == 1 {
                let ruling = self.ruling("DQ169", rule);
                let why = "only one row has a value; it takes two";
                self.rulings.push(ruling.not_applied(Severity::Note, why));
                continue;
            }
            self.by_rows("DQ169", rule, broken);
        }
        Ok(())
    }

    /// Rows less (or, if not `falls`, greater) than the one before.
    fn turns(&self, falls: bool) -> Result<Vec<usize>, CheckError> {
        let n = self.cells.column.len();
        if self.cells.is_text() {
            let coded = self.cells.coded()?;
            let text = |code: &u32| {
                let text = coded.texts.get(*code as usize);
                text.filter(|_| *code != MISSING).map(AsRef::as_ref)
            };
            let texts = coded.codes.iter().map(text);
            return Ok(out_of_order(texts, |before: &str, now: &str| {
                if falls { now < before } else { now > before }
            }));
        }
        if self.cells.is_beyond_doubles() {
            let exact = (0..n).map(|row| self.cells.exact(row));
            return Ok(out_of_order(exact, |before: i64, now: i64| {
                if falls { now < before } else { now > before }
            }));
        }
        let numbers = self.cells.numbers().iter();
        let present = numbers.map(|value| (!value.is_nan()).then_some(*value));
        Ok(out_of_order(present, |before: f64, now: f64| {
            if falls { now < before } else { now > before }
        }))
    }
}

/// What a column of a type holds.
pub(super) fn plural(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Integer => "whole numbers",
        ValueType::Number => "numbers",
        ValueType::Boolean => "truth values",
        ValueType::Date => "dates",
        ValueType::Timestamp => "points in time",
        ValueType::Text => "text",
    }
}

/// The rules that a table without the column could not be held to.
pub(super) fn absent(known: &Known<'_>, role: Role, severity: Severity) -> Option<Ruling> {
    let written = known.written();
    let n = written.len();
    let first = written.first()?.clone();
    let rule = match n {
        1 => first,
        n => format!("{first} and {} more", n - 1),
    };
    let ruling = Ruling::new("DQ172", rule, &[&known.contract.name], role);
    let why = format!(
        "the table has no column {}",
        names([known.contract.name.as_str()])
    );
    Some(ruling.not_applied(severity, &why))
}
