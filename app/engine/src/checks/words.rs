//! What is said about a check, and how old its result may grow.
//!
//! In: a check and what happened to it. Out: lines of the log, causes, due dates.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::present::Present;
use super::record::{CheckRecord, Failure};
use crate::config::CheckConfig;
use crate::journal::Journal;
use crate::picture::{Cause, LogKind};
use crate::schedule::{self, InputSeen, ResultKey};

pub(super) fn refuse(
    record: &mut CheckRecord,
    key: ResultKey,
    why: &str,
    now: SystemTime,
    journal: &mut Journal,
) {
    record.skip = None;
    let is_told = record
        .failure
        .as_ref()
        .is_some_and(|failure| failure.key == key);
    record.wanted = Some((key, Vec::new()));
    if !is_told {
        let cause = record.fail(
            Failure {
                key,
                reason: why.to_owned(),
            },
            now,
            "settings changed",
        );
        let id = record.info.id.clone();
        tell(&id, cause, record, now, journal);
    }
}

pub(super) fn words(record: &CheckRecord, inputs: &[InputSeen], present: &Present<'_>) -> String {
    let Some(before) = &record.result else {
        return String::new();
    };
    let label = |input: &InputSeen| InputSeen {
        name: present
            .labels
            .get(&input.name)
            .unwrap_or(&input.name)
            .clone(),
        ..input.clone()
    };
    let before: Vec<InputSeen> = before.inputs.iter().map(label).collect();
    let now: Vec<InputSeen> = inputs.iter().map(label).collect();
    schedule::changes(&before, &now)
}

pub(super) fn tell(
    id: &str,
    cause: Option<Arc<Cause>>,
    record: &CheckRecord,
    now: SystemTime,
    journal: &mut Journal,
) {
    let (standing, reason) = record.standing();
    let summary = record
        .result
        .as_ref()
        .map(|result| result.outcome.summary.as_str())
        .unwrap_or_default();
    let said = reason.as_deref().unwrap_or(summary);
    match cause {
        Some(cause) => {
            let why = if cause.change.is_empty() {
                String::new()
            } else {
                format!(", after {}", cause.change)
            };
            let text = format!(
                "{id}: {} → {}{why}: {said}",
                cause.from.word(),
                cause.to.word()
            );
            journal.check(now, LogKind::Verdict, id, text);
        }
        None => {
            let text = format!("{id}: {}: {said}", standing.word());
            journal.check(now, LogKind::Finished, id, text);
        }
    }
}

/// How old a result of this check may grow.
pub(super) fn cadence(record: &CheckRecord, settings: Option<&CheckConfig>) -> Option<Duration> {
    let declared = record
        .info
        .cadence_days
        .map(|days| Duration::from_secs(u64::from(days) * 86_400));
    settings.and_then(|settings| settings.cadence).or(declared)
}

pub(super) fn due(record: &CheckRecord, settings: Option<&CheckConfig>) -> Option<SystemTime> {
    let limit = cadence(record, settings)?;
    record
        .result
        .as_ref()
        .map(|result| result.finished_at + limit)
}

pub(super) fn is_overdue(record: &CheckRecord, key: ResultKey, present: &Present<'_>) -> bool {
    let settings = present.config.checks.get(&record.info.id);
    let is_its_own = record
        .result
        .as_ref()
        .is_some_and(|result| result.key == key);
    let is_idle = record.phase.job().is_none();
    is_its_own && is_idle && due(record, settings).is_some_and(|due| due <= present.now)
}
