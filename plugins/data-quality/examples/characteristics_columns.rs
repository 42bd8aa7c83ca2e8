//! How often the checks of single columns alarm on sound tables, and on tables with a planted defect.
//!
//! In: the name of a check; without one, all. Out: a Markdown table, each line over `N_TABLES` seeded
//! tables run through the plugin's border.
//!
//! Sound tables hold what tables hold: names of places, ranks and words of unlike frequency, free
//! text, codes of one length, numbers of accounts drawn at random, counts, amounts and days.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal that stops at the first surprise"
)]

#[path = "characteristics/rates.rs"]
mod rates;

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Verdict};
use interlock_stats::rng::Rng;

/// Tables drawn for each line.
const N_TABLES: u64 = 1000;

/// Rows of each table.
const N_ROWS: usize = 1000;

/// Days from 1970-01-01 to 2020-01-01.
const FIRST_DAY: i32 = 18_262;

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const WORDS: [&str; 16] = [
    "the", "invoice", "was", "paid", "late", "customer", "asked", "for", "a", "refund", "after",
    "delivery", "and", "two", "calls", "today",
];

/// Text columns by name, the others as they are.
struct Sound {
    texts: Vec<(&'static str, Vec<String>)>,
    count: Vec<i64>,
    amount: Vec<f64>,
    day: Vec<i32>,
}

fn sound(rng: &mut Rng) -> Sound {
    let mut texts = |draw: &dyn Fn(&mut Rng) -> String| (0..N_ROWS).map(|_| draw(rng)).collect();
    let town = texts(&|rng| ["Ulm", "Jena", "Kiel", "Köln", "São Paulo"][rng.below(5)].to_owned());
    let rank = texts(&|rng| ["low", "middle", "high", "very high"][rng.below(4)].to_owned());
    // Zipf's law: most names are rare.
    let name = texts(&|rng| format!("Smith-{:.0}", 1.0 / (1.0 - rng.uniform() * 0.999)));
    let note = texts(&|rng| {
        let n_words = 3 + rng.below(9);
        let words: Vec<&str> = (0..n_words).map(|_| WORDS[rng.below(16)]).collect();
        words.join(" ")
    });
    let code = texts(&|rng| format!("A{:05}", rng.below(100_000)));
    let digits = |n: usize| move |rng: &mut Rng| (0..n).map(|_| DIGITS[rng.below(10)]).collect();
    let account = texts(&digits(16));
    let number = texts(&digits(11));
    let reference = texts(&digits(9));
    Sound {
        texts: vec![
            ("town", town),
            ("rank", rank),
            ("name", name),
            ("note", note),
            ("code", code),
            ("account", account),
            ("number", number),
            ("reference", reference),
        ],
        count: (0..N_ROWS)
            .map(|_| (rng.below(8) * rng.below(9)).try_into().unwrap())
            .collect(),
        amount: (0..N_ROWS).map(|_| (3.0 + rng.normal()).exp()).collect(),
        day: (0..N_ROWS)
            .map(|_| FIRST_DAY + i32::try_from(rng.below(900)).unwrap())
            .collect(),
    }
}

impl Sound {
    fn text(&mut self, name: &str) -> &mut Vec<String> {
        let column = self.texts.iter_mut().find(|(own, _)| *own == name);
        &mut column.unwrap().1
    }

