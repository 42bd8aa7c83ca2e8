//! The check `data-quality.contract` through the real border, rule by rule against pandas and
//! Python, and against what must be said.
//!
//! `contract_expected.json` is written by `contract_expected.py`, which names the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "contract/kit.rs"]
mod kit;

use interlock_plugin_api::contract::{
    ColumnContract, ColumnRules, ColumnSet, Contract, RelationKind,
};
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{
    Cell, Chart, CheckErrorKind, Finding, Outcome, Role, Severity, TableRow, ValueType, Verdict,
};
use serde_json::Value;

use kit::{ID, codes, one, relation, run};

fn expected() -> Value {
    serde_json::from_str(include_str!("contract_expected.json")).unwrap()
}

fn table(expected: &Value) -> TestTable {
    let columns = expected["columns"].as_array().unwrap();
    TestTable {
        columns: columns.iter().map(column).collect(),
    }
}

fn column(written: &Value) -> TestColumn {
    let name = written["name"].as_str().unwrap();
    let values = written["values"].as_array().unwrap();
    let small = |value: &Value| value.as_i64().map(|days| i32::try_from(days).unwrap());
    let float = |value: &Value| match value {
        Value::String(_) => Some(f64::INFINITY),
        value => value.as_f64(),
    };
    match written["kind"].as_str().unwrap() {
        "integers" => TestColumn::integers(name, values.iter().map(Value::as_i64).collect()),
        "floats" => TestColumn::floats(name, values.iter().map(float).collect()),
        "booleans" => TestColumn::booleans(name, values.iter().map(Value::as_bool).collect()),
        "text" => TestColumn::text(name, values.iter().map(Value::as_str).collect()),
        "categories" => TestColumn::categories(name, values.iter().map(Value::as_str).collect()),
        "dates" => TestColumn::dates(name, values.iter().map(small).collect()),
        "timestamps" => TestColumn::timestamps(name, values.iter().map(Value::as_i64).collect()),
        other => panic!("{other}"),
    }
}

/// The lines of the table of rules.
fn rules(outcome: &Outcome) -> &[TableRow] {
    match &outcome.views[0].chart {
        Chart::Table { rows, .. } => rows,
        other => panic!("{other:?}"),
    }
}

fn titles(outcome: &Outcome) -> Vec<&str> {
    let findings = outcome.findings.iter();
    findings.map(|finding| finding.title.as_str()).collect()
}

fn rows(finding: &Finding) -> Vec<u64> {
    finding
        .place
        .rows
        .clone()
        .map(|rows| rows.rows)
        .unwrap_or_default()
}

#[test]
fn each_rule_breaks_in_the_rows_that_python_says() {
    let expected = expected();
    let table = table(&expected);
    for case in expected["cases"].as_array().unwrap() {
        let contract: Contract = serde_json::from_value(case["contract"].clone()).unwrap();
        let outcome = run(table.clone(), contract).check(ID).unwrap();
        let told = format!("{} {:?}", case["contract"], titles(&outcome));
        let fails = case["fails"].as_bool().unwrap();
        let verdict = if fails { Verdict::Fail } else { Verdict::Pass };
        assert_eq!(outcome.verdict, verdict, "{told}");
        if fails {
            assert_eq!(codes(&outcome), [case["code"].as_str().unwrap()], "{told}");
            assert_eq!(outcome.summary, outcome.findings[0].title);
        }
        let Some(bad) = case["rows"].as_array() else {
            continue;
        };
        let bad: Vec<u64> = bad.iter().map(|row| row.as_u64().unwrap()).collect();
        let line = &rules(&outcome)[0];
        let n = case["n"].as_f64().unwrap();
        assert_eq!(line.cells[4], Cell::Number(n), "{told}");
        assert_eq!(line.cells[5], Cell::Number(bad.len() as f64), "{told}");
        let opened = line.rows.clone().map(|rows| rows.rows).unwrap_or_default();
        assert_eq!(opened, bad, "{told}");
        if fails {
            assert_eq!(rows(&outcome.findings[0]), bad, "{told}");
            let share = &outcome.metrics[2];
            assert_eq!(
                share.value,
                Some(bad.len() as f64 / share.n as f64),
                "{told}"
            );
        }
    }
}

