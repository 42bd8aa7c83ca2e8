//! Values of a graph: a shape and elements of one of six types.
//!
//! In: elements and how they are arranged. Out: the same ones, chosen, converted or broadcast. Rows
//! stand one after the other (the last position runs fastest).

use std::sync::Arc;

/// A value of a graph.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

/// Elements.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Single(Vec<f32>),
    Double(Vec<f64>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Truth(Vec<bool>),
    Text(Vec<Arc<str>>),
}

/// The type of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    Double,
    Int,
    Long,
    Truth,
    Text,
}

/// The most elements a value may have.
pub(super) const MAX_ELEMENTS: usize = 1 << 26;

impl Kind {
    /// The type with this number in ONNX; small integers are held as 32-bit ones.
    pub(super) fn of(element: i64) -> Option<Self> {
        Some(match element {
            1 => Self::Single,
            2..=6 => Self::Int,
            7 => Self::Long,
            8 => Self::Text,
            9 => Self::Truth,
            11 => Self::Double,
            _ => return None,
        })
    }

    /// As ONNX names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Single => "float",
            Self::Double => "double",
            Self::Int => "int32",
            Self::Long => "int64",
            Self::Truth => "bool",
            Self::Text => "string",
        }
    }
}

impl Data {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Single(list) => list.len(),
            Self::Double(list) => list.len(),
            Self::Int(list) => list.len(),
            Self::Long(list) => list.len(),
            Self::Truth(list) => list.len(),
            Self::Text(list) => list.len(),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Single(_) => Kind::Single,
            Self::Double(_) => Kind::Double,
            Self::Int(_) => Kind::Int,
            Self::Long(_) => Kind::Long,
            Self::Truth(_) => Kind::Truth,
            Self::Text(_) => Kind::Text,
        }
    }

    /// The elements at these positions, which must be there.
    pub(super) fn pick(&self, at: &[usize]) -> Self {
        match self {
            Self::Single(list) => Self::Single(at.iter().map(|&at| list[at]).collect()),
            Self::Double(list) => Self::Double(at.iter().map(|&at| list[at]).collect()),
            Self::Int(list) => Self::Int(at.iter().map(|&at| list[at]).collect()),
            Self::Long(list) => Self::Long(at.iter().map(|&at| list[at]).collect()),
            Self::Truth(list) => Self::Truth(at.iter().map(|&at| list[at]).collect()),
            Self::Text(list) => Self::Text(at.iter().map(|&at| Arc::clone(&list[at])).collect()),
        }
    }

    /// Appends the elements of a range of another value of the same type.
    ///
    /// # Errors
    /// If the types differ.
    pub(super) fn extend(
        &mut self,
        other: &Self,
        range: std::ops::Range<usize>,
    ) -> Result<(), String> {
        match (&mut *self, other) {
            (Self::Single(own), Self::Single(list)) => own.extend(&list[range]),
            (Self::Double(own), Self::Double(list)) => own.extend(&list[range]),
            (Self::Int(own), Self::Int(list)) => own.extend(&list[range]),
            (Self::Long(own), Self::Long(list)) => own.extend(&list[range]),
            (Self::Truth(own), Self::Truth(list)) => own.extend(&list[range]),
            (Self::Text(own), Self::Text(list)) => own.extend(list[range].iter().cloned()),
            (own, other) => {
                return Err(format!(
                    "its inputs are of the types {} and {}",
                    own.kind().name(),
                    other.kind().name()
                ));
            }
        }
        Ok(())
    }

    /// No elements of this type.
    pub(super) fn none(kind: Kind) -> Self {
        match kind {
            Kind::Single => Self::Single(Vec::new()),
            Kind::Double => Self::Double(Vec::new()),
            Kind::Int => Self::Int(Vec::new()),
            Kind::Long => Self::Long(Vec::new()),
            Kind::Truth => Self::Truth(Vec::new()),
            Kind::Text => Self::Text(Vec::new()),
        }
    }

    /// The elements as doubles; truth values are 1 and 0.
    ///
    /// # Errors
    /// If they are texts.
    pub(super) fn doubles(&self) -> Result<Vec<f64>, String> {
        Ok(match self {
            Self::Single(list) => list.iter().map(|value| f64::from(*value)).collect(),
            Self::Double(list) => list.clone(),
            Self::Int(list) => list.iter().map(|value| f64::from(*value)).collect(),
            #[expect(
                clippy::cast_precision_loss,
                reason = "as every runtime converts large integers"
            )]
            Self::Long(list) => list.iter().map(|value| *value as f64).collect(),
            Self::Truth(list) => list
                .iter()
                .map(|value| f64::from(u8::from(*value)))
                .collect(),
            Self::Text(_) => return Err("it takes numbers and is given text".to_owned()),
        })
    }

    /// The elements in single precision.
    ///
    /// # Errors
    /// If they are texts.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to single precision is the point"
    )]
    pub(super) fn singles(&self) -> Result<Vec<f32>, String> {
        Ok(match self {
            Self::Single(list) => list.clone(),
            Self::Double(_) | Self::Int(_) | Self::Long(_) | Self::Truth(_) | Self::Text(_) => {
                let doubles = self.doubles()?;
                doubles.into_iter().map(|value| value as f32).collect()
            }
        })
    }

    /// The elements as integers; fractions are cut off, what does not fit takes the nearest end.
    ///
    /// # Errors
    /// If they are texts.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "cutting off the fraction is the point"
    )]
    pub(super) fn longs(&self) -> Result<Vec<i64>, String> {
        Ok(match self {
            Self::Long(list) => list.clone(),
            Self::Int(list) => list.iter().map(|value| i64::from(*value)).collect(),
            Self::Single(_) | Self::Double(_) | Self::Truth(_) | Self::Text(_) => {
                let doubles = self.doubles()?;
                doubles.into_iter().map(|value| value as i64).collect()
            }
        })
    }

    /// Doubles rounded to a type of numbers.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the type asked for is the point"
    )]
    pub(super) fn from_doubles(values: Vec<f64>, kind: Kind) -> Self {
        match kind {
            Kind::Single => Self::Single(values.into_iter().map(|value| value as f32).collect()),
            Kind::Double | Kind::Text => Self::Double(values),
            Kind::Int => Self::Int(values.into_iter().map(|value| value as i32).collect()),
            Kind::Long => Self::Long(values.into_iter().map(|value| value as i64).collect()),
            Kind::Truth => Self::Truth(values.into_iter().map(|value| value != 0.0).collect()),
        }
    }
}

