//! How often the checks of the model itself are wrong, and how often they see what was planted.
//!
//! In: nothing; every table and every model is drawn here from a seed. Out: a Markdown table of
//! false-alarm rates and of power, with Wilson's intervals.
//!
//! Run with `cargo run --release -p interlock-evaluation --example characteristics_model`; with the
//! word `time` for those of the clock only, which hang on what else the machine does.

#![expect(clippy::print_stdout, reason = "prints what it measures")]

use std::time::{Duration, Instant};

use interlock_plugin_api::ensemble::{Comparison, TreeEnsemble};
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{
    CheckError, FeatureValues, Features, ModelFacts, Predictions, Role, Task, Verdict,
};
use interlock_stats::proportion::wilson;
use interlock_stats::rng::Rng;

const N_TABLES: u64 = 1000;

/// Steps of a function of one input, as stumps: input, threshold, value below, value above.
#[derive(Clone)]
struct Stumps(Vec<(usize, f64, f64, f64)>);

impl Stumps {
    fn predict(&self, columns: &[Vec<f64>], row: usize) -> f64 {
        let one = |&(input, threshold, low, high): &(usize, f64, f64, f64)| {
            if columns[input][row] < threshold {
                low
            } else {
                high
            }
        };
        self.0.iter().map(one).sum()
    }

    fn ensemble(&self, names: &[&str]) -> TreeEnsemble {
        let mut trees = TreeEnsemble {
            features: names.iter().map(|&name| name.to_owned()).collect(),
            n_outputs: 1,
            base: vec![0.0],
            ..TreeEnsemble::default()
        };
        for (at, &(input, threshold, low, high)) in (0_u32..).zip(&self.0) {
            let first = 3 * at;
            trees.tree_starts.push(first);
            trees.tree_outputs.push(0);
            let input = u32::try_from(input).unwrap_or(0);
            trees
                .feature
                .extend([input, TreeEnsemble::LEAF, TreeEnsemble::LEAF]);
            trees.value.extend([threshold, low, high]);
            trees.yes.extend([first + 1, 0, 0]);
            trees.no.extend([first + 2, 0, 0]);
            trees.comparison.extend([Comparison::Less; 3]);
            trees.missing_goes_yes.extend([false; 3]);
        }
        trees
    }
}

fn numbers(features: &Features) -> Vec<Vec<f64>> {
    let column = |values: &FeatureValues| match values {
        FeatureValues::Numeric(numbers) => numbers.clone(),
        FeatureValues::Categorical { codes, .. } => codes.iter().map(|&c| f64::from(c)).collect(),
    };
    let columns = features.columns.iter();
    columns.map(|column_of| column(&column_of.values)).collect()
}

fn run(
    task: Task,
    tables: &[(Role, TestTable)],
    names: &[&str],
    predict: impl Fn(&[Vec<f64>], usize) -> f64 + 'static,
) -> Run {
    let mut run = Run::new(interlock_evaluation::module());
    for (role, table) in tables {
        run = run.table(*role, table.clone());
    }
    let binary = task == Task::Binary;
    let classes: &[&str] = if binary { &["no", "yes"] } else { &[] };
    run.facts(|facts| {
        facts.target = Some("y".to_owned());
        facts.task = task;
        facts.positive = binary.then(|| "yes".to_owned());
    })
    .model(
        move |features| {
            let columns = numbers(features);
            Predictions {
                n_rows: features.n_rows,
                n_outputs: 1,
                values: (0..features.n_rows)
                    .map(|row| predict(&columns, row))
                    .collect(),
            }
        },
        ModelFacts {
            format: "test".to_owned(),
            features: names.iter().map(|&name| name.to_owned()).collect(),
            n_outputs: 1,
            classes: classes.iter().map(|&name| name.to_owned()).collect(),
            threshold: 0.5,
            has_ensemble: false,
        },
    )
}

fn uniform(rng: &mut Rng, n: usize) -> Vec<Option<f64>> {
    (0..n).map(|_| Some(rng.uniform())).collect()
}

