//! The checks of the model itself: unused inputs, stability, time.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use interlock_plugin_api::test_kit::TestTable;
use interlock_plugin_api::{FeatureValues, Features, Outcome, Predictions, Role, Task, Verdict};
use interlock_stats::rng::Rng;

use crate::kit::{
    binary, boosted, close, codes, facts, forest, metric, multiclass, near, project, regression,
    with_binary,
};

#[test]
fn unused_inputs_are_named_by_trees_and_by_exchanging_values() {
    let (run, _) = boosted();
    let outcome = run.check("evaluation.unused-features").unwrap();
    assert_eq!(
        outcome.findings[0].place.columns,
        ["score"],
        "{}",
        outcome.summary
    );
    assert_eq!(outcome.verdict, Verdict::Pass);
    let (run, _) = binary();
    let outcome = run.check("evaluation.unused-features").unwrap();
    assert_eq!(
        outcome.findings[0].place.columns,
        ["age", "income", "housing"]
    );
    let (run, _) = binary();
    let outcome = run
        .param("warn_above", 2)
        .check("evaluation.unused-features")
        .unwrap();
    assert_eq!(outcome.verdict, Verdict::Warn);
    let share = "at most 0.9 % of rows";
    assert!(outcome.summary.contains(share), "{}", outcome.summary);
}

#[test]
fn trees_tell_unused_inputs_without_any_row_and_other_models_need_rows() {
    let header = "age,income,extra,score,y\n";
    let (run, _) = boosted();
    let bare = run
        .table(Role::Train, TestTable::from_csv(header))
        .table(Role::Test, TestTable::from_csv(header));
    let outcome = bare.check("evaluation.unused-features").unwrap();
    assert_eq!(outcome.findings[0].place.columns, ["score"]);
    assert_eq!(outcome.verdict, Verdict::Pass);
    let few = format!(
        "age,income,housing,score,y\n{}",
        "1,2,own,0.3,no\n5,6,rent,0.4,yes\n".repeat(14)
    );
    let outcome = with_binary(&few, &few)
        .check("evaluation.unused-features")
        .unwrap();
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
    assert!(outcome.findings.is_empty());
}

#[test]
fn a_model_that_always_says_the_same_fails() {
    let rows = "1,2,own,0.3,no\n5,6,rent,0.3,yes\n";
    let csv = format!("age,income,housing,score,y\n{}", rows.repeat(15));
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.unused-features")
        .unwrap();
    assert_eq!(
        (outcome.verdict, codes(&outcome)),
        (Verdict::Fail, vec!["DQ133"])
    );
}

#[test]
fn what_another_seed_would_turn_is_what_growing_the_forest_anew_turns() {
    let (run, fixture) = forest();
    let outcome = run.check("evaluation.stability").unwrap();
    let turned = metric(&outcome, "turned_by_seed");
    close(turned, &fixture["turned_by_seed"]);
    let interval = turned.interval.as_ref().unwrap();
    let ends = &fixture["turned_by_seed_interval"];
    near(interval.low, &ends[0], 1e-9, "low");
    near(interval.high, &ends[1], 1e-9, "high");
    let truth = fixture["turned_in_truth"].as_f64().unwrap();
    assert!(interval.low < truth && truth < interval.high, "{truth}");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    for (limit, verdict) in [
        (interval.low - 1e-6, Verdict::Warn),
        (interval.low + 1e-6, Verdict::Inconclusive),
        (interval.high, Verdict::Pass),
    ] {
        let (run, _) = forest();
        let run = run.param("seed_warn_above", limit);
        let outcome = run.check("evaluation.stability").unwrap();
        assert_eq!(outcome.verdict, verdict, "{limit}: {}", outcome.summary);
        let is_warned = verdict == Verdict::Warn;
        assert_eq!(codes(&outcome).contains(&"DQ136"), is_warned);
    }
}

#[test]
fn of_boosted_trees_the_seed_is_not_judged() {
    let (run, _) = boosted();
    let outcome = run.check("evaluation.stability").unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass);
    let note = &outcome.notes[0];
    assert!(note.contains("correct each other"), "{note}");
}

/// A model of one input `x`, which makes a row's figure of the whole batch.
fn unsteady(of_batch: impl Fn(&[f64]) -> Vec<f64> + 'static) -> Outcome {
    let mut rng = Rng::new(3);
    let mut csv = "x,y\n".to_owned();
    for _ in 0..200 {
        writeln!(csv, "{},yes", rng.uniform()).unwrap();
    }
    let predict = move |features: &Features| {
        let FeatureValues::Numeric(values) = &features.columns[0].values else {
            unreachable!("numbers")
        };
        Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: of_batch(values),
        }
    };
    project(Task::Binary)
        .table(Role::Test, TestTable::from_csv(&csv))
        .model(predict, facts(&["x"], &["no", "yes"], 1))
        .check("evaluation.stability")
        .unwrap()
}

/// Ways of asking that are found to differ.
fn ways(outcome: &Outcome) -> Vec<String> {
    let title = |title: &str| title.split(':').next().unwrap().to_owned();
    let findings = outcome.findings.iter();
    findings.map(|finding| title(&finding.title)).collect()
}

