//! Protocol buffers as far as ONNX needs them: fields one after the other, each checked against the
//! bytes that are there.
//!
//! In: bytes. Out: field numbers with their values, which borrow from the bytes.
//!
//! Source: the wire format in the protocol buffers' documentation ("Encoding"). Knows no message.

use crate::bytes::Cursor;

/// The fields of one message.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    cursor: Cursor<'a>,
}

/// A field's value as it stands in the bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    /// An integer.
    Varint(u64),
    /// Eight bytes.
    Eight([u8; 8]),
    /// Text, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Four([u8; 4]),
}

impl<'a> Fields<'a> {
    /// The fields of a message.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
        }
    }

    /// The next field; `None` at the end.
    ///
    /// # Errors
    /// If the bytes are no field, or end within one.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Wire<'a>)>, String> {
        if self.cursor.n_left() == 0 {
            return Ok(None);
        }
        let at = self.cursor.position();
        let key = varint(&mut self.cursor)?;
        let value = match key & 7 {
            0 => Wire::Varint(varint(&mut self.cursor)?),
            1 => Wire::Eight(self.cursor.array()?),
            2 => {
                let length = varint(&mut self.cursor)?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                Wire::Bytes(self.cursor.take(length)?)
            }
            5 => Wire::Four(self.cursor.array()?),
            other => {
                return Err(format!(
                    "a field of the unknown kind {other} at offset {at}"
                ));
            }
        };
        if key >> 3 == 0 {
            return Err(format!("a field with the number 0 at offset {at}"));
        }
        Ok(Some((key >> 3, value)))
    }
}

fn varint(cursor: &mut Cursor<'_>) -> Result<u64, String> {
    let at = cursor.position();
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = cursor.byte()?;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(format!("a number longer than 64 bits at offset {at}"))
}

impl<'a> Wire<'a> {
    /// The value as a signed integer.
    ///
    /// # Errors
    /// If it is none.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "negative numbers are written as their two's complement"
    )]
    pub(super) fn int(self) -> Result<i64, String> {
        match self {
            Wire::Varint(value) => Ok(value as i64),
            Wire::Eight(_) | Wire::Bytes(_) | Wire::Four(_) => Err("no integer".to_owned()),
        }
    }

    /// The value as bytes.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Wire::Bytes(bytes) => Ok(bytes),
            Wire::Eight(_) | Wire::Varint(_) | Wire::Four(_) => Err("no bytes".to_owned()),
        }
    }

    /// The value as text; what is not UTF-8 is replaced.
    ///
    /// # Errors
    /// If it has no bytes.
    pub(super) fn text(self) -> Result<String, String> {
        self.bytes()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The value as a single-precision number.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn float(self) -> Result<f32, String> {
        match self {
            Wire::Four(bytes) => Ok(f32::from_le_bytes(bytes)),
            Wire::Eight(_) | Wire::Varint(_) | Wire::Bytes(_) => Err("no number".to_owned()),
        }
    }

    /// Appends one integer or the packed ones.
    ///
    /// # Errors
    /// If it is neither.
    #[expect(
        clippy::cast_possible_wrap,
        reason = "negative numbers are written as their two's complement"
    )]
    pub(super) fn ints(self, list: &mut Vec<i64>) -> Result<(), String> {
        let Wire::Bytes(bytes) = self else {
            list.push(self.int()?);
            return Ok(());
        };
        let mut cursor = Cursor::new(bytes);
        while cursor.n_left() > 0 {
            list.push(varint(&mut cursor)? as i64);
        }
        Ok(())
    }

    /// Appends one single-precision number or the packed ones.
    ///
    /// # Errors
    /// If it is neither.
    pub(super) fn floats(self, list: &mut Vec<f32>) -> Result<(), String> {
        let Wire::Bytes(bytes) = self else {
            list.push(self.float()?);
            return Ok(());
        };
        let (chunks, rest) = bytes.as_chunks::<4>();
        list.extend(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)));
        ended(rest)
    }

    /// Appends one double-precision number or the packed ones.
    ///
    /// # Errors
    /// If it is neither.
    pub(super) fn doubles(self, list: &mut Vec<f64>) -> Result<(), String> {
        match self {
            Wire::Eight(bytes) => {
                list.push(f64::from_le_bytes(bytes));
                Ok(())
            }
            Wire::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<8>();
                list.extend(chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)));
                ended(rest)
            }
            Wire::Varint(_) | Wire::Four(_) => Err("no number".to_owned()),
        }
    }
}

fn ended(rest: &[u8]) -> Result<(), String> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err("packed numbers end within one".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let bytes = [
            0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 128, 63,
        ];
        let mut fields = Fields::new(&bytes);
        assert_eq!(fields.next(), Ok(Some((1, Wire::Varint(150)))));
        assert_eq!(fields.next(), Ok(Some((2, Wire::Bytes(b"hi")))));
        let (number, value) = fields.next().unwrap().unwrap();
        assert_eq!((number, value.float()), (3, Ok(1.0)));
        assert_eq!(fields.next(), Ok(None));
    }

    #[test]
    fn claims_beyond_the_end_are_errors() {
        let error = Fields::new(&[0x12, 0xff, 0xff, 0xff, 0x7f, 1]).next();
        assert!(
            error
                .unwrap_err()
                .contains("are claimed at offset 5, 1 are there")
        );
        assert!(Fields::new(&[0x08; 1]).next().is_err());
        assert!(
            Fields::new(&[0xff; 20])
                .next()
                .unwrap_err()
                .contains("64 bits")
        );
        assert!(Fields::new(&[0x0b]).next().unwrap_err().contains("kind 3"));
    }

    /// Any bytes end with a list of fields or an error.
    #[test]
    fn any_bytes_end() {
        let mut random = 1_u64;
        for _ in 0..20_000 {
            let mut bytes = [0_u8; 24];
            for byte in &mut bytes {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = (random >> 56) as u8;
            }
            let mut fields = Fields::new(&bytes);
            let mut n_fields = 0;
            while let Ok(Some((_, value))) = fields.next() {
                n_fields += 1;
                let (mut ints, mut doubles) = (Vec::new(), Vec::new());
                let _ignored = (value.ints(&mut ints), value.doubles(&mut doubles));
                assert!(ints.len() <= 24 && doubles.len() <= 24);
            }
            assert!(n_fields <= 24);
        }
    }
}
