//! Text → the day it may mean.
//!
//! In: one text. Out: how it is written and which day that is, whether the day exists or not.
//!
//! Only whole texts of three parts count (year, month, day), optionally with a time behind: a part
//! of a text, two parts, or digits without separators do not make a date.

use interlock_plugin_api::calendar::Day;

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Written {
    /// `2024-02-29`.
    IsoDashes,
    /// `2024/02/29` or `2024.02.29`.
    YearFirst,
    /// `29.2.2024`.
    Dots,
    /// `29/2/2024` or `2/29/2024`.
    Slashes,
    /// `29-02-2024` or `02-29-2024`.
    Dashes,
    /// `29 Feb 2024`, `29-Feb-2024`.
    DayNameYear,
    /// `Feb 29, 2024`.
    NameDayYear,
}

impl Written {
    /// Number of ways.
    pub(crate) const N: usize = 7;

    /// Every way, in the order of the enum.
    pub(crate) const ALL: [Self; Self::N] = [
        Self::IsoDashes,
        Self::YearFirst,
        Self::Dots,
        Self::Slashes,
        Self::Dashes,
        Self::DayNameYear,
        Self::NameDayYear,
    ];

    /// For sentences: `year-month-day`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::IsoDashes => "year-month-day",
            Self::YearFirst => "year/month/day",
            Self::Dots => "day.month.year",
            Self::Slashes => "with slashes",
            Self::Dashes => "day-month-year or month-day-year",
            Self::DayNameYear => "day, name of month, year",
            Self::NameDayYear => "name of month, day, year",
        }
    }
}

/// A text that is written as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayText {
    pub(crate) written: Written,
    /// The day if the first of two unnamed parts is the day (or there is no choice).
    pub(crate) day_first: Day,
    /// The day if the first of two unnamed parts is the month; the same if there is no choice.
    pub(crate) month_first: Day,
}

impl DayText {
    /// Reads a text; nothing if it is not written as a date.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let first = *text.as_bytes().first()?;
        if text.len() > 40 || text.len() < 6 {
            return None;
        }
        if first.is_ascii_digit() {
            numeric(text).or_else(|| day_name_year(text))
        } else if first.is_ascii_alphabetic() {
            name_day_year(text)
        } else {
            None
        }
    }

    /// Whether no reading is a day of the calendar.
    pub(crate) fn is_impossible(&self) -> bool {
        !self.day_first.exists() && !self.month_first.exists()
    }

    /// Whether only day before month makes sense.
    pub(crate) fn is_day_first_only(&self) -> bool {
        self.day_first.exists() && !self.month_first.exists()
    }

    /// Whether only month before day makes sense.
    pub(crate) fn is_month_first_only(&self) -> bool {
        self.month_first.exists() && !self.day_first.exists()
    }
}

/// Digits at the start: their value, how many, and what follows.
fn digits(text: &str, most: usize) -> Option<(i64, usize, &str)> {
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 || n > most {
        return None;
    }
    Some((text[..n].parse().ok()?, n, &text[n..]))
}

