//! Files of one or several pickles, and what stands behind them.
//!
//! In: bytes that begin with a pickle. Out: what kind of file it is; imports and findings go to the
//! report. Bytes that no walk reaches are searched for names of dangerous imports.

use super::report::{FileKind, Report, Use, Weight};
use super::walk::{self, Ending, Source, Walked};

/// What `torch.save` wrote first before version 1.6, as the lower half of a number of ten bytes.
const TORCH_MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// Pickles in one file.
const MAX_PICKLES: usize = 10_000;

/// Places tried after a pickle broke off.
const MAX_RESUMED: usize = 16;

/// Longest name the search for names considers.
const MAX_NAME: usize = 120;

/// Whether bytes declare a pickle protocol, as all libraries do since protocol 2.
pub(super) fn declares_protocol(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 0..=5, code, ..] if b"(].)}NKMJGXTUCBcGI".contains(code) || *code >= 0x81 && *code <= 0x98)
}

/// Whether bytes read as a pickle from the first to the stop, or import something on the way.
pub(super) fn reads_as_pickle(bytes: &[u8], part: &str, report: &mut Report<'_>) -> bool {
    let is_possible = bytes.first().is_some_and(|first| {
        b"(])}cidlISVKMJGNULTXFCBPp0\x80\x8c\x8d\x8e\x95\x96\x88\x89\x8a\x8f".contains(first)
    });
    if !is_possible {
        return false;
    }
    let limits = report.limits;
    let mut scratch = Report::new(limits);
    let source = Source {
        bytes,
        part,
        depth: 0,
        may_have_arrays: true,
        n_steps: 100_000,
    };
    let walked = walk::walk(source, 0, &mut scratch);
    report.n_steps = report.n_steps.saturating_add(walked.n_operations);
    let is_whole = walked.ending == Ending::Stopped
        && walked.n_underflows == 0
        && walked.n_operations > 1
        && (walked.end == bytes.len() || declares_protocol(bytes));
    let is_long = walked.n_operations >= 100_000 && walked.n_underflows == 0;
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '.' || letter == '_')
    };
    let imports = || {
        scratch
            .imports
            .iter()
            .any(|import| is_name(&import.module) && is_name(&import.name))
    };
    is_whole || is_long || imports()
}

/// Walks all pickles of a file.
pub(super) fn scan(
    bytes: &[u8],
    part: &str,
    is_main: bool,
    depth: usize,
    report: &mut Report<'_>,
) -> FileKind {
    let source = Source {
        bytes,
        part,
        depth,
        may_have_arrays: true,
        n_steps: report.limits.n_steps,
    };
    let is_torch = bytes.starts_with(TORCH_MAGIC);
    let (mut protocol, mut has_arrays) = (0, false);
    let (mut at, mut n_pickles) = (0, 0);
    loop {
        let walked = walk::walk(source, at, report);
        protocol = protocol.max(walked.protocol);
        has_arrays |= walked.has_arrays;
        n_pickles += 1;
        let model_at = if is_torch { 4 } else { 1 };
        if is_main && n_pickles == model_at && walked.ending == Ending::Stopped {
            report.estimator = class(&walked, report);
        }
        at = walked.end;
        if walked.ending != Ending::Stopped {
            broken_off(source, at, report);
            break;
        }
        let rest = &bytes[at..];
        let is_next = declares_protocol(rest) && n_pickles < MAX_PICKLES;
        let is_torch_head = is_torch && n_pickles < 5;
        if rest.is_empty() || !(is_next || is_torch_head) {
            behind(source, at, is_torch, report);
            break;
        }
        if !is_torch && n_pickles == 1 {
            let text = format!("another pickle stands behind the first, at offset {at}");
            report.find("several-pickles", Weight::Note, part, at, text);
        }
    }
    if has_arrays {
        FileKind::Joblib
    } else if is_torch {
        FileKind::PytorchLegacy
    } else {
        FileKind::Pickle { protocol }
    }
}

fn class(walked: &Walked, report: &Report<'_>) -> Option<String> {
    let import = report.imports.get(walked.class?)?;
    Some(format!("{}.{}", import.module, import.name))
}

/// What stands behind the last pickle.
fn behind(source: Source<'_>, at: usize, is_torch: bool, report: &mut Report<'_>) {
    let rest = &source.bytes[at..];
    if rest
        .iter()
        .all(|byte| matches!(byte, 0 | b' ' | b'\n' | b'\r'))
    {
        return;
    }
    if !is_torch {
        let n_bytes = rest.len();
        let text = format!("{n_bytes} bytes stand behind the end of the pickle, at offset {at}");
        report.find("trailing-bytes", Weight::Note, source.part, at, text);
    }
    search(source, at, report);
}

/// Tries again where another pickle seems to begin, and searches what is left for names.
fn broken_off(source: Source<'_>, at: usize, report: &mut Report<'_>) {
    search(source, at, report);
    let mut from = at;
    for _ in 0..MAX_RESUMED {
        let Some(rest) = source.bytes.get(from..) else {
            return;
        };
        let starts = |window: &[u8]| window[0] == 0x80 && declares_protocol(window);
        let Some(next) = rest.windows(3).position(starts) else {
            return;
        };
        let walked = walk::walk(source, from + next, report);
        from = walked.end.max(from + next + 1);
    }
}

/// Searches for dangerous imports in bytes that no walk reached.
///
/// Finds the forms of `GLOBAL` and `INST` (two lines), and of `STACK_GLOBAL` right behind its two texts.
pub(super) fn search(source: Source<'_>, start: usize, report: &mut Report<'_>) {
    let bytes = source.bytes;
    for at in start..bytes.len() {
        let found = match bytes[at] {
            b'c' | b'i' => two_lines(&bytes[at + 1..]),
            0x8c => two_texts(&bytes[at..]),
            _ => None,
        };
        let Some((module, name)) = found else {
            continue;
        };
        if super::names::classify(module, name).0 != super::names::Class::Dangerous {
            continue;
        }
        if let Some(import) = report.import(module, name, source.part, at) {
            report.used(import, Use::Named);
        }
        let text = "names a dangerous import among bytes that are not read as a pickle";
        report.find("hidden-import", Weight::Suspicious, source.part, at, text);
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

fn word(bytes: &[u8]) -> Option<&str> {
    let n = bytes
        .iter()
        .take(MAX_NAME)
        .position(|byte| !is_word(*byte))
        .unwrap_or(0);
    std::str::from_utf8(&bytes[..n])
        .ok()
        .filter(|word| !word.is_empty())
}

fn two_lines(bytes: &[u8]) -> Option<(&str, &str)> {
    let module = word(bytes)?;
    let rest = bytes[module.len()..].strip_prefix(b"\n")?;
    let name = word(rest)?;
    rest[name.len()..]
        .starts_with(b"\n")
        .then_some((module, name))
}

fn two_texts(bytes: &[u8]) -> Option<(&str, &str)> {
    let (module, rest) = short_text(bytes)?;
    let (name, rest) = short_text(rest)?;
    rest.starts_with(b"\x93").then_some((module, name))
}

/// A short text and what follows it and its place in the memo.
fn short_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let [0x8c, length, rest @ ..] = bytes else {
        return None;
    };
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(is_word))?;
    let rest = match rest {
        [0x94, rest @ ..] | [b'q', _, rest @ ..] | rest => rest,
    };
    Some((text, rest))
}
