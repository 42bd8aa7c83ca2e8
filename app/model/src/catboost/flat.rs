//! Reads FlatBuffers tables from bytes nobody vouches for.
//!
//! In: a buffer. Out: fields of tables by their number in the schema, vectors, texts.
//!
//! Every offset is checked against the buffer before it is followed. The caller asks for tables by the
//! schema, so that a table that holds itself is read as deep as the schema goes and no deeper; what
//! many offsets point to counts each time against a budget, so that a small file cannot fill memory.
//!
//! Source: "FlatBuffers Internals" in FlatBuffers' documentation.

use std::cell::Cell;

/// How often the bytes of a buffer may be read in vectors: shared ones are few in real files.
const READS_PER_BYTE: usize = 8;

/// A buffer and what may still be read of it.
#[derive(Debug)]
pub(super) struct Flat<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
}

/// A table in a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'f, 'a> {
    flat: &'f Flat<'a>,
    at: usize,
    n_bytes: usize,
    places: &'a [u8],
}

impl<'a> Flat<'a> {
    /// A buffer.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let budget = bytes.len().saturating_mul(READS_PER_BYTE);
        Self {
            bytes,
            budget: Cell::new(budget.saturating_add(4096)),
        }
    }

    /// The table everything hangs from.
    pub(super) fn root(&self) -> Result<Table<'_, 'a>, String> {
        self.table(0)
    }

    fn slice(&self, at: usize, n: usize) -> Result<&'a [u8], String> {
        let end = at.checked_add(n);
        end.and_then(|end| self.bytes.get(at..end)).ok_or_else(|| {
            format!(
                "{n} bytes are claimed at offset {at}, the buffer has {}",
                self.bytes.len()
            )
        })
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], String> {
        self.slice(at, N)?
            .try_into()
            .map_err(|_length| "a read of another length".to_owned())
    }

    /// Where the offset at a place leads.
    fn target(&self, at: usize) -> Result<usize, String> {
        let offset = u32::from_le_bytes(self.array(at)?) as usize;
        let target = at.checked_add(offset);
        target
            .filter(|target| *target < self.bytes.len() && *target > at)
            .ok_or_else(|| format!("the offset {offset} at {at} leads outside the buffer"))
    }

    fn spend(&self, n: usize) -> Result<(), String> {
        let left = self.budget.get().checked_sub(n);
        let left = left.ok_or("its parts are used again and again")?;
        self.budget.set(left);
        Ok(())
    }

    /// The table the offset at a place leads to.
    fn table(&self, at: usize) -> Result<Table<'_, 'a>, String> {
        let at = self.target(at)?;
        self.spend(4)?;
        let back = i64::from(i32::from_le_bytes(self.array(at)?));
        let places_at = i64::try_from(at)
            .ok()
            .and_then(|at| at.checked_sub(back))
            .and_then(|places_at| usize::try_from(places_at).ok())
            .ok_or_else(|| format!("the table at {at} has its field list outside the buffer"))?;
        let n_places = usize::from(u16::from_le_bytes(self.array(places_at)?));
        let n_bytes = usize::from(u16::from_le_bytes(self.array(places_at.saturating_add(2))?));
        if n_places < 4 || n_places % 2 != 0 || n_bytes < 4 {
            return Err(format!(
                "the table at {at} has a field list of {n_places} bytes"
            ));
        }
        self.slice(at, n_bytes)?;
        Ok(Table {
            flat: self,
            at,
            n_bytes,
            places: &self.slice(places_at, n_places)?[4..],
        })
    }

    /// The elements' bytes of the vector the offset at a place leads to.
    fn vector(&self, at: usize, width: usize) -> Result<&'a [u8], String> {
        let at = self.target(at)?;
        let n = u32::from_le_bytes(self.array(at)?) as usize;
        let n_bytes = n.checked_mul(width).ok_or("a vector without end")?;
        let elements = self.slice(at + 4, n_bytes)?;
        self.spend(n_bytes)?;
        Ok(elements)
    }
}

