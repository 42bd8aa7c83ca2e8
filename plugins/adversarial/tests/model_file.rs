//! The check of the model's file through the real border: each standing, each list.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use interlock_plugin_api::facts::{FileImport, FileSight, FileStanding, ModelFile};
use interlock_plugin_api::test_kit::Run;
use interlock_plugin_api::{CheckErrorKind, Outcome, Verdict};

fn import(name: &str, standing: FileStanding) -> FileImport {
    FileImport {
        name: name.to_owned(),
        how: "called".to_owned(),
        standing,
        why: "it starts a process".to_owned(),
        place: "byte 12".to_owned(),
    }
}

fn file(standing: FileStanding, imports: Vec<FileImport>, sights: Vec<FileSight>) -> ModelFile {
    ModelFile {
        path: "model.pkl".to_owned(),
        kind: "pickle protocol 4".to_owned(),
        n_bytes: 100,
        standing,
        reasons: vec!["it calls os.system".to_owned()],
        n_imports: imports.len() as u64,
        imports,
        sights,
        ..ModelFile::default()
    }
}

fn run(file: ModelFile) -> Run {
    Run::new(interlock_adversarial::module()).facts(|facts| facts.model_file = Some(file))
}

fn checked(file: ModelFile) -> Outcome {
    run(file).check("adversarial.model-file").unwrap()
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[test]
fn a_call_of_something_dangerous_fails() {
    let imports = vec![
        import("os.system", FileStanding::Dangerous),
        import("numpy.ndarray", FileStanding::Safe),
    ];
    let outcome = checked(file(FileStanding::Dangerous, imports, Vec::new()));
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(codes(&outcome), ["AD021"]);
    assert!(
        outcome.summary.contains("it calls os.system"),
        "{}",
        outcome.summary
    );
    assert!(
        outcome.findings[0]
            .title
            .contains("'os.system' would be called")
    );
}

#[test]
fn what_nobody_knows_is_worth_a_look_until_somebody_looked() {
    let imports = vec![
        import("acme.Binner", FileStanding::Suspicious),
        import("acme.inner.Scaler", FileStanding::Suspicious),
    ];
    let file = file(FileStanding::Suspicious, imports, Vec::new());
    let outcome = checked(file.clone());
    assert_eq!(
        (outcome.verdict, codes(&outcome)),
        (Verdict::Warn, vec!["AD022", "AD022"])
    );
    let known = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        run(file.clone())
            .param("known", names)
            .check("adversarial.model-file")
            .unwrap()
    };
    assert_eq!(codes(&known(&["acme.Binner"])), ["AD022"]);
    assert_eq!(known(&["acme.*"]).verdict, Verdict::Pass);
}

#[test]
fn what_is_dangerous_stays_so_whoever_has_looked() {
    let imports = vec![import("os.system", FileStanding::Dangerous)];
    let outcome = run(file(FileStanding::Dangerous, imports, Vec::new()))
        .param("known", vec!["os.*".to_owned()])
        .check("adversarial.model-file")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Fail);
}

#[test]
fn what_could_not_be_read_cannot_be_told() {
    let sight = FileSight {
        code: "truncated".to_owned(),
        standing: FileStanding::CannotTell,
        text: "the file ends in the middle of a pickle".to_owned(),
        place: "byte 100".to_owned(),
    };
    let outcome = checked(file(FileStanding::CannotTell, Vec::new(), vec![sight]));
    assert_eq!(
        (outcome.verdict, codes(&outcome)),
        (Verdict::Inconclusive, vec!["AD024"])
    );
}

#[test]
fn data_only_passes_and_no_file_is_no_verdict() {
    let outcome = checked(file(FileStanding::Safe, Vec::new(), Vec::new()));
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(
        outcome.summary.contains("runs nothing"),
        "{}",
        outcome.summary
    );
    let error = Run::new(interlock_adversarial::module())
        .check("adversarial.model-file")
        .unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
}
