//! Times predictions of a model file.
//!
//! In: `time_predict MODEL ROWS N_ROWS REPEATS`, where `ROWS` holds the model's inputs column by
//! column as little-endian doubles, NaN for missing. Out: one line of JSON with the mean CPU and the
//! least wall seconds for all rows, the least microseconds for a single row, and the sum of the predictions.
//!
//! As many threads are used as the process may run on processors: restrict it with `taskset`.

#![expect(clippy::print_stdout, reason = "its answer is its standard output")]
#![expect(
    clippy::disallowed_methods,
    reason = "reading the clock is what it is for"
)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use interlock_model::{Batch, BatchColumn, BatchValues, Limits, Model, open};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, rows, n_rows, repeats] = arguments.as_slice() else {
        return Err("usage: time_predict MODEL ROWS N_ROWS REPEATS".into());
    };
    let (n_rows, repeats): (usize, usize) = (n_rows.parse()?, repeats.parse()?);
    let model = open(Path::new(model), &Limits::default())?;
    let bytes = std::fs::read(rows)?;
    let numbers: Vec<f64> = bytes
        .chunks_exact(8)
        .filter_map(|chunk| chunk.try_into().ok().map(f64::from_le_bytes))
        .collect();
    let columns: Vec<&[f64]> = numbers.chunks_exact(n_rows.max(1)).collect();
    let mut total = 0.0;
    let mut wall = f64::INFINITY;
    model.predict(&batch(model.as_ref(), &columns, 0..n_rows))?;
    let cpu_before = cpu_seconds()?;
    for _ in 0..repeats {
        let before = Instant::now();
        let predictions = model.predict(&batch(model.as_ref(), &columns, 0..n_rows))?;
        wall = wall.min(before.elapsed().as_secs_f64());
        total = predictions.iter().sum();
    }
    // Ticks are coarse: only many repeats together can be told.
    let cpu = (cpu_seconds()? - cpu_before) / repeats.max(1) as f64;
    let single = single_row(model.as_ref(), &columns, n_rows)?;
    println!(
        "{{\"cpu\": {cpu}, \"wall\": {wall}, \"single_row_microseconds\": {single}, \"total\": {total}}}"
    );
    Ok(())
}

fn batch<'a>(
    model: &'a dyn Model,
    columns: &[&'a [f64]],
    rows: std::ops::Range<usize>,
) -> Batch<'a> {
    let features = model.info().features.iter().zip(columns);
    Batch {
        n_rows: rows.len(),
        columns: features
            .map(|(feature, column)| BatchColumn {
                name: &feature.name,
                values: BatchValues::Numeric(&column[rows.clone()]),
            })
            .collect(),
    }
}

/// The least microseconds of a row by itself, over groups of 100 rows.
fn single_row(model: &dyn Model, columns: &[&[f64]], n_rows: usize) -> Result<f64, Box<dyn Error>> {
    const GROUP: usize = 100;
    let mut least = f64::INFINITY;
    for first in (0..n_rows.saturating_sub(GROUP)).step_by(GROUP).take(50) {
        let before = Instant::now();
        for row in first..first + GROUP {
            std::hint::black_box(model.predict(&batch(model, columns, row..row + 1))?);
        }
        least = least.min(before.elapsed().as_secs_f64() / GROUP as f64 * 1e6);
    }
    Ok(least)
}

/// Processor time of all threads of this process so far.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    // Fields 14 and 15 of proc(5), user and system time in ticks of 10 ms.
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
