//! Opens any bytes as a model file, predicts two rows with what opens, and scans them: nothing may
//! panic, overflow or run without end.
//!
//! In: bytes that libFuzzer makes of the fixtures. Out: a crash, or nothing. See `run`.

#![no_main]

use std::io::Write as _;

use interlock_model::scan::{ScanLimits, scan_bytes};
use interlock_model::{Batch, BatchColumn, BatchValues, Limits, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _verdict = scan_bytes(bytes, &ScanLimits::default());
    let Ok(mut file) = tempfile::NamedTempFile::new_in("/dev/shm") else {
        return;
    };
    if file.write_all(bytes).is_err() {
        return;
    }
    let limits = Limits {
        n_bytes: 1 << 20,
        ..Limits::default()
    };
    let Ok(model) = open(file.path(), &limits) else {
        return;
    };
    let numbers = [0.5, f64::NAN];
    let names: Vec<String> = model.info().features.iter().map(|f| f.name.clone()).collect();
    if names.len() > 10_000 {
        return;
    }
    let batch = Batch {
        n_rows: 2,
        columns: names
            .iter()
            .map(|name| BatchColumn {
                name,
                values: BatchValues::Numeric(&numbers),
            })
            .collect(),
    };
    let _answer = model.predict(&batch);
    let _answer = model.margins(&batch);
    let _trees = model.ensemble();
});
