//! Looks at a library's file before the system's loader does.
//!
//! In: a path. Out: nothing, or why opening it would fail.
//!
//! Reads headers only; runs nothing of the library.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use object::{Architecture, Object as _, ObjectKind, ObjectSection as _};

use crate::host::error::OpenError;

/// Libraries beyond this size are not looked into; the loader decides.
const MAX_SIZE: u64 = 1 << 30;

/// Is it a whole shared library for this processor?
pub(crate) fn file(path: &Path) -> Result<(), OpenError> {
    let bytes = read(path)?;
    let path = path.to_owned();
    if bytes.is_empty() {
        return Err(OpenError::Truncated { path });
    }
    let is_elf = bytes.starts_with(b"\x7fELF");
    let is_mach = matches!(
        bytes.get(..4),
        Some([0xcf | 0xce, 0xfa, 0xed, 0xfe] | [0xca, 0xfe, 0xba, 0xbe])
    );
    if !is_elf && !is_mach {
        return Err(OpenError::NotALibrary {
            path,
            found: kind_of(&bytes),
        });
    }
    let Ok(object) = object::File::parse(bytes.as_slice()) else {
        return Err(OpenError::Truncated { path });
    };
    if object.architecture() != here() {
        let found = format!("{:?}", object.architecture()).to_lowercase();
        return Err(OpenError::OtherArchitecture { path, found });
    }
    if object.kind() != ObjectKind::Dynamic {
        let found = match object.kind() {
            ObjectKind::Executable => "a program",
            ObjectKind::Relocatable => "an object file",
            _ => "another kind of binary",
        };
        return Err(OpenError::NotALibrary {
            path,
            found: found.to_owned(),
        });
    }
    // Every section must lie within the file: a half-written one has headers at its start and
    // nothing where they point.
    if object.sections().any(|section| section.data().is_err()) {
        return Err(OpenError::Truncated { path });
    }
    Ok(())
}

/// Does an API version, as `major * 1000 + minor`, fit this host?
pub(crate) fn api_version(path: &Path, number: u32) -> Result<(), OpenError> {
    let (major, minor) = (number / 1000, number % 1000);
    let own_major = crate::API_VERSION_NUMBER / 1000;
    let (path, found) = (path.to_owned(), format!("{major}.{minor}"));
    match major.cmp(&own_major) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::NewerApi { path, found }),
        std::cmp::Ordering::Less => Err(OpenError::OlderApi { path, found }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let explain = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => OpenError::NotFound {
            path: path.to_owned(),
        },
        ErrorKind::PermissionDenied => OpenError::NoPermission {
            path: path.to_owned(),
        },
        _ => OpenError::Loader {
            path: path.to_owned(),
            said: error.to_string(),
        },
    };
    let file = std::fs::File::open(path).map_err(|error| explain(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_SIZE)
        .read_to_end(&mut bytes)
        .map_err(|error| explain(&error))?;
    Ok(bytes)
}

fn here() -> Architecture {
    match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "aarch64" => Architecture::Aarch64,
        "arm" => Architecture::Arm,
        "riscv64" => Architecture::Riscv64,
        "x86" => Architecture::I386,
        _ => Architecture::Unknown,
    }
}

fn kind_of(bytes: &[u8]) -> String {
    let is_text = bytes
        .iter()
        .take(512)
        .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e));
    let found = match bytes {
        [b'#', b'!', ..] => "a script",
        [b'M', b'Z', ..] => "a Windows library",
        [b'!', b'<', b'a', b'r', ..] => "a static library",
        _ if is_text => "text",
        _ => "something else",
    };
    found.to_owned()
}
