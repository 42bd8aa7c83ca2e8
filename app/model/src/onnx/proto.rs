//! The messages of an ONNX file, as far as predicting needs them.
//!
//! In: the bytes of a file. Out: what they say, borrowed where it is large; nothing is interpreted.
//!
//! Source: `onnx.proto` of the ONNX standard (field numbers, kinds of attributes, types of elements).

use crate::onnx::protobuf::{Fields, Wire};

/// Graphs within graphs, at most.
const MAX_DEPTH: usize = 8;

/// A file.
#[derive(Debug, Default)]
pub(super) struct ModelProto<'a> {
    pub(super) ir_version: i64,
    pub(super) producer_name: String,
    pub(super) producer_version: String,
    /// Domain and version.
    pub(super) opsets: Vec<(String, i64)>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) graph: Option<GraphProto<'a>>,
    pub(super) n_functions: usize,
}

#[derive(Debug, Default)]
pub(super) struct GraphProto<'a> {
    pub(super) nodes: Vec<NodeProto<'a>>,
    pub(super) initializers: Vec<TensorProto<'a>>,
    pub(super) has_sparse: bool,
    pub(super) inputs: Vec<ValueProto>,
    pub(super) outputs: Vec<ValueProto>,
}

#[derive(Debug, Default)]
pub(super) struct NodeProto<'a> {
    pub(super) name: String,
    pub(super) op_type: String,
    pub(super) domain: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) attributes: Vec<(String, Attribute<'a>)>,
}

#[derive(Debug)]
pub(super) enum Attribute<'a> {
    Float(f32),
    Int(i64),
    Text(String),
    Tensor(TensorProto<'a>),
    Graph(Box<GraphProto<'a>>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    /// One of the kinds no supported operator has.
    Other,
}

#[derive(Debug, Default, Clone)]
pub(super) struct TensorProto<'a> {
    pub(super) name: String,
    pub(super) dims: Vec<i64>,
    pub(super) element: i64,
    pub(super) raw: Option<&'a [u8]>,
    pub(super) floats: Vec<f32>,
    pub(super) doubles: Vec<f64>,
    /// `int32_data`, which also holds truth values and small integers.
    pub(super) ints: Vec<i64>,
    pub(super) longs: Vec<i64>,
    pub(super) texts: Vec<String>,
    pub(super) is_external: bool,
    pub(super) external: Vec<(String, String)>,
}

/// An input or output as declared.
#[derive(Debug, Default, Clone)]
pub(super) struct ValueProto {
    pub(super) name: String,
    /// Type of the elements; 0 if it is no tensor.
    pub(super) element: i64,
    /// Sizes; `None` where a size is open. `None` as a whole if nothing is declared.
    pub(super) dims: Option<Vec<Option<i64>>>,
}

impl<'a> ModelProto<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// A sentence with the place.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut model = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => model.ir_version = value.int()?,
                2 => model.producer_name = value.text()?,
                3 => model.producer_version = value.text()?,
                7 => model.graph = Some(GraphProto::read(value.bytes()?, 0)?),
                8 => model.opsets.push(opset(value.bytes()?)?),
                14 => model.metadata.push(entry(value.bytes()?)?),
                25 => model.n_functions += 1,
                _ => {}
            }
        }
        Ok(model)
    }
}

/// Whether bytes begin as an ONNX file does: a small `ir_version`, then fields of a model.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    let mut fields = Fields::new(bytes);
    let is_known = |number: u64, value: Wire<'_>| match value {
        Wire::Varint(_) => matches!(number, 1 | 5),
        Wire::Bytes(_) => matches!(number, 2..=4 | 6..=8 | 14 | 20 | 25 | 26),
        Wire::Eight(_) | Wire::Four(_) => false,
    };
    let first = fields.next();
    if !matches!(first, Ok(Some((1, Wire::Varint(1..=1000))))) {
        return false;
    }
    // A cut file still counts: what is missing is said when it is read.
    match fields.next() {
        Ok(Some((number, value))) => is_known(number, value),
        Ok(None) => true,
        Err(_) => matches!(
            bytes.get(2),
            Some(0x12 | 0x1a | 0x22 | 0x32 | 0x3a | 0x42 | 0x72)
        ),
    }
}

fn opset(bytes: &[u8]) -> Result<(String, i64), String> {
    let mut opset = (String::new(), 0);
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => opset.0 = value.text()?,
            2 => opset.1 = value.int()?,
            _ => {}
        }
    }
    Ok(opset)
}

fn entry(bytes: &[u8]) -> Result<(String, String), String> {
    let mut entry = (String::new(), String::new());
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => entry.0 = value.text()?,
            2 => entry.1 = value.text()?,
            _ => {}
        }
    }
    Ok(entry)
}

