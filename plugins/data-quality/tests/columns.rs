//! The checks of single columns through the real border: planted defects against what pandas and
//! Deepchecks count, and sound tables that must not be warned of.
//!
//! `columns_expected.json` is written by `columns_expected.py`, which names the calls.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{CheckErrorKind, Outcome, Role, Severity, Verdict};
use serde_json::Value;

const ALL: [&str; 9] = [
    "mixed-types",
    "null-spellings",
    "string-variants",
    "special-characters",
    "string-length",
    "text-encoding",
    "personal-data",
    "identifiers",
    "dates",
];

fn expected() -> Value {
    serde_json::from_str(include_str!("columns_expected.json")).unwrap()
}

/// The text columns of the fixture, free text as the loader keeps it or as a dictionary.
fn planted(as_dictionary: bool) -> TestTable {
    let mut table = TestTable::default();
    let expected = expected();
    for (name, values) in expected["columns"].as_object().unwrap() {
        let values: Vec<Option<&str>> = values
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_str)
            .collect();
        table = table.with(if as_dictionary {
            TestColumn::categories(name, values)
        } else {
            TestColumn::text(name, values)
        });
    }
    table
}

fn check(id: &str, table: TestTable) -> Outcome {
    let run = Run::new(interlock_data_quality::module()).table(Role::Train, table);
    run.check(&format!("data-quality.{id}")).unwrap()
}

/// Rows of the finding of this code about this column.
#[track_caller]
fn rows(outcome: &Outcome, code: &str, column: &str) -> Vec<u64> {
    let found = outcome
        .findings
        .iter()
        .find(|finding| finding.code == code && finding.place.columns == [column]);
    found.unwrap().place.rows.clone().unwrap().rows
}

fn numbers(value: &Value) -> Vec<u64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_u64().unwrap())
        .collect()
}

#[track_caller]
fn same_rows(id: &str, code: &str, column: &str, key: &str) {
    for as_dictionary in [false, true] {
        let outcome = check(id, planted(as_dictionary));
        assert_eq!(
            rows(&outcome, code, column),
            numbers(&expected()[key]),
            "{key}"
        );
        assert_eq!(outcome.verdict, Verdict::Warn, "{}", outcome.summary);
    }
}

#[test]
fn values_of_a_rarer_type_are_those_python_reads_otherwise() {
    same_rows("mixed-types", "DQ020", "amount", "mixed_rows");
}

#[test]
fn the_rare_share_is_that_of_deepchecks() {
    let outcome = check("mixed-types", planted(true));
    let metric = outcome
        .metrics
        .iter()
        .find(|metric| metric.column.as_deref() == Some("amount"));
    let share = expected()["mixed_share"].as_f64().unwrap();
    assert!((metric.unwrap().value.unwrap() - share).abs() < 1e-12);
}

#[test]
fn hidden_missing_values_are_found() {
    same_rows("null-spellings", "DQ021", "job", "null_rows");
}

#[test]
fn rarer_spellings_are_those_of_deepchecks() {
    same_rows("string-variants", "DQ023", "town", "variant_rows");
}

#[test]
fn values_of_signs_only_are_those_of_deepchecks() {
    same_rows("special-characters", "DQ026", "note", "signs_rows");
}

#[test]
fn texts_of_unusual_length_are_those_of_deepchecks() {
    same_rows("string-length", "DQ028", "comment", "length_rows");
    same_rows("string-length", "DQ028", "essay", "essay_rows");
}

#[test]
fn misread_text_is_found_and_repaired() {
    same_rows("text-encoding", "DQ030", "street", "misread_rows");
    let outcome = check("text-encoding", planted(true));
    assert!(
        outcome.findings[0].title.contains("would be 'Königstraße"),
        "{}",
        outcome.findings[0].title
    );
}

#[test]
fn personal_data_is_found_and_masked() {
    for (column, code) in [
        ("mail", "DQ031"),
        ("iban", "DQ033"),
        ("card", "DQ034"),
        ("cpf", "DQ035"),
    ] {
        same_rows("personal-data", code, column, &format!("{column}_rows"));
    }
    let outcome = check("personal-data", planted(true));
    let said = format!("{:?} {:?}", outcome.findings, outcome.views);
    for column in ["mail", "iban", "card", "cpf"] {
        for value in expected()["columns"][column].as_array().unwrap() {
            assert!(!said.contains(value.as_str().unwrap()), "{value} is shown");
        }
    }
    let found: Vec<&String> = outcome
        .findings
        .iter()
        .flat_map(|f| &f.place.columns)
        .collect();
    assert!(
        !found.iter().any(|name| *name == "random_number"),
        "{found:?}"
    );
}

