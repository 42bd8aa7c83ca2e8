//! An Arrow array of any type → one of the loader's few types.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayAccessor, ArrayRef, Date32Array, Float64Array, Int64Array, NullArray,
    PrimitiveArray, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;

/// An array of one of the loader's types; `None` if it is left out.
pub(crate) struct Normal {
    pub(crate) array: Option<ArrayRef>,
    pub(crate) change: Option<Change>,
}

/// What normalizing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The column could not be read: why.
    LeftOut(String),
    /// Values were changed: how.
    Converted(String),
}

impl Normal {
    fn same(array: impl Array + 'static) -> Self {
        Self {
            array: Some(Arc::new(array)),
            change: None,
        }
    }

    fn converted(array: impl Array + 'static, how: &str) -> Self {
        let change = Some(Change::Converted(how.to_owned()));
        Self {
            array: Some(Arc::new(array)),
            change,
        }
    }

    fn left_out(why: String) -> Self {
        Self {
            array: None,
            change: Some(Change::LeftOut(why)),
        }
    }
}

/// Brings an array to `Int64`, `Float64` (NaN missing), `Boolean`, `Utf8`, `Date32`,
/// `Timestamp(Microsecond, None)` or `Null`.
pub(crate) fn normalize(array: &dyn Array) -> Normal {
    match array.data_type() {
        DataType::Null => Normal::same(NullArray::new(array.len())),
        DataType::Boolean => Normal::same(array.as_boolean().clone()),
        DataType::Int8 => Normal::same(ints::<Int8Type>(array)),
        DataType::Int16 => Normal::same(ints::<Int16Type>(array)),
        DataType::Int32 => Normal::same(ints::<Int32Type>(array)),
        DataType::Int64 => Normal::same(ints::<Int64Type>(array)),
        DataType::UInt8 => Normal::same(ints::<UInt8Type>(array)),
        DataType::UInt16 => Normal::same(ints::<UInt16Type>(array)),
        DataType::UInt32 => Normal::same(ints::<UInt32Type>(array)),
        DataType::UInt64 => unsigned(array.as_primitive::<UInt64Type>()),
        DataType::Float16 => Normal::same(floats(array.as_primitive::<Float16Type>(), |value| {
            value.to_f64()
        })),
        DataType::Float32 => Normal::same(floats(array.as_primitive::<Float32Type>(), f64::from)),
        DataType::Float64 => {
            Normal::same(floats(array.as_primitive::<Float64Type>(), |value| value))
        }
        DataType::Decimal32(..) => decimals(array.as_primitive::<Decimal32Type>()),
        DataType::Decimal64(..) => decimals(array.as_primitive::<Decimal64Type>()),
        DataType::Decimal128(..) => decimals(array.as_primitive::<Decimal128Type>()),
        DataType::Decimal256(..) => decimals(array.as_primitive::<Decimal256Type>()),
        DataType::Date32 => Normal::same(array.as_primitive::<Date32Type>().clone()),
        DataType::Date64 => dates(array.as_primitive::<Date64Type>()),
        DataType::Timestamp(unit, zone) => timestamps(array, *unit, zone.is_some()),
        DataType::Dictionary(..) => dictionary(array),
        other => strings(array).unwrap_or_else(|| {
            Normal::left_out(format!("values of type {other} cannot stand in a table"))
        }),
    }
}

fn ints<T>(array: &dyn Array) -> Int64Array
where
    T: ArrowPrimitiveType,
    i64: From<T::Native>,
{
    array.as_primitive::<T>().unary(i64::from)
}

fn unsigned(array: &PrimitiveArray<UInt64Type>) -> Normal {
    if let Ok(ints) = array.try_unary::<_, Int64Type, _>(i64::try_from) {
        return Normal::same(ints);
    }
    let floats: Float64Array = array.unary(|value| value as f64);
    Normal::converted(
        floats,
        "integers that do not fit 64 bits are read as floats",
    )
}

