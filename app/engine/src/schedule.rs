//! Decides which checks must run, and in which order.
//!
//! In: what a check declares, the snapshot, its plugin and settings. Out: why it cannot run, or the
//! [`ResultKey`] that names this very run; equal keys mean equal results.
//!
//! A check sees only what it declares: [`interlock_plugin_api::ProjectFacts::seen_by`] removes the rest, so that a change it does
//! not declare cannot alter its result, and its key needs to cover nothing more.
//! This module knows no threads, no clock and no plugin code.

use interlock_plugin_api::check_info::{CheckInfo, Cost, Need, Needs, Stage};
use interlock_plugin_api::outcome::Role;

use crate::fingerprint::Fingerprint;
use crate::snapshot::Snapshot;

/// Names one run by everything its result depends on.
pub(crate) type ResultKey = Fingerprint;

/// Hashes parts in order; the border between two parts counts.
#[derive(Debug, Default)]
pub(crate) struct Hasher(blake3::Hasher);

impl Hasher {
    /// Adds bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// The hash of everything added.
    pub(crate) fn finish(&self) -> Fingerprint {
        Fingerprint::from(self.0.clone())
    }
}

/// One input as a run saw it, kept with the result to tell later what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputSeen {
    /// `train`, `test`, `current`, `model`, `settings`, `plugin`, `project file`.
    pub(crate) name: String,
    /// What it was.
    pub(crate) fingerprint: Fingerprint,
    /// Its rows, for a table.
    pub(crate) n_rows: Option<u64>,
}

/// Why a check cannot run on these inputs: an input it needs is not there.
pub(crate) fn unmet(needs: &Needs, snapshot: &Snapshot) -> Option<String> {
    for role in Role::ALL {
        if needs.table(role) == Need::Required && !snapshot.tables.contains_key(&role) {
            return Some(format!("no {} table", role.name()));
        }
    }
    if needs.model == Need::Required && snapshot.model.is_none() {
        return Some("no model".to_owned());
    }
    if needs.model_file == Need::Required && snapshot.facts.model_file.is_none() {
        return Some("the model is no file that could be looked at".to_owned());
    }
    if needs.target == Need::Required && snapshot.facts.target.is_none() {
        return Some("no target: set project.target in the project file".to_owned());
    }
    if needs.sensitive == Need::Required && snapshot.facts.sensitive().next().is_none() {
        return Some(
            "no sensitive column: mark one with sensitive = true under [columns.NAME]".to_owned(),
        );
    }
    if needs.contract == Need::Required && snapshot.facts.contract.is_none() {
        return Some(
            "no rule is set: `interlock init --learn` learns a contract from the train table"
                .to_owned(),
        );
    }
    let is_missing = |name: &&String| snapshot.facts.column(name).is_none();
    needs
        .columns
        .iter()
        .find(is_missing)
        .map(|name| format!("no column '{name}'"))
}

/// The inputs a check with these needs reads from the snapshot, in a fixed order.
pub(crate) fn inputs_seen(needs: &Needs, snapshot: &Snapshot, facts: &[u8]) -> Vec<InputSeen> {
    let mut seen = Vec::new();
    for (role, table) in &snapshot.tables {
        if needs.table(*role) == Need::No {
            continue;
        }
        let mut hasher = Hasher::default();
        for column in &table.columns {
            if needs.columns.is_empty() || needs.columns.contains(&column.name) {
                hasher
                    .text(&column.name)
                    .bytes(column.fingerprint.as_bytes());
            }
        }
        seen.push(InputSeen {
            name: role.name().to_owned(),
            fingerprint: hasher.finish(),
            n_rows: Some(table.n_rows),
        });
    }
    if let Some(model) = snapshot.model.as_ref().filter(|_| needs.model != Need::No) {
        seen.push(InputSeen {
            name: "model".to_owned(),
            fingerprint: asked(snapshot, model.fingerprint),
            n_rows: None,
        });
    }
    seen.push(InputSeen {
        name: "project file".to_owned(),
        fingerprint: Hasher::default().bytes(facts).finish(),
        n_rows: None,
    });
    seen
}

