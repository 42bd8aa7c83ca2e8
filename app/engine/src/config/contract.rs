//! The keys of the contract: what must hold of columns, between columns, and of whole tables.
//!
//! In: the sections of the project file. Out: the rules, or what is wrong with them.

use std::collections::BTreeMap;

use interlock_plugin_api::contract::{
    Between, ColumnRules, ColumnSet, Contract, Relation, ValueType,
};
use interlock_plugin_api::outcome::Role;
use toml::de::DeTable;

use super::reader::{Reader, Section};
use super::relation;

pub(super) const TYPES: [(&str, ValueType); 6] = [
    ("integer", ValueType::Integer),
    ("number", ValueType::Number),
    ("boolean", ValueType::Boolean),
    ("date", ValueType::Date),
    ("timestamp", ValueType::Timestamp),
    ("text", ValueType::Text),
];

pub(super) const COLUMN_SETS: [(&str, ColumnSet); 2] = [
    ("exact", ColumnSet::Exact),
    ("at-least", ColumnSet::AtLeast),
];

/// The rules of `[columns.NAME]`.
pub(super) fn column_rules(section: &mut Section<'_, '_, '_>) -> ColumnRules {
    let rules = ColumnRules {
        value_type: section.choice("type", &TYPES),
        required: section.boolean("required").unwrap_or(false),
        unique: section.boolean("unique").unwrap_or(false),
        missing_at_most: section.share("missing_at_most", "0.05"),
        not_allowed: section
            .texts("not_allowed", "[\"unknown\"]")
            .unwrap_or_default(),
        pattern: pattern(section, "pattern"),
        not_pattern: pattern(section, "not_pattern"),
        length_min: section.count("length_min", "5"),
        length_max: section.count("length_max", "80"),
        increasing: section.boolean("increasing").unwrap_or(false),
        decreasing: section.boolean("decreasing").unwrap_or(false),
        mostly: section.share("mostly", "0.99"),
        mean_between: between(section, "mean_between"),
        median_between: between(section, "median_between"),
        std_between: between(section, "std_between"),
        sum_between: between(section, "sum_between"),
        distinct_between: between(section, "distinct_between"),
    };
    if let (Some(min), Some(max)) = (rules.length_min, rules.length_max)
        && min > max
    {
        let message = format!("length_min {min} is greater than length_max {max}");
        let at = section.place_of("length_min");
        section.reader().error(at, message, String::new());
    }
    rules
}

/// Two numbers, the lesser first.
fn between(section: &mut Section<'_, '_, '_>, key: &'static str) -> Option<Between> {
    section.between(key, "[0, 10]")
}

/// A regular expression for whole values.
fn pattern(section: &mut Section<'_, '_, '_>, key: &'static str) -> Option<String> {
    let written = section.text(key, "'[A-Z]{2}[0-9]{4}'")?;
    // Alone first: a parenthesis too many must not close the group around it.
    let compiled =
        regex::Regex::new(&written).and_then(|_| regex::Regex::new(&format!(r"\A(?:{written})\z")));
    let Err(error) = compiled else {
        return Some(written);
    };
    let said = error.to_string();
    let why = said
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .or(said.lines().last())
        .unwrap_or_default();
    let message = format!(
        "{} cannot be read as a regular expression: {why}",
        section.dotted(key)
    );
    let help = "look-around and back-references do not exist here; write it in single quotes, so that TOML leaves backslashes alone".to_owned();
    let at = section.place_of_value(key);
    section.reader().error(at, message, help);
    None
}

/// `[contract]`; its relations and columns stand elsewhere.
pub(super) fn read(mut section: Section<'_, '_, '_>) -> Contract {
    let contract = Contract {
        column_set: section.choice("columns", &COLUMN_SETS),
        order: section
            .texts("order", "[\"id\", \"age\"]")
            .unwrap_or_default(),
        row_min: row_bounds(&mut section, "row_min"),
        row_max: row_bounds(&mut section, "row_max"),
        ..Contract::default()
    };
    let crossed = contract.row_min.iter().find_map(|(role, min)| {
        let max = contract.row_max.get(role).filter(|max| *max < min)?;
        Some((role, min, max))
    });
    if let Some((role, min, max)) = crossed {
        let role = role.name();
        let message =
            format!("contract: row_min {min} is greater than row_max {max} for the {role} table");
        let at = section.place_of("row_min");
        section.reader().error(at, message, String::new());
    }
    section.finish();
    contract
}

/// A number of rows for every table, or one for each.
fn row_bounds(section: &mut Section<'_, '_, '_>, key: &'static str) -> BTreeMap<Role, u64> {
    match section.count_or_section(key, "100") {
        None => BTreeMap::new(),
        Some(Ok(n)) => Role::ALL.into_iter().map(|role| (role, n)).collect(),
        Some(Err(table)) => {
            let name = section.dotted(key);
            let mut inner = Section::new(section.reader(), &name, Some(table));
            let keys = ["train", "test", "current"];
            let mut bounds = BTreeMap::new();
            for (role, key) in Role::ALL.into_iter().zip(keys) {
                bounds.extend(inner.count(key, "100").map(|n| (role, n)));
            }
            inner.finish();
            bounds
        }
    }
}

/// `[[relations]]`.
pub(super) fn relations<'t>(
    reader: &mut Reader<'t>,
    tables: &[(&DeTable<'t>, usize)],
) -> Vec<Relation> {
    let mut read = Vec::new();
    for (table, start) in tables {
        let mut section = Section::new(reader, "relations", Some(table));
        let rule = section.text("rule", "\"a <= b\"");
        let mostly = section.share("mostly", "0.99");
        let tolerance = section.number("tolerance", "0.01").unwrap_or(0.0);
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            let at = section.place_of_value("tolerance");
            let message = "relations.tolerance must be a number from 0 up".to_owned();
            let help = "for example: tolerance = 0.01".to_owned();
            section.reader().error(at, message, help);
        }
        let has_rule = table.iter().any(|(key, _)| key.get_ref() == "rule");
        if !has_rule {
            let message = "a relation without rule".to_owned();
            section
                .reader()
                .error(*start, message, "add rule = \"a <= b\"".to_owned());
        }
        if let Some(rule) = rule {
            match relation::parse(&rule) {
                Ok((kind, columns)) => read.push(Relation {
                    rule,
                    kind,
                    columns,
                    mostly,
                    tolerance,
                }),
                Err(why) => {
                    let message = format!("relations.rule \"{rule}\" cannot be read: {why}");
                    let at = section.place_of_value("rule");
                    section
                        .reader()
                        .error(at, message, relation::FORMS.to_owned());
                }
            }
        }
        section.finish();
    }
    read
}
