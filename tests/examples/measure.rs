//! Measures what a user waits for, with the real program: start, saves, a rebuilt plugin, memory, rest.
//!
//! In: `cargo build --release -p end-to-end`, then `cargo run --release -p end-to-end --example measure
//! [REPEATS]`. Out: one line per figure: median, least and greatest of the repeats.
//!
//! Times end when the words stand on the screen of a pseudo-terminal, so that they hold everything
//! between a key or a save and the reader's eye but the terminal's own drawing.

#![expect(clippy::print_stdout, reason = "its answer is its standard output")]
#![expect(
    clippy::disallowed_methods,
    reason = "measures by the clock, and lets the program rest"
)]

#[path = "measure/process.rs"]
mod process;

#[path = "measure/project.rs"]
mod project;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use process::{n_wakeups, resident_mib, ticks, workers};
use project::{Place, Table};
use termlens::{Key, Screen, Terminal};

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let n_repeats = std::env::args().nth(1).map_or(Ok(7), |text| text.parse())?;
    let place = Place::new()?;
    println!("{:<58} {:>9} {:>9} {:>9}", "", "median", "least", "most");
    starts(&place, n_repeats)?;
    saves(&place, n_repeats)?;
    plugin_edits(&place, n_repeats)?;
    rest(&place)
}

/// Cold (nothing known of the project) and warm starts on the sample.
fn starts(place: &Place, n_repeats: usize) -> Answer<()> {
    for (name, is_cold) in [("cold", true), ("warm", false)] {
        let project = place.sample("german-credit")?;
        let (mut first, mut all) = (Vec::new(), Vec::new());
        if !is_cold {
            wait_settled(&mut place.dashboard(&project)?)?;
        }
        for _ in 0..n_repeats {
            if is_cold {
                let _none_yet = std::fs::remove_dir_all(project.join(".interlock"));
            }
            let begin = Instant::now();
            let mut terminal = place.dashboard(&project)?;
            terminal.wait_until(has_verdict)?;
            first.push(begin.elapsed());
            wait_settled(&mut terminal)?;
            all.push(begin.elapsed());
            quit(terminal)?;
        }
        tell(
            &format!("{name} start to first verdict, german-credit"),
            &mut first,
        );
        tell(&format!("{name} start to all verdicts"), &mut all);
    }
    Ok(())
}

/// Saves of a table of 30,000 rows and 15 columns, each with other bytes, which turn a verdict.
fn saves(place: &Place, n_repeats: usize) -> Answer<()> {
    let project = place.folder("saves")?;
    let mut table = Table::default();
    std::fs::write(project.join("interlock.toml"), project::SETTINGS)?;
    std::fs::write(project.join("train.csv"), table.csv(false))?;
    std::fs::write(project.join("current.csv"), table.csv(false))?;
    let mut stream = place.plain(&project)?;
    stream.until("saves: ")?;
    let (mut first, mut flip, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..n_repeats {
        let text = table.csv(round % 2 == 0);
        std::fs::write(project.join("train.tmp"), text)?;
        let begin = Instant::now();
        std::fs::rename(project.join("train.tmp"), project.join("train.csv"))?;
        stream.until(" finished: ")?;
        first.push(begin.elapsed());
        stream.until(" verdict: data-quality.duplicates: ")?;
        flip.push(begin.elapsed());
        stream.until("saves: ")?;
        all.push(begin.elapsed());
    }
    tell("save of a 30,000 x 15 CSV to first new result", &mut first);
    tell("save to first changed verdict", &mut flip);
    tell("save to all verdicts (random forest retrained)", &mut all);
    Ok(())
}

/// Saves of the in-house plugin's source, cargo included, until its new verdict is said.
fn plugin_edits(place: &Place, n_repeats: usize) -> Answer<()> {
    let project = place.sample("german-credit")?;
    let manifest = project.join("checks/Cargo.toml");
    let sdk = place.top.join("plugin-api");
    let text = std::fs::read_to_string(&manifest)?;
    std::fs::write(
        &manifest,
        text.replace("../../../plugin-api", &sdk.to_string_lossy()),
    )?;
    build(&project)?;
    let mut stream = place.plain(&project)?;
    stream.until("german-credit: ")?;
    let source = project.join("checks/src/lib.rs");
    let text = std::fs::read_to_string(&source)?;
    let (mut built, mut seen) = (Vec::new(), Vec::new());
    for round in 0..n_repeats {
        let limit = if round % 2 == 0 { 100_000 } else { 1_000 } + round;
        let begin = Instant::now();
        std::fs::write(
            &source,
            text.replace("limit: 1000.0", &format!("limit: {limit}.0")),
        )?;
        build(&project)?;
        built.push(begin.elapsed());
        stream.until(" verdict: bank.")?;
        seen.push(begin.elapsed());
    }
    tell(
        "plugin source saved to library built (cargo alone)",
        &mut built,
    );
    tell("plugin source saved to its new verdict", &mut seen);
    Ok(())
}

fn build(project: &Path) -> Answer<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--offline", "--target-dir", "target"])
        .current_dir(project.join("checks"))
        .env_remove("CARGO_TARGET_DIR")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the in-house plugin does not build".into())
    }
}

