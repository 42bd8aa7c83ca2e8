//! `[[clean]]` steps, key by key.
//!
//! In: the tables of the project file, or steps typed on the command line. Out: a plan, or what is
//! wrong with it. Statistics learned before a split would know the rows to test on, so an order that
//! does is refused here.

use std::fmt::Write as _;

use interlock_plugin_api::outcome::Role;
use toml::de::DeTable;

use super::plan::{Bounds, CleanStep, KEEPS, Keep, Rule, SPLITS, SplitBy, Step};
use super::reader::{Reader, Section};
use crate::problem::Problem;

/// The kinds of steps; the second name of `clip` is that of its use with quantiles.
#[derive(Debug, Clone, Copy)]
enum Kind {
    DropColumns,
    DropRows,
    Impute,
    NormalizeCategories,
    Clip,
    FixEncoding,
    Deduplicate,
    Split,
}

const STEPS: [(&str, Kind); 9] = [
    ("drop-columns", Kind::DropColumns),
    ("drop-rows", Kind::DropRows),
    ("impute", Kind::Impute),
    ("normalize-categories", Kind::NormalizeCategories),
    ("clip", Kind::Clip),
    ("winsorize", Kind::Clip),
    ("fix-encoding", Kind::FixEncoding),
    ("deduplicate", Kind::Deduplicate),
    ("split", Kind::Split),
];

const ROLES: [(&str, Role); 3] = [
    ("train", Role::Train),
    ("test", Role::Test),
    ("current", Role::Current),
];

/// Where the steps of the command line stand, for messages.
const COMMAND_LINE: &str = "--steps";

const COLUMNS: &str = "[\"age\", \"income\"]";

/// Reads steps as typed: `impute columns = ["age"], rule = "median"`, each a text of its own.
///
/// # Errors
/// All that is wrong with them; the line is the number of the step.
pub fn parse_steps(steps: &[String]) -> Result<Vec<CleanStep>, Vec<Problem>> {
    let mut text = "clean = [".to_owned();
    for (idx, step) in steps.iter().enumerate() {
        let step = step.trim();
        let (name, rest) = step
            .split_once(|c: char| c.is_whitespace() || c == '{')
            .unwrap_or((step, ""));
        let rest = rest.trim();
        // Braces around all settings are as good as none.
        let rest = match step[name.len()..].trim().strip_prefix('{') {
            Some(inner) => inner.strip_suffix('}').unwrap_or(inner).trim(),
            None => rest,
        };
        let line_end = if idx == 0 { "" } else { "\n" };
        let comma = if rest.is_empty() { "" } else { ", " };
        let name = toml::Value::String(name.to_owned());
        // Writing to a string cannot fail.
        let _written = write!(text, "{line_end}{{ step = {name}{comma}{rest} }},");
    }
    text.push(']');
    let mut reader = Reader {
        text: &text,
        file: COMMAND_LINE.to_owned(),
        problems: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(&text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let help = "write a step as impute columns = [\"age\"], rule = \"median\"".to_owned();
        reader.error(at, error.message().to_owned(), help);
    }
    let mut plan = Vec::new();
    if reader.problems.is_empty() {
        let mut file = Section::new(&mut reader, "", Some(document.get_ref()));
        let tables = file.tables("clean");
        plan = read(&mut reader, &tables);
    }
    for problem in &mut reader.problems {
        // The text is made up here: its columns tell nothing.
        problem.column = None;
    }
    if reader.problems.is_empty() {
        Ok(plan)
    } else {
        Err(reader.problems)
    }
}

/// Reads the steps in order.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    tables: &[(&DeTable<'t>, usize)],
) -> Vec<CleanStep> {
    let mut plan: Vec<(CleanStep, usize)> = Vec::new();
    for (table, at) in tables {
        let (line, _) = reader.place(*at);
        let file = reader.file.clone();
        let mut section = Section::new(reader, "clean", Some(table));
        let kind = section.choice("step", &STEPS);
        if kind.is_none() && !table.iter().any(|(key, _)| key.get_ref() == "step") {
            let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
            let help = format!("add step = \"…\", one of {}", names.join(", "));
            section.reader().error(
                *at,
                "a [[clean]] section does not say which step".to_owned(),
                help,
            );
        }
        let Some(kind) = kind else { continue };
        let n_problems = section.reader().problems.len();
        let step = read_step(&mut section, kind);
        let tables = match kind {
            Kind::Split => Vec::new(),
            _ => section.choices("tables", &ROLES).unwrap_or_default(),
        };
        if section.reader().problems.len() == n_problems
            && let Some((key, message, help)) = fault(&step)
        {
            let at = Some(section.place_of(key))
                .filter(|at| *at > 0)
                .unwrap_or(*at);
            section.reader().error(at, message, help);
        }
        section.finish();
        let step = CleanStep {
            step,
            tables,
            file,
            line,
        };
        plan.push((step, *at));
    }
    check_split(reader, &plan);
    plan.into_iter().map(|(step, _)| step).collect()
}

