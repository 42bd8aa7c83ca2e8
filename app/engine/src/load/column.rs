//! Tokens of one column of one piece of a file → typed values.
//!
//! A [`ColumnPart`] takes the tokens one by one. It begins without a type; the first value decides,
//! later ones widen it: integer → float, date → timestamp. What cannot be widened is text. Then the
//! values before it are known only as numbers, no longer as written, so the part stops and asks to be
//! read again as text ([`ColumnPart::must_reread`]); that is rare, since the first value of a text
//! column is nearly always text already.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use arrow_schema::DataType;

use super::intern::Interner;
use super::token::{self, Value};

/// Most distinct values of a column taken as categorical unless declared so.
pub const MAX_CATEGORIES: usize = 1000;

/// Up to so many distinct values a text column is categorical however few rows there are.
pub const ALWAYS_CATEGORICAL: usize = 20;

/// Above [`ALWAYS_CATEGORICAL`], rows with a value per distinct value from which on a text column is
/// categorical.
pub const ROWS_PER_CATEGORY: u64 = 4;

/// What a column's tokens are to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Whatever they are.
    Auto,
    /// Numbers; anything else is missing and reported.
    Number,
    /// Truth values; anything else is missing and reported.
    Bool,
    /// Dates and timestamps; anything else is missing and reported.
    Date,
    /// Text in any number of categories.
    Category,
    /// Text.
    Text,
    /// Text, counting the tokens that are numbers.
    TextCounted,
    /// Not at all.
    Skip,
}

/// The values, one per row; the default value where missing.
#[derive(Debug)]
pub(crate) enum Values {
    /// No value seen yet; so many rows, all missing.
    Nothing(usize),
    /// Integers.
    Int(Vec<i64>),
    /// Floats.
    Float(Vec<f64>),
    /// Truth values.
    Bool(Vec<bool>),
    /// Days since 1970.
    Date(Vec<i32>),
    /// Microseconds since 1970.
    Timestamp(Vec<i64>),
    /// Codes of interned texts.
    Category(Vec<u32>, Box<Interner>),
    /// Texts end to end, and the length of each.
    Text(Vec<u32>, Vec<u8>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Nothing(0)
    }
}

impl Values {
    /// The values of a normalized array, zero where missing.
    pub(crate) fn of_array(array: &dyn Array) -> Self {
        match array.data_type() {
            DataType::Int64 => Self::Int(filled(array.as_primitive::<Int64Type>())),
            DataType::Float64 => Self::Float(filled(array.as_primitive::<Float64Type>())),
            DataType::Date32 => Self::Date(filled(array.as_primitive::<Date32Type>())),
            DataType::Timestamp(..) => {
                Self::Timestamp(filled(array.as_primitive::<TimestampMicrosecondType>()))
            }
            DataType::Boolean => Self::Bool(
                array
                    .as_boolean()
                    .iter()
                    .map(|value| value == Some(true))
                    .collect(),
            ),
            _ => Self::Nothing(array.len()),
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Nothing(n_rows) => *n_rows,
            Self::Int(values) | Self::Timestamp(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::Category(codes, _) => codes.len(),
            Self::Text(lengths, _) => lengths.len(),
        }
    }
}

/// A token that is not what its column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadToken {
    /// Row within the part.
    pub(crate) row: usize,
    /// The token, cut to a readable length.
    pub(crate) text: String,
}

/// Most bad tokens remembered one by one.
const MAX_BAD_TOKENS: usize = 3;

/// Most characters of a token in a message.
const MAX_SHOWN_CHARS: usize = 40;