fn small(value: i64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn day_of(year: i64, month: i64, day: i64) -> Day {
    Day {
        year,
        month: small(month),
        day: small(day),
    }
}

fn numeric(text: &str) -> Option<DayText> {
    let (a, n_a, rest) = digits(text, 4)?;
    let separator = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (b, _, rest) = digits(&rest[1..], 2)?;
    let rest = rest.strip_prefix(separator)?;
    let (c, n_c, rest) = digits(rest, 4)?;
    is_time(rest).then_some(())?;
    if n_a == 4 && n_c <= 2 {
        let written = if separator == '-' {
            Written::IsoDashes
        } else {
            Written::YearFirst
        };
        let day = day_of(a, b, c);
        return Some(DayText {
            written,
            day_first: day,
            month_first: day,
        });
    }
    if n_a > 2 || n_c != 4 && n_c != 2 {
        return None;
    }
    let year = full_year(c, n_c);
    let day_first = day_of(year, b, a);
    let (written, month_first) = match separator {
        '.' => (Written::Dots, day_first),
        '/' => (Written::Slashes, day_of(year, a, b)),
        _ => (Written::Dashes, day_of(year, a, b)),
    };
    // Two digits for the year and dots may be a version or a section: 1.2.30.
    (n_c == 4 || separator != '.').then_some(DayText {
        written,
        day_first,
        month_first,
    })
}

/// As POSIX `strptime` reads two digits.
fn full_year(year: i64, n_digits: usize) -> i64 {
    match (n_digits, year) {
        (2, 0..=68) => year + 2000,
        (2, _) => year + 1900,
        _ => year,
    }
}

/// Nothing, or something that looks like a time of day.
fn is_time(rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    let Some(time) = rest.strip_prefix(['T', ' ', 't']) else {
        return false;
    };
    let mut parts = time.trim_start().splitn(2, ':');
    let hour = parts.next().and_then(|hour| hour.parse::<u8>().ok());
    let minute = parts
        .next()
        .and_then(|rest| rest.get(..2)?.parse::<u8>().ok());
    hour.is_some_and(|hour| hour <= 24) && minute.is_some_and(|minute| minute < 60)
}

/// Names of months by their first three letters.
fn month_named(word: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.trim_end_matches(['.', ',']);
    let is_name = |name: &&'static str| {
        word.len() >= 3 && name.len() >= word.len() && {
            let start = name.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word))
        }
    };
    let at = NAMES.iter().position(is_name)?;
    i64::try_from(at + 1).ok()
}

fn named(written: Written, year: &str, month: &str, day: &str) -> Option<DayText> {
    let month = month_named(month)?;
    let (year, n_year, rest_of_year) = digits(year, 4)?;
    let (day, _, rest_of_day) = digits(day, 2)?;
    let is_ordinal = matches!(rest_of_day, "" | "," | "." | "st" | "nd" | "rd" | "th");
    if !is_ordinal || !rest_of_year.is_empty() || n_year == 1 || n_year == 3 {
        return None;
    }
    let day = day_of(full_year(year, n_year), month, day);
    Some(DayText {
        written,
        day_first: day,
        month_first: day,
    })
}

fn day_name_year(text: &str) -> Option<DayText> {
    let mut parts = text.split([' ', '-']).filter(|part| !part.is_empty());
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    named(Written::DayNameYear, year, month, day)
}

fn name_day_year(text: &str) -> Option<DayText> {
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let day = day.trim_end_matches(',');
    named(Written::NameDayYear, year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, written: Written, day_first: &str, month_first: &str) {
        let read = DayText::of(text).unwrap();
        let days = (read.day_first.to_string(), read.month_first.to_string());
        assert_eq!(
            (read.written, days),
            (written, (day_first.to_owned(), month_first.to_owned()))
        );
    }

    #[test]
    fn dates_in_every_way() {
        check("2024-02-29", Written::IsoDashes, "2024-02-29", "2024-02-29");
        check(
            "2024/2/9 13:05:00",
            Written::YearFirst,
            "2024-02-09",
            "2024-02-09",
        );
        check("9.2.2024", Written::Dots, "2024-02-09", "2024-02-09");
        check("9/2/2024", Written::Slashes, "2024-02-09", "2024-09-02");
        check("09-02-69", Written::Dashes, "1969-02-09", "1969-09-02");
        check(
            "9 Feb 2024",
            Written::DayNameYear,
            "2024-02-09",
            "2024-02-09",
        );
        check("9-Feb-24", Written::DayNameYear, "2024-02-09", "2024-02-09");
        check(
            "September 2nd, 2024",
            Written::NameDayYear,
            "2024-09-02",
            "2024-09-02",
        );
        assert!(DayText::of("2023-02-29").unwrap().is_impossible());
        assert!(DayText::of("31/04/2023").unwrap().is_impossible());
        assert!(DayText::of("31/03/2023").unwrap().is_day_first_only());
        assert!(DayText::of("03/31/2023").unwrap().is_month_first_only());
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "1.2.3",
            "1.2.3.4",
            "2024-02",
            "555-123-4567",
            "20240229",
            "1-2-3-4",
            "Mayor 3 2000",
            "99/2",
            "2024-02-29x",
            "ä2024-01-01",
            "12345-01-01",
            "March",
            "0 to 200",
            "1.2.30",
        ] {
            assert_eq!(DayText::of(text), None, "{text:?}");
        }
    }
}
