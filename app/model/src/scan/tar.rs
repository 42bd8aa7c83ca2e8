//! Tar archives, read with distrust.
//!
//! In: the bytes of an archive. Out: its files and where their bytes stand; names that lead outside and
//! links go to the report. Nothing is unpacked.
//!
//! Source: POSIX.1-2017, `pax`, "ustar Interchange Format", and GNU tar's long names.

use super::report::{Report, Weight};

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

const BLOCK: usize = 512;

/// Whether bytes begin with a tar header.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262).is_some_and(|magic| magic == b"ustar")
}

/// Whether a name leads outside the folder it is unpacked into.
pub(super) fn leads_outside(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    let is_absolute = name.starts_with('/') || name.starts_with('\\');
    is_absolute || has_drive || name.split(['/', '\\']).any(|step| step == "..")
}

/// The files of an archive.
pub(super) fn members(bytes: &[u8], part: &str, report: &mut Report<'_>) -> Vec<Member> {
    let mut members = Vec::new();
    let mut long_name = None;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let Some(size) = size(&header[124..136]) else {
            let text = format!("the tar header at offset {at} has no size");
            report.find("tar-damaged", Weight::Unread, part, at, text);
            break;
        };
        if members.len() >= report.limits.n_parts {
            let text = format!("an archive of more than {} files", report.limits.n_parts);
            report.find("too-many-parts", Weight::Unread, part, at, text);
            break;
        }
        let start = at + BLOCK;
        let end = start.saturating_add(size).min(bytes.len());
        if size > bytes.len() - start {
            let text = format!("the tar file at offset {at} is cut off");
            report.find("truncated", Weight::Unread, part, at, text);
        }
        let kind = header[156];
        let name = long_name.take().unwrap_or_else(|| name(header));
        if kind == b'L' {
            long_name = Some(text(&bytes[start..end]));
        } else {
            check(&name, kind, &text(&header[157..257]), part, at, report);
            if matches!(kind, b'0' | 0 | b'7' | b'S') {
                members.push(Member { name, start, end });
            }
        }
        at = start.saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
    }
    members
}

fn check(name: &str, kind: u8, target: &str, part: &str, at: usize, report: &mut Report<'_>) {
    if leads_outside(name) {
        let text = format!("the file '{name}' would be unpacked outside its folder");
        report.find("path-traversal", Weight::Dangerous, part, at, text);
    }
    if matches!(kind, b'1' | b'2') {
        let weight = if leads_outside(target) {
            Weight::Dangerous
        } else {
            Weight::Suspicious
        };
        let text =
            format!("'{name}' is a link to '{target}', which later files could be written through");
        report.find("archive-link", weight, part, at, text);
    }
    if matches!(kind, b'3' | b'4' | b'6') {
        let text = format!("'{name}' is a device");
        report.find("archive-device", Weight::Dangerous, part, at, text);
    }
}

fn text(field: &[u8]) -> String {
    let n = field.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&field[..n.unwrap_or(field.len()).min(4096)]).into_owned()
}

fn name(header: &[u8]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if prefix.is_empty() || &header[257..263] != b"ustar\0" {
        name
    } else {
        format!("{prefix}/{name}")
    }
}

/// A size in octal digits, or in base 256.
fn size(field: &[u8]) -> Option<usize> {
    if field[0] & 0x80 != 0 {
        let fold = |sum: u64, byte: &u8| sum.checked_mul(256)?.checked_add(u64::from(*byte));
        let size = field[4..].iter().try_fold(0, fold)?;
        return usize::try_from(size).ok();
    }
    let text = text(field);
    let digits = text.trim();
    if digits.is_empty() {
        return Some(0);
    }
    usize::from_str_radix(digits, 8).ok()
}