impl Tensor {
    /// Elements in a shape.
    ///
    /// # Errors
    /// If the shape holds another number of elements.
    pub(super) fn new(shape: Vec<usize>, data: Data) -> Result<Self, String> {
        if n_elements(&shape)? == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(format!(
                "{} elements do not make the shape {shape:?}",
                data.len()
            ))
        }
    }

    /// A row of integers.
    pub(super) fn from_longs(values: Vec<i64>) -> Self {
        Self {
            shape: vec![values.len()],
            data: Data::Long(values),
        }
    }

    /// Rows and columns of a matrix; a row alone is a matrix of one row.
    ///
    /// # Errors
    /// If it has more than two dimensions, or none.
    pub(super) fn matrix(&self) -> Result<(usize, usize), String> {
        match self.shape[..] {
            [n_columns] => Ok((1, n_columns)),
            [n_rows, n_columns] => Ok((n_rows, n_columns)),
            _ => Err(format!(
                "it takes a matrix and is given the shape {:?}",
                self.shape
            )),
        }
    }
}

/// Elements in a shape.
///
/// # Errors
/// If there are more than [`MAX_ELEMENTS`].
pub(super) fn n_elements(shape: &[usize]) -> Result<usize, String> {
    let mut product = 1_usize;
    let mut is_empty = false;
    for size in shape {
        is_empty |= *size == 0;
        product = product.saturating_mul((*size).max(1));
    }
    if product > MAX_ELEMENTS {
        return Err(format!(
            "the shape {shape:?} has more than {MAX_ELEMENTS} elements"
        ));
    }
    Ok(if is_empty { 0 } else { product })
}

