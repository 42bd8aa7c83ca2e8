//! Lines, words and numbers of a LightGBM text file.
//!
//! In: bytes. Out: lines without their ends, words between spaces, numbers; what is wrong with them
//! as a sentence.
//!
//! Nothing is copied and nothing is set aside by a claimed count: a list is as long as its text.

use crate::error::ModelError;

/// The name of the format.
pub(super) const FORMAT: &str = "lightgbm-text";

/// The error of a file that does not hold together.
pub(super) fn damaged(reason: impl Into<String>) -> ModelError {
    ModelError::Damaged {
        format: FORMAT,
        reason: reason.into(),
    }
}

/// Refuses more than the limits allow.
///
/// # Errors
/// [`ModelError::TooLarge`].
pub(super) fn within(what: &str, number: usize, limit: usize) -> Result<(), ModelError> {
    if number > limit {
        return Err(ModelError::TooLarge(format!(
            "{number} {what}, the limit is {limit}"
        )));
    }
    Ok(())
}

/// Lines, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// From the first line.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, number: 0 }
    }

    /// How many lines were taken.
    pub(super) fn number(&self) -> usize {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.bytes.is_empty() {
            return None;
        }
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.bytes[..end], &self.bytes[end + 1..]),
            None => (self.bytes, &self.bytes[self.bytes.len()..]),
        };
        self.bytes = rest;
        self.number += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// A line's name before `=` and its value; the value is empty without one.
pub(super) fn pair(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b'=') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[]),
    }
}

/// Words between spaces.
#[derive(Debug, Clone)]
pub(super) struct Words<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|byte| *byte != b' ')?;
        let rest = &self.0[start..];
        let end = rest
            .iter()
            .position(|byte| *byte == b' ')
            .unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.0 = rest;
        Some(word)
    }
}

/// A list of numbers under its name in the file.
#[derive(Debug, Clone)]
pub(super) struct List<'a> {
    name: &'static str,
    words: Words<'a>,
}

impl<'a> List<'a> {
    /// The list of this name.
    pub(super) fn new(name: &'static str, text: &'a [u8]) -> Self {
        Self {
            name,
            words: Words(text),
        }
    }

    /// The next real number, rounded correctly.
    pub(super) fn real(&mut self) -> Result<f64, String> {
        let word = self.word()?;
        real(word).ok_or_else(|| self.wrong(word, "a number"))
    }

    /// The next real number, which is finite.
    pub(super) fn finite(&mut self) -> Result<f64, String> {
        let value = self.real()?;
        if value.is_finite() {
            return Ok(value);
        }
        Err(format!("'{}' holds {value}, not finite", self.name))
    }

    /// The next whole number.
    pub(super) fn whole(&mut self) -> Result<i64, String> {
        let word = self.word()?;
        whole(word).ok_or_else(|| self.wrong(word, "a whole number"))
    }

    /// The next position or count.
    pub(super) fn position(&mut self) -> Result<u32, String> {
        let word = self.word()?;
        whole(word)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.wrong(word, "a position"))
    }

    /// Refuses what is left.
    pub(super) fn end(mut self) -> Result<(), String> {
        match self.words.next() {
            None => Ok(()),
            Some(_) => Err(format!("'{}' holds more values than it should", self.name)),
        }
    }

    fn word(&mut self) -> Result<&'a [u8], String> {
        self.words
            .next()
            .ok_or_else(|| format!("'{}' holds fewer values than it should", self.name))
    }

    fn wrong(&self, word: &[u8], what: &str) -> String {
        format!("'{}' holds '{}', not {what}", self.name, shown(word))
    }
}

/// A whole number of at most 18 digits.
pub(super) fn whole(word: &[u8]) -> Option<i64> {
    let (digits, is_negative) = match word.strip_prefix(b"-") {
        Some(digits) => (digits, true),
        None => (word, false),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(if is_negative { -number } else { number })
}

/// A real number.
pub(super) fn real(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A count under this name.
///
/// # Errors
/// If it is none.
pub(super) fn count(name: &str, value: &[u8]) -> Result<usize, String> {
    whole(value.trim_ascii())
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| format!("'{name}' is '{}', not a count", shown(value)))
}

/// The beginning of a word, for an error.
pub(super) fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(&word[..word.len().min(40)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_end_either_way() {
        let lines: Vec<&[u8]> = Lines::new(b"a=1\r\nb\n\nc").collect();
        assert_eq!(lines, [&b"a=1"[..], b"b", b"", b"c"]);
        assert_eq!(pair(b"a=1=2"), (&b"a"[..], &b"1=2"[..]));
        assert_eq!(pair(b"flag"), (&b"flag"[..], &b""[..]));
    }

    #[test]
    fn numbers_are_whole_or_refused() {
        assert_eq!(whole(b"-12"), Some(-12));
        for word in [&b""[..], b"-", b"1.0", b"1234567890123456789", b"+1"] {
            assert_eq!(whole(word), None);
        }
        assert_eq!(real(b"1.0000000180025095e-35"), Some(f64::from(1e-35_f32)));
    }

    #[test]
    fn a_list_says_what_is_wrong_with_it() {
        let mut list = List::new("left_child", b"1  x");
        assert_eq!(list.whole(), Ok(1));
        assert_eq!(
            list.whole().unwrap_err(),
            "'left_child' holds 'x', not a whole number"
        );
        assert_eq!(
            list.whole().unwrap_err(),
            "'left_child' holds fewer values than it should"
        );
        let list = List::new("threshold", b"1");
        assert_eq!(
            list.end().unwrap_err(),
            "'threshold' holds more values than it should"
        );
    }
}
