//! One column of a table: its values as numbers, text, truth values or categories.
//!
//! In: the Arrow C structs of one column. Out: typed views, borrowed where the memory allows it.

use crate::calendar::{date_text, timestamp_text};
use crate::contract::ValueType;
use crate::error::CheckError;
use crate::facts::ColumnKind;
use crate::features::FeatureValues;
use crate::table::buffers::{Validity, text_buffers};
use crate::table::c_data::{ArrowArray, ArrowSchema};
use crate::table::distinct::{Categories, Distinct};

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'t> {
    name: &'t str,
    kind: ColumnKind,
    layout: Layout,
    n_rows: usize,
    array: &'t ArrowArray,
}

/// How a column's values lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Int64,
    Float64,
    Boolean,
    Text,
    Category,
    Date,
    Timestamp,
}

/// The values of a text column.
#[derive(Debug, Clone, Copy)]
pub struct StringView<'t> {
    rows: Validity<'t>,
    codes: Option<&'t [i32]>,
    offsets: &'t [i32],
    bytes: &'t [u8],
}

impl Layout {
    fn kind(self) -> ColumnKind {
        match self {
            Self::Int64 | Self::Float64 => ColumnKind::Numeric,
            Self::Boolean => ColumnKind::Boolean,
            Self::Text => ColumnKind::Text,
            Self::Category => ColumnKind::Categorical,
            Self::Date | Self::Timestamp => ColumnKind::Date,
        }
    }
}

impl<'t> Column<'t> {
    /// Makes sure that the memory holds together. `kind_of` knows the declared kinds by name.
    pub(super) fn new(
        schema: &'t ArrowSchema,
        array: &'t ArrowArray,
        n_rows: usize,
        kind_of: impl FnOnce(&str) -> Option<ColumnKind>,
    ) -> Result<Self, CheckError> {
        let name = schema
            .name()
            .ok_or_else(|| CheckError::failed("a column of the table has no name"))?;
        let format = schema.format().unwrap_or_default();
        let layout = match (format, schema.dictionary().and_then(ArrowSchema::format)) {
            ("i", Some("u")) => Layout::Category,
            ("l", None) => Layout::Int64,
            ("g", None) => Layout::Float64,
            ("b", None) => Layout::Boolean,
            ("u", None) => Layout::Text,
            ("tdD", None) => Layout::Date,
            (format, None) if format.starts_with("tsu:") => Layout::Timestamp,
            _ => {
                let message = format!(
                    "column '{name}' has the type '{format}', which this version cannot read"
                );
                return Err(CheckError::unsuitable(message));
            }
        };
        if usize::try_from(array.length).ok() != Some(n_rows) || array.offset < 0 {
            return Err(CheckError::failed(format!(
                "column '{name}' has another length than its table"
            )));
        }
        let kind = kind_of(name).unwrap_or(layout.kind());
        let column = Column {
            name,
            kind,
            layout,
            n_rows,
            array,
        };
        column.check()?;
        Ok(column)
    }