/// One column of one piece of a file.
#[derive(Debug)]
pub(crate) struct ColumnPart {
    want: Want,
    /// The values so far.
    pub(crate) values: Values,
    nulls: NullBufferBuilder,
    /// Rows without a value.
    pub(crate) n_missing: usize,
    /// Whether values were seen that cannot stand together but as text, and earlier ones are lost.
    pub(crate) must_reread: bool,
    /// Tokens that are numbers, where they were counted.
    pub(crate) n_numbers: u64,
    /// Tokens that are not what the column is.
    pub(crate) n_bad: u64,
    /// The first of them.
    pub(crate) bad: Vec<BadToken>,
    /// The first integer that does not fit 64 bits.
    pub(crate) wide: Option<BadToken>,
    /// Objects and lists.
    pub(crate) n_nested: u64,
    /// The first of them.
    pub(crate) nested: Option<BadToken>,
    /// Timestamps with and without a zone.
    pub(crate) n_zoned: u64,
    pub(crate) n_timestamps: u64,
}

impl ColumnPart {
    /// An empty part.
    pub(crate) fn new(want: Want) -> Self {
        let values = match want {
            Want::Category => Values::Category(Vec::new(), Box::default()),
            Want::Text | Want::TextCounted => Values::Text(Vec::new(), Vec::new()),
            Want::Auto | Want::Number | Want::Bool | Want::Date | Want::Skip => Values::Nothing(0),
        };
        Self {
            want,
            values,
            nulls: NullBufferBuilder::new(0),
            n_missing: 0,
            must_reread: false,
            n_numbers: 0,
            n_bad: 0,
            bad: Vec::new(),
            wide: None,
            n_nested: 0,
            nested: None,
            n_zoned: 0,
            n_timestamps: 0,
        }
    }

    /// A part of so many rows without a value.
    pub(crate) fn missing(n_rows: usize) -> Self {
        let mut part = Self::new(Want::Skip);
        part.nulls.append_n_nulls(n_rows);
        part.n_missing = n_rows;
        part.values = Values::Nothing(n_rows);
        part
    }

    /// What its tokens are read as.
    pub(crate) fn want(&self) -> Want {
        self.want
    }

    /// Number of rows so far.
    pub(crate) fn n_rows(&self) -> usize {
        self.nulls.len()
    }

