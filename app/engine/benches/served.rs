//! What asking a Python model costs beside the model: one row, and many rows of 14 numbers.
//!
//! Run with `INTERLOCK_TEST_PYTHON=…/python cargo bench -p interlock-engine --bench served`; needs
//! numpy. The model returns its first column, so that what is left is the way there and back.

use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock_engine::config::PythonSource;
use interlock_engine::model_server::{PythonPlan, start};
use interlock_model::{Batch, BatchColumn, BatchValues, Model as _};
use interlock_plugin_api::facts::Task;

const N_COLUMNS: usize = 14;

fn benches(criterion: &mut Criterion) {
    let python = std::env::var_os("INTERLOCK_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let folder = tempfile::tempdir().expect("a folder for the bench");
    let source = "def predict(columns):\n    return columns['x0']\n";
    std::fs::write(folder.path().join("first.py"), source).expect("the model can be written");
    let plan = PythonPlan {
        source: PythonSource {
            interpreter: PathBuf::from(python),
            path: None,
            entry: Some("first:predict".to_owned()),
            timeout: Duration::from_secs(30),
        },
        root: folder.path().to_owned(),
        task: Task::Regression,
        positive: None,
        features: Vec::new(),
        attempt: 0,
    };
    let served = start(&plan).expect("the model is served");
    let remote = served.remote().expect("the model can be asked");
    let names: Vec<String> = (0..N_COLUMNS).map(|at| format!("x{at}")).collect();
    for n_rows in [1, 100_000] {
        let values = vec![0.5; n_rows];
        let batch = Batch {
            n_rows,
            columns: names
                .iter()
                .map(|name| BatchColumn {
                    name,
                    values: BatchValues::Numeric(&values),
                })
                .collect(),
        };
        let mut group = criterion.benchmark_group("ask a Python model");
        group.throughput(Throughput::Elements(n_rows as u64));
        group.bench_function(format!("{n_rows} x {N_COLUMNS}"), |bencher| {
            bencher.iter(|| remote.predict(&batch));
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
