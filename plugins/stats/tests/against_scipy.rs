//! Compares this crate with SciPy over the grid that `fixtures/expected.py` writes.

use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};
use interlock_stats::{
    auc, bootstrap, contingency, distance, distribution, kolmogorov, noncentral, proportion,
    special,
};
use serde::Deserialize;

/// What `fixtures/expected.json` holds.
#[derive(Deserialize)]
struct Expected {
    distributions: Vec<Tail>,
    quantiles: Vec<Quantile>,
    ln_gamma: Vec<Value>,
    wilson: Vec<Share>,
    bootstrap: Bootstrap,
    kolmogorov: Vec<Kolmogorov>,
    ks_two_sample: Vec<TwoSample>,
    noncentral: Vec<Noncentral>,
    detectable: Vec<Detectable>,
    contingency: Vec<Contingency>,
    jensen_shannon: Vec<Divergence>,
    auc: Area,
}

#[derive(Debug, Deserialize)]
struct Kolmogorov {
    n: u64,
    d: f64,
    sf: f64,
}

#[derive(Debug, Deserialize)]
struct TwoSample {
    reference: Vec<f64>,
    current: Vec<f64>,
    statistic: f64,
    exact: f64,
    /// Absent where SciPy has none.
    asymptotic: Option<f64>,
    wasserstein: f64,
}

#[derive(Debug, Deserialize)]
struct Noncentral {
    x: f64,
    df: f64,
    nc: f64,
    cdf: f64,
}

#[derive(Debug, Deserialize)]
struct Detectable {
    df: f64,
    nc: f64,
}

#[derive(Debug, Deserialize)]
struct Contingency {
    counts: Vec<u64>,
    n_columns: usize,
    statistic: f64,
    df: f64,
    p: f64,
    v: f64,
}

#[derive(Debug, Deserialize)]
struct Divergence {
    r: Vec<u64>,
    c: Vec<u64>,
    value: f64,
}

#[derive(Debug, Deserialize)]
struct Area {
    scores: Vec<f64>,
    truth: Vec<bool>,
    value: f64,
    standard_error: f64,
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

#[test]
fn law_of_the_kolmogorov_smirnov_statistic() {
    for case in expected().unwrap().kolmogorov {
        let sf = kolmogorov::kolmogorov_sf(case.n, case.d);
        // Below 1e-5 both sides subtract from 1 in places; 1e-14 is their rounding.
        assert!(
            (sf - case.sf).abs() <= (1e-9 * case.sf).max(1e-14),
            "got {sf} for {case:?}"
        );
    }
}

#[test]
fn two_sample_kolmogorov_smirnov_tests() {
    for case in expected().unwrap().ks_two_sample {
        let run = |method| kolmogorov_smirnov(&case.reference, &case.current, method).unwrap();
        let exact = run(PValueMethod::Exact);
        check(exact.statistic, case.statistic, 1e-13, &case);
        check(exact.p_value, case.exact, 1e-10, &case);
        let asymptotic = run(PValueMethod::Asymptotic).p_value;
        match case.asymptotic {
            Some(expected) => check(asymptotic, expected, 1e-9, &case),
            None => assert!(
                (0.0..=1.0).contains(&asymptotic),
                "{asymptotic} for {case:?}"
            ),
        }
        // All samples here are small enough for SciPy's `auto` to be exact.
        assert_eq!(run(PValueMethod::Auto), exact);
        let moved = distance::wasserstein(&case.reference, &case.current).unwrap();
        check(moved.distance, case.wasserstein, 1e-11, &case);
    }
}

#[test]
fn noncentral_chi_square() {
    for case in expected().unwrap().noncentral {
        let cdf = noncentral::noncentral_chi_square_cdf(case.x, case.df, case.nc);
        check(cdf, case.cdf, 1e-9, &case);
    }
    for case in expected().unwrap().detectable {
        let found = noncentral::detectable_noncentrality(case.df, 0.05, 0.8).unwrap();
        check(found, case.nc, 1e-8, &case);
    }
}

#[test]
fn tables_of_counts() {
    for case in expected().unwrap().contingency {
        let test = contingency::chi_square(&case.counts, case.n_columns).unwrap();
        check(test.statistic, case.statistic, 1e-12, &case);
        check(test.degrees_of_freedom, case.df, 1e-15, &case);
        check(test.p_value, case.p, 1e-11, &case);
        check(test.cramers_v, case.v, 1e-11, &case);
    }
}

#[test]
fn jensen_shannon_distances() {
    for case in expected().unwrap().jensen_shannon {
        let value = distance::jensen_shannon_distance(&case.r, &case.c).unwrap();
        check(value, case.value, 1e-12, &case);
    }
}

#[test]
fn area_under_the_curve_with_ties() {
    let case = expected().unwrap().auc;
    let auc = auc::delong(&case.scores, &case.truth, 0.95).unwrap();
    check(auc.value, case.value, 1e-13, &case);
    check(auc.standard_error, case.standard_error, 1e-12, &case);
    assert!(auc.bounds.contains(auc.value) && auc.bounds.high < 1.0);
}
