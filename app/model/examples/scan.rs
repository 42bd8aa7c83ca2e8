//! Prints what files would do when loaded, one JSON line each: `scan FILE…`.
//!
//! In: paths. Out: kind, verdict, reasons and imports. `fixtures/scan/differential.py` compares these
//! with what Python's own unpickler asks for.

use std::path::Path;

use interlock_model::scan::{ScanLimits, scan};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let scan = scan(Path::new(&path), &ScanLimits::default())?;
        let imports: Vec<_> = scan
            .imports
            .iter()
            .map(|import| [import.module.as_str(), import.name.as_str()])
            .collect();
        let findings: Vec<_> = scan.findings.iter().map(|finding| finding.code).collect();
        let line = serde_json::json!({
            "path": path,
            "kind": scan.kind.to_string(),
            "verdict": scan.verdict.to_string(),
            "reasons": scan.reasons,
            "imports": imports,
            "findings": findings,
            "advice": scan.advice,
        });
        println!("{line}");
    }
    Ok(())
}
