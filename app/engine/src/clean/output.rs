//! Cleaned tables → files beside their originals.
//!
//! In: a sheet with its table and source files. Out: copies and logs, all put in place together once all
//! are written. Names are made here: `train.csv` becomes `train.clean.csv` and `train.clean.log.csv`,
//! split `train.clean.train.csv` and `train.clean.test.csv`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;

use super::choose::Refusal;
use super::columnar::{batch, own_columns, write};
use super::copy::{Form, Log, copy_rows};
use super::place::{Originals, Unfinished, unwritten};
use super::records::{Records, Rows, header};
use super::sheet::Sheet;
use super::sink::Sink;
use super::{FileForm, FileSummary, Request, Written};
use crate::load::assemble::SourceFile;
use crate::load::dialect::{Layout, sniff};
use crate::load::source::{self, Format};
use crate::load::{LoadSpec, LoadedTable};

/// One table with what its copies are made of.
pub(super) struct Job<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) table: &'a LoadedTable,
    pub(super) spec: &'a LoadSpec,
    pub(super) files: &'a [SourceFile<'a>],
    /// Names of the steps, in order.
    pub(super) steps: &'a [&'static str],
}

/// Files for one source.
#[derive(Debug)]
struct Places {
    form: FileForm,
    /// Rows to learn from, or all; rows to test on, if the table is split.
    copies: Vec<PathBuf>,
    log: PathBuf,
}

const UTF8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Where the copies of a job go.
fn places(path: &Path, is_split: bool, format: Format, request: &Request) -> Places {
    let form = request.form.unwrap_or(match format {
        Format::Delimited => FileForm::Csv,
        Format::Parquet | Format::Arrow | Format::JsonLines => FileForm::Parquet,
    });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let packing = [".gz", ".zst"]
        .into_iter()
        .find(|packing| name.ends_with(packing));
    let bare = packing
        .and_then(|packing| name.strip_suffix(packing))
        .unwrap_or(&name);
    let (stem, ending) = bare.rsplit_once('.').unwrap_or((bare, "csv"));
    let ending = match (form, format) {
        (FileForm::Csv, Format::Delimited) => format!("{ending}{}", packing.unwrap_or_default()),
        (FileForm::Csv, _) => "csv".to_owned(),
        (FileForm::Parquet, _) => "parquet".to_owned(),
    };
    let folder = request
        .out
        .as_deref()
        .or(path.parent())
        .unwrap_or(Path::new(""));
    let place = |part: &str| folder.join(format!("{stem}.clean{part}.{ending}"));
    Places {
        form,
        copies: if is_split {
            vec![place(".train"), place(".test")]
        } else {
            vec![place("")]
        },
        log: folder.join(format!("{stem}.clean.log.csv")),
    }
}

/// Files that are written but not yet in place.
#[derive(Default)]
pub(super) struct Pending {
    files: Vec<Unfinished>,
    places: BTreeSet<PathBuf>,
}

impl Pending {
    /// Puts all files in place.
    pub(super) fn finish(self, may_replace: bool) -> Result<(), Refusal> {
        for file in self.files {
            file.finish(may_replace)?;
        }
        Ok(())
    }

    fn claim(&mut self, place: &Path) -> Result<(), Refusal> {
        if self.places.insert(place.to_owned()) {
            return Ok(());
        }
        Err(Refusal::new(
            format!("two copies would be written to {}", place.display()),
            "clean one table at a time: --table train",
        ))
    }

    fn open(&mut self, place: &Path) -> Result<std::fs::File, Refusal> {
        let (unfinished, file) = Unfinished::begin(place)?;
        self.files.push(unfinished);
        Ok(file)
    }

    fn sink(&mut self, place: &Path) -> Result<Sink, Refusal> {
        let file = self.open(place)?;
        Sink::new(place, file).map_err(|error| unwritten(place, &error))
    }
}

