//! How often the checks of distributions, relations and rows alarm without cause, and with it.
//!
//! In: the name of a check. Out: a Markdown table with false-alarm rate and power, each over
//! `N_TABLES` seeded tables run through the plugin's border, with Wilson intervals at 95 %.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal that stops at the first surprise"
)]

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Task, Verdict};
use interlock_stats::proportion::wilson;
use interlock_stats::rng::Rng;

/// Tables drawn for each line.
const N_TABLES: u64 = 1000;

/// What a line draws: its name, and a table from a stream of random numbers.
type Case = (&'static str, Box<dyn Fn(&mut Rng) -> TestTable>);

/// The lines of a check.
type Cases = fn() -> Vec<Case>;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let n_tables = std::env::args()
        .nth(2)
        .map_or(N_TABLES, |n| n.parse().unwrap());
    let checks: [(&str, Cases); 7] = [
        ("numeric-outliers", outliers),
        ("zeros", zeros),
        ("correlations", correlations),
        ("target-correlation", leaks),
        ("identifier-target", identifiers),
        ("label-errors", labels),
        ("near-duplicates", doubles),
    ];
    for (check, cases) in checks.iter().filter(|(name, _)| *name == wanted) {
        println!("| tables | alarms | rate | 95 % interval |\n|---|---|---|---|");
        for (name, draw) in cases() {
            let n_alarms = (0..n_tables)
                .filter(|seed| alarms(check, &*draw, *seed))
                .count() as u64;
            let bounds = wilson(n_alarms, n_tables, 0.95).unwrap();
            let rate = n_alarms as f64 / n_tables as f64;
            println!(
                "| {name} | {n_alarms} of {n_tables} | {:.1} % | {:.1} to {:.1} % |",
                rate * 100.0,
                bounds.low * 100.0,
                bounds.high * 100.0
            );
        }
    }
}

fn alarms(check: &str, draw: &dyn Fn(&mut Rng) -> TestTable, seed: u64) -> bool {
    let table = draw(&mut Rng::new(seed));
    let has_id = table.columns.iter().any(|column| column.name == "id");
    let run = Run::new(interlock_data_quality::module())
        .table(Role::Train, table)
        .seed(seed)
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.task = Task::Binary;
            facts.id = has_id.then(|| "id".to_owned());
        });
    let outcome = run.check(&format!("data-quality.{check}")).unwrap();
    matches!(outcome.verdict, Verdict::Warn | Verdict::Fail)
}

fn case(name: &'static str, draw: impl Fn(&mut Rng) -> TestTable + 'static) -> Case {
    (name, Box::new(draw))
}

fn column(name: &str, n: usize, mut draw: impl FnMut(usize) -> f64) -> TestColumn {
    TestColumn::floats(name, (0..n).map(|row| Some(draw(row))).collect())
}

/// A class target; `p` is the probability of the first class.
fn target(n: usize, mut is_first: impl FnMut(usize) -> bool) -> TestColumn {
    let class = |row: usize| Some(if is_first(row) { "yes" } else { "no" });
    TestColumn::categories("y", (0..n).map(class).collect())
}

fn student(rng: &mut Rng, df: i32) -> f64 {
    let square: f64 = (0..df).map(|_| rng.normal().powi(2)).sum();
    rng.normal() / (square / f64::from(df)).sqrt()
}

fn pareto(rng: &mut Rng, exponent: f64) -> f64 {
    (1.0 - rng.uniform()).powf(-1.0 / exponent)
}

/// Ten columns of unlike shapes, so that the correction over columns is at work.
fn shapes(rng: &mut Rng, n: usize) -> TestTable {
    let exponential = |rng: &mut Rng| -(1.0 - rng.uniform()).ln();
    TestTable::default()
        .with(column("normal", n, |_| rng.normal()))
        .with(column("uniform", n, |_| rng.uniform()))
        .with(column("lognormal", n, |_| rng.normal().exp()))
        .with(column("wide lognormal", n, |_| (2.0 * rng.normal()).exp()))
        .with(column("exponential", n, |_| exponential(rng)))
        .with(column("student 3", n, |_| student(rng, 3)))
        .with(column("pareto 1", n, |_| pareto(rng, 1.0)))
        .with(column("pareto 2", n, |_| pareto(rng, 2.0)))
        .with(column("rounded", n, |_| (10.0 * exponential(rng)).round()))
        .with(column("mixed", n, |row| {
            rng.normal() + if row % 9 == 0 { 6.0 } else { 0.0 }
        }))
}

