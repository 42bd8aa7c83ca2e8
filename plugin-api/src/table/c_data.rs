//! The Arrow C Data Interface: two C structs that describe columns in memory.
//!
//! In: what the host fills in. Out: owners that release it when dropped.
//!
//! Layout: <https://arrow.apache.org/docs/format/CDataInterface.html>. Fields and their order are
//! part of that specification; a plugin may hand them to any version of any Arrow library.

#![expect(unsafe_code, reason = "C structs owned through a release callback")]

use std::ffi::{CStr, c_char, c_void};

/// The type of a column, or of a table as a struct of columns.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    pub(crate) format: *const c_char,
    pub(crate) name: *const c_char,
    pub(crate) metadata: *const c_char,
    pub(crate) flags: i64,
    pub(crate) n_children: i64,
    pub(crate) children: *mut *mut ArrowSchema,
    pub(crate) dictionary: *mut ArrowSchema,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub(crate) private_data: *mut c_void,
}

/// The values of a column, or of a table as a struct of columns.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: i64,
    pub(crate) n_children: i64,
    pub(crate) buffers: *mut *const c_void,
    pub(crate) children: *mut *mut ArrowArray,
    pub(crate) dictionary: *mut ArrowArray,
    pub(crate) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub(crate) private_data: *mut c_void,
}

impl ArrowSchema {
    /// A schema nobody filled in.
    pub const fn empty() -> Self {
        Self {
            format: std::ptr::null(),
            name: std::ptr::null(),
            metadata: std::ptr::null(),
            flags: 0,
            n_children: 0,
            children: std::ptr::null_mut(),
            dictionary: std::ptr::null_mut(),
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }

    /// The format string; `None` if there is none or it is not UTF-8.
    pub(crate) fn format(&self) -> Option<&str> {
        text(self.format)
    }

    /// The column's name.
    pub(crate) fn name(&self) -> Option<&str> {
        text(self.name)
    }

    /// A child.
    pub(crate) fn child(&self, index: usize) -> Option<&Self> {
        let n_children = usize::try_from(self.n_children).ok()?;
        if index >= n_children || self.children.is_null() {
            return None;
        }
        // SAFETY: the specification gives `children` `n_children` pointers that live as long as
        // this struct; `index` is below that.
        let child = unsafe { *self.children.wrapping_add(index) };
        // SAFETY: as above; a null pointer becomes `None`.
        unsafe { child.as_ref() }
    }

    /// The type of the dictionary's values.
    pub(crate) fn dictionary(&self) -> Option<&Self> {
        // SAFETY: null or a struct that lives as long as this one, by the specification.
        unsafe { self.dictionary.as_ref() }
    }
}

impl ArrowArray {
    /// An array nobody filled in.
    pub const fn empty() -> Self {
        Self {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: std::ptr::null_mut(),
            children: std::ptr::null_mut(),
            dictionary: std::ptr::null_mut(),
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }

    /// A child.
    pub(crate) fn child(&self, index: usize) -> Option<&Self> {
        let n_children = usize::try_from(self.n_children).ok()?;
        if index >= n_children || self.children.is_null() {
            return None;
        }
        // SAFETY: as in `ArrowSchema::child`.
        let child = unsafe { *self.children.wrapping_add(index) };
        // SAFETY: as above; a null pointer becomes `None`.
        unsafe { child.as_ref() }
    }

    /// The values of the dictionary.
    pub(crate) fn dictionary(&self) -> Option<&Self> {
        // SAFETY: null or a struct that lives as long as this one, by the specification.
        unsafe { self.dictionary.as_ref() }
    }

    /// `n` values of a buffer; `None` if there is no such buffer, it is null, or misaligned. The
    /// specification does not tell how long a buffer is: that it holds `n` values is the word of
    /// whoever filled in the struct.
    pub(crate) fn buffer<T: Copy>(&self, index: usize, n: usize) -> Option<&[T]> {
        let n_buffers = usize::try_from(self.n_buffers).ok()?;
        if index >= n_buffers
            || self.buffers.is_null()
            || n > isize::MAX as usize / size_of::<T>().max(1)
        {
            return None;
        }
        // SAFETY: the specification gives `buffers` `n_buffers` pointers; `index` is below that.
        let start = unsafe { *self.buffers.wrapping_add(index) }.cast::<T>();
        if n == 0 {
            return Some(&[]);
        }
        if start.is_null() || !start.is_aligned() {
            return None;
        }
        // SAFETY: not null, aligned, lives as long as this struct; the length is the producer's
        // word, which this library's host takes from arrays it has validated.
        Some(unsafe { std::slice::from_raw_parts(start, n) })
    }
}

impl Drop for ArrowSchema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the producer's callback, called once: it clears `release` itself.
            unsafe { release(self) }
        }
    }
}

impl Drop for ArrowArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the producer's callback, called once: it clears `release` itself.
            unsafe { release(self) }
        }
    }
}

fn text<'a>(start: *const c_char) -> Option<&'a str> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not null; a C string that lives as long as the struct it came from, by the
    // specification, and callers bind the result to that struct's lifetime.
    unsafe { CStr::from_ptr(start) }.to_str().ok()
}
