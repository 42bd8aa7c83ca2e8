//! Opens a model file by what its bytes are, not by its name.

use std::path::Path;

use crate::error::ModelError;
use crate::learned::{self, Learned};
use crate::limits::Limits;
use crate::scan::{self, FileKind, ScanLimits};
use crate::{Model, catboost, lightgbm, onnx, xgboost};

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
    // Before XGBoost, which takes whatever else is JSON.
    if catboost::is_binary(&bytes) || catboost::is_json(&bytes) {
        return Ok(Box::new(catboost::read(&bytes, limits)?));
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return Ok(Box::new(xgboost::read(&bytes, limits)?));
    }
    if bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n") {
        return Ok(Box::new(lightgbm::read(&bytes, limits)?));
    }
    if onnx::is_model(&bytes) {
        return Ok(Box::new(onnx::read(&bytes, path, limits)?));
    }
    let (seen, advice) = by_scan(&bytes).unwrap_or_else(|| {
        let (seen, advice) = describe(&bytes);
        (seen.to_owned(), advice.to_owned())
    });
    Err(ModelError::Unknown {
        path: path.to_owned(),
        seen,
        advice,
    })
}

/// What a pickle or an archive is, by the scan, and what to do about it.
fn by_scan(bytes: &[u8]) -> Option<(String, String)> {
    let scan = scan::scan_bytes(bytes, &ScanLimits::default());
    if matches!(scan.kind, FileKind::NotDangerous(_) | FileKind::Unknown) {
        return None;
    }
    let (seen, advice) = scan.advice.split_once("; ")?;
    Some((seen.to_owned(), advice.to_owned()))
}

/// What a file looks like that is not read, and what to do about it.
fn describe(bytes: &[u8]) -> (&'static str, &'static str) {
    match bytes {
        [] => ("empty", "save the model again"),
        [b'b', b'o', b'o', b's', b't', b'e', b'r', b'[', ..] => (
            "an XGBoost text dump, which lacks the base score and the objective",
            "save it with save_model(\"model.json\")",
        ),
        [b'b', b'i', b'n', b'f', ..] => (
            "XGBoost's old binary format",
            "save it with save_model(\"model.json\")",
        ),
        _ => (
            "of an unknown kind",
            "XGBoost JSON and UBJSON, LightGBM text, CatBoost JSON and cbm, ONNX and models trained here are read; a Python model is served with format = \"python\"",
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
        assert!(message(b"{L\x00").contains("the xgboost-ubjson model is damaged"));
        assert!(message(b"booster[0]:\n0:[f0<1]").contains("an XGBoost text dump"));
        assert!(message(b"binf\x00").contains("XGBoost's old binary format; save it with"));
        assert!(
            message(b"\x80\x02cos\nsystem\n)R.").contains("it is dangerous (calls 'os.system'")
        );
        assert!(
            message(b"\x80\x02csklearn.pipeline\nPipeline\n)\x81.")
                .contains("is a Python pickle of sklearn.pipeline.Pipeline; it is never loaded")
        );
        assert!(message(b"tree\nversion=v4").contains("lightgbm-text model is damaged"));
        assert!(message(&[7; 2000]).contains("2000 bytes, the limit is 1000"));
        assert!(message(b"ILMODEL1junk").contains("damaged"));
        assert!(message(b"{\"a\": 1}").contains("learner"));
    }
}