fn outliers() -> Vec<Case> {
    let slipped = |factor: f64, n_rows: usize| {
        move |rng: &mut Rng| {
            let mut table = shapes(rng, 1000);
            table.columns[0] = column("height", 1000, |row| {
                (170.0 + 10.0 * rng.normal()) * if row < n_rows { factor } else { 1.0 }
            });
            table
        }
    };
    vec![
        case("sound, 10 columns of 200 rows", |rng| shapes(rng, 200)),
        case("sound, 10 columns of 1,000 rows", |rng| shapes(rng, 1000)),
        case("sound, 10 columns of 5,000 rows", |rng| shapes(rng, 5000)),
        case("1 of 1,000 heights times 10", slipped(10.0, 1)),
        case("5 of 1,000 heights times 10", slipped(10.0, 5)),
        case("3 of 1,000 heights times 2.54", slipped(2.54, 3)),
        case("3 of 1,000 heights in meters", slipped(0.01, 3)),
    ]
}

fn zeros() -> Vec<Case> {
    let planted = |n_rows: usize| {
        move |rng: &mut Rng| {
            TestTable::default().with(column("pressure", 500, |row| {
                if row < n_rows {
                    0.0
                } else {
                    72.0 + 12.0 * rng.normal()
                }
            }))
        }
    };
    vec![
        case("sound, 10 columns of 500 rows", |rng| shapes(rng, 500)),
        case(
            "sound, counts with a tenth to nine tenths of zeros",
            |rng| {
                let shares = [0.1, 0.3, 0.5, 0.7, 0.9];
                let mut table = TestTable::default();
                for share in shares {
                    let count = |_| {
                        if rng.uniform() < share {
                            0.0
                        } else {
                            (-(1.0 - rng.uniform()).ln() * 5.0).ceil()
                        }
                    };
                    table = table.with(column(&format!("count {share}"), 500, count));
                }
                table
            },
        ),
        case("5 of 500 blood pressures written as 0", planted(5)),
        case("100 of 500 blood pressures written as 0", planted(100)),
    ]
}

/// A pair of normal columns with this correlation among 10 independent ones.
fn paired(rng: &mut Rng, n: usize, correlation: f64) -> TestTable {
    let mut table = TestTable::default();
    for at in 0..10 {
        table = table.with(column(&format!("x{at}"), n, |_| rng.normal()));
    }
    let first: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let rest = (1.0 - correlation * correlation).sqrt();
    let kinds = ["a", "b", "c", "d", "e"];
    let kind = (0..n).map(|_| Some(kinds[rng.below(5)])).collect();
    table
        .with(TestColumn::categories("kind", kind))
        .with(column("second", n, |row| {
            correlation * first[row] + rest * rng.normal()
        }))
        .with(column("first", n, |row| first[row]))
}

fn correlations() -> Vec<Case> {
    vec![
        case("13 independent columns of 100 rows", |rng| {
            paired(rng, 100, 0.0)
        }),
        case("one pair of true correlation 0.8, 100 rows", |rng| {
            paired(rng, 100, 0.8)
        }),
        case("one pair of true correlation 0.8, 1,000 rows", |rng| {
            paired(rng, 1000, 0.8)
        }),
        case("one pair of true correlation 0.95, 100 rows", |rng| {
            paired(rng, 100, 0.95)
        }),
        case("one pair of true correlation 0.95, 1,000 rows", |rng| {
            paired(rng, 1000, 0.95)
        }),
    ]
}

/// Five features of which one is honest, and one that is the target but for a share of slips.
fn leaking(rng: &mut Rng, n: usize, share_first: f64, slips: f64) -> TestTable {
    let classes: Vec<bool> = (0..n).map(|_| rng.uniform() < share_first).collect();
    let honest = column("honest", n, |row| {
        rng.normal() + if classes[row] { 1.5 } else { 0.0 }
    });
    let mut table = TestTable::default().with(honest);
    for at in 0..3 {
        table = table.with(column(&format!("noise {at}"), n, |_| rng.normal()));
    }
    let leak = (0..n)
        .map(|row| {
            Some(if classes[row] == (rng.uniform() < slips) {
                "open"
            } else {
                "closed"
            })
        })
        .collect();
    let table = table.with(TestColumn::categories("state", leak));
    table.with(target(n, |row| classes[row]))
}

fn leaks() -> Vec<Case> {
    vec![
        case("an honest feature (area 0.86), 200 rows", |rng| {
            leaking(rng, 200, 0.5, 0.5)
        }),
        case("an honest feature, a tenth positive, 1,000 rows", |rng| {
            leaking(rng, 1000, 0.1, 0.5)
        }),
        case("a feature of 5 % slips, 200 rows", |rng| {
            leaking(rng, 200, 0.5, 0.05)
        }),
        case(
            "a feature of 2 % slips, a tenth positive, 1,000 rows",
            |rng| leaking(rng, 1000, 0.1, 0.02),
        ),
    ]
}

