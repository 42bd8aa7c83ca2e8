//! Every way a file is saved ends in one report, and nothing else does.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, unbounded};
use tempfile::TempDir;

use super::{WatchEvent, WatchSet, Watcher, start, start_resting};

struct Fixture {
    _folder: TempDir,
    root: PathBuf,
    events: Receiver<WatchEvent>,
    watcher: Watcher,
}

impl Fixture {
    fn new(is_polling: bool) -> Self {
        Self::resting(is_polling, super::REST)
    }

    /// A rest far longer than a pause of the test, so that a busy machine does not change its course.
    fn resting(is_polling: bool, rest: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(root.join("parts")).unwrap();
        fs::write(root.join("train.csv"), "a\n1\n").unwrap();
        let set = WatchSet {
            files: vec![root.join("train.csv"), root.join("later.csv")],
            patterns: vec![format!("{}/parts/*.csv", root.display())],
            libraries: vec![root.join("checks/target/debug")],
            excluded: vec![root.join(".interlock")],
        };
        let (sender, events) = unbounded();
        let watcher = start_resting(set, is_polling, rest, &sender);
        let fixture = Self {
            _folder: folder,
            root,
            events,
            watcher,
        };
        let first = fixture
            .events
            .recv_timeout(Duration::from_secs(20))
            .unwrap();
        assert!(matches!(first, WatchEvent::Watching { .. }), "{first:?}");
        fixture
    }

    fn changed(&self) -> Vec<String> {
        match self.events.recv_timeout(Duration::from_secs(20)) {
            Ok(WatchEvent::Changed { paths }) => paths
                .iter()
                .map(|path| path.strip_prefix(&self.root).unwrap().display().to_string())
                .collect(),
            other => panic!("no change but {other:?}"),
        }
    }

    fn assert_quiet(&self) {
        let event = self.events.recv_timeout(Duration::from_millis(900));
        assert!(event.is_err(), "{event:?}");
    }
}

fn pause(millis: u64) {
    let _over = after(Duration::from_millis(millis)).recv();
}

fn every_way_of_saving(fixture: &Fixture) {
    let root = &fixture.root;
    fs::write(root.join("train.csv"), "a\n1\n2\n").unwrap();
    assert_eq!(fixture.changed(), ["train.csv"], "written in place");

    fs::write(root.join("train.csv.tmp"), "a\n1\n2\n3\n").unwrap();
    fs::rename(root.join("train.csv.tmp"), root.join("train.csv")).unwrap();
    assert_eq!(fixture.changed(), ["train.csv"], "renamed into place");

    fs::remove_file(root.join("train.csv")).unwrap();
    assert_eq!(fixture.changed(), ["train.csv"], "removed");

    fs::write(root.join("train.csv"), "a\n").unwrap();
    assert_eq!(fixture.changed(), ["train.csv"], "made again");

    fs::write(root.join("later.csv"), "a\n").unwrap();
    assert_eq!(fixture.changed(), ["later.csv"], "made for the first time");

    fs::write(root.join("parts/1.csv"), "a\n").unwrap();
    assert_eq!(fixture.changed(), ["parts/1.csv"], "matches a pattern");

    fs::create_dir_all(root.join("checks/target/debug")).unwrap();
    fs::write(root.join("checks/target/debug/libx.so"), "x").unwrap();
    assert_eq!(
        fixture.changed(),
        ["checks/target/debug/libx.so"],
        "a folder that was not there"
    );

    fs::remove_dir_all(root.join("checks")).unwrap();
    assert_eq!(
        fixture.changed(),
        ["checks/target/debug/libx.so"],
        "a folder that went"
    );
    fs::create_dir_all(root.join("checks/target/debug")).unwrap();
    fs::write(root.join("checks/target/debug/libx.so"), "xy").unwrap();
    assert_eq!(
        fixture.changed(),
        ["checks/target/debug/libx.so"],
        "a folder that came again"
    );
    fixture.assert_quiet();
}

#[test]
fn notices_report_every_way_of_saving() {
    every_way_of_saving(&Fixture::resting(false, Duration::from_millis(100)));
}

