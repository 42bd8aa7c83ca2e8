//! The check `adversarial.model-file`: would loading the model's file run code?
//!
//! In: what the host saw in the file, without loading it. Out: a verdict, the imports behind it, and
//! how to get a model that is only data. Looks at no table and asks no model.

use interlock_plugin_api::facts::{FileImport, FileStanding, ModelFile};
use interlock_plugin_api::{
    Chart, CheckError, Context, Finding, Metric, Outcome, Params, Severity, TableRow, Verdict,
    View, check,
};
use serde::{Deserialize, Serialize};

/// Findings of one kind that are listed one by one.
const MAX_FINDINGS: usize = 20;

/// Lines of the table of imports.
const MAX_LINES: usize = 500;

/// Settings of the check.
#[derive(Debug, Default, Params, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Imports you have looked at: `acme.features.Binner`, or `acme.*` for a package.
    known: Vec<String>,
}

#[check(
    id = "adversarial.model-file",
    title = "Safety of the model's file",
    stage = "robustness",
    needs(model_file),
    codes(
        AD021 = "loading the file would run dangerous code",
        AD022 = "the file would import what is not known",
        AD023 = "the file holds what no library writes",
        AD024 = "part of the file could not be read"
    ),
    cost = "quick",
    cadence_days = 7,
    docs = "model_file.md"
)]
pub(crate) fn model_file(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
    let file = ctx.facts().model_file.as_ref();
    let file = file.ok_or_else(|| CheckError::missing_input("the model is no file"))?;
    Ok(outcome(file, &settings.known))
}

/// What is to be thought of an import once the reader's own list is known.
fn standing(import: &FileImport, known: &[String]) -> FileStanding {
    let is_listed = known.iter().any(|known| match known.strip_suffix('*') {
        Some(package) => import.name.starts_with(package),
        None => import.name == *known,
    });
    // What is known to be dangerous stays so, whoever has looked at it.
    if is_listed && import.standing == FileStanding::Suspicious {
        FileStanding::Safe
    } else {
        import.standing
    }
}

fn outcome(file: &ModelFile, known: &[String]) -> Outcome {
    let of = |wanted: FileStanding| {
        let imports = file.imports.iter();
        imports.filter(move |import| standing(import, known) == wanted)
    };
    let n_dangerous = of(FileStanding::Dangerous).count();
    let n_unknown = of(FileStanding::Suspicious).count();
    let sights = |wanted: FileStanding| {
        let sights = file.sights.iter();
        sights.filter(move |sight| sight.standing == wanted)
    };
    let is_hiding = sights(FileStanding::Dangerous).next().is_some();
    let is_odd = sights(FileStanding::Suspicious).next().is_some();
    let is_unread = sights(FileStanding::CannotTell).next().is_some()
        || file.standing == FileStanding::CannotTell;
    let verdict = if n_dangerous > 0 || is_hiding {
        Verdict::Fail
    } else if is_unread {
        Verdict::Inconclusive
    } else if n_unknown > 0 || is_odd {
        Verdict::Warn
    } else {
        Verdict::Pass
    };
    let mut outcome = Outcome::new(verdict, summary(file, verdict, n_unknown))
        .metric(
            Metric::new("dangerous_imports", n_dangerous as f64, file.n_imports)
                .title("Dangerous imports")
                .at_most(None, Some(0.0)),
        )
        .metric(
            Metric::new("unknown_imports", n_unknown as f64, file.n_imports)
                .title("Unknown imports")
                .at_most(Some(0.0), None),
        )
        .note(format!(
            "{}, {} bytes, read to the end without loading it.",
            file.kind, file.n_bytes
        ));
    for import in of(FileStanding::Dangerous).take(MAX_FINDINGS) {
        outcome = outcome.finding(import_finding("AD021", Severity::Error, import, file));
    }
    for import in of(FileStanding::Suspicious).take(MAX_FINDINGS) {
        outcome = outcome.finding(import_finding("AD022", Severity::Warning, import, file));
    }
    for sight in file.sights.iter().take(MAX_FINDINGS) {
        let (code, severity) = match sight.standing {
            FileStanding::Dangerous => ("AD023", Severity::Error),
            FileStanding::Suspicious => ("AD023", Severity::Warning),
            FileStanding::CannotTell => ("AD024", Severity::Warning),
            FileStanding::Safe => continue,
        };
        outcome = outcome.finding(
            Finding::new(code, severity, sight.text.clone())
                .because(format!("Seen at {}: {}.", sight.place, sight.code))
                .advice(advice(file)),
        );
    }
    if file.n_imports > file.imports.len() as u64 {
        let n = file.imports.len();
        outcome = outcome.note(format!("{n} of {} imports are listed.", file.n_imports));
    }
    if file.imports.is_empty() {
        outcome
    } else {
        outcome.view(imports_view(file, known))
    }
}

fn summary(file: &ModelFile, verdict: Verdict, n_unknown: usize) -> String {
    let object = file
        .object
        .as_ref()
        .map_or_else(String::new, |object| format!(" of {object}"));
    let what = format!("'{}' ({}{object})", file.path, file.kind);
    match verdict {
        Verdict::Fail | Verdict::Inconclusive => {
            let why = file
                .reasons
                .first()
                .map_or("it cannot be told what it does", String::as_str);
            format!("{what}: {why}")
        }
        Verdict::Warn if n_unknown > 0 => {
            let s = if n_unknown == 1 { "" } else { "s" };
            format!("{what} would import {n_unknown} thing{s} that nobody has listed as harmless")
        }
        Verdict::Warn => {
            let why = file.reasons.first().map_or("it is odd", String::as_str);
            format!("{what}: {why}")
        }
        Verdict::Pass if file.imports.is_empty() => {
            format!("{what} is data only: loading it runs nothing")
        }
        Verdict::Pass => format!("{what}: loading it would run known harmless code only"),
    }
}

fn import_finding(
    code: &str,
    severity: Severity,
    import: &FileImport,
    file: &ModelFile,
) -> Finding {
    Finding::new(
        code,
        severity,
        format!("'{}' would be {}", import.name, import.how),
    )
    .because(format!(
        "{} It stands at {}.",
        sentence(&import.why),
        import.place
    ))
    .advice(advice(file))
    .evidence("imports")
}

fn advice(file: &ModelFile) -> String {
    if file.advice.is_empty() {
        "Load it nowhere before its author has explained it; export the model to a format without code.".to_owned()
    } else {
        sentence(&file.advice)
    }
}

/// A fragment as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().trim_end_matches('.').chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn imports_view(file: &ModelFile, known: &[String]) -> View {
    let rank = |import: &FileImport| match standing(import, known) {
        FileStanding::Dangerous => (0, "dangerous"),
        FileStanding::Suspicious => (1, "not known"),
        FileStanding::CannotTell => (2, "cannot tell"),
        FileStanding::Safe => (3, "harmless"),
    };
    let mut imports: Vec<&FileImport> = file.imports.iter().collect();
    imports.sort_by_key(|import| rank(import).0);
    let rows = imports.into_iter().take(MAX_LINES).map(|import| {
        TableRow::new(vec![
            rank(import).1.into(),
            import.name.clone().into(),
            import.how.clone().into(),
            import.place.clone().into(),
        ])
    });
    View::new(
        "imports",
        "What loading it would import",
        Chart::Table {
            columns: ["standing", "name", "how", "where"]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
        },
    )
}
