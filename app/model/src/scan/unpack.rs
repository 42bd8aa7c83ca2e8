//! Unpacks compressed bytes, within what is left of a budget.
//!
//! In: deflate, zlib or gzip bytes. Out: the bytes they unpack to, cut where the budget ends. Memory is
//! taken as bytes come out, never by what a header claims.

use std::io::Read as _;

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Deflate,
    Zlib,
    Gzip,
}

pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    /// Compressed bytes that were read.
    pub(super) n_read: usize,
    /// More would have come than the budget allows.
    pub(super) is_cut: bool,
    /// What was wrong with the rest, if something was.
    pub(super) damage: Option<String>,
}

/// Unpacks at most `limit` bytes.
pub(super) fn unpack(packed: &[u8], packing: Packing, limit: u64) -> Unpacked {
    let mut bytes = Vec::new();
    let mut rest = packed;
    let limit_and_one = limit.saturating_add(1);
    let read = match packing {
        Packing::Deflate => DeflateDecoder::new(&mut rest)
            .take(limit_and_one)
            .read_to_end(&mut bytes),
        Packing::Zlib => ZlibDecoder::new(&mut rest)
            .take(limit_and_one)
            .read_to_end(&mut bytes),
        Packing::Gzip => MultiGzDecoder::new(&mut rest)
            .take(limit_and_one)
            .read_to_end(&mut bytes),
    };
    let is_cut = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Unpacked {
        bytes,
        n_read: packed.len() - rest.len(),
        is_cut,
        damage: read.err().map(|error| error.to_string()),
    }
}
