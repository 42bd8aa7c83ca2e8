//! How often the checks of rows, of their order and of units alarm without cause, and with it.
//!
//! In: the name of a check. Out: a Markdown table with the share of tables that are warned of, each
//! over `N_TABLES` seeded tables run through the plugin's border, with Wilson intervals at 95 %.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal that stops at the first surprise"
)]

#[path = "characteristics_rows/draws.rs"]
mod draws;

#[path = "characteristics/rates.rs"]
mod rates;

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Verdict};
use interlock_stats::rng::Rng;

use draws::{categories, column, correlated, mixed, of_columns, student};

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
    let checks: [(&str, Cases); 6] = [
        ("row-outliers", row_outliers),
        ("unit-mix-ups", unit_mix_ups),
        ("order-dependence", order_dependence),
        ("order-dependence-in-time", order_in_time),
        ("uniform", uniform),
        ("almost-duplicates", almost_duplicates),
    ];
    for (check, cases) in checks.iter().filter(|(name, _)| *name == wanted) {
        println!("{}", rates::HEADING);
        for (name, draw) in cases() {
            let alarms = |seed| alarms(check, &*draw, seed);
            println!("{}", rates::line(name, n_tables, alarms));
        }
    }
}

fn alarms(check: &str, draw: &dyn Fn(&mut Rng) -> TestTable, seed: u64) -> bool {
    let table = draw(&mut Rng::new(seed));
    let time = table.columns.iter().any(|column| column.name == "day");
    let run = Run::new(interlock_data_quality::module())
        .table(Role::Train, table)
        .seed(seed)
        .facts(|facts| facts.time = time.then(|| "day".to_owned()));
    let check = check.trim_end_matches("-in-time");
    let outcome = run.check(&format!("data-quality.{check}")).unwrap();
    // What is only ever noted counts by its notes.
    matches!(outcome.verdict, Verdict::Warn | Verdict::Fail)
        || ["uniform", "almost-duplicates"].contains(&check) && !outcome.findings.is_empty()
}

fn case(name: &'static str, draw: impl Fn(&mut Rng) -> TestTable + 'static) -> Case {
    (name, Box::new(draw))
}

fn row_outliers() -> Vec<Case> {
    let shifted = |n: usize, n_odd: usize, by: f64| {
        move |rng: &mut Rng| {
            let mut columns = correlated(rng, n, 8, 0.0);
            for values in &mut columns[..3] {
                values[..n_odd].iter_mut().for_each(|value| *value += by);
            }
            of_columns(&columns)
        }
    };
    let broken = |n: usize, n_odd: usize| {
        move |rng: &mut Rng| {
            let mut columns = correlated(rng, n, 8, 0.8);
            for (at, values) in columns.iter_mut().enumerate() {
                let side = if at % 2 == 0 { 2.0 } else { -2.0 };
                values[..n_odd].fill(side);
            }
            of_columns(&columns)
        }
    };
    let mixed_up = |rng: &mut Rng| {
        let mut table = mixed(rng, 1000);
        let odd = column("student", 1000, |row| {
            if row == 0 { 40.0 } else { student(rng, 3) }
        });
        table.columns[2] = odd;
        table.columns[0] = column(
            "normal",
            1000,
            |row| if row == 0 { -8.0 } else { rng.normal() },
        );
        table
    };
    let mut cases = sound_rows();
    cases.extend([
        case(
            "1 of 1,000 rows: 3 of 8 columns 6 deviations off",
            shifted(1000, 1, 6.0),
        ),
        case(
            "1 of 1,000 rows: 3 of 8 columns 8 deviations off",
            shifted(1000, 1, 8.0),
        ),
        case(
            "4 of 1,000 rows: 3 of 8 columns 6 deviations off",
            shifted(1000, 4, 6.0),
        ),
        case(
            "10 of 5,000 rows: 3 of 8 columns 6 deviations off",
            shifted(5000, 10, 6.0),
        ),
        case(
            "1 of 1,000 rows: correlation of 0.8 turned round",
            broken(1000, 1),
        ),
        case(
            "3 of 1,000 rows: correlation of 0.8 turned round",
            broken(1000, 3),
        ),
        case(
            "1 of 1,000 rows of all shapes: 2 of 9 cells far off",
            mixed_up,
        ),
    ]);
    cases
}

fn sound_rows() -> Vec<Case> {
    let factor = |n: usize, n_columns: usize, correlation: f64| {
        move |rng: &mut Rng| of_columns(&correlated(rng, n, n_columns, correlation))
    };
    vec![
        case("sound, 8 normal columns, 200 rows", factor(200, 8, 0.0)),
        case("sound, 8 normal columns, 1,000 rows", factor(1000, 8, 0.0)),
        case(
            "sound, 8 columns correlated by 0.5, 1,000 rows",
            factor(1000, 8, 0.5),
        ),
        case(
            "sound, 8 columns correlated by 0.8, 1,000 rows",
            factor(1000, 8, 0.8),
        ),
        case(
            "sound, 20 columns correlated by 0.8, 1,000 rows",
            factor(1000, 20, 0.8),
        ),
        case("sound, 9 columns of all shapes, 300 rows", |rng| {
            mixed(rng, 300)
        }),
        case("sound, 9 columns of all shapes, 1,000 rows", |rng| {
            mixed(rng, 1000)
        }),
        case("sound, 9 columns of all shapes, 5,000 rows", |rng| {
            mixed(rng, 5000)
        }),
    ]
}