#[test]
fn predictions_that_hang_on_the_batch_are_found_by_what_they_hang_on() {
    let steady = unsteady(<[f64]>::to_vec);
    assert_eq!(steady.verdict, Verdict::Pass);
    assert!(steady.notes.concat().contains("to the last bit"));
    // The place in the batch.
    let by_place = unsteady(|x| {
        let at = |row: usize| 0.2 * (row as f64 / 200.0).min(1.0);
        x.iter()
            .enumerate()
            .map(|(row, x)| 0.8 * x + at(row))
            .collect()
    });
    assert_eq!(by_place.verdict, Verdict::Fail);
    assert_eq!(ways(&by_place).len(), 5);
    // The mean of the batch, which order and copies leave as it is.
    let by_mean = unsteady(|x| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let center = (mean * 1e9).round() / 1e9;
        x.iter().map(|x| f64::midpoint(*x, center)).collect()
    });
    assert_eq!(ways(&by_mean), ["batches of 64 rows", "one row at a time"]);
    assert_eq!(by_mean.findings[0].place.rows.as_ref().unwrap().total, 200);
    // A row that is alone.
    let by_size = unsteady(|x| if x.len() == 1 { vec![0.0] } else { x.to_vec() });
    assert_eq!(ways(&by_size), ["one row at a time"]);
    assert_eq!(by_size.findings[0].place.rows.as_ref().unwrap().total, 50);
    // Copies of a row.
    let by_copies = unsteady(|x| {
        let is_double = |value: &f64| {
            x.iter()
                .filter(|other| other.total_cmp(value).is_eq())
                .count()
                > 1
        };
        x.iter()
            .map(|x| if is_double(x) { 0.0 } else { *x })
            .collect()
    });
    assert_eq!(ways(&by_copies), ["each row twice in one batch"]);
    // Chance: one finding, not one for every way.
    let calls = std::cell::Cell::new(0.0);
    let by_chance = unsteady(move |x| {
        calls.set(calls.get() + 1.0);
        x.iter().map(|x| x / calls.get()).collect()
    });
    assert_eq!(ways(&by_chance), ["the same rows again"]);
    // Answers that are no numbers now and then.
    let by_gaps = unsteady(|x| {
        if x.len() == 64 {
            vec![f64::NAN; 64]
        } else {
            x.to_vec()
        }
    });
    assert_eq!(ways(&by_gaps), ["batches of 64 rows"]);
    assert_eq!(metric(&by_gaps, "greatest_difference").value, None);
}

#[test]
fn rounding_is_told_and_not_failed() {
    let outcome = unsteady(|x| {
        let shift = 1e-9 * x.len() as f64 / 200.0;
        x.iter().map(|x| x + shift).collect()
    });
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    let greatest = metric(&outcome, "greatest_difference").value.unwrap();
    assert!((9e-10..1.1e-9).contains(&greatest), "{greatest}");
    // All rows at the threshold: rounding decides.
    let outcome = unsteady(|x| vec![0.5 - 1e-9 * (x.len() % 2) as f64; x.len()]);
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert_eq!(codes(&outcome), ["DQ135"]);
    assert!(outcome.findings[0].title.contains("rounding alone turns"));
}

/// A model that takes so long for a row, whatever else the machine does.
fn slow(per_row: Duration, limits: (f64, f64)) -> Outcome {
    let (csv, mut rng) = ("x,y\n".to_owned(), Rng::new(3));
    let rows = (0..500).map(|_| format!("{},yes\n", rng.uniform()));
    let predict = move |features: &Features| {
        let wait = per_row * u32::try_from(features.n_rows).unwrap();
        let start = now();
        while start.elapsed() < wait {
            std::hint::spin_loop();
        }
        Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: vec![0.5; features.n_rows],
        }
    };
    project(Task::Binary)
        .table(
            Role::Test,
            TestTable::from_csv(&(csv + &rows.collect::<String>())),
        )
        .model(predict, facts(&["x"], &["no", "yes"], 1))
        .param("max_ms_per_row", limits.0)
        .param("max_ms_alone", limits.1)
        .check("evaluation.inference-time")
        .unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the model under test takes a known time"
)]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_slow_model_is_warned_of_a_fast_one_passes_and_near_the_limit_nothing_is_said() {
    let wait = Duration::from_micros(200);
    let outcome = slow(wait, (0.05, 1000.0));
    assert_eq!(codes(&outcome), ["DQ137"], "{}", outcome.summary);
    assert_eq!(outcome.verdict, Verdict::Warn);
    for id in ["ms_per_row", "ms_alone"] {
        let found = metric(&outcome, id);
        let interval = found.interval.as_ref().unwrap();
        // Whoever shares the machine makes it longer, never shorter.
        assert!((0.2..2.0).contains(&interval.low), "{found:?}");
        let late = metric(&outcome, &format!("{id}_p95")).value.unwrap();
        assert!(late >= found.value.unwrap());
    }
    assert_eq!(codes(&slow(wait, (1000.0, 0.05))), ["DQ137"]);
    assert_eq!(slow(wait, (1000.0, 1000.0)).verdict, Verdict::Pass);
    let outcome = slow(wait, (0.205, 1000.0));
    assert_eq!(
        outcome.verdict,
        Verdict::Inconclusive,
        "{}",
        outcome.summary
    );
    assert!(outcome.findings.is_empty());
}

#[test]
fn several_classes_and_numbers_are_asked_in_every_way() {
    for (run, _) in [multiclass(), regression()] {
        let outcome = run.check("evaluation.stability").unwrap();
        assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
        assert_eq!(metric(&outcome, "turned_decisions").value, Some(0.0));
        let outcome = run.check("evaluation.inference-time").unwrap();
        assert!(metric(&outcome, "ms_alone").value.unwrap() > 0.0);
    }
    // All three columns are outputs, so each is used; of the regression one in four is.
    let outcome = multiclass().0.check("evaluation.unused-features").unwrap();
    assert!(outcome.findings.is_empty(), "{}", outcome.summary);
    let outcome = regression().0.check("evaluation.unused-features").unwrap();
    let unused = &outcome.findings[0].place.columns;
    assert_eq!(unused, &["age", "income", "housing"]);
}