    /// Its name.
    pub fn name(&self) -> &'t str {
        self.name
    }

    /// How it is to be read: what the project file says, else what its type suggests.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// Number of rows, missing ones included.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Whether numbers can be read from it.
    pub fn is_numeric(&self) -> bool {
        !matches!(self.layout, Layout::Text | Layout::Category)
    }

    /// What its values are in this table, whatever they are to be read as.
    pub fn value_type(&self) -> ValueType {
        match self.layout {
            Layout::Int64 => ValueType::Integer,
            Layout::Float64 => ValueType::Number,
            Layout::Boolean => ValueType::Boolean,
            Layout::Text | Layout::Category => ValueType::Text,
            Layout::Date => ValueType::Date,
            Layout::Timestamp => ValueType::Timestamp,
        }
    }

    /// Number of missing rows. NaN counts as missing.
    pub fn n_missing(&self) -> usize {
        let Ok(rows) = self.rows() else {
            return self.n_rows;
        };
        if rows.bits.is_none() && self.layout != Layout::Float64 {
            return 0;
        }
        self.missing()
            .into_iter()
            .filter(|missing| *missing)
            .count()
    }

    /// Whether each row is missing: [`Column::is_missing`] of all rows, at the cost of one pass.
    pub fn missing(&self) -> Vec<bool> {
        let Ok(rows) = self.rows() else {
            return vec![true; self.n_rows];
        };
        let mut missing = match rows.bits {
            None => vec![false; self.n_rows],
            Some(_) => (0..self.n_rows).map(|row| rows.is_missing(row)).collect(),
        };
        if let (Layout::Float64, Ok(values)) = (self.layout, self.values::<f64>()) {
            for (missing, value) in missing.iter_mut().zip(values) {
                *missing |= value.is_nan();
            }
        }
        missing
    }

    /// Whether a row is missing; also true beyond the last row.
    pub fn is_missing(&self, row: usize) -> bool {
        let Ok(rows) = self.rows() else { return true };
        rows.is_missing(row)
            || self.layout == Layout::Float64
                && self
                    .values::<f64>()
                    .is_ok_and(|values| values[row].is_nan())
    }

    /// A copy as numbers, NaN where missing. Integers beyond 2^53 lose their last digits; booleans
    /// become 0 and 1, dates days and timestamps seconds since 1970-01-01 (UTC).
    ///
    /// # Errors
    /// If the column is text.
    pub fn numbers(&self) -> Result<Vec<f64>, CheckError> {
        match self.layout {
            Layout::Float64 => self.numbers_by(|value: f64| value),
            Layout::Int64 => self.numbers_by(|value: i64| value as f64),
            Layout::Date => self.numbers_by(|days: i32| f64::from(days)),
            Layout::Timestamp => self.numbers_by(|micros: i64| micros as f64 / 1e6),
            Layout::Boolean => Ok(self
                .booleans()?
                .iter()
                .map(|value| value.map_or(f64::NAN, |value| f64::from(u8::from(value))))
                .collect()),
            Layout::Text | Layout::Category => Err(CheckError::unsuitable(format!(
                "column '{}' is text, not numbers",
                self.name
            ))),
        }
    }

    fn numbers_by<T: Copy>(&self, number: impl Fn(T) -> f64) -> Result<Vec<f64>, CheckError> {
        let (rows, values) = (self.rows()?, self.values::<T>()?);
        let read = |(row, value): (usize, &T)| {
            if rows.is_missing(row) {
                f64::NAN
            } else {
                number(*value)
            }
        };
        Ok(values.iter().enumerate().map(read).collect())
    }

    /// The values of a text column, borrowed.
    ///
    /// # Errors
    /// If the column is not text; [`Column::categories`] reads any column.
    pub fn strings(&self) -> Result<StringView<'t>, CheckError> {
        let (text, codes) = match self.layout {
            Layout::Text => (self.array, None),
            Layout::Category => {
                let codes = self.values::<i32>()?;
                (
                    self.array.dictionary().ok_or_else(|| self.broken())?,
                    Some(codes),
                )
            }
            _ => {
                return Err(CheckError::unsuitable(format!(
                    "column '{}' is not text",
                    self.name
                )));
            }
        };
        let (offsets, bytes) = text_buffers(text).ok_or_else(|| self.broken())?;
        Ok(StringView {
            rows: self.rows()?,
            codes,
            offsets,
            bytes,
        })
    }

    /// A copy as truth values; `None` where missing.
    ///
    /// # Errors
    /// If the column is not boolean.
    pub fn booleans(&self) -> Result<Vec<Option<bool>>, CheckError> {
        if self.layout != Layout::Boolean {
            return Err(CheckError::unsuitable(format!(
                "column '{}' is not boolean",
                self.name
            )));
        }
        let rows = self.rows()?;
        let n_bytes = (rows.offset + self.n_rows).div_ceil(8);
        let bits = self
            .array
            .buffer::<u8>(1, n_bytes)
            .ok_or_else(|| self.broken())?;
        Ok((0..self.n_rows)
            .map(|row| {
                let at = rows.offset + row;
                (!rows.is_missing(row)).then(|| bits[at / 8] & (1 << (at % 8)) != 0)
            })
            .collect())
    }

    /// A copy as categories, whatever the type: numbers and dates by their text.
    pub fn categories(&self) -> Categories {
        if let Ok(values) = self.booleans() {
            // Read once: a single truth value costs as much as all of them.
            let texts = values
                .iter()
                .map(|value| value.map(|value| if value { "true" } else { "false" }));
            return Distinct::of(texts).into();
        }
        if let Ok(distinct) = self.distinct() {
            return distinct.into();
        }
        let texts: Vec<Option<String>> = (0..self.n_rows).map(|row| self.display(row)).collect();
        Distinct::of(texts.iter().map(Option::as_deref)).into()
    }

    /// The distinct values of a text column, borrowed, with how often each stands. A column kept as
    /// a dictionary costs one look per row; any other is hashed row by row.
    ///
    /// # Errors
    /// If the column is not text; [`Column::categories`] reads any column.
    pub fn distinct(&self) -> Result<Distinct<'t>, CheckError> {
        let strings = self.strings()?;
        Ok(match strings.codes {
            Some(codes) => {
                let n_values = strings.offsets.len() - 1;
                let text = |at| strings.value(at);
                if strings.rows.bits.is_none() {
                    Distinct::of_codes(codes, n_values, text)
                } else {
                    let positions = codes.iter().enumerate().map(|(row, code)| {
                        let position = usize::try_from(*code).ok()?;
                        (!strings.rows.is_missing(row)).then_some(position)
                    });
                    Distinct::of_dictionary(positions, n_values, text)
                }
            }
            None => Distinct::of(strings.iter()),
        })
    }

    /// Whether it is text kept as codes of few distinct values, so that [`Column::distinct`] is
    /// cheap.
    pub fn has_dictionary(&self) -> bool {
        self.layout == Layout::Category
    }

    /// Microseconds since 1970-01-01 (UTC) of a column of dates or of points in time, a date being
    /// its midnight; `None` where missing.
    ///
    /// # Errors
    /// If the column holds neither.
    pub fn micros(&self) -> Result<Vec<Option<i64>>, CheckError> {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        let rows = self.rows()?;
        let present = |row: usize, micros: i64| (!rows.is_missing(row)).then_some(micros);
        match self.layout {
            Layout::Date => {
                let midnight = |days: i32| i64::from(days).saturating_mul(MICROS_PER_DAY);
                let values = self.values::<i32>()?.iter().enumerate();
                Ok(values
                    .map(|(row, days)| present(row, midnight(*days)))
                    .collect())
            }
            Layout::Timestamp => {
                let values = self.values::<i64>()?.iter().enumerate();
                Ok(values.map(|(row, micros)| present(row, *micros)).collect())
            }
            _ => Err(CheckError::unsuitable(format!(
                "column '{}' holds no dates",
                self.name
            ))),
        }
    }

    /// The value of a row as text for people; `None` if missing.
    pub fn display(&self, row: usize) -> Option<String> {
        if self.is_missing(row) {
            return None;
        }
        match self.layout {
            Layout::Float64 => self
                .values::<f64>()
                .ok()
                .map(|values| values[row].to_string()),
            Layout::Int64 => self
                .values::<i64>()
                .ok()
                .map(|values| values[row].to_string()),
            Layout::Boolean => self.booleans().ok()?[row].map(|value| value.to_string()),
            Layout::Date => self
                .values::<i32>()
                .ok()
                .map(|values| date_text(i64::from(values[row]))),
            Layout::Timestamp => self
                .values::<i64>()
                .ok()
                .map(|values| timestamp_text(values[row])),
            Layout::Text | Layout::Category => self.strings().ok()?.get(row).map(ToOwned::to_owned),
        }
    }

    /// The column as an input of a model: categories if it is to be read as such, else numbers.
    pub(super) fn feature_values(&self) -> Result<FeatureValues, CheckError> {
        let is_category = matches!(self.kind, ColumnKind::Categorical | ColumnKind::Text);
        if is_category || !self.is_numeric() {
            let Categories { codes, names } = self.categories();
            return Ok(FeatureValues::Categorical {
                codes,
                categories: names,
            });
        }
        self.numbers().map(FeatureValues::Numeric)
    }

    fn rows(&self) -> Result<Validity<'t>, CheckError> {
        let offset = usize::try_from(self.array.offset).map_err(|_negative| self.broken())?;
        let n_bytes = offset
            .checked_add(self.n_rows)
            .ok_or_else(|| self.broken())?
            .div_ceil(8);
        // A null validity buffer says that nothing is missing.
        let validity = if self.array.null_count == 0 {
            None
        } else {
            self.array.buffer::<u8>(0, n_bytes)
        };
        Ok(Validity {
            bits: validity.filter(|bits| !bits.is_empty()),
            offset,
            len: self.n_rows,
        })
    }

    fn values<T: Copy>(&self) -> Result<&'t [T], CheckError> {
        let offset = usize::try_from(self.array.offset).map_err(|_negative| self.broken())?;
        let end = offset
            .checked_add(self.n_rows)
            .ok_or_else(|| self.broken())?;
        let values = self
            .array
            .buffer::<T>(1, end)
            .ok_or_else(|| self.broken())?;
        Ok(&values[offset..])
    }

    fn broken(&self) -> CheckError {
        CheckError::failed(format!("column '{}' is damaged in memory", self.name))
    }

    /// Whether offsets ascend, codes have a value, and text is UTF-8.
    fn check(&self) -> Result<(), CheckError> {
        match self.layout {
            Layout::Text => {
                let (offsets, bytes) = text_buffers(self.array).ok_or_else(|| self.broken())?;
                self.check_text(offsets, bytes)
            }
            Layout::Category => {
                let values = self.array.dictionary().ok_or_else(|| self.broken())?;
                let (offsets, bytes) = text_buffers(values).ok_or_else(|| self.broken())?;
                self.check_text(offsets, bytes)?;
                let n_values = offsets.len() - 1;
                let (rows, codes) = (self.rows()?, self.values::<i32>()?);
                // A negative code is a huge one. All at once, because a column is looked at often.
                let most = codes.iter().map(|code| code.cast_unsigned()).max();
                let fits = |code: u32| usize::try_from(code).is_ok_and(|code| code < n_values);
                let fit_where_present = || {
                    let mut codes = codes.iter().enumerate();
                    codes.all(|(row, code)| rows.is_missing(row) || fits(code.cast_unsigned()))
                };
                if most.is_none_or(fits) || rows.bits.is_some() && fit_where_present() {
                    Ok(())
                } else {
                    Err(self.broken())
                }
            }
            Layout::Boolean => self.booleans().map(drop),
            Layout::Float64 => self.values::<f64>().map(drop),
            Layout::Int64 | Layout::Timestamp => self.values::<i64>().map(drop),
            Layout::Date => self.values::<i32>().map(drop),
        }
    }

    fn check_text(&self, offsets: &[i32], bytes: &[u8]) -> Result<(), CheckError> {
        let ascends = offsets.first().is_some_and(|first| *first >= 0) && offsets.is_sorted();
        let text = std::str::from_utf8(bytes).map_err(|_invalid| self.broken())?;
        let is_border = |at: &i32| usize::try_from(*at).is_ok_and(|at| text.is_char_boundary(at));
        if ascends && offsets.iter().all(is_border) {
            Ok(())
        } else {
            Err(self.broken())
        }
    }
}

impl<'t> StringView<'t> {
    /// The text of a row; `None` if missing.
    pub fn get(&self, row: usize) -> Option<&'t str> {
        if self.rows.is_missing(row) {
            return None;
        }
        let at = match self.codes {
            Some(codes) => usize::try_from(codes[row]).ok()?,
            None => row,
        };
        self.value(at)
    }

    /// The text at a position of the dictionary, or of the row if there is none.
    fn value(&self, at: usize) -> Option<&'t str> {
        let start = usize::try_from(*self.offsets.get(at)?).ok()?;
        let end = usize::try_from(*self.offsets.get(at + 1)?).ok()?;
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// The text of every row; `None` where missing.
    pub fn iter(&self) -> impl Iterator<Item = Option<&'t str>> + '_ {
        (0..self.rows.len).map(|row| self.get(row))
    }
}
