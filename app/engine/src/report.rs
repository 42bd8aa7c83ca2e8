//! A picture as text for people, for machines and for exit codes.
//!
//! In: a [`Picture`] whose checks have come to rest. Out: text or JSON, and an [`ExitStatus`].
//!
//! Nothing here runs a check or decides a verdict; colors belong to the caller.

pub mod human;

pub mod json;

pub mod plain;

use crate::picture::{InputState, Picture, PluginHealth, PluginState, Standing};

/// What one headless run came to, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: every check that ran passed.
    Pass,
    /// 1: at least one check failed.
    Fail,
    /// 2: nothing worse than a warning.
    Warn,
    /// 3: a check broke, cannot tell, is stale, or no check ran at all.
    Unknown,
}

impl ExitStatus {
    /// The code for the shell. With `strict_warnings`, a warning counts as a failure.
    pub fn code(self, strict_warnings: bool) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Warn if strict_warnings => 1,
            Self::Warn => 2,
            Self::Unknown => 3,
        }
    }
}

/// The verdict over all checks: the worst standing. Skipped checks count for nothing; without any
/// other check there is nothing to go by. A required check that no plugin has, a plugin that could
/// not say which checks it has, and an input that could never be used count as broken checks; an
/// input or project file whose last good state is shown counts as stale.
pub fn overall(picture: &Picture) -> Standing {
    let is_silent = |plugin: &PluginState| {
        let is_broken = matches!(
            plugin.health,
            PluginHealth::Broken(_) | PluginHealth::Quarantined(_)
        );
        is_broken && plugin.n_checks == 0
    };
    let project = &picture.project;
    let is_never_used = |input: &InputState| input.stale.is_some() && input.fingerprint.is_empty();
    let is_broken = !project.missing_checks.is_empty()
        || picture.plugins.iter().any(|plugin| is_silent(plugin))
        || project.inputs.iter().any(is_never_used);
    let is_stale =
        project.stale_config.is_some() || project.inputs.iter().any(|input| input.stale.is_some());
    picture
        .checks
        .iter()
        .map(|check| check.standing)
        .filter(|standing| *standing != Standing::Skipped)
        .chain(is_broken.then_some(Standing::Error))
        .chain(is_stale.then_some(Standing::Stale))
        .max()
        .unwrap_or(Standing::Inconclusive)
}

/// The exit status over all checks. An input or project file that could not be used makes a pass
/// unknown: what was checked is not what stands on disk.
pub fn exit_status(picture: &Picture) -> ExitStatus {
    match overall(picture) {
        Standing::Fail => ExitStatus::Fail,
        Standing::Pass => ExitStatus::Pass,
        Standing::Warn => ExitStatus::Warn,
        Standing::Skipped
        | Standing::Pending
        | Standing::Inconclusive
        | Standing::Stale
        | Standing::Error => ExitStatus::Unknown,
    }
}

/// `text` with control characters and direction overrides replaced, so that data drawn on a
/// terminal cannot command it.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            let overrides_direction =
                matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if c.is_control() || overrides_direction {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(
            printable("a\u{1b}[2Jb\u{202e}c\n"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
    }

    #[test]
    fn warnings_fail_only_when_strict() {
        assert_eq!(ExitStatus::Warn.code(false), 2);
        assert_eq!(ExitStatus::Warn.code(true), 1);
        assert_eq!(ExitStatus::Unknown.code(true), 3);
    }
}
