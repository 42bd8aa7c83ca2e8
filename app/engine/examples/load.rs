//! Loads one table and prints what came out: `load FILE… CACHE_DIR`. Timed from outside by
//! `benches/against_pandas.py`.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};

use interlock_engine::load::{LoadSpec, load};

fn main() {
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let cache = files.pop().unwrap_or_default();
    let spec = LoadSpec {
        files,
        ..LoadSpec::default()
    };
    let loaded = load(&spec, Path::new("."), &cache);
    for problem in &loaded.problems {
        println!(
            "{}:{} {}",
            problem.file,
            problem.line.unwrap_or(0),
            problem.message
        );
    }
    if let Some(table) = loaded.table {
        println!("{} rows, content {}", table.n_rows, table.content.short());
        for column in &table.columns {
            let (kind, n_missing) = (column.kind, column.n_missing);
            println!("{}: {kind:?}, {n_missing} missing", column.name);
        }
    }
}
