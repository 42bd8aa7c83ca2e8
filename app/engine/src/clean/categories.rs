//! `normalize-categories` and `fix-encoding`: steps that give texts another form.
//!
//! In: tables being cleaned. Out: texts changed, each distinct text looked at once. A spelling that only
//! differs in blanks or case becomes the most frequent one of the train table; of several as frequent
//! the first in byte order. What the train table does not know keeps its case.

use std::collections::{BTreeMap, HashMap};

use super::cell::{Cell, Kind, text_number};
use super::choose::{Facts, Refusal, Turn, check_names, of_teacher, teacher};
use super::encoding::repaired;
use super::sheet::{Coded, Column, MISSING, Sheet, UNTOUCHED};

/// What `normalize-categories` says.
pub(super) struct Spelling<'a> {
    pub(super) columns: &'a [String],
    pub(super) whitespace: bool,
    pub(super) fold_case: bool,
    pub(super) map: &'a BTreeMap<String, String>,
    pub(super) null: &'a [String],
}

/// What a text becomes.
enum New {
    Same,
    Text(String),
    Missing,
}

/// `normalize-categories`.
pub(super) fn normalize(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    spelling: &Spelling<'_>,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    for value in spelling.map.values() {
        facts.check_value(value)?;
    }
    let names = text_columns(sheets, spelling.columns, facts)?;
    let map = by_key(spelling, spelling.map.iter());
    let null: Vec<String> = spelling
        .null
        .iter()
        .map(|text| spelling.key(text))
        .collect();
    for name in &names {
        let known = if spelling.fold_case {
            let train = teacher(sheets)?;
            train
                .find(name)
                .map(|idx| frequent(train, idx, spelling))
                .unwrap_or_default()
        } else {
            HashMap::new()
        };
        for sheet in turn.sheets(sheets) {
            let Some(idx) = sheet.find(name) else {
                continue;
            };
            change_texts(sheet, turn.step, idx, |text| {
                let key = spelling.key(text);
                if let Some(to) = map.get(&key) {
                    return of_text(text, to);
                }
                let tidy = spelling.tidy(text);
                if null.contains(&key) || facts.missing.lists(tidy.trim().as_bytes()) {
                    return New::Missing;
                }
                of_text(text, known.get(&key).unwrap_or(&tidy))
            });
            retype(sheet, idx);
        }
    }
    Ok(())
}

/// `fix-encoding`.
pub(super) fn fix_encoding(
    sheets: &mut [Sheet],
    turn: Turn<'_>,
    columns: &[String],
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    for name in text_columns(sheets, columns, facts)? {
        for sheet in turn.sheets(sheets) {
            let Some(idx) = sheet.find(&name) else {
                continue;
            };
            change_texts(sheet, turn.step, idx, |text| {
                repaired(text).map_or(New::Same, New::Text)
            });
        }
    }
    Ok(())
}

impl Spelling<'_> {
    /// A text without surplus blanks.
    fn tidy(&self, text: &str) -> String {
        if self.whitespace {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            text.to_owned()
        }
    }

    /// Equal for spellings that count as the same.
    fn key(&self, text: &str) -> String {
        let tidy = self.tidy(text);
        if self.fold_case {
            tidy.to_lowercase()
        } else {
            tidy
        }
    }
}

fn of_text(old: &str, new: &str) -> New {
    if old == new {
        New::Same
    } else {
        New::Text(new.to_owned())
    }
}

fn by_key<'a>(
    spelling: &Spelling<'_>,
    map: impl Iterator<Item = (&'a String, &'a String)>,
) -> HashMap<String, String> {
    map.map(|(from, to)| (spelling.key(from), to.clone()))
        .collect()
}

