//! How often the check cries wolf: random tables of one distribution, through the border.

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{Role, Verdict};
use interlock_stats::rng::Rng;

#[test]
fn without_drift_alarms_are_as_rare_as_promised() {
    let mut alarms = 0;
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut draw = || {
            let numbers = |k: usize, rng: &mut Rng| {
                let values = (0..150).map(|_| Some(rng.normal())).collect();
                TestColumn::floats(&format!("n{k}"), values)
            };
            let words = |k: usize, rng: &mut Rng| {
                let values = (0..150)
                    .map(|_| Some(["a", "b", "c"][rng.below(3)]))
                    .collect();
                TestColumn::categories(&format!("w{k}"), values)
            };
            let mut columns: Vec<_> = (0..4).map(|k| numbers(k, &mut rng)).collect();
            columns.extend((0..4).map(|k| words(k, &mut rng)));
            columns
                .into_iter()
                .fold(TestTable::default(), TestTable::with)
        };
        let (train, current) = (draw(), draw());
        let outcome = Run::new(interlock_drift::module())
            .table(Role::Train, train)
            .table(Role::Current, current)
            .check("drift.columns")
            .unwrap();
        alarms += u32::from(outcome.verdict != Verdict::Inconclusive);
    }
    // At 5 % more than eleven of a hundred have a probability of 0.4 %.
    assert!((1..=11).contains(&alarms), "{alarms} of 100");
}