fn floats<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    to_f64: impl Fn(T::Native) -> f64,
) -> Float64Array {
    array.unary_opt(|value| Some(to_f64(value)).filter(|value| !value.is_nan()))
}

fn decimals<T: arrow_array::types::DecimalType>(array: &PrimitiveArray<T>) -> Normal {
    let number = |row| {
        let text = (!array.is_null(row)).then(|| array.value_as_string(row))?;
        text.parse::<f64>().ok()
    };
    let floats: Float64Array = (0..array.len()).map(number).collect();
    Normal::converted(floats, "decimals are read as floats")
}

fn dates(array: &PrimitiveArray<Date64Type>) -> Normal {
    const MILLIS_PER_DAY: i64 = 86_400_000;
    let days: Date32Array =
        array.unary_opt(|millis| i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).ok());
    Normal::same(days)
}

fn timestamps(array: &dyn Array, unit: TimeUnit, has_zone: bool) -> Normal {
    let (micros, is_cut): (TimestampMicrosecondArray, bool) = match unit {
        TimeUnit::Second => {
            let array = array.as_primitive::<TimestampSecondType>();
            (array.unary_opt(|value| value.checked_mul(1_000_000)), false)
        }
        TimeUnit::Millisecond => {
            let array = array.as_primitive::<TimestampMillisecondType>();
            (array.unary_opt(|value| value.checked_mul(1000)), false)
        }
        TimeUnit::Microsecond => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            (array.unary(|value| value), false)
        }
        TimeUnit::Nanosecond => {
            let array = array.as_primitive::<TimestampNanosecondType>();
            let is_cut = array.iter().flatten().any(|value| value % 1000 != 0);
            (array.unary(|value| value.div_euclid(1000)), is_cut)
        }
    };
    match (has_zone, is_cut) {
        (false, false) => Normal::same(micros),
        (true, _) => Normal::converted(micros, "times with a zone are read as UTC"),
        (false, true) => Normal::converted(micros, "times are cut to microseconds"),
    }
}

/// Dictionaries are spelled out; categories are found again from the values.
fn dictionary(array: &dyn Array) -> Normal {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return Normal::left_out("an unreadable dictionary".to_owned());
    };
    let Normal {
        array: Some(values),
        change,
    } = normalize(dictionary.values().as_ref())
    else {
        return Normal::left_out("a dictionary of values that cannot stand in a table".to_owned());
    };
    match take(&values, dictionary.keys(), None) {
        Ok(array) => Normal {
            array: Some(array),
            change,
        },
        Err(error) => Normal::left_out(error.to_string()),
    }
}

/// Text of any layout, and bytes that are UTF-8; `None` for other types.
fn strings(array: &dyn Array) -> Option<Normal> {
    let bytes = |array: &dyn Array| format!("{} bytes that are not text", array.len());
    Some(match array.data_type() {
        DataType::Utf8 => Normal::same(array.as_string::<i32>().clone()),
        DataType::LargeUtf8 => Normal::same(short_strings(&array.as_string::<i64>())),
        DataType::Utf8View => Normal::same(short_strings(&array.as_string_view())),
        DataType::Binary => text_of(&array.as_binary::<i32>()),
        DataType::LargeBinary => text_of(&array.as_binary::<i64>()),
        DataType::BinaryView => text_of(&array.as_binary_view()),
        DataType::FixedSizeBinary(_) => Normal::left_out(bytes(array)),
        _ => return None,
    })
}

fn short_strings<'a>(array: &impl ArrayAccessor<Item = &'a str>) -> StringArray {
    (0..array.len())
        .map(|row| (!array.is_null(row)).then(|| array.value(row)))
        .collect()
}

fn text_of<'a>(array: &impl ArrayAccessor<Item = &'a [u8]>) -> Normal {
    let mut texts = arrow_array::builder::StringBuilder::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        match std::str::from_utf8(array.value(row)) {
            Ok(text) => texts.append_value(text),
            Err(_) => return Normal::left_out("holds bytes that are not text".to_owned()),
        }
    }
    Normal::same(texts.finish())
}
