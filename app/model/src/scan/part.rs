//! Recognizes what bytes are, and scans them and what is inside them.
//!
//! In: bytes and their name. Out: what kind of file they are; the rest goes to the report. Recognition
//! is by content, never by name; bytes that can be read in two ways are scanned in both.

use super::report::{FileKind, Part, Report, Weight};
use super::unpack::{self, Packing};
use super::{formats, keras, stream, tar, zip};

/// Name of formats that are plain text; pickles of protocol 0 are, too.
const TEXT: &str = "text or JSON";

/// Where bytes stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'n> {
    /// Name of the part; empty for the file itself.
    pub(super) name: &'n str,
    /// Archives around it.
    pub(super) depth: usize,
    /// Whether the object in it is the file's.
    pub(super) is_main: bool,
}

/// Recognizes and scans bytes.
pub(super) fn scan(bytes: &[u8], place: Place<'_>, report: &mut Report<'_>) -> FileKind {
    let mut kind = by_magic(bytes, place, report);
    let is_zip = matches!(
        kind,
        FileKind::Zip
            | FileKind::Npz
            | FileKind::PytorchZip
            | FileKind::TorchScript
            | FileKind::KerasZip
            | FileKind::Skops
    );
    let name = place.name;
    // The last file of a tar archive may be a zip archive; it is scanned as that.
    if !is_zip && kind != FileKind::Tar && zip::has_directory(bytes) {
        let as_zip = zip_archive(bytes, place, report);
        if is_unclear(kind) {
            let text = "other bytes stand before the zip archive, which programs may read instead";
            report.find("zip-prefix", Weight::Suspicious, name, 0, text);
            kind = as_zip;
        } else {
            let text = format!(
                "reads as {kind} and as a zip archive, so that programs see different files"
            );
            report.find("two-formats", Weight::Suspicious, name, 0, text);
        }
    }
    if !matches!(
        kind,
        FileKind::Pickle { .. } | FileKind::Joblib | FileKind::PytorchLegacy
    ) && stream::reads_as_pickle(bytes, name, report)
    {
        let is_recognized = !is_unclear(kind);
        let as_pickle = stream::scan(bytes, name, place.is_main, place.depth, report);
        if !is_recognized {
            return as_pickle;
        }
        let text = format!("reads as {kind} and as a pickle, so that programs see different files");
        report.find("two-formats", Weight::Suspicious, name, 0, text);
    }
    kind
}

fn is_unclear(kind: FileKind) -> bool {
    matches!(kind, FileKind::Unknown | FileKind::NotDangerous(TEXT))
}

fn by_magic(bytes: &[u8], place: Place<'_>, report: &mut Report<'_>) -> FileKind {
    let name = place.name;
    match bytes {
        [0x80, 0..=5, ..] if is_pickle(bytes, place, report) => {
            stream::scan(bytes, name, place.is_main, place.depth, report)
        }
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => zip_archive(bytes, place, report),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            formats::npy(bytes, name, place.depth, report);
            FileKind::Npy
        }
        [0x1f, 0x8b, 8, ..] => compressed(bytes, Packing::Gzip, "gzip", place, report),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            compressed(bytes, Packing::Zlib, "zlib", place, report)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => unread("bz2", place, report),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => unread("xz", place, report),
        [0x5d, 0, 0, _, _, ..] if bytes.len() > 13 => unread("lzma", place, report),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => unread("zstd", place, report),
        [0x04, 0x22, 0x4d, 0x18, ..] => unread("lz4", place, report),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => unread("7z", place, report),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => unread("rar", place, report),
        [b'G', b'G', b'U', b'F', ..] => FileKind::NotDangerous("GGUF"),
        [b'C', b'B', b'M', b'1', ..] => FileKind::NotDangerous("CatBoost"),
        [b'b', b'i', b'n', b'f', ..] => FileKind::NotDangerous("XGBoost binary"),
        [b't', b'r', b'e', b'e', b'\n', ..] => FileKind::NotDangerous("LightGBM text"),
        [b'{', b'L' | b'U' | b'i', ..] => FileKind::NotDangerous("UBJSON"),
        _ if keras::is_hdf5(bytes) => {
            if keras::hdf5(bytes, name, report) {
                FileKind::KerasH5
            } else {
                FileKind::Hdf5
            }
        }
        _ if tar::is_tar(bytes) => tar_archive(bytes, place, report),
        _ if formats::safetensors(bytes, name, report) => FileKind::Safetensors,
        _ if is_text(bytes) => FileKind::NotDangerous(TEXT),
        [8, 1..=20, ..] => FileKind::NotDangerous("ONNX"),
        _ => FileKind::Unknown,
    }
}

