//! Which values of a column mean the same.
//!
//! In: distinct texts. Out: groups of them that share a folded form, and lookups in another list.
//!
//! Texts that stand for a missing value are left out: they are the matter of another check.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::columns::spelling::{folded, null_word};

/// How many distinct values of a column are folded at most.
pub(crate) const MAX_VALUES: usize = 200_000;

/// The distinct values of a column by what they mean.
pub(crate) struct Meanings {
    /// Positions of the values of each meaning, in order of first appearance.
    pub(crate) groups: Vec<Vec<usize>>,
    by_form: HashMap<String, usize, FixedState>,
}

impl Meanings {
    /// Groups the first [`MAX_VALUES`] of these values.
    pub(crate) fn of(values: &[&str]) -> Self {
        let mut meanings = Self {
            groups: Vec::new(),
            by_form: HashMap::default(),
        };
        for (position, value) in values.iter().take(MAX_VALUES).enumerate() {
            let Some(form) = form(value) else { continue };
            let groups = &mut meanings.groups;
            let at = *meanings.by_form.entry(form).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[at].push(position);
        }
        meanings
    }

    /// The positions of the values that mean the same as this one.
    pub(crate) fn like(&self, value: &str) -> Option<&[usize]> {
        let at = self.by_form.get(&form(value)?)?;
        Some(&self.groups[*at])
    }

    /// Groups of two or more.
    pub(crate) fn several(&self) -> impl Iterator<Item = &[usize]> {
        let groups = self.groups.iter().map(Vec::as_slice);
        groups.filter(|group| group.len() > 1)
    }
}

fn form(value: &str) -> Option<String> {
    if null_word(value).is_some() {
        return None;
    }
    Some(folded(value)).filter(|form| !form.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_grouped_by_meaning() {
        let values = ["Ulm", "Jena", "ulm", "n/a", "NA", "!", "?", "ULM ", "jena."];
        let meanings = Meanings::of(&values);
        let several: Vec<&[usize]> = meanings.several().collect();
        assert_eq!(several, [&[0, 2, 7][..], &[1, 8]]);
        assert_eq!(meanings.like("JENA"), Some(&[1, 8][..]));
        assert_eq!(meanings.like("Kiel"), None);
    }
}
