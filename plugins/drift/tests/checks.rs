//! The check through the real border, against SciPy and against what must be said.
//!
//! `expected.json` is written by `expected.py`, which names the calls.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{
    Cell, Chart, CheckErrorKind, ColumnKind, Finding, ModelFacts, Outcome, Role, Severity, Task,
    Verdict,
};
use serde_json::Value;

const ID: &str = "drift.columns";

fn run(train: TestTable, current: TestTable) -> Run {
    Run::new(interlock_drift::module())
        .table(Role::Train, train)
        .table(Role::Current, current)
}

/// `n` numbers spread evenly over `low` to `low + 1`, in a scrambled but fixed order.
fn even(name: &str, n: usize, low: f64) -> TestColumn {
    let value = |row: usize| low + (row * 7919 % n) as f64 / n as f64;
    TestColumn::floats(name, (0..n).map(|row| Some(value(row))).collect())
}

fn words(name: &str, parts: &[(&str, usize)]) -> TestColumn {
    let values = parts.iter().flat_map(|(word, n)| vec![Some(*word); *n]);
    TestColumn::categories(name, values.collect())
}

fn table(columns: Vec<TestColumn>) -> TestTable {
    columns
        .into_iter()
        .fold(TestTable::default(), TestTable::with)
}

fn check(run: &Run) -> Outcome {
    run.check(ID).unwrap()
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|f| f.code.as_str()).collect()
}

#[track_caller]
fn finding<'o>(outcome: &'o Outcome, code: &str) -> &'o Finding {
    let found = outcome.findings.iter().find(|f| f.code == code);
    found.unwrap_or_else(|| panic!("no {code} in {:?}", codes(outcome)))
}

/// The cell of the statistics table under this heading.
#[track_caller]
fn cell(outcome: &Outcome, column: &str, heading: &str) -> Cell {
    let view = outcome.views.iter().find(|view| view.id == "statistics");
    let Some(Chart::Table { columns, rows }) = view.map(|view| &view.chart) else {
        panic!("no table of statistics")
    };
    let at = columns.iter().position(|name| name == heading).unwrap();
    let is_it = |cell: &Cell| *cell == Cell::from(column);
    let row = rows.iter().find(|row| is_it(&row.cells[0])).unwrap();
    row.cells[at].clone()
}

#[track_caller]
fn close(actual: &Cell, expected: &Value, what: &str) {
    let Cell::Number(actual) = actual else {
        panic!("{what} is {actual:?}")
    };
    let expected = expected.as_f64().unwrap();
    assert!(
        (actual - expected).abs() <= 1e-9 * expected.abs().max(1e-6),
        "{what}: expected {expected}, got {actual}"
    );
}

#[test]
fn figures_are_those_of_scipy() {
    let expected: Value = serde_json::from_str(include_str!("expected.json")).unwrap();
    let csv = |name: &str| TestTable::from_csv(expected[name].as_str().unwrap());
    let outcome = check(&run(csv("train"), csv("current")));
    let headings = [
        ("psi", "PSI"),
        ("ks", "KS distance"),
        ("p", "p"),
        ("p_corrected", "p corrected"),
        ("wasserstein", "Wasserstein / sd"),
        ("chi_square", "chi-square"),
        ("chi_square_p", "p of chi-square"),
        ("jensen_shannon", "Jensen–Shannon"),
    ];
    let columns = expected["columns"].as_object().unwrap();
    assert_eq!(columns.len(), 6);
    for (name, figures) in columns {
        for (key, heading) in headings {
            match figures.get(key) {
                Some(value) => close(
                    &cell(&outcome, name, heading),
                    value,
                    &format!("{name} {key}"),
                ),
                None => assert_eq!(cell(&outcome, name, heading), Cell::Nothing),
            }
        }
    }
    close(
        &cell(&outcome, "holes", "p of missing"),
        &expected["missing_p"],
        "missing",
    );
    let change = outcome
        .metrics
        .iter()
        .find(|m| m.id == "missing_rate_change")
        .unwrap();
    let wanted = expected["missing_change"].as_f64().unwrap();
    assert!((change.value.unwrap() - wanted).abs() < 1e-12);
    let drifted: Vec<&str> = outcome
        .findings
        .iter()
        .filter(|f| f.code == "DR001")
        .flat_map(|f| f.place.columns.iter().map(String::as_str))
        .collect();
    assert_eq!(drifted, ["moved", "shifted"]);
    assert_eq!(finding(&outcome, "DR003").place.columns, ["holes"]);
}