#[test]
fn what_is_wrong_is_said_with_column_rule_values_and_tolerance() {
    let train = TestTable::from_csv("age,town\n17,Ulm\n17,ulm\n3,Ulm\n40,Ulm\n51,Ulm\n");
    let mut contract = one(
        "town",
        ColumnRules {
            mostly: Some(0.9),
            ..ColumnRules::default()
        },
    );
    contract.columns[0].allowed = vec!["Ulm".to_owned(), "Jena".to_owned()];
    contract.columns.push(ColumnContract {
        name: "age".to_owned(),
        min: Some(18.0),
        ..ColumnContract::default()
    });
    let outcome = run(train, contract).check(ID).unwrap();
    assert_eq!(
        titles(&outcome),
        [
            "column 'age' in train: 3 (60.0 %) of 5 rows break min = 18: '3', '17' (2 rows)",
            "column 'town' in train: 1 (20.0 %) of 5 rows breaks allowed = [\"Ulm\", \"Jena\"]; \
             mostly = 0.9 allows 0: 'ulm'",
        ]
    );
    assert_eq!(
        outcome.summary,
        format!(
            "{}, and 1 more (2 of 2 rules broken)",
            outcome.findings[0].title
        )
    );
    assert_eq!(outcome.findings[0].place.columns, ["age"]);
    assert_eq!(rows(&outcome.findings[0]), [0, 1, 2]);
}

#[test]
fn tables_are_held_to_their_columns_order_and_size() {
    let contract = || Contract {
        columns: ["a", "b", "y"]
            .map(|name| ColumnContract {
                name: name.to_owned(),
                ..ColumnContract::default()
            })
            .to_vec(),
        order: vec!["a".to_owned(), "b".to_owned()],
        row_min: [(Role::Train, 3)].into(),
        row_max: [(Role::Current, 2)].into(),
        column_set: Some(ColumnSet::Exact),
        ..Contract::default()
    };
    let run = |train: &str, current: &str, set: ColumnSet| {
        let contract = Contract {
            column_set: Some(set),
            ..contract()
        };
        let run = run(TestTable::from_csv(train), contract)
            .table(Role::Current, TestTable::from_csv(current))
            .facts(|facts| facts.target = Some("y".to_owned()));
        run.check(ID).unwrap()
    };
    // The target may be missing from the current table.
    let sound = run(
        "a,b,y\n1,2,3\n1,2,3\n1,2,3\n",
        "a,b\n1,2\n",
        ColumnSet::Exact,
    );
    assert_eq!(sound.verdict, Verdict::Pass, "{:?}", titles(&sound));
    let broken = run(
        "b,x,a\n1,2,3\n1,2,3\n",
        "a,b\n1,2\n1,2\n1,2\n",
        ColumnSet::Exact,
    );
    assert_eq!(
        titles(&broken),
        [
            "train has no column 'y' and has column 'x', which the project file does not name",
            "train has column 'b' before 'a', not after it",
            "train has 2 rows, at least 3 are expected",
            "current has 3 rows, at most 2 are expected",
        ]
    );
    assert_eq!(codes(&broken), ["DQ160", "DQ160", "DQ161", "DQ161"]);
    let more = run(
        "a,x,b,y\n1,2,3,4\n1,2,3,4\n1,2,3,4\n",
        "a,z,b\n1,2,3\n",
        ColumnSet::AtLeast,
    );
    assert_eq!(more.verdict, Verdict::Pass, "{:?}", titles(&more));
}

