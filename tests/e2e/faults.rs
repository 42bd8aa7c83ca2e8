//! Plugins that misbehave: each is told in one sentence, nothing else is harmed, nobody waits.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use termlens::Key;

use crate::harness::{Project, check_in, program};

/// Every check of the two misbehaving plugins.
const CHECKS: [&str; 15] = [
    "faulty.fine",
    "faulty.panics",
    "faulty.segfaults",
    "faulty.aborts",
    "faulty.overflows",
    "faulty.loops",
    "faulty.allocates",
    "faulty.floods",
    "faulty.exits",
    "faulty.scribbles",
    "faulty.waits",
    "liar.garbage",
    "liar.utf8",
    "liar.length",
    "liar.frames",
];

fn library(name: &str) -> PathBuf {
    let file = format!(
        "{}{name}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    program().parent().unwrap().join("deps").join(file)
}

/// A project with both plugins, of whose checks only these run.
fn project(enabled: &[&str]) -> Project {
    let project = Project::empty();
    let mut csv = "town,size,y\n".to_owned();
    for row in 0..60 {
        let town = ["Ulm", "Jena", "Kiel"][row % 3];
        let _written = writeln!(csv, "{town} {row},{}.5,{}", row * 7 % 31, row % 2);
    }
    fs::write(project.path("train.csv"), csv).unwrap();
    fs::create_dir(project.path("plugins")).unwrap();
    for name in ["faulty", "liar"] {
        let file = library(name);
        fs::copy(
            &file,
            project.path("plugins").join(file.file_name().unwrap()),
        )
        .unwrap();
    }
    let mut toml = "[project]\nname = \"faults\"\ntask = \"binary\"\ntarget = \"y\"\n\
        [data]\ntrain = \"train.csv\"\n[columns.town]\nkind = \"text\"\n\
        [plugins]\npaths = [\"plugins\"]\n[plugins.limits]\nwall_clock = \"3s\"\n"
        .to_owned();
    for id in CHECKS.iter().filter(|id| !enabled.contains(id)) {
        let _written = writeln!(toml, "[checks.\"{id}\"]\nenabled = false");
    }
    fs::write(project.path("interlock.toml"), toml).unwrap();
    project
}

/// Runs one fault headless: its sentence holds these words, and the other plugins' checks ran.
fn assert_told(id: &str, words: &str) {
    let project = project(&[id]);
    let run = project.run(&["check", "--format", "json"]);
    let report = run.json();
    let check = check_in(&report, id);
    assert_eq!(check["verdict"], "error", "{check:#}");
    let reason = check["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(words), "'{words}' is not in: {reason}");
    assert!(!reason.contains('\n'), "one sentence: {reason}");
    let sound = check_in(&report, "data-quality.duplicates");
    assert_eq!(sound["verdict"], "pass", "{sound:#}");
    assert_eq!(run.code(), 3, "a broken check is no pass");
}

#[test]
fn a_panic_is_told_with_its_message_and_place() {
    assert_told("faulty.panics", "on purpose");
}

#[test]
fn a_segmentation_fault_is_told() {
    assert_told("faulty.segfaults", "SIGSEGV");
}

#[test]
fn an_abort_is_told_with_its_last_words() {
    assert_told("faulty.aborts", "last words");
}

#[test]
fn a_stack_overflow_is_told() {
    assert_told("faulty.overflows", "overflowed its stack");
}

#[test]
fn an_endless_loop_ends_at_its_limit() {
    assert_told("faulty.loops", "3 s");
}

#[test]
fn fifty_gigabytes_are_refused() {
    assert_told("faulty.allocates", "50 GiB");
}

#[test]
fn leaving_the_process_is_told() {
    assert_told("faulty.exits", "exit code 0");
}

#[test]
fn the_shared_table_cannot_be_written() {
    let project = project(&["faulty.scribbles"]);
    let report = project.run(&["check", "--format", "json"]).json();
    let check = check_in(&report, "faulty.scribbles");
    assert_eq!(check["verdict"], "error", "{check:#}");
    assert!(
        check["reason"].as_str().unwrap().contains("never written"),
        "{check:#}"
    );
    // The cache file is what was loaded: the same run again finds the same fingerprint and rows.
    let again = project.run(&["check", "--format", "json"]).json();
    assert_eq!(report["inputs"], again["inputs"]);
}

#[test]
fn answers_that_are_none_are_errors() {
    assert_told("liar.garbage", "answer cannot be used");
    assert_told("liar.utf8", "answer cannot be used");
}

#[test]
fn a_length_that_is_not_there_harms_only_its_worker() {
    assert_told("liar.length", "1 TiB");
}

#[test]
fn frames_that_are_none_end_the_worker_that_sent_them() {
    assert_told("liar.frames", "claims 4294967295 bytes");
}

#[test]
fn a_flood_of_output_is_cut_and_harmless() {
    let project = project(&["faulty.floods"]);
    let report = project.run(&["check", "--format", "json"]).json();
    assert_eq!(
        check_in(&report, "faulty.floods")["verdict"],
        "pass",
        "{report:#}"
    );
    let mut terminal = project.dashboard(120, 120);
    terminal
        .wait_until(|screen| screen.contains("Floods"))
        .unwrap();
    terminal.send(Key::Char('R')).unwrap();
    terminal.send(Key::Char('2')).unwrap();
    // The frame stands.
    terminal
        .wait_until(|screen| screen.contains("faulty") && screen.contains("? help"))
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn nobody_waits_for_a_check_that_loops() {
    let project = project(&["faulty.loops", "faulty.fine"]);
    let mut terminal = project.dashboard(120, 120);
    // The sound checks of other plugins are done long before the loop meets its limit of 3 s.
    terminal
        .wait_until(|screen| screen.contains("PASS  ") && screen.contains("Loops"))
        .unwrap();
    let text = terminal.screen().text();
    assert!(!text.contains("ERROR"), "the loop still runs:\n{text}");
    terminal
        .wait_until(|screen| screen.contains("ERROR"))
        .unwrap();
    terminal
        .wait_until(|screen| {
            screen
                .text()
                .lines()
                .any(|line| line.contains("Fine") && line.contains("PASS"))
        })
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn a_library_replaced_during_a_run_is_opened_anew_and_runs() {
    let project = project(&["faulty.waits"]);
    let mut terminal = project.dashboard(120, 120);
    terminal
        .wait_until(|screen| screen.contains("50 %"))
        .unwrap();
    terminal.send(Key::Char('4')).unwrap();
    let file = library("faulty");
    let target = project.path("plugins").join(file.file_name().unwrap());
    let mut bytes = fs::read(&file).unwrap();
    // Another file with the same code: what follows the sections is not read.
    bytes.extend_from_slice(b"another build");
    fs::write(project.path("plugins/new.tmp"), bytes).unwrap();
    fs::rename(project.path("plugins/new.tmp"), target).unwrap();
    terminal
        .wait_until(|screen| screen.contains("loaded anew"))
        .unwrap();
    terminal.send(Key::Char('1')).unwrap();
    terminal
        .wait_until(|screen| {
            screen
                .text()
                .lines()
                .any(|line| line.contains("Waits") && line.contains("PASS"))
        })
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn a_half_written_library_keeps_the_last_good_results() {
    let project = project(&["faulty.fine"]);
    let mut terminal = project.dashboard(120, 120);
    terminal
        .wait_until(|screen| {
            screen
                .text()
                .lines()
                .any(|line| line.contains("Fine") && line.contains("PASS"))
        })
        .unwrap();
    let file = library("faulty");
    let target = project.path("plugins").join(file.file_name().unwrap());
    let bytes = fs::read(&file).unwrap();
    fs::write(&target, &bytes[..bytes.len() / 2]).unwrap();
    terminal
        .wait_until(|screen| {
            screen
                .text()
                .lines()
                .any(|line| line.contains("Fine") && line.contains("STALE"))
        })
        .unwrap();
    fs::write(&target, &bytes).unwrap();
    terminal
        .wait_until(|screen| {
            screen
                .text()
                .lines()
                .any(|line| line.contains("Fine") && line.contains("PASS"))
        })
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}