#[test]
fn identifiers_and_many_values_are_found() {
    let outcome = check("identifiers", planted(true));
    let named: Vec<&str> = outcome
        .findings
        .iter()
        .filter(|finding| finding.code == "DQ037" && finding.severity == Severity::Warning)
        .flat_map(|finding| finding.place.columns.iter().map(String::as_str))
        .collect();
    let unique = expected()["unique_columns"].clone();
    let unique: Vec<&str> = unique
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(named, unique);
    let serial = TestTable::default()
        .with(TestColumn::integers("n", (7..107).map(Some).collect()))
        .with(TestColumn::integers(
            "age",
            (0..100).map(|row| Some(18 + row * 7 % 50)).collect(),
        ));
    let outcome = check("identifiers", serial);
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.findings[0].place.columns, ["n"]);
}

#[test]
fn odd_dates_are_found() {
    let mut days: Vec<Option<i32>> = (18_000..18_200).map(Some).collect();
    days[50] = Some(0);
    days[60] = Some(2_932_896);
    days[70] = Some(22_000);
    let table = || TestTable::default().with(TestColumn::dates("seen", days.clone()));
    let outcome = Run::new(interlock_data_quality::module())
        .table(Role::Train, table())
        .facts(|facts| facts.time = Some("seen".to_owned()))
        .check("data-quality.dates")
        .unwrap();
    let found: Vec<(&str, Vec<u64>)> = outcome
        .findings
        .iter()
        .map(|finding| {
            (
                finding.code.as_str(),
                finding.place.rows.clone().unwrap().rows,
            )
        })
        .collect();
    assert!(found.contains(&("DQ039", vec![50])), "{found:?}");
    assert!(found.contains(&("DQ039", vec![60])), "{found:?}");
    assert!(found.contains(&("DQ040", vec![70])), "{found:?}");
    assert_eq!(outcome.verdict, Verdict::Warn);
    same_rows("dates", "DQ042", "due", "impossible_rows");
}

#[test]
fn a_spelling_train_never_has_is_found_in_test() {
    let text = |values: &[&str]| {
        let values = values.iter().copied().map(Some).cycle().take(60).collect();
        TestTable::default().with(TestColumn::categories("town", values))
    };
    let outcome = Run::new(interlock_data_quality::module())
        .table(Role::Train, text(&["Ulm", "Jena"]))
        .table(Role::Test, text(&["ULM", "Jena", "Kiel"]))
        .check("data-quality.string-variants")
        .unwrap();
    let codes: Vec<&str> = outcome
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["DQ025"]);
    assert_eq!(rows(&outcome, "DQ025", "town").len(), 20);
}

#[test]
fn odd_tables_are_no_panic_and_nothing_looked_at_is_no_pass() {
    let texts = [
        "",
        "\u{0}",
        "ａ",
        "é",
        "🙂",
        "99999999999999999999999",
        "-",
        "𝔸",
    ];
    let tables = [
        TestTable::default(),
        TestTable::from_csv("a,y\n"),
        TestTable::from_csv("a,y\n,\n"),
        TestTable::default().with(TestColumn::text("a", vec![None; 30])),
        TestTable::default().with(TestColumn::text(
            "a",
            texts.iter().copied().map(Some).collect(),
        )),
        TestTable::default().with(TestColumn::integers(
            "a",
            vec![Some(i64::MIN), Some(i64::MAX), None],
        )),
        TestTable::default().with(TestColumn::floats(
            "a",
            vec![Some(1e300), Some(-0.0), Some(f64::INFINITY)],
        )),
        TestTable::default().with(TestColumn::dates(
            "a",
            vec![Some(i32::MIN), Some(i32::MAX), None],
        )),
        TestTable::default().with(TestColumn::timestamps(
            "a",
            vec![Some(i64::MIN), Some(i64::MAX), Some(0)],
        )),
    ];
    for table in tables {
        let is_empty = table.columns.iter().all(TestColumn::is_empty);
        for id in ALL {
            let run = Run::new(interlock_data_quality::module()).table(Role::Train, table.clone());
            match run.check(&format!("data-quality.{id}")) {
                Ok(outcome) => assert!(
                    !is_empty || outcome.verdict != Verdict::Pass,
                    "{id}: {outcome:?}"
                ),
                Err(error) => assert_eq!(error.kind, CheckErrorKind::MissingInput, "{id}"),
            }
        }
    }
}

#[test]
fn settings_beyond_their_range_are_refused() {
    for (id, name) in [
        ("mixed-types", "rare_above"),
        ("special-characters", "max_share"),
        ("string-length", "fixed_share"),
        ("personal-data", "alpha"),
        ("identifiers", "identifier_above"),
        ("dates", "date_share"),
    ] {
        let run = Run::new(interlock_data_quality::module())
            .table(Role::Train, planted(true))
            .param(name, 1.5);
        let error = run.check(&format!("data-quality.{id}")).unwrap_err();
        assert_eq!(error.kind, CheckErrorKind::BadParameter, "{id}");
    }
}
