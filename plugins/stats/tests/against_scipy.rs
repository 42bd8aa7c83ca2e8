//! Compares this crate with SciPy over the grid that `fixtures/expected.py` writes.

use interlock_stats::{bootstrap, distribution, proportion, special};
use serde::Deserialize;

/// What `fixtures/expected.json` holds.
#[derive(Deserialize)]
struct Expected {
    distributions: Vec<Tail>,
    quantiles: Vec<Quantile>,
    ln_gamma: Vec<Value>,
    wilson: Vec<Share>,
    bootstrap: Bootstrap,
}

#[derive(Debug, Deserialize)]
struct Tail {
    law: String,
    shape: Vec<f64>,
    x: f64,
    cdf: f64,
    sf: f64,
}

#[derive(Debug, Deserialize)]
struct Quantile {
    law: String,
    shape: Vec<f64>,
    p: f64,
    x: f64,
}

#[derive(Debug, Deserialize)]
struct Value {
    x: f64,
    value: f64,
}

#[derive(Debug, Deserialize)]
struct Share {
    k: u64,
    n: u64,
    level: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Bootstrap {
    rows: Vec<f64>,
    replicates: Vec<f64>,
    intervals: Vec<Interval>,
}

#[derive(Debug, Deserialize)]
struct Interval {
    method: String,
    low: f64,
    high: f64,
}

fn expected() -> serde_json::Result<Expected> {
    serde_json::from_str(include_str!("../fixtures/expected.json"))
}

/// Relative to the expected value; absolute below 1e-300.
#[track_caller]
fn check(actual: f64, expected: f64, tolerance: f64, case: &dyn std::fmt::Debug) {
    assert!(
        (actual - expected).abs() <= tolerance * expected.abs().max(1e-300),
        "expected {expected}, got {actual} for {case:?}"
    );
}

#[test]
fn both_tails_of_every_distribution() {
    let cases = expected().unwrap().distributions;
    assert!(cases.len() > 200);
    for case in cases {
        let (x, shape) = (case.x, &case.shape);
        let (cdf, sf) = match case.law.as_str() {
            "normal" => (distribution::normal_cdf(x), distribution::normal_sf(x)),
            "chi-square" => (
                distribution::chi_square_cdf(x, shape[0]),
                distribution::chi_square_sf(x, shape[0]),
            ),
            "student" => (
                distribution::student_cdf(x, shape[0]),
                distribution::student_sf(x, shape[0]),
            ),
            "beta" => (
                distribution::beta_cdf(x, shape[0], shape[1]),
                distribution::beta_sf(x, shape[0], shape[1]),
            ),
            other => panic!("no distribution named {other}"),
        };
        check(cdf, case.cdf, 1e-10, &case);
        check(sf, case.sf, 1e-10, &case);
    }
}

#[test]
fn quantiles_of_every_distribution() {
    for case in expected().unwrap().quantiles {
        let (p, shape) = (case.p, &case.shape);
        let x = match case.law.as_str() {
            "normal" => distribution::normal_quantile(p),
            "chi-square" => distribution::chi_square_quantile(p, shape[0]),
            "student" => distribution::student_quantile(p, shape[0]),
            "beta" => distribution::beta_quantile(p, shape[0], shape[1]),
            other => panic!("no distribution named {other}"),
        };
        if case.x.abs() < 1e-9 && case.p > 0.4 {
            // The median of a symmetric law is 0 here and rounding noise in SciPy.
            assert!(x.abs() < 1e-9, "{x} for {case:?}");
        } else {
            check(x, case.x, 1e-10, &case);
        }
    }
}

#[test]
fn logarithm_of_the_gamma_function() {
    for case in expected().unwrap().ln_gamma {
        check(special::ln_gamma(case.x), case.value, 1e-13, &case);
    }
}

#[test]
fn wilson_intervals() {
    for case in expected().unwrap().wilson {
        let bounds = proportion::wilson(case.k, case.n, case.level).unwrap();
        assert!(
            (bounds.low - case.low).abs() <= 1e-13,
            "{bounds:?} {case:?}"
        );
        assert!(
            (bounds.high - case.high).abs() <= 1e-13,
            "{bounds:?} {case:?}"
        );
    }
}

#[test]
fn bootstrap_intervals_from_the_same_replicates() {
    let case = expected().unwrap().bootstrap;
    let mean = |rows: &[usize]| {
        Some(rows.iter().map(|&row| case.rows[row]).sum::<f64>() / rows.len() as f64)
    };
    let all: Vec<usize> = (0..case.rows.len()).collect();
    let estimate = mean(&all).unwrap();
    let left_out = bootstrap::jackknife(case.rows.len(), mean);
    for interval in &case.intervals {
        let bounds = match interval.method.as_str() {
            "percentile" => bootstrap::percentile(&case.replicates, 0.95).unwrap(),
            _ => bootstrap::bca(&case.replicates, estimate, &left_out, 0.95).unwrap(),
        };
        check(bounds.low, interval.low, 1e-10, interval);
        check(bounds.high, interval.high, 1e-10, interval);
    }
}
