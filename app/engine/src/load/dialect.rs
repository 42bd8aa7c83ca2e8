//! The beginning of a delimited file → its separator, number of fields and column names.

use std::collections::HashSet;

use super::scan::{Dialect, Field, RecordEnd, Scanner, unescape};
use super::token::{self, Value};

/// What the beginning of a file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    /// Column names, unique; made up if the file has none.
    pub(crate) names: Vec<String>,
    /// Position of the first record after the names.
    pub(crate) body_at: usize,
    /// Its line, the first is 1.
    pub(crate) body_line: u64,
    /// The line of names; `None` if the file has none.
    pub(crate) header_line: Option<u64>,
    /// Position of the line of names, or of the first record if the file has none.
    pub(crate) head_at: usize,
    /// Names that were changed: as written, and as they are now.
    pub(crate) renamed: Vec<(String, String)>,
}

/// Separators tried, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records looked at to find the separator; types are never inferred from a sample, only this is.
const SNIFFED_RECORDS: usize = 100;

/// Most columns of a table.
const MAX_COLUMNS: usize = 100_000;

/// Finds the layout; `None` if the text holds no record.
pub(crate) fn sniff(bytes: &[u8], delimiter: Option<u8>, header: Option<bool>) -> Option<Layout> {
    let newline = match bytes.iter().find(|byte| matches!(byte, b'\n' | b'\r')) {
        Some(b'\r') if !bytes.contains(&b'\n') => b'\r',
        _ => b'\n',
    };
    let dialects = DELIMITERS.map(|delimiter| Dialect { delimiter, newline });
    let dialect = match delimiter {
        Some(delimiter) => Dialect { delimiter, newline },
        None => dialects
            .into_iter()
            .rev()
            .max_by_key(|dialect| consistency(bytes, *dialect))?,
    };
    let n_fields = usual_width(&first_records(bytes, dialect)).min(MAX_COLUMNS);
    let mut scanner = Scanner::new(bytes, dialect, 0);
    let mut fields = Vec::new();
    loop {
        let (at, line) = (scanner.at, scanner.line);
        if is_skipped(&scanner, n_fields) {
            scanner.skip_line();
            continue;
        }
        fields.clear();
        let end = scanner.next_record(&mut fields)?;
        if matches!(end, RecordEnd::OpenQuote(_))
            || fields.len() != n_fields && scanner.at < bytes.len()
        {
            continue;
        }
        let texts: Vec<String> = fields
            .iter()
            .map(|field| field_text(bytes, field))
            .collect();
        return Some(if header.unwrap_or_else(|| is_header(&texts)) {
            let (names, renamed) = unique_names(&texts);
            let (body_at, body_line) = (scanner.at, scanner.line + 1);
            Layout {
                dialect,
                names,
                body_at,
                body_line,
                header_line: Some(line + 1),
                head_at: at,
                renamed,
            }
        } else {
            let names = (1..=n_fields)
                .map(|number| format!("column_{number}"))
                .collect();
            let (body_at, body_line) = (at, line + 1);
            Layout {
                dialect,
                names,
                body_at,
                body_line,
                header_line: None,
                head_at: at,
                renamed: Vec::new(),
            }
        });
    }
}

/// Whether the line that starts here is blank or a comment: begins with `#` or `|` and does not have
/// the fields of a row.
pub(crate) fn is_skipped(scanner: &Scanner<'_>, n_fields: usize) -> bool {
    match scanner.first_byte() {
        Some(b'#' | b'|' | b' ' | b'\t' | b'\r' | b'\n') => {}
        _ => return false,
    }
    let line = scanner.peek_line();
    let text = line.trim_ascii();
    if text.is_empty() {
        return n_fields == 1 || !line.contains(&scanner.delimiter());
    }
    let n_parts = line.split(|byte| *byte == scanner.delimiter()).count();
    matches!(text[0], b'#' | b'|') && n_parts != n_fields
}

/// Numbers of fields of the first records, without comments and blank lines.
fn first_records(bytes: &[u8], dialect: Dialect) -> Vec<usize> {
    let mut scanner = Scanner::new(bytes, dialect, 0);
    let (mut widths, mut fields) = (Vec::new(), Vec::new());
    while widths.len() < SNIFFED_RECORDS {
        if is_skipped(&scanner, 0) {
            scanner.skip_line();
            continue;
        }
        fields.clear();
        match scanner.next_record(&mut fields) {
            Some(RecordEnd::OpenQuote(_)) => {}
            Some(_) => widths.push(fields.len()),
            None => break,
        }
    }
    widths
}

/// The number of fields most records have; of several as frequent, the greatest.
fn usual_width(widths: &[usize]) -> usize {
    let frequency = |width: usize| widths.iter().filter(|other| **other == width).count();
    widths
        .iter()
        .copied()
        .max_by_key(|width| (frequency(*width), *width))
        .unwrap_or(0)
}

/// How well a dialect fits: records of the usual width if there is more than one field, then that
/// width.
fn consistency(bytes: &[u8], dialect: Dialect) -> (usize, usize) {
    let widths = first_records(bytes, dialect);
    let width = usual_width(&widths);
    if width < 2 {
        return (0, 0);
    }
    (
        widths.iter().filter(|other| **other == width).count(),
        width,
    )
}

/// A field's text.
pub(crate) fn field_text(bytes: &[u8], field: &Field) -> String {
    let raw = &bytes[field.start..field.end];
    if !field.is_escaped {
        return String::from_utf8_lossy(raw).into_owned();
    }
    let mut text = Vec::new();
    unescape(raw, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Whether a first record names columns. It does unless a number or date stands in it, and years
/// (`2019`) or counted columns (`0`, `1`, `2`…) may stand in names.
fn is_header(texts: &[String]) -> bool {
    let mut integers = Vec::new();
    for text in texts {
        match token::classify(text.trim().as_bytes()) {
            Value::Int(value) => integers.push(value),
            Value::Float(_) | Value::Date(_) | Value::Timestamp(_) => return false,
            Value::Bool(_) | Value::Text => {}
        }
    }
    let are_years = integers.iter().all(|value| (1900..2100).contains(value));
    let are_counted = integers.len() > 1 && integers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    are_years || are_counted
}

/// Names without blanks around them, numbered where empty or repeated.
fn unique_names(texts: &[String]) -> (Vec<String>, Vec<(String, String)>) {
    let written: HashSet<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    let mut taken = HashSet::new();
    let (mut names, mut renamed) = (Vec::new(), Vec::new());
    for (idx, text) in texts.iter().enumerate() {
        let text = text.trim();
        let mut name = if text.is_empty() {
            format!("column_{}", idx + 1)
        } else {
            text.to_owned()
        };
        let mut number = 0;
        while taken.contains(&name) || (name != text && written.contains(&name)) {
            number += 1;
            name = format!("{}.{number}", if text.is_empty() { "column" } else { text });
        }
        if name != text {
            renamed.push((text.to_owned(), name.clone()));
        }
        taken.insert(name.clone());
        names.push(name);
    }
    (names, renamed)
}