#[test]
fn polling_reports_every_way_of_saving() {
    every_way_of_saving(&Fixture::resting(true, Duration::from_millis(100)));
}

#[test]
fn a_file_still_being_written_is_waited_for() {
    let fixture = Fixture::resting(false, Duration::from_millis(400));
    let path = fixture.root.join("train.csv");
    let mut text = String::new();
    for row in 0..20 {
        let _written = writeln!(text, "{row},");
        fs::write(&path, &text).unwrap();
        pause(8);
    }
    assert_eq!(fixture.changed(), ["train.csv"]);
    fixture.assert_quiet();
}

#[test]
fn a_file_written_without_end_is_reported_now_and_then() {
    let fixture = Fixture::new(false);
    let path = fixture.root.join("train.csv");
    let mut is_reported = false;
    for row in 0..400 {
        fs::write(&path, "x".repeat(row)).unwrap();
        pause(8);
        is_reported |= fixture.events.try_recv().is_ok();
        if is_reported {
            break;
        }
    }
    assert!(is_reported);
}

#[test]
fn a_burst_is_one_report() {
    let fixture = Fixture::resting(false, Duration::from_millis(400));
    for number in 0..500 {
        fs::write(fixture.root.join(format!("parts/{number:03}.csv")), "a\n").unwrap();
    }
    let changed = fixture.changed();
    assert_eq!(changed.len(), 500);
    assert_eq!(changed[0], "parts/000.csv");
    fixture.assert_quiet();
}

#[test]
fn reading_and_other_files_are_no_change() {
    let fixture = Fixture::new(false);
    for _ in 0..3 {
        fs::read(fixture.root.join("train.csv")).unwrap();
        fs::write(fixture.root.join("notes.txt"), "x").unwrap();
        fs::create_dir_all(fixture.root.join(".interlock")).unwrap();
        fs::write(fixture.root.join(".interlock/train.csv"), "x").unwrap();
    }
    fixture.assert_quiet();
}

#[test]
fn what_a_link_points_to_counts() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    fs::create_dir_all(root.join("store")).unwrap();
    fs::create_dir_all(root.join("project")).unwrap();
    fs::write(root.join("store/v1.csv"), "a\n").unwrap();
    fs::write(root.join("store/v2.csv"), "a\n1\n").unwrap();
    let link = root.join("project/train.csv");
    std::os::unix::fs::symlink(root.join("store/v1.csv"), &link).unwrap();
    let (sender, events) = unbounded();
    let _watcher = start(
        WatchSet {
            files: vec![link.clone()],
            ..WatchSet::default()
        },
        false,
        &sender,
    );
    let next = || loop {
        if let WatchEvent::Changed { paths } = events.recv_timeout(Duration::from_secs(20)).unwrap()
        {
            return paths;
        }
    };
    pause(50);
    fs::write(root.join("store/v1.csv"), "a\n2\n").unwrap();
    assert_eq!(
        next(),
        std::slice::from_ref(&link),
        "the target was written"
    );
    std::os::unix::fs::symlink(root.join("store/v2.csv"), root.join("project/new")).unwrap();
    fs::rename(root.join("project/new"), &link).unwrap();
    assert_eq!(next(), std::slice::from_ref(&link), "the link was swapped");
    fs::write(root.join("store/v2.csv"), "a\n3\n").unwrap();
    assert_eq!(next(), [link], "the new target was written");
}

#[test]
fn another_set_reports_what_is_new_in_it() {
    let fixture = Fixture::new(false);
    fs::write(fixture.root.join("test.csv"), "a\n").unwrap();
    let files = vec![
        fixture.root.join("train.csv"),
        fixture.root.join("test.csv"),
    ];
    fixture.watcher.set(WatchSet {
        files,
        ..WatchSet::default()
    });
    assert_eq!(fixture.changed(), ["test.csv"]);
    fs::write(fixture.root.join("test.csv"), "a\n1\n").unwrap();
    assert_eq!(fixture.changed(), ["test.csv"]);
}
