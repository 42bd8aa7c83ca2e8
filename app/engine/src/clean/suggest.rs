//! A plan made of what the tables show.
//!
//! In: a project's tables. Out: `[[clean]]` sections as text, each with what was seen; steps a person
//! should decide on are commented out. Conservative: nothing is clipped, no row is dropped that may
//! be right, no target is changed. The same tables give the same text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use interlock_plugin_api::facts::Task;
use interlock_plugin_api::outcome::Role;

use super::cell::Kind;
use super::choose::Facts;
use super::encoding::repaired;
use super::rows::{firsts, is_constant};
use super::sheet::{Coded, Sheet};
use super::{CleanError, Request, facts, load_all, roles};
use crate::config::{CleanStep, Config, Keep, Rule, SplitBy, Step};

/// Share of missing cells from which on a column tells little.
const MOSTLY_MISSING: f64 = 0.5;

/// Share of missing cells from which on it is worth a column of its own which were missing.
const WORTH_INDICATOR: f64 = 0.05;

/// Texts people write for no value, in lower case; those the reader knows are not among them.
const NULL_SPELLINGS: [&str; 12] = [
    "?",
    "-",
    "--",
    "nil",
    "n.a.",
    "not available",
    "not applicable",
    "missing",
    "unknown",
    "undefined",
    "(null)",
    "#value!",
];

/// Of [`NULL_SPELLINGS`] those that may be an answer of their own.
const MAY_BE_AN_ANSWER: [&str; 4] = ["unknown", "not applicable", "-", "undefined"];

/// The plan for the project's tables.
///
/// # Errors
/// If a table cannot be loaded.
pub fn plan(config: &Config, tables: &[Role]) -> Result<String, CleanError> {
    let request = Request {
        tables: tables.to_vec(),
        ..Request::default()
    };
    let specs: Vec<_> = roles(config, &request)?
        .into_iter()
        .map(|role| (role, config.load_spec(role)))
        .collect();
    let loaded = load_all(config, &specs, &mut Vec::new())?;
    let sheets: Vec<Sheet> = loaded
        .iter()
        .map(|loaded| Sheet::new(loaded.role, &loaded.table.view))
        .collect();
    let facts = facts(config);
    let mut page = Page::default();
    let Some(first) = sheets.first() else {
        return Ok("# the project has no table\n".to_owned());
    };
    suggest_split(&mut page, config, &sheets, &facts);
    suggest_columns(&mut page, first, &facts);
    suggest_texts(&mut page, &sheets, &facts);
    suggest_duplicates(&mut page, first, &facts);
    suggest_target_rows(&mut page, &sheets, &facts);
    suggest_impute(&mut page, first, &facts);
    Ok(page.into_text())
}

/// The text of a plan.
#[derive(Default)]
struct Page(String);

impl Page {
    fn step(&mut self, why: &str, step: Step, tables: &[Role], is_active: bool) {
        let step = CleanStep {
            step,
            tables: tables.to_vec(),
            file: String::new(),
            line: 0,
        };
        let mark = if is_active { "" } else { "# " };
        // Writing to a string cannot fail.
        for line in why.lines() {
            let _written = writeln!(self.0, "# {}", crate::report::printable(line));
        }
        for line in step.to_toml() {
            let _written = writeln!(self.0, "{mark}{line}");
        }
        self.0.push('\n');
    }

    fn into_text(self) -> String {
        if self.0.is_empty() {
            return "# nothing in the tables asks for cleaning\n".to_owned();
        }
        format!(
            "# Suggested by `interlock clean --suggest`. Read it through: a step changes what is learned.\n# Steps with a # before them are for you to decide.\n\n{}",
            self.0
        )
    }
}

fn suggest_split(page: &mut Page, config: &Config, sheets: &[Sheet], facts: &Facts<'_>) {
    let is_split = config.data.source(Role::Test).is_some();
    if is_split || sheets[0].role != Role::Train {
        return;
    }
    let (by, column) = match (facts.time, facts.target) {
        (Some(_), _) => (SplitBy::Time, None),
        (None, Some(_)) if config.project.task != Task::Regression => (SplitBy::Stratified, None),
        _ => (SplitBy::Random, None),
    };
    let step = Step::Split {
        by,
        column,
        test: 0.2,
        seed: None,
    };
    let why = "the project has no test table; rows of one person or thing on both sides would leak:\nuse by = \"group\" and column if there are such";
    page.step(why, step, &[], false);
}