fn read_step(section: &mut Section<'_, '_, '_>, kind: Kind) -> Step {
    let columns =
        |section: &mut Section<'_, '_, '_>| section.texts("columns", COLUMNS).unwrap_or_default();
    match kind {
        Kind::DropColumns => Step::DropColumns {
            columns: columns(section),
            constant: section.boolean("constant").unwrap_or(false),
            target: section.boolean("target").unwrap_or(false),
        },
        Kind::DropRows => Step::DropRows {
            missing: section.texts("missing", COLUMNS).unwrap_or_default(),
            missing_above: section.number("missing_above", "0.5"),
            duplicates: section.choice("duplicates", &KEEPS),
        },
        Kind::Impute => Step::Impute {
            columns: columns(section),
            rule: read_rule(section),
            by: section.text("by", "\"region\""),
            indicator: section.boolean("indicator").unwrap_or(false),
            target: section.boolean("target").unwrap_or(false),
        },
        Kind::NormalizeCategories => Step::NormalizeCategories {
            columns: columns(section),
            whitespace: section.boolean("whitespace").unwrap_or(true),
            fold_case: section.boolean("fold_case").unwrap_or(true),
            map: section.cells("map", "{ m = \"male\" }").unwrap_or_default(),
            null: section
                .texts("null", "[\"?\", \"unknown\"]")
                .unwrap_or_default(),
        },
        Kind::Clip => Step::Clip {
            columns: columns(section),
            bounds: read_bounds(section),
            target: section.boolean("target").unwrap_or(false),
        },
        Kind::FixEncoding => Step::FixEncoding {
            columns: columns(section),
        },
        Kind::Deduplicate => Step::Deduplicate {
            columns: columns(section),
            keep: section.choice("keep", &KEEPS).unwrap_or(Keep::First),
        },
        Kind::Split => Step::Split {
            by: section.choice("by", &SPLITS).unwrap_or(SplitBy::Random),
            column: section.text("column", "\"customer_id\""),
            test: section.number("test", "0.2").unwrap_or(0.2),
            seed: section.count("seed", "7"),
        },
    }
}

fn read_rule(section: &mut Section<'_, '_, '_>) -> Rule {
    let rules = [
        ("mean", Rule::Mean),
        ("median", Rule::Median),
        ("most-frequent", Rule::MostFrequent),
        ("constant", Rule::Constant(String::new())),
    ];
    let places: Vec<(&str, usize)> = rules.iter().map(|(name, _)| *name).zip(0..).collect();
    let is_named = section.has("rule");
    let rule = section
        .choice("rule", &places)
        .and_then(|place| rules.get(place))
        .map(|(_, rule)| rule.clone());
    let value = section.cell("value", "0");
    let at = section.place_of("step");
    match (rule, value) {
        (Some(Rule::Constant(_)), Some(value)) => Rule::Constant(value),
        (Some(Rule::Constant(_)), None) if !section.has("value") => {
            let message = "rule = \"constant\" needs a value".to_owned();
            section
                .reader()
                .error(at, message, "add value = 0".to_owned());
            Rule::Mean
        }
        (Some(_), Some(_)) => {
            let at = section.place_of("value");
            let message = "only rule = \"constant\" takes a value".to_owned();
            section.reader().error(at, message, String::new());
            Rule::Mean
        }
        (Some(rule), None) => rule,
        (None, _) => {
            if !is_named {
                let message = "an impute step does not say by which rule".to_owned();
                let help = "add rule = \"median\", \"mean\", \"most-frequent\" or \"constant\"";
                section.reader().error(at, message, help.to_owned());
            }
            Rule::Mean
        }
    }
}

fn read_bounds(section: &mut Section<'_, '_, '_>) -> Bounds {
    let quantiles = section.numbers("quantiles", "[0.01, 0.99]");
    let (min, max) = (section.number("min", "0"), section.number("max", "100"));
    let is_mixed = section.has("quantiles") && (section.has("min") || section.has("max"));
    let at = section.place_of("quantiles");
    match quantiles.as_deref() {
        Some([low, high]) if !is_mixed => Bounds::Quantiles(*low, *high),
        Some(_) => {
            let message = if is_mixed {
                "quantiles and min or max exclude each other"
            } else {
                "quantiles must be two numbers"
            };
            let help = "for example: quantiles = [0.01, 0.99]".to_owned();
            section.reader().error(at, message.to_owned(), help);
            Bounds::Values(None, None)
        }
        None => Bounds::Values(min, max),
    }
}

