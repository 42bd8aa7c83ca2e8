//! The store against restarts, damage, a second program, and being killed at any moment.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interlock_plugin_api::outcome::{Metric, Outcome, Verdict};

use super::{FILE_NAME, Store, StoredResult};
use crate::fingerprint::Fingerprint;
use crate::picture::Standing;

fn result(number: u64) -> StoredResult {
    let key = Fingerprint::of_bytes(&number.to_le_bytes());
    let value = if number.is_multiple_of(3) {
        f64::INFINITY
    } else {
        number as f64 / 7.0
    };
    let outcome = Outcome::new(Verdict::Warn, format!("result {number}"))
        .metric(Metric::new("share", value, number))
        .metric(Metric::new("other", -0.0, 3).interval(-1.0, 0.1, 0.95, "wilson"));
    StoredResult {
        key,
        check: format!("check-{}", number % 2),
        plugin: "plugin".to_owned(),
        plugin_version: "1.2.3".to_owned(),
        standing: Standing::Warn,
        headline: Some(value),
        outcome: Arc::new(outcome),
        inputs: vec![
            ("train.age".to_owned(), key, Some(number)),
            ("model".to_owned(), key, None),
        ],
        finished_at: UNIX_EPOCH + Duration::from_millis(1_800_000_000_000 + number),
        duration: Duration::from_micros(number),
        seed: u64::MAX - number,
    }
}

fn assert_holds(store: &Store, number: u64) {
    let expected = result(number);
    let known = store
        .find(&expected.key)
        .unwrap_or_else(|| panic!("result {number} is lost"));
    assert_eq!(*known.outcome, *expected.outcome);
    assert_eq!(known.finished_at, expected.finished_at);
    assert_eq!(known.duration, expected.duration);
}

#[test]
fn the_last_run_of_each_check_can_be_asked_by_any_program() {
    let folder = tempfile::tempdir().unwrap();
    let ask = || {
        let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let mut statement = connection
            .prepare("SELECT check_id, standing, summary, finished_at FROM latest")
            .unwrap();
        let rows = statement.query_map([], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
        });
        let rows: Vec<[String; 4]> = rows.unwrap().map(Result::unwrap).collect();
        rows
    };
    let mut store = Store::open(folder.path());
    for number in [1, 2, 3] {
        store.put(&result(number)).unwrap();
    }
    let at = "2027-01-15 08:00:00";
    let last = [
        ["check-0", "warn", "result 2", at],
        ["check-1", "warn", "result 3", at],
    ];
    assert_eq!(ask(), last);
    drop(store);
    // A file of before the view gets it.
    let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    connection.execute_batch("DROP VIEW latest").unwrap();
    drop(connection);
    drop(Store::open(folder.path()));
    assert_eq!(ask(), last);
}

#[test]
fn results_and_history_outlive_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path());
    for number in 0..10 {
        store.put(&result(number)).unwrap();
    }
    drop(store);
    let store = Store::open(folder.path());
    assert_eq!(store.notices(), Vec::<String>::new());
    (0..10).for_each(|number| assert_holds(&store, number));
    let history = store.history("check-1", 3);
    let times: Vec<SystemTime> = history.iter().map(|point| point.at).collect();
    assert_eq!(times, [5, 7, 9].map(|number| result(number).finished_at));
    assert_eq!(history[0].standing, Standing::Warn);
    assert_eq!(
        store.find(&Fingerprint::of_bytes(b"other")).map(|_| ()),
        None
    );
}

#[test]
fn a_second_program_reads_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Store::open(folder.path());
    first.put(&result(1)).unwrap();
    let mut second = Store::open(folder.path());
    assert!(
        second
            .read_only_reason()
            .unwrap()
            .contains("another Interlock")
    );
    assert_holds(&second, 1);
    first.put(&result(3)).unwrap();
    assert_holds(&second, 3);
    // Its own results serve it alone.
    second.put(&result(5)).unwrap();
    assert_holds(&second, 5);
    assert_eq!(second.history("check-1", 10).len(), 3);
    assert!(first.find(&result(5).key).is_none());
    drop(first);
    assert!(Store::open(folder.path()).read_only_reason().is_none());
}

#[test]
fn a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(FILE_NAME),
        "this is not a database, it is a note".repeat(200),
    )
    .unwrap();
    let mut store = Store::open(folder.path());
    let notices = store.notices();
    assert!(
        notices[0].contains("results.sqlite.broken-1"),
        "{notices:?}"
    );
    assert!(folder.path().join("results.sqlite.broken-1").exists());
    store.put(&result(1)).unwrap();
    drop(store);
    assert_holds(&Store::open(folder.path()), 1);
}

#[test]
fn a_newer_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()));
    let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let mut store = Store::open(folder.path());
    assert!(store.notices()[0].contains("newer Interlock"));
    store.put(&result(1)).unwrap();
    assert_holds(&store, 1);
}

#[test]
fn a_folder_that_cannot_be_made_costs_only_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut store = Store::open(&file.join("state"));
    assert!(store.notices()[0].contains("in memory only"));
    store.put(&result(1)).unwrap();
    assert_holds(&store, 1);
}

/// Set for the process that [`nothing_acknowledged_is_lost_by_kill`] kills.
const WRITER: &str = "INTERLOCK_TEST_STORE_WRITER";

/// Not a test of its own: puts results without end and says each number once it is in.
#[test]
fn writer_to_be_killed() {
    let Ok(folder) = std::env::var(WRITER) else {
        return;
    };
    let mut store = Store::open(Path::new(&folder));
    assert_eq!(store.read_only_reason(), None);
    let first = store.history("check-0", 100_000).len() + store.history("check-1", 100_000).len();
    for number in first as u64.. {
        store.put(&result(number)).unwrap();
        println!("in {number}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut n_known = 0_u64;
    let mut random = 12_345_u64;
    for round in 0..200 {
        let mut child = Command::new(&program)
            .args([
                "store::tests::writer_to_be_killed",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(WRITER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // After so many acknowledged puts, then a little later, in the middle of whatever it does.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let n_wanted = (random >> 33) % 6;
        let pause = Duration::from_micros((random >> 40) % 1500);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut n_seen = 0;
        while n_seen < n_wanted {
            let line = lines.next().unwrap().unwrap();
            if let Some(number) = line
                .split("in ")
                .nth(1)
                .and_then(|number| number.trim().parse::<u64>().ok())
            {
                n_known = number + 1;
                n_seen += 1;
            }
        }
        let _waited = crossbeam_channel::after(pause).recv();
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line
                .split("in ")
                .nth(1)
                .and_then(|number| number.trim().parse::<u64>().ok())
            {
                n_known = number + 1;
            }
        }
        let store = Store::open(folder.path());
        assert_eq!(store.notices(), Vec::<String>::new(), "round {round}");
        for number in n_known.saturating_sub(20)..n_known {
            assert_holds(&store, number);
        }
        let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let check: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok", "round {round}");
        let n_runs: i64 = connection
            .query_row("SELECT count(*) FROM runs", [], |row| row.get(0))
            .unwrap();
        assert!(
            n_runs == n_known.cast_signed() || n_runs == n_known.cast_signed() + 1,
            "round {round}: {n_runs} runs, {n_known} acknowledged"
        );
    }
    assert!(n_known > 200);
}
