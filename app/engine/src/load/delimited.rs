//! Delimited text → pieces of typed columns.
//!
//! The text is cut into pieces of fixed size at line ends, and two threads read them. Where a piece
//! really starts is known only when the one before has been read, since a line end may stand in
//! quotes; a piece that was begun at the wrong place is read again. So the result does not depend on
//! the threads.

use super::column::{ColumnPart, Want};
use super::dialect::{Layout, is_skipped};
use super::parallel::in_order;
use super::piece::{LeftOut, MissingTokens, Piece, Rows, Wants, Why};
use super::scan::{Field, RecordEnd, Scanner, unescape};

/// Bytes of a piece.
const PIECE_BYTES: usize = 8 << 20;

/// Records taken apart before their fields are read column by column.
const BLOCK_RECORDS: usize = 256;

/// Records left out that are listed one by one, per piece.
const MAX_LISTED: usize = 20;

/// Reads the rows of a file.
pub(crate) fn read(bytes: &[u8], layout: &Layout, missing: &MissingTokens, wants: &Wants) -> Rows {
    let reader = Reader {
        bytes,
        layout,
        missing,
        wants: layout.names.iter().map(|name| wants.of(name)).collect(),
    };
    let starts = reader.guessed_starts();
    let end_of = |idx: usize| starts.get(idx + 1).copied().unwrap_or(bytes.len());
    let outputs = in_order(starts.len(), |idx| {
        reader.read_piece(starts[idx], end_of(idx))
    });
    let (mut at, mut line) = (layout.body_at, layout.body_line);
    let mut rows = Rows::default();
    for (idx, output) in outputs.into_iter().enumerate() {
        if at >= end_of(idx) && idx + 1 < starts.len() {
            // The piece before took all of this one.
            continue;
        }
        let guessed = output.filter(|_| at == starts[idx]);
        let output = guessed.unwrap_or_else(|| reader.read_piece(at, end_of(idx)));
        at = output.end;
        line += rows.append((output.rows, output.n_lines), line);
    }
    rows
}

/// What stands next in a file.
pub(crate) enum Next {
    /// A row, on this line; its fields were appended.
    Row(u64),
    /// A blank line or a comment.
    Skipped,
    /// A record that is no row of the table.
    LeftOut(LeftOut),
    /// The end.
    End,
}

/// Goes past the next record or line, whose fields are appended if it is a row.
pub(crate) fn next_row(
    scanner: &mut Scanner<'_>,
    fields: &mut Vec<Field>,
    n_fields: usize,
) -> Next {
    let (first_field, line) = (fields.len(), scanner.line);
    if is_skipped(scanner, n_fields) {
        scanner.skip_line();
        return Next::Skipped;
    }
    let Some(record_end) = scanner.next_record(fields) else {
        return Next::End;
    };
    let n_found = fields.len() - first_field;
    let (line, why) = match record_end {
        RecordEnd::Line | RecordEnd::Text if n_found == n_fields => return Next::Row(line),
        RecordEnd::OpenQuote(opened) => (opened, Why::OpenQuote),
        RecordEnd::Line => (line, Why::Ragged(n_found)),
        RecordEnd::Text => (line, Why::CutOff(n_found)),
    };
    fields.truncate(first_field);
    Next::LeftOut(LeftOut { line, why })
}

struct Reader<'a> {
    bytes: &'a [u8],
    layout: &'a Layout,
    missing: &'a MissingTokens,
    wants: Vec<Want>,
}

/// A piece, with lines counted from its start.
struct Output {
    rows: Rows,
    n_lines: u64,
    /// Where the next piece starts.
    end: usize,
}

impl Reader<'_> {
    /// Line starts about [`PIECE_BYTES`] apart.
    fn guessed_starts(&self) -> Vec<usize> {
        let mut starts = vec![self.layout.body_at];
        let mut at = self.layout.body_at + PIECE_BYTES;
        while at < self.bytes.len() {
            let newline = self.layout.dialect.newline;
            let Some(n_bytes) = self.bytes[at..].iter().position(|byte| *byte == newline) else {
                break;
            };
            let start = at + n_bytes + 1;
            if start >= self.bytes.len() {
                break;
            }
            starts.push(start);
            at = start + PIECE_BYTES;
        }
        starts
    }

    /// Reads the records that start in a stretch of the file.
    fn read_piece(&self, start: usize, end: usize) -> Output {
        let n_fields = self.layout.names.len();
        let mut scanner = Scanner::new(self.bytes, self.layout.dialect, start);
        let mut columns: Vec<ColumnPart> = self
            .wants
            .iter()
            .map(|want| ColumnPart::new(*want))
            .collect();
        let mut fields: Vec<Field> = Vec::with_capacity(BLOCK_RECORDS * n_fields);
        let mut rows = Rows::default();
        let (mut n_rows, mut lines, mut next_line) = (0, Vec::new(), None);
        while scanner.at < end {
            let line = match next_row(&mut scanner, &mut fields, n_fields) {
                Next::Row(line) => line,
                Next::Skipped => continue,
                Next::LeftOut(left_out) => {
                    rows.leave_out(left_out, MAX_LISTED);
                    continue;
                }
                Next::End => break,
            };
            if next_line != Some(line) {
                lines.push((n_rows, line));
            }
            // A record of several lines ends the run.
            next_line = Some(line + 1);
            n_rows += 1;
            if fields.len() >= BLOCK_RECORDS * n_fields {
                self.push_block(&mut columns, &fields);
                fields.clear();
            }
        }
        self.push_block(&mut columns, &fields);
        let columns = self.layout.names.iter().cloned().zip(columns).collect();
        rows.pieces.push(Piece {
            columns,
            n_rows,
            lines,
        });
        Output {
            rows,
            n_lines: scanner.line,
            end: scanner.at,
        }
    }

    /// Reads the fields of whole records, one column after the other.
    fn push_block(&self, columns: &mut [ColumnPart], fields: &[Field]) {
        let n_fields = columns.len();
        let mut scratch = Vec::new();
        for (idx, column) in columns.iter_mut().enumerate() {
            if self.wants[idx] == Want::Skip {
                continue;
            }
            for field in fields.iter().skip(idx).step_by(n_fields) {
                let mut written = &self.bytes[field.start..field.end];
                if field.is_escaped {
                    scratch.clear();
                    unescape(written, &mut scratch);
                    written = &scratch;
                }
                let token = written.trim_ascii();
                if self.missing.lists(token) {
                    column.push_missing();
                } else {
                    column.push(written, token);
                }
            }
        }
    }
}
