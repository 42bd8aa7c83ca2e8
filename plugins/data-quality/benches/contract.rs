//! What holding a contract costs on as many rows as the Adult census table, and on a million.
//!
//! Run with `cargo bench -p interlock-data-quality --bench contract`. The test kit hands over a copy of
//! the table each time; `copy` shows what that takes alone.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_plugin_api::contract::{
    ColumnContract, ColumnRules, Contract, Relation, RelationKind,
};
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, ValueType};
use interlock_stats::rng::Rng;

/// Fifteen columns: six of whole numbers, two of numbers, seven of categories.
fn table(n: usize) -> TestTable {
    let mut rng = Rng::new(1);
    let mut table = TestTable::default();
    for column in 0..6 {
        let value = |rng: &mut Rng| i64::try_from(rng.below(40 + 400 * column)).ok();
        let values = (0..n).map(|_| value(&mut rng)).collect();
        table = table.with(TestColumn::integers(&format!("i{column}"), values));
    }
    for column in 0..2 {
        let values = (0..n).map(|_| Some(rng.normal().exp())).collect();
        table = table.with(TestColumn::floats(&format!("f{column}"), values));
    }
    let words: Vec<String> = (0..40).map(|word| format!("K-{word:04}")).collect();
    for column in 0..7 {
        let word = |rng: &mut Rng| Some(words[rng.below(2 + 5 * column)].as_str());
        let values = (0..n).map(|_| word(&mut rng)).collect();
        table = table.with(TestColumn::categories(&format!("c{column}"), values));
    }
    table
}

/// What `interlock init --learn` would write, and a pattern for each category.
fn contract() -> Contract {
    let mut contract = Contract::default();
    let mut add = |name: String, value_type: ValueType| {
        let is_text = value_type == ValueType::Text;
        contract.columns.push(ColumnContract {
            name,
            min: (!is_text).then_some(0.0),
            max: (!is_text).then_some(1e6),
            allowed: Vec::new(),
            rules: ColumnRules {
                value_type: Some(value_type),
                required: true,
                missing_at_most: Some(0.01),
                pattern: is_text.then(|| "[A-Z]-[0-9]{4}".to_owned()),
                length_max: is_text.then_some(6),
                ..ColumnRules::default()
            },
        });
    };
    (0..6).for_each(|at| add(format!("i{at}"), ValueType::Integer));
    (0..2).for_each(|at| add(format!("f{at}"), ValueType::Number));
    (0..7).for_each(|at| add(format!("c{at}"), ValueType::Text));
    contract.relations.push(Relation {
        rule: "i0 <= i1".to_owned(),
        kind: RelationKind::AtMost,
        columns: vec!["i0".to_owned(), "i1".to_owned()],
        ..Relation::default()
    });
    contract
}

/// One rule that looks at no value.
fn hardly_any() -> Contract {
    Contract {
        row_min: [(Role::Train, 1)].into(),
        ..Contract::default()
    }
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("contract");
    group.sample_size(10);
    for n in [48_842, 1_000_000] {
        let table = table(n);
        for (name, contract) in [("copy", hardly_any()), ("46 rules and copy", contract())] {
            let run = Run::new(interlock_data_quality::module())
                .table(Role::Train, table.clone())
                .facts(|facts| facts.contract = Some(contract));
            group.bench_function(format!("{name}, {n} x 15"), |bencher| {
                bencher.iter(|| black_box(&run).check("data-quality.contract"));
            });
        }
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