#[test]
fn the_same_rows_pass() {
    let columns = || vec![even("a", 2000, 0.0), words("b", &[("x", 1500), ("y", 500)])];
    let outcome = check(&run(table(columns()), table(columns())));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert!(outcome.findings.is_empty());
    assert_eq!(outcome.metrics[0].value, Some(0.0));
}

#[test]
fn many_rows_do_not_cry_wolf() {
    // A shift of 1.5 % of the range: far beyond chance with 40,000 rows, too small to matter.
    let outcome = check(&run(
        table(vec![even("a", 40_000, 0.0)]),
        table(vec![even("a", 40_000, 0.015)]),
    ));
    let Cell::Number(p) = cell(&outcome, "a", "p corrected") else {
        panic!("no p-value")
    };
    assert!(p < 0.001, "{p}");
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    let strict = run(
        table(vec![even("a", 40_000, 0.0)]),
        table(vec![even("a", 40_000, 0.015)]),
    );
    assert_eq!(check(&strict.param("max_ks", 0.01)).verdict, Verdict::Fail);
}

#[test]
fn few_rows_decide_nothing_and_say_what_would() {
    for n in [0, 1, 30, 120] {
        let outcome = check(
            &run(
                table(vec![even("a", n.max(1), 0.0)]),
                TestTable::default().with(TestColumn::floats("a", vec![Some(0.5); n])),
            )
            .param("leave_out", Vec::<String>::new()),
        );
        if n < 100 {
            assert_eq!(
                outcome.verdict,
                Verdict::Inconclusive,
                "{n}: {}",
                outcome.summary
            );
            assert!(outcome.summary.contains("rows in each table would do"));
            assert_eq!(codes(&outcome), ["DR007"]);
        } else {
            assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
        }
    }
    let same = || table(vec![even("a", 120, 0.0)]);
    let outcome = check(&run(same(), same()));
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    // python 3: 2 * ((math.sqrt(math.log(2 / .05) / 2) + .5 * scipy.stats.norm.ppf(.8)) / .1) ** 2
    assert!(
        outcome.summary.contains("KS distance of 0.23"),
        "{}",
        outcome.summary
    );
    assert!(
        outcome.summary.contains("some 633 rows"),
        "{}",
        outcome.summary
    );
}

#[test]
fn one_drifted_column_of_many_warns_and_a_grave_one_fails() {
    let columns = |low: f64| {
        let mut columns: Vec<_> = (0..9).map(|k| even(&format!("c{k}"), 3000, 0.0)).collect();
        columns.push(even("moved", 3000, low));
        table(columns)
    };
    let mild = check(&run(columns(0.0), columns(0.12)).param("fail_psi", 100.0));
    assert_eq!(mild.verdict, Verdict::Warn, "{}", mild.summary);
    assert_eq!(finding(&mild, "DR001").severity, Severity::Warning);
    let grave = check(&run(columns(0.0), columns(0.5)));
    assert_eq!(grave.verdict, Verdict::Fail);
    assert_eq!(finding(&grave, "DR001").severity, Severity::Error);
    let many = check(
        &run(columns(0.0), columns(0.12))
            .param("fail_psi", 100.0)
            .param("fail_share", 0.05),
    );
    assert_eq!(many.verdict, Verdict::Fail);
}

#[test]
fn findings_and_bins_carry_the_rows_behind_them() {
    let outcome = check(&run(
        table(vec![words("b", &[("x", 500), ("y", 500)])]),
        table(vec![words("b", &[("x", 200), ("y", 800)])]),
    ));
    let drifted = finding(&outcome, "DR001");
    let rows = drifted.place.rows.as_ref().unwrap();
    assert_eq!((rows.role, rows.total), (Role::Current, 800));
    assert_eq!((rows.rows[0], rows.rows[799]), (200, 999));
    let view = outcome
        .views
        .iter()
        .find(|v| Some(&v.id) == drifted.evidence.as_ref());
    let Chart::HistogramPair {
        bins,
        current,
        reference,
        rows,
        ..
    } = &view.unwrap().chart
    else {
        panic!("no histogram")
    };
    assert_eq!(bins, &["y", "x"]);
    assert_eq!(
        (current[0].to_bits(), reference[0].to_bits()),
        (0.8_f64.to_bits(), 0.5_f64.to_bits())
    );
    assert_eq!((rows[0].total, rows[1].total), (800, 200));
    let Chart::Bars {
        bars, threshold, ..
    } = &outcome.views[0].chart
    else {
        panic!("no bars")
    };
    assert!(bars[0].is_flagged && bars[0].rows.as_ref().unwrap().total == 800);
    assert_eq!(*threshold, Some(0.1));
}

