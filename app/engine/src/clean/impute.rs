//! `impute`: missing cells filled with a statistic of the train table.
//!
//! In: tables being cleaned. Out: their missing cells filled. The statistic is that of the rows to learn
//! from as the steps before left them, and the same for every table, so that nothing of the rows to
//! test on leaks. Means are compensated sums (Neumaier); a median is the mean of the middle two; of
//! several most frequent values the least is taken, as scikit-learn's `SimpleImputer` does.

use std::collections::HashMap;

use super::cell::{Cell, Kind, text_number};
use super::choose::{Facts, Refusal, Turn, check_names, of_teacher, teacher};
use super::sheet::{Coded, Column, MISSING, Sheet};
use crate::config::Rule;

/// What the step says.
pub(super) struct Filling<'a> {
    pub(super) columns: &'a [String],
    pub(super) rule: &'a Rule,
    pub(super) by: Option<&'a str>,
    pub(super) has_indicator: bool,
    pub(super) target_is_meant: bool,
}

/// What missing cells of a column become.
struct Filler {
    name: String,
    text: String,
    /// Whether the step asks for a column that says which cells were missing, where it does at all.
    is_indicated: bool,
    /// By the text of the column that groups.
    by_group: HashMap<String, String>,
}

/// `impute`.
pub(super) fn impute(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    filling: &Filling<'_>,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    facts.protect_target(filling.columns, filling.target_is_meant)?;
    let fillers = match filling.rule {
        Rule::Constant(value) => constants(sheets, filling.columns, value, facts)?,
        Rule::Mean | Rule::Median | Rule::MostFrequent => learn(sheets, filling, facts)?,
    };
    for sheet in turn.sheets(sheets) {
        let groups = match filling.by.map(|by| (by, sheet.find(by))) {
            None => None,
            Some((_, Some(idx))) => Some(sheet.columns[idx].coded(sheet.n_rows)),
            Some((by, None)) => {
                let note = format!("it has no column '{by}': filled as if of no group");
                sheet.note(turn.step, note);
                None
            }
        };
        for filler in &fillers {
            let Some(idx) = sheet.find(&filler.name) else {
                continue;
            };
            fill(sheet, turn.step, idx, (filler, groups.as_ref()));
            if filling.has_indicator && filler.is_indicated {
                add_indicator(sheet, turn.step, idx)?;
            }
        }
    }
    Ok(())
}

fn constants(
    sheets: &[Sheet],
    names: &[String],
    value: &str,
    facts: &Facts<'_>,
) -> Result<Vec<Filler>, Refusal> {
    check_names(sheets, names)?;
    facts.check_value(value)?;
    for name in names {
        // A column without any value is of no kind yet.
        let mut kinds = sheets.iter().filter_map(|sheet| {
            let column = &sheet.columns[sheet.find(name)?];
            let has_values = sheet.rows().any(|row| !column.is_missing(row));
            has_values.then_some(column.kind)
        });
        if kinds.any(Kind::is_number) && text_number(value).is_none() {
            return Err(Refusal::new(
                format!("'{name}' holds numbers, and '{value}' is none"),
                "choose a number, or leave the column out",
            ));
        }
    }
    let filler = |name: &String| Filler {
        name: name.clone(),
        text: value.to_owned(),
        is_indicated: true,
        by_group: HashMap::new(),
    };
    Ok(names.iter().map(filler).collect())
}

