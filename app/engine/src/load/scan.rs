//! Delimited text → records of fields, as positions in the text.
//!
//! Knows separators, quotes and line ends; neither column names nor types. Quoted fields may hold
//! separators, line ends and doubled quotes. A quote that is never closed does not swallow the rest of
//! the file: its line is given up and reading goes on with the next one.

/// How a file separates fields and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between fields.
    pub(crate) delimiter: u8,
    /// After lines: `\n`, or `\r` in files that have no `\n`.
    pub(crate) newline: u8,
    /// Whether blanks around fields belong to the separator: `a, b`. If not, they are part of a text.
    pub(crate) is_padded: bool,
}

/// One field: its bytes without quotes, and without the blanks around quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether quotes within the bytes are still to be undone, see [`unescape`].
    pub(crate) is_escaped: bool,
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordEnd {
    /// At a line end.
    Line,
    /// At the end of the text, without a line end.
    Text,
    /// A quote opened on this line is not closed; the record is the rest of that line.
    OpenQuote(u64),
}

/// Longest quoted field; a longer one counts as never closed.
const MAX_QUOTED_BYTES: usize = 16 << 20;

/// Reads records one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    /// Where the next record starts.
    pub(crate) at: usize,
    /// Its line, counted from where the scanner started.
    pub(crate) line: u64,
}

/// What stood behind a field.
enum After {
    Delimiter,
    Newline,
    End,
}

impl<'a> Scanner<'a> {
    /// A scanner from a position that is the start of a record.
    pub(crate) fn new(bytes: &'a [u8], dialect: Dialect, at: usize) -> Self {
        Self {
            bytes,
            dialect,
            at,
            line: 0,
        }
    }

    /// The byte the next record starts with.
    pub(crate) fn first_byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What separates fields.
    pub(crate) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    /// The bytes of the line that starts here, without its end.
    pub(crate) fn peek_line(&self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|byte| *byte == self.dialect.newline)
            .unwrap_or(rest.len());
        &rest[..end]
    }

    /// Goes past the line that starts here.
    pub(crate) fn skip_line(&mut self) {
        self.at = (self.at + self.peek_line().len() + 1).min(self.bytes.len());
        self.line += 1;
    }

    /// Appends the fields of the next record; `None` at the end of the text.
    pub(crate) fn next_record(&mut self, fields: &mut Vec<Field>) -> Option<RecordEnd> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let (first_field, start, first_line) = (fields.len(), self.at, self.line);
        loop {
            let Ok(after) = self.next_field(fields) else {
                // Given up: take the line where the quote opened as it stands.
                fields.truncate(first_field);
                let opened = self.line;
                (self.at, self.line) = (start, first_line);
                while self.line <= opened && self.at < self.bytes.len() {
                    self.skip_line();
                }
                return Some(RecordEnd::OpenQuote(opened));
            };
            match after {
                After::Delimiter => {}
                After::Newline => {
                    self.line += 1;
                    return Some(RecordEnd::Line);
                }
                After::End => return Some(RecordEnd::Text),
            }
        }
    }

    /// Appends the field that starts here and goes past what stands behind it.
    #[inline]
    fn next_field(&mut self, fields: &mut Vec<Field>) -> Result<After, OpenQuote> {
        let mut start = self.at;
        while let Some(byte) = self.bytes.get(start)
            && is_blank(*byte)
            && *byte != self.dialect.delimiter
        {
            start += 1;
        }
        if self.bytes.get(start) == Some(&b'"') {
            return self.quoted_field(start, fields);
        }
        let stop = find_either(
            self.bytes,
            start,
            self.dialect.delimiter,
            self.dialect.newline,
        );
        let mut end = stop;
        if self.dialect.is_padded {
            while end > start && is_blank_or_return(self.bytes[end - 1]) {
                end -= 1;
            }
        } else {
            start = self.at;
            while end > start && self.bytes[end - 1] == b'\r' {
                end -= 1;
            }
        }
        fields.push(Field {
            start,
            end,
            is_escaped: false,
        });
        Ok(self.step_past(stop))
    }

    fn step_past(&mut self, stop: usize) -> After {
        self.at = stop + 1;
        match self.bytes.get(stop) {
            None => {
                self.at = stop;
                After::End
            }
            Some(byte) if *byte == self.dialect.delimiter => After::Delimiter,
            Some(_) => After::Newline,
        }
    }

    fn quoted_field(&mut self, open: usize, fields: &mut Vec<Field>) -> Result<After, OpenQuote> {
        let (mut at, mut is_escaped, mut n_newlines) = (open + 1, false, 0);
        let close = loop {
            at = find_either(self.bytes, at, b'"', self.dialect.newline);
            match self.bytes.get(at) {
                None => return Err(OpenQuote),
                Some(_) if at - open > MAX_QUOTED_BYTES => return Err(OpenQuote),
                Some(b'"') if self.bytes.get(at + 1) == Some(&b'"') => {
                    is_escaped = true;
                    at += 2;
                }
                Some(b'"') => break at,
                Some(_) => {
                    n_newlines += 1;
                    at += 1;
                }
            }
        };
        let stop = find_either(
            self.bytes,
            close + 1,
            self.dialect.delimiter,
            self.dialect.newline,
        );
        let tail = &self.bytes[close + 1..stop];
        if tail.iter().all(|byte| is_blank_or_return(*byte)) {
            fields.push(Field {
                start: open + 1,
                end: close,
                is_escaped,
            });
        } else if n_newlines > 0 {
            // Text right behind a quote lines below: that quote opens a field, it closes none.
            return Err(OpenQuote);
        } else {
            let n_bytes = tail.trim_ascii_end().len();
            fields.push(Field {
                start: open,
                end: close + 1 + n_bytes,
                is_escaped: true,
            });
        }
        self.line += n_newlines;
        Ok(self.step_past(stop))
    }
}

/// A quote that is not closed.
struct OpenQuote;

/// The text of an escaped field, appended: doubled quotes once, quotes around a part not at all.
pub(crate) fn unescape(bytes: &[u8], text: &mut Vec<u8>) {
    let mut rest = bytes.iter().copied().peekable();
    if rest.peek() == Some(&b'"') && !bytes.starts_with(b"\"\"") {
        // A quoted part with text behind it: `"a"b` is `ab`.
        rest.next();
        let mut is_open = true;
        while let Some(byte) = rest.next() {
            match byte {
                b'"' if is_open && rest.peek() != Some(&b'"') => is_open = false,
                b'"' if is_open => {
                    rest.next();
                    text.push(b'"');
                }
                _ => text.push(byte),
            }
        }
        return;
    }
    while let Some(byte) = rest.next() {
        if byte == b'"' && rest.peek() == Some(&b'"') {
            rest.next();
        }
        text.push(byte);
    }
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_blank_or_return(byte: u8) -> bool {
    is_blank(byte) || byte == b'\r'
}

/// Position of the first of two bytes at or after a position; the length if there is none. Looks at
/// eight bytes at a time.
#[inline]
fn find_either(bytes: &[u8], from: usize, a: u8, b: u8) -> usize {
    let mut at = from.min(bytes.len());
    let (wide_a, wide_b) = (u64::from(a) * LOW_BITS, u64::from(b) * LOW_BITS);
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let hits = zero_bytes(word ^ wide_a) | zero_bytes(word ^ wide_b);
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] != a && bytes[at] != b {
        at += 1;
    }
    at
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// The high bit of each zero byte; exact for the lowest one.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & (LOW_BITS << 7)
}
