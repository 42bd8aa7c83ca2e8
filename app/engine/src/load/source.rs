//! A file → its bytes, decompressed, and in UTF-8 if it is text.
//!
//! Files are read, not mapped: a program that rewrites a mapped file in place ends everyone who reads
//! the mapping.

use std::borrow::Cow;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// CSV, TSV and their like.
    Delimited,
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
    /// Arrow IPC, file or stream.
    Arrow,
}

/// Most bytes a compressed file may grow to.
const MAX_DECOMPRESSED_BYTES: u64 = 64 << 30;

/// The bytes of a file as they stand on disk.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would keep the reader waiting.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    fs::read(path)
}

/// The bytes of a file, out of `gzip` or `zstd` if it is packed in one.
pub(crate) fn unpack(bytes: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    Ok(if bytes.starts_with(&GZIP) {
        bounded(flate2::read::MultiGzDecoder::new(bytes))?.into()
    } else if bytes.starts_with(&ZSTD) {
        bounded(zstd::stream::read::Decoder::new(bytes)?)?.into()
    } else {
        bytes.into()
    })
}

/// Whether the bytes begin as `gzip` or `zstd` do.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP) || bytes.starts_with(&ZSTD)
}

/// Decompresses to nowhere, to see that nothing is cut off.
pub(crate) fn check_packed(file: impl Read) -> io::Result<u64> {
    let mut file = BufReader::new(file);
    if file.fill_buf()?.starts_with(&GZIP) {
        io::copy(
            &mut flate2::bufread::MultiGzDecoder::new(file),
            &mut io::sink(),
        )
    } else {
        io::copy(
            &mut zstd::stream::read::Decoder::with_buffer(file)?,
            &mut io::sink(),
        )
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(MAX_DECOMPRESSED_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_DECOMPRESSED_BYTES {
        return Err(io::Error::other("more than 64 GiB when decompressed"));
    }
    Ok(bytes)
}

/// What the bytes are: by the file's name, else by how they begin.
pub(crate) fn format(path: &Path, bytes: &[u8]) -> Format {
    if bytes.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    if bytes.starts_with(b"ARROW1") || bytes.starts_with(&[0xff, 0xff, 0xff, 0xff]) {
        return Format::Arrow;
    }
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "csv" | "tsv" | "tab" | "data" | "txt" => Format::Delimited,
        "jsonl" | "ndjson" | "json" => Format::JsonLines,
        "parquet" | "pq" => Format::Parquet,
        "arrow" | "arrows" | "feather" | "ipc" => Format::Arrow,
        _ if bytes.trim_ascii_start().starts_with(b"{") => Format::JsonLines,
        _ => Format::Delimited,
    }
}

/// The bytes as UTF-8 without byte order mark, and what they were if not that.
pub(crate) fn to_utf8(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<&'static str>) {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => to_utf8_unmarked(rest),
        [0xff, 0xfe, rest @ ..] => (utf16(rest, u16::from_le_bytes), Some("UTF-16")),
        [0xfe, 0xff, rest @ ..] => (utf16(rest, u16::from_be_bytes), Some("UTF-16")),
        _ => to_utf8_unmarked(bytes),
    }
}

fn to_utf8_unmarked(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<&'static str>) {
    if std::str::from_utf8(bytes).is_ok() {
        return (Cow::Borrowed(bytes), None);
    }
    let text: String = bytes.iter().map(|byte| windows_1252(*byte)).collect();
    (Cow::Owned(text.into_bytes()), Some("Windows-1252"))
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Cow<'_, [u8]> {
    let (units, _) = bytes.as_chunks::<2>();
    let chars = char::decode_utf16(units.iter().map(|unit| read(*unit)));
    let text: String = chars
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Cow::Owned(text.into_bytes())
}

/// Latin-1 with the printable characters Windows put in its unused places.
pub(crate) fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