#[test]
fn new_and_vanished_categories_are_told() {
    let outcome = check(&run(
        table(vec![words("b", &[("x", 900), ("y", 100)])]),
        table(vec![words("b", &[("x", 950), ("z", 50)])]),
    ));
    let new = finding(&outcome, "DR004");
    assert_eq!(new.severity, Severity::Warning);
    let rows = new.place.rows.as_ref().unwrap();
    assert_eq!((rows.rows[0], rows.total), (950, 50));
    let gone = finding(&outcome, "DR005").place.rows.as_ref().unwrap();
    assert_eq!(
        (gone.role, gone.rows[0], gone.total),
        (Role::Train, 900, 100)
    );
    // One row of a new category among a thousand is told, but is no warning.
    let outcome = check(&run(
        table(vec![words("b", &[("x", 900), ("y", 100)])]),
        table(vec![words("b", &[("x", 899), ("y", 100), ("z", 1)])]),
    ));
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert_eq!(finding(&outcome, "DR004").severity, Severity::Note);
}

#[test]
fn id_and_time_are_left_out_and_the_target_speaks_for_itself() {
    let columns = |low: f64, yes: usize| {
        let y = (0..1000).map(|row| Some(i64::from(row < yes))).collect();
        table(vec![
            even("id", 1000, low),
            even("when", 1000, low),
            even("a", 1000, 0.0),
            TestColumn::integers("y", y),
        ])
    };
    let run = run(columns(0.0, 500), columns(5.0, 250)).facts(|facts| {
        facts.id = Some("id".to_owned());
        facts.time = Some("when".to_owned());
        facts.target = Some("y".to_owned());
        facts.task = Task::Binary;
    });
    let outcome = check(&run);
    assert_eq!(codes(&outcome), ["DR002"]);
    assert_eq!(outcome.metrics[0].value, Some(0.0));
    assert!(
        outcome.summary.contains("target drifted"),
        "{}",
        outcome.summary
    );
    assert_eq!(cell(&outcome, "y", "KS distance"), Cell::Nothing);
    for name in ["'id' is left out", "'when' is left out"] {
        assert!(
            outcome.notes.iter().any(|note| note.starts_with(name)),
            "{:?}",
            outcome.notes
        );
    }
}

#[test]
fn a_column_that_is_absent_or_of_another_type_fails() {
    let train = || table(vec![even("a", 300, 0.0), even("b", 300, 0.0)]);
    let absent = check(&run(train(), table(vec![even("a", 300, 0.0)])));
    assert_eq!(
        (absent.verdict, codes(&absent)),
        (Verdict::Fail, vec!["DR006"])
    );
    let unused = run(train(), table(vec![even("a", 300, 0.0)])).facts(|facts| {
        facts.model = Some(ModelFacts {
            features: vec!["a".to_owned()],
            ..ModelFacts::default()
        });
    });
    let outcome = check(&unused);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.starts_with("'b' is left out"))
    );
    let text = check(&run(
        train(),
        table(vec![even("a", 300, 0.0), words("b", &[("n/a", 300)])]),
    ));
    assert_eq!((text.verdict, codes(&text)), (Verdict::Fail, vec!["DR006"]));
}

#[test]
fn a_column_gone_missing_is_told_although_nothing_can_be_compared() {
    let gone = TestColumn::floats("b", vec![None; 400]);
    let outcome = check(&run(
        table(vec![even("a", 400, 0.0), even("b", 400, 0.0)]),
        table(vec![even("a", 400, 0.0), gone]),
    ));
    assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    assert_eq!(codes(&outcome), ["DR003", "DR007"]);
    assert_eq!(
        finding(&outcome, "DR003")
            .place
            .rows
            .as_ref()
            .unwrap()
            .total,
        400
    );
}