/// Values around 1 with this deviation of the logarithm; a share of rows is `factor` times as large.
fn scaled(rng: &mut Rng, n: usize, deviation: f64, (share, factor): (f64, f64)) -> TestColumn {
    column("amount", n, |_| {
        let unit = if rng.uniform() < share { factor } else { 1.0 };
        (1.0 + deviation * rng.normal()).exp().max(1e-300) * unit
    })
}

/// Ten columns of two groups that have nothing to do with each other, distances as drawn.
fn two_groups(rng: &mut Rng, n: usize, draw: impl Fn(&mut Rng) -> f64) -> TestTable {
    let mut table = TestTable::default();
    for at in 0..10 {
        let distance = draw(rng);
        let deviation = distance / (4.0 + 6.0 * rng.uniform());
        let share = 0.1 + 0.4 * rng.uniform();
        let name = format!("x{at}");
        table = table.with(column(&name, n, |_| {
            let shift = if rng.uniform() < share { distance } else { 0.0 };
            (1.0 + deviation * rng.normal() + shift).exp()
        }));
    }
    table
}

fn unit_mix_ups() -> Vec<Case> {
    let planted = |n: usize, deviation: f64, share: f64, factor: f64| {
        move |rng: &mut Rng| {
            let mut table = mixed(rng, n);
            table.columns[0] = scaled(rng, n, deviation, (share, factor));
            table
        }
    };
    let heated = |n: usize, factor: f64, offset: f64| {
        move |rng: &mut Rng| {
            TestTable::default().with(column("temperature", n, |_| {
                let celsius = 15.0 + 6.0 * rng.normal();
                let is_other = rng.uniform() < 0.2;
                [celsius, factor * celsius + offset][usize::from(is_other)]
            }))
        }
    };
    vec![
        case("sound, 9 columns of all shapes, 300 rows", |rng| {
            mixed(rng, 300)
        }),
        case("sound, 9 columns of all shapes, 3,000 rows", |rng| {
            mixed(rng, 3000)
        }),
        case(
            "10 columns of unrelated groups, distances 0.4 to 14 by 1/d, 1,000 rows",
            |rng| two_groups(rng, 1000, |rng| 0.4 * 35.0_f64.powf(rng.uniform())),
        ),
        case(
            "10 columns of unrelated groups, distances 0.7 to 8 evenly, 1,000 rows",
            |rng| two_groups(rng, 1000, |rng| 0.7 + 7.3 * rng.uniform()),
        ),
        case(
            "temperatures of two climates, 30 degrees apart",
            heated(1000, 1.0, 30.0),
        ),
        case(
            "grams among kilograms (deviation 0.2): 5 % of 1,000",
            planted(1000, 0.2, 0.05, 1e3),
        ),
        case(
            "grams among kilograms (deviation 0.2): 30 % of 1,000",
            planted(1000, 0.2, 0.3, 1e3),
        ),
        case(
            "thousands (deviation 0.8): 20 % of 1,000",
            planted(1000, 0.8, 0.2, 1e3),
        ),
        case(
            "thousands (deviation 0.8): 20 % of 10,000",
            planted(10_000, 0.8, 0.2, 1e3),
        ),
        case(
            "cents (deviation 0.5): 20 % of 1,000",
            planted(1000, 0.5, 0.2, 100.0),
        ),
        case(
            "cents (deviation 0.5): 20 % of 10,000",
            planted(10_000, 0.5, 0.2, 100.0),
        ),
        case(
            "inches among centimeters (deviation 0.06): 20 % of 1,000",
            planted(1000, 0.06, 0.2, 1.0 / 2.54),
        ),
        case(
            "pounds among kilograms (deviation 0.15): 20 % of 10,000",
            planted(10_000, 0.15, 0.2, 2.204_62),
        ),
        case(
            "Fahrenheit among Celsius: 20 % of 1,000",
            heated(1000, 1.8, 32.0),
        ),
        case(
            "Kelvin among Celsius: 20 % of 1,000",
            heated(1000, 1.0, 273.15),
        ),
    ]
}

/// A table in which one column follows a rule of the row and of what was before.
fn ordered(rng: &mut Rng, n: usize, rule: impl Fn(&mut Rng, usize, f64) -> f64) -> TestTable {
    let mut table = mixed(rng, n);
    let mut last = 0.0;
    table.columns[0] = column("normal", n, |row| {
        last = rule(rng, row, last);
        last
    });
    table
}

