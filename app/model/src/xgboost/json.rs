//! Reads JSON, number arrays straight into numbers.
//!
//! In: bytes. Out: values by [`Source`]. Besides standard JSON it takes `NaN` and `Infinity`, which
//! XGBoost writes. What is skipped is looked at for its brackets and strings only. Never recursive.

use std::borrow::Cow;

use super::source::{MAX_DEPTH, Source};

/// A position in JSON.
#[derive(Debug, Clone)]
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Json<'a> {
    /// The beginning.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not space, not yet taken.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    fn expected(&self, what: &str) -> String {
        match self.bytes.get(self.at) {
            Some(byte) => format!(
                "{what} is expected at offset {}, '{}' is there",
                self.at,
                byte.escape_ascii()
            ),
            None => format!("the file ends at offset {}, before {what}", self.at),
        }
    }

    fn take(&mut self, byte: u8, what: &str) -> Result<(), String> {
        if self.peek() != Some(byte) {
            return Err(self.expected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another element follows, or the end.
    fn continues(&mut self, close: u8) -> Result<bool, String> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(if close == b']' {
                "',' or ']'"
            } else {
                "',' or '}'"
            })),
        }
    }

    /// Behind the closing quote; the string with its quotes.
    fn raw_string(&mut self) -> Result<&'a [u8], String> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.bytes[start..self.at]);
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => {
                    return Err(format!("the string at offset {start} does not end"));
                }
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, String> {
        let raw = self.raw_string()?;
        let start = self.at - raw.len();
        if raw.contains(&b'\\') {
            return serde_json::from_slice(raw)
                .map(Cow::Owned)
                .map_err(|error| format!("the string at offset {start}: {error}"));
        }
        std::str::from_utf8(&raw[1..raw.len() - 1])
            .map(Cow::Borrowed)
            .map_err(|_not_utf8| format!("the string at offset {start} is not UTF-8"))
    }

    /// A number or a word, as it is written.
    fn token(&mut self) -> Result<&'a str, String> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = rest.iter().position(|byte| !is_part(byte));
        let token = &rest[..length.unwrap_or(rest.len())];
        if token.is_empty() {
            return Err(self.expected("a number"));
        }
        self.at += token.len();
        std::str::from_utf8(token).map_err(|_never| self.expected("a number"))
    }

    /// Calls `read` before each element of an array.
    #[inline]
    fn elements(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.take(b'[', "an array")?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            read(self)?;
            if !self.continues(b']')? {
                return Ok(());
            }
        }
    }
}

