//! What every check of this plugin costs, net of building the tables.
//!
//! In: `TRAIN TEST [ROWS]`, two CSV files without quotes whose last column is the target, and how many
//! rows of both to make of them; or `made ROWS COLUMNS`; then names of checks, none for all. Out: a
//! Markdown table of wall and processor time, peak memory beyond the tables, and verdict, per check.
//!
//! Memory is exact if freed memory goes back at once:
//! `MALLOC_MMAP_THRESHOLD_=65536 cargo run --release -p interlock-data-quality --example time_each -- …`

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use std::time::{Duration, Instant};

use interlock_data_quality::module;
use interlock_plugin_api::host::Plugin;
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Task};
use interlock_stats::rng::Rng;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Share of cells that are taken from another row when rows are repeated.
const N_IN_SWAPPED: usize = 10;

/// Clock ticks of `/proc/self/stat` per second.
const TICKS: f64 = 100.0;

/// One column of the files.
enum Cells<'t> {
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Texts(Vec<Option<&'t str>>),
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let (run, n_used) = if argument(0) == "made" {
        let (n_rows, n_columns) = (argument(1).parse()?, argument(2).parse()?);
        (made(n_rows, n_columns), 3)
    } else {
        let texts = [argument(0), argument(1)].map(std::fs::read_to_string);
        let [train, test] = texts;
        let n_rows = argument(2).parse().ok();
        let run = read(&train?, &test?, n_rows).ok_or("the files have no header in common")?;
        (run, 2 + usize::from(n_rows.is_some()))
    };
    let wanted = arguments.get(n_used..).unwrap_or_default();
    println!("\n| check | cost | wall ms | CPU ms | MB beyond the tables | verdict | summary |");
    println!("|---|---|--:|--:|--:|---|---|");
    let (mut wall, mut cpu) = (0.0, 0.0);
    // The tables' own buffers are made once, by whichever check comes first.
    let _first = run.check("data-quality.split-sizes");
    for check in Plugin::of_module(module())?.checks {
        let name = check.id.trim_start_matches("data-quality.");
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            let (own_wall, own_cpu) = time(&run, &check.id, &format!("{:?}", check.cost));
            wall += own_wall;
            cpu += own_cpu;
        }
    }
    println!("| all | | {wall:.1} | {cpu:.1} | | | |");
    Ok(())
}

/// Runs a check until its time is known, and prints its row.
fn time(run: &Run, id: &str, cost: &str) -> (f64, f64) {
    let resident = in_status("VmRSS:");
    let is_reset = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let outcome = run.check(id);
    let peak = in_status("VmHWM:").saturating_sub(resident);
    let (start, ticks) = (Instant::now(), cpu_ticks());
    let (mut least, mut n_runs) = (Duration::MAX, 0.0);
    while start.elapsed() < least_time() {
        let own = Instant::now();
        let _again = run.check(id);
        least = least.min(own.elapsed());
        n_runs += 1.0;
    }
    let cpu = (cpu_ticks() - ticks) / TICKS * 1e3 / n_runs;
    let wall = least.as_secs_f64() * 1e3;
    let (verdict, summary) = match outcome {
        Ok(outcome) => (format!("{:?}", outcome.verdict), outcome.summary),
        Err(error) => ("skipped".to_owned(), error.to_string()),
    };
    let peak = if is_reset {
        (peak / 1024).to_string()
    } else {
        "?".to_owned()
    };
    let summary = summary.replace('|', "/");
    println!("| {id} | {cost} | {wall:.1} | {cpu:.1} | {peak} | {verdict} | {summary} |");
    (wall, cpu)
}

/// How long a check is repeated, `TIME_EACH_MS` or 300 milliseconds.
fn least_time() -> Duration {
    let said = std::env::var("TIME_EACH_MS").ok();
    Duration::from_millis(said.and_then(|ms| ms.parse().ok()).unwrap_or(300))
}

/// A figure of this process in kB.
fn in_status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|line| line.split_whitespace().next());
    figure.and_then(|figure| figure.parse().ok()).unwrap_or(0)
}

/// Processor time of all threads so far.
fn cpu_ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum()
}

fn told(role: &str, table: &TestTable, arrow_bytes: usize) {
    let (rows, columns) = (table.n_rows(), table.columns.len());
    println!(
        "{role}: {rows} rows, {columns} columns, {} MB as Arrow",
        arrow_bytes >> 20
    );
}

