//! What a model file would do when loaded, without loading it.
//!
//! In: a file that a Python library wrote, or that claims so. Out: a [`Scan`]: what the file is, what
//! its pickles import and call, what is hidden or broken in it, and a verdict with reasons.
//!
//! Nothing is executed and nothing is written. A pickle is walked operation by operation with stand-ins
//! for values; archives are read by both of their directories; every size and count is bounded.
//! "Safe" means that everything was read and all of it is known; it does not mean that the model is good.
//! Knows no project and no check.

mod names;

mod report;

mod array;

mod opcode;

mod machine;

mod walk;

mod calls;

mod stream;

mod unpack;

mod zip;

mod tar;

mod keras;

mod formats;

mod part;

use std::path::Path;

use crate::error::ModelError;

pub use names::Class;
pub use report::{FileKind, Finding, Import, Part, Scan, ScanLimits, Use, Verdict, Weight};

use part::Place;
use report::Report;

/// Scans a file.
///
/// A file larger than `limits.n_bytes` is not read: the verdict is [`Verdict::CannotTell`].
///
/// # Errors
/// If the file cannot be read; a broken or hostile file is a result, not an error.
pub fn scan(path: &Path, limits: &ScanLimits) -> Result<Scan, ModelError> {
    let failed = |source| ModelError::File {
        path: path.to_owned(),
        source,
    };
    let n_bytes = std::fs::metadata(path).map_err(failed)?.len();
    if n_bytes > limits.n_bytes {
        let mut report = Report::new(limits);
        let text = format!("{n_bytes} bytes, {} are read", limits.n_bytes);
        report.find("limits", Weight::Unread, "", 0, text);
        return Ok(report.finish(FileKind::Unknown));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    Ok(scan_bytes(&bytes, limits))
}

/// Scans the bytes of a file.
pub fn scan_bytes(bytes: &[u8], limits: &ScanLimits) -> Scan {
    let mut report = Report::new(limits);
    let n_bytes = bytes.len() as u64;
    report.parts.push(Part {
        name: String::new(),
        n_compressed: n_bytes,
        n_bytes,
        kind: FileKind::Unknown,
    });
    let place = Place {
        name: "",
        depth: 0,
        is_main: true,
    };
    let kind = part::scan(bytes, place, &mut report);
    report.parts[0].kind = kind;
    report.finish(kind)
}
