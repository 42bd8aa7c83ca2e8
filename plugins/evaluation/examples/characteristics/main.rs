//! How often the checks of a model alarm without cause, and with it.
//!
//! In: the name of a check, or `coverage`. Out: a Markdown table with the share of tables that alarm
//! (or of intervals that miss the true value), each over `N_TABLES` seeded tables run through the
//! plugin's border, with Wilson intervals at 95 %.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for the terminal that stops at the first surprise"
)]

mod drawn;

use interlock_plugin_api::test_kit::Run;
use interlock_plugin_api::{Outcome, Verdict};
use interlock_stats::proportion::wilson;
use interlock_stats::rng::Rng;

use crate::drawn::{binary, classes, decided, expit, numbers, segments, with_train};

/// Tables drawn for each line.
const N_TABLES: u64 = 1000;

/// What a line draws: its name, and a run from a stream of random numbers.
type Case = (&'static str, Box<dyn Fn(&mut Rng) -> Run>);

/// The lines of a check.
type Cases = fn() -> Vec<Case>;

/// Half the distance of the classes' margins at an area under the ROC curve of 0.7.
const HALF: f64 = 0.370_806_7;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let n_tables = std::env::args()
        .nth(2)
        .map_or(N_TABLES, |n| n.parse().unwrap());
    let checks: [(&str, Cases); 8] = [
        ("performance", performance),
        ("degradation", degradation),
        ("simple-models", simple_models),
        ("weak-segments", weak_segments),
        ("calibration", calibration),
        ("confusion", confusion),
        ("threshold", threshold),
        ("regression-errors", regression_errors),
    ];
    if wanted == "coverage" {
        coverage(n_tables);
    }
    for (check, cases) in checks.iter().filter(|(name, _)| *name == wanted) {
        println!("| tables | alarms | rate | 95 % interval |\n|---|---|---|---|");
        let id = format!("evaluation.{check}");
        for (name, draw) in cases() {
            let alarms = |seed: &u64| {
                let run = draw(&mut Rng::new(*seed)).seed(*seed);
                let outcome = run.check(&id).unwrap();
                matches!(outcome.verdict, Verdict::Warn | Verdict::Fail)
            };
            line(name, (0..n_tables).filter(alarms).count() as u64, n_tables);
        }
    }
}

fn line(name: &str, n_alarms: u64, n_tables: u64) {
    let bounds = wilson(n_alarms, n_tables, 0.95).unwrap();
    println!(
        "| {name} | {n_alarms} of {n_tables} | {:.1} % | {:.1} to {:.1} % |",
        n_alarms as f64 / n_tables as f64 * 100.0,
        bounds.low * 100.0,
        bounds.high * 100.0
    );
}

fn case(name: &'static str, draw: impl Fn(&mut Rng) -> Run + 'static) -> Case {
    (name, Box::new(draw))
}

/// Margins of two classes of unit spread, ± half apart; a fixed share is positive.
fn apart(rng: &mut Rng, n: usize, share: f64, half: f64) -> (Vec<f64>, Vec<bool>) {
    let n_positive = (0..n)
        .filter(|&row| (row as f64) < share * n as f64)
        .count();
    let truth: Vec<bool> = (0..n).map(|row| row < n_positive).collect();
    let margins = truth.iter().map(|&positive| {
        let center = if positive { half } else { -half };
        center + rng.normal()
    });
    (margins.map(expit).collect(), truth)
}

fn performance() -> Vec<Case> {
    let at_limit = |n: usize| {
        move |rng: &mut Rng| {
            let (scores, truth) = apart(rng, n, 0.5, HALF);
            binary(&scores, &truth)
        }
    };
    // Balanced classes at this distance: accuracy and F1 are 0.644604, Matthews 0.289208.
    let five_limits = |n: usize| {
        move |rng: &mut Rng| {
            let (scores, truth) = apart(rng, n, 0.5, HALF);
            let limits = [
                "accuracy >= 0.644604",
                "f1 >= 0.644604",
                "balanced_accuracy >= 0.644604",
                "mcc >= 0.289208",
                "recall >= 0.644604",
            ];
            binary(&scores, &truth)
                .param("limits", limits)
                .param("warn_auc", 0.0)
                .param("fail_auc", 0.0)
        }
    };
    let worse = |n: usize, half: f64| {
        move |rng: &mut Rng| {
            let (scores, truth) = apart(rng, n, 0.3, half);
            binary(&scores, &truth)
        }
    };
    vec![
        case("true AUC at the limit of 0.7, 200 rows", at_limit(200)),
        case("true AUC at the limit of 0.7, 3,000 rows", at_limit(3000)),
        case("five figures at their limits, 500 rows", five_limits(500)),
        case(
            "five figures at their limits, 3,000 rows",
            five_limits(3000),
        ),
        case("true AUC 0.6, 500 rows", worse(500, 0.179_14)),
        case("true AUC 0.6, 3,000 rows", worse(3000, 0.179_14)),
        case("true AUC 0.65, 500 rows", worse(500, 0.272_46)),
    ]
}

