//! Files → one Arrow batch, with the lines its rows came from and what was wrong.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use interlock_plugin_api::facts::ColumnKind;

use super::column::{ColumnPart, Want};
use super::columnar::{read_arrow, read_parquet};
use super::delimited;
use super::dialect::sniff;
use super::join::{Decision, decide, join, want_of};
use super::jsonl;
use super::notes::{self, ColumnNotes};
use super::piece::{MissingTokens, Piece, Wants};
use super::source::{self, Format};
use super::spec::{DEFAULT_MISSING, LoadSpec};
use crate::problem::Problem;
use crate::table::{LineRun, SourceLines};

/// A file in memory.
pub(crate) struct SourceFile<'a> {
    /// Where it lies.
    pub(crate) path: &'a Path,
    /// Its name in problems.
    pub(crate) shown: String,
    /// Its bytes as they stand on disk.
    pub(crate) raw: Vec<u8>,
}

/// What came out.
pub(crate) struct Assembled {
    /// `None` if nothing could be read.
    pub(crate) batch: Option<RecordBatch>,
    pub(crate) lines: SourceLines,
    pub(crate) problems: Vec<Problem>,
}

/// Reads the files as one table.
pub(crate) fn assemble(spec: &LoadSpec, files: &[SourceFile<'_>]) -> Assembled {
    let missing = MissingTokens::new(
        DEFAULT_MISSING
            .into_iter()
            .chain(spec.missing.iter().map(String::as_str)),
    );
    let declared: HashMap<String, Want> = spec
        .columns
        .iter()
        .map(|column| (column.name.clone(), want_of(column.kind)))
        .collect();
    let wants = Wants {
        by_name: declared,
        otherwise: Want::Auto,
    };
    let listed_missing = MissingTokens::new(spec.missing.iter().map(String::as_str));
    let mut problems = Vec::new();
    let mut reading = Reading {
        listed_missing,
        spec,
        files,
        missing,
        pieces: Vec::new(),
    };
    reading.pieces = reading.read(&wants, &mut problems);
    let names = reading.column_names();
    let decisions = reading.decide(&names, &wants);
    reading.read_again(&names, &decisions);
    reading.report(&names, &mut problems);
    let lines = reading.source_lines();
    let batch = reading.into_batch(&names, &wants, &mut problems);
    Assembled {
        batch,
        lines,
        problems,
    }
}

struct Reading<'a> {
    spec: &'a LoadSpec,
    files: &'a [SourceFile<'a>],
    missing: MissingTokens,
    /// Those of the project file alone, for formats that have a missing value of their own.
    listed_missing: MissingTokens,
    /// The pieces in order, each with the position of its file.
    pieces: Vec<(usize, Piece)>,
}

