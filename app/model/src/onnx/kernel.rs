//! What operators are to the interpreter: functions from values to values, and what they may cost.
//!
//! In: a node's attributes and constants. Out: [`Built`], ready to run.

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::Limits;
use crate::onnx::proto::{Attribute, NodeProto, TensorProto};
use crate::onnx::steps::Step;
use crate::onnx::tensor::{Data, Kind, MAX_ELEMENTS, Tensor, n_elements};
use crate::onnx::trees::Trees;

/// An operator with its attributes.
pub(super) type Kernel =
    Box<dyn Fn(&Args<'_>, &mut Budget) -> Result<Vec<Tensor>, String> + Send + Sync>;

/// A node made ready.
pub(super) struct Built {
    pub(super) run: Kernel,
    /// Its scores before the transformation, as a matrix, if it transforms.
    pub(super) scores: Option<Kernel>,
    /// Its trees.
    pub(super) trees: Option<Arc<Trees>>,
    /// Columns it takes, if its attributes say so.
    pub(super) width: Option<usize>,
    /// What it does to each column, or to all, if it is no more than that.
    pub(super) steps: Vec<Step>,
}

impl Built {
    pub(super) fn plain(
        run: impl Fn(&Args<'_>, &mut Budget) -> Result<Vec<Tensor>, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            run: Box::new(run),
            scores: None,
            trees: None,
            width: None,
            steps: Vec::new(),
        }
    }

    /// With what it does to each column.
    pub(super) fn with_steps(self, steps: Vec<Step>) -> Self {
        Self { steps, ..self }
    }

    pub(super) fn with_width(self, width: usize) -> Self {
        Self {
            width: Some(width),
            ..self
        }
    }
}

/// Why a node cannot be made ready.
#[derive(Debug)]
pub(super) enum Fault {
    /// It does not hold together.
    Damaged(String),
    /// It is not supported: what it is, and what to do.
    Unsupported(String, String),
    /// It is larger than the limits allow.
    TooLarge(String),
}

impl Fault {
    /// The same one, and the node it is in.
    pub(super) fn of(self, node: &str) -> Self {
        match self {
            Self::Damaged(reason) => Self::Damaged(format!("{node}: {reason}")),
            Self::Unsupported(part, advice) => {
                Self::Unsupported(format!("{part} ({node})"), advice)
            }
            Self::TooLarge(what) => Self::TooLarge(what),
        }
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

/// What a run may still cost.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    /// Whether the rows are made up to find shapes; what they hold is then no error.
    pub(super) is_probe: bool,
}

impl Budget {
    /// Elements touched per byte of the file, at most; then a run is taken for endless.
    const PER_BYTE: u64 = 4096;
    /// Elements touched in any case.
    const LEAST: u64 = 1 << 31;

    pub(super) fn new(n_bytes: usize, is_probe: bool) -> Self {
        let n_bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        let left = Self::LEAST.saturating_add(n_bytes.saturating_mul(Self::PER_BYTE));
        Self { left, is_probe }
    }

    /// Counts work on so many elements.
    ///
    /// # Errors
    /// If that is more than is left.
    pub(super) fn spend(&mut self, n_elements: usize) -> Result<(), String> {
        let cost = u64::try_from(n_elements).unwrap_or(u64::MAX);
        let left = self.left.checked_sub(cost.saturating_add(16));
        self.left = left.ok_or("it computes far more than a model of its size needs")?;
        Ok(())
    }

    /// Elements of a shape, counted as work.
    ///
    /// # Errors
    /// If they are too many.
    pub(super) fn shape(&mut self, shape: &[usize]) -> Result<usize, String> {
        let n_elements = n_elements(shape)?;
        self.spend(n_elements)?;
        Ok(n_elements)
    }
}

/// A node's inputs; `None` where one is left out.
pub(super) struct Args<'a>(pub(super) Vec<Option<&'a Tensor>>);

impl<'a> Args<'a> {
    /// An input.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) fn at(&self, idx: usize) -> Result<&'a Tensor, String> {
        self.maybe(idx)
            .ok_or_else(|| format!("its input {idx} is left out"))
    }

    pub(super) fn maybe(&self, idx: usize) -> Option<&'a Tensor> {
        self.0.get(idx).copied().flatten()
    }
}