impl<'a> GraphProto<'a> {
    fn read(bytes: &'a [u8], depth: usize) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("graphs are nested more than {MAX_DEPTH} deep"));
        }
        let mut graph = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => graph.nodes.push(NodeProto::read(value.bytes()?, depth)?),
                5 => graph.initializers.push(TensorProto::read(value.bytes()?)?),
                11 => graph.inputs.push(ValueProto::read(value.bytes()?)?),
                12 => graph.outputs.push(ValueProto::read(value.bytes()?)?),
                15 => graph.has_sparse = true,
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> NodeProto<'a> {
    fn read(bytes: &'a [u8], depth: usize) -> Result<Self, String> {
        let mut node = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => node.inputs.push(value.text()?),
                2 => node.outputs.push(value.text()?),
                3 => node.name = value.text()?,
                4 => node.op_type = value.text()?,
                5 => node.attributes.push(attribute(value.bytes()?, depth)?),
                7 => node.domain = value.text()?,
                _ => {}
            }
        }
        Ok(node)
    }
}

/// An attribute's name and value. Its kind is `type`; very old files leave it out, so that the field
/// that is there decides.
fn attribute(bytes: &[u8], depth: usize) -> Result<(String, Attribute<'_>), String> {
    let mut name = String::new();
    let mut kind = 0;
    let (mut float, mut int, mut text) = (0.0, 0, String::new());
    let (mut floats, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tensor, mut graph) = (None, None);
    let mut seen = 0;
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => name = value.text()?,
            2 => float = value.float()?,
            3 => int = value.int()?,
            4 => text = value.text()?,
            5 => tensor = Some(TensorProto::read(value.bytes()?)?),
            6 => graph = Some(Box::new(GraphProto::read(value.bytes()?, depth + 1)?)),
            7 => value.floats(&mut floats)?,
            8 => value.ints(&mut ints)?,
            9 => texts.push(value.text()?),
            20 => kind = value.int()?,
            _ => {}
        }
        if (2..=9).contains(&number) {
            seen = number;
        }
    }
    let kind = if kind == 0 {
        i64::try_from(seen).unwrap_or(0) - 1
    } else {
        kind
    };
    let value = match (kind, tensor, graph) {
        (1, _, _) => Attribute::Float(float),
        (2, _, _) => Attribute::Int(int),
        (3, _, _) => Attribute::Text(text),
        (4, Some(tensor), _) => Attribute::Tensor(tensor),
        (5, _, Some(graph)) => Attribute::Graph(graph),
        (6, _, _) => Attribute::Floats(floats),
        (7, _, _) => Attribute::Ints(ints),
        (8, _, _) => Attribute::Texts(texts),
        _ => Attribute::Other,
    };
    Ok((name, value))
}

impl<'a> TensorProto<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut tensor = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => value.ints(&mut tensor.dims)?,
                2 => tensor.element = value.int()?,
                4 => value.floats(&mut tensor.floats)?,
                5 => value.ints(&mut tensor.ints)?,
                6 => tensor.texts.push(value.text()?),
                7 => value.ints(&mut tensor.longs)?,
                8 => tensor.name = value.text()?,
                9 => tensor.raw = Some(value.bytes()?),
                10 => value.doubles(&mut tensor.doubles)?,
                13 => tensor.external.push(entry(value.bytes()?)?),
                14 => tensor.is_external = value.int()? == 1,
                _ => {}
            }
        }
        Ok(tensor)
    }
}

impl ValueProto {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut info = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => info.name = value.text()?,
                2 => info.read_type(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(info)
    }

    fn read_type(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut kinds = Fields::new(bytes);
        while let Some((number, value)) = kinds.next()? {
            if number != 1 {
                continue;
            }
            let mut fields = Fields::new(value.bytes()?);
            while let Some((number, value)) = fields.next()? {
                match number {
                    1 => self.element = value.int()?,
                    2 => self.dims = Some(dims(value.bytes()?)?),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Sizes; open where a dimension has a name, nothing, or (as some converters write it) zero or less.
fn dims(bytes: &[u8]) -> Result<Vec<Option<i64>>, String> {
    let mut dims = Vec::new();
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if number != 1 {
            continue;
        }
        let mut dim = None;
        let mut parts = Fields::new(value.bytes()?);
        while let Some((number, value)) = parts.next()? {
            if number == 1 {
                dim = Some(value.int()?).filter(|size| *size > 0);
            }
        }
        dims.push(dim);
    }
    Ok(dims)
}