#[test]
fn a_constant_column_that_jumps_drifts() {
    let constant = |value: f64| table(vec![TestColumn::floats("a", vec![Some(value); 300])]);
    let outcome = check(&run(constant(1.0), constant(2.0)));
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(cell(&outcome, "a", "Wasserstein / sd"), Cell::Nothing);
    assert_eq!(
        check(&run(constant(1.0), constant(1.0))).verdict,
        Verdict::Pass
    );
}

#[test]
fn dates_booleans_and_text_have_their_place() {
    let columns = |first: i32, yes: usize| {
        let texts: Vec<String> = (0..400).map(|row| format!("letter {row}")).collect();
        table(vec![
            TestColumn::dates(
                "born",
                (0..400).map(|row| Some(first + row % 100)).collect(),
            ),
            TestColumn::booleans("paid", (0..400).map(|row| Some(row < yes)).collect()),
            TestColumn::text(
                "letter",
                texts.iter().map(|text| Some(text.as_str())).collect(),
            ),
        ])
    };
    let run = run(columns(0, 200), columns(60, 350));
    let outcome = check(&run);
    assert_eq!(codes(&outcome), ["DR001", "DR001"]);
    let histogram = outcome
        .views
        .iter()
        .find(|view| view.id == "histogram-born")
        .unwrap();
    let Chart::HistogramPair { bins, .. } = &histogram.chart else {
        panic!("no histogram")
    };
    assert_eq!(bins[0], "≤ 1970-01-10");
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.starts_with("'letter' is left out: free text"))
    );
    let as_numbers = run.facts(|facts| facts.columns[0].kind = ColumnKind::Categorical);
    assert_eq!(
        cell(&check(&as_numbers), "born", "KS distance"),
        Cell::Nothing
    );
}

#[test]
fn settings_are_heard_and_refused() {
    let columns = |low: f64| table(vec![even("a", 500, 0.0), even("b", 500, low)]);
    let run = |name: &str, value: &str| run(columns(0.0), columns(0.5)).param(name, value);
    for correction in ["holm", "none"] {
        assert_eq!(check(&run("correction", correction)).verdict, Verdict::Fail);
    }
    let error = run("correction", "sidak").check(ID).unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::BadParameter);
    let left_out = run("correction", "bh").param("leave_out", vec!["b", "c"]);
    let outcome = check(&left_out);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.summary);
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note == "There is no column 'c' to leave out.")
    );
}

#[test]
fn holm_and_none_change_the_p_values_as_they_should() {
    let columns = |low: f64| table(vec![even("a", 500, 0.0), even("b", 500, low)]);
    let p = |correction: &str| {
        let outcome = check(&run(columns(0.0), columns(0.08)).param("correction", correction));
        let Cell::Number(p) = cell(&outcome, "b", "p corrected") else {
            panic!("no p-value")
        };
        p
    };
    assert!((p("holm") - 2.0 * p("none")).abs() < 1e-12);
}

#[test]
fn a_very_long_category_does_not_burst_the_outcome() {
    let long = "long ".repeat(40_000);
    let outcome = check(&run(
        table(vec![words("b", &[("x", 500)])]),
        table(vec![words("b", &[("x", 300), (&long, 200)])]),
    ));
    assert_eq!(
        finding(&outcome, "DR004")
            .place
            .rows
            .as_ref()
            .unwrap()
            .total,
        200
    );
}

#[test]
fn an_infinite_value_is_compared_by_its_rank() {
    let columns = |low: f64| {
        let mut values: Vec<Option<f64>> = (0..400).map(|row| Some(low + f64::from(row))).collect();
        values[7] = Some(f64::INFINITY);
        values[8] = Some(f64::NEG_INFINITY);
        table(vec![TestColumn::floats("a", values)])
    };
    let outcome = check(&run(columns(0.0), columns(200.0)));
    assert_eq!(outcome.verdict, Verdict::Fail, "{}", outcome.summary);
    assert_eq!(cell(&outcome, "a", "Wasserstein / sd"), Cell::Nothing);
    let Cell::Number(d) = cell(&outcome, "a", "KS distance") else {
        panic!("no distance")
    };
    // 200 of 398 finite values lie below all of the other side's.
    assert!((d - 0.5).abs() < 0.01, "{d}");
}
