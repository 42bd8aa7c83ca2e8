//! Days and microseconds since 1970-01-01 and the calendar.
//!
//! In: year, month, day, or a count. Out: the other, in the proleptic Gregorian calendar, or text.
//! Knows no time zone and no clock.

/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A day by its parts; the first month is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year; 0 is 1 BC.
    pub year: i64,
    /// Month, the first is 1.
    pub month: u8,
    /// Day of the month, the first is 1.
    pub day: u8,
}

/// Days of a month; 0 if there is no such month.
pub fn days_in_month(year: i64, month: u8) -> u8 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl Day {
    /// Whether there is such a day.
    pub fn exists(self) -> bool {
        (1..=days_in_month(self.year, self.month)).contains(&self.day)
    }

    /// Days since 1970-01-01 of a day that exists.
    pub fn since_1970(self) -> i64 {
        // Years begin in March, so that the leap day is the last of its year.
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day so many days after 1970-01-01.
    pub fn of(days: i64) -> Self {
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leaps) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let small = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: small(month),
            day: small(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        }
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// `2024-02-29` for days since 1970-01-01.
pub fn date_text(days: i64) -> String {
    Day::of(days).to_string()
}

/// `2024-02-29 13:05:00` for microseconds since 1970-01-01, with six more digits if the fraction of a
/// second is not zero.
pub fn timestamp_text(micros: i64) -> String {
    let date = Day::of(micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}.{fraction:06}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        // python 3: (datetime.date(y, m, d) - datetime.date(1970, 1, 1)).days
        for (year, month, day, days) in [
            (1970, 1, 1, 0),
            (1, 1, 1, -719_162),
            (1900, 1, 1, -25_567),
            (2000, 2, 29, 11_016),
            (2024, 2, 29, 19_782),
            (9999, 12, 31, 2_932_896),
        ] {
            let known = Day { year, month, day };
            assert_eq!((known.since_1970(), Day::of(days)), (days, known));
            assert!(known.exists());
        }
        assert!(
            !Day {
                year: 2023,
                month: 2,
                day: 29
            }
            .exists()
        );
        assert!(
            !Day {
                year: 1900,
                month: 2,
                day: 29
            }
            .exists()
        );
        assert!(
            !Day {
                year: 2023,
                month: 13,
                day: 1
            }
            .exists()
        );
    }

    #[test]
    fn every_day_of_eight_hundred_years_goes_there_and_back() {
        // Brute force: count the days one by one with the plain leap year rule.
        let day = |year, month, day| Day { year, month, day };
        let mut expected = day(1600, 1, 1).since_1970();
        for year in 1600..2400 {
            for month in 1..=12 {
                for at in 1..=days_in_month(year, month) {
                    assert_eq!(day(year, month, at).since_1970(), expected);
                    assert_eq!(Day::of(expected), day(year, month, at));
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
        assert_eq!(date_text(-1), "1969-12-31");
    }
}
