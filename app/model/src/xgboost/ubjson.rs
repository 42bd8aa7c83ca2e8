//! Reads UBJSON, the binary twin of JSON, as XGBoost writes it.
//!
//! In: bytes. Out: values by [`Source`]. Counted (`#`) and typed (`$`) containers are read; every
//! count is checked against the bytes left before anything is allocated. Never recursive.
//!
//! Source: the UBJSON specification, draft 12; numbers are big-endian.

use super::source::{MAX_DEPTH, Source};
use crate::bytes::Cursor;

/// A position in UBJSON.
#[derive(Debug, Clone)]
pub(super) struct Ubjson<'a> {
    cursor: Cursor<'a>,
    /// The type of the next value, where its container says so once for all.
    next: Option<u8>,
}

/// What a container says of its elements.
#[derive(Debug, Clone, Copy)]
struct Header {
    /// The type of all.
    kind: Option<u8>,
    /// How many are still to come; if it does not say, a bracket ends them.
    n: Option<usize>,
}

/// Bytes of a number of this type.
fn width(kind: u8) -> Option<usize> {
    match kind {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

impl<'a> Ubjson<'a> {
    /// The beginning.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
            next: None,
        }
    }

    /// The type of the next value.
    fn kind(&mut self) -> Result<u8, String> {
        if let Some(kind) = self.next.take() {
            return Ok(kind);
        }
        loop {
            match self.cursor.byte()? {
                b'N' => {}
                kind => return Ok(kind),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.cursor.clone().byte().ok()
    }

    fn surprise<T>(&self, kind: u8, what: &str) -> Result<T, String> {
        Err(format!(
            "{what} is expected before offset {}, a value of type '{}' is there",
            self.cursor.position(),
            kind.escape_ascii()
        ))
    }

    /// A whole number of this type.
    fn integer(&mut self, kind: u8) -> Result<i64, String> {
        Ok(match kind {
            b'i' => i8::from_be_bytes(self.cursor.array()?).into(),
            b'U' => self.cursor.byte()?.into(),
            b'I' => i16::from_be_bytes(self.cursor.array()?).into(),
            b'l' => i32::from_be_bytes(self.cursor.array()?).into(),
            b'L' => i64::from_be_bytes(self.cursor.array()?),
            b'T' => 1,
            b'F' => 0,
            other => return self.surprise(other, "a whole number"),
        })
    }

    /// A number of this type.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "XGBoost keeps numbers in single precision"
    )]
    fn float(&mut self, kind: u8) -> Result<f32, String> {
        Ok(match kind {
            b'd' => f32::from_be_bytes(self.cursor.array()?),
            b'D' => f64::from_be_bytes(self.cursor.array()?) as f32,
            other => self.integer(other)? as f32,
        })
    }

    /// A count of things that take at least `width` bytes each.
    fn count(&mut self, width: usize) -> Result<usize, String> {
        let kind = self.kind()?;
        let count = self.integer(kind)?;
        let n_left = self.cursor.n_left();
        usize::try_from(count)
            .ok()
            .filter(|count| count.checked_mul(width).is_some_and(|n| n <= n_left))
            .ok_or_else(|| {
                format!(
                    "{count} values are claimed at offset {}, {n_left} bytes are there",
                    self.cursor.position()
                )
            })
    }

    /// What stands behind an opening bracket.
    fn header(&mut self) -> Result<Header, String> {
        let mut header = Header {
            kind: None,
            n: None,
        };
        if self.peek() == Some(b'$') {
            self.cursor.byte()?;
            let kind = self.cursor.byte()?;
            header.kind = Some(kind);
            // Values of no bytes could be claimed without end.
            if matches!(kind, b'Z' | b'N' | b'T' | b'F') {
                return self.surprise(kind, "a type with values");
            }
            if self.peek() != Some(b'#') {
                let at = self.cursor.position();
                return Err(format!("the typed container at offset {at} has no count"));
            }
        }
        if self.peek() == Some(b'#') {
            self.cursor.byte()?;
            header.n = Some(self.count(header.kind.and_then(width).unwrap_or(1))?);
        }
        Ok(header)
    }

    /// Whether another element comes.
    fn continues(&mut self, header: &mut Header, close: u8) -> Result<bool, String> {
        if let Some(n) = &mut header.n {
            let is_more = *n > 0;
            *n = n.saturating_sub(1);
            return Ok(is_more);
        }
        while self.peek() == Some(b'N') {
            self.cursor.byte()?;
        }
        if self.peek() == Some(close) {
            self.cursor.byte()?;
            return Ok(false);
        }
        Ok(true)
    }

    /// A length and as many bytes of text.
    fn string(&mut self) -> Result<&'a str, String> {
        let length = self.count(1)?;
        let start = self.cursor.position();
        std::str::from_utf8(self.cursor.take(length)?)
            .map_err(|_not_utf8| format!("the text at offset {start} is not UTF-8"))
    }

    /// Opens an array.
    fn open_array(&mut self) -> Result<Header, String> {
        match self.kind()? {
            b'[' => self.header(),
            other => self.surprise(other, "an array"),
        }
    }

    /// Skips a value of this type that holds no others.
    fn skip_plain(&mut self, kind: u8) -> Result<(), String> {
        let length = match kind {
            b'Z' | b'T' | b'F' => 0,
            b'C' => 1,
            b'S' | b'H' => self.count(1)?,
            other => match width(other) {
                Some(width) => width,
                None => return self.surprise(other, "a value"),
            },
        };
        self.cursor.take(length).map(|_skipped| ())
    }
}