/// Ids in the order of rows, the target with runs of a mean length.
fn identified(rng: &mut Rng, n: usize, share_first: f64, run_length: f64) -> TestTable {
    let mut current = false;
    let y = target(n, |_| {
        if rng.uniform() < 1.0 / run_length {
            current = rng.uniform() < share_first;
        }
        current
    });
    TestTable::default()
        .with(column("id", n, |row| row as f64))
        .with(y)
}

fn identifiers() -> Vec<Case> {
    vec![
        case("target independent of the id, 200 rows", |rng| {
            identified(rng, 200, 0.5, 1.0)
        }),
        case(
            "target independent of the id, a fifth positive, 1,000 rows",
            |rng| identified(rng, 1000, 0.2, 1.0),
        ),
        case("outcomes in runs of 3 rows, 200 rows", |rng| {
            identified(rng, 200, 0.5, 3.0)
        }),
        case("outcomes in runs of 10 rows, 200 rows", |rng| {
            identified(rng, 200, 0.5, 10.0)
        }),
        case("outcomes in runs of 3 rows, 1,000 rows", |rng| {
            identified(rng, 1000, 0.5, 3.0)
        }),
    ]
}

/// Four normal features, classes as far apart as `gap`, a share of labels flipped.
fn labeled(rng: &mut Rng, n: usize, gap: f64, flipped: f64) -> TestTable {
    let classes: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.4).collect();
    let mut table = TestTable::default();
    for at in 0..4 {
        let shift = |row: usize| if classes[row] { gap / 2.0 } else { 0.0 };
        table = table.with(column(&format!("x{at}"), n, |row| {
            rng.normal() + shift(row)
        }));
    }
    table.with(target(n, |row| classes[row] != (rng.uniform() < flipped)))
}

fn labels() -> Vec<Case> {
    let sound = |gap: f64| move |rng: &mut Rng| labeled(rng, 600, gap, 0.0);
    let flipped = |gap: f64, share: f64| move |rng: &mut Rng| labeled(rng, 600, gap, share);
    vec![
        case("right labels, no feature tells (area 0.5)", sound(0.0)),
        case("right labels, classes overlap (area 0.76)", sound(1.0)),
        case("right labels, classes overlap less (area 0.92)", sound(2.0)),
        case("right labels, classes apart (area 0.998)", sound(4.0)),
        case("5 % flipped, classes overlap less", flipped(2.0, 0.05)),
        case("5 % flipped, classes apart", flipped(4.0, 0.05)),
        case("10 % flipped, classes apart", flipped(4.0, 0.1)),
    ]
}

/// Two categories and two measured columns; the last rows repeat the first in other letters.
fn doubled(rng: &mut Rng, n: usize, n_doubled: usize, digits: i32) -> TestTable {
    let towns = ["Ulm", "Jena", "Kiel", "Bonn"];
    let mut town: Vec<&str> = (0..n).map(|_| towns[rng.below(4)]).collect();
    let unit = 10_f64.powi(digits);
    let mut draw = || -> Vec<f64> {
        (0..n)
            .map(|_| (rng.normal() * unit).round() / unit)
            .collect()
    };
    let (mut height, mut weight) = (draw(), draw());
    for row in 0..n_doubled {
        let copy = n - 1 - row;
        town[copy] = match town[row] {
            "Ulm" => "ULM",
            "Jena" => "jena ",
            "Kiel" => " Kiel",
            _ => "BONN",
        };
        (height[copy], weight[copy]) = (height[row], weight[row]);
    }
    TestTable::default()
        .with(TestColumn::categories(
            "town",
            town.into_iter().map(Some).collect(),
        ))
        .with(column("height", n, |row| height[row]))
        .with(column("weight", n, |row| weight[row]))
}

fn doubles() -> Vec<Case> {
    vec![
        case("sound, 3 columns of 2,000 rows, 3 decimals", |rng| {
            doubled(rng, 2000, 0, 3)
        }),
        case("sound, 1 column of 2,000 rows, 9 decimals", |rng| {
            TestTable::default().with(column("x", 2000, |_| rng.normal()))
        }),
        case("3 of 2,000 rows spelled otherwise, 3 decimals", |rng| {
            doubled(rng, 2000, 3, 3)
        }),
        case("3 of 2,000 rows spelled otherwise, 1 decimal", |rng| {
            doubled(rng, 2000, 3, 1)
        }),
    ]
}