    /// Which rows have a value; `None` if all have.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        self.nulls.finish_cloned()
    }

    /// A row without a value.
    pub(crate) fn push_missing(&mut self) {
        self.nulls.append_null();
        self.n_missing += 1;
        match &mut self.values {
            Values::Nothing(n_rows) => *n_rows += 1,
            Values::Int(values) | Values::Timestamp(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Bool(values) => values.push(false),
            Values::Date(values) => values.push(0),
            Values::Category(codes, _) => codes.push(0),
            Values::Text(lengths, _) => lengths.push(0),
        }
    }

    /// A row with this token: as written, and without blanks around it.
    pub(crate) fn push(&mut self, written: &[u8], token: &[u8]) {
        if self.must_reread {
            return;
        }
        match (&mut self.values, self.want) {
            (Values::Category(codes, interner), want) => {
                codes.push(interner.code(written));
                self.nulls.append_non_null();
                if want == Want::Auto && interner.len() > MAX_CATEGORIES {
                    self.expand_categories();
                }
            }
            (Values::Text(lengths, bytes), want) => {
                lengths.push(u32::try_from(written.len()).unwrap_or(u32::MAX));
                bytes.extend_from_slice(written);
                self.nulls.append_non_null();
                if want == Want::TextCounted {
                    self.count_number(token);
                }
            }
            (_, Want::Bool) => match token::declared_boolean(token) {
                Some(value) => self.push_value(Value::Bool(value), token),
                None => self.push_bad(token),
            },
            (_, Want::Number) => match token::declared_number(token) {
                Some(value) => self.push_value(value, token),
                None => self.push_bad(token),
            },
            (_, want) => self.push_classified(want, written, token),
        }
    }

    /// A row of text that is text in the file's own format, and may be a date: a JSON string.
    pub(crate) fn push_string(&mut self, text: &[u8]) {
        let is_decided = matches!(self.values, Values::Category(..) | Values::Text(..));
        match token::date(text).filter(|_| self.want == Want::Auto && !is_decided) {
            Some(value) => self.push_value(value, text),
            None => self.push_text(text),
        }
    }

    /// A row of text that is text and nothing else in the file's own format: a Parquet string.
    pub(crate) fn push_text(&mut self, text: &[u8]) {
        let is_decided = matches!(self.values, Values::Category(..) | Values::Text(..));
        if self.want == Want::Auto && !is_decided {
            self.begin_text(text, text);
        } else {
            self.push(text, text.trim_ascii());
        }
    }

    /// A row whose value is an object or a list: missing, and reported.
    pub(crate) fn push_nested(&mut self, raw: &[u8]) {
        self.n_nested += 1;
        if self.nested.is_none() {
            self.nested = Some(BadToken {
                row: self.n_rows(),
                text: shown(raw),
            });
        }
        self.push_missing();
    }

    /// Rows of typed values; those with a zero in `nulls` are missing.
    pub(crate) fn extend(&mut self, values: Values, nulls: Option<&NullBuffer>) {
        match nulls {
            Some(nulls) => {
                self.nulls.append_buffer(nulls);
                self.n_missing += nulls.null_count();
            }
            None if matches!(values, Values::Nothing(_)) => {
                self.nulls.append_n_nulls(values.len());
                self.n_missing += values.len();
            }
            None => self.nulls.append_n_non_nulls(values.len()),
        }
        match (&mut self.values, values) {
            (Values::Int(all), Values::Int(values))
            | (Values::Timestamp(all), Values::Timestamp(values)) => all.extend(values),
            (Values::Float(all), Values::Float(values)) => all.extend(values),
            (Values::Float(all), Values::Int(values)) => {
                all.extend(values.into_iter().map(|value| value as f64));
            }
            (Values::Bool(all), Values::Bool(values)) => all.extend(values),
            (Values::Date(all), Values::Date(values)) => all.extend(values),
            (Values::Nothing(n_rows), Values::Nothing(n_more)) => *n_rows += n_more,
            (all @ Values::Nothing(0), values) => *all = values,
            // A column of one file has one type; anything else is read again as text.
            _ => self.must_reread = true,
        }
    }

    fn push_classified(&mut self, want: Want, written: &[u8], token: &[u8]) {
        let value = token::classify(token);
        let fits = match want {
            Want::Date => matches!(value, Value::Date(_) | Value::Timestamp(_)),
            _ => true,
        };
        match value {
            _ if !fits => self.push_bad(token),
            Value::Text => self.begin_text(written, token),
            value => self.push_value(value, token),
        }
    }

    /// A row whose token is not of the declared kind.
    fn push_bad(&mut self, token: &[u8]) {
        self.remember_bad(token);
        self.push_missing();
    }

    fn remember_bad(&mut self, token: &[u8]) {
        self.n_bad += 1;
        if self.bad.len() < MAX_BAD_TOKENS {
            self.bad.push(BadToken {
                row: self.n_rows(),
                text: shown(token),
            });
        }
    }

    fn count_number(&mut self, token: &[u8]) {
        if token::number(token).is_some() {
            self.n_numbers += 1;
        } else {
            let row = self.n_rows() - 1;
            self.n_bad += 1;
            if self.bad.len() < MAX_BAD_TOKENS {
                self.bad.push(BadToken {
                    row,
                    text: shown(token),
                });
            }
        }
    }

    /// A text where a typed value could have stood.
    fn begin_text(&mut self, written: &[u8], token: &[u8]) {
        if let Values::Nothing(n_rows) = self.values {
            self.values = Values::Category(vec![0; n_rows], Box::default());
            self.push(written, token);
        } else {
            self.must_reread = true;
        }
    }

    /// All texts one by one, once there are too many for categories.
    fn expand_categories(&mut self) {
        let Values::Category(codes, interner) = &self.values else {
            return;
        };
        let validity = self.nulls.finish_cloned();
        let (mut lengths, mut bytes) = (Vec::with_capacity(codes.len()), Vec::new());
        for (row, code) in codes.iter().enumerate() {
            let is_missing = validity.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let text = if is_missing {
                &[][..]
            } else {
                interner.text(*code as usize)
            };
            lengths.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            bytes.extend_from_slice(text);
        }
        let counted = |code: &usize| token::number(interner.text(*code).trim_ascii()).is_some();
        self.n_numbers = (0..interner.len())
            .filter(counted)
            .map(|code| interner.count(code))
            .sum();
        self.values = Values::Text(lengths, bytes);
    }

    fn push_value(&mut self, value: Value, token: &[u8]) {
        if let Value::Timestamp(_) = value {
            self.n_timestamps += 1;
            self.n_zoned += u64::from(token::has_zone(token));
        }
        if let Value::Float(_) = value
            && self.wide.is_none()
            && token::is_wide_integer(token)
        {
            self.wide = Some(BadToken {
                row: self.n_rows(),
                text: shown(token),
            });
        }
        match (&mut self.values, value) {
            (Values::Int(values), Value::Int(value))
            | (Values::Timestamp(values), Value::Timestamp(value)) => values.push(value),
            (Values::Float(values), Value::Float(value)) => values.push(value),
            (Values::Bool(values), Value::Bool(value)) => values.push(value),
            (Values::Date(values), Value::Date(value)) => values.push(value),
            (Values::Float(values), Value::Int(value)) => values.push(value as f64),
            (Values::Timestamp(values), Value::Date(value)) => values.push(midnight(value)),
            (values, value) => {
                let Some(wider) = widened(std::mem::take(values), value) else {
                    self.must_reread = true;
                    return;
                };
                *values = wider;
            }
        }
        self.nulls.append_non_null();
    }
}

