//! Zip archives, read with distrust.
//!
//! In: the bytes of an archive. Out: its entries and where their bytes stand, by the central directory
//! and by the headers before each entry where the two differ. Nothing is written and nothing unpacked
//! here. Knows no models.
//!
//! Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3.

use super::report::{Report, Weight};

/// One entry, as one of the two places describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) n_compressed: u64,
    pub(super) n_bytes: u64,
    /// Where its bytes begin.
    pub(super) start: usize,
    pub(super) is_encrypted: bool,
    /// Whether a header before the bytes says this and the central directory does not.
    pub(super) is_local: bool,
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";

/// A header's fields that both places hold, and the bytes of its variable part.
struct Header {
    flags: u16,
    method: u16,
    crc: u32,
    n_compressed: u64,
    n_bytes: u64,
    offset: u64,
    name: String,
    end: usize,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(eight.try_into().ok()?))
}

/// Whether bytes end with the directory of an archive, whatever they begin with.
pub(super) fn has_directory(bytes: &[u8]) -> bool {
    let directory = find_end(bytes).and_then(|end| directory(bytes, end));
    directory.is_some_and(|(first, n_entries, _)| n_entries > 0 && central(bytes, first).is_some())
}

/// Where the record at the end of the archive stands.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + 65_535);
    let tail = &bytes[from..];
    tail.windows(4)
        .rposition(|window| window == END)
        .map(|at| from + at)
        .filter(|at| at + 22 <= bytes.len())
}

/// Reads the directory of an archive; what is wrong with it goes to the report.
pub(super) fn entries(bytes: &[u8], part: &str, report: &mut Report<'_>) -> Vec<Entry> {
    let mut archive = Archive {
        bytes,
        part,
        entries: Vec::new(),
        covered: Vec::new(),
    };
    let directory = find_end(bytes).and_then(|end| directory(bytes, end));
    if let Some((first, n_claimed, shift)) = directory {
        let mut at = first;
        for _ in 0..n_claimed {
            if archive.entries.len() >= report.limits.n_parts {
                let text = format!("an archive of more than {} files", report.limits.n_parts);
                report.find("too-many-parts", Weight::Unread, part, at, text);
                break;
            }
            let Some(central) = central(bytes, at) else {
                let text = "the directory of the archive is damaged";
                report.find("zip-damaged", Weight::Unread, part, at, text);
                break;
            };
            at = central.end;
            archive.add(central, shift, report);
        }
    } else {
        let text = "the archive has no readable directory";
        report.find("zip-damaged", Weight::Unread, part, 0, text);
    }
    archive.check_overlap(report);
    archive.uncovered(report);
    archive.entries
}

/// Where the directory begins, how many entries it claims, and what offsets in it are to be raised by.
fn directory(bytes: &[u8], end: usize) -> Option<(usize, u64, usize)> {
    let mut n_entries = u64::from(u16_at(bytes, end + 10)?);
    let mut size = u64::from(u32_at(bytes, end + 12)?);
    let mut offset = u64::from(u32_at(bytes, end + 16)?);
    let mut directory_end = end;
    let locator = end.checked_sub(20);
    if let Some(locator) = locator.filter(|at| bytes[*at..].starts_with(LOCATOR_64)) {
        let claimed = usize::try_from(u64_at(bytes, locator + 8)?).ok()?;
        let is_there = |at: &usize| {
            bytes
                .get(*at..)
                .is_some_and(|rest| rest.starts_with(END_64))
        };
        // The record stands right before its locator, whatever bytes were put before the archive.
        let at = Some(claimed)
            .filter(is_there)
            .or_else(|| locator.checked_sub(56).filter(is_there))?;
        n_entries = u64_at(bytes, at + 32)?;
        size = u64_at(bytes, at + 40)?;
        offset = u64_at(bytes, at + 48)?;
        directory_end = at;
    }
    let size = usize::try_from(size).ok()?;
    let offset = usize::try_from(offset).ok()?;
    let is_directory = |at: usize| {
        bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(CENTRAL))
    };
    let by_size = directory_end.checked_sub(size);
    let first = by_size
        .filter(|at| n_entries == 0 || is_directory(*at))
        .or(Some(offset))
        .filter(|at| *at <= directory_end)?;
    Some((first, n_entries, first.saturating_sub(offset)))
}

fn central(bytes: &[u8], at: usize) -> Option<Header> {
    if !bytes.get(at..)?.starts_with(CENTRAL) {
        return None;
    }
    let n_name = usize::from(u16_at(bytes, at + 28)?);
    let n_extra = usize::from(u16_at(bytes, at + 30)?);
    let n_comment = usize::from(u16_at(bytes, at + 32)?);
    let name = bytes.get(at + 46..at + 46 + n_name)?;
    let extra = bytes.get(at + 46 + n_name..at + 46 + n_name + n_extra)?;
    let mut header = Header {
        flags: u16_at(bytes, at + 8)?,
        method: u16_at(bytes, at + 10)?,
        crc: u32_at(bytes, at + 16)?,
        n_compressed: u64::from(u32_at(bytes, at + 20)?),
        n_bytes: u64::from(u32_at(bytes, at + 24)?),
        offset: u64::from(u32_at(bytes, at + 42)?),
        name: String::from_utf8_lossy(name).into_owned(),
        end: at + 46 + n_name + n_extra + n_comment,
    };
    let mut wide = wide(extra).into_iter();
    for field in [
        &mut header.n_bytes,
        &mut header.n_compressed,
        &mut header.offset,
    ] {
        if *field == u64::from(u32::MAX) {
            *field = wide.next()?;
        }
    }
    Some(header)
}