/// Inside an archive, raw bytes may begin like a pickle by chance.
fn is_pickle(bytes: &[u8], place: Place<'_>, report: &mut Report<'_>) -> bool {
    let is_raw = place.name.contains("/data/");
    !is_raw || place.depth == 0 || stream::reads_as_pickle(bytes, place.name, report)
}

fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let is_plain = |byte: &u8| *byte >= 32 || matches!(byte, b'\n' | b'\r' | b'\t');
    !head.is_empty()
        && head.iter().all(is_plain)
        && std::str::from_utf8(&head[..head.len().min(64)]).is_ok()
}

fn unread(name: &'static str, place: Place<'_>, report: &mut Report<'_>) -> FileKind {
    let text = format!("compressed with {name}, which is not unpacked; unpack it and scan again");
    report.find("not-unpacked", Weight::Unread, place.name, 0, text);
    FileKind::Compressed(name)
}

fn inner_name(place: Place<'_>, name: &str) -> String {
    if place.name.is_empty() {
        name.to_owned()
    } else {
        format!("{}!{name}", place.name)
    }
}

/// Whether archives may be opened at this depth.
fn may_enter(place: Place<'_>, report: &mut Report<'_>) -> bool {
    if place.depth == 1 {
        let text = "an archive inside an archive";
        report.find("nested-archive", Weight::Note, place.name, 0, text);
    }
    let may = place.depth < report.limits.depth;
    if !may {
        let text = "archives inside archives, too deep to follow";
        report.find("depth", Weight::Suspicious, place.name, 0, text);
    }
    may
}

fn compressed(
    bytes: &[u8],
    packing: Packing,
    name: &'static str,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> FileKind {
    if !may_enter(place, report) {
        return FileKind::Compressed(name);
    }
    let (inner, _) = unpack(bytes, packing, None, place, report);
    let inner_place = Place {
        name: &inner_name(place, name),
        depth: place.depth + 1,
        is_main: place.is_main,
    };
    if inner.is_empty() {
        return FileKind::Compressed(name);
    }
    let position = report.parts.len();
    report.parts.push(Part {
        name: inner_place.name.to_owned(),
        n_compressed: bytes.len() as u64,
        n_bytes: inner.len() as u64,
        kind: FileKind::Unknown,
    });
    let kind = scan(&inner, inner_place, report);
    report.parts[position].kind = kind;
    if kind == FileKind::Unknown {
        let text = "what is compressed in it is of an unknown kind";
        report.find("unknown-content", Weight::Unread, place.name, 0, text);
    }
    FileKind::Compressed(name)
}

/// Unpacks within the budget and the ratio, and whether that was all; what goes wrong goes to the report.
fn unpack(
    packed: &[u8],
    packing: Packing,
    claimed: Option<u64>,
    place: Place<'_>,
    report: &mut Report<'_>,
) -> (Vec<u8>, bool) {
    let name = place.name;
    let n_left = report.limits.n_unpacked.saturating_sub(report.n_unpacked);
    let by_ratio = (packed.len() as u64)
        .saturating_mul(report.limits.ratio)
        .max(1 << 20);
    let unpacked = unpack::unpack(packed, packing, n_left.min(by_ratio));
    let n_bytes = unpacked.bytes.len() as u64;
    report.n_unpacked = report.n_unpacked.saturating_add(n_bytes);
    if unpacked.is_cut && by_ratio <= n_left {
        let text = format!(
            "unpacks to more than {} bytes per byte, as bombs do",
            report.limits.ratio
        );
        report.find("zip-bomb", Weight::Suspicious, name, 0, text);
    } else if unpacked.is_cut {
        let text = "unpacks to more bytes than are looked at";
        report.find("limits", Weight::Unread, name, 0, text);
    }
    if let Some(damage) = unpacked.damage {
        let text = format!("the compressed bytes are damaged: {damage}");
        report.find("damaged", Weight::Unread, name, 0, text);
    }
    if claimed.is_some_and(|claimed| claimed != n_bytes) && !unpacked.is_cut {
        let text = format!("unpacks to {n_bytes} bytes, not to those it claims");
        report.find("zip-size", Weight::Suspicious, name, 0, text);
    }
    if claimed.is_none() && unpacked.n_read < packed.len() && !unpacked.is_cut {
        let n_behind = packed.len() - unpacked.n_read;
        let text = format!("{n_behind} bytes stand behind the compressed ones");
        report.find("trailing-bytes", Weight::Note, name, unpacked.n_read, text);
    }
    (unpacked.bytes, !unpacked.is_cut)
}

