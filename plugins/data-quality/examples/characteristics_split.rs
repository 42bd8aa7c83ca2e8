//! How often the statistical checks of the split are wrong, and how often they see what was planted.
//!
//! In: nothing; every table is drawn here from a seed. Out: a Markdown table of false-alarm rates in
//! random splits and of power, with Wilson's intervals.
//!
//! Run with `cargo run --release -p interlock-data-quality --example characteristics_split`.

#![expect(clippy::print_stdout, reason = "prints what it measures")]

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{CheckError, Role, Verdict};
use interlock_stats::proportion::wilson;
use interlock_stats::rng::Rng;

const N_TABLES: u64 = 1000;
const N_TRAIN: usize = 600;
const N_TEST: usize = 300;

/// What is planted in the test table.
#[derive(Clone, Copy, PartialEq)]
enum Defect {
    None,
    /// Six rows of a new town.
    NewTown,
    /// Six values of `a` a tenth of its spread beyond the training range.
    Beyond,
    /// Share of the target 45 % instead of 33 %.
    Target,
    /// `a` no longer goes with the target.
    Association,
    /// `a` and `b` go together the other way round.
    Joint,
    /// Three training rows with a changed number.
    Copies,
}

/// A row: five numbers, a town of four, a surname of many, and the target.
struct Row {
    numbers: [f64; 5],
    town: String,
    name: String,
    target: i64,
}

fn row(rng: &mut Rng, defect: Defect) -> Row {
    let share = if defect == Defect::Target { 0.45 } else { 0.33 };
    let target = i64::from(rng.uniform() < share);
    let shift = if defect == Defect::Association {
        0.0
    } else {
        target as f64
    };
    let a = rng.normal() + shift;
    let sign = if defect == Defect::Joint { -1.0 } else { 1.0 };
    // Names follow Zipf's law, so that most are rare.
    let name = (1.0 / (1.0 - rng.uniform() * 0.999)).floor();
    Row {
        numbers: [
            a,
            sign * a + rng.normal(),
            rng.normal().exp(),
            rng.normal(),
            rng.normal(),
        ],
        town: ["Ulm", "Ulm", "Jena", "Kiel"][rng.below(4)].to_owned(),
        name: format!("n{name}"),
        target,
    }
}

fn table(rows: &[Row]) -> TestTable {
    let number = |at: usize| rows.iter().map(|row| Some(row.numbers[at])).collect();
    let text = |of: fn(&Row) -> &str| rows.iter().map(|row| Some(of(row))).collect();
    TestTable::default()
        .with(TestColumn::floats("a", number(0)))
        .with(TestColumn::floats("b", number(1)))
        .with(TestColumn::floats("c", number(2)))
        .with(TestColumn::floats("d", number(3)))
        .with(TestColumn::floats("e", number(4)))
        .with(TestColumn::categories("town", text(|row| &row.town)))
        .with(TestColumn::categories("name", text(|row| &row.name)))
        .with(TestColumn::integers(
            "y",
            rows.iter().map(|row| Some(row.target)).collect(),
        ))
}

fn split(seed: u64, defect: Defect) -> Run {
    let mut rng = Rng::for_stream(seed, defect as u64);
    let train: Vec<Row> = (0..N_TRAIN).map(|_| row(&mut rng, Defect::None)).collect();
    let mut test: Vec<Row> = (0..N_TEST).map(|_| row(&mut rng, defect)).collect();
    let high = train
        .iter()
        .map(|row| row.numbers[0])
        .fold(f64::NEG_INFINITY, f64::max);
    for (at, row) in test.iter_mut().enumerate().take(6) {
        match defect {
            Defect::NewTown => "Bonn".clone_into(&mut row.town),
            Defect::Beyond => row.numbers[0] = high + 0.1,
            Defect::Copies if at < 3 => {
                row.numbers = train[at].numbers;
                row.numbers[1] = 0.0;
                row.town.clone_from(&train[at].town);
                row.name.clone_from(&train[at].name);
            }
            _ => {}
        }
    }
    Run::new(interlock_data_quality::module())
        .seed(seed)
        .table(Role::Train, table(&train))
        .table(Role::Test, table(&test))
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.positive = Some("1".to_owned());
            for column in &mut facts.columns {
                column.is_sensitive = column.name == "town";
            }
        })
}

/// How many of the tables the check warns or fails about, and how often it could not tell.
fn alarms(check: &str, defect: Defect) -> Result<(u64, u64), CheckError> {
    let (mut n_alarms, mut n_open) = (0, 0);
    for seed in 0..N_TABLES {
        let verdict = split(seed, defect)
            .check(&format!("data-quality.{check}"))?
            .verdict;
        n_alarms += u64::from(matches!(verdict, Verdict::Warn | Verdict::Fail));
        n_open += u64::from(verdict == Verdict::Inconclusive);
    }
    Ok((n_alarms, n_open))
}

fn shown((n, n_open): (u64, u64)) -> String {
    let bounds = wilson(n, N_TABLES, 0.95);
    let range = bounds.map_or(String::new(), |b| {
        format!(" ({:.1} to {:.1})", 100.0 * b.low, 100.0 * b.high)
    });
    let open = if n_open > 0 {
        format!(", {n_open} inconclusive")
    } else {
        String::new()
    };
    format!("{:.1} %{range}{open}", 100.0 * n as f64 / N_TABLES as f64)
}

fn main() -> Result<(), CheckError> {
    println!(
        "{N_TABLES} splits into {N_TRAIN} and {N_TEST} rows of 5 numbers, 2 categories and a binary target; Wilson intervals at 95 %.\n"
    );
    println!("| check | planted | false alarms | power |\n|---|---|---|---|");
    for (check, planted, defect) in [
        (
            "new-categories",
            "6 of 300 rows of a new town",
            Defect::NewTown,
        ),
        (
            "value-ranges",
            "6 of 300 values just beyond the range",
            Defect::Beyond,
        ),
        (
            "near-duplicate-leakage",
            "3 copies with one number changed",
            Defect::Copies,
        ),
        (
            "stratification",
            "target 45 % instead of 33 %",
            Defect::Target,
        ),
        (
            "giveaway-features",
            "a number no longer goes with the target",
            Defect::Association,
        ),
        (
            "association-change",
            "a number no longer goes with the target",
            Defect::Association,
        ),
        (
            "domain-classifier",
            "two numbers go together the other way round",
            Defect::Joint,
        ),
    ] {
        let (null, power) = (alarms(check, Defect::None)?, alarms(check, defect)?);
        println!(
            "| `{check}` | {planted} | {} | {} |",
            shown(null),
            shown(power)
        );
    }
    Ok(())
}
