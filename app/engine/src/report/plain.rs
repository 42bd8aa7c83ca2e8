//! The event stream as lines: for screen readers, logs and terminals that cannot draw.
//!
//! In: log entries and pictures. Out: one line each, `10:31:07 FAIL drift.columns …`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{human, printable};
use crate::picture::{LogEntry, LogKind, Picture};

/// One event as one line. `utc_offset_seconds` turns the time into the reader's.
pub fn line(entry: &LogEntry, utc_offset_seconds: i64) -> String {
    let kind = match entry.kind {
        LogKind::Change => "change",
        LogKind::Verdict => "verdict",
        LogKind::Finished => "finished",
        LogKind::Plugin => "plugin",
        LogKind::Config => "config",
        LogKind::Problem => "problem",
        LogKind::Info => "info",
    };
    format!(
        "{} {kind}: {}",
        clock(entry.at, utc_offset_seconds),
        printable(&entry.text)
    )
}

/// The standing of every check, as lines; the last one is the summary.
pub fn standings(picture: &Picture) -> Vec<String> {
    let mut lines: Vec<String> = picture
        .checks
        .iter()
        .map(|check| {
            let summary = check
                .outcome
                .as_ref()
                .map_or("", |outcome| &outcome.summary);
            let said = check.reason.as_deref().unwrap_or(summary);
            printable(&format!(
                "{} {}: {said}",
                check.standing.word(),
                check.info.id
            ))
        })
        .collect();
    lines.push(printable(&human::summary(picture)));
    lines
}

/// `hh:mm:ss`.
fn clock(at: SystemTime, utc_offset_seconds: i64) -> String {
    let seconds = at
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let local = i64::try_from(seconds).unwrap_or(0) + utc_offset_seconds;
    let of_day = local.rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_tells_time_kind_and_text() {
        let entry = LogEntry {
            at: UNIX_EPOCH + Duration::from_secs(86_400 + 3_661),
            kind: LogKind::Verdict,
            text: "drift.columns: PASS → FAIL".to_owned(),
            check: None,
        };
        assert_eq!(
            line(&entry, 3_600),
            "02:01:01 verdict: drift.columns: PASS → FAIL"
        );
    }
}