#[test]
fn a_rule_that_cannot_be_applied_is_never_passed_over() {
    let table = || TestTable::from_csv("a,b\nx,1\ny,2\n");
    let required = ColumnRules {
        required: true,
        unique: true,
        ..ColumnRules::default()
    };
    let absent = run(table(), one("c", required)).check(ID).unwrap();
    assert_eq!(codes(&absent), ["DQ160"]);
    assert_eq!(absent.verdict, Verdict::Fail);
    assert_eq!(absent.summary, "train has no column 'c', which is required");

    let unique = ColumnRules {
        unique: true,
        length_max: Some(3),
        ..ColumnRules::default()
    };
    let mut contract = one("c", unique);
    contract.columns.extend(
        one(
            "b",
            ColumnRules {
                unique: true,
                ..ColumnRules::default()
            },
        )
        .columns,
    );
    let absent = run(table(), contract).check(ID).unwrap();
    assert_eq!(
        (absent.verdict, codes(&absent)),
        (Verdict::Warn, vec!["DQ172"])
    );
    assert_eq!(
        absent.summary,
        "column 'c' in train: could not apply length_max = 3 and 1 more: the table has no column 'c'"
    );

    let mut ranged = one("a", ColumnRules::default());
    ranged.columns[0].min = Some(0.0);
    ranged.columns[0].rules.mean_between = Some((0.0, 1.0));
    let text = run(table(), ranged).check(ID).unwrap();
    assert_eq!(
        titles(&text),
        [
            "column 'a' in train: could not apply min = 0: it holds text, no numbers",
            "column 'a' in train: could not apply mean_between = [0, 1]: it holds text, no numbers",
        ]
    );
    assert_eq!(text.verdict, Verdict::Fail);

    for (contract, why) in [
        (
            relation("a <= b", RelationKind::AtMost, &["a", "b"]),
            "columns 'a', 'b' in train: could not apply a <= b: 'x' in column 'a' is no number",
        ),
        (
            relation("b <= z", RelationKind::AtMost, &["b", "z"]),
            "columns 'b', 'z' in train: could not apply b <= z: the table has no column 'z'",
        ),
    ] {
        let outcome = run(table(), contract).check(ID).unwrap();
        assert_eq!(
            (codes(&outcome), titles(&outcome)),
            (vec!["DQ172"], vec![why])
        );
        assert_ne!(outcome.verdict, Verdict::Pass);
    }
    let days = TestColumn::dates("d", vec![Some(1), Some(2)]);
    let mixed = run(
        table().with(days),
        relation("d <= b", RelationKind::AtMost, &["d", "b"]),
    );
    assert_eq!(
        titles(&mixed.check(ID).unwrap()),
        [
            "columns 'd', 'b' in train: could not apply d <= b: 'd' holds dates, 'b' holds whole numbers, which do not go together"
        ]
    );
}

#[test]
fn the_target_is_not_awaited_in_the_current_table() {
    let contract = one(
        "y",
        ColumnRules {
            unique: true,
            ..ColumnRules::default()
        },
    );
    let run = run(TestTable::from_csv("y,x\n1,1\n2,1\n"), contract)
        .table(Role::Current, TestTable::from_csv("x\n1\n"))
        .facts(|facts| facts.target = Some("y".to_owned()));
    let outcome = run.check(ID).unwrap();
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert_eq!(outcome.findings[0].severity, Severity::Note);
}

#[test]
fn nothing_is_passed_without_looking() {
    let rules = || ColumnRules {
        unique: true,
        value_type: Some(ValueType::Integer),
        missing_at_most: Some(0.0),
        increasing: true,
        mean_between: Some((0.0, 1.0)),
        pattern: Some(".*".to_owned()),
        ..ColumnRules::default()
    };
    let empty = TestTable::default().with(TestColumn::integers("a", vec![]));
    let outcome = run(empty, one("a", rules())).check(ID).unwrap();
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert_eq!(
        outcome.summary,
        "no row to hold a rule against; it takes one"
    );

    let missing = TestTable::default().with(TestColumn::text("a", vec![None, None]));
    let without_limit = ColumnRules {
        missing_at_most: None,
        ..rules()
    };
    let outcome = run(missing, one("a", without_limit)).check(ID).unwrap();
    assert_ne!(outcome.verdict, Verdict::Pass, "{:?}", titles(&outcome));
    assert!(codes(&outcome).iter().all(|code| *code == "DQ172"));

    let none = Run::new(interlock_data_quality::module())
        .table(Role::Train, TestTable::from_csv("a\n1\n"));
    let error = none.check(ID).unwrap_err();
    assert_eq!(error.kind, CheckErrorKind::MissingInput);
    assert!(error.message.contains("interlock init --learn"), "{error}");

    let lonely = run(TestTable::from_csv("a\n1\n"), one("a", rules()))
        .check(ID)
        .unwrap();
    assert_eq!(lonely.verdict, Verdict::Pass, "{:?}", titles(&lonely));
}
