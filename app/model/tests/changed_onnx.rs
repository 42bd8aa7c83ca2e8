//! ONNX files with bytes changed or cut off: opening and predicting end, with an answer or an error.
//!
//! In: the fixtures. Out: nothing but that nothing panics. `damaged_onnx.rs` has the messages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use interlock_model::{
    Batch, BatchColumn, BatchValues, FeatureInfo, FeatureKind, Limits, Model, open,
};

fn predicted(model: &dyn Model) -> Result<Vec<f64>, String> {
    let (ones, words) = ([1.0, 1.0], ["a".to_owned()]);
    let values = |feature: &FeatureInfo| match feature.kind {
        FeatureKind::Text => BatchValues::Categorical {
            codes: &[0, u32::MAX],
            categories: &words,
        },
        _ => BatchValues::Numeric(&ones),
    };
    let features = &model.info().features;
    let columns = features.iter().map(|feature| BatchColumn {
        name: &feature.name,
        values: values(feature),
    });
    let batch = Batch {
        n_rows: 2,
        columns: columns.collect(),
    };
    model.predict(&batch).map_err(|error| error.to_string())
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/onnx");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "onnx")
    });
    paths.sort();
    paths
}

/// Opens damaged bytes and predicts; whether they opened.
fn survives(path: &Path, damaged: &[u8]) -> bool {
    std::fs::write(path, damaged).unwrap();
    match open(path, &Limits::default()) {
        Ok(model) => {
            if let Ok(figures) = predicted(&*model) {
                assert_eq!(figures.len(), 2 * model.info().n_outputs);
            }
            let _trees = model.ensemble();
            true
        }
        Err(_) => false,
    }
}

/// Whatever is wrong with a file, opening and predicting end with an answer or an error.
#[test]
fn changed_bytes_do_no_harm() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let (mut n_opened, mut n_refused) = (0, 0);
    for path in fixtures() {
        let whole = std::fs::read(&path).unwrap();
        let is_small = whole.len() < 1500;
        for _ in 0..if is_small { 250 } else { 30 } {
            let mut damaged = whole.clone();
            for _ in 0..1 + next(3) {
                let at = next(damaged.len());
                damaged[at] = match next(4) {
                    0 => damaged[at] ^ 1 << next(8),
                    1 => 0xff,
                    2 => damaged[at].wrapping_add(1),
                    _ => u8::try_from(next(256)).unwrap(),
                };
            }
            if survives(file.path(), &damaged) {
                n_opened += 1;
            } else {
                n_refused += 1;
            }
        }
    }
    assert!(
        n_opened > 1000 && n_refused > 1000,
        "{n_opened} opened, {n_refused} refused"
    );
}

#[test]
fn cut_files_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in fixtures() {
        let whole = std::fs::read(&path).unwrap();
        let step = if whole.len() < 1500 { 1 } else { 97 };
        for length in (0..whole.len()).step_by(step) {
            survives(file.path(), &whole[..length]);
        }
    }
}
