//! Bytes → a file, packed as its name says, and fields of CSV in quotes where they need them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use zstd::stream::write::Encoder;

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// A file being written.
pub(super) enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(Encoder<'static, BufWriter<File>>),
}

impl Sink {
    /// A file that is packed if its place's name ends with `.gz` or `.zst`.
    pub(super) fn new(place: &Path, file: File) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let ending = place.extension().unwrap_or_default();
        Ok(if ending == "gz" {
            Self::Gzip(GzEncoder::new(file, flate2::Compression::default()))
        } else if ending == "zst" {
            Self::Zstd(Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?)
        } else {
            Self::Plain(file)
        })
    }

    /// Writes what is left, down to the disk.
    pub(super) fn finish(self) -> io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// A text as a field: in quotes if it holds what separates fields or lines, begins or ends with a blank,
/// or begins as a comment does.
pub(super) fn field(text: &str, delimiter: u8) -> Vec<u8> {
    let bytes = text.as_bytes();
    let needs_quotes = bytes
        .iter()
        .any(|byte| [delimiter, b'"', b'\n', b'\r'].contains(byte))
        || bytes.trim_ascii().len() != bytes.len()
        || matches!(bytes.first(), Some(b'#' | b'|'));
    if !needs_quotes {
        return bytes.to_vec();
    }
    let mut field = vec![b'"'];
    for byte in bytes {
        field.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"')));
    }
    field.push(b'"');
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        let quoted = |text: &str| String::from_utf8(field(text, b',')).unwrap();
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"a\""), "\"say \"\"a\"\"\"");
        assert_eq!(quoted(" a"), "\" a\"");
        assert_eq!(quoted("two\nlines"), "\"two\nlines\"");
        assert_eq!(field("a,b", b';'), b"a,b");
        assert_eq!(quoted(""), "");
    }
}
