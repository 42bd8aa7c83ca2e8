//! The check `data-quality.contract` on what should not be: odd cells under every rule at once, patterns
//! made to take long, lists that are cut.

#[path = "contract/kit.rs"]
mod kit;

use interlock_plugin_api::contract::{ColumnContract, ColumnRules, Contract, RelationKind};
use interlock_plugin_api::test_kit::{TestColumn, TestTable};
use interlock_plugin_api::{ValueType, Verdict};

use kit::{ID, codes, one, relation, run};

/// Cells as they should not be.
fn odd_cells() -> TestTable {
    TestTable::default()
        .with(TestColumn::floats(
            "f",
            vec![
                Some(f64::NAN),
                Some(f64::INFINITY),
                Some(-0.0),
                Some(1e300),
                None,
            ],
        ))
        .with(TestColumn::integers(
            "i",
            vec![Some(i64::MIN), Some(i64::MAX), Some(0), None, Some(-1)],
        ))
        .with(TestColumn::text(
            "t",
            vec![
                Some(""),
                Some("\u{0}\u{202e}"),
                Some("١"),
                Some("e\u{301}"),
                None,
            ],
        ))
        .with(TestColumn::timestamps(
            "s",
            vec![Some(i64::MIN), Some(i64::MAX), None, Some(0), Some(1)],
        ))
        .with(TestColumn::dates(
            "d",
            vec![Some(i32::MIN), Some(i32::MAX), None, Some(0), Some(1)],
        ))
}

/// Every rule a column can have.
fn every_rule(value_type: ValueType) -> ColumnRules {
    ColumnRules {
        value_type: Some(value_type),
        unique: true,
        missing_at_most: Some(0.5),
        not_allowed: vec!["0".to_owned()],
        pattern: Some(r"\w+".to_owned()),
        not_pattern: Some("a".to_owned()),
        length_min: Some(1),
        length_max: Some(u64::MAX),
        increasing: true,
        decreasing: true,
        mostly: Some(0.5),
        mean_between: Some((0.0, 1.0)),
        median_between: Some((0.0, 1.0)),
        std_between: Some((0.0, 1.0)),
        sum_between: Some((0.0, 1.0)),
        distinct_between: Some((0.0, 1.0)),
        required: true,
    }
}

#[test]
fn odd_cells_do_no_harm() {
    let types = [
        ValueType::Integer,
        ValueType::Number,
        ValueType::Boolean,
        ValueType::Date,
        ValueType::Timestamp,
        ValueType::Text,
    ];
    let names = ["f", "i", "t", "s", "d"];
    for value_type in types {
        let mut contract = Contract::default();
        for name in names {
            let column = one(name, every_rule(value_type)).columns.remove(0);
            contract.columns.push(ColumnContract {
                min: Some(f64::MIN),
                max: Some(0.0),
                allowed: vec!["x".to_owned(), "1e999".to_owned()],
                ..column
            });
        }
        for (a, b) in [
            ("f", "i"),
            ("i", "f"),
            ("i", "t"),
            ("s", "d"),
            ("d", "s"),
            ("t", "f"),
        ] {
            for kind in [
                RelationKind::AtMost,
                RelationKind::Below,
                RelationKind::Equal,
                RelationKind::Unique,
            ] {
                contract
                    .relations
                    .extend(relation("r", kind, &[a, b]).relations);
            }
            for kind in [
                RelationKind::Sum,
                RelationKind::Difference,
                RelationKind::Product,
            ] {
                contract
                    .relations
                    .extend(relation("r", kind, &[a, b, "i"]).relations);
            }
        }
        let outcome = run(odd_cells(), contract).check(ID).unwrap();
        assert_eq!(outcome.verdict, Verdict::Fail);
        let told: usize = outcome.findings.len();
        let note = outcome
            .notes
            .iter()
            .any(|note| note.contains("gravest first"));
        assert!(told < 100 || note, "{told} findings, {:?}", outcome.notes);
    }
}

#[test]
fn a_pattern_that_would_backtrack_takes_linear_time() {
    let long = "a".repeat(20_000) + "b";
    let table = TestTable::default().with(TestColumn::text("t", vec![Some(&long); 50]));
    let rules = ColumnRules {
        pattern: Some("(a|aa)+".to_owned()),
        ..ColumnRules::default()
    };
    let outcome = run(table, one("t", rules)).check(ID).unwrap();
    assert_eq!(codes(&outcome), ["DQ166"]);
    assert!(outcome.summary.len() < 300, "{}", outcome.summary);
}

#[test]
fn a_list_that_is_cut_says_so() {
    let names: Vec<String> = (0..250).map(|at| format!("c{at}")).collect();
    let mut contract = Contract::default();
    for name in &names {
        contract.columns.extend(
            one(
                name,
                ColumnRules {
                    required: true,
                    ..ColumnRules::default()
                },
            )
            .columns,
        );
    }
    let outcome = run(TestTable::from_csv("a\n1\n"), contract)
        .check(ID)
        .unwrap();
    assert_eq!(outcome.findings.len(), 100);
    assert_eq!(outcome.metrics[0].value, Some(250.0));
    assert_eq!(outcome.notes.len(), 2, "{:?}", outcome.notes);
    assert!(outcome.notes[1].contains("150 more"), "{:?}", outcome.notes);
}