fn zip_archive(bytes: &[u8], place: Place<'_>, report: &mut Report<'_>) -> FileKind {
    if !may_enter(place, report) {
        return FileKind::Zip;
    }
    let entries = zip::entries(bytes, place.name, report);
    let kind = zip_kind(&entries);
    if kind == FileKind::TorchScript {
        let text = "holds TorchScript code, which runs when the model is used";
        report.find("torchscript-code", Weight::Suspicious, place.name, 0, text);
    }
    let mut names = std::collections::HashSet::new();
    for entry in &entries {
        let name = inner_name(place, &entry.name);
        if report.parts.len() >= report.limits.n_parts {
            let text = format!("more than {} files inside", report.limits.n_parts);
            report.find("too-many-parts", Weight::Unread, place.name, 0, text);
            break;
        }
        if !names.insert((entry.name.clone(), entry.is_local)) {
            let text = format!("two entries are named '{}'", entry.name);
            report.find(
                "zip-same-name",
                Weight::Suspicious,
                place.name,
                entry.start,
                text,
            );
        }
        if tar::leads_outside(&entry.name) {
            let text = format!(
                "the file '{}' would be unpacked outside its folder",
                entry.name
            );
            report.find(
                "path-traversal",
                Weight::Dangerous,
                place.name,
                entry.start,
                text,
            );
        }
        let inner = Place {
            name: &name,
            depth: place.depth + 1,
            is_main: place.is_main && is_model_file(kind, &entry.name),
        };
        zip_entry(bytes, entry, kind, inner, report);
    }
    kind
}

fn is_model_file(kind: FileKind, name: &str) -> bool {
    let is_torch = matches!(kind, FileKind::PytorchZip | FileKind::TorchScript);
    is_torch && (name == "data.pkl" || name.ends_with("/data.pkl"))
}

fn zip_kind(entries: &[zip::Entry]) -> FileKind {
    let has = |test: &dyn Fn(&str) -> bool| entries.iter().any(|entry| test(&entry.name));
    let is_file = |file: &'static str| move |name: &str| name.rsplit('/').next() == Some(file);
    if has(&is_file("data.pkl")) {
        let is_code = |name: &str| name.contains("/code/") || name.starts_with("code/");
        if has(&is_code) || has(&is_file("constants.pkl")) {
            FileKind::TorchScript
        } else {
            FileKind::PytorchZip
        }
    } else if has(&|name| name == "config.json")
        && (has(&|name| name == "metadata.json") || has(&|name| name == "model.weights.h5"))
    {
        FileKind::KerasZip
    } else if has(&|name| name == "schema.json") {
        FileKind::Skops
    } else if !entries.is_empty()
        && entries
            .iter()
            .all(|entry| entry.name.to_ascii_lowercase().ends_with(".npy"))
    {
        FileKind::Npz
    } else {
        FileKind::Zip
    }
}

