//! One pickle operation with its argument, and the texts arguments hold.
//!
//! In: bytes and a position. Out: the operation, its argument and where the next one stands.
//! Knows nothing of the stack.
//!
//! Source: the opcode table of Python's `pickletools`, protocols 0 to 5.

use std::borrow::Cow;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf8,
    Latin,
    RawUnicode,
    Escaped,
}

/// A text in the file; decoded when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    start: usize,
    end: usize,
    form: Form,
}

/// What follows an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Nothing,
    /// `None` if it is no integer, or one beyond 64 bits.
    Number(Option<i64>),
    Text(Text),
    /// Raw bytes.
    Data,
    Lines(Text, Text),
}

/// Why there is no operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Truncated,
    Unknown(u8),
    /// A quoted text without quotes.
    Unquoted,
}

pub(super) struct Operation {
    pub(super) code: u8,
    pub(super) argument: Argument,
    pub(super) end: usize,
}

/// Reads the operation at a position.
#[inline]
pub(super) fn read(bytes: &[u8], at: usize) -> Result<Operation, Fault> {
    let code = *bytes.get(at).ok_or(Fault::Truncated)?;
    let at = at + 1;
    let (argument, end) = match code {
        b'('
        | b'.'
        | b'0'
        | b'1'
        | b'2'
        | b']'
        | b'}'
        | b')'
        | b'a'
        | b'e'
        | b'l'
        | b't'
        | b'd'
        | b's'
        | b'u'
        | b'o'
        | b'R'
        | b'b'
        | b'Q'
        | b'N'
        | 0x81
        | 0x85..=0x89
        | 0x8f..=0x94
        | 0x97
        | 0x98 => (Argument::Nothing, at),
        b'K' | b'h' | b'q' | 0x80 | 0x82 => number::<1>(bytes, at)?,
        b'M' | 0x83 => number::<2>(bytes, at)?,
        b'j' | b'r' => number::<4>(bytes, at)?,
        b'J' | 0x84 => {
            let (value, end) = number::<4>(bytes, at)?;
            (signed(value), end)
        }
        b'G' => (Argument::Data, after(bytes, at, 8)?),
        0x95 => number::<8>(bytes, at)?,
        b'U' => counted::<1>(bytes, at, Some(Form::Latin))?,
        b'T' => counted::<4>(bytes, at, Some(Form::Latin))?,
        0x8c => counted::<1>(bytes, at, Some(Form::Utf8))?,
        b'X' => counted::<4>(bytes, at, Some(Form::Utf8))?,
        0x8d => counted::<8>(bytes, at, Some(Form::Utf8))?,
        b'C' => counted::<1>(bytes, at, None)?,
        b'B' => counted::<4>(bytes, at, None)?,
        0x8e | 0x96 => counted::<8>(bytes, at, None)?,
        0x8a => long::<1>(bytes, at)?,
        0x8b => long::<4>(bytes, at)?,
        _ => return lines(bytes, at, code),
    };
    Ok(Operation {
        code,
        argument,
        end,
    })
}

/// Operations whose argument ends with the line.
fn lines(bytes: &[u8], at: usize, code: u8) -> Result<Operation, Fault> {
    if !b"IFLSVPpgci".contains(&code) {
        return Err(Fault::Unknown(code));
    }
    let (line, end) = line(bytes, at)?;
    let (argument, end) = match code {
        b'c' | b'i' => {
            let (second, end) = self::line(bytes, end)?;
            (Argument::Lines(line, second), end)
        }
        b'V' => {
            let form = Form::RawUnicode;
            (Argument::Text(Text { form, ..line }), end)
        }
        b'S' => (Argument::Text(unquoted(bytes, line)?), end),
        b'P' => (Argument::Text(line), end),
        b'F' => (Argument::Data, end),
        _ => (Argument::Number(written(&bytes[line.start..line.end])), end),
    };
    Ok(Operation {
        code,
        argument,
        end,
    })
}

fn line(bytes: &[u8], start: usize) -> Result<(Text, usize), Fault> {
    let rest = bytes.get(start..).ok_or(Fault::Truncated)?;
    let length = rest.iter().position(|byte| *byte == b'\n');
    let end = start + length.ok_or(Fault::Truncated)?;
    let form = Form::Utf8;
    Ok((Text { start, end, form }, end + 1))
}

fn unquoted(bytes: &[u8], line: Text) -> Result<Text, Fault> {
    let (start, end) = (line.start, line.end);
    let quote = bytes[start..end].first().copied();
    let is_quoted = end - start >= 2
        && matches!(quote, Some(b'\'' | b'"'))
        && quote == bytes[start..end].last().copied();
    if !is_quoted {
        return Err(Fault::Unquoted);
    }
    Ok(Text {
        start: start + 1,
        end: end - 1,
        form: Form::Escaped,
    })
}

/// An integer as Python reads it: blanks around it, a sign, underscores, and a final `L`.
fn written(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let text = text.strip_suffix('L').unwrap_or(text);
    text.replace('_', "").parse().ok()
}

fn after(bytes: &[u8], at: usize, n: usize) -> Result<usize, Fault> {
    at.checked_add(n)
        .filter(|end| *end <= bytes.len())
        .ok_or(Fault::Truncated)
}

#[inline]
fn unsigned<const WIDTH: usize>(bytes: &[u8], at: usize) -> Result<(u64, usize), Fault> {
    let narrow = bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<WIDTH>())
        .ok_or(Fault::Truncated)?;
    let mut wide = [0_u8; 8];
    wide[..WIDTH].copy_from_slice(narrow);
    Ok((u64::from_le_bytes(wide), at + WIDTH))
}