/// Writes the copies of one table; in a dry run says what they would be.
pub(super) fn write_table(
    job: &Job<'_>,
    request: &Request,
    is_project_file: &dyn Fn(&Path) -> bool,
    originals: &Originals,
    pending: &mut Pending,
) -> Result<Vec<FileSummary>, Refusal> {
    let ranges = job.table.view.file_rows();
    let mut summaries = Vec::new();
    for (file, range) in job.files.iter().zip(ranges) {
        let start = usize::try_from(range.start).unwrap_or(usize::MAX);
        let n_rows = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let unread = |error: std::io::Error| Refusal::new(format!("{}: {error}", file.shown), "");
        let bytes = source::unpack(&file.raw).map_err(unread)?;
        let format = source::format(file.path, &bytes);
        let places = places(file.path, job.sheet.tested.is_some(), format, request);
        for place in places.copies.iter().chain([&places.log]) {
            originals.check(place, request.force)?;
            pending.claim(place)?;
            if is_project_file(place) {
                let message = format!(
                    "{} would become part of a table: a pattern of the project file takes it in",
                    place.display()
                );
                return Err(Refusal::new(message, "write elsewhere with --out"));
            }
        }
        summaries.push(summary(job.sheet, (start, n_rows), file, &places));
        if !request.dry_run {
            FileJob {
                job,
                file,
                format,
                rows: (start, n_rows),
                places: &places,
            }
            .write(bytes, pending)?;
        }
    }
    Ok(summaries)
}

fn summary(
    sheet: &Sheet,
    (start, n_rows): (usize, usize),
    file: &SourceFile<'_>,
    places: &Places,
) -> FileSummary {
    let n_left = |is_tested: bool| {
        let is_of_side = |row: &usize| {
            let tested = sheet.tested.as_ref().is_some_and(|tested| tested[*row]);
            sheet.kept[*row] && tested == is_tested
        };
        (start..start + n_rows).filter(is_of_side).count() as u64
    };
    let copies = places.copies.iter().zip([false, true]);
    FileSummary {
        source: file.path.to_owned(),
        rows_in: n_rows as u64,
        copies: copies
            .map(|(path, is_tested)| Written {
                path: path.clone(),
                rows: n_left(is_tested),
            })
            .collect(),
        log: places.log.clone(),
    }
}

/// One source file of a table.
struct FileJob<'a> {
    job: &'a Job<'a>,
    file: &'a SourceFile<'a>,
    format: Format,
    rows: (usize, usize),
    places: &'a Places,
}

