//! Personal data that is known by its form alone.
//!
//! In: one text. Out: whether it is, or holds, an e-mail address, a telephone number, an internet
//! address or an American social security number; and a masked form to show.

use std::net::IpAddr;

/// A kind of personal data without check digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pattern {
    /// Anywhere in the text.
    Email,
    /// The whole text.
    Phone,
    /// The whole text, version 4 or 6.
    IpAddress,
    /// The whole text, with hyphens.
    Ssn,
}

impl Pattern {
    /// Number of kinds.
    pub(crate) const N: usize = 4;

    /// Every kind, in the order of the enum.
    pub(crate) const ALL: [Self; Self::N] = [Self::Email, Self::Phone, Self::IpAddress, Self::Ssn];

    /// For sentences, in the plural.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Email => "e-mail addresses",
            Self::Phone => "telephone numbers",
            Self::IpAddress => "internet addresses (IP)",
            Self::Ssn => "American social security numbers (SSN)",
        }
    }

    /// The kind a text is of or holds, and the part of it.
    pub(crate) fn of(text: &str) -> Option<(Self, &str)> {
        if text.len() < 2 {
            return None;
        }
        if let Some(address) = email(text) {
            return Some((Self::Email, address));
        }
        let text = text.trim();
        let first = *text.as_bytes().first()?;
        let is_start = first.is_ascii_hexdigit() || matches!(first, b'+' | b'(' | b':');
        if text.len() > 45 || !is_start {
            return None;
        }
        if is_ip_address(text) {
            Some((Self::IpAddress, text))
        } else if is_ssn(text) {
            Some((Self::Ssn, text))
        } else if is_phone(text) {
            Some((Self::Phone, text))
        } else {
            None
        }
    }
}

/// The first e-mail address in a text: a local part, `@`, a domain of two labels or more whose last
/// is of letters.
fn email(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    for (at, _) in text.match_indices('@') {
        let n_before = bytes[..at]
            .iter()
            .rev()
            .take_while(|byte| is_local(byte))
            .count();
        let n_after = bytes[at + 1..]
            .iter()
            .take_while(|byte| is_domain(byte))
            .count();
        let domain = text[at + 1..at + 1 + n_after].trim_end_matches(['.', '-']);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last = domain.rsplit('.').next().unwrap_or_default();
        let is_valid = (1..=64).contains(&n_before)
            && domain.contains('.')
            && domain.split('.').all(is_label)
            && last.len() >= 2
            && last.bytes().all(|byte| byte.is_ascii_alphabetic())
            && bytes[at - n_before] != b'.'
            && bytes[at - 1] != b'.';
        if is_valid {
            return Some(&text[at - n_before..at + 1 + domain.len()]);
        }
    }
    None
}

/// Four numbers with dots are also how versions are written: one of them must be above 31.
fn is_ip_address(text: &str) -> bool {
    match text.parse() {
        Ok(IpAddr::V4(address)) => address.octets().iter().any(|octet| *octet > 31),
        Ok(IpAddr::V6(_)) => text.matches(':').count() >= 3,
        Err(_) => false,
    }
}

/// `123-45-6789` of a number that is given out: area neither 000, 666 nor from 900 on.
fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_form = bytes.len() == 11
        && bytes
            .iter()
            .enumerate()
            .all(|(position, byte)| match position {
                3 | 6 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
    is_form
        && !matches!(&bytes[..3], b"000" | b"666")
        && bytes[0] != b'9'
        && &bytes[4..6] != b"00"
        && &bytes[7..] != b"0000"
}

/// With a country code (`+49 …`, `0049 …`), of the North American plan (`(212) 555-0123`), or of
/// another country's with a leading zero and separators (`030/123456`).
fn is_phone(text: &str) -> bool {
    let mut digits = [0_u8; 15];
    let (mut n_digits, mut n_separators) = (0, 0);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => {
                let Some(digit) = digits.get_mut(n_digits) else {
                    return false;
                };
                *digit = byte;
                n_digits += 1;
            }
            b'+' if position == 0 => {}
            b' ' | b'-' | b'.' | b'/' | b'(' | b')' => n_separators += 1,
            _ => return false,
        }
    }
    let digits = &digits[..n_digits];
    if text.starts_with('+') {
        return n_digits >= 8 && digits[0] != b'0' && !text.contains('.');
    }
    match digits {
        [b'0', b'0', country, ..] => n_separators > 0 && *country != b'0' && n_digits >= 10,
        [b'0', second, ..] => {
            *second != b'0'
                && (9..=12).contains(&n_digits)
                && (1..=4).contains(&n_separators)
                && !text.contains('.')
        }
        _ => is_north_american(text),
    }
}