impl Source for Ubjson<'_> {
    fn object(
        &mut self,
        mut entry: impl FnMut(&mut Self, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut header = match self.kind()? {
            b'{' => self.header()?,
            other => return self.surprise(other, "an object"),
        };
        while self.continues(&mut header, b'}')? {
            let key = self.string()?;
            self.next = header.kind;
            entry(self, key)?;
        }
        Ok(())
    }

    fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut header = self.open_array()?;
        while self.continues(&mut header, b']')? {
            self.next = header.kind;
            element(self)?;
        }
        Ok(())
    }

    fn text(&mut self) -> Result<String, String> {
        let kind = self.kind()?;
        match kind {
            b'S' => self.string().map(str::to_owned),
            b'C' => Ok(char::from(self.cursor.byte()?).to_string()),
            b'Z' => Ok(String::new()),
            b'[' => {
                self.next = Some(kind);
                let floats: Vec<String> = self.floats()?.iter().map(f32::to_string).collect();
                Ok(format!("[{}]", floats.join(",")))
            }
            b'd' => Ok(f32::from_be_bytes(self.cursor.array()?).to_string()),
            b'D' => Ok(f64::from_be_bytes(self.cursor.array()?).to_string()),
            other => Ok(self.integer(other)?.to_string()),
        }
    }

    fn floats(&mut self) -> Result<Vec<f32>, String> {
        let mut header = self.open_array()?;
        if let (Some(b'd'), Some(n)) = (header.kind, header.n) {
            let (bytes, _rest) = self.cursor.take(n * 4)?.as_chunks();
            return Ok(bytes
                .iter()
                .map(|bytes| f32::from_be_bytes(*bytes))
                .collect());
        }
        let mut floats = Vec::new();
        while self.continues(&mut header, b']')? {
            self.next = header.kind;
            let kind = self.kind()?;
            floats.push(self.float(kind)?);
        }
        Ok(floats)
    }

    fn integers(&mut self) -> Result<Vec<i32>, String> {
        let mut header = self.open_array()?;
        let mut integers = Vec::new();
        while self.continues(&mut header, b']')? {
            self.next = header.kind;
            let kind = self.kind()?;
            let integer = self.integer(kind)?;
            integers.push(i32::try_from(integer).map_err(|_too_large| {
                let at = self.cursor.position();
                format!("'{integer}' before offset {at} is beyond 32 bits")
            })?);
        }
        Ok(integers)
    }

    fn skip(&mut self) -> Result<(), String> {
        let mut open: Vec<(Header, bool)> = Vec::new();
        loop {
            match self.kind()? {
                kind @ (b'{' | b'[') => {
                    if open.len() == MAX_DEPTH {
                        return Err(format!(
                            "more than {MAX_DEPTH} objects and arrays are within each other at offset {}",
                            self.cursor.position()
                        ));
                    }
                    let mut header = self.header()?;
                    if let (Some(width), Some(n)) = (header.kind.and_then(width), header.n)
                        && kind == b'['
                    {
                        self.cursor.take(n * width)?;
                        header.n = Some(0);
                    }
                    open.push((header, kind == b'{'));
                }
                kind => self.skip_plain(kind)?,
            }
            // Closes what ends here, up to a container with another element.
            loop {
                let Some((header, is_object)) = open.last_mut() else {
                    return Ok(());
                };
                if self.continues(header, if *is_object { b'}' } else { b']' })? {
                    if *is_object {
                        self.string()?;
                    }
                    self.next = header.kind;
                    break;
                }
                open.pop();
            }
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        // XGBoost's buffers may end with a zero byte.
        while self.peek() == Some(0) {
            self.cursor.byte()?;
        }
        match self.cursor.n_left() {
            0 => Ok(()),
            n => Err(format!("{n} bytes follow the model")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xgboost::source::{n_read, short_texts};

    #[test]
    fn all_forms_of_arrays_are_read() {
        for bytes in [
            &b"[i\x01i\x02]"[..],
            b"[#i\x02i\x01U\x02",
            b"[$U#l\x00\x00\x00\x02\x01\x02",
            b"[$l#U\x02\x00\x00\x00\x01\x00\x00\x00\x02",
            b"[NTI\x00\x02N]",
        ] {
            assert_eq!(Ubjson::new(bytes).integers().unwrap(), [1, 2]);
            assert_eq!(Ubjson::new(bytes).floats().unwrap(), [1.0, 2.0]);
            let mut texts = Vec::new();
            let mut source = Ubjson::new(bytes);
            source
                .array(|source| {
                    texts.push(source.text()?);
                    Ok(())
                })
                .unwrap();
            assert_eq!(texts, ["1", "2"]);
            let mut source = Ubjson::new(bytes);
            source.skip().unwrap();
            source.finish().unwrap();
        }
        let floats = b"[$d#i\x02\x3f\x80\x00\x00\x7f\xc0\x00\x00";
        let read = Ubjson::new(floats).floats().unwrap();
        assert_eq!(read[..1], [1.0]);
        assert!(read[1].is_nan());
        let objects = b"{#i\x01i\x01a[{i\x01bSi\x01c}$]";
        assert!(Ubjson::new(objects).skip().is_err());
    }

    #[test]
    fn claimed_counts_are_checked_against_the_bytes_left() {
        // Ten times 10^9 floats, texts, elements; a negative count.
        let ten_billion = 10_000_000_000_i64.to_be_bytes();
        for start in [&b"[$d#L"[..], b"[#L", b"[$S#L", b"SL", b"{#L"] {
            let bytes = [start, &ten_billion, b"abcd"].concat();
            let error = Ubjson::new(&bytes).skip().unwrap_err();
            assert!(
                error.contains("10000000000 values are claimed at offset"),
                "{error}"
            );
        }
        let error = Ubjson::new(b"[$d#i\xffabcd").floats().unwrap_err();
        assert_eq!(
            error,
            "-1 values are claimed at offset 6, 4 bytes are there"
        );
        let error = Ubjson::new(b"[$T#i\x01").integers().unwrap_err();
        assert!(error.contains("a type with values is expected"), "{error}");
        let error = Ubjson::new(b"[$d]").floats().unwrap_err();
        assert_eq!(error, "the typed container at offset 3 has no count");
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(1_000_000);
        let error = Ubjson::new(deep.as_bytes()).skip().unwrap_err();
        assert!(error.contains("more than 64 objects and arrays"), "{error}");
    }

    #[test]
    fn another_type_is_named() {
        let error = Ubjson::new(b"{}").floats().unwrap_err();
        let text = "an array is expected before offset 1, a value of type '{' is there";
        assert_eq!(error, text);
        let error = Ubjson::new(b"[Si\x01a]").integers().unwrap_err();
        assert!(error.contains("a whole number is expected"), "{error}");
    }

    /// Whatever the bytes are, every read ends with a value or an error, and behind nothing it claims.
    #[test]
    fn any_bytes_are_read_or_refused() {
        const ALPHABET: &[u8] = b"[[]]{}##$$iiUUIlLdDSCHZTFN\x00\x01\x02\x03\xff";
        let texts = short_texts(ALPHABET);
        let n_well: usize = texts
            .map(|bytes| n_read(&Ubjson::new(&bytes), bytes.len()))
            .sum();
        assert!(n_well > 1000, "{n_well}");
    }
}