fn suggest_columns(page: &mut Page, sheet: &Sheet, facts: &Facts<'_>) {
    let (mut constant, mut sparse, mut why) = (Vec::new(), Vec::new(), String::new());
    for column in features(sheet, facts) {
        let name = sheet.columns[column].name.clone();
        let share = n_missing(sheet, column) as f64 / sheet.n_rows.max(1) as f64;
        if sheet.n_rows > 1 && is_constant(sheet, column) {
            constant.push(name);
        } else if share > MOSTLY_MISSING {
            let _written = writeln!(why, "'{name}' is missing in {:.1} % of rows", share * 100.0);
            sparse.push(name);
        }
    }
    let drop = |columns: Vec<String>| Step::DropColumns {
        columns,
        constant: false,
        target: false,
    };
    if !constant.is_empty() {
        page.step(
            "one value, or none, in every row",
            drop(constant),
            &[],
            true,
        );
    }
    if !sparse.is_empty() {
        page.step(&why, drop(sparse), &[], false);
    }
}

/// What the distinct texts of a column ask for.
#[derive(Default)]
struct Texts {
    is_misread: bool,
    null: BTreeMap<String, u64>,
    variants: Vec<String>,
}

fn suggest_texts(page: &mut Page, sheets: &[Sheet], facts: &Facts<'_>) {
    let mut misread: Vec<String> = Vec::new();
    let (mut spelled, mut why, mut null, mut doubtful) =
        (Vec::new(), String::new(), BTreeMap::new(), BTreeMap::new());
    let mut names: Vec<&str> = Vec::new();
    for sheet in sheets {
        for idx in features(sheet, facts) {
            let column = &sheet.columns[idx];
            if column.kind == Kind::Text && !names.contains(&column.name.as_str()) {
                names.push(&column.name);
            }
        }
    }
    for name in names {
        let texts = look(sheets, name);
        if texts.is_misread {
            misread.push(name.to_owned());
        }
        if !texts.variants.is_empty() {
            let _written = writeln!(why, "'{name}': {}", texts.variants.join("; "));
            spelled.push(name.to_owned());
        }
        for (text, n) in texts.null {
            let is_doubtful = MAY_BE_AN_ANSWER.contains(&text.to_lowercase().as_str());
            let found: &mut BTreeMap<String, Vec<(String, u64)>> = if is_doubtful {
                &mut doubtful
            } else {
                &mut null
            };
            found.entry(text).or_default().push((name.to_owned(), n));
        }
    }
    if !misread.is_empty() {
        let why =
            "texts that are UTF-8 read as Windows-1252; repaired where the round trip proves it";
        page.step(why, Step::FixEncoding { columns: misread }, &[], true);
    }
    if !spelled.is_empty() {
        let step = normalizing(spelled, true, Vec::new());
        page.step(
            &format!("spellings that differ in blanks or case only\n{why}"),
            step,
            &[],
            true,
        );
    }
    for (found, is_active) in [(null, true), (doubtful, false)] {
        for (text, columns) in found {
            let counts = columns
                .iter()
                .map(|(name, n)| format!("'{name}' {n} times"));
            let why = format!(
                "'{text}' stands for no value{}: {}",
                if is_active { "" } else { ", or is an answer" },
                counts.collect::<Vec<_>>().join(", ")
            );
            let names = columns.into_iter().map(|(name, _)| name).collect();
            page.step(&why, normalizing(names, false, vec![text]), &[], is_active);
        }
    }
}

fn normalizing(columns: Vec<String>, is_spelling: bool, null: Vec<String>) -> Step {
    Step::NormalizeCategories {
        columns,
        whitespace: is_spelling,
        fold_case: is_spelling,
        map: BTreeMap::new(),
        null,
    }
}

