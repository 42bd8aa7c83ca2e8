//! Guesses what the columns of a table are for.
//!
//! In: a loaded table. Out: target, task, id, time and sensitive columns, from names and values.

use interlock_plugin_api::facts::{ColumnKind, Task};

use crate::load::{LoadedColumn, LoadedTable};

/// Names of columns to predict, most telling first.
const TARGETS: [&str; 17] = [
    "target",
    "label",
    "y",
    "class",
    "outcome",
    "risk",
    "default",
    "churn",
    "churned",
    "fraud",
    "is_fraud",
    "survived",
    "income",
    "approved",
    "progression",
    "price",
    "response",
];

/// Words that name a protected attribute, alone or as part of a name.
const SENSITIVE: [&str; 13] = [
    "sex",
    "gender",
    "age",
    "race",
    "ethnicity",
    "religion",
    "nationality",
    "disability",
    "marital",
    "pregnant",
    "orientation",
    "citizenship",
    "birth",
];

/// Values that name the class of interest.
const POSITIVE: [&str; 10] = [
    "1", "true", "yes", "y", "positive", "good", "approved", ">50k", "default", "fraud",
];

/// Most classes a target of numbers may have to be one of classes.
const MAX_CLASSES: usize = 20;

/// What was guessed.
#[derive(Debug, Clone, Default)]
pub(super) struct Guess {
    pub(super) target: Option<String>,
    pub(super) why_target: &'static str,
    pub(super) task: Task,
    pub(super) positive: Option<String>,
    pub(super) id: Option<String>,
    pub(super) time: Option<String>,
    pub(super) sensitive: Vec<String>,
}

pub(super) fn guess(table: &LoadedTable) -> Guess {
    let columns = &table.columns;
    let words = |column: &LoadedColumn| words(&column.name);
    let named = TARGETS.iter().find_map(|name| {
        columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    });
    let (target, why_target) = match named {
        Some(column) => (Some(column), "from its name"),
        None => (columns.last(), "it stands last"),
    };
    let target_name = target.map(|column| column.name.clone());
    let others = || {
        columns
            .iter()
            .filter(|column| Some(&column.name) != target_name.as_ref())
    };
    let is_id = |column: &&LoadedColumn| {
        let is_named = words(column)
            .iter()
            .any(|word| matches!(word.as_str(), "id" | "uuid" | "key" | "index"));
        is_named && is_unique(table, &column.name)
    };
    let id = others().find(is_id).map(|column| column.name.clone());
    let time = others()
        .find(|column| column.kind == ColumnKind::Date)
        .map(|column| column.name.clone());
    let sensitive = others()
        .filter(|column| {
            words(column)
                .iter()
                .any(|word| SENSITIVE.contains(&word.as_str()))
        })
        .map(|column| column.name.clone())
        .collect();
    let classes = target
        .and_then(|column| table.view.distinct(&column.name, MAX_CLASSES + 1))
        .unwrap_or_default();
    let task = task(target, &classes);
    let positive = (task == Task::Binary).then(|| positive(&classes)).flatten();
    Guess {
        target: target_name,
        why_target,
        task,
        positive,
        id,
        time,
        sensitive,
    }
}

fn task(target: Option<&LoadedColumn>, classes: &[String]) -> Task {
    let is_numeric = target.is_some_and(|column| column.kind == ColumnKind::Numeric);
    match classes.len() {
        2 => Task::Binary,
        n if is_numeric && (n > MAX_CLASSES || classes.iter().any(|class| class.contains('.'))) => {
            Task::Regression
        }
        n if is_numeric && n > 10 => Task::Regression,
        _ => Task::Multiclass,
    }
}

fn positive(classes: &[String]) -> Option<String> {
    let telling = POSITIVE.iter().find_map(|word| {
        classes
            .iter()
            .find(|class| class.eq_ignore_ascii_case(word))
    });
    telling.or_else(|| classes.iter().max()).cloned()
}

fn is_unique(table: &LoadedTable, column: &str) -> bool {
    let n_rows = usize::try_from(table.n_rows).unwrap_or(usize::MAX);
    table
        .view
        .distinct(column, n_rows)
        .is_some_and(|distinct| distinct.len() == n_rows)
}

/// The words of a name: `homeTown_id` has home, town and id.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || (character.is_uppercase() && was_lower);
        if begins {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words("homeTown_ID"), ["home", "town", "id"]);
        assert_eq!(words("age"), ["age"]);
        assert_eq!(words("marital status"), ["marital", "status"]);
    }
}