fn is_north_american(text: &str) -> bool {
    let text = text
        .strip_prefix("1-")
        .or_else(|| text.strip_prefix("1 "))
        .unwrap_or(text);
    let (area, rest) = match text.strip_prefix('(') {
        Some(open) => match open.split_once(')') {
            Some((area, rest)) => (area, rest.trim_start()),
            None => return false,
        },
        None => match text.split_at_checked(3) {
            Some((area, rest)) if rest.starts_with(['-', '.', ' ']) => (area, &rest[1..]),
            _ => return false,
        },
    };
    let is_code = |code: &str| {
        code.len() == 3
            && matches!(code.as_bytes()[0], b'2'..=b'9')
            && code.bytes().all(|b| b.is_ascii_digit())
    };
    rest.len() == 8
        && is_code(area)
        && rest.get(..3).is_some_and(is_code)
        && matches!(rest.as_bytes()[3], b'-' | b'.' | b' ')
        && rest.bytes().skip(4).all(|byte| byte.is_ascii_digit())
}

/// A text with all but its first two letters and digits masked; signs stay.
pub(crate) fn masked(text: &str) -> String {
    let n_kept = if text.chars().count() > 5 { 2 } else { 1 };
    let mut n_seen = 0;
    let mask = |character: char| {
        if !character.is_alphanumeric() {
            return character;
        }
        n_seen += 1;
        if n_seen > n_kept { '•' } else { character }
    };
    text.chars().take(40).map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Option<Pattern>) {
        assert_eq!(Pattern::of(text).map(|(kind, _)| kind), kind, "{text:?}");
    }

    #[test]
    fn what_is_personal() {
        for text in [
            "a.b+c@example.co.uk",
            "write to jo@example.org.",
            "<x_1@a-b.de>",
        ] {
            check(text, Some(Pattern::Email));
        }
        for text in [
            "+49 30 1234567",
            "+15551234567",
            "(212) 555-0123",
            "212-555-0123",
            "1-212-555-0123",
            "212.555.0123",
            "030/1234567",
            "0049 30 1234567",
            "020 7946 0958",
        ] {
            check(text, Some(Pattern::Phone));
        }
        for text in ["192.168.0.1", "2001:db8::8a2e:370:7334", "8.8.8.200"] {
            check(text, Some(Pattern::IpAddress));
        }
        check("123-45-6789", Some(Pattern::Ssn));
    }

    #[test]
    fn what_is_not() {
        for text in [
            "",
            "@",
            "a@b",
            "@example.org",
            "a@example.1",
            "a@.org",
            "user@host",
            "1.2.3.4",
            "256.1.1.1",
            "1:2",
            "12:30:45",
            "000-45-6789",
            "900-45-6789",
            "123-00-6789",
            "2024-01-31",
            "01/02/2020",
            "1234567890",
            "12345678",
            "3.14",
            "1.234.567,89",
            "123 456",
            "10115",
            "0 to 200",
            "+1.5",
            "0.123456789",
            "112-555-0123",
            "1-2-3",
            "äöü",
            "é@ö.de",
            "-1234567890",
            "00 00 00 00 00",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn nothing_whole_is_shown() {
        assert_eq!(masked("jo.doe@example.org"), "jo.•••@•••••••.•••");
        assert_eq!(masked("123-45-6789"), "12•-••-••••");
        assert_eq!(masked("12"), "1•");
    }
}