    fn table(self) -> TestTable {
        let mut table = TestTable::default();
        for (name, values) in &self.texts {
            let values: Vec<Option<&str>> = values.iter().map(|text| Some(text.as_str())).collect();
            table = table.with(if matches!(*name, "town" | "rank" | "name") {
                TestColumn::categories(name, values)
            } else {
                TestColumn::text(name, values)
            });
        }
        table
            .with(TestColumn::integers(
                "count",
                self.count.into_iter().map(Some).collect(),
            ))
            .with(TestColumn::floats(
                "amount",
                self.amount.into_iter().map(Some).collect(),
            ))
            .with(TestColumn::dates(
                "day",
                self.day.into_iter().map(Some).collect(),
            ))
    }
}

/// What is planted in rows drawn at random.
type Plant = fn(&mut Sound, &mut Rng);

fn some(rng: &mut Rng, n: usize) -> Vec<usize> {
    (0..n).map(|_| rng.below(N_ROWS)).collect()
}

/// Check, what is planted, and how.
const PLANTED: [(&str, &str, Plant); 13] = [
    (
        "mixed-types",
        "5 words among the days kept as text",
        |table, rng| {
            let days = table
                .day
                .iter()
                .map(|day| format!("2020-{:02}-{:02}", day % 12 + 1, day % 28 + 1));
            *table.text("note") = days.collect();
            for row in some(rng, 5) {
                "soon".clone_into(&mut table.text("note")[row]);
            }
        },
    ),
    ("null-spellings", "5 of 1,000 cells 'n.a.'", |table, rng| {
        for row in some(rng, 5) {
            "n.a.".clone_into(&mut table.text("rank")[row]);
        }
    }),
    ("null-spellings", "5 of 1,000 counts -999", |table, rng| {
        for row in some(rng, 5) {
            table.count[row] = -999;
        }
    }),
    (
        "string-variants",
        "5 of 1,000 cells in capitals",
        |table, rng| {
            for row in some(rng, 5) {
                let upper = table.text("rank")[row].to_uppercase();
                table.text("rank")[row] = upper;
            }
        },
    ),
    (
        "special-characters",
        "5 of 1,000 cells of signs",
        |table, rng| {
            for row in some(rng, 5) {
                "#!".clone_into(&mut table.text("town")[row]);
            }
        },
    ),
    (
        "special-characters",
        "one character without width",
        |table, rng| {
            let row = rng.below(N_ROWS);
            table.text("town")[row].push('\u{200b}');
        },
    ),
    (
        "string-length",
        "3 texts run together by a broken quote",
        |table, rng| {
            for row in some(rng, 3) {
                let long = table
                    .text("note")
                    .iter()
                    .take(20)
                    .cloned()
                    .collect::<Vec<_>>();
                table.text("note")[row] = long.join(",");
            }
        },
    ),
    ("text-encoding", "one misread 'KÃ¶ln'", |table, rng| {
        let row = rng.below(N_ROWS);
        "KÃ¶ln".clone_into(&mut table.text("town")[row]);
    }),
    (
        "personal-data",
        "the accounts have Luhn digits",
        |table, _| {
            for text in table.text("account") {
                let mut digits: Vec<u32> = text
                    .bytes()
                    .take(15)
                    .map(|byte| u32::from(byte - b'0'))
                    .collect();
                digits[0] = 4;
                let sum: u32 = digits
                    .iter()
                    .enumerate()
                    .map(|(at, digit)| {
                        if at % 2 == 0 {
                            2 * digit / 10 + 2 * digit % 10
                        } else {
                            *digit
                        }
                    })
                    .sum();
                digits.push((10 - sum % 10) % 10);
                *text = digits.iter().map(|digit| DIGITS[*digit as usize]).collect();
            }
        },
    ),
    (
        "personal-data",
        "half of the notes are e-mail addresses",
        |table, rng| {
            for row in some(rng, N_ROWS / 2) {
                table.text("note")[row] = format!("p{row}@example.org");
            }
        },
    ),
    ("identifiers", "the counts number the rows", |table, _| {
        table.count = (1..).take(N_ROWS).collect();
    }),
    ("dates", "5 days in 2099", |table, rng| {
        for row in some(rng, 5) {
            table.day[row] = FIRST_DAY + 79 * 365;
        }
    }),
    ("dates", "30 rows on 1970-01-01", |table, rng| {
        for row in some(rng, 30) {
            table.day[row] = 0;
        }
    }),
];

fn alarms(check: &str, plant: Option<Plant>, seed: u64) -> bool {
    let mut rng = Rng::new(seed);
    let mut drawn = sound(&mut rng);
    if check == "identifiers" {
        // The others do name rows, or have many values.
        let names = ["town", "rank", "note"];
        drawn.texts.retain(|(name, _)| names.contains(name));
    }
    if let Some(plant) = plant {
        plant(&mut drawn, &mut rng);
    }
    let run = Run::new(interlock_data_quality::module()).table(Role::Train, drawn.table());
    let outcome = run.check(&format!("data-quality.{check}")).unwrap();
    matches!(outcome.verdict, Verdict::Warn | Verdict::Fail)
}

fn main() {
    let wanted = std::env::args().nth(1);
    let is_wanted = |check: &str| wanted.as_deref().is_none_or(|wanted| wanted == check);
    let mut checks: Vec<&str> = PLANTED.iter().map(|(check, ..)| *check).collect();
    checks.dedup();
    for check in checks.into_iter().filter(|check| is_wanted(check)) {
        println!("\n`{check}`\n\n{}", rates::HEADING);
        let n_columns = if check == "identifiers" { 6 } else { 11 };
        let name = &format!("sound, {n_columns} columns of 1,000 rows");
        println!(
            "{}",
            rates::line(name, N_TABLES, |seed| alarms(check, None, seed))
        );
        for (_, name, plant) in PLANTED.iter().filter(|(own, ..)| *own == check) {
            println!(
                "{}",
                rates::line(name, N_TABLES, |seed| alarms(check, Some(*plant), seed))
            );
        }
    }
}