#[inline]
fn number<const WIDTH: usize>(bytes: &[u8], at: usize) -> Result<(Argument, usize), Fault> {
    let (value, end) = unsigned::<WIDTH>(bytes, at)?;
    Ok((Argument::Number(i64::try_from(value).ok()), end))
}

/// A four-byte number with a sign.
fn signed(value: Argument) -> Argument {
    match value {
        Argument::Number(Some(value)) if value > i64::from(i32::MAX) => {
            Argument::Number(Some(value - (1 << 32)))
        }
        other => other,
    }
}

#[inline]
fn counted<const WIDTH: usize>(
    bytes: &[u8],
    at: usize,
    form: Option<Form>,
) -> Result<(Argument, usize), Fault> {
    let (length, start) = unsigned::<WIDTH>(bytes, at)?;
    let length = usize::try_from(length).map_err(|_beyond| Fault::Truncated)?;
    let end = after(bytes, start, length)?;
    let argument = form.map_or(Argument::Data, |form| {
        Argument::Text(Text { start, end, form })
    });
    Ok((argument, end))
}

/// A number of any length, with a sign.
fn long<const WIDTH: usize>(bytes: &[u8], at: usize) -> Result<(Argument, usize), Fault> {
    let (length, start) = unsigned::<WIDTH>(bytes, at)?;
    let length = usize::try_from(length).map_err(|_beyond| Fault::Truncated)?;
    let end = after(bytes, start, length)?;
    if length > 8 {
        return Ok((Argument::Number(None), end));
    }
    let mut wide = [0_u8; 8];
    if bytes[start..end].last().is_some_and(|last| *last > 127) {
        wide = [255; 8];
    }
    wide[..length].copy_from_slice(&bytes[start..end]);
    Ok((Argument::Number(Some(i64::from_le_bytes(wide))), end))
}

impl Text {
    /// The bytes as they stand in the file.
    pub(super) fn raw(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.end]
    }

    /// The text Python makes of it; what is no text shows as a replacement character.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        let raw = self.raw(bytes);
        match self.form {
            Form::Utf8 => String::from_utf8_lossy(raw),
            Form::Latin => Cow::Owned(raw.iter().copied().map(char::from).collect()),
            Form::RawUnicode => Cow::Owned(unescape(raw, true)),
            Form::Escaped => Cow::Owned(unescape(raw, false)),
        }
    }
}

/// Resolves backslashes: only `\u` and `\U` in raw texts, all of Python's for bytes in the others.
fn unescape(raw: &[u8], is_raw: bool) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let next = raw.get(at + 1).copied();
        let (letter, length) = match (raw[at], next) {
            (b'\\', Some(b'u')) if is_raw => digits(raw, at + 2, 4, 16, 2),
            (b'\\', Some(b'U')) if is_raw => digits(raw, at + 2, 8, 16, 2),
            (b'\\', Some(b'x')) if !is_raw => digits(raw, at + 2, 2, 16, 2),
            (b'\\', Some(b'0'..=b'7')) if !is_raw => digits(raw, at + 1, 3, 8, 1),
            (b'\\', Some(next)) if !is_raw => (escaped(next), 2),
            (byte, _) => (Some(char::from(byte)), 1),
        };
        text.extend(letter);
        at += length;
    }
    text
}

/// A character by its number; how many bytes it takes with what stands before it.
fn digits(
    raw: &[u8],
    at: usize,
    n_most: usize,
    base: u32,
    n_before: usize,
) -> (Option<char>, usize) {
    let mut value = 0_u32;
    let mut n = 0;
    while n < n_most
        && let Some(digit) = raw
            .get(at + n)
            .and_then(|byte| char::from(*byte).to_digit(base))
    {
        value = value.wrapping_mul(base).wrapping_add(digit);
        n += 1;
    }
    let letter = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    (Some(letter), n_before + n)
}

fn escaped(letter: u8) -> Option<char> {
    Some(match letter {
        b'\n' => return None,
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'v' => '\u{b}',
        other => char::from(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        match read(bytes, 0).map(|operation| operation.argument) {
            Ok(Argument::Text(text)) => assert_eq!(text.decode(bytes), expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn escapes_are_those_of_python() {
        // python 3: pickle.loads(b"S'o\\x73\\163\\n\\q'\n.") is "oss\n\\q"; ours drops the unknown backslash.
        check(b"S'o\\x73\\163'\n", "oss");
        check(b"V\\u006f\\U00000073\n", "os");
        check(b"V\\x6f\n", "\\x6f");
        check(b"S\"a'b\"\n", "a'b");
        check(b"\x8c\x02os", "os");
        assert_eq!(read(b"Sos\n", 0).map(|_| ()), Err(Fault::Unquoted));
    }

    #[test]
    fn numbers_are_those_of_python() {
        let value = |bytes: &[u8]| match read(bytes, 0).map(|operation| operation.argument) {
            Ok(Argument::Number(value)) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(value(b"I 1_0 \n"), Some(10));
        assert_eq!(value(b"L-12L\n"), Some(-12));
        assert_eq!(value(b"J\xff\xff\xff\xff"), Some(-1));
        assert_eq!(value(b"\x8a\x01\x80"), Some(-128));
        assert_eq!(value(b"\x8a\x09\0\0\0\0\0\0\0\0\x01"), None);
    }
}