impl Reading<'_> {
    fn read(&self, wants: &Wants, problems: &mut Vec<Problem>) -> Vec<(usize, Piece)> {
        let mut pieces = Vec::new();
        for (file_idx, file) in self.files.iter().enumerate() {
            let read = match source::unpack(&file.raw) {
                Ok(bytes) => self.read_file(file, bytes, wants, problems),
                Err(error) => {
                    let message = format!("cannot be decompressed: {error}");
                    let help = "the file may be damaged or still being written";
                    problems.push(notes::of_file(&file.shown, message, help, true));
                    Vec::new()
                }
            };
            pieces.extend(read.into_iter().map(|piece| (file_idx, piece)));
        }
        pieces
    }

    fn read_file(
        &self,
        file: &SourceFile<'_>,
        bytes: Cow<'_, [u8]>,
        wants: &Wants,
        problems: &mut Vec<Problem>,
    ) -> Vec<Piece> {
        let columnar = match source::format(file.path, &bytes) {
            Format::Delimited | Format::JsonLines => {
                let (text, encoding) = source::to_utf8(&bytes);
                if let Some(encoding) = encoding {
                    let message = format!("not UTF-8; read as {encoding}");
                    let help = "save the file as UTF-8";
                    problems.push(notes::of_file(&file.shown, message, help, false));
                }
                return self.read_text(file, &text, wants, problems);
            }
            Format::Parquet => read_parquet(bytes.into_owned(), &self.listed_missing, wants),
            Format::Arrow => read_arrow(&bytes, &self.listed_missing, wants),
        };
        match columnar {
            Ok(columnar) => {
                notes::of_changes(&file.shown, &columnar.changes, problems);
                vec![columnar.piece]
            }
            Err(why) => {
                let help = "the file may be damaged or still being written";
                problems.push(notes::of_file(&file.shown, why, help, true));
                Vec::new()
            }
        }
    }

    fn read_text(
        &self,
        file: &SourceFile<'_>,
        text: &[u8],
        wants: &Wants,
        problems: &mut Vec<Problem>,
    ) -> Vec<Piece> {
        if source::format(file.path, text) == Format::JsonLines {
            let read = jsonl::read(text, &self.listed_missing, wants);
            notes::of_left_out(&file.shown, &read, 0, problems);
            return read.pieces;
        }
        let Some(layout) = sniff(text, self.spec.delimiter, self.spec.header) else {
            let help = "write a line of column names and rows";
            problems.push(notes::of_file(&file.shown, "the file is empty", help, true));
            return Vec::new();
        };
        notes::of_layout(&file.shown, &layout, self.spec.header.is_some(), problems);
        let read = delimited::read(text, &layout, &self.missing, wants);
        notes::of_left_out(&file.shown, &read, layout.names.len(), problems);
        read.pieces
    }

    /// The names of all columns, in the order of the first file, then of the later ones.
    fn column_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for (name, _) in self.pieces.iter().flat_map(|(_, piece)| &piece.columns) {
            if known.insert(name) {
                names.push(name.clone());
            }
        }
        names
    }

    fn parts(&self, name: &str) -> Vec<(usize, &Piece, &ColumnPart)> {
        let of_piece = |(file_idx, piece): &'_ (usize, Piece)| {
            let part = piece.columns.iter().position(|(other, _)| other == name)?;
            Some((*file_idx, part))
        };
        self.pieces
            .iter()
            .filter_map(|entry| {
                let (file_idx, column_idx) = of_piece(entry)?;
                Some((file_idx, &entry.1, &entry.1.columns[column_idx].1))
            })
            .collect()
    }

    fn decide(&self, names: &[String], wants: &Wants) -> Vec<Decision> {
        names
            .iter()
            .map(|name| {
                let parts: Vec<&ColumnPart> = self
                    .parts(name)
                    .into_iter()
                    .map(|(_, _, part)| part)
                    .collect();
                decide(&parts, wants.of(name))
            })
            .collect()
    }

    /// Reads the columns again that turned out to be text late, and only those.
    fn read_again(&mut self, names: &[String], decisions: &[Decision]) {
        let by_name: HashMap<String, Want> = names
            .iter()
            .zip(decisions)
            .filter_map(|(name, decision)| match decision {
                Decision::Reread(want) => Some((name.clone(), *want)),
                Decision::Join(_) => None,
            })
            .collect();
        if by_name.is_empty() {
            return;
        }
        let wants = Wants {
            by_name,
            otherwise: Want::Skip,
        };
        // The problems of the files are known from the first reading.
        let again = self.read(&wants, &mut Vec::new());
        for ((_, piece), (_, read)) in self.pieces.iter_mut().zip(again) {
            for ((name, part), (_, new)) in piece.columns.iter_mut().zip(read.columns) {
                if wants.of(name) != Want::Skip {
                    *part = new;
                }
            }
        }
    }

    fn report(&self, names: &[String], problems: &mut Vec<Problem>) {
        for name in names {
            let declared = self.spec.columns.iter().find(|column| column.name == *name);
            let parts = self.parts(name);
            for (file_idx, file) in self.files.iter().enumerate() {
                let of_file = parts.iter().filter(|(idx, ..)| *idx == file_idx);
                let notes = ColumnNotes {
                    file: &file.shown,
                    name,
                    declared: declared.map(|column| kind_words(column.kind)),
                    parts: of_file.map(|(_, piece, part)| (*piece, *part)).collect(),
                };
                notes.report(problems);
            }
        }
    }

    fn source_lines(&self) -> SourceLines {
        let mut runs = Vec::new();
        let mut first_row = 0;
        for (file_idx, piece) in &self.pieces {
            let file_idx = u32::try_from(*file_idx).unwrap_or(u32::MAX);
            if piece.lines.is_empty() && piece.n_rows > 0 {
                runs.push(LineRun {
                    first_row,
                    first_line: 0,
                    file_idx,
                });
            }
            for (row, line) in &piece.lines {
                runs.push(LineRun {
                    first_row: first_row + *row as u64,
                    first_line: *line,
                    file_idx,
                });
            }
            first_row += piece.n_rows as u64;
        }
        runs.dedup_by(|next, run| run.continues_in(next));
        SourceLines {
            files: self.files.iter().map(|file| file.shown.clone()).collect(),
            runs,
        }
    }

    fn into_batch(
        mut self,
        names: &[String],
        wants: &Wants,
        problems: &mut Vec<Problem>,
    ) -> Option<RecordBatch> {
        let n_rows: usize = self.pieces.iter().map(|(_, piece)| piece.n_rows).sum();
        let (mut fields, mut arrays) = (Vec::new(), Vec::<ArrayRef>::new());
        for name in names {
            let parts: Vec<ColumnPart> = self
                .pieces
                .iter_mut()
                .map(|(_, piece)| take_part(piece, name))
                .collect();
            let decision = decide(&parts.iter().collect::<Vec<_>>(), wants.of(name));
            let joined = match decision {
                Decision::Join(as_type) => join(parts, as_type),
                Decision::Reread(_) => Err("holds values of types that do not fit".to_owned()),
            };
            match joined {
                Ok(array) => {
                    fields.push(Field::new(name, array.data_type().clone(), true));
                    arrays.push(array);
                }
                Err(why) => {
                    let file = self.files.first().map_or("", |file| &file.shown);
                    let problem = notes::of_file(file, format!("column left out: {why}"), "", true);
                    problems.push(Problem {
                        column: Some(name.clone()),
                        ..problem
                    });
                }
            }
        }
        if names.is_empty() {
            return None;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
        match RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options) {
            Ok(batch) => Some(batch),
            Err(error) => {
                let file = self.files.first().map_or("", |file| &file.shown);
                problems.push(notes::of_file(
                    file,
                    format!("columns do not fit together: {error}"),
                    "",
                    true,
                ));
                None
            }
        }
    }
}

/// Takes a column out of a piece; all missing if the piece does not have it.
fn take_part(piece: &mut Piece, name: &str) -> ColumnPart {
    let part = piece.columns.iter_mut().find(|(other, _)| other == name);
    match part {
        Some((_, part)) => std::mem::replace(part, ColumnPart::new(Want::Skip)),
        None => ColumnPart::missing(piece.n_rows),
    }
}

fn kind_words(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Numeric => "numbers",
        ColumnKind::Categorical => "categories",
        ColumnKind::Boolean => "true or false",
        ColumnKind::Date => "dates",
        ColumnKind::Text => "text",
    }
}
