//! Reads little-endian values from bytes, each read checked against what is left.
//!
//! In: the bytes of a file. Out: values, or how many bytes were claimed that are not there.

/// A position in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How far it is.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Bytes not yet read.
    pub(crate) fn n_left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        if n > self.n_left() {
            return Err(format!(
                "{n} bytes are claimed at offset {}, {} are there",
                self.at,
                self.n_left()
            ));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    /// The next bytes, as many as the array takes.
    ///
    /// # Errors
    /// If there are fewer.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_length| "a read of another length".to_owned())
    }

    /// The next byte.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }
}
