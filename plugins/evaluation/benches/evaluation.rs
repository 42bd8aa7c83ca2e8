//! What every check costs on as many rows as the Adult census table, and on a million.
//!
//! Run with `cargo bench -p interlock-evaluation --bench evaluation`. Checks run through the plugin's
//! border on 15 columns; the model gives what a column holds, so that its own time does not count.
//! Tables are drawn once and handed over without a copy.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{FeatureValues, Features, ModelFacts, Predictions, Role, Task};
use interlock_stats::rng::Rng;

/// Training and test rows of the Adult census table, and a million.
const SIZES: [(&str, usize, usize); 2] =
    [("Adult", 32_561, 16_281), ("a million", 500_000, 500_000)];

/// Checks and whether they are of a regression. The first asks for classes where there are none and
/// gives up once it has the table and the predictions: what that costs is not the checks' own.
const CHECKS: [(&str, bool); 11] = [
    ("confusion", true),
    ("performance", false),
    ("performance", true),
    ("degradation", false),
    ("simple-models", false),
    ("weak-segments", false),
    ("weak-segments", true),
    ("calibration", false),
    ("confusion", false),
    ("threshold", false),
    ("regression-errors", true),
];

/// Fourteen inputs, eight of them text of few values, a score and a target.
fn table(rng: &mut Rng, n: usize, is_number: bool) -> TestTable {
    let mut table = TestTable::default();
    let margins: Vec<f64> = (0..n).map(|_| rng.normal() - 1.0).collect();
    for at in 0..6 {
        let scale = f64::from(at) / 2.0;
        let values = margins
            .iter()
            .map(|margin| Some((10.0 * (scale * rng.normal() + margin)).round()));
        table = table.with(TestColumn::floats(&format!("number{at}"), values.collect()));
    }
    let names: Vec<String> = (0..40).map(|at| format!("value {at}")).collect();
    for at in 0..8 {
        let values = (0..n).map(|_| Some(names[rng.below(2 + 5 * at)].as_str()));
        table = table.with(TestColumn::categories(
            &format!("text{at}"),
            values.collect(),
        ));
    }
    let expit = |margin: f64| 1.0 / (1.0 + (-margin).exp());
    if is_number {
        let truth = margins.iter().map(|margin| Some(margin + rng.normal()));
        table = table.with(TestColumn::floats("y", truth.collect()));
        return table.with(TestColumn::floats(
            "score",
            margins.into_iter().map(Some).collect(),
        ));
    }
    let truth = margins.iter().map(|margin| {
        let is_yes = rng.uniform() < expit(1.5 * margin);
        Some(if is_yes { "yes" } else { "no" })
    });
    table = table.with(TestColumn::categories("y", truth.collect()));
    let scores = margins.into_iter().map(|margin| Some(expit(1.6 * margin)));
    table.with(TestColumn::floats("score", scores.collect()))
}

fn predict(features: &Features) -> Predictions {
    let score = features
        .columns
        .iter()
        .find(|column| column.name == "score");
    let values = match score.map(|column| &column.values) {
        Some(FeatureValues::Numeric(values)) => values.clone(),
        Some(FeatureValues::Categorical { .. }) | None => Vec::new(),
    };
    Predictions {
        n_rows: features.n_rows,
        n_outputs: 1,
        values,
    }
}

fn run(n: (usize, usize), is_number: bool) -> Run {
    let mut rng = Rng::new(1);
    let (train, test) = (
        table(&mut rng, n.0, is_number),
        table(&mut rng, n.1, is_number),
    );
    let inputs = train.columns.iter().map(|column| column.name.clone());
    let facts = ModelFacts {
        format: "test".to_owned(),
        features: inputs.filter(|name| name != "y").collect(),
        n_outputs: 1,
        classes: if is_number {
            Vec::new()
        } else {
            vec!["no".to_owned(), "yes".to_owned()]
        },
        threshold: 0.5,
        has_ensemble: false,
    };
    Run::new(interlock_evaluation::module())
        .table(Role::Train, train)
        .table(Role::Test, test)
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.id = Some("score".to_owned());
            facts.task = if is_number {
                Task::Regression
            } else {
                Task::Binary
            };
            facts.positive = (!is_number).then(|| "yes".to_owned());
        })
        .model(predict, facts)
}

fn benches(criterion: &mut Criterion) {
    for (name, n_train, n_test) in SIZES {
        let runs = [false, true].map(|is_number| run((n_train, n_test), is_number));
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        for (check, is_number) in CHECKS {
            let task = match (check, is_number) {
                ("confusion", true) => "nothing but table and predictions",
                (_, true) => "regression",
                (_, false) => "two classes",
            };
            let id = BenchmarkId::new(check, task);
            let run = &runs[usize::from(is_number)];
            let check = format!("evaluation.{check}");
            group.bench_function(id, |bencher| bencher.iter(|| run.check(&check)));
        }
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
