//! Builds hostile bytes: pickles and archives that no library writes.
//!
//! In: what they are to hold. Out: bytes. Nothing here runs them.

/// `os.system("true")` by `GLOBAL` and `REDUCE`, protocol 0.
pub(crate) const PAYLOAD: &[u8] = b"cos\nsystem\n(S'true'\ntR.";

pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// One entry of an archive, and how its two headers lie.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) local_name: &'static str,
    pub(crate) flags: u16,
    pub(crate) local_flags: u16,
    pub(crate) method: u16,
    pub(crate) content: Vec<u8>,
    pub(crate) crc: u32,
    pub(crate) n_bytes: u32,
    pub(crate) is_listed: bool,
}

impl Entry {
    pub(crate) fn stored(name: &'static str, content: &[u8]) -> Self {
        Self {
            name,
            local_name: name,
            flags: 0,
            local_flags: 0,
            method: 0,
            content: content.to_vec(),
            crc: crc(content),
            n_bytes: u32::try_from(content.len()).unwrap(),
            is_listed: true,
        }
    }

    pub(crate) fn deflated(name: &'static str, content: &[u8]) -> Self {
        Self {
            method: 8,
            content: deflate(content),
            ..Self::stored(name, content)
        }
    }
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory, mut n_listed) = (Vec::new(), Vec::new(), 0_u16);
    for entry in entries {
        let offset = u32::try_from(bytes.len()).unwrap();
        let n_packed = u32::try_from(entry.content.len()).unwrap();
        let fields = |flags: u16, name: &str| {
            let mut header = Vec::new();
            header.extend(20_u16.to_le_bytes());
            header.extend(flags.to_le_bytes());
            header.extend(entry.method.to_le_bytes());
            header.extend([0; 4]);
            header.extend(entry.crc.to_le_bytes());
            header.extend(n_packed.to_le_bytes());
            header.extend(entry.n_bytes.to_le_bytes());
            header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            header.extend([0; 2]);
            header
        };
        bytes.extend(b"PK\x03\x04");
        bytes.extend(fields(entry.local_flags, entry.local_name));
        bytes.extend(entry.local_name.as_bytes());
        bytes.extend(&entry.content);
        if entry.is_listed {
            n_listed += 1;
            directory.extend(b"PK\x01\x02\x14\0");
            directory.extend(fields(entry.flags, entry.name));
            directory.extend([0; 10]);
            directory.extend(offset.to_le_bytes());
            directory.extend(entry.name.as_bytes());
        }
    }
    let start = u32::try_from(bytes.len()).unwrap();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(n_listed.to_le_bytes());
    bytes.extend(n_listed.to_le_bytes());
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// A tar archive of one file, of this kind.
pub(crate) fn tar(name: &str, kind: u8, target: &str, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    let size = format!("{:011o}", content.len());
    header[124..135].copy_from_slice(size.as_bytes());
    header[156] = kind;
    header[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header[257..263].copy_from_slice(b"ustar\0");
    header.extend(content);
    header.resize(header.len().next_multiple_of(512) + 1024, 0);
    header
}

/// A joblib wrapper of an array of `n` bytes, and what follows it; `frame` is what remains of a frame.
pub(crate) fn joblib(n: u8, array: &[u8]) -> Vec<u8> {
    join(&[
        b"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(\x8c\x08subclass\x8c\x05numpy\
          \x8c\x07ndarray\x93\x8c\x05shapeK",
        &[n],
        b"\x85\x8c\x05dtype\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x89\x88\x87Rub",
        array,
    ])
}