/// A dimension counted from the end if negative.
///
/// # Errors
/// If it is not there.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let signed_rank = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_start = if axis < 0 {
        axis.saturating_add(signed_rank)
    } else {
        axis
    };
    usize::try_from(from_start)
        .ok()
        .filter(|axis| *axis < rank)
        .ok_or_else(|| format!("dimension {axis} of a value with {rank} is not there"))
}

/// Positions apart of neighbours along each dimension.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    for idx in (1..shape.len()).rev() {
        strides[idx - 1] = strides[idx].saturating_mul(shape[idx].max(1));
    }
    strides
}

/// The shape two values have together, by NumPy's rule.
///
/// # Errors
/// If they do not fit.
pub(super) fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>, String> {
    let rank = left.len().max(right.len());
    let size = |shape: &[usize], idx: usize| {
        let missing = rank - shape.len();
        if idx < missing {
            1
        } else {
            shape[idx - missing]
        }
    };
    let mut shape = Vec::with_capacity(rank);
    for idx in 0..rank {
        shape.push(match (size(left, idx), size(right, idx)) {
            (left, right) if left == right => left,
            (1, other) | (other, 1) => other,
            _ => return Err(format!("the shapes {left:?} and {right:?} do not fit")),
        });
    }
    n_elements(&shape)?;
    Ok(shape)
}

/// Where each element of a broadcast shape stands in a value of a smaller one.
pub(super) enum Source {
    /// At its own position.
    Same,
    /// The value repeats as a whole.
    Repeats(usize),
    /// In this list.
    Listed(Vec<usize>),
}

impl Source {
    /// `shape` fits `out`, as [`broadcast`] made sure.
    pub(super) fn new(shape: &[usize], out: &[usize]) -> Self {
        if shape == out {
            return Self::Same;
        }
        let length: usize = shape.iter().product();
        let first = shape
            .iter()
            .position(|size| *size != 1)
            .unwrap_or(shape.len());
        if out.ends_with(&shape[first..]) {
            return Self::Repeats(length.max(1));
        }
        let missing = out.len() - shape.len();
        let own = strides(shape);
        let steps: Vec<usize> = (0..out.len())
            .map(|idx| {
                if idx < missing || shape[idx - missing] == 1 {
                    0
                } else {
                    own[idx - missing]
                }
            })
            .collect();
        Self::Listed(walk(out, &steps, 0))
    }

    pub(super) fn at(&self, position: usize) -> usize {
        match self {
            Self::Same => position,
            Self::Repeats(length) => position % length,
            Self::Listed(list) => list[position],
        }
    }
}

/// Positions met when walking a shape with these steps along its dimensions.
pub(super) fn walk(shape: &[usize], steps: &[usize], start: usize) -> Vec<usize> {
    let mut positions = vec![start];
    if shape.contains(&0) {
        return Vec::new();
    }
    for (size, step) in shape.iter().zip(steps) {
        if *size == 1 {
            continue;
        }
        let mut next = Vec::with_capacity(positions.len() * size);
        for position in &positions {
            next.extend((0..*size).map(|idx| position + idx * step));
        }
        positions = next;
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_as_in_numpy() {
        assert_eq!(broadcast(&[3, 1], &[1, 4]), Ok(vec![3, 4]));
        assert_eq!(broadcast(&[4], &[3, 4]), Ok(vec![3, 4]));
        assert_eq!(broadcast(&[], &[2]), Ok(vec![2]));
        assert!(broadcast(&[2], &[3]).is_err());
        let column = Source::new(&[3, 1], &[3, 4]);
        assert_eq!(
            (0..5).map(|at| column.at(at)).collect::<Vec<_>>(),
            [0, 0, 0, 0, 1]
        );
        let row = Source::new(&[1, 4], &[3, 4]);
        assert_eq!(
            (2..6).map(|at| row.at(at)).collect::<Vec<_>>(),
            [2, 3, 0, 1]
        );
    }

    #[test]
    fn huge_shapes_are_refused() {
        assert!(n_elements(&[usize::MAX, usize::MAX]).is_err());
        assert!(n_elements(&[0, usize::MAX]).is_err());
        assert_eq!(n_elements(&[0, 7]), Ok(0));
    }
}