impl<'f, 'a> Table<'f, 'a> {
    /// Where a field is; `None` if it has its default.
    fn place(&self, field: usize, width: usize) -> Result<Option<usize>, String> {
        let Some(place) = self.places.get(2 * field..2 * field + 2) else {
            return Ok(None);
        };
        let place = usize::from(u16::from_le_bytes([place[0], place[1]]));
        if place == 0 {
            return Ok(None);
        }
        if place + width > self.n_bytes {
            return Err(format!(
                "field {field} of the table at {} is outside it",
                self.at
            ));
        }
        Ok(Some(self.at + place))
    }

    fn value<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>, String> {
        let place = self.place(field, N)?;
        place.map(|at| self.flat.array(at)).transpose()
    }

    /// A byte.
    pub(super) fn byte(&self, field: usize, default: u8) -> Result<u8, String> {
        Ok(self.value::<1>(field)?.map_or(default, |[byte]| byte))
    }

    /// An `int`.
    pub(super) fn int(&self, field: usize, default: i32) -> Result<i32, String> {
        Ok(self.value(field)?.map_or(default, i32::from_le_bytes))
    }

    /// A `float`.
    pub(super) fn float(&self, field: usize, default: f32) -> Result<f32, String> {
        Ok(self.value(field)?.map_or(default, f32::from_le_bytes))
    }

    /// A `double`.
    pub(super) fn double(&self, field: usize, default: f64) -> Result<f64, String> {
        Ok(self.value(field)?.map_or(default, f64::from_le_bytes))
    }

    /// A table.
    pub(super) fn table(&self, field: usize) -> Result<Option<Table<'f, 'a>>, String> {
        let place = self.place(field, 4)?;
        place.map(|at| self.flat.table(at)).transpose()
    }

    /// Tables.
    pub(super) fn tables(&self, field: usize) -> Result<Vec<Table<'f, 'a>>, String> {
        let Some(place) = self.place(field, 4)? else {
            return Ok(Vec::new());
        };
        let first = self.flat.target(place)? + 4;
        let n = self.flat.vector(place, 4)?.len() / 4;
        (0..n).map(|idx| self.flat.table(first + 4 * idx)).collect()
    }

    /// A text; empty if it is not there.
    pub(super) fn text(&self, field: usize) -> Result<&'a str, String> {
        let bytes = self.vector(field, 1)?;
        std::str::from_utf8(bytes)
            .map_err(|_other| format!("the text in field {field} is not UTF-8"))
    }

    /// Texts.
    pub(super) fn texts(&self, field: usize) -> Result<Vec<&'a str>, String> {
        let Some(place) = self.place(field, 4)? else {
            return Ok(Vec::new());
        };
        let first = self.flat.target(place)? + 4;
        let n = self.flat.vector(place, 4)?.len() / 4;
        let text = |idx| {
            let bytes = self.flat.vector(first + 4 * idx, 1)?;
            std::str::from_utf8(bytes).map_err(|_other| "a text is not UTF-8".to_owned())
        };
        (0..n).map(text).collect()
    }

    /// The bytes of a vector whose elements have this width; none if it is not there.
    pub(super) fn vector(&self, field: usize, width: usize) -> Result<&'a [u8], String> {
        let place = self.place(field, 4)?;
        place.map_or(Ok(&[]), |at| self.flat.vector(at, width))
    }

    /// A vector of `int`s.
    pub(super) fn ints(&self, field: usize) -> Result<Vec<i32>, String> {
        Ok(each(self.vector(field, 4)?, i32::from_le_bytes))
    }

    /// A vector of `float`s.
    pub(super) fn floats(&self, field: usize) -> Result<Vec<f32>, String> {
        Ok(each(self.vector(field, 4)?, f32::from_le_bytes))
    }

    /// A vector of `double`s.
    pub(super) fn doubles(&self, field: usize) -> Result<Vec<f64>, String> {
        Ok(each(self.vector(field, 8)?, f64::from_le_bytes))
    }
}

/// The values of whole elements.
pub(super) fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes
        .chunks_exact(N)
        .filter_map(|chunk| chunk.try_into().ok().map(&value))
        .collect()
}