/// The columns named, which must hold text somewhere; else every feature that holds text somewhere.
fn text_columns(
    sheets: &[Sheet],
    names: &[String],
    facts: &Facts<'_>,
) -> Result<Vec<String>, Refusal> {
    let is_text = |column: &Column| {
        if column.base.kind() == Kind::Text {
            return Ok(());
        }
        let message = format!("'{}' holds {}, no text", column.name, column.kind.words());
        Err(Refusal::new(message, "leave it out of this step"))
    };
    if !names.is_empty() {
        check_names(sheets, names)?;
        for name in names {
            let all = sheets.iter().filter_map(|sheet| {
                let column = &sheet.columns[sheet.find(name)?];
                Some(is_text(column))
            });
            let all: Vec<Result<(), Refusal>> = all.collect();
            if let (false, Some(Err(refusal))) = (all.contains(&Ok(())), all.first()) {
                return Err(refusal.clone());
            }
        }
        return Ok(names.to_vec());
    }
    let mut found: Vec<String> = Vec::new();
    for sheet in sheets {
        for idx in of_teacher(sheet, &[], facts, is_text)? {
            let name = &sheet.columns[idx].name;
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
    }
    Ok(found)
}

/// The most frequent spelling of each category of the train table, by key.
fn frequent(train: &Sheet, idx: usize, spelling: &Spelling<'_>) -> HashMap<String, String> {
    let Coded { codes, texts } = train.columns[idx].coded(train.n_rows);
    let mut counts = vec![0_u64; texts.len()];
    for row in train.learned_rows() {
        if let Some(count) = counts.get_mut(codes[row] as usize) {
            *count += 1;
        }
    }
    let mut by_spelling: BTreeMap<String, u64> = BTreeMap::new();
    for (text, count) in texts.iter().zip(counts).filter(|(_, count)| *count > 0) {
        *by_spelling.entry(spelling.tidy(text)).or_default() += count;
    }
    let mut best: HashMap<String, (u64, String)> = HashMap::new();
    for (text, count) in by_spelling {
        // The first in byte order comes first and stays unless another is more frequent.
        let entry = best.entry(spelling.key(&text)).or_default();
        if count > entry.0 {
            *entry = (count, text);
        }
    }
    best.into_iter()
        .map(|(key, (_, text))| (key, text))
        .collect()
}

/// Changes the texts of a column, each distinct one looked at once.
fn change_texts(sheet: &mut Sheet, step: usize, idx: usize, change: impl Fn(&str) -> New) {
    let Coded { codes, texts } = sheet.columns[idx].coded(sheet.n_rows);
    let column = &mut sheet.columns[idx];
    let new: Vec<u32> = texts
        .iter()
        .map(|text| match change(text) {
            New::Same => UNTOUCHED,
            New::Missing => MISSING,
            New::Text(text) => column.intern(&text),
        })
        .collect();
    if new.iter().all(|code| *code == UNTOUCHED) {
        return;
    }
    let changed: Vec<(usize, u32)> = sheet
        .rows()
        .filter_map(|row| Some((row, *new.get(codes[row] as usize)?)))
        .filter(|(_, code)| *code != UNTOUCHED)
        .collect();
    for (row, code) in changed {
        sheet.set(step, row, idx, code);
    }
}

/// A column whose texts are gone but for numbers is one of numbers, as whoever reads the copy will see.
fn retype(sheet: &mut Sheet, idx: usize) {
    let column = &sheet.columns[idx];
    if column.kind != Kind::Text || !column.is_touched() {
        return;
    }
    let mut has_values = false;
    for row in sheet.rows() {
        match column.cell(row) {
            Cell::Missing => {}
            Cell::Text(text) if text_number(text).is_some() => has_values = true,
            _ => return,
        }
    }
    if has_values {
        let is_whole = |row: usize| match column.cell(row) {
            Cell::Text(text) => !text.contains(['.', 'e', 'E']),
            _ => true,
        };
        let kind = if sheet.rows().all(is_whole) {
            Kind::Int
        } else {
            Kind::Float
        };
        sheet.columns[idx].kind = kind;
    }
}