/// Both files, with their rows repeated up to so many in all.
fn read(train: &str, test: &str, n_rows: Option<usize>) -> Option<Run> {
    let header: Vec<&str> = train.lines().next()?.split(',').collect();
    let target = (*header.last()?).to_owned();
    let n_read = train.lines().count() + test.lines().count() - 2;
    let mut run = Run::new(module());
    let mut n_values = 0;
    for (role, text) in [(Role::Train, train), (Role::Test, test)] {
        let (mut table, mut bytes) = (TestTable::default(), 0);
        let n_own = text.lines().count() - 1;
        let n_made = n_rows.map_or(n_own, |n_rows| n_rows * n_own / n_read);
        for (at, name) in header.iter().enumerate() {
            let cells = cells(text, at);
            if let (Role::Train, Cells::Texts(texts)) = (role, &cells) {
                let mut distinct: Vec<_> = texts.iter().flatten().collect();
                distinct.sort_unstable();
                distinct.dedup();
                n_values = distinct.len();
            }
            bytes += n_made
                * if matches!(cells, Cells::Texts(_)) {
                    4
                } else {
                    8
                };
            table = table.with(column(name, &cells, n_made, at as u64));
        }
        told(role.name(), &table, bytes);
        run = run.table(role, table);
    }
    Some(run.facts(|facts| {
        facts.target = Some(target);
        facts.task = if n_values == 2 {
            Task::Binary
        } else {
            Task::Multiclass
        };
    }))
}

fn cells(text: &str, at: usize) -> Cells<'_> {
    let texts = || {
        let lines = text.lines().skip(1);
        lines.map(|line| line.split(',').nth(at).filter(|cell| !cell.is_empty()))
    };
    if texts().flatten().all(|cell| cell.parse::<i64>().is_ok()) {
        Cells::Integers(texts().map(|cell| cell?.parse().ok()).collect())
    } else if texts().flatten().all(|cell| cell.parse::<f64>().is_ok()) {
        Cells::Floats(texts().map(|cell| cell?.parse().ok()).collect())
    } else {
        Cells::Texts(texts().collect())
    }
}

/// The column with so many rows: the first ones as they are, further ones with noise, so that rows
/// are no copies of each other.
fn column(name: &str, cells: &Cells<'_>, n_rows: usize, seed: u64) -> TestColumn {
    let mut rng = Rng::for_stream(7, seed);
    let mut source = |n: usize, row: usize| {
        if row >= n && rng.below(N_IN_SWAPPED) == 0 {
            rng.below(n)
        } else {
            row % n
        }
    };
    let mut moved = Rng::for_stream(8, seed);
    match cells {
        Cells::Integers(values) => {
            let mut distinct: Vec<i64> = values.iter().flatten().copied().collect();
            distinct.sort_unstable();
            distinct.dedup();
            let n = values.len();
            let value = |row: usize| {
                let value = values[source(n, row)]?;
                if row < n || distinct.len() <= 1000 {
                    return Some(value);
                }
                let width = usize::try_from(value.unsigned_abs() / 10).unwrap_or(0) + 1;
                let noise = i64::try_from(moved.below(width)).unwrap_or(0);
                Some(value + noise - i64::try_from(width / 2).unwrap_or(0))
            };
            TestColumn::integers(name, (0..n_rows).map(value).collect())
        }
        Cells::Floats(values) => {
            let n = values.len();
            let value = |row: usize| values[source(n, row)];
            TestColumn::floats(name, (0..n_rows).map(value).collect())
        }
        Cells::Texts(values) => {
            let n = values.len();
            let value = |row: usize| values[source(n, row)];
            TestColumn::categories(name, (0..n_rows).map(value).collect())
        }
    }
}

/// Tables of random numbers, every third column of categories, and a target of two classes.
fn made(n_rows: usize, n_columns: usize) -> Run {
    const TOWNS: [&str; 12] = [
        "Aachen", "Bonn", "Celle", "Dresden", "Erfurt", "Fulda", "Gera", "Halle", "Ilmenau",
        "Jena", "Kiel", "Leipzig",
    ];
    let mut run = Run::new(module());
    for (role, n_rows, seed) in [(Role::Train, n_rows, 1), (Role::Test, n_rows / 3, 2)] {
        let mut rng = Rng::new(seed);
        let (mut table, mut bytes) = (TestTable::default(), 0);
        for at in 1..n_columns {
            let name = format!("column {at}");
            bytes += n_rows * if at % 3 == 0 { 4 } else { 8 };
            table = table.with(if at % 3 == 0 {
                let town = |_| Some(TOWNS[rng.below(TOWNS.len())]);
                TestColumn::categories(&name, (0..n_rows).map(town).collect())
            } else if at % 3 == 1 {
                TestColumn::floats(&name, (0..n_rows).map(|_| Some(rng.normal())).collect())
            } else {
                let whole = |_| i64::try_from(rng.below(10_000)).ok();
                TestColumn::integers(&name, (0..n_rows).map(whole).collect())
            });
        }
        let class = |_| Some(if rng.below(3) == 0 { "yes" } else { "no" });
        let target = TestColumn::categories("target", (0..n_rows).map(class).collect());
        let table = table.with(target);
        told(role.name(), &table, bytes + n_rows * 4);
        run = run.table(role, table);
    }
    run.facts(|facts| {
        facts.target = Some("target".to_owned());
        facts.task = Task::Binary;
    })
}
