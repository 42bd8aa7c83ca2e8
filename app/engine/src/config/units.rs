//! Durations and sizes as people write them.

use std::time::Duration;

const DURATIONS: [(&str, f64); 6] = [
    ("ms", 0.001),
    ("s", 1.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
];

const SIZES: [(&str, f64); 7] = [
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("B", 1.0),
];

/// `500ms`, `30s`, `5min`, `2h`, `7d`, `1w`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let seconds = quantity(text, &DURATIONS)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
}

/// `512MiB`, `2GiB`, `2GB`.
pub(super) fn size(text: &str) -> Option<u64> {
    let bytes = quantity(text, &SIZES)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 1e18"
    )]
    let whole = bytes as u64;
    (1.0..1e18).contains(&bytes).then_some(whole)
}

fn quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<f64>().ok().map(|number| number * factor)
}

/// The largest unit that gives a whole number.
pub(super) fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
    ];
    let fitting = units
        .into_iter()
        .find(|(_, unit)| millis.is_multiple_of(*unit));
    fitting.map_or_else(
        || format!("{millis}ms"),
        |(name, unit)| format!("{}{name}", millis / unit),
    )
}

/// As [`show_duration`], for bytes.
pub(super) fn show_size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let fitting = units
        .into_iter()
        .find(|(_, unit)| bytes.is_multiple_of(*unit));
    fitting.map_or_else(
        || format!("{bytes}B"),
        |(name, unit)| format!("{}{name}", bytes / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        assert_eq!(duration("7d"), Some(Duration::from_secs(604_800)));
        assert_eq!(duration("1.5 min"), Some(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["7", "d", "7 days", "-1s", "0s", "1e9d", ""] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(size("2GiB"), Some(2 << 30));
        assert_eq!(size("1.5GB"), Some(1_500_000_000));
        assert_eq!(size("2 gib"), None);
    }

    #[test]
    fn what_is_shown_reads_back() {
        for seconds in [1, 60, 90, 3600, 86_400, 604_800] {
            let value = Duration::from_secs(seconds);
            assert_eq!(duration(&show_duration(value)), Some(value));
        }
        assert_eq!(show_duration(Duration::from_millis(1500)), "1500ms");
        for bytes in [1, 1024, 8 << 30, 1_500_000_000] {
            assert_eq!(size(&show_size(bytes)), Some(bytes));
        }
    }
}
