//! The rules of the contract, written out with what each means.
//!
//! In: rules in force. Out: their keys on a [`Page`].

use interlock_plugin_api::contract::{Between, ColumnRules, Contract};
use interlock_plugin_api::outcome::Role;
use std::collections::BTreeMap;
use toml::Value;

use super::contract::{COLUMN_SETS, TYPES};
use super::page::{Page, list, text, word};

/// The rules of one column.
pub(super) fn column(page: &mut Page, rules: &ColumnRules) {
    let value_type = rules.value_type.map(|own| text(word(&TYPES, own)));
    page.option("type", "what each value must be", value_type);
    let switches = [
        (
            "required",
            "every table must have the column",
            rules.required,
        ),
        ("unique", "no value may stand twice", rules.unique),
        (
            "increasing",
            "no value is less than the one before",
            rules.increasing,
        ),
        (
            "decreasing",
            "no value is greater than the one before",
            rules.decreasing,
        ),
    ];
    for (name, comment, is_on) in switches {
        page.set(name, comment, Value::Boolean(is_on));
    }
    page.option(
        "missing_at_most",
        "greatest share of missing rows",
        rules.missing_at_most.map(Value::Float),
    );
    page.set(
        "not_allowed",
        "values it may not take",
        list(&rules.not_allowed),
    );
    page.option(
        "pattern",
        "regular expression that whole values must match",
        rules.pattern.as_deref().map(text),
    );
    page.option(
        "not_pattern",
        "regular expression that no whole value may match",
        rules.not_pattern.as_deref().map(text),
    );
    page.option(
        "length_min",
        "least number of characters",
        rules.length_min.map(count),
    );
    page.option(
        "length_max",
        "greatest number of characters",
        rules.length_max.map(count),
    );
    page.option(
        "mostly",
        "share of rows that must keep each rule that rows can break; all if not set",
        rules.mostly.map(Value::Float),
    );
    figures(page, rules);
}

/// The rules on figures of the whole column.
fn figures(page: &mut Page, rules: &ColumnRules) {
    for (name, comment, ends) in [
        (
            "mean_between",
            "where the mean must lie",
            rules.mean_between,
        ),
        (
            "median_between",
            "where the median must lie",
            rules.median_between,
        ),
        (
            "std_between",
            "where the standard deviation must lie",
            rules.std_between,
        ),
        ("sum_between", "where the sum must lie", rules.sum_between),
        (
            "distinct_between",
            "how many different values",
            rules.distinct_between,
        ),
    ] {
        page.option(name, comment, ends.map(pair));
    }
}

/// The rules between columns and of whole tables.
pub(super) fn contract(page: &mut Page, contract: &Contract) {
    page.section("contract", "what must hold of whole tables");
    page.option(
        "columns",
        "exact: no columns but those named in this file; at-least: all of those",
        contract.column_set.map(|own| text(word(&COLUMN_SETS, own))),
    );
    page.set(
        "order",
        "columns that stand in this order",
        list(&contract.order),
    );
    page.option(
        "row_min",
        "least number of rows",
        by_role(&contract.row_min),
    );
    page.option(
        "row_max",
        "greatest number of rows",
        by_role(&contract.row_max),
    );
    for relation in &contract.relations {
        page.element("relations", "what must hold between columns of one row");
        page.set("rule", "the rule", text(&relation.rule));
        page.option(
            "mostly",
            "share of rows for which it must hold; all if not set",
            relation.mostly.map(Value::Float),
        );
        page.set(
            "tolerance",
            "how far a row may be off",
            Value::Float(relation.tolerance),
        );
    }
}

fn count(n: u64) -> Value {
    Value::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn pair((low, high): Between) -> Value {
    Value::Array(vec![Value::Float(low), Value::Float(high)])
}

fn by_role(bounds: &BTreeMap<Role, u64>) -> Option<Value> {
    let pairs = bounds.iter();
    let table = pairs.map(|(role, n)| (role.name().to_owned(), count(*n)));
    (!bounds.is_empty()).then(|| Value::Table(table.collect()))
}