impl Source for Json<'_> {
    fn object(
        &mut self,
        mut entry: impl FnMut(&mut Self, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        self.take(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.take(b':', "':'")?;
            entry(self, &key)?;
            if !self.continues(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.elements(element)
    }

    fn text(&mut self) -> Result<String, String> {
        if self.peek() == Some(b'"') {
            return self.string().map(Cow::into_owned);
        }
        let start = self.at;
        self.skip()?;
        Ok(String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned())
    }

    fn floats(&mut self) -> Result<Vec<f32>, String> {
        let mut floats = Vec::new();
        self.elements(|json| {
            let token = json.token()?;
            let float = token.parse();
            floats.push(float.map_err(|_no_number| {
                format!("'{token}' before offset {} is no number", json.at)
            })?);
            Ok(())
        })?;
        Ok(floats)
    }

    fn integers(&mut self) -> Result<Vec<i32>, String> {
        let mut integers = Vec::new();
        self.elements(|json| {
            integers.push(match json.token()? {
                "true" => 1,
                "false" => 0,
                token => token.parse().map_err(|_no_number| {
                    format!("'{token}' before offset {} is no whole number", json.at)
                })?,
            });
            Ok(())
        })?;
        Ok(integers)
    }

    fn skip(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(b'"') => return self.raw_string().map(|_string| ()),
            Some(b'{' | b'[') => {}
            _ => return self.token().map(|_token| ()),
        }
        let mut depth = 0;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.raw_string()?;
                    continue;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => depth -= 1,
                Some(_) => {}
                None => return Err(self.expected("the end of an object or array")),
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
            if depth > MAX_DEPTH {
                return Err(format!(
                    "more than {MAX_DEPTH} objects and arrays are within each other at offset {}",
                    self.at
                ));
            }
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        // XGBoost's buffers may end with a zero byte.
        while self.peek() == Some(0) {
            self.at += 1;
        }
        if self.at < self.bytes.len() {
            return Err(self.expected("the end of the file"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xgboost::source::{n_read, short_texts};

    fn floats(text: &str) -> Result<Vec<f32>, String> {
        Json::new(text.as_bytes()).floats()
    }

    #[test]
    fn arrays_of_numbers_are_read() {
        let read = floats(" [1, -2.5E-1 ,1e-45,\n0E0,-0,3.4028235E38]").unwrap();
        assert_eq!(read, [1.0, -0.25, 1e-45, 0.0, -0.0, f32::MAX]);
        assert!(floats("[NaN]").unwrap()[0].is_nan());
        assert_eq!(floats("[-Infinity]").unwrap(), [f32::NEG_INFINITY]);
        assert!(floats("[ ]").unwrap().is_empty());
        let mut flags = Json::new(b"[true,false,1,-7]");
        assert_eq!(flags.integers().unwrap(), [1, 0, 1, -7]);
    }

    #[test]
    fn broken_arrays_say_where() {
        let error = |text: &str| floats(text).unwrap_err();
        assert_eq!(error("[1,x]"), "'x' before offset 4 is no number");
        assert_eq!(
            error("[1;2]"),
            "',' or ']' is expected at offset 2, ';' is there"
        );
        assert_eq!(error("[1,"), "the file ends at offset 3, before a number");
        assert_eq!(
            error("{}"),
            "an array is expected at offset 0, '{' is there"
        );
        let error = Json::new(b"[2147483648]").integers().unwrap_err();
        assert_eq!(error, "'2147483648' before offset 11 is no whole number");
    }

    #[test]
    fn texts_are_unescaped() {
        let text = |text: &str| Json::new(text.as_bytes()).text();
        assert_eq!(text(r#""a\"b\\c\u00e9é""#).unwrap(), "a\"b\\céé");
        assert_eq!(text("5E-1").unwrap(), "5E-1");
        assert_eq!(text("[1,2]").unwrap(), "[1,2]");
        assert!(text("\"abc").unwrap_err().contains("does not end"));
        assert!(text("\"a\\").unwrap_err().contains("does not end"));
        assert!(
            text(r#""\q""#)
                .unwrap_err()
                .contains("offset 0: invalid escape")
        );
    }

    #[test]
    fn skipping_stops_behind_the_value_and_bounds_nesting() {
        let mut json = Json::new(br#"[{"a":["]",1]}] 7"#);
        json.skip().unwrap();
        assert_eq!(json.text().unwrap(), "7");
        json.finish().unwrap();
        let deep = "[".repeat(1_000_000);
        let error = Json::new(deep.as_bytes()).skip().unwrap_err();
        assert!(error.contains("more than 64 objects and arrays"), "{error}");
        let allowed = "[".repeat(64) + &"]".repeat(64);
        Json::new(allowed.as_bytes()).skip().unwrap();
    }

    /// Whatever the bytes are, every read ends with a value or an error, and behind nothing it claims.
    #[test]
    fn any_bytes_are_read_or_refused() {
        const ALPHABET: &[u8] = br#"[[]],,,::{}""\0129-+.eNa "#;
        let texts = short_texts(ALPHABET);
        let n_well: usize = texts
            .map(|bytes| n_read(&Json::new(&bytes), bytes.len()))
            .sum();
        assert!(n_well > 1000, "{n_well}");
    }
}
