//! Parts of a column's memory that several layouts share.
//!
//! In: the Arrow C structs of one column. Out: which rows are missing, where texts begin and end. Knows no
//! types of values.

use crate::table::c_data::ArrowArray;

/// Which rows are missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity<'t> {
    pub(super) bits: Option<&'t [u8]>,
    pub(super) offset: usize,
    pub(super) len: usize,
}

impl Validity<'_> {
    pub(super) fn is_missing(&self, row: usize) -> bool {
        let at = self.offset + row;
        row >= self.len
            || self
                .bits
                .is_some_and(|bits| bits[at / 8] & (1 << (at % 8)) == 0)
    }
}

/// Offsets (one more than there are values) and bytes of a text array, from its first value on.
pub(super) fn text_buffers(array: &ArrowArray) -> Option<(&[i32], &[u8])> {
    let offset = usize::try_from(array.offset).ok()?;
    let end = offset.checked_add(usize::try_from(array.length).ok()?)?;
    if array.length == 0 {
        return Some((&[0], &[]));
    }
    let offsets = array.buffer::<i32>(1, end.checked_add(1)?)?;
    let n_bytes = usize::try_from(*offsets.last()?).ok()?;
    let bytes = array.buffer::<u8>(2, n_bytes)?;
    Some((&offsets[offset..], bytes))
}
