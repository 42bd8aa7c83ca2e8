//! A piece of text → the number, date or truth value it stands for.
//!
//! Tokens come in without blanks around them. What is accepted is what `pandas.read_csv` accepts,
//! with two differences: digits with a leading zero (`01234`) are a code, not a number, and ISO dates
//! are dates.

use interlock_plugin_api::calendar::{Day, MICROS_PER_DAY};

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// An integer that fits 64 bits.
    Int(i64),
    /// A number with fraction or exponent, `inf`, or an integer beyond 64 bits.
    Float(f64),
    /// `True`, `TRUE`, `true`, `False`, `FALSE`, `false`.
    Bool(bool),
    /// `2024-02-29`, in days since 1970.
    Date(i32),
    /// `2024-02-29T13:05`, with seconds, fraction and zone or not, in microseconds since 1970 (UTC
    /// if a zone is given).
    Timestamp(i64),
    /// Anything else.
    Text,
}

/// Reads a token.
pub(crate) fn classify(token: &[u8]) -> Value {
    let Some(first) = token.first() else {
        return Value::Text;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            number(token).or_else(|| date(token)).unwrap_or(Value::Text)
        }
        b't' | b'T' | b'f' | b'F' => boolean(token).map_or(Value::Text, Value::Bool),
        b'i' | b'I' => infinity(token).map_or(Value::Text, Value::Float),
        _ => Value::Text,
    }
}

/// Digits of an integer that always fits an `i64`.
const SAFE_DIGITS: usize = 18;

/// An integer or float.
pub(crate) fn number(token: &[u8]) -> Option<Value> {
    let (is_negative, digits) = match token {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, token),
    };
    if digits.len() <= SAFE_DIGITS {
        let mut value = 0_i64;
        let mut is_integer = !digits.is_empty();
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            is_integer &= digit <= 9;
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        }
        if is_integer {
            return (!is_code(digits)).then_some(Value::Int(if is_negative {
                -value
            } else {
                value
            }));
        }
    }
    long_or_fractional(token, digits)
}

/// Whether digits begin with a zero that a number would not have.
fn is_code(digits: &[u8]) -> bool {
    matches!(digits, [b'0', second, ..] if second.is_ascii_digit())
}

fn long_or_fractional(token: &[u8], digits: &[u8]) -> Option<Value> {
    if is_code(digits) {
        return None;
    }
    match digits.first()? {
        b'0'..=b'9' => {}
        b'.' if digits.get(1).is_some_and(u8::is_ascii_digit) => {}
        b'i' | b'I' => return infinity(token).map(Value::Float),
        _ => return None,
    }
    let text = std::str::from_utf8(token).ok()?;
    if digits.iter().all(u8::is_ascii_digit)
        && let Ok(value) = text.parse()
    {
        return Some(Value::Int(value));
    }
    text.parse().ok().map(Value::Float)
}

/// Whether a number token is an integer too large for 64 bits; such a token is read as a float.
pub(crate) fn is_wide_integer(token: &[u8]) -> bool {
    let digits = token
        .strip_prefix(b"-")
        .or_else(|| token.strip_prefix(b"+"))
        .unwrap_or(token);
    digits.len() > SAFE_DIGITS && digits.iter().all(u8::is_ascii_digit)
}

fn infinity(token: &[u8]) -> Option<f64> {
    let (sign, word) = match token {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        _ => (1.0, token),
    };
    let is_word = word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity");
    is_word.then_some(sign * f64::INFINITY)
}

fn boolean(token: &[u8]) -> Option<bool> {
    match token {
        b"True" | b"TRUE" | b"true" => Some(true),
        b"False" | b"FALSE" | b"false" => Some(false),
        _ => None,
    }
}

/// The numbers of a column declared numeric: also with leading zeros.
pub(crate) fn declared_number(token: &[u8]) -> Option<Value> {
    let (sign, mut digits) = match token {
        [sign @ (b'+' | b'-'), rest @ ..] => (Some(*sign), rest),
        _ => (None, token),
    };
    if !is_code(digits) {
        return number(token);
    }
    while is_code(digits) {
        digits = &digits[1..];
    }
    let bare: Vec<u8> = sign.into_iter().chain(digits.iter().copied()).collect();
    number(&bare)
}

/// The truth values of a column declared boolean: also yes and no, t and f, y and n, 1 and 0, in
/// any case.
pub(crate) fn declared_boolean(token: &[u8]) -> Option<bool> {
    let word = token.to_ascii_lowercase();
    match word.as_slice() {
        b"true" | b"t" | b"yes" | b"y" | b"1" | b"1.0" => Some(true),
        b"false" | b"f" | b"no" | b"n" | b"0" | b"0.0" => Some(false),
        _ => None,
    }
}

/// `YYYY-MM-DD`, alone or followed by a blank or `T` and a time.
pub(crate) fn date(token: &[u8]) -> Option<Value> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, rest @ ..] = token else {
        return None;
    };
    let year = two_digits(*y0, *y1)? * 100 + two_digits(*y2, *y3)?;
    let day = Day {
        year: year.into(),
        month: two_digits(*m0, *m1)?.try_into().ok()?,
        day: two_digits(*d0, *d1)?.try_into().ok()?,
    };
    if !day.exists() {
        return None;
    }
    let days = i32::try_from(day.since_1970()).ok()?;
    match rest {
        [] => Some(Value::Date(days)),
        [b' ' | b'T', time @ ..] => Some(Value::Timestamp(
            i64::from(days) * MICROS_PER_DAY + time_of_day(time)?,
        )),
        _ => None,
    }
}

/// Whether a timestamp token names its zone.
pub(crate) fn has_zone(token: &[u8]) -> bool {
    token.get(10..).is_some_and(|time| {
        time.iter()
            .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))
    })
}

fn two_digits(tens: u8, ones: u8) -> Option<i32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
}

/// `HH:MM`, `HH:MM:SS`, `HH:MM:SS.ffffff` and a zone, as microseconds since midnight UTC; digits
/// past the sixth are cut.
fn time_of_day(time: &[u8]) -> Option<i64> {
    let [h0, h1, b':', m0, m1, rest @ ..] = time else {
        return None;
    };
    let (hour, minute) = (two_digits(*h0, *h1)?, two_digits(*m0, *m1)?);
    let (second, rest) = match rest {
        [b':', s0, s1, rest @ ..] => (two_digits(*s0, *s1)?, rest),
        _ => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, zone) = fraction(rest)?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some((seconds - i64::from(zone_seconds(zone)?)) * 1_000_000 + micros)
}

fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', digits @ ..] = rest else {
        return Some((0, rest));
    };
    let n_digits = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if n_digits == 0 || n_digits > 9 {
        return None;
    }
    let micros = (0..6).fold(0, |micros, idx| {
        let digit = if idx < n_digits {
            digits[idx] - b'0'
        } else {
            0
        };
        micros * 10 + i64::from(digit)
    });
    Some((micros, &digits[n_digits..]))
}

fn zone_seconds(zone: &[u8]) -> Option<i32> {
    let (sign, rest) = match zone {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h0, h1] => (two_digits(*h0, *h1)?, 0),
        [h0, h1, b':', m0, m1] | [h0, h1, m0, m1] => (two_digits(*h0, *h1)?, two_digits(*m0, *m1)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}
