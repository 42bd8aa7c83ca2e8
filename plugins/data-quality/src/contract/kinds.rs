//! What a text is, for the rule `type`.
//!
//! In: one text. Out: whether it is a number, a truth value, a day or a point in time. Strict: a day
//! is written `2024-02-29` and exists.

/// The number a text is; nothing if it is none. Blanks around it do not count.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let first = text.trim_start_matches(['+', '-']).bytes().next()?;
    let is_number = first.is_ascii_digit() || first == b'.' || first.eq_ignore_ascii_case(&b'i');
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    (!number.is_nan()).then_some(number)
}

/// Whether a text is a whole number, written as one or not: `3`, `3.0`.
pub fn is_integer(text: &str) -> bool {
    number(text).is_some_and(is_whole)
}

/// Whether a number has no fraction; infinite ones are not whole.
pub fn is_whole(number: f64) -> bool {
    number.is_finite() && number.fract().abs() <= 0.0
}

/// Whether a text is `true` or `false`, in any case.
pub fn is_boolean(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// Whether a text is an existing day: `2024-02-29`.
pub fn is_date(text: &str) -> bool {
    day_and_rest(text.trim()).is_some_and(str::is_empty)
}

/// Whether a text is a point in time: a day, or `2024-02-29 13:05`, with seconds, fractions of them
/// and an offset from UTC as it may be; `T` may stand for the blank.
pub fn is_timestamp(text: &str) -> bool {
    let Some(rest) = day_and_rest(text.trim()) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let Some(clock) = rest.strip_prefix([' ', 'T']) else {
        return false;
    };
    let end = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(end);
    is_clock(clock) && is_offset(offset)
}

/// What comes after an existing day at the start of a text.
fn day_and_rest(text: &str) -> Option<&str> {
    let (day, rest) = text.split_at_checked(10)?;
    let mut parts = day.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let n_days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    (parts.next().is_none() && 1 <= day && day <= n_days).then_some(rest)
}

/// `13:05`, `13:05:07`, `13:05:07.25`.
fn is_clock(text: &str) -> bool {
    let mut parts = text.split(':');
    let part = |text: Option<&str>, limit: u32| {
        text.and_then(|text| digits(text, 2))
            .is_some_and(|n| n < limit)
    };
    if !part(parts.next(), 24) || !part(parts.next(), 60) {
        return false;
    }
    let Some(seconds) = parts.next() else {
        return true;
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    part(Some(whole), 60) && is_fraction && parts.next().is_none()
}

/// Nothing, `Z`, `+01:00`, `+0100`, `+01`.
fn is_offset(text: &str) -> bool {
    let Some(clock) = text.strip_prefix(['+', '-']) else {
        return text.is_empty() || text == "Z";
    };
    let digits: String = clock.chars().filter(|c| *c != ':').collect();
    matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str, n: usize) -> Option<u32> {
    (text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, found) in [
            (" -1.5e300 ", Some(-1.5e300)),
            ("+3", Some(3.0)),
            (".5", Some(0.5)),
            ("inf", Some(f64::INFINITY)),
            ("1,5", None),
            ("nan", None),
            ("", None),
            ("-", None),
            ("infinit", None),
        ] {
            assert_eq!(number(text), found, "{text}");
        }
        assert!(is_integer("3.0") && is_integer("99999999999999999999"));
        assert!(!is_integer("3.5") && !is_integer("inf"));
    }

    #[test]
    fn days_and_points_in_time() {
        for day in ["2024-02-29", " 0001-01-01", "2000-02-29"] {
            assert!(is_date(day) && is_timestamp(day), "{day}");
        }
        for none in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-1-01",
            "24-01-01",
            "äöü",
            "2024-01-01x",
        ] {
            assert!(!is_date(none) && !is_timestamp(none), "{none}");
        }
        for time in [
            "2024-02-29 13:05",
            "2024-02-29T13:05:59.25Z",
            "2024-02-29 00:00:00+01:00",
        ] {
            assert!(is_timestamp(time) && !is_date(time), "{time}");
        }
        for none in [
            "2024-02-29 24:00",
            "2024-02-29 13:60",
            "2024-02-29 13",
            "2024-02-29 13:05:07.",
            "2024-02-29 13:05+1",
        ] {
            assert!(!is_timestamp(none), "{none}");
        }
    }
}
