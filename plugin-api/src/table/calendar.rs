//! Days and microseconds since 1970 → text.
//!
//! In: a count from 1970-01-01. Out: `2026-11-24`, `2026-11-24 10:31:07`. Knows no time zones.

/// `2026-11-24` for days since 1970-01-01, in the proleptic Gregorian calendar.
pub(super) fn date(days: i64) -> String {
    // Days are counted from 0000-03-01, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-24 10:31:07` for microseconds since 1970-01-01.
pub(super) fn timestamp(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let of_day = seconds.rem_euclid(86_400);
    let day = date(seconds.div_euclid(86_400));
    format!(
        "{day} {:02}:{:02}:{:02}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}
