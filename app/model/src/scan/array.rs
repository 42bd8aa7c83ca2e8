//! How many bytes an array takes that joblib wrote between pickle operations.
//!
//! In: the type code and the shape a pickle gives. Out: bytes. Knows no pickle.

/// A NumPy type, as far as its size goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemType {
    /// Bytes per value; 0 if unknown.
    pub(super) n_bytes: u64,
    /// Whether it holds Python objects, which are pickled.
    pub(super) has_objects: bool,
    /// Whether its state may give it another size: texts, bytes and records.
    pub(super) is_flexible: bool,
}

/// Reads a type code: `f8`, `<i4`, `U10`, `O8`, `V12`, `b1`, `M8[ns]`.
pub(super) fn item_type(code: &str) -> Option<ItemType> {
    let code = code.trim_start_matches(['<', '>', '|', '=']);
    let kind = code.chars().next()?;
    let rest = &code[kind.len_utf8()..];
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = rest.split_at(n_digits);
    // Times have a unit; anything else behind the size makes another type of it, such as a record.
    let has_unit = matches!(kind, 'm' | 'M') && unit.starts_with('[') && unit.ends_with(']');
    if !unit.is_empty() && !has_unit {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    let n_bytes = match kind {
        'U' => count.checked_mul(4)?,
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'a' | 'V' | 'm' | 'M' | 'O' => count,
        _ => return None,
    };
    Some(ItemType {
        n_bytes,
        has_objects: kind == 'O',
        is_flexible: matches!(kind, 'S' | 'a' | 'U' | 'V'),
    })
}

/// Bytes of an array of this shape.
pub(super) fn n_bytes(item: ItemType, shape: &[i64]) -> Option<u64> {
    shape.iter().try_fold(item.n_bytes, |product, length| {
        product.checked_mul(u64::try_from(*length).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_numpy() {
        // python 3: numpy.dtype("U10").itemsize, numpy.dtype("M8[ns]").itemsize, numpy.dtype("c16").itemsize
        for (code, expected) in [
            ("U10", 40),
            ("M8[ns]", 8),
            ("<c16", 16),
            ("b1", 1),
            ("V24", 24),
        ] {
            assert_eq!(item_type(code).map(|item| item.n_bytes), Some(expected));
        }
        assert_eq!(item_type("O8").map(|item| item.has_objects), Some(true));
        for code in ["é8", "f8,i4", "2f8", "d", "f", "", "f8[3]"] {
            assert_eq!(item_type(code), None, "{code}");
        }
        let double = item_type("f8").unwrap();
        assert_eq!(n_bytes(double, &[2, 3]), Some(48));
        assert_eq!(n_bytes(double, &[]), Some(8));
        assert_eq!(n_bytes(double, &[-1]), None);
        assert_eq!(n_bytes(double, &[i64::MAX, 3]), None);
    }
}
