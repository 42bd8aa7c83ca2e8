//! Puts learned rules into a project file, around what stands there.
//!
//! In: the file's text and the rules. Out: the same text with what it did not have yet. No key that is
//! there is changed, no comment is lost; a second time adds nothing.

use std::collections::BTreeMap;

use interlock_plugin_api::contract::{Contract, Relation, RelationKind};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike};

use crate::config::Config;
use crate::learn::columns::LearnedColumn;
use crate::learn::relations::LearnedRelation;

/// A project file with learned rules in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Its text.
    pub toml: String,
    /// How many rules were added, by key; relations under `relations`.
    pub added: BTreeMap<&'static str, usize>,
    /// How many were learned but stood there already, with the same value or another.
    pub n_kept: usize,
    /// Rules that go against one that stands there, and were left out.
    pub left_out: Vec<String>,
}

/// Adds rules to the text of a project file, of which `config` is what it says.
///
/// # Errors
/// If the text is no TOML, or what comes of it could not be read again: why.
pub fn merge(
    text: &str,
    config: &Config,
    columns: &[LearnedColumn],
    relations: &[LearnedRelation],
) -> Result<Merged, String> {
    let mut document: DocumentMut = text.parse().map_err(|error| format!("{error}"))?;
    let mut merged = Merged {
        toml: String::new(),
        added: BTreeMap::new(),
        n_kept: 0,
        left_out: Vec::new(),
    };
    let mut comment =
        "\n# Learned by `interlock init --learn`: read it through, change what is too narrow.\n";
    for column in columns {
        let rules = fitting(config, column, &mut merged);
        if rules.is_empty() {
            continue;
        }
        let all = document.entry("columns").or_insert_with(implicit);
        let all = table_like(all, "columns")?;
        let is_new = !all.contains_key(&column.name);
        let own = all.entry(&column.name).or_insert_with(|| {
            let mut table = Table::new();
            table.decor_mut().set_prefix(comment);
            Item::Table(table)
        });
        if is_new {
            comment = "\n";
        }
        let own = table_like(own, &column.name)?;
        for (key, value) in rules {
            let value = value.to_string().parse::<toml_edit::Value>();
            let value = value.map_err(|error| format!("{key}: {error}"))?;
            own.insert(key, Item::Value(value));
            *merged.added.entry(key).or_default() += 1;
        }
    }
    add_relations(&mut document, config, relations, &mut merged)?;
    merged.toml = if merged.added.is_empty() {
        text.to_owned()
    } else {
        document.to_string()
    };
    Config::parse(&merged.toml, &config.path).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone());
        format!(
            "what was learned does not fit the file: {}",
            first.unwrap_or_default()
        )
    })?;
    Ok(merged)
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn table_like<'i>(item: &'i mut Item, name: &str) -> Result<&'i mut dyn TableLike, String> {
    item.as_table_like_mut()
        .ok_or_else(|| format!("{name} is no section"))
}

/// The rules that the file does not have yet and that go with those it has.
fn fitting<'l>(
    config: &Config,
    column: &'l LearnedColumn,
    merged: &mut Merged,
) -> Vec<&'l (&'static str, toml::Value)> {
    let Some(own) = config.columns.get(&column.name) else {
        return column.rules.iter().collect();
    };
    let has = |key: &str| match key {
        "type" => own.rules.value_type.is_some(),
        "required" => own.rules.required,
        "unique" => own.rules.unique,
        "missing_at_most" => own.rules.missing_at_most.is_some(),
        "min" => own.min.is_some(),
        "max" => own.max.is_some(),
        "allowed" => !own.allowed.is_empty(),
        "pattern" => own.rules.pattern.is_some(),
        "length_min" => own.rules.length_min.is_some(),
        _ => own.rules.length_max.is_some(),
    };
    let number = |value: &toml::Value| {
        let whole = value.as_integer().map(|whole| whole as f64);
        value.as_float().or(whole).unwrap_or(f64::NAN)
    };
    let (least, most) = (own.rules.length_min, own.rules.length_max);
    let goes_against = |key: &str, value: &toml::Value| match key {
        "min" => own.max.is_some_and(|max| number(value) > max),
        "max" => own.min.is_some_and(|min| number(value) < min),
        "length_min" => most.is_some_and(|most| number(value) > most as f64),
        "length_max" => least.is_some_and(|least| number(value) < least as f64),
        _ => false,
    };
    let mut fitting = Vec::new();
    for rule in &column.rules {
        let (key, value) = rule;
        if has(key) {
            merged.n_kept += 1;
        } else if goes_against(key, value) {
            merged.left_out.push(format!(
                "column '{}': {key} = {value} goes against what stands there",
                column.name
            ));
        } else {
            fitting.push(rule);
        }
    }
    fitting
}

fn add_relations(
    document: &mut DocumentMut,
    config: &Config,
    relations: &[LearnedRelation],
    merged: &mut Merged,
) -> Result<(), String> {
    for relation in relations {
        if stands(&config.contract, &relation.rule, &config.path)? {
            merged.n_kept += 1;
            continue;
        }
        let item = document
            .entry("relations")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let mut table = Table::new();
        table.insert("rule", toml_edit::value(&relation.rule));
        match item {
            Item::ArrayOfTables(tables) => tables.push(table),
            Item::Value(toml_edit::Value::Array(values)) => values.push(table.into_inline_table()),
            _ => return Err("relations must be sections".to_owned()),
        }
        *merged.added.entry("relations").or_default() += 1;
    }
    Ok(())
}

/// Whether a relation says what one of the file says, however it is written.
fn stands(contract: &Contract, rule: &str, path: &std::path::Path) -> Result<bool, String> {
    let mut table = Table::new();
    table.insert("rule", toml_edit::value(rule));
    let mut tables = ArrayOfTables::new();
    tables.push(table);
    let mut document = DocumentMut::new();
    document.insert("relations", Item::ArrayOfTables(tables));
    document.insert("data", Item::Table(Table::new()));
    let read = Config::parse(&document.to_string(), path);
    let (read, _) = read.map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone());
        first.unwrap_or_default()
    })?;
    let same = |own: &Relation, other: &Relation| {
        let parts = |relation: &Relation| {
            let mut columns = relation.columns.clone();
            // The order of what is added does not matter.
            let is_free = matches!(relation.kind, RelationKind::Sum | RelationKind::Equal);
            let n_free = if is_free { 2 } else { 0 };
            columns[..n_free].sort();
            columns
        };
        own.kind == other.kind && parts(own) == parts(other)
    };
    let learned = &read.contract.relations;
    Ok(contract
        .relations
        .iter()
        .any(|own| learned.iter().any(|other| same(own, other))))
}