fn zip_entry(
    bytes: &[u8],
    entry: &zip::Entry,
    archive: FileKind,
    place: Place<'_>,
    report: &mut Report<'_>,
) {
    let position = report.parts.len();
    report.parts.push(Part {
        name: place.name.to_owned(),
        n_compressed: entry.n_compressed,
        n_bytes: entry.n_bytes,
        kind: FileKind::Unknown,
    });
    let end = usize::try_from(entry.n_compressed)
        .ok()
        .and_then(|length| entry.start.checked_add(length));
    let Some(packed) = end.and_then(|end| bytes.get(entry.start..end)) else {
        let text = format!("the entry '{}' is cut off", entry.name);
        report.find("truncated", Weight::Unread, place.name, entry.start, text);
        return;
    };
    let unpacked;
    let mut is_whole = true;
    let content = match entry.method {
        0 => packed,
        8 => {
            let claimed = (!entry.is_local).then_some(entry.n_bytes);
            (unpacked, is_whole) = unpack(packed, Packing::Deflate, claimed, place, report);
            &unpacked
        }
        other => {
            let text = format!("compressed with the zip method {other}, which is not unpacked");
            report.find(
                "not-unpacked",
                Weight::Unread,
                place.name,
                entry.start,
                text,
            );
            return;
        }
    };
    check_sum(entry, content, is_whole, place.name, report);
    if archive != FileKind::TorchScript {
        check_code(content, place.name, report);
    }
    let kind = scan(content, place, report);
    report.parts[position].kind = kind;
    let is_config = matches!(archive, FileKind::KerasZip) && entry.name == "config.json";
    if is_config {
        keras::config(content, place.name, 0, report);
    }
    if archive == FileKind::Skops && entry.name == "schema.json" {
        formats::skops(content, place.name, report);
    }
}

/// Compares the checksum, which also tells whether an entry that claims to be encrypted is.
fn check_sum(
    entry: &zip::Entry,
    content: &[u8],
    is_whole: bool,
    part: &str,
    report: &mut Report<'_>,
) {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let is_intact = crc.sum() == entry.crc;
    if entry.is_encrypted {
        let (weight, what) = if is_intact && !content.is_empty() {
            (
                Weight::Suspicious,
                "says it is encrypted and is not, as some programs do not notice",
            )
        } else {
            (Weight::Unread, "is encrypted")
        };
        let text = format!("the entry '{}' {what}", entry.name);
        report.find("zip-encrypted", weight, part, entry.start, text);
    } else if !is_intact && is_whole && !entry.is_local {
        let text = format!(
            "the checksum of '{}' is wrong, which some programs do not notice",
            entry.name
        );
        report.find("zip-checksum", Weight::Suspicious, part, entry.start, text);
    }
}

/// Names programs and scripts that lie in an archive beside a model.
fn check_code(content: &[u8], name: &str, report: &mut Report<'_>) {
    let is_program = matches!(
        content,
        [0x7f, b'E', b'L', b'F', ..]
            | [b'M', b'Z', _, 0, ..]
            | [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
            | [b'#', b'!', b'/', ..]
    );
    let ending = name.rsplit('.').next().unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    let endings = [
        "py", "pyc", "pyd", "so", "dll", "dylib", "exe", "sh", "bat", "ps1", "pth",
    ];
    let is_script = endings.contains(&ending.as_str()) && !content.is_empty();
    // PyTorch's files may end in `.pth`, too; as text it is a file that Python runs at its start.
    if is_program || (is_script && (ending != "pth" || content.starts_with(b"import"))) {
        let text = format!(
            "'{name}' is a program or script, which may run when the archive is unpacked and used"
        );
        report.find("code-file", Weight::Suspicious, name, 0, text);
    }
}

fn tar_archive(bytes: &[u8], place: Place<'_>, report: &mut Report<'_>) -> FileKind {
    if !may_enter(place, report) {
        return FileKind::Tar;
    }
    for member in tar::members(bytes, place.name, report) {
        if report.parts.len() >= report.limits.n_parts {
            let text = format!("more than {} files inside", report.limits.n_parts);
            report.find("too-many-parts", Weight::Unread, place.name, 0, text);
            break;
        }
        let content = &bytes[member.start..member.end];
        let name = inner_name(place, &member.name);
        let inner = Place {
            name: &name,
            depth: place.depth + 1,
            is_main: false,
        };
        let position = report.parts.len();
        report.parts.push(Part {
            name: name.clone(),
            n_compressed: content.len() as u64,
            n_bytes: content.len() as u64,
            kind: FileKind::Unknown,
        });
        check_code(content, &name, report);
        report.parts[position].kind = scan(content, inner, report);
    }
    FileKind::Tar
}