/// Regression of a step in `x`; ten stumps build it up, forty in `noise` add so much error in all.
fn boosted(seed: u64, n_test: usize, rise: f64) -> Result<Verdict, CheckError> {
    let mut rng = Rng::for_stream(seed, 1);
    let mut stumps: Vec<(usize, f64, f64, f64)> = (0..10).map(|_| (0, 0.5, -0.1, 0.1)).collect();
    let noise: Vec<(f64, f64)> = (0..40).map(|_| (rng.uniform(), rng.normal())).collect();
    // The mean square of the noise stumps over the uniform input, so that its share is as asked.
    let sum = |at: f64| -> f64 {
        let one = |&(threshold, size): &(f64, f64)| if at < threshold { -size } else { size };
        noise.iter().map(one).sum()
    };
    let grid = (0..2000).map(|at| sum((f64::from(at) + 0.5) / 2000.0).powi(2));
    let scale = (rise / (grid.sum::<f64>() / 2000.0)).sqrt();
    let added = noise
        .iter()
        .map(|&(at, size)| (1, at, -size * scale, size * scale));
    stumps.extend(added);
    let stumps = Stumps(stumps);
    let mut table = |n: usize| {
        let (x, other) = (uniform(&mut rng, n), uniform(&mut rng, n));
        let y = x.iter().flatten().map(|&x| {
            let step = if x < 0.5 { -1.0 } else { 1.0 };
            Some(step + rng.normal())
        });
        let y = y.collect();
        TestTable::default()
            .with(TestColumn::floats("x", x.clone()))
            .with(TestColumn::floats("noise", other))
            .with(TestColumn::floats("y", y))
    };
    let tables = [(Role::Train, table(100)), (Role::Test, table(n_test))];
    let trees = stumps.ensemble(&["x", "noise"]);
    let model = run(
        Task::Regression,
        &tables,
        &["x", "noise"],
        move |columns, row| stumps.predict(columns, row),
    );
    let outcome = model
        .ensemble(trees)
        .seed(seed)
        .check("evaluation.boosting-overfit")?;
    Ok(outcome.verdict)
}

/// A forest of 40 random stumps in `x`; trees differ by `spread`. Gives the verdict, and whether the
/// interval of decisions that turn holds their share between two such forests on the same rows.
fn forest(seed: u64, spread: f64, limit: f64) -> Result<(Verdict, bool), CheckError> {
    let mut rng = Rng::for_stream(seed, 2);
    let mut grown = || -> Stumps {
        let stump = |rng: &mut Rng| {
            let at = 0.2f64.mul_add(rng.normal(), 0.5).clamp(0.01, 0.99);
            let vote =
                |center: f64, rng: &mut Rng| spread.mul_add(rng.normal(), center).clamp(0.0, 1.0);
            (0, at, vote(0.4, rng) / 40.0, vote(0.6, rng) / 40.0)
        };
        Stumps((0..40).map(|_| stump(&mut rng)).collect())
    };
    let first = grown();
    let others: Vec<Stumps> = (0..100).map(|_| grown()).collect();
    let x = uniform(&mut rng, 400);
    let y = (0..400).map(|row| Some(if row % 2 == 0 { "yes" } else { "no" }));
    let table = TestTable::default()
        .with(TestColumn::floats("x", x.clone()))
        .with(TestColumn::categories("y", y.collect()));
    // In truth: how often two forests of this kind decide otherwise, over many.
    let columns = [x.into_iter().flatten().collect::<Vec<f64>>()];
    let turned: f64 = (0..400)
        .map(|row| {
            let yes = others
                .iter()
                .filter(|one| one.predict(&columns, row) >= 0.5);
            let share = yes.count() as f64 / others.len() as f64;
            2.0 * share * (1.0 - share) * others.len() as f64 / (others.len() as f64 - 1.0)
        })
        .sum::<f64>()
        / 400.0;
    let trees = first.ensemble(&["x"]);
    let model = run(
        Task::Binary,
        &[(Role::Test, table)],
        &["x"],
        move |columns, row| first.predict(columns, row),
    );
    let outcome = model
        .ensemble(trees)
        .param("seed_warn_above", limit * turned)
        .seed(seed)
        .check("evaluation.stability")?;
    let found = outcome
        .metrics
        .iter()
        .find(|metric| metric.id == "turned_by_seed");
    let value = found.and_then(|metric| metric.value).unwrap_or(f64::NAN);
    Ok((outcome.verdict, (value - turned).abs() <= 0.25 * turned))
}

