//! Pieces → the Arrow columns of one table.
//!
//! The type of a column is the narrowest that holds all its values in all pieces. Where only text
//! does, the column is asked for again as text.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{
    BooleanBuffer, Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use interlock_plugin_api::facts::ColumnKind;

use super::column::{
    ALWAYS_CATEGORICAL, ColumnPart, MAX_CATEGORIES, ROWS_PER_CATEGORY, Values, Want, midnight,
};
use super::intern::Interner;

/// The type a column gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Float,
    Bool,
    Date,
    Timestamp,
    Category,
    Text,
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Its parts can be joined.
    Join(Type),
    /// It is to be read again.
    Reread(Want),
}

/// What is wanted of a column declared to be of a kind.
pub(crate) fn want_of(kind: ColumnKind) -> Want {
    match kind {
        ColumnKind::Numeric => Want::Number,
        ColumnKind::Categorical => Want::Category,
        ColumnKind::Boolean => Want::Bool,
        ColumnKind::Date => Want::Date,
        ColumnKind::Text => Want::Text,
    }
}

/// Decides the type of a column from its parts.
pub(crate) fn decide(parts: &[&ColumnPart], want: Want) -> Decision {
    if parts.iter().any(|part| part.must_reread) {
        return Decision::Reread(Want::TextCounted);
    }
    let types = parts.iter().filter_map(|part| match &part.values {
        Values::Nothing(_) => None,
        Values::Int(_) => Some(Type::Int),
        Values::Float(_) => Some(Type::Float),
        Values::Bool(_) => Some(Type::Bool),
        Values::Date(_) => Some(Type::Date),
        Values::Timestamp(_) => Some(Type::Timestamp),
        Values::Category(..) => Some(Type::Category),
        Values::Text(..) => Some(Type::Text),
    });
    let joined = types.map(Some).reduce(|a, b| wider(a?, b?));
    match joined {
        Some(None) => Decision::Reread(Want::TextCounted),
        Some(Some(Type::Category | Type::Text)) if want == Want::Text => Decision::Join(Type::Text),
        Some(Some(Type::Category | Type::Text)) if want == Want::Category => {
            Decision::Join(Type::Category)
        }
        Some(Some(Type::Category | Type::Text)) => Decision::Join(text_type(parts)),
        Some(Some(joined)) => Decision::Join(joined),
        None => Decision::Join(match want {
            Want::Bool => Type::Bool,
            Want::Date => Type::Date,
            Want::Category => Type::Category,
            Want::Text => Type::Text,
            _ => Type::Float,
        }),
    }
}

fn wider(a: Type, b: Type) -> Option<Type> {
    match (a, b) {
        _ if a == b => Some(a),
        (Type::Int, Type::Float) | (Type::Float, Type::Int) => Some(Type::Float),
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Some(Type::Timestamp),
        (Type::Category, Type::Text) | (Type::Text, Type::Category) => Some(Type::Text),
        _ => None,
    }
}

/// Whether text is categorical: at most [`ALWAYS_CATEGORICAL`] distinct values, or at most
/// [`MAX_CATEGORIES`] and [`ROWS_PER_CATEGORY`] rows with a value for each.
fn text_type(parts: &[&ColumnPart]) -> Type {
    let mut all = Interner::default();
    let mut n_present = 0;
    for part in parts {
        n_present += (part.n_rows() - part.n_missing) as u64;
        for_each_distinct(part, &mut all);
        if all.len() > MAX_CATEGORIES {
            return Type::Text;
        }
    }
    let n_distinct = all.len();
    if n_distinct <= ALWAYS_CATEGORICAL || n_present >= ROWS_PER_CATEGORY * n_distinct as u64 {
        Type::Category
    } else {
        Type::Text
    }
}

/// Adds the texts of a part, stopping once there are too many for categories.
fn for_each_distinct(part: &ColumnPart, all: &mut Interner) {
    match &part.values {
        Values::Category(_, interner) => {
            for code in 0..interner.len() {
                all.code(interner.text(code));
            }
        }
        Values::Text(lengths, bytes) => {
            let nulls = part.nulls();
            let mut at = 0;
            for (row, length) in lengths.iter().enumerate() {
                let end = at + *length as usize;
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    all.code(&bytes[at..end]);
                }
                at = end;
                if all.len() > MAX_CATEGORIES {
                    return;
                }
            }
        }
        _ => {}
    }
}

/// One Arrow array of the parts, which are emptied on the way; `Err` says why it cannot be.
pub(crate) fn join(parts: Vec<ColumnPart>, as_type: Type) -> Result<ArrayRef, String> {
    let mut validity = NullBufferBuilder::new(0);
    for part in &parts {
        match part.nulls() {
            Some(nulls) => validity.append_buffer(&nulls),
            None => validity.append_n_non_nulls(part.n_rows()),
        }
    }
    let nulls = validity.finish();
    let values = parts.into_iter().map(|part| part.values);
    Ok(match as_type {
        Type::Int => Arc::new(Int64Array::new(collect(values, ints), nulls)),
        Type::Float => Arc::new(Float64Array::new(collect(values, floats), nulls)),
        Type::Date => Arc::new(Date32Array::new(collect(values, dates), nulls)),
        Type::Timestamp => Arc::new(TimestampMicrosecondArray::new(
            collect(values, timestamps),
            nulls,
        )),
        Type::Bool => {
            let bits: Vec<bool> = values.flat_map(bools).collect();
            Arc::new(BooleanArray::new(BooleanBuffer::from(bits), nulls))
        }
        Type::Category => categories(values, nulls)?,
        Type::Text => text(values, nulls)?,
    })
}

