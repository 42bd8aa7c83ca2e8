//! Delimited text → pieces of typed columns.
//!
//! The text is cut into pieces of fixed size at line ends, and two threads read them. Where a piece
//! really starts is known only when the one before has been read, since a line end may stand in
//! quotes; a piece that was begun at the wrong place is read again. So the result does not depend on
//! the threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::column::{ColumnPart, Want};
use super::dialect::{Layout, is_skipped};
use super::piece::{MissingTokens, Piece, Wants};
use super::scan::{Field, RecordEnd, Scanner, unescape};

/// A record that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Its line; for an open quote that of the quote.
    pub(crate) line: u64,
    /// Why.
    pub(crate) why: Why,
}

/// Why a record was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has so many fields instead of the usual number.
    Ragged(usize),
    /// The same, and the file ends within it.
    CutOff(usize),
    /// A quote is opened and not closed.
    OpenQuote,
}

/// The pieces of a file and the records left out.
#[derive(Debug)]
pub(crate) struct Delimited {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Number of records left out; more than are listed if there are very many.
    pub(crate) n_left_out: u64,
}

/// Bytes of a piece.
const PIECE_BYTES: usize = 8 << 20;

/// Records taken apart before their fields are read column by column.
const BLOCK_RECORDS: usize = 256;

/// Records left out that are listed one by one, per piece.
const MAX_LISTED: usize = 20;

/// Threads that read pieces.
const N_THREADS: usize = 2;

/// Reads the rows of a file.
pub(crate) fn read(
    bytes: &[u8],
    layout: &Layout,
    missing: &MissingTokens,
    wants: &Wants,
) -> Delimited {
    let reader = Reader {
        bytes,
        layout,
        missing,
        wants: layout.names.iter().map(|name| wants.of(name)).collect(),
    };
    let starts = reader.guessed_starts();
    let mut outputs = reader.read_all(&starts);
    let (mut at, mut line) = (layout.body_at, layout.body_line);
    let (mut pieces, mut left_out, mut n_left_out) = (Vec::new(), Vec::new(), 0);
    for (idx, start) in starts.iter().enumerate() {
        let end = starts.get(idx + 1).copied().unwrap_or(bytes.len());
        if at >= end && idx + 1 < starts.len() {
            // The piece before took all of this one.
            continue;
        }
        let guessed = outputs[idx].take().filter(|_| at == *start);
        let mut output = guessed.unwrap_or_else(|| reader.read_piece(at, end));
        output
            .piece
            .lines
            .iter_mut()
            .for_each(|(_, first)| *first += line);
        let moved = output.left_out.iter().map(|left| LeftOut {
            line: left.line + line,
            ..*left
        });
        left_out.extend(moved);
        n_left_out += output.n_left_out;
        (at, line) = (output.end, line + output.n_lines);
        pieces.push(output.piece);
    }
    Delimited {
        pieces,
        left_out,
        n_left_out,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    layout: &'a Layout,
    missing: &'a MissingTokens,
    wants: Vec<Want>,
}

/// A piece, with lines counted from its start.
struct Output {
    piece: Piece,
    left_out: Vec<LeftOut>,
    n_left_out: u64,
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

    fn read_all(&self, starts: &[usize]) -> Vec<Option<Output>> {
        let outputs: Vec<Mutex<Option<Output>>> = starts.iter().map(|_| Mutex::default()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let idx = next.fetch_add(1, Ordering::Relaxed);
                let Some(start) = starts.get(idx) else { return };
                let end = starts.get(idx + 1).copied().unwrap_or(self.bytes.len());
                let output = self.read_piece(*start, end);
                if let Ok(mut slot) = outputs[idx].lock() {
                    *slot = Some(output);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..N_THREADS.min(starts.len()) {
                scope.spawn(work);
            }
            work();
        });
        // A slot left empty by a thread that died is read again by the caller.
        outputs
            .into_iter()
            .map(|slot| slot.into_inner().unwrap_or_default())
            .collect()
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
        let mut output = Output {
            piece: Piece {
                columns: Vec::new(),
                n_rows: 0,
                lines: Vec::new(),
            },
            left_out: Vec::new(),
            n_left_out: 0,
            n_lines: 0,
            end: start,
        };
        let mut next_line = None;
        while scanner.at < end {
            let (first_field, line) = (fields.len(), scanner.line);
            if is_skipped(&scanner, n_fields) {
                scanner.skip_line();
                continue;
            }
            let Some(record_end) = scanner.next_record(&mut fields) else {
                break;
            };
            let n_found = fields.len() - first_field;
            let left_out = match record_end {
                RecordEnd::OpenQuote(line) => Some(LeftOut {
                    line,
                    why: Why::OpenQuote,
                }),
                RecordEnd::Line | RecordEnd::Text if n_found == n_fields => None,
                RecordEnd::Line => Some(LeftOut {
                    line,
                    why: Why::Ragged(n_found),
                }),
                RecordEnd::Text => Some(LeftOut {
                    line,
                    why: Why::CutOff(n_found),
                }),
            };
            if let Some(left_out) = left_out {
                fields.truncate(first_field);
                output.n_left_out += 1;
                if output.left_out.len() < MAX_LISTED {
                    output.left_out.push(left_out);
                }
                continue;
            }
            if next_line != Some(line) {
                output.piece.lines.push((output.piece.n_rows, line));
            }
            next_line = Some(line + 1);
            output.piece.n_rows += 1;
            if fields.len() >= BLOCK_RECORDS * n_fields {
                self.push_block(&mut columns, &fields);
                fields.clear();
            }
        }
        self.push_block(&mut columns, &fields);
        output.n_lines = scanner.line;
        output.end = scanner.at;
        output.piece.columns = self.layout.names.iter().cloned().zip(columns).collect();
        output
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
                if self.missing.contains(token) {
                    column.push_missing();
                } else {
                    column.push(written, token);
                }
            }
        }
    }
}