fn local(bytes: &[u8], at: usize) -> Option<Header> {
    if !bytes.get(at..)?.starts_with(LOCAL) {
        return None;
    }
    let n_name = usize::from(u16_at(bytes, at + 26)?);
    let n_extra = usize::from(u16_at(bytes, at + 28)?);
    let name = bytes.get(at + 30..at + 30 + n_name)?;
    let extra = bytes.get(at + 30 + n_name..at + 30 + n_name + n_extra)?;
    let mut header = Header {
        flags: u16_at(bytes, at + 6)?,
        method: u16_at(bytes, at + 8)?,
        crc: u32_at(bytes, at + 14)?,
        n_compressed: u64::from(u32_at(bytes, at + 18)?),
        n_bytes: u64::from(u32_at(bytes, at + 22)?),
        offset: at as u64,
        name: String::from_utf8_lossy(name).into_owned(),
        end: at + 30 + n_name + n_extra,
    };
    let mut wide = wide(extra).into_iter();
    for field in [&mut header.n_bytes, &mut header.n_compressed] {
        if *field == u64::from(u32::MAX) {
            *field = wide.next()?;
        }
    }
    Some(header)
}

/// The numbers of the ZIP64 field.
fn wide(extra: &[u8]) -> Vec<u64> {
    let mut at = 0;
    while let (Some(tag), Some(length)) = (u16_at(extra, at), u16_at(extra, at + 2)) {
        let end = at + 4 + usize::from(length);
        if tag == 1 {
            let field = extra.get(at + 4..end).unwrap_or_default();
            let (numbers, _) = field.as_chunks::<8>();
            return numbers
                .iter()
                .map(|eight| u64::from_le_bytes(*eight))
                .collect();
        }
        at = end;
    }
    Vec::new()
}

fn entry(header: Header, start: usize, is_local: bool) -> Entry {
    Entry {
        is_encrypted: header.flags & 1 != 0,
        name: header.name,
        method: header.method,
        crc: header.crc,
        n_compressed: header.n_compressed,
        n_bytes: header.n_bytes,
        start,
        is_local,
    }
}

struct Archive<'b> {
    bytes: &'b [u8],
    part: &'b str,
    entries: Vec<Entry>,
    /// Beginning and end of what the directory lists.
    covered: Vec<(usize, usize)>,
}

impl Archive<'_> {
    /// Adds an entry of the directory, and what its own header says where that differs.
    fn add(&mut self, central: Header, shift: usize, report: &mut Report<'_>) {
        let offset = usize::try_from(central.offset).ok();
        let at = offset.and_then(|offset| offset.checked_add(shift));
        let Some((at, local)) = at.and_then(|at| Some((at, local(self.bytes, at)?))) else {
            let text = format!(
                "the entry '{}' is not where the directory says",
                central.name
            );
            report.find("zip-damaged", Weight::Unread, self.part, 0, text);
            return;
        };
        let has_sizes_behind = local.flags & 8 != 0 && local.n_compressed == 0;
        let is_same_size = has_sizes_behind
            || (local.n_compressed == central.n_compressed
                && local.n_bytes == central.n_bytes
                && local.crc == central.crc);
        let is_same = local.name == central.name
            && local.method == central.method
            && (local.flags ^ central.flags) & 1 == 0
            && is_same_size;
        let n_compressed = usize::try_from(central.n_compressed).unwrap_or(usize::MAX);
        self.covered
            .push((at, local.end.saturating_add(n_compressed)));
        let start = local.end;
        if !is_same {
            let text = format!(
                "the directory and the header of '{}' differ, so that programs see different files",
                central.name
            );
            report.find("zip-two-headers", Weight::Suspicious, self.part, at, text);
            if !has_sizes_behind {
                self.entries.push(entry(local, start, true));
            }
        }
        self.entries.push(entry(central, start, false));
    }

    fn check_overlap(&mut self, report: &mut Report<'_>) {
        self.covered.sort_unstable();
        let mut pairs = self.covered.windows(2);
        if let Some(pair) = pairs.find(|pair| pair[0].1 > pair[1].0) {
            let text = "entries of the archive overlap, as in bombs";
            report.find(
                "zip-overlap",
                Weight::Suspicious,
                self.part,
                pair[1].0,
                text,
            );
        }
    }

    /// Finds entries between those the directory lists.
    fn uncovered(&mut self, report: &mut Report<'_>) {
        let bytes = self.bytes;
        let mut from = 0;
        let last = (bytes.len(), bytes.len());
        for (start, end) in self.covered.iter().chain(std::iter::once(&last)) {
            let gap_end = (*start).min(bytes.len());
            let mut gap = from.min(gap_end)..gap_end;
            while let Some(next) = find_local(&bytes[gap.clone()]) {
                let at = gap.start + next;
                let Some(mut header) = local(bytes, at) else {
                    gap.start = at + 4;
                    continue;
                };
                if self.entries.len() >= report.limits.n_parts {
                    return;
                }
                let text = format!(
                    "the entry '{}' is in the archive but not in its directory",
                    header.name
                );
                report.find("zip-hidden-entry", Weight::Suspicious, self.part, at, text);
                gap.start = header.end.clamp(at + 4, gap.end);
                let start = header.end;
                if header.n_compressed == 0 {
                    header.n_compressed = bytes.len().saturating_sub(start) as u64;
                }
                self.entries.push(entry(header, start, true));
            }
            from = from.max(*end);
        }
    }
}

fn find_local(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == LOCAL)
}