/// A node's attributes and what is known about it before it runs.
pub(super) struct Spec<'a> {
    pub(super) node: &'a NodeProto<'a>,
    /// Version of the node's operator set.
    pub(super) opset: i64,
    pub(super) limits: &'a Limits,
    /// Where tensors outside the file lie.
    pub(super) external: &'a External<'a>,
}

/// Bytes of a file beside the model: its name, where they begin, and how many if not all the rest.
pub(super) type External<'a> = dyn Fn(&str, usize, Option<usize>) -> Result<Vec<u8>, String> + 'a;

impl Spec<'_> {
    fn find(&self, name: &str) -> Option<&Attribute<'_>> {
        let mut attributes = self.node.attributes.iter();
        attributes
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn int(&self, name: &str, otherwise: i64) -> i64 {
        match self.find(name) {
            Some(Attribute::Int(value)) => *value,
            _ => otherwise,
        }
    }

    pub(super) fn float(&self, name: &str, otherwise: f32) -> f32 {
        match self.find(name) {
            Some(Attribute::Float(value)) => *value,
            _ => otherwise,
        }
    }

    pub(super) fn text(&self, name: &str, otherwise: &str) -> String {
        match self.find(name) {
            Some(Attribute::Text(value)) => value.clone(),
            _ => otherwise.to_owned(),
        }
    }

    pub(super) fn ints(&self, name: &str) -> Option<Vec<i64>> {
        match self.find(name) {
            Some(Attribute::Ints(list)) => Some(list.clone()),
            _ => None,
        }
    }

    pub(super) fn floats(&self, name: &str) -> Option<Vec<f32>> {
        match self.find(name) {
            Some(Attribute::Floats(list)) => Some(list.clone()),
            _ => None,
        }
    }

    pub(super) fn texts(&self, name: &str) -> Option<Vec<Arc<str>>> {
        match self.find(name) {
            Some(Attribute::Texts(list)) => {
                Some(list.iter().map(|text| Arc::from(text.as_str())).collect())
            }
            _ => None,
        }
    }

    /// A tensor, read.
    ///
    /// # Errors
    /// If it does not hold together.
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        match self.find(name) {
            Some(Attribute::Tensor(proto)) => tensor(proto, self.external).map(Some),
            _ => Ok(None),
        }
    }

    /// Numbers given either in single precision or as a tensor named `NAME_as_tensor`; and whether
    /// they are doubles.
    ///
    /// # Errors
    /// If the tensor does not hold together.
    pub(super) fn numbers(&self, name: &str) -> Result<(Vec<f64>, bool), Fault> {
        if let Some(tensor) = self.tensor(&format!("{name}_as_tensor"))? {
            let is_double = tensor.data.kind() == Kind::Double;
            return Ok((tensor.data.doubles()?, is_double));
        }
        let singles = self.floats(name).unwrap_or_default();
        Ok((singles.into_iter().map(f64::from).collect(), false))
    }

    /// Class labels, if there are any.
    pub(super) fn labels(&self) -> Option<Data> {
        let texts = self.texts("classlabels_strings").map(Data::Text);
        let longs = || {
            self.ints("classlabels_ints")
                .or_else(|| self.ints("classlabels_int64s"))
                .map(Data::Long)
        };
        texts.filter(|texts| texts.len() > 0).or_else(longs)
    }
}