/// A model of `x` that looks at `z` for a share of the rows. Whether `z` is called unused.
fn unused(seed: u64, n_rows: usize, share: f64) -> Result<bool, CheckError> {
    let mut rng = Rng::for_stream(seed, 3);
    let table = TestTable::default()
        .with(TestColumn::floats("x", uniform(&mut rng, n_rows)))
        .with(TestColumn::floats("z", uniform(&mut rng, n_rows)));
    let model = run(
        Task::Regression,
        &[(Role::Test, table)],
        &["x", "z"],
        move |columns, row| {
            let (x, z) = (columns[0][row], columns[1][row]);
            if x < share { x + z } else { x }
        },
    );
    let outcome = model.seed(seed).check("evaluation.unused-features")?;
    let named = outcome
        .findings
        .iter()
        .flat_map(|finding| &finding.place.columns);
    Ok(named.clone().any(|name| name == "z"))
}

/// A model that takes 50 µs for a row by the clock, and a limit in milliseconds.
fn timed(seed: u64, limit: f64) -> Result<Verdict, CheckError> {
    let mut rng = Rng::for_stream(seed, 4);
    let table = TestTable::default().with(TestColumn::floats("x", uniform(&mut rng, 100)));
    let model = run(
        Task::Regression,
        &[(Role::Test, table)],
        &["x"],
        |columns, row| {
            let start = now();
            while start.elapsed() < Duration::from_micros(50) {
                std::hint::spin_loop();
            }
            columns[0][row]
        },
    );
    let outcome = model
        .param("max_ms_per_row", limit)
        .param("max_ms_alone", 60_000.0)
        .param("budget_ms", 20)
        .seed(seed)
        .check("evaluation.inference-time")?;
    Ok(outcome.verdict)
}

#[expect(clippy::disallowed_methods, reason = "the model takes a known time")]
fn now() -> Instant {
    Instant::now()
}

fn line(
    what: &str,
    promise: &str,
    is_hit: impl Fn(u64) -> Result<bool, CheckError>,
) -> Result<(), CheckError> {
    let mut n_hits = 0;
    for seed in 0..N_TABLES {
        n_hits += u64::from(is_hit(seed)?);
    }
    let bounds = wilson(n_hits, N_TABLES, 0.95);
    let (low, high) = bounds.map_or((f64::NAN, f64::NAN), |bounds| (bounds.low, bounds.high));
    println!(
        "| {what} | {promise} | {:.1} % [{:.1}, {:.1}] |",
        100.0 * n_hits as f64 / N_TABLES as f64,
        100.0 * low,
        100.0 * high
    );
    Ok(())
}

fn main() -> Result<(), CheckError> {
    println!("| {N_TABLES} draws each | what is counted | share |\n|---|---|---|");
    if std::env::args().nth(1).as_deref() == Some("time") {
        return times();
    }
    for n in [400, 2000] {
        for rise in [0.0, 0.05, 0.1, 0.2, 0.4] {
            let what = format!(
                "boosting-overfit: rise of {:.0} %, {n} test rows",
                rise * 100.0
            );
            line(&what, "warned", |seed| {
                Ok(boosted(seed, n, rise)? == Verdict::Warn)
            })?;
        }
    }
    seeds()?;
    for n in [30, 200, 2000] {
        for share in [0.0, 0.002, 0.02, 0.1] {
            let what = format!(
                "unused-features: matters for {:.1} % of {n} rows",
                share * 100.0
            );
            line(&what, "called unused", |seed| unused(seed, n, share))?;
        }
    }
    Ok(())
}

fn seeds() -> Result<(), CheckError> {
    for (times, what) in [
        (2.0, "true share half the limit"),
        (1.0, "true share at the limit"),
        (0.5, "true share twice the limit"),
    ] {
        let what = format!("stability, seed: {what}");
        line(&what, "warned", |seed| {
            Ok(forest(seed, 0.3, times)?.0 == Verdict::Warn)
        })?;
    }
    line(
        "stability, seed: any",
        "estimate within a quarter of the truth",
        |seed| Ok(forest(seed, 0.3, 1.0)?.1),
    )
}

fn times() -> Result<(), CheckError> {
    for (limit, what) in [
        (0.1, "true time half the limit"),
        (0.05, "true time at the limit"),
        (0.025, "true time twice the limit"),
    ] {
        for (verdict, word) in [(Verdict::Warn, "warned"), (Verdict::Pass, "passed")] {
            let what = format!("inference-time: {what}");
            line(&what, word, |seed| Ok(timed(seed, limit)? == verdict))?;
        }
    }
    Ok(())
}