/// Looks at the distinct texts of a column of all tables.
fn look(sheets: &[Sheet], name: &str) -> Texts {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for sheet in sheets {
        let Some(idx) = sheet.find(name) else {
            continue;
        };
        let Coded { codes, texts } = sheet.columns[idx].coded(sheet.n_rows);
        let mut n_of = vec![0_u64; texts.len()];
        for code in codes {
            if let Some(n) = n_of.get_mut(code as usize) {
                *n += 1;
            }
        }
        for (text, n) in texts.into_iter().zip(n_of) {
            *counts.entry(text).or_default() += n;
        }
    }
    let mut found = Texts::default();
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (text, n) in counts.into_iter().filter(|(_, n)| *n > 0) {
        found.is_misread |= repaired(&text).is_some();
        let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = tidy.to_lowercase();
        if NULL_SPELLINGS.contains(&key.as_str()) {
            found.null.insert(text.clone(), n);
        }
        by_key.entry(key).or_default().push(text);
    }
    // Free text is no category, whatever its case.
    let n_keys = by_key.len();
    let variants = by_key.into_values().filter(|spellings| spellings.len() > 1);
    let variants: Vec<String> = variants
        .map(|spellings| format!("{spellings:?}").trim_matches(['[', ']']).to_owned())
        .collect();
    if n_keys <= crate::load::MAX_CATEGORIES {
        let more = variants.len().saturating_sub(5);
        found.variants = variants.into_iter().take(5).collect();
        if more > 0 {
            found.variants.push(format!("and {more} more"));
        }
    }
    found
}

fn suggest_duplicates(page: &mut Page, sheet: &Sheet, facts: &Facts<'_>) {
    let firsts = firsts(sheet, &sheet.live_columns());
    let n_repeated = firsts
        .iter()
        .enumerate()
        .filter(|(row, first)| row != *first)
        .count();
    if n_repeated == 0 {
        return;
    }
    let has_id = facts.id.is_some_and(|id| sheet.find(id).is_some());
    let why = if has_id {
        format!("{n_repeated} rows repeat another in every column, the id too")
    } else {
        format!(
            "{n_repeated} rows repeat another in every column; without an id they may be different things that are alike"
        )
    };
    let step = Step::Deduplicate {
        columns: Vec::new(),
        keep: Keep::First,
    };
    page.step(&why, step, &[Role::Train], has_id);
}

fn suggest_target_rows(page: &mut Page, sheets: &[Sheet], facts: &Facts<'_>) {
    let Some(target) = facts.target else { return };
    let mut why = String::new();
    let mut tables = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.role != Role::Current) {
        let n_missing = sheet.find(target).map_or(0, |idx| n_missing(sheet, idx));
        if 0 < n_missing && n_missing < sheet.n_rows {
            let _written = writeln!(
                why,
                "{n_missing} rows of {} have no target",
                sheet.role.name()
            );
            tables.push(sheet.role);
        }
    }
    if !tables.is_empty() {
        let step = Step::DropRows {
            missing: vec![target.to_owned()],
            missing_above: None,
            duplicates: None,
        };
        page.step(&why, step, &tables, true);
    }
}

fn suggest_impute(page: &mut Page, sheet: &Sheet, facts: &Facts<'_>) {
    if sheet.role != Role::Train {
        return;
    }
    for (is_number, indicator) in [(true, false), (true, true), (false, false)] {
        let (mut columns, mut why) = (Vec::new(), String::new());
        for idx in features(sheet, facts) {
            let column = &sheet.columns[idx];
            let n_missing = n_missing(sheet, idx);
            let share = n_missing as f64 / sheet.n_rows.max(1) as f64;
            let is_partly = 0 < n_missing && n_missing < sheet.n_rows;
            let has_indicator = column.kind.is_number() && share > WORTH_INDICATOR;
            let is_filled = matches!(column.kind, Kind::Int | Kind::Float | Kind::Text);
            if is_partly
                && is_filled
                && column.kind.is_number() == is_number
                && has_indicator == indicator
            {
                let name = &column.name;
                let _written = writeln!(
                    why,
                    "'{name}': {n_missing} cells missing ({:.1} %)",
                    share * 100.0
                );
                columns.push(name.clone());
            }
        }
        if columns.is_empty() {
            continue;
        }
        let rule = if is_number {
            Rule::Median
        } else {
            Rule::Constant("missing".to_owned())
        };
        let step = Step::Impute {
            columns,
            rule,
            by: None,
            indicator,
            target: false,
        };
        page.step(&why, step, &[], false);
    }
}

fn features(sheet: &Sheet, facts: &Facts<'_>) -> Vec<usize> {
    let columns = sheet.live_columns().into_iter();
    columns
        .filter(|idx| facts.is_feature(&sheet.columns[*idx].name))
        .collect()
}

fn n_missing(sheet: &Sheet, column: usize) -> usize {
    let column = &sheet.columns[column];
    (0..sheet.n_rows)
        .filter(|row| column.is_missing(*row))
        .count()
}