/// The model and how it is asked: the numbers it is given in place of texts count.
fn asked(snapshot: &Snapshot, model: Fingerprint) -> Fingerprint {
    if snapshot.codes.is_empty() {
        return model;
    }
    let mut hasher = Hasher::default();
    hasher.bytes(model.as_bytes());
    for (column, codes) in &snapshot.codes {
        hasher.text(column);
        for (text, code) in codes {
            hasher.text(text).bytes(&code.to_le_bytes());
        }
    }
    hasher.finish()
}

/// The key of a run: check, its plugin's bytes, settings, seed and inputs.
pub(crate) fn key(check: &str, seed: u64, inputs: &[InputSeen]) -> ResultKey {
    let mut hasher = Hasher::default();
    hasher.text(check).bytes(&seed.to_le_bytes());
    for input in inputs {
        hasher.text(&input.name).bytes(input.fingerprint.as_bytes());
        hasher.bytes(&input.n_rows.unwrap_or(u64::MAX).to_le_bytes());
    }
    hasher.finish()
}

/// What changed between two runs of a check, in words: `train.csv changed (+312 rows)`.
pub(crate) fn changes(before: &[InputSeen], now: &[InputSeen]) -> String {
    let mut said = Vec::new();
    for input in now {
        let old = before.iter().find(|old| old.name == input.name);
        match old {
            None => said.push(format!("{} added", input.name)),
            Some(old) if old.fingerprint == input.fingerprint && old.n_rows == input.n_rows => {}
            Some(old) => said.push(format!(
                "{} changed{}",
                input.name,
                rows_changed(old, input)
            )),
        }
    }
    for old in before {
        if now.iter().all(|input| input.name != old.name) {
            said.push(format!("{} removed", old.name));
        }
    }
    if said.is_empty() {
        "run again on the same inputs".to_owned()
    } else {
        said.join(", ")
    }
}

fn rows_changed(old: &InputSeen, new: &InputSeen) -> String {
    match (old.n_rows, new.n_rows) {
        (Some(old), Some(new)) if new > old => format!(" (+{} rows)", new - old),
        (Some(old), Some(new)) if new < old => format!(" (−{} rows)", old - new),
        _ => String::new(),
    }
}

/// Sorts checks into the order to run them: cheapest first, then by pipeline stage, then by id.
/// What a check took last time decides over what it says of itself.
pub(crate) fn order_key(check: &CheckInfo, last_ms: Option<u64>) -> (u64, Stage, &str) {
    let declared = match check.cost {
        Cost::Quick => 50,
        Cost::Moderate => 500,
        Cost::Heavy => 5_000,
    };
    // Coarse steps: a few milliseconds more or less must not change the order.
    let step = u64::from(last_ms.unwrap_or(declared).max(1).ilog2());
    (step, check.stage, &check.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, content: &str, n_rows: Option<u64>) -> InputSeen {
        InputSeen {
            name: name.to_owned(),
            fingerprint: Hasher::default().text(content).finish(),
            n_rows,
        }
    }

    #[test]
    fn changes_name_the_input_and_the_rows() {
        let before = [
            seen("train", "a", Some(100)),
            seen("model", "m", None),
            seen("test", "t", Some(5)),
        ];
        let now = [
            seen("train", "b", Some(412)),
            seen("model", "m", None),
            seen("current", "c", Some(9)),
        ];
        assert_eq!(
            changes(&before, &now),
            "train changed (+312 rows), current added, test removed"
        );
    }

    #[test]
    fn the_key_covers_every_part() {
        let inputs = [seen("train", "a", Some(100))];
        let base = key("x.y", 1, &inputs);
        assert_eq!(base, key("x.y", 1, &inputs));
        assert_ne!(base, key("x.z", 1, &inputs));
        assert_ne!(base, key("x.y", 2, &inputs));
        assert_ne!(base, key("x.y", 1, &[seen("train", "b", Some(100))]));
        assert_ne!(base, key("x.y", 1, &[seen("train", "a", Some(101))]));
        assert_ne!(base, key("x.y", 1, &[seen("test", "a", Some(100))]));
    }
}