/// Memory once all is done; processor time, wake-ups and drawn bytes while nothing happens.
fn rest(place: &Place) -> Answer<()> {
    const SPAN: Duration = Duration::from_secs(10);
    let project = place.sample("german-credit")?;
    let mut terminal = place.dashboard(&project)?;
    wait_settled(&mut terminal)?;
    let pid = terminal.pid().ok_or("the program has no process")?;
    std::thread::sleep(Duration::from_secs(1));
    println!(
        "{:<58} {:>6.1} MiB",
        "host, resident, german-credit settled",
        resident_mib(pid)
    );
    for worker in workers(pid) {
        println!(
            "{:<58} {:>6.1} MiB",
            format!("worker {worker}, resident"),
            resident_mib(worker)
        );
    }
    let before = (ticks(pid), n_wakeups(pid), terminal.screen().text());
    std::thread::sleep(SPAN);
    let after = (ticks(pid), n_wakeups(pid), terminal.screen().text());
    let share = (after.0 - before.0) as f64 / (100.0 * SPAN.as_secs_f64());
    println!(
        "{:<58} {:>6.2} %",
        "processor while idle, over 10 s",
        share * 100.0
    );
    println!(
        "{:<58} {:>6}",
        "wake-ups of the host while idle, over 10 s",
        after.1 - before.1
    );
    println!(
        "{:<58} {:>6}",
        "screen unchanged while idle",
        before.2 == after.2
    );
    quit(terminal)?;
    Ok(())
}

fn has_verdict(screen: &Screen) -> bool {
    let words = ["✓ PASS  ", "! WARN  ", "✗ FAIL  ", "? CAN'T TELL  "];
    // The first two lines are the summary and the pipeline.
    screen
        .text()
        .lines()
        .skip(2)
        .any(|line| words.iter().any(|word| line.contains(word)))
}

fn wait_settled(terminal: &mut Terminal) -> Answer<()> {
    terminal.wait_until(|screen| {
        has_verdict(screen) && !screen.contains("....") && !screen.contains("reading")
    })?;
    Ok(())
}

fn quit(mut terminal: Terminal) -> Answer<()> {
    terminal.send(Key::Char('q'))?;
    terminal.wait_exit()?;
    Ok(())
}

/// One line: median, least and greatest.
fn tell(what: &str, times: &mut [Duration]) {
    times.sort();
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    if let (Some(least), Some(most)) = (times.first(), times.last()) {
        println!(
            "{what:<58} {:>6.0} ms {:>6.0} ms {:>6.0} ms",
            ms(&times[times.len() / 2]),
            ms(least),
            ms(most)
        );
    }
}

/// The program beside this example.
fn program() -> Answer<PathBuf> {
    let file = std::env::current_exe()?
        .parent()
        .and_then(Path::parent)
        .ok_or("no target folder")?
        .join("interlock-under-test");
    if file.is_file() {
        Ok(file)
    } else {
        Err("first: cargo build --release -p end-to-end".into())
    }
}
