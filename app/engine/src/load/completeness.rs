//! Is a file whole, or is somebody still writing it?
//!
//! Looks at who has the file open, where the system tells, and at the file's end. Rows are not read
//! here, and time plays no part: whether size and time of change rest is the watcher's to see.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::dialect::sniff;
use super::scan::{RecordEnd, Scanner};
use super::source::{self, Format};

/// Whether a file can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing speaks against it.
    Complete,
    /// It is being written, or its writer died.
    Writing {
        /// How one sees it: a lowercase fragment.
        reason: String,
    },
}

/// Bytes looked at, at either end of a text file.
const END_BYTES: u64 = 64 << 10;

/// Looks whether a file is whole. A file that cannot be read counts as whole: loading says why.
pub fn completeness(path: &Path) -> Completeness {
    match reason_to_wait(path) {
        Ok(Some(reason)) => Completeness::Writing { reason },
        Ok(None) | Err(_) => Completeness::Complete,
    }
}

fn reason_to_wait(path: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    if has_writer(&file) {
        return Ok(Some("another program has it open for writing".to_owned()));
    }
    let size = metadata.len();
    if size == 0 {
        return Ok(Some("it is empty".to_owned()));
    }
    let start = read_at(&mut file, 0, END_BYTES.min(size))?;
    let end_bytes = END_BYTES.min(size);
    let end = read_at(&mut file, size - end_bytes, end_bytes)?;
    if source::is_packed(&start) {
        return Ok(packed_reason(&file));
    }
    Ok(match source::format(path, &start) {
        Format::Parquet if !end.ends_with(b"PAR1") => Some("it has no Parquet end yet".to_owned()),
        Format::Arrow if start.starts_with(b"ARROW1") && !end.ends_with(b"ARROW1") => {
            Some("it has no Arrow end yet".to_owned())
        }
        Format::Delimited => delimited_reason(&start, &end, end_bytes == size),
        Format::JsonLines => json_reason(&end),
        Format::Parquet | Format::Arrow => None,
    })
}

fn read_at(file: &mut File, at: u64, n_bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(n_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A compressed file is whole if it can be decompressed to its checksum.
fn packed_reason(mut file: &File) -> Option<String> {
    file.seek(SeekFrom::Start(0)).ok()?;
    let cut_off = source::check_packed(file).err()?;
    (cut_off.kind() == io::ErrorKind::UnexpectedEof)
        .then(|| "its compressed data end too early".to_owned())
}

/// The last record of a delimited file must end with a line end, or else have all fields.
fn delimited_reason(start: &[u8], end: &[u8], is_whole: bool) -> Option<String> {
    if matches!(end.last(), Some(b'\n' | b'\r')) {
        return None;
    }
    let layout = sniff(start, None, None)?;
    let at = if is_whole {
        0
    } else {
        1 + end.iter().position(|byte| *byte == b'\n')?
    };
    let mut scanner = Scanner::new(end, layout.dialect, at);
    let (mut fields, mut last) = (Vec::new(), None);
    loop {
        fields.clear();
        let Some(record_end) = scanner.next_record(&mut fields) else {
            break;
        };
        last = Some((record_end, fields.len()));
    }
    let n_fields = layout.names.len();
    match last? {
        (RecordEnd::OpenQuote(_), _) => Some("its last line ends within quotes".to_owned()),
        (RecordEnd::Text, n) if n < n_fields => {
            Some(format!("its last line has {n} of {n_fields} fields"))
        }
        _ => None,
    }
}

/// The last line of a JSON Lines file must be a whole value.
fn json_reason(end: &[u8]) -> Option<String> {
    let last = end.rsplit(|byte| *byte == b'\n').next()?;
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(last.trim_ascii()).err()?;
    (!last.is_empty() && error.is_eof()).then(|| "its last line is cut off".to_owned())
}

/// Whether any process has the file open for writing. The kernel grants a read lease only on a file
/// without writers; `false` also where it grants none at all: other systems, other people's files,
/// network file systems.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "leases have no safe interface; the blocks say why they are sound"
)]
fn has_writer(file: &File) -> bool {
    use std::os::fd::AsRawFd as _;
    let descriptor = file.as_raw_fd();
    // A program that opens the file for writing while the lease lasts makes the kernel signal us;
    // SIGURG is ignored unless somebody asks for it, the default signal would end the process.
    // SAFETY: the descriptor is open for as long as `file` is borrowed; the call touches no memory.
    let is_quiet = unsafe { libc::fcntl(descriptor, F_SETSIG, libc::SIGURG) } == 0;
    if !is_quiet {
        return false;
    }
    // SAFETY: as above.
    let is_granted = unsafe { libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_RDLCK) } == 0;
    if is_granted {
        // SAFETY: as above. A lease that cannot be given back ends when the descriptor closes.
        let _released = unsafe { libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_UNLCK) };
        return false;
    }
    io::Error::last_os_error().raw_os_error() == Some(libc::EAGAIN)
}

/// See `fcntl(2)`; the libc crate does not name it.
#[cfg(target_os = "linux")]
const F_SETSIG: libc::c_int = 10;

#[cfg(not(target_os = "linux"))]
fn has_writer(_file: &File) -> bool {
    false
}