fn order_dependence() -> Vec<Case> {
    let trend = |n: usize, by: f64| {
        move |rng: &mut Rng| {
            ordered(rng, n, |rng, row, _| {
                rng.normal() + by * row as f64 / n as f64
            })
        }
    };
    let memory = |n: usize, share: f64| {
        move |rng: &mut Rng| ordered(rng, n, |rng, _, last| share * last + rng.normal())
    };
    let people = |rng: &mut Rng| {
        let mut table = mixed(rng, 1000);
        let mut town = "Ulm";
        let towns = (0..1000).map(|_| {
            if rng.uniform() < 0.6 {
                town = ["Ulm", "Jena", "Kiel"][rng.below(3)];
            }
            Some(town)
        });
        table.columns[6] = TestColumn::categories("town", towns.collect());
        table
    };
    vec![
        case("independent rows, 9 columns, 100 rows", |rng| {
            mixed(rng, 100)
        }),
        case("independent rows, 9 columns, 1,000 rows", |rng| {
            mixed(rng, 1000)
        }),
        case("independent rows, 9 columns, 5,000 rows", |rng| {
            mixed(rng, 5000)
        }),
        case("a trend of 1 deviation over 300 rows", trend(300, 1.0)),
        case(
            "a trend of 0.5 deviations over 1,000 rows",
            trend(1000, 0.5),
        ),
        case("autocorrelation 0.2, 300 rows", memory(300, 0.2)),
        case("autocorrelation 0.2, 1,000 rows", memory(1000, 0.2)),
        case(
            "40 % of rows have the town of the row before, 1,000 rows",
            people,
        ),
    ]
}

fn order_in_time() -> Vec<Case> {
    let timed = |table: TestTable| {
        let n = table.n_rows();
        table.with(column("day", n, |row| row as f64))
    };
    let memory = move |n: usize, share: f64| {
        move |rng: &mut Rng| timed(ordered(rng, n, |rng, _, last| share * last + rng.normal()))
    };
    vec![
        case("independent days, 9 columns, 300 days", move |rng| {
            timed(mixed(rng, 300))
        }),
        case("independent days, 9 columns, 1,000 days", move |rng| {
            timed(mixed(rng, 1000))
        }),
        case(
            "a column of autocorrelation 0.5 that keeps its level, 1,000 days",
            memory(1000, 0.5),
        ),
        case(
            "a column of autocorrelation 0.8 that keeps its level, 1,000 days",
            memory(1000, 0.8),
        ),
        case("a random walk, 300 days", memory(300, 1.0)),
        case("a trend of 1 deviation, 1,000 days", move |rng| {
            timed(ordered(rng, 1000, |rng, row, _| {
                rng.normal() + row as f64 / 1000.0
            }))
        }),
    ]
}

fn uniform() -> Vec<Case> {
    let one = |n: usize, draw: fn(&mut Rng) -> f64| {
        move |rng: &mut Rng| TestTable::default().with(column("x", n, |_| draw(rng)))
    };
    vec![
        case("normal, 2,000 rows", one(2000, Rng::normal)),
        case(
            "two uniform numbers added, 1,000 rows",
            one(1000, |rng| rng.uniform() + rng.uniform()),
        ),
        case(
            "uniform to the power of 1.5, 2,000 rows",
            one(2000, |rng| rng.uniform().powf(1.5)),
        ),
        case(
            "uniform to the power of 1.1, 2,000 rows",
            one(2000, |rng| rng.uniform().powf(1.1)),
        ),
        case("9 columns of all shapes, 2,000 rows", |rng| {
            mixed(rng, 2000)
        }),
        case("uniform, 1,000 rows", one(1000, Rng::uniform)),
        case("uniform, 2,000 rows", one(2000, Rng::uniform)),
        case("uniform, 10,000 rows", one(10_000, Rng::uniform)),
        case(
            "whole numbers from 0 to 99,999, 2,000 rows",
            one(2000, |rng| rng.below(100_000) as f64),
        ),
    ]
}

fn almost_duplicates() -> Vec<Case> {
    let copied = |n: usize, n_copies: usize| {
        move |rng: &mut Rng| {
            let mut columns = correlated(rng, n, 5, 0.3);
            for values in &mut columns {
                for value in values.iter_mut() {
                    *value = (*value * 100.0).round();
                }
            }
            for copy in 0..n_copies {
                for values in &mut columns {
                    values[n - 1 - copy] = values[copy];
                }
                columns[copy % 5][n - 1 - copy] = 999.0;
            }
            of_columns(&columns)
        }
    };
    let coarse = |rng: &mut Rng| {
        let mut table = TestTable::default();
        for at in 0..12 {
            table = table.with(categories(
                rng,
                &format!("c{at}"),
                1000,
                &[0.5, 0.3, 0.15, 0.05],
            ));
        }
        table
    };
    vec![
        case("9 columns of all shapes, 1,000 rows", |rng| {
            mixed(rng, 1000)
        }),
        case(
            "5 columns of two decimals, correlated by 0.3, 1,000 rows",
            copied(1000, 0),
        ),
        case("12 columns of four categories, 1,000 rows", coarse),
        case(
            "1 of 1,000 rows copied and changed in one cell",
            copied(1000, 1),
        ),
        case(
            "5 of 10,000 rows copied and changed in one cell",
            copied(10_000, 5),
        ),
    ]
}