/// The values with one more, of the narrowest type that holds all; `None` if only text does.
fn widened(values: Values, value: Value) -> Option<Values> {
    Some(match (values, value) {
        (Values::Int(values), Value::Float(value)) => {
            let floats = values.into_iter().map(|value| value as f64);
            Values::Float(floats.chain([value]).collect())
        }
        (Values::Date(values), Value::Timestamp(value)) => {
            let midnights = values.into_iter().map(midnight);
            Values::Timestamp(midnights.chain([value]).collect())
        }
        (Values::Nothing(n_rows), value) => first(n_rows, value)?,
        _ => return None,
    })
}

/// The first value after so many missing ones.
fn first(n_missing: usize, value: Value) -> Option<Values> {
    fn after<T: Default + Clone>(n_missing: usize, value: T) -> Vec<T> {
        let mut values = vec![T::default(); n_missing];
        values.push(value);
        values
    }
    Some(match value {
        Value::Int(value) => Values::Int(after(n_missing, value)),
        Value::Float(value) => Values::Float(after(n_missing, value)),
        Value::Bool(value) => Values::Bool(after(n_missing, value)),
        Value::Date(value) => Values::Date(after(n_missing, value)),
        Value::Timestamp(value) => Values::Timestamp(after(n_missing, value)),
        Value::Text => return None,
    })
}

/// The first moment of a day.
pub(crate) fn midnight(days: i32) -> i64 {
    i64::from(days) * interlock_plugin_api::calendar::MICROS_PER_DAY
}

/// The values of an array, zero where missing.
fn filled<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Vec<T::Native> {
    match array.nulls() {
        Some(_) => array.iter().map(Option::unwrap_or_default).collect(),
        None => array.values().to_vec(),
    }
}

/// A token as shown in a message.
fn shown(token: &[u8]) -> String {
    let text = String::from_utf8_lossy(token);
    let mut chars = text
        .chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char });
    let mut shown: String = chars.by_ref().take(MAX_SHOWN_CHARS).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}
