//! Which tables and columns a step works on, and why it may refuse to.
//!
//! In: the names a step gives. Out: positions, or a [`Refusal`]. Only looks at names and kinds.

use interlock_plugin_api::outcome::Role;

use super::sheet::{Column, Sheet};
use crate::config::nearest;
use crate::load::piece::MissingTokens;

/// Why a step cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: String,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }
}

/// What every step knows of the project.
pub(super) struct Facts<'a> {
    pub(super) target: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) time: Option<&'a str>,
    pub(super) seed: u64,
    pub(super) is_regression: bool,
    /// Texts that a reader takes for missing.
    pub(super) missing: MissingTokens,
}

impl Facts<'_> {
    /// Whether a column is a feature as far as the project says: not target, id or time.
    pub(super) fn is_feature(&self, name: &str) -> bool {
        ![self.target, self.id, self.time].contains(&Some(name))
    }

    /// Refuses to change the target unless told to.
    pub(super) fn protect_target(&self, names: &[String], is_meant: bool) -> Result<(), Refusal> {
        match self.target {
            Some(target) if !is_meant && names.iter().any(|name| name == target) => {
                Err(Refusal::new(
                    format!("'{target}' is the target: changing it changes what is learned"),
                    "drop rows without a target instead, or write target = true if you mean it",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a text that would be read as missing.
    pub(super) fn check_value(&self, text: &str) -> Result<(), Refusal> {
        if self.missing.lists(text.trim().as_bytes()) {
            return Err(Refusal::new(
                format!("'{text}' would be read as missing"),
                "choose another text, or list it under null",
            ));
        }
        Ok(())
    }
}

/// The step at work: its place in the plan and the tables it is done to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) step: usize,
    pub(super) tables: &'a [Role],
}

impl Turn<'_> {
    /// Whether the step is done to a table.
    pub(super) fn takes(&self, sheet: &Sheet) -> bool {
        self.tables.is_empty() || self.tables.contains(&sheet.role)
    }

    /// The tables the step is done to.
    pub(super) fn sheets<'s>(
        &self,
        sheets: &'s mut [Sheet],
    ) -> impl Iterator<Item = &'s mut Sheet> + use<'s, '_> {
        let turn = *self;
        sheets.iter_mut().filter(move |sheet| turn.takes(sheet))
    }
}

/// The table that is learned from.
pub(super) fn teacher(sheets: &[Sheet]) -> Result<&Sheet, Refusal> {
    let train = sheets.iter().find(|sheet| sheet.role == Role::Train);
    let Some(train) = train else {
        return Err(Refusal::new(
            "there is no train table to learn from",
            "name one under [data]: train = \"train.csv\"",
        ));
    };
    if train.learned_rows().next().is_none() {
        return Err(Refusal::new(
            "the train table has no rows to learn from",
            "check the file, and the steps before",
        ));
    }
    Ok(train)
}

/// Columns of the train table: those named, or every feature that fits. Refuses a name that is not
/// there, and a named column that does not fit.
pub(super) fn of_teacher(
    train: &Sheet,
    names: &[String],
    facts: &Facts<'_>,
    fits: impl Fn(&Column) -> Result<(), Refusal>,
) -> Result<Vec<usize>, Refusal> {
    if names.is_empty() {
        let features = train.live_columns().into_iter().filter(|idx| {
            let column = &train.columns[*idx];
            facts.is_feature(&column.name) && fits(column).is_ok()
        });
        return Ok(features.collect());
    }
    let mut found = Vec::new();
    for name in names {
        let idx = train
            .find(name)
            .ok_or_else(|| unknown(std::slice::from_ref(train), name))?;
        fits(&train.columns[idx])?;
        if !found.contains(&idx) {
            found.push(idx);
        }
    }
    Ok(found)
}

/// Refuses a name that none of the tables has.
pub(super) fn check_names(sheets: &[Sheet], names: &[String]) -> Result<(), Refusal> {
    match names
        .iter()
        .find(|name| sheets.iter().all(|sheet| sheet.find(name).is_none()))
    {
        Some(name) => Err(unknown(sheets, name)),
        None => Ok(()),
    }
}

fn unknown(sheets: &[Sheet], name: &str) -> Refusal {
    let columns = || sheets.iter().flat_map(|sheet| &sheet.columns);
    let gone = columns().find(|column| column.name == name);
    if let Some(step) = gone.and_then(|column| column.dropped_by) {
        let help = "move this step above that one";
        return Refusal::new(
            format!("column '{name}' was dropped by step {}", step + 1),
            help,
        );
    }
    let known = columns().map(|column| column.name.as_str());
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            let mut names: Vec<&str> = columns().map(|column| column.name.as_str()).collect();
            names.dedup();
            let more = names.len().saturating_sub(20);
            names.truncate(20);
            let and_more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("there are: {}{and_more}", names.join(", "))
        }
    };
    Refusal::new(format!("there is no column '{name}'"), help)
}
