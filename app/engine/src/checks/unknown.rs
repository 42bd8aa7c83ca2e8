//! Checks the project file speaks of and no plugin has.
//!
//! In: the settings, and what the opened plugins offer. Out: a [`Problem`] each, with the nearest id:
//! a misspelt section must not leave a check at settings nobody chose, or a required one out.

use super::Checks;
use crate::config::{self, Config};
use crate::problem::Problem;

impl Checks {
    /// One problem for each section of a check that is not there, in the order of the ids.
    pub(crate) fn unknown(&self, config: &Config) -> Vec<Problem> {
        let settings = config.checks.iter();
        settings
            .filter(|(id, _)| !self.records.contains_key(*id))
            .map(|(id, check)| {
                let near = config::nearest(id, self.records.keys().map(String::as_str));
                let see = "see `interlock plugin list` for the checks there are";
                Problem {
                    file: config.file_name(),
                    line: check.line,
                    column: None,
                    message: format!("no plugin has a check '{id}'"),
                    help: near
                        .map_or_else(|| see.to_owned(), |near| format!("did you mean '{near}'?")),
                    is_error: true,
                }
            })
            .collect()
    }

    /// Ids of required checks that are not there.
    pub(crate) fn missing(&self, config: &Config) -> Vec<String> {
        let required = config.checks.iter().filter(|(_, check)| check.required);
        required
            .map(|(id, _)| id.clone())
            .filter(|id| !self.records.contains_key(id))
            .collect()
    }
}
