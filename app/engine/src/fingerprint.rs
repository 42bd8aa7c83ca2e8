//! Bytes and columns → content hashes.
//!
//! In: file bytes, Arrow columns. Out: [`Fingerprint`]s. A column's fingerprint covers its type, which
//! rows are missing, and its values, in a layout of our own: the same values give the same fingerprint
//! whatever file format, buffer offset, garbage under missing values or dictionary order they came in.
//!
//! Names are not part of a column's fingerprint, so that renaming a column changes the table but not
//! the column.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::str::FromStr;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, PrimitiveArray, StringArray};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A blake3 hash; equal fingerprints mean equal content.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The hash of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The hash of a file's bytes.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok(Self::from(hasher))
    }

    /// The hash of several parts in order; the border between two parts counts, so
    /// `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::from(hasher)
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// All 64 hexadecimal digits, as in file names.
    pub fn to_hex(&self) -> String {
        self.to_string()
    }

    /// The first twelve hexadecimal digits, for people.
    pub fn short(&self) -> String {
        let mut hex = self.to_hex();
        hex.truncate(12);
        hex
    }
}

impl From<blake3::Hasher> for Fingerprint {
    fn from(hasher: blake3::Hasher) -> Self {
        Self(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits")]
pub struct BadFingerprint;

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .ok()
            .ok_or(BadFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The fingerprint of one column of a normalized type (see [`crate::table`]); `None` if the type is
/// none of those.
pub fn column_fingerprint(column: &dyn Array) -> Option<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(type_tag(column.data_type())?);
    hasher.update(&(column.len() as u64).to_le_bytes());
    hash_validity(&mut hasher, column);
    match column.data_type() {
        DataType::Int64 => hash_numbers(&mut hasher, column.as_primitive::<Int64Type>()),
        DataType::Float64 => hash_numbers(&mut hasher, column.as_primitive::<Float64Type>()),
        DataType::Date32 => hash_numbers(&mut hasher, column.as_primitive::<Date32Type>()),
        DataType::Timestamp(..) => {
            hash_numbers(
                &mut hasher,
                column.as_primitive::<TimestampMicrosecondType>(),
            );
        }
        DataType::Boolean => {
            let values = column.as_boolean();
            hash_bits(&mut hasher, values.len(), |row| {
                !values.is_null(row) && values.value(row)
            });
        }
        DataType::Utf8 => hash_strings(&mut hasher, column.as_string::<i32>()),
        DataType::Dictionary(..) => hash_categories(&mut hasher, column)?,
        _ => return None,
    }
    Some(Fingerprint::from(hasher))
}

/// The fingerprint of a table: of its column names and column fingerprints, in table order.
pub fn table_fingerprint<'a>(
    columns: impl IntoIterator<Item = (&'a str, Fingerprint)>,
) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    for (name, fingerprint) in columns {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(fingerprint.as_bytes());
    }
    Fingerprint::from(hasher)
}

/// Values hashed between two calls of the hasher.
const BLOCK_ROWS: usize = 4096;

fn type_tag(data_type: &DataType) -> Option<&'static [u8]> {
    Some(match data_type {
        DataType::Int64 => b"int64",
        DataType::Float64 => b"float64",
        DataType::Boolean => b"boolean",
        DataType::Utf8 => b"text",
        DataType::Date32 => b"date",
        DataType::Timestamp(TimeUnit::Microsecond, None) => b"timestamp",
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            b"category"
        }
        _ => return None,
    })
}

fn hash_validity(hasher: &mut blake3::Hasher, column: &dyn Array) {
    match column.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => {
            hasher.update(&[0]);
        }
        Some(nulls) => {
            hasher.update(&[1]);
            hash_bits(hasher, nulls.len(), |row| nulls.is_valid(row));
        }
    }
}

fn hash_bits(hasher: &mut blake3::Hasher, n_bits: usize, bit: impl Fn(usize) -> bool) {
    let mut bytes = Vec::with_capacity(BLOCK_ROWS / 8);
    let mut row = 0;
    while row < n_bits {
        let end = n_bits.min(row + 8);
        let byte = (row..end).fold(0_u8, |byte, at| byte | (u8::from(bit(at)) << (at - row)));
        bytes.push(byte);
        if bytes.len() == BLOCK_ROWS / 8 {
            hasher.update(&bytes);
            bytes.clear();
        }
        row = end;
    }
    hasher.update(&bytes);
}