impl FileJob<'_> {
    fn write(&self, bytes: Cow<'_, [u8]>, pending: &mut Pending) -> Result<(), Refusal> {
        if self.format != Format::Delimited {
            let no_text = (&[][..], None);
            self.write_rows(no_text, pending)?;
            return self.write_columns(bytes, pending);
        }
        let (text, _) = source::to_utf8(&bytes);
        let spec = self.job.spec;
        let layout = sniff(&text, spec.delimiter, spec.header);
        self.write_rows((&text, layout.as_ref()), pending)?;
        self.write_columns(Cow::Borrowed(&[]), pending)
    }

    /// The log, and the copies if they are delimited text.
    fn write_rows(
        &self,
        (text, layout): (&[u8], Option<&Layout>),
        pending: &mut Pending,
    ) -> Result<(), Refusal> {
        let sheet = self.job.sheet;
        let fields = match layout {
            Some(layout) => self.fields(layout)?,
            None => Vec::new(),
        };
        let delimiter = layout.map_or(b',', |layout| layout.dialect.delimiter);
        let form = Form::new(sheet, delimiter);
        let place = &self.places.log;
        let told = |error: std::io::Error| unwritten(place, &error);
        let sink = pending.sink(place)?;
        let mut log = Log::begin(
            Some(sink),
            sheet,
            (&self.job.table.view, self.job.steps),
            self.rows.0,
        )
        .map_err(told)?;
        let mut outs = [None, None];
        if self.places.form == FileForm::Csv {
            for (out, place) in outs.iter_mut().zip(&self.places.copies) {
                let mut sink = pending.sink(place)?;
                let start = self.header((text, layout), &form, &fields);
                sink.write_all(&start).map_err(told)?;
                *out = Some(sink);
            }
        }
        if outs[0].is_some() || !log.is_done() {
            let mut rows = match layout {
                Some(layout) => Rows::Text(Box::new(Records::new(text, layout)), fields),
                None => Rows::Typed,
            };
            let n_found = copy_rows(sheet, self.rows, &mut rows, (&form, &mut outs), &mut log)
                .map_err(told)?;
            if n_found != self.rows.1 {
                let message = format!(
                    "{} has other rows than the table that was loaded of it",
                    self.file.shown
                );
                return Err(Refusal::new(
                    message,
                    "remove the folder .interlock and try again",
                ));
            }
        }
        let mut sinks = outs.into_iter().flatten().chain(log.into_sink());
        sinks.try_for_each(Sink::finish).map_err(told)
    }

    /// Per column of the sheet its field in this file.
    fn fields(&self, layout: &Layout) -> Result<Vec<Option<usize>>, Refusal> {
        let columns = self.job.sheet.columns.iter();
        let fields: Vec<Option<usize>> = columns
            .map(|column| layout.names.iter().position(|name| *name == column.name))
            .collect();
        let lacks = self.job.sheet.columns.iter().zip(&fields);
        let mut lacks = lacks.filter(|(column, field)| field.is_none() && !column.is_added());
        match lacks.next() {
            Some((column, _)) => Err(Refusal::new(
                format!(
                    "{} has no column '{}' that other files of its table have",
                    self.file.shown, column.name
                ),
                "give all files of the table the same columns",
            )),
            None => Ok(fields),
        }
    }

    /// The line of names: the source's own if the columns are; else one is written even where the
    /// source has none, since positions would name other columns.
    fn header(
        &self,
        (text, layout): (&[u8], Option<&Layout>),
        form: &Form,
        fields: &[Option<usize>],
    ) -> Vec<u8> {
        let mark = if self.file.raw.starts_with(UTF8_MARK) {
            UTF8_MARK
        } else {
            &[]
        };
        let sheet = self.job.sheet;
        let line = match layout {
            Some(layout) if form.is_whole => text[layout.head_at..layout.body_at].to_vec(),
            Some(layout) if layout.header_line.is_some() => {
                let (cells, line_end) = header(text, layout);
                let names = form.columns.iter().map(|idx| {
                    let own = fields[*idx].and_then(|field| cells.get(field));
                    own.map_or_else(
                        || super::sink::field(&sheet.columns[*idx].name, form.delimiter),
                        |cell| cell.to_vec(),
                    )
                });
                let names: Vec<Vec<u8>> = names.collect();
                [names.join(&form.delimiter), line_end.to_vec()].concat()
            }
            _ => [form.names(sheet), b"\n".to_vec()].concat(),
        };
        [mark, &line].concat()
    }

    /// The copies if they are Parquet.
    fn write_columns(&self, bytes: Cow<'_, [u8]>, pending: &mut Pending) -> Result<(), Refusal> {
        if self.places.form != FileForm::Parquet {
            return Ok(());
        }
        let sheet = self.job.sheet;
        let damaged = |why: String| Refusal::new(format!("{}: {why}", self.file.shown), "");
        let own = own_columns(self.format, bytes.into_owned())
            .map_err(|error| damaged(error.to_string()))?;
        let source: (&RecordBatch, bool) = match &own {
            Some(own) => (own, true),
            None => (self.job.table.view.record_batch(), false),
        };
        let (start, n_rows) = self.rows;
        for (place, is_tested) in self.places.copies.iter().zip([false, true]) {
            let is_of_side = |row: &usize| {
                let tested = sheet.tested.as_ref().is_some_and(|tested| tested[*row]);
                sheet.kept[*row] && tested == is_tested
            };
            let rows: Vec<usize> = (start..start + n_rows).filter(is_of_side).collect();
            let batch =
                batch(sheet, &rows, start, source).map_err(|error| damaged(error.to_string()))?;
            let file = pending.open(place)?;
            write(file, &batch).map_err(|why| unwritten(place, &std::io::Error::other(why)))?;
        }
        Ok(())
    }
}
