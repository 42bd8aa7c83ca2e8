//! Sessions of the loaded library.
//!
//! In: values by name. Out: values. Knows no model beyond that.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::{SessionInputValue, builder::SessionBuilder};
use ort::value::{DynValue, Shape, TensorElementType, ValueType};

use crate::onnx::tensor::{Data, Tensor};

pub(super) const IS_BUILT: bool = true;

/// The library stays loaded, and is loaded once.
static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

/// A session per thread that may ask at once.
pub(super) struct Session(Vec<Mutex<ort::session::Session>>);

impl Session {
    pub(super) fn open(library: &Path, path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let environment = ENVIRONMENT.get_or_init(|| environment(library));
        let environment = environment.as_ref().map_err(Clone::clone)?;
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        let sessions = (0..n_threads.min(MAX_SESSIONS))
            .map(|_| open(environment, path, bytes).map(Mutex::new))
            .collect::<Result<_, String>>()?;
        Ok(Self(sessions))
    }

    pub(super) fn run(
        &self,
        inputs: &[(String, Arc<Tensor>)],
        outputs: &[String],
    ) -> Result<Vec<Arc<Tensor>>, String> {
        let values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = inputs
            .iter()
            .map(|(name, tensor)| Ok((Cow::Borrowed(name.as_str()), given(tensor)?.into())))
            .collect::<Result<_, ort::Error>>()
            .map_err(told)?;
        // The one that is free, or the first one that becomes so: all give the same.
        let mut session = match self.0.iter().find_map(|session| session.try_lock().ok()) {
            Some(session) => session,
            None => self.0[0].lock().unwrap_or_else(PoisonError::into_inner),
        };
        let found = session.run(values).map_err(told)?;
        outputs
            .iter()
            .map(|name| {
                let value = found.get(name).ok_or("it does not give its outputs")?;
                taken(value).map(Arc::new)
            })
            .collect()
    }
}

/// Sessions hold the weights each.
const MAX_SESSIONS: usize = 4;

fn environment(library: &Path) -> Result<Environment, String> {
    let named = |reason: String| {
        format!(
            "the library of ONNX Runtime, '{}', cannot be used: {reason}",
            library.display()
        )
    };
    // Its warnings would go to the terminal.
    let silent = Arc::new(|_, _: &str, _: &str, _: &str, _: &str| {});
    ort::init_from(library)
        .map_err(|error| named(error.to_string()))?
        .with_name("interlock")
        .with_telemetry(false)
        .with_logger(silent)
        .build()
        .map_err(|error| named(error.to_string()))
}

fn open(
    environment: &Environment,
    path: &Path,
    bytes: &[u8],
) -> Result<ort::session::Session, String> {
    let builder = || -> Result<SessionBuilder, ort::Error> {
        let builder = ort::session::Session::builder(environment)?;
        let builder = builder.with_intra_threads(1)?;
        Ok(builder.with_inter_threads(1)?)
    };
    let mut builder = builder().map_err(told)?;
    // The bytes that were looked at; what lies beside the file is found by its path only.
    builder
        .commit_from_memory(bytes)
        .or_else(|_| builder.commit_from_file(path))
        .map_err(told)
}

fn told(error: impl std::fmt::Display) -> String {
    format!("ONNX Runtime: {error}")
}

fn given(tensor: &Tensor) -> Result<DynValue, ort::Error> {
    let shape = tensor.shape.clone();
    Ok(match &tensor.data {
        Data::Single(list) => ort::value::Tensor::from_array((shape, list.clone()))?.into_dyn(),
        Data::Double(list) => ort::value::Tensor::from_array((shape, list.clone()))?.into_dyn(),
        Data::Int(list) => ort::value::Tensor::from_array((shape, list.clone()))?.into_dyn(),
        Data::Long(list) => ort::value::Tensor::from_array((shape, list.clone()))?.into_dyn(),
        Data::Truth(list) => ort::value::Tensor::from_array((shape, list.clone()))?.into_dyn(),
        Data::Text(list) => {
            let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
            ort::value::Tensor::from_string_array((shape, texts.as_slice()))?.into_dyn()
        }
    })
}

fn taken(value: &DynValue) -> Result<Tensor, String> {
    fn list<'v, T: ort::value::PrimitiveTensorElementType + Copy + 'v>(
        value: &'v DynValue,
        data: impl Fn(Vec<T>) -> Data,
    ) -> Result<(&'v Shape, Data), ort::Error> {
        let (shape, list) = value.try_extract_tensor::<T>()?;
        Ok((shape, data(list.to_vec())))
    }
    let found = match value.dtype() {
        ValueType::Tensor { ty, .. } => match ty {
            TensorElementType::Float32 => list(value, Data::Single),
            TensorElementType::Float64 => list(value, Data::Double),
            TensorElementType::Int32 => list(value, Data::Int),
            TensorElementType::Int64 => list(value, Data::Long),
            TensorElementType::Bool => list(value, Data::Truth),
            TensorElementType::String => value.try_extract_strings().map(|(shape, texts)| {
                let texts = texts.into_iter().map(Arc::from).collect();
                (shape, Data::Text(texts))
            }),
            other => return Err(format!("it gives elements of type {other:?}")),
        },
        // A list of dictionaries, as ZipMap gives it.
        _ => return Tensor::new(vec![0], Data::Text(Vec::new())),
    };
    let (shape, data) = found.map_err(told)?;
    let shape = shape
        .iter()
        .map(|size| usize::try_from(*size).unwrap_or(0))
        .collect();
    Tensor::new(shape, data)
}