fn hash_numbers<T>(hasher: &mut blake3::Hasher, column: &PrimitiveArray<T>)
where
    T: ArrowPrimitiveType,
    T::Native: ToBytes,
{
    let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
    let mut bytes = Vec::with_capacity(BLOCK_ROWS * 8);
    for (block_idx, block) in column.values().chunks(BLOCK_ROWS).enumerate() {
        bytes.clear();
        for (idx, value) in block.iter().enumerate() {
            let is_missing = nulls.is_some_and(|nulls| nulls.is_null(block_idx * BLOCK_ROWS + idx));
            let value = if is_missing {
                T::Native::usize_as(0)
            } else {
                *value
            };
            value.push_bytes(&mut bytes);
        }
        hasher.update(&bytes);
    }
}

/// Little-endian bytes of a number, the same on every machine.
trait ToBytes: ArrowNativeType {
    fn push_bytes(self, bytes: &mut Vec<u8>);
}

impl ToBytes for i32 {
    fn push_bytes(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl ToBytes for i64 {
    fn push_bytes(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl ToBytes for f64 {
    fn push_bytes(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_bits().to_le_bytes());
    }
}

/// Lengths first, then the bytes of the values that are not missing, block by block.
fn hash_strings(hasher: &mut blake3::Hasher, column: &StringArray) {
    let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
    let is_missing = |row| nulls.is_some_and(|nulls: &NullBuffer| nulls.is_null(row));
    let mut bytes = Vec::new();
    for start in (0..column.len()).step_by(BLOCK_ROWS) {
        let rows = start..column.len().min(start + BLOCK_ROWS);
        bytes.clear();
        for row in rows.clone() {
            let n_bytes = if is_missing(row) {
                0
            } else {
                column.value_length(row)
            };
            bytes.extend_from_slice(&n_bytes.to_le_bytes());
        }
        for row in rows.filter(|row| !is_missing(*row)) {
            bytes.extend_from_slice(column.value(row).as_bytes());
        }
        hasher.update(&bytes);
    }
}

/// The used values in sorted order, then the rank of each row's value among them.
fn hash_categories(hasher: &mut blake3::Hasher, column: &dyn Array) -> Option<()> {
    let column = column.as_dictionary_opt::<Int32Type>()?;
    let values = column.values().as_string_opt::<i32>()?;
    let codes = column.keys();
    let mut is_used = vec![false; values.len()];
    for code in codes.iter().flatten() {
        *is_used.get_mut(usize::try_from(code).ok()?)? = true;
    }
    let mut order: Vec<usize> = (0..values.len())
        .filter(|code| is_used[*code] && !values.is_null(*code))
        .collect();
    order.sort_unstable_by_key(|code| values.value(*code));
    order.dedup_by_key(|code| values.value(*code));
    let mut ranks = vec![u32::MAX; values.len()];
    for (code, rank) in ranks.iter_mut().enumerate() {
        if is_used[code] && !values.is_null(code) {
            let found = order.binary_search_by_key(&values.value(code), |at| values.value(*at));
            *rank = u32::try_from(found.ok()?).ok()?;
        }
    }
    hasher.update(&(order.len() as u64).to_le_bytes());
    for code in order {
        let value = values.value(code);
        hasher.update(&(value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    }
    let mut bytes = Vec::with_capacity(BLOCK_ROWS * 4);
    for (row, code) in codes.values().iter().enumerate() {
        let rank = if codes.is_null(row) {
            u32::MAX
        } else {
            ranks[usize::try_from(*code).ok()?]
        };
        bytes.extend_from_slice(&rank.to_le_bytes());
        if bytes.len() == BLOCK_ROWS * 4 {
            hasher.update(&bytes);
            bytes.clear();
        }
    }
    hasher.update(&bytes);
    Some(())
}