fn degradation() -> Vec<Case> {
    let pair = |n: (usize, usize), halves: (f64, f64)| {
        move |rng: &mut Rng| {
            let train = apart(rng, n.0, 0.3, halves.0);
            let test = apart(rng, n.1, 0.3, halves.1);
            with_train((&train.0, &train.1), (&test.0, &test.1))
        }
    };
    vec![
        case(
            "the same on both, 500 and 300 rows",
            pair((500, 300), (0.8, 0.8)),
        ),
        case(
            "the same on both, 4,000 and 2,500 rows",
            pair((4000, 2500), (0.8, 0.8)),
        ),
        // Balanced classes: balanced accuracy and F1 fall from 0.9 to 0.81.
        case(
            "two figures lose the limit of 10 %, 500 and 300 rows",
            |rng| {
                let train = apart(rng, 500, 0.5, 1.281_552);
                let test = apart(rng, 300, 0.5, 0.877_896);
                with_train((&train.0, &train.1), (&test.0, &test.1))
            },
        ),
        case(
            "AUC 0.95 to 0.87, hardly over the limit, 500 and 300 rows",
            pair((500, 300), (1.163, 0.797)),
        ),
        case(
            "AUC 0.95 to 0.70, 500 and 300 rows",
            pair((500, 300), (1.163, HALF)),
        ),
        case(
            "AUC 0.95 to 0.70, 4,000 and 2,500 rows",
            pair((4000, 2500), (1.163, HALF)),
        ),
    ]
}

fn simple_models() -> Vec<Case> {
    let told = |n: usize, half: f64| {
        move |rng: &mut Rng| {
            let (train, test) = (apart(rng, 500, 0.5, half), apart(rng, n, 0.5, half));
            with_train((&train.0, &train.1), (&test.0, &test.1))
        }
    };
    vec![
        case("the true probability, linear, 600 and 400 rows", |rng| {
            drawn::linear(rng, (600, 400), 0.0)
        }),
        // An area of 0.55 is a gain of 0.1 over the mean.
        case(
            "the least gain over the mean, 400 rows",
            told(400, 0.088_855),
        ),
        case("guessing, 400 rows", told(400, 0.0)),
        case("guessing, 2,000 rows", told(2000, 0.0)),
        case(
            "the true margin with noise of its own size, 600 and 400 rows",
            |rng| drawn::linear(rng, (600, 400), 1.0),
        ),
        case(
            "the true margin with noise half its size, 600 and 2,000 rows",
            |rng| drawn::linear(rng, (600, 2000), 0.5),
        ),
    ]
}

fn weak_segments() -> Vec<Case> {
    let mixed = |n: usize, usual: f64, weak: f64| {
        move |rng: &mut Rng| {
            let error = |rng: &mut Rng, is_weak: bool| {
                f64::from(u8::from(rng.uniform() < if is_weak { weak } else { usual }))
            };
            segments(rng, n, error, true)
        }
    };
    let class = |n: usize, weak: f64| mixed(n, 0.15, weak);
    let number = |n: usize, factor: f64| {
        move |rng: &mut Rng| {
            segments(
                rng,
                n,
                |rng, is_weak| {
                    let spread = if is_weak { factor } else { 1.0 };
                    spread * drawn::student(rng, 3)
                },
                false,
            )
        }
    };
    vec![
        case("errors anywhere, 12 columns of 400 rows", class(400, 0.15)),
        case(
            "half of all rows wrong, 12 columns of 400 rows",
            mixed(400, 0.5, 0.5),
        ),
        case(
            "errors anywhere, 12 columns of 1,000 rows",
            class(1000, 0.15),
        ),
        case(
            "errors anywhere, 12 columns of 5,000 rows",
            class(5000, 0.15),
        ),
        case(
            "errors of Student 3 anywhere, 12 columns of 1,000 rows",
            number(1000, 1.0),
        ),
        case(
            "85 % right, 50 % in a tenth of 1,000 rows",
            class(1000, 0.5),
        ),
        case(
            "85 % right, 50 % in a tenth of 5,000 rows",
            class(5000, 0.5),
        ),
        case(
            "85 % right, 65 % in a tenth of 5,000 rows",
            class(5000, 0.35),
        ),
        case(
            "errors twice as wide in a tenth of 5,000 rows",
            number(5000, 2.0),
        ),
    ]
}

