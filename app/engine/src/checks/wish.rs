//! What the present inputs ask of one check.
//!
//! In: the check, the settings, the snapshot. Out: a [`Wish`]: run it with this key, or why not.

use interlock_plugin_api::check_info::Need;

use super::Checks;
use super::present::Present;
use crate::config::{self, CheckConfig};
use crate::schedule::{self, Hasher, InputSeen, ResultKey};

/// What the present inputs ask of a check.
pub(super) enum Wish {
    /// An input's newest state cannot be read.
    KeepOld(String),
    Run {
        key: ResultKey,
        inputs: Vec<InputSeen>,
        params: Vec<u8>,
    },
    Wait,
    Skip(String),
    Refuse {
        key: ResultKey,
        why: String,
    },
}

/// Facts always encode: they hold only strings, numbers and lists.
pub(super) fn encode(facts: &interlock_plugin_api::facts::ProjectFacts) -> Vec<u8> {
    rmp_serde::to_vec_named(facts).unwrap_or_default()
}

impl Checks {
    /// What the present inputs ask of a check.
    pub(super) fn wish(&mut self, id: &str, present: &Present<'_>) -> Wish {
        let (Some(record), Some(origin)) = (self.records.get_mut(id), self.origins.get(id)) else {
            return Wish::Skip("its plugin is gone".to_owned());
        };
        let settings = present.config.checks.get(id);
        record.is_required = settings.is_some_and(|settings| settings.required);
        record.warns_only = settings.is_some_and(CheckConfig::warns_only);
        if settings.is_some_and(|settings| !settings.enabled) {
            return Wish::Skip("disabled in the project file".to_owned());
        }
        let needs = &record.info.needs;
        let unreadable = present
            .stale
            .iter()
            .find(|(role, _)| needs.table(**role) != Need::No);
        if let Some((_, why)) = unreadable {
            return Wish::KeepOld(why.clone());
        }
        if needs.model != Need::No && present.model_is_coming {
            return Wish::Wait;
        }
        if let Some(why) = schedule::unmet(needs, present.snapshot) {
            let is_model = needs.model == Need::Required && present.snapshot.model.is_none();
            let why = present
                .model_trouble
                .filter(|_| is_model)
                .map_or(why, ToOwned::to_owned);
            return Wish::Skip(why);
        }
        let facts = present.snapshot.facts.seen_by(needs);
        let facts = encode(&facts);
        let mut inputs = schedule::inputs_seen(needs, present.snapshot, &facts);
        inputs.push(InputSeen {
            name: format!("plugin {}", origin.plugin),
            fingerprint: origin.hash,
            n_rows: None,
        });
        match config::check_params(&record.info, settings, &present.config.file_name()) {
            Ok(params) => {
                let fingerprint = Hasher::default().bytes(&params).finish();
                inputs.push(InputSeen {
                    name: "settings".to_owned(),
                    fingerprint,
                    n_rows: None,
                });
                Wish::Run {
                    key: schedule::key(id, present.config.project.seed, &inputs),
                    inputs,
                    params,
                }
            }
            Err(problems) => {
                let why = problems
                    .iter()
                    .map(crate::report::human::problem_line)
                    .collect::<Vec<_>>()
                    .join("; ");
                let fingerprint = Hasher::default().text(&why).finish();
                Wish::Refuse {
                    key: fingerprint,
                    why,
                }
            }
        }
    }
}
