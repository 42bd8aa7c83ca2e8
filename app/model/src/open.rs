//! Opens a model file by what its bytes are, not by its name.

use std::path::Path;

use crate::error::ModelError;
use crate::learned::{self, Learned};
use crate::limits::Limits;
use crate::{Model, catboost, xgboost};

/// Opens a model file. Nothing in it is ever executed.
///
/// # Errors
/// If it cannot be read, is of an unknown kind, is damaged, or is larger than `limits`.
pub fn open(path: &Path, limits: &Limits) -> Result<Box<dyn Model>, ModelError> {
    let failed = |source| ModelError::File {
        path: path.to_owned(),
        source,
    };
    let n_bytes = std::fs::metadata(path).map_err(failed)?.len();
    if n_bytes > limits.n_bytes {
        return Err(ModelError::TooLarge(format!(
            "{n_bytes} bytes, the limit is {}",
            limits.n_bytes
        )));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    if bytes.starts_with(learned::MAGIC) {
        return Ok(Box::new(Learned::read(&bytes, limits)?));
    }
    if catboost::is_binary(&bytes) || catboost::is_json(&bytes) {
        return Ok(Box::new(catboost::read(&bytes, limits)?));
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
        && !bytes.starts_with(b"{L")
    {
        return Ok(Box::new(xgboost::read(&bytes, limits)?));
    }
    let (seen, advice) = describe(&bytes);
    Err(ModelError::Unknown {
        path: path.to_owned(),
        seen: seen.to_owned(),
        advice: advice.to_owned(),
    })
}

/// What a file looks like that is not read, and what to do about it.
fn describe(bytes: &[u8]) -> (&'static str, &'static str) {
    const EXPORT: &str = "it is never loaded, because loading it runs code; export the model, for XGBoost with save_model(\"model.json\")";
    match bytes {
        [] => ("empty", "save the model again"),
        [0x80, 2..=5, ..] => ("a Python pickle", EXPORT),
        [b'P', b'K', 3, 4, ..] => ("a zip archive (PyTorch, joblib or skops)", EXPORT),
        [0x89, b'H', b'D', b'F', ..] => ("an HDF5 file (Keras)", EXPORT),
        [b'{', b'L', ..] => ("XGBoost UBJSON", "save it with save_model(\"model.json\")"),
        [b't', b'r', b'e', b'e', b'\n', ..] => {
            ("a LightGBM text model", "this version reads XGBoost JSON")
        }
        [b'b', b'i', b'n', b'f', ..] => (
            "XGBoost's old binary format",
            "save it with save_model(\"model.json\")",
        ),
        _ => (
            "of an unknown kind",
            "this version reads XGBoost JSON and models trained here",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        match open(
            file.path(),
            &Limits {
                n_bytes: 1000,
                ..Limits::default()
            },
        ) {
            Ok(_) => "opened".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        assert!(message(b"").contains("empty"));
        assert!(message(b"\x80\x04\x95rest").contains("a Python pickle; it is never loaded"));
        assert!(message(b"{L\x00").contains("UBJSON"));
        assert!(message(b"tree\nversion=v4").contains("LightGBM"));
        assert!(message(&[7; 2000]).contains("2000 bytes, the limit is 1000"));
        assert!(message(b"ILMODEL1junk").contains("damaged"));
        assert!(message(b"{\"a\": 1}").contains("learner"));
    }
}
