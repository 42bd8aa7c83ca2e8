//! What the checks say alike, said.

use interlock_plugin_api::{Bar, Finding, Severity, Verdict};

use crate::report::{MAX_FINDINGS, MAX_MARKS, Report, bars_view};
use crate::settings::{
    check_count, check_not_negative, check_open_share, check_range, check_share,
};
use crate::words::{
    counted, figure, listed, names, p_value, percent, probability, short, shortened,
};

fn finding(severity: Severity, title: &str) -> Finding {
    Finding::new("DQ000", severity, title.to_owned())
}

#[test]
fn figures_have_four_digits() {
    for (value, text) in [
        (0.0, "0"),
        (1.5, "1.5"),
        (99_999.0, "99999"),
        (0.012_345, "0.01235"),
        (-3.0, "-3"),
        (1e12, "1.000e12"),
        (f64::INFINITY, "inf"),
        (0.5, "0.5"),
    ] {
        assert_eq!(figure(value), text);
    }
    assert_eq!((short(0.25), short(200.0)), ("0.25".into(), "200".into()));
}

#[test]
fn a_small_share_is_told_from_none_and_a_large_one_from_all() {
    for (share, text) in [
        (0.0, "0.0 %"),
        (1e-6, "under 0.1 %"),
        (0.0824, "8.2 %"),
        (0.999_99, "over 99.9 %"),
        (1.0, "100.0 %"),
    ] {
        assert_eq!(percent(share), text);
    }
    assert_eq!(
        [1e-200, 2e-5, 0.0412].map(probability),
        ["under 1e-99", "2.0e-5", "0.0412"]
    );
    assert_eq!(
        (p_value(1e-9), p_value(0.0123)),
        ("p < 0.001".into(), "p = 0.012".into())
    );
}

#[test]
fn lists_and_names_are_short_and_say_how_many_more() {
    assert_eq!(names(["a", "b"]), "'a', 'b'");
    assert_eq!(names(["x"; 8]), "'x', 'x', 'x', 'x', 'x' and 3 more");
    assert_eq!(listed(&[]), "");
    assert_eq!(
        (counted(1, "row"), counted(0, "row")),
        ("1 row".into(), "0 rows".into())
    );
    assert_eq!(shortened(&"ü".repeat(40)), "ü".repeat(40));
    assert_eq!(shortened(&"ü".repeat(41)), format!("{}…", "ü".repeat(39)));
}

#[test]
fn settings_out_of_their_range_are_refused() {
    assert!(check_range("fence", 1.5, 0.0, 100.0).is_ok());
    for refused in [
        check_range("fence", f64::NAN, 0.0, 100.0),
        check_count("n", 1, 2, 3),
        check_share("share", 1.01),
        check_open_share("alpha", 0.0),
        check_open_share("alpha", f64::NAN),
        check_not_negative("min", -1.0),
        check_not_negative("min", f64::INFINITY),
    ] {
        let error = refused.expect_err("refused");
        assert!(error.to_string().contains(" is "), "{error}");
    }
}

#[test]
fn the_gravest_finding_decides_and_sums_up() {
    let said = |findings: Vec<Finding>, looked: Result<&str, &str>| {
        let looked = looked.map(str::to_owned).map_err(str::to_owned);
        let outcome = Report::of(findings).outcome(looked);
        (outcome.verdict, outcome.summary)
    };
    let grave = || finding(Severity::Error, "grave");
    let light = || finding(Severity::Warning, "light");
    let note = || finding(Severity::Note, "note");
    for (findings, looked, verdict, summary) in [
        (vec![], Ok("sound"), Verdict::Pass, "sound"),
        (vec![], Err("too few"), Verdict::Inconclusive, "too few"),
        (vec![note()], Ok("sound"), Verdict::Pass, "sound"),
        (vec![light()], Ok("sound"), Verdict::Warn, "light"),
        (vec![note(), light()], Ok("sound"), Verdict::Warn, "light"),
        (
            vec![light()],
            Err("too few"),
            Verdict::Inconclusive,
            "too few",
        ),
        (
            vec![light(), grave()],
            Err("too few"),
            Verdict::Fail,
            "grave, and 1 more",
        ),
    ] {
        assert_eq!(said(findings, looked), (verdict, summary.to_owned()));
    }
}

#[test]
fn what_a_list_leaves_out_is_counted() {
    let mut report = Report::of(vec![finding(Severity::Warning, "same"); MAX_FINDINGS + 3]);
    let bars = (0..=MAX_MARKS)
        .map(|at| Bar::new(format!("{at}"), at as f64))
        .collect();
    report.bars(bars_view("bars", "Bars", "All."), bars, "n", None);
    let outcome = report.outcome(Ok(String::new()));
    assert_eq!(outcome.findings.len(), MAX_FINDINGS);
    assert_eq!(
        outcome.notes,
        [
            "The chart \"Bars\" leaves out 1 shorter bar.",
            "3 further findings of lesser or equal weight are not listed.",
        ]
    );
    assert_eq!(outcome.summary, "same, and 102 more");
}