/// Reads a tensor of the file.
///
/// # Errors
/// If its elements do not make its shape, or are of a type that is not supported.
pub(super) fn tensor(proto: &TensorProto<'_>, external: &External<'_>) -> Result<Tensor, Fault> {
    let name = &proto.name;
    let sizes = proto.dims.iter().map(|size| usize::try_from(*size).ok());
    let shape: Vec<usize> = sizes.collect::<Option<_>>().ok_or_else(|| {
        format!(
            "the tensor '{name}' has a negative size in its shape {:?}",
            proto.dims
        )
    })?;
    let kind = Kind::of(proto.element).ok_or_else(|| {
        Fault::Unsupported(
            format!("the tensor '{name}' of element type {}", proto.element),
            "export it with float, double, integer, truth or text elements".to_owned(),
        )
    })?;
    let told = |reason: String| Fault::Damaged(format!("the tensor '{name}': {reason}"));
    let n_elements = n_elements(&shape).map_err(told)?;
    let data = if proto.is_external {
        let bytes = outside(proto, external).map_err(told)?;
        raw(&bytes, kind, proto.element).map_err(told)?
    } else {
        match proto.raw {
            Some(bytes) => raw(bytes, kind, proto.element).map_err(told)?,
            None => listed(proto, kind),
        }
    };
    if data.len() != n_elements {
        return Err(told(format!(
            "its shape {shape:?} takes {n_elements} elements, {} are there",
            data.len()
        )));
    }
    Ok(Tensor { shape, data })
}

/// Elements of a file beside the model.
fn outside(proto: &TensorProto<'_>, external: &External<'_>) -> Result<Vec<u8>, String> {
    let entries: HashMap<&str, &str> = proto
        .external
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let location = entries
        .get("location")
        .ok_or("it lies outside the file and does not say where")?;
    let number = |key: &str| match entries.get(key) {
        None => Ok(None),
        Some(text) => text
            .parse::<usize>()
            .map(Some)
            .map_err(|_no_count| format!("'{text}' is no {key} in '{location}'")),
    };
    external(location, number("offset")?.unwrap_or(0), number("length")?)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "32-bit data is written as 64-bit numbers"
)]
fn listed(proto: &TensorProto<'_>, kind: Kind) -> Data {
    match kind {
        Kind::Single => Data::Single(proto.floats.clone()),
        Kind::Double => Data::Double(proto.doubles.clone()),
        Kind::Int => Data::Int(proto.ints.iter().map(|value| *value as i32).collect()),
        Kind::Long => Data::Long(proto.longs.clone()),
        Kind::Truth => Data::Truth(proto.ints.iter().map(|value| *value != 0).collect()),
        Kind::Text => Data::Text(
            proto
                .texts
                .iter()
                .map(|text| Arc::from(text.as_str()))
                .collect(),
        ),
    }
}

fn raw(bytes: &[u8], kind: Kind, element: i64) -> Result<Data, String> {
    fn chunks<const N: usize>(bytes: &[u8]) -> Result<&[[u8; N]], String> {
        match bytes.as_chunks::<N>() {
            (chunks, []) => Ok(chunks),
            (_, _) => Err(format!("its {} bytes are no multiple of {N}", bytes.len())),
        }
    }
    if bytes.len() / 8 > MAX_ELEMENTS {
        return Err(format!("it has more than {MAX_ELEMENTS} elements"));
    }
    Ok(match kind {
        Kind::Single => Data::Single(
            chunks(bytes)?
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect(),
        ),
        Kind::Double => Data::Double(
            chunks(bytes)?
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect(),
        ),
        Kind::Long => Data::Long(
            chunks(bytes)?
                .iter()
                .map(|b| i64::from_le_bytes(*b))
                .collect(),
        ),
        Kind::Truth => Data::Truth(bytes.iter().map(|byte| *byte != 0).collect()),
        Kind::Text => return Err("texts cannot be raw bytes".to_owned()),
        Kind::Int => Data::Int(match element {
            2 => bytes.iter().map(|byte| i32::from(*byte)).collect(),
            3 => bytes
                .iter()
                .map(|byte| i32::from(byte.cast_signed()))
                .collect(),
            4 => chunks(bytes)?
                .iter()
                .map(|b| i32::from(u16::from_le_bytes(*b)))
                .collect(),
            5 => chunks(bytes)?
                .iter()
                .map(|b| i32::from(i16::from_le_bytes(*b)))
                .collect(),
            _ => chunks(bytes)?
                .iter()
                .map(|b| i32::from_le_bytes(*b))
                .collect(),
        }),
    })
}
