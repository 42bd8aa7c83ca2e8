//! ONNX Runtime, loaded where the user has it, for graphs with operators that are not ours.
//!
//! In: a file, and values for its inputs. Out: what its outputs are.
//!
//! Only with the feature `onnxruntime`, and only if `ORT_DYLIB_PATH` names the library: that library
//! is trusted, and with it whatever it makes of a file. One thread per session, so that the number of
//! processors changes nothing.

use std::path::Path;
use std::sync::Arc;

use crate::onnx::tensor::Tensor;

/// The variable that names the library.
pub(super) const LIBRARY: &str = "ORT_DYLIB_PATH";

/// An open graph, which runs elsewhere.
pub(super) struct Session(loaded::Session);

/// Whether graphs can be run elsewhere.
pub(super) fn is_there() -> bool {
    loaded::IS_BUILT && std::env::var_os(LIBRARY).is_some_and(|path| !path.is_empty())
}

/// What to do to have a graph run elsewhere; `None` if it would not help.
pub(super) fn advice() -> Option<String> {
    loaded::IS_BUILT
        .then(|| format!("or set {LIBRARY} to the library of ONNX Runtime, which then runs it"))
}

impl Session {
    /// Opens a file.
    ///
    /// # Errors
    /// If the library cannot be loaded, or does not take the file.
    pub(super) fn open(path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let library = std::env::var_os(LIBRARY).unwrap_or_default();
        loaded::Session::open(Path::new(&library), path, bytes).map(Self)
    }

    /// The outputs, for inputs by name; empty text for an output that is no tensor.
    ///
    /// # Errors
    /// If it fails.
    pub(super) fn run(
        &self,
        inputs: &[(String, Arc<Tensor>)],
        outputs: &[String],
    ) -> Result<Vec<Arc<Tensor>>, String> {
        self.0.run(inputs, outputs)
    }
}

/// Without the feature: there is no session.
#[cfg(not(feature = "onnxruntime"))]
mod loaded {
    use std::path::Path;
    use std::sync::Arc;

    use crate::onnx::tensor::Tensor;

    pub(super) const IS_BUILT: bool = false;

    pub(super) enum Session {}

    impl Session {
        pub(super) fn open(_library: &Path, _path: &Path, _bytes: &[u8]) -> Result<Self, String> {
            Err("this program is built without ONNX Runtime".to_owned())
        }

        pub(super) fn run(
            &self,
            _inputs: &[(String, Arc<Tensor>)],
            _outputs: &[String],
        ) -> Result<Vec<Arc<Tensor>>, String> {
            match *self {}
        }
    }
}

#[cfg(feature = "onnxruntime")]
mod loaded;
