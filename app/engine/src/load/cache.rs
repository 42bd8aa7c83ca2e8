//! A batch ↔ its cache file.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;

use crate::fingerprint::Fingerprint;

/// The cache file of a table.
pub(crate) fn table_path(cache_dir: &Path, content: Fingerprint) -> PathBuf {
    cache_dir.join(format!("{content}.arrow"))
}

/// Writes a table under its final name; nobody ever sees half of it.
pub(crate) fn write_table(path: &Path, batch: &RecordBatch) -> io::Result<()> {
    replace(path, |file| {
        let mut writer = FileWriter::try_new(BufWriter::new(file), batch.schema_ref())
            .map_err(io::Error::other)?;
        writer.write(batch).map_err(io::Error::other)?;
        let buffered = writer.into_inner().map_err(io::Error::other)?;
        buffered
            .into_inner()
            .map(drop)
            .map_err(io::IntoInnerError::into_error)
    })
}

/// Writes a file beside its final name, then renames it into place. Not forced to disk: a cache
/// lost in a power cut is made anew.
pub(crate) fn replace(path: &Path, write: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", process::id()));
    let written = File::create_new(&temporary)
        .and_then(write)
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What matters is the first error; a file left over is pruned later.
        fs::remove_file(&temporary).ok();
    }
    written
}