fn calibration() -> Vec<Case> {
    let two = |n: usize, center: f64, factor: f64| {
        move |rng: &mut Rng| {
            let margins: Vec<f64> = (0..n).map(|_| center + 1.5 * rng.normal()).collect();
            let truth: Vec<bool> = margins.iter().map(|m| rng.uniform() < expit(*m)).collect();
            let scores: Vec<f64> = margins.iter().map(|m| expit(factor * m)).collect();
            binary(&scores, &truth)
        }
    };
    let three = |n: usize, factor: f64| move |rng: &mut Rng| classes(rng, n, factor);
    vec![
        case("right probabilities, 200 rows", two(200, 0.0, 1.0)),
        case(
            "right probabilities, a tenth positive, 500 rows",
            two(500, -3.0, 1.0),
        ),
        case("right probabilities, 2,000 rows", two(2000, 0.0, 1.0)),
        case("right probabilities, 3 classes, 500 rows", three(500, 1.0)),
        case("log-odds doubled, 500 rows", two(500, 0.0, 2.0)),
        case("log-odds doubled, 2,000 rows", two(2000, 0.0, 2.0)),
        case("log-odds halved, 2,000 rows", two(2000, 0.0, 0.5)),
        case("3 classes, powers of 2, 1,000 rows", three(1000, 2.0)),
    ]
}

fn confusion() -> Vec<Case> {
    // Rates of taking each of the classes for the next one.
    let run = |n: usize, slips: &'static [f64]| move |rng: &mut Rng| decided(rng, n, slips);
    vec![
        case(
            "recalls at the limit of 0.5, 2 classes of 150 rows",
            run(300, &[0.5, 0.5]),
        ),
        case(
            "recalls at the limit of 0.5, 8 classes of 100 rows",
            run(800, &[0.5; 8]),
        ),
        case("a class decided twice as often as it is, 400 rows", |rng| {
            // Of 100 positive rows 80 % are found, of 300 negative ones 40 % called positive.
            let truth: Vec<bool> = (0..400).map(|row| row < 100).collect();
            let scores: Vec<f64> = truth
                .iter()
                .map(|&own| {
                    if rng.uniform() < if own { 0.8 } else { 0.4 } {
                        0.8
                    } else {
                        0.2
                    }
                })
                .collect();
            binary(&scores, &truth)
        }),
        case("recalls of 0.7, 8 classes of 100 rows", run(800, &[0.3; 8])),
        case(
            "one recall of 0.35, 4 classes of 100 rows",
            run(400, &[0.2, 0.65, 0.2, 0.2]),
        ),
        case(
            "one recall of 0.35, 4 classes of 500 rows",
            run(2000, &[0.2, 0.65, 0.2, 0.2]),
        ),
    ]
}

fn threshold() -> Vec<Case> {
    let run = |n: usize, center: f64, shift: f64, least: f64| {
        move |rng: &mut Rng| {
            let margins: Vec<f64> = (0..n).map(|_| center + 1.5 * rng.normal()).collect();
            let truth: Vec<bool> = margins.iter().map(|m| rng.uniform() < expit(*m)).collect();
            let scores: Vec<f64> = margins.iter().map(|m| expit(m + shift)).collect();
            binary(&scores, &truth).param("min_gain", least)
        }
    };
    vec![
        case(
            "the best threshold in use, 300 rows",
            run(300, 0.0, 0.0, 0.05),
        ),
        case("the same, no least gain", run(300, 0.0, 0.0, 0.0)),
        case(
            "the best threshold in use, 3,000 rows, no least gain",
            run(3000, 0.0, 0.0, 0.0),
        ),
        case(
            "right probabilities, a quarter positive, 500 rows",
            run(500, -1.5, 0.0, 0.05),
        ),
        case("log-odds 1.5 too high, 300 rows", run(300, 0.0, 1.5, 0.05)),
        case(
            "log-odds 1.5 too high, 3,000 rows",
            run(3000, 0.0, 1.5, 0.05),
        ),
        case("log-odds 2.5 too high, 500 rows", run(500, 0.0, 2.5, 0.05)),
    ]
}

