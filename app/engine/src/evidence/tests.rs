//! What is written, when it is not, and that it is the same again.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use interlock_plugin_api::check_info::{CheckInfo, Cost, Docs, Needs, Stage};
use interlock_plugin_api::outcome::{Outcome, Role, Rows, Verdict};

use super::*;
use crate::fingerprint::Fingerprint;
use crate::load::{LoadSpec, load};
use crate::picture::{Activity, InputState, ProjectState, RunState};

const TABLE: &str = "id,age,a b\n1,30,x\n2,,y\n3,,\"z,1\"\n4,200,\n";

fn check(id: &str, standing: Standing, findings: Vec<Finding>) -> Arc<CheckState> {
    let mut outcome = Outcome::new(Verdict::Warn, "said");
    outcome.findings = findings;
    Arc::new(CheckState {
        info: Arc::new(CheckInfo {
            id: id.to_owned(),
            title: id.to_owned(),
            stage: Stage::DataQuality,
            needs: Needs::default(),
            codes: Vec::new(),
            params: Vec::new(),
            docs: Docs::default(),
            cost: Cost::Quick,
            cadence_days: None,
        }),
        plugin: "test".to_owned(),
        standing,
        reason: None,
        outcome: Some(Arc::new(outcome)),
        is_partial: false,
        run: RunState::Idle,
        finished_at: None,
        duration: None,
        is_cached: false,
        history: Arc::from([]),
        cause: None,
    })
}

fn finding(code: &str, columns: &[&str], rows: &[usize]) -> Finding {
    let mut finding = Finding::new(code, Severity::Warning, format!("about {columns:?}"))
        .because("it matters, \"much\"")
        .rows(Rows::new(Role::Train, rows.iter().copied()));
    finding.place.columns = columns.iter().map(|name| (*name).to_owned()).collect();
    finding
}

fn picture(folder: &Path) -> Picture {
    let path = folder.join("train.csv");
    fs::write(&path, TABLE).unwrap();
    let spec = LoadSpec {
        files: vec![path],
        ..LoadSpec::default()
    };
    let table = load(&spec, folder, folder).table.unwrap();
    let input = InputState {
        name: "train".to_owned(),
        role: Some(Role::Train),
        source: "train.csv".to_owned(),
        shape: Some((4, 3)),
        card: None,
        fingerprint: table.content.to_string(),
        table: Some(Arc::clone(&table.view)),
        stale: None,
        loaded_at: Some(SystemTime::UNIX_EPOCH),
    };
    let mut cut = finding("DQ009", &[], &[0]);
    if let Some(rows) = &mut cut.place.rows {
        rows.total = 5000;
    }
    Picture {
        revision: 1,
        project: ProjectState {
            name: "toy".to_owned(),
            root: folder.to_owned(),
            inputs: vec![input],
            problems: Vec::new(),
            stale_config: None,
            theme: None,
            wants_consent: None,
            missing_checks: Vec::new(),
        },
        checks: vec![
            check(
                "z.last",
                Standing::Fail,
                vec![
                    finding("ZZ001", &["age"], &[3]),
                    finding("ZZ001", &["age"], &[0]),
                ],
            ),
            check(
                "m.broke",
                Standing::Error,
                vec![finding("MM001", &[], &[0])],
            ),
            check("m.old", Standing::Stale, vec![finding("MM002", &[], &[0])]),
            check(
                "a.first",
                Standing::Warn,
                vec![
                    finding("DQ001", &["a b", "age"], &[1, 2, 99]),
                    Finding::new("DQ002", Severity::Error, "no rows"),
                    cut,
                ],
            ),
        ],
        plugins: Vec::new(),
        log: Vec::new(),
        activity: Activity::default(),
        profiles: Arc::default(),
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let pair = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(pair).collect()
}

#[test]
fn every_finding_is_listed_and_its_rows_have_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/out");
    let entries = write(&picture(folder.path()), &out, Form::Csv).unwrap();
    let files = files(&out);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let hash = Fingerprint::of_bytes(b"a b+age").to_hex();
    let first = format!("a.first__DQ001__train__a-b+age~{}.csv", &hash[..8]);
    assert_eq!(
        names,
        [
            first.as_str(),
            "a.first__DQ009__train.csv",
            "findings.csv",
            "z.last__ZZ001__train__age-2.csv",
            "z.last__ZZ001__train__age.csv",
        ]
    );
    let text = String::from_utf8(files[&first].clone()).unwrap();
    assert_eq!(
        text,
        "interlock_row,interlock_file,interlock_line,a b,age,id\n\
         1,train.csv,3,y,,2\n2,train.csv,4,\"z,1\",,3\n"
    );
    let list = String::from_utf8(files[INDEX].clone()).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 1 + 5, "{list}");
    assert!(
        lines[2].starts_with(",a.first,DQ002,error,,,0,0,no rows,"),
        "{list}"
    );
    // What was cut is told.
    assert_eq!((entries[2].n_rows, entries[2].n_in_file), (5000, 1));
    assert!(list.contains("\"it matters, \"\"much\"\"\""), "{list}");
}

