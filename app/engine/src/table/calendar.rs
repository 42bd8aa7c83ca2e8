//! Days and microseconds since 1970 ↔ dates and times of day, proleptic Gregorian.

/// Microseconds in a day.
pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days from 1970-01-01 to a date; the month counts from 1. The date must exist
/// (see [`days_in_month`]) and lie in the years 0 to 9999.
pub(crate) fn days_from_date(year: i32, month: i32, day: i32) -> i32 {
    // Years begin in March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
pub(crate) fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Number of days of a month, or 0 if there is no such month.
pub(crate) fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// `2024-02-29`.
pub(crate) fn date_text(days: i64) -> String {
    let (year, month, day) = date_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-02-29 13:05:00`, with six more digits if the fraction of a second is not zero.
pub(crate) fn timestamp_text(micros: i64) -> String {
    let date = date_text(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{date} {hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        write!(text, ".{fraction:06}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_hundred_years_goes_there_and_back() {
        // Brute force: count the days one by one with the plain leap year rule.
        let mut expected = days_from_date(1600, 1, 1);
        assert_eq!(days_from_date(1970, 1, 1), 0);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_from_date(year, month, day), expected);
                    let date = date_from_days(i64::from(expected));
                    assert_eq!(date, (i64::from(year), i64::from(month), i64::from(day)));
                    expected += 1;
                }
            }
        }
        // datetime.date(2400, 1, 1).toordinal() - datetime.date(1970, 1, 1).toordinal()
        assert_eq!(expected, 157_054);
    }

    #[test]
    fn times_before_1970_read_forward() {
        // datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)
        assert_eq!(timestamp_text(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_text(0), "1970-01-01 00:00:00");
    }
}