fn regression_errors() -> Vec<Case> {
    let plain =
        |n: usize| move |rng: &mut Rng| numbers(rng, n, |rng, _| rng.normal(), |_, center| center);
    let leaning = |n: usize, by: f64| {
        move |rng: &mut Rng| numbers(rng, n, |rng, _| rng.normal(), move |_, center| center + by)
    };
    let bent = |n: usize, by: f64| {
        move |rng: &mut Rng| {
            numbers(
                rng,
                n,
                |rng, _| rng.normal(),
                move |x, center| center + by * ((x - 5.0).abs() - 2.5),
            )
        }
    };
    vec![
        case("normal errors, 12 columns of 50 rows", plain(50)),
        case("normal errors, 12 columns of 200 rows", plain(200)),
        case("normal errors, 12 columns of 2,000 rows", plain(2000)),
        case("errors of Student 3, 12 columns of 1,000 rows", |rng| {
            numbers(
                rng,
                1000,
                |rng, _| drawn::student(rng, 3),
                |_, center| center,
            )
        }),
        case(
            "a lean at the limit of 0.1 of the RMSE, 1,000 rows",
            leaning(1000, 0.100_504),
        ),
        case(
            "errors four times as wide at the top as at the bottom, 1,000 rows",
            |rng| {
                numbers(
                    rng,
                    1000,
                    |rng, x| (1.0 + 0.3 * x) * rng.normal(),
                    |_, center| center,
                )
            },
        ),
        case("a lean of 0.3 deviations, 500 rows", leaning(500, 0.3)),
        case(
            "a missed bend of 17 % of the squared error, 1,000 rows",
            bent(1000, 0.316),
        ),
        case("1 of 20 errors thirty times as wide, 1,000 rows", |rng| {
            let noise = |rng: &mut Rng, _: f64| {
                let factor = if rng.uniform() < 0.05 { 30.0 } else { 1.0 };
                factor * rng.normal()
            };
            numbers(rng, 1000, noise, |_, center| center)
        }),
        case("errors ten times as wide at the top, 1,000 rows", |rng| {
            numbers(
                rng,
                1000,
                |rng, x| (0.7 + x) * rng.normal(),
                |_, center| center,
            )
        }),
    ]
}

/// How often intervals of `evaluation.performance` miss the true value.
fn coverage(n_tables: u64) {
    let ids = [
        "roc_auc",
        "accuracy",
        "f1",
        "average_precision",
        "log_loss",
        "brier",
        "mcc",
    ];
    let value = |outcome: &Outcome, id: &str| {
        let found = outcome.metrics.iter().find(|metric| metric.id == id);
        found.unwrap_or_else(|| panic!("no {id}")).clone()
    };
    let (scores, truth) = apart(&mut Rng::new(u64::MAX), 1_000_000, 0.3, 0.8);
    let large = binary(&scores, &truth)
        .check("evaluation.performance")
        .unwrap();
    println!("| figure | 200 rows | 1,000 | 2,000 | 2,001 | 10,000 |\n|---|---|---|---|---|---|");
    let outcomes: Vec<Vec<Outcome>> = [200, 1000, 2000, 2001, 10_000]
        .into_iter()
        .map(|n| {
            let of = |seed| {
                let (scores, truth) = apart(&mut Rng::new(seed), n, 0.3, 0.8);
                let run = binary(&scores, &truth).seed(seed);
                run.check("evaluation.performance").unwrap()
            };
            (0..n_tables).map(of).collect()
        })
        .collect();
    for id in ids {
        let right = value(&large, id).value.unwrap();
        let rates = outcomes.iter().map(|outcomes| {
            let misses = outcomes.iter().filter(|outcome| {
                let interval = value(outcome, id).interval.unwrap();
                !(interval.low <= right && right <= interval.high)
            });
            let rate = misses.count() as f64 / n_tables as f64;
            format!(" {:.1} % |", rate * 100.0)
        });
        println!("| {id} |{}", rates.collect::<String>());
    }
}