#[test]
fn the_same_picture_gives_the_same_bytes_and_replaces_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let picture = picture(folder.path());
    let out = folder.path().join("out");
    for form in [Form::Csv, Form::Parquet] {
        write(&picture, &out, form).unwrap();
        let first = files(&out);
        write(&picture, &out, form).unwrap();
        assert_eq!(files(&out), first);
        let ending = if form == Form::Csv { "csv" } else { "parquet" };
        let is_of_form = |name: &String| name.ends_with(ending) || name == INDEX;
        assert!(
            first.keys().all(is_of_form),
            "files of the other form are gone"
        );
    }
    let left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("out"))
        .collect();
    assert_eq!(left, ["out"], "nothing is left beside it");
}

#[test]
fn parquet_reads_back_as_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    write(&picture(folder.path()), &out, Form::Parquet).unwrap();
    let spec = LoadSpec {
        files: vec![out.join("z.last__ZZ001__train__age.parquet")],
        ..LoadSpec::default()
    };
    let back = load(&spec, folder.path(), folder.path()).table.unwrap();
    let cells = (0..6).map(|column| back.view.cell(0, column).unwrap_or_default());
    assert_eq!(
        cells.collect::<Vec<_>>(),
        ["3", "train.csv", "5", "200", "4", ""]
    );
}

#[test]
fn what_was_not_written_here_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let picture = picture(folder.path());
    let out = folder.path().join("out");
    let refused = |why: &str| {
        let before = files(&out);
        let error = write(&picture, &out, Form::Csv).unwrap_err();
        assert!(matches!(error, EvidenceError::NotOurs { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(files(&out), before);
    };
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    refused("'notes.txt' is not of an earlier export");
    fs::write(out.join(INDEX), "file,check\nnotes.txt,x\n").unwrap();
    refused("is not of an earlier export");
    fs::remove_dir_all(&out).unwrap();
    write(&picture, &out, Form::Csv).unwrap();
    fs::write(out.join("labels.csv"), "mine").unwrap();
    refused("'labels.csv' is not of an earlier export");
    fs::remove_file(out.join("labels.csv")).unwrap();
    let own = out.join("a.first__DQ009__train.csv");
    fs::write(&own, "corrected by hand").unwrap();
    refused("'a.first__DQ009__train.csv' was changed since it was written");
    fs::remove_file(&own).unwrap();
    write(&picture, &out, Form::Csv).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = write(&picture, &file, Form::Csv).unwrap_err();
    assert!(matches!(error, EvidenceError::NotOurs { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let error = write(&picture, &file.join("below"), Form::Csv).unwrap_err();
    assert!(error.to_string().contains("below"), "{error}");
}

#[test]
fn a_disk_that_fills_up_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let picture = picture(folder.path());
    let out = folder.path().join("out");
    write(&picture, &out, Form::Csv).unwrap();
    let before = files(&out);
    let failed = folder::whole::<()>(&out, |part| {
        fs::write(part.join("half.csv"), "half").unwrap();
        Err(EvidenceError::Failed {
            path: part.join("half.csv"),
            reason: "No space left on device".to_owned(),
        })
    });
    let said = failed.unwrap_err().to_string();
    let named = out.join("half.csv").display().to_string();
    assert!(
        said.starts_with(&named) && said.ends_with("No space left on device"),
        "{said}"
    );
    assert_eq!(files(&out), before);
    let names = fs::read_dir(folder.path()).unwrap();
    let n_parts = names.filter(|name| {
        let name = name.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("out.")
    });
    assert_eq!(n_parts.count(), 0);
}