fn learn(
    sheets: &[Sheet],
    filling: &Filling<'_>,
    facts: &Facts<'_>,
) -> Result<Vec<Filler>, Refusal> {
    let train = teacher(sheets)?;
    let rule = filling.rule;
    let columns = of_teacher(train, filling.columns, facts, |column| fits(column, rule))?;
    let groups = match filling.by {
        None => None,
        Some(by) => {
            let idx = of_teacher(train, &[by.to_owned()], facts, |_| Ok(()))?[0];
            Some(train.columns[idx].coded(train.n_rows))
        }
    };
    let rows: Vec<usize> = train.learned_rows().collect();
    let mut fillers = Vec::new();
    for idx in columns {
        let column = &train.columns[idx];
        let statistic = Statistic::new(column, rule, train.n_rows);
        let Some(text) = statistic.of(&rows)? else {
            if filling.columns.is_empty() {
                continue;
            }
            return Err(Refusal::new(
                format!(
                    "'{}' has no value in the train table to learn from",
                    column.name
                ),
                "drop the column, or fill it with a constant",
            ));
        };
        let mut by_group = HashMap::new();
        for (group, rows) in grouped(groups.as_ref(), &rows) {
            if let Some(text) = statistic.of(&rows)? {
                by_group.insert(group, text);
            }
        }
        // Of columns nobody named, those are worth it that have something to tell in the train table.
        let has_missing = || rows.iter().any(|row| column.is_missing(*row));
        fillers.push(Filler {
            name: column.name.clone(),
            text,
            is_indicated: !filling.columns.is_empty() || has_missing(),
            by_group,
        });
    }
    Ok(fillers)
}

/// Rows by their group, in order of the groups' codes; rows of no group are in none.
fn grouped(groups: Option<&Coded>, rows: &[usize]) -> Vec<(String, Vec<usize>)> {
    let Some(groups) = groups else {
        return Vec::new();
    };
    let mut by_code: Vec<Vec<usize>> = vec![Vec::new(); groups.texts.len()];
    for row in rows {
        if let Some(rows) = by_code.get_mut(groups.codes[*row] as usize) {
            rows.push(*row);
        }
    }
    groups.texts.iter().cloned().zip(by_code).collect()
}

fn fits(column: &Column, rule: &Rule) -> Result<(), Refusal> {
    let needs_numbers = matches!(rule, Rule::Mean | Rule::Median);
    if needs_numbers && !column.kind.is_number() {
        let rule = if *rule == Rule::Mean {
            "mean"
        } else {
            "median"
        };
        return Err(Refusal::new(
            format!(
                "'{}' holds {}, which has no {rule}",
                column.name,
                column.kind.words()
            ),
            "use rule = \"most-frequent\" or \"constant\"; texts that mean missing can be made so before: normalize-categories with null",
        ));
    }
    Ok(())
}

/// A statistic of one column.
struct Statistic<'a> {
    column: &'a Column,
    rule: &'a Rule,
    coded: Option<Coded>,
}

impl<'a> Statistic<'a> {
    fn new(column: &'a Column, rule: &'a Rule, n_rows: usize) -> Self {
        let coded = (*rule == Rule::MostFrequent).then(|| column.coded(n_rows));
        Self {
            column,
            rule,
            coded,
        }
    }

    /// Its value over these rows, as it will be written; `None` if none has a value.
    fn of(&self, rows: &[usize]) -> Result<Option<String>, Refusal> {
        if let Some(coded) = &self.coded {
            return Ok(most_frequent(coded, rows, self.column.kind));
        }
        let numbers = rows
            .iter()
            .filter_map(|row| self.column.cell(*row).number());
        let value = match self.rule {
            Rule::Mean => mean(numbers),
            Rule::Median | Rule::MostFrequent | Rule::Constant(_) => median(numbers.collect()),
        };
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(Refusal::new(
                format!(
                    "'{}' holds infinite values: what it is filled with would be one",
                    self.column.name
                ),
                "clip it before",
            ));
        }
        Ok(value.map(|value| number_text(value, self.column.kind)))
    }
}

/// A number as it is written in a column: without `.0` among integers.
pub(super) fn number_text(value: f64, kind: Kind) -> String {
    let is_whole = value.fract().abs() <= 0.0 && value.abs() < 1e15;
    if kind == Kind::Int && is_whole {
        // Adding 0 makes 0 of -0.
        format!("{:.0}", value + 0.0)
    } else {
        format!("{value:?}")
    }
}

pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut lost, mut n) = (0.0_f64, 0.0_f64, 0_u64);
    for number in numbers {
        let next = sum + number;
        lost += if sum.abs() >= number.abs() {
            (sum - next) + number
        } else {
            (number - next) + sum
        };
        (sum, n) = (next, n + 1);
    }
    let total = if lost.is_finite() { sum + lost } else { sum };
    (n > 0).then(|| total / n as f64)
}

pub(super) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    let n = numbers.len();
    if n == 0 {
        return None;
    }
    let (below, middle, _) = numbers.select_nth_unstable_by(n / 2, f64::total_cmp);
    let upper = *middle;
    if n % 2 == 1 {
        return Some(upper);
    }
    let lower = below
        .iter()
        .copied()
        .max_by(f64::total_cmp)
        .unwrap_or(upper);
    Some(f64::midpoint(lower, upper))
}

fn most_frequent(coded: &Coded, rows: &[usize], kind: Kind) -> Option<String> {
    let mut counts = vec![0_u64; coded.texts.len()];
    for row in rows {
        if let Some(count) = counts.get_mut(coded.codes[*row] as usize) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().filter(|count| *count > 0)?;
    let candidates = coded.texts.iter().zip(&counts);
    let candidates = candidates
        .filter(|(_, count)| **count == most)
        .map(|(text, _)| text);
    candidates
        .min_by(
            |a, b| match (kind.is_number(), text_number(a), text_number(b)) {
                (true, Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.cmp(b),
            },
        )
        .cloned()
}

/// Fills a column; gives back nothing, the sheet knows the changes.
fn fill(sheet: &mut Sheet, step: usize, idx: usize, (filler, groups): (&Filler, Option<&Coded>)) {
    let column = &sheet.columns[idx];
    let rows: Vec<usize> = sheet
        .rows()
        .filter(|row| matches!(column.cell(*row), Cell::Missing))
        .collect();
    let column = &mut sheet.columns[idx];
    let overall = column.intern(&filler.text);
    let of_group: Vec<Option<u32>> = groups
        .map(|groups| groups.texts.iter())
        .into_iter()
        .flatten()
        .map(|group| Some(column.intern(filler.by_group.get(group)?)))
        .collect();
    let mut n_without = 0_u64;
    for row in rows {
        let code = match groups.map(|groups| groups.codes[row]) {
            None => overall,
            Some(MISSING) => {
                n_without += 1;
                overall
            }
            Some(group) => of_group[group as usize].unwrap_or_else(|| {
                n_without += 1;
                overall
            }),
        };
        sheet.set(step, row, idx, code);
    }
    if n_without > 0 {
        let note = format!(
            "{n_without} cells of '{}' are of no group with a value in the train table: filled with {}",
            filler.name, filler.text
        );
        sheet.note(step, note);
    }
}

/// Adds the column that says which cells this step filled.
fn add_indicator(sheet: &mut Sheet, step: usize, idx: usize) -> Result<(), Refusal> {
    let name = format!("{}_was_missing", sheet.columns[idx].name);
    if sheet.find(&name).is_some() {
        return Err(Refusal::new(
            format!("there is a column '{name}' already"),
            "leave indicator out, or drop that column before",
        ));
    }
    let mut codes = vec![0_u32; sheet.n_rows];
    let of_step = sheet
        .changes
        .iter()
        .rev()
        .take_while(|change| change.step as usize == step);
    for change in of_step.filter(|change| change.column as usize == idx) {
        codes[change.row as usize] = 1;
    }
    sheet.add(name, &["0", "1"], codes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_by_hand() {
        assert_eq!(mean([].into_iter()), None);
        assert_eq!(mean([1e16, 1.0, -1e16].into_iter()), Some(1.0 / 3.0));
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn numbers_are_written_as_their_column_is() {
        assert_eq!(number_text(36.0, Kind::Int), "36");
        assert_eq!(number_text(-0.0, Kind::Int), "0");
        assert_eq!(number_text(-10.0, Kind::Int), "-10");
        assert_eq!(number_text(36.5, Kind::Int), "36.5");
        assert_eq!(number_text(36.0, Kind::Float), "36.0");
    }
}