/// What is wrong with the values of a step: the key, what, and what to do.
fn fault(step: &Step) -> Option<(&'static str, String, String)> {
    let told = |key, message: &str, help: &str| Some((key, message.to_owned(), help.to_owned()));
    match step {
        Step::DropColumns {
            columns, constant, ..
        } if columns.is_empty() && !constant => told(
            "step",
            "drop-columns names no columns",
            "add columns = [\"…\"] or constant = true",
        ),
        Step::DropRows {
            missing,
            missing_above: None,
            duplicates: None,
        } if missing.is_empty() => told(
            "step",
            "drop-rows does not say which rows",
            "add missing = [\"…\"], missing_above = 0.5 or duplicates = \"first\"",
        ),
        Step::DropRows {
            missing_above: Some(share),
            ..
        } if !(0.0..1.0).contains(share) => told(
            "missing_above",
            "missing_above must be a share from 0 to less than 1",
            "0.5 drops rows with more than half of their cells missing",
        ),
        Step::Impute {
            columns,
            rule: Rule::Constant(_),
            ..
        } if columns.is_empty() => told(
            "rule",
            "a constant needs columns: it does not fit all of them",
            "add columns = [\"…\"]",
        ),
        Step::NormalizeCategories {
            whitespace: false,
            fold_case: false,
            map,
            null,
            ..
        } if map.is_empty() && null.is_empty() => told(
            "step",
            "normalize-categories is told to do nothing",
            "leave whitespace or fold_case on, or add map or null",
        ),
        Step::Clip { columns, .. } if columns.is_empty() => {
            told("step", "clip names no columns", "add columns = [\"…\"]")
        }
        Step::Clip { bounds, .. } => bounds_fault(*bounds),
        Step::Split {
            by, column, test, ..
        } => split_fault(*by, column.is_some(), *test),
        Step::DropColumns { .. }
        | Step::DropRows { .. }
        | Step::Impute { .. }
        | Step::NormalizeCategories { .. }
        | Step::FixEncoding { .. }
        | Step::Deduplicate { .. } => None,
    }
}

fn bounds_fault(bounds: Bounds) -> Option<(&'static str, String, String)> {
    let told = |key, message: &str, help: &str| Some((key, message.to_owned(), help.to_owned()));
    match bounds {
        Bounds::Quantiles(low, high) if !(0.0 <= low && low < high && high <= 1.0) => told(
            "quantiles",
            "quantiles must rise, from 0 to 1",
            "for example: quantiles = [0.01, 0.99]",
        ),
        Bounds::Values(None, None) => told(
            "step",
            "clip has no bounds",
            "add quantiles = [0.01, 0.99], or min or max",
        ),
        Bounds::Values(Some(min), Some(max)) if min > max => {
            told("min", "min is greater than max", "")
        }
        Bounds::Values(min, max) if [min, max].into_iter().flatten().any(|at| !at.is_finite()) => {
            told("step", "bounds must be finite numbers", "")
        }
        Bounds::Quantiles(..) | Bounds::Values(..) => None,
    }
}

fn split_fault(by: SplitBy, has_column: bool, test: f64) -> Option<(&'static str, String, String)> {
    let told = |key, message: &str, help: &str| Some((key, message.to_owned(), help.to_owned()));
    if !(0.0 < test && test < 1.0) {
        return told(
            "test",
            "test must be a share between 0 and 1",
            "for example: test = 0.2",
        );
    }
    match (by, has_column) {
        (SplitBy::Group, false) => told(
            "by",
            "a split by group needs the column that names the entity",
            "add column = \"customer_id\"",
        ),
        (SplitBy::Random, true) => told(
            "column",
            "a random split looks at no column",
            "add by = \"stratified\", \"group\" or \"time\"",
        ),
        _ => None,
    }
}

/// A split comes once, and before everything that learns.
fn check_split(reader: &mut Reader<'_>, plan: &[(CleanStep, usize)]) {
    let is_split = |(step, _): &&(CleanStep, usize)| matches!(step.step, Step::Split { .. });
    let mut splits = plan.iter().enumerate().filter(|(_, step)| is_split(step));
    let Some((place, (_, at))) = splits.next() else {
        return;
    };
    if let Some((_, (_, again))) = splits.next() {
        let message = "a table is split once".to_owned();
        reader.error(*again, message, "keep one of the split steps".to_owned());
    }
    if let Some((learner, _)) = plan[..place].iter().find(|(step, _)| step.step.learns()) {
        let message = format!(
            "split comes after {}, which would learn from rows that are tested on",
            learner.step.name()
        );
        let help = format!(
            "move it above the {} step of line {}",
            learner.step.name(),
            learner.line
        );
        reader.error(*at, message, help);
    }
}
