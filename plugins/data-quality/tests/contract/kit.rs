//! The check `data-quality.contract` through the real border, for its tests.

use interlock_plugin_api::contract::{
    ColumnContract, ColumnRules, Contract, Relation, RelationKind,
};
use interlock_plugin_api::test_kit::{Run, TestTable};
use interlock_plugin_api::{Outcome, Role};

/// The check.
pub(crate) const ID: &str = "data-quality.contract";

/// The check on a training table, held to a contract.
pub(crate) fn run(table: TestTable, contract: Contract) -> Run {
    Run::new(interlock_data_quality::module())
        .table(Role::Train, table)
        .facts(|facts| facts.contract = Some(contract))
}

/// Codes of the findings.
pub(crate) fn codes(outcome: &Outcome) -> Vec<&str> {
    let findings = outcome.findings.iter();
    findings.map(|finding| finding.code.as_str()).collect()
}

/// One rule of one column.
pub(crate) fn one(name: &str, rules: ColumnRules) -> Contract {
    Contract {
        columns: vec![ColumnContract {
            name: name.to_owned(),
            rules,
            ..ColumnContract::default()
        }],
        ..Contract::default()
    }
}

/// One rule between columns.
pub(crate) fn relation(rule: &str, kind: RelationKind, columns: &[&str]) -> Contract {
    Contract {
        relations: vec![Relation {
            rule: rule.to_owned(),
            kind,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            ..Relation::default()
        }],
        ..Contract::default()
    }
}