fn collect<T: arrow_buffer::ArrowNativeType>(
    values: impl Iterator<Item = Values>,
    typed: fn(Values) -> Vec<T>,
) -> ScalarBuffer<T> {
    let mut parts = values.map(typed);
    let mut all = parts.next().unwrap_or_default();
    for part in parts {
        all.extend_from_slice(&part);
    }
    ScalarBuffer::from(all)
}

fn ints(values: Values) -> Vec<i64> {
    match values {
        Values::Int(values) => values,
        other => vec![0; other.len()],
    }
}

fn floats(values: Values) -> Vec<f64> {
    match values {
        Values::Float(values) => values,
        Values::Int(values) => values.into_iter().map(|value| value as f64).collect(),
        other => vec![0.0; other.len()],
    }
}

fn dates(values: Values) -> Vec<i32> {
    match values {
        Values::Date(values) => values,
        other => vec![0; other.len()],
    }
}

fn timestamps(values: Values) -> Vec<i64> {
    match values {
        Values::Timestamp(values) => values,
        Values::Date(values) => values.into_iter().map(midnight).collect(),
        other => vec![0; other.len()],
    }
}

fn bools(values: Values) -> Vec<bool> {
    match values {
        Values::Bool(values) => values,
        other => vec![false; other.len()],
    }
}

/// Categories in the order of their bytes.
fn categories(
    values: impl Iterator<Item = Values>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, String> {
    let mut all = Interner::default();
    let mut codes: Vec<u32> = Vec::new();
    for values in values {
        match values {
            Values::Category(part_codes, interner) => {
                let recoded: Vec<u32> = (0..interner.len())
                    .map(|code| all.code(interner.text(code)))
                    .collect();
                let code_of = |code: u32| recoded.get(code as usize).copied().unwrap_or(0);
                codes.extend(part_codes.into_iter().map(code_of));
            }
            Values::Text(lengths, bytes) => {
                let mut at = 0;
                for length in lengths {
                    let end = at + length as usize;
                    let is_valid = nulls
                        .as_ref()
                        .is_none_or(|nulls| nulls.is_valid(codes.len()));
                    codes.push(if is_valid {
                        all.code(&bytes[at..end])
                    } else {
                        0
                    });
                    at = end;
                }
            }
            other => codes.extend(vec![0; other.len()]),
        }
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_unstable_by_key(|code| all.text(*code));
    let mut ranks = vec![0_i32; all.len()];
    for (rank, code) in order.iter().enumerate() {
        ranks[*code] = i32::try_from(rank).unwrap_or(i32::MAX);
    }
    let ranked = codes
        .iter()
        .map(|code| ranks.get(*code as usize).copied().unwrap_or(0));
    let keys: ScalarBuffer<i32> = match &nulls {
        None => ranked.collect(),
        Some(nulls) => ranked
            .zip(nulls)
            .map(|(rank, is_valid)| if is_valid { rank } else { 0 })
            .collect(),
    };
    let lengths: Vec<u32> = order
        .iter()
        .map(|code| u32::try_from(all.text(*code).len()).unwrap_or(u32::MAX))
        .collect();
    let bytes = order
        .iter()
        .flat_map(|code| all.text(*code).iter().copied())
        .collect();
    let names = strings(&lengths, bytes, None)?;
    let keys = Int32Array::new(keys, nulls);
    let array =
        DictionaryArray::try_new(keys, Arc::new(names)).map_err(|error| error.to_string())?;
    Ok(Arc::new(array))
}

fn text(
    values: impl Iterator<Item = Values>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, String> {
    let (mut lengths, mut bytes) = (Vec::new(), Vec::new());
    for values in values {
        match values {
            Values::Text(part_lengths, part_bytes) => {
                lengths.extend_from_slice(&part_lengths);
                bytes.extend_from_slice(&part_bytes);
            }
            Values::Category(codes, interner) => {
                for code in codes {
                    let is_valid = nulls
                        .as_ref()
                        .is_none_or(|nulls| nulls.is_valid(lengths.len()));
                    let text = if is_valid {
                        interner.text(code as usize)
                    } else {
                        &[][..]
                    };
                    lengths.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                    bytes.extend_from_slice(text);
                }
            }
            other => lengths.extend(vec![0; other.len()]),
        }
    }
    Ok(Arc::new(strings(&lengths, bytes, nulls)?))
}

fn strings(
    lengths: &[u32],
    bytes: Vec<u8>,
    nulls: Option<NullBuffer>,
) -> Result<StringArray, String> {
    if i32::try_from(bytes.len()).is_err() {
        return Err("holds more than 2 GiB of text".to_owned());
    }
    let offsets = OffsetBuffer::from_lengths(lengths.iter().map(|length| *length as usize));
    StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls).map_err(|error| error.to_string())
}
