//! Tables drawn for the characteristics: scores and truths, segments, errors, as runs.
//!
//! In: a stream of random numbers, what to plant. Out: a [`Run`] whose model gives what some columns
//! hold.

use interlock_plugin_api::test_kit::{Run, TestColumn, TestTable};
use interlock_plugin_api::{FeatureValues, Features, ModelFacts, Predictions, Role, Task};
use interlock_stats::rng::Rng;

/// `1 / (1 + exp(−margin))`.
pub(crate) fn expit(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

/// A draw from Student's distribution.
pub(crate) fn student(rng: &mut Rng, df: i32) -> f64 {
    let square: f64 = (0..df).map(|_| rng.normal().powi(2)).sum();
    rng.normal() / (square / f64::from(df)).sqrt()
}

fn floats(name: &str, values: impl IntoIterator<Item = f64>) -> TestColumn {
    TestColumn::floats(name, values.into_iter().map(Some).collect())
}

fn answers(truth: &[bool]) -> TestColumn {
    let name = |own: &bool| Some(if *own { "yes" } else { "no" });
    TestColumn::categories("y", truth.iter().map(name).collect())
}

/// A project whose model takes some columns and gives what others of them hold.
fn project(task: Task, features: &[&str], outputs: &[&str], classes: &[&str]) -> Run {
    let owned =
        |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let given = owned(outputs);
    let predict = move |features: &Features| {
        let columns: Vec<&[f64]> = given
            .iter()
            .map(|name| {
                let at = features.position(name).unwrap();
                match &features.columns[at].values {
                    FeatureValues::Numeric(values) => values.as_slice(),
                    FeatureValues::Categorical { .. } => panic!("{name} holds no numbers"),
                }
            })
            .collect();
        let rows = 0..features.n_rows;
        Predictions {
            n_rows: features.n_rows,
            n_outputs: columns.len(),
            values: rows
                .flat_map(|row| columns.iter().map(move |column| column[row]))
                .collect(),
        }
    };
    let facts = ModelFacts {
        format: "test".to_owned(),
        features: owned(features),
        n_outputs: u32::try_from(outputs.len()).unwrap(),
        classes: owned(classes),
        threshold: 0.5,
        has_ensemble: false,
    };
    Run::new(interlock_evaluation::module())
        .facts(|facts| {
            facts.target = Some("y".to_owned());
            facts.task = task;
            facts.positive = (task == Task::Binary).then(|| "yes".to_owned());
        })
        .model(predict, facts)
}

fn table(scores: &[f64], truth: &[bool]) -> TestTable {
    TestTable::default()
        .with(floats("score", scores.iter().copied()))
        .with(answers(truth))
}

/// Two classes with a score each.
pub(crate) fn binary(scores: &[f64], truth: &[bool]) -> Run {
    project(Task::Binary, &["score"], &["score"], &["no", "yes"])
        .table(Role::Test, table(scores, truth))
}

/// Two classes, a training and a test table.
pub(crate) fn with_train(train: (&[f64], &[bool]), test: (&[f64], &[bool])) -> Run {
    binary(test.0, test.1).table(Role::Train, table(train.0, train.1))
}

/// Four inputs, a target that is logistic in them, and a model that sees its margin through noise.
pub(crate) fn linear(rng: &mut Rng, n: (usize, usize), noise: f64) -> Run {
    let names = ["a", "b", "c", "d"];
    let mut draw = |n: usize| {
        let columns: Vec<Vec<f64>> = names
            .iter()
            .map(|_| (0..n).map(|_| rng.normal()).collect())
            .collect();
        let margin = |row: usize| columns[0][row] + 0.7 * columns[1][row] - 0.5 * columns[2][row];
        let truth: Vec<bool> = (0..n)
            .map(|row| rng.uniform() < expit(margin(row)))
            .collect();
        let scores: Vec<f64> = (0..n)
            .map(|row| expit(margin(row) + 1.32 * noise * rng.normal()))
            .collect();
        let mut table = TestTable::default();
        for (name, column) in names.iter().zip(&columns) {
            table = table.with(floats(name, column.iter().copied()));
        }
        (table.with(answers(&truth)), scores)
    };
    let ((train, on_train), (test, on_test)) = (draw(n.0), draw(n.1));
    // The score is no input, which the simple models would use: tables are told by their rows.
    let scores = [on_train, on_test];
    let predict = move |features: &Features| {
        let own = scores.iter().find(|own| own.len() == features.n_rows);
        Predictions {
            n_rows: features.n_rows,
            n_outputs: 1,
            values: own.cloned().unwrap(),
        }
    };
    let facts = ModelFacts {
        format: "test".to_owned(),
        features: names.map(str::to_owned).to_vec(),
        n_outputs: 1,
        classes: vec!["no".to_owned(), "yes".to_owned()],
        threshold: 0.5,
        has_ensemble: false,
    };
    project(Task::Binary, &names, &[], &["no", "yes"])
        .model(predict, facts)
        .table(Role::Train, train)
        .table(Role::Test, test)
}

/// Three classes whose given probabilities are the right ones to a power.
pub(crate) fn classes(rng: &mut Rng, n: usize, power: f64) -> Run {
    let mut given: [Vec<f64>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    let mut truth = Vec::new();
    for _ in 0..n {
        let margins: [f64; 3] = std::array::from_fn(|_| 1.5 * rng.normal());
        let scaled = |power: f64| {
            let parts = margins.map(|margin| (power * margin).exp());
            let total: f64 = parts.iter().sum();
            parts.map(|part| part / total)
        };
        let right = scaled(1.0);
        let draw = rng.uniform();
        let class = usize::from(draw > right[0]) + usize::from(draw > right[0] + right[1]);
        truth.push(Some(["a", "b", "c"][class]));
        for (column, p) in given.iter_mut().zip(scaled(power)) {
            column.push(p);
        }
    }
    let names = ["p0", "p1", "p2"];
    let mut table = TestTable::default().with(TestColumn::categories("y", truth));
    for (name, column) in names.iter().zip(given) {
        table = table.with(floats(name, column));
    }
    project(Task::Multiclass, &names, &names, &["a", "b", "c"]).table(Role::Test, table)
}

/// As many rows of each class, decided as the next one at these rates.
pub(crate) fn decided(rng: &mut Rng, n: usize, slips: &[f64]) -> Run {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let k = slips.len();
    let columns: Vec<String> = (0..k).map(|class| format!("p{class}")).collect();
    let mut given = vec![Vec::with_capacity(n); k];
    let mut truth = Vec::with_capacity(n);
    for row in 0..n {
        let own = row % k;
        let slipped = usize::from(rng.uniform() < slips[own]);
        for (class, column) in given.iter_mut().enumerate() {
            let is_decided = class == (own + slipped) % k;
            column.push(if is_decided {
                0.6
            } else {
                0.4 / (k - 1) as f64
            });
        }
        truth.push(NAMES[own]);
    }
    if k == 2 {
        let truth: Vec<bool> = truth.iter().map(|&own| own == "b").collect();
        return binary(&given[1], &truth);
    }
    let mut table = TestTable::default().with(TestColumn::categories(
        "y",
        truth.into_iter().map(Some).collect(),
    ));
    for (name, column) in columns.iter().zip(given) {
        table = table.with(floats(name, column));
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    project(Task::Multiclass, &names, &names, &NAMES[..k]).table(Role::Test, table)
}

/// Twelve columns of unlike shapes; the first two may hold what is planted.
fn inputs(rng: &mut Rng, n: usize) -> (TestTable, Vec<f64>, Vec<usize>) {
    let first: Vec<f64> = (0..n).map(|_| 10.0 * rng.uniform()).collect();
    let second: Vec<usize> = (0..n).map(|_| rng.below(3)).collect();
    let kinds = ["own", "rent", "free"];
    let housing = second.iter().map(|&kind| Some(kinds[kind])).collect();
    let mut table = TestTable::default()
        .with(floats("first", first.iter().copied()))
        .with(TestColumn::categories("second", housing));
    for at in 0..6 {
        let scale = f64::from(at);
        table = table.with(floats(
            &format!("number{at}"),
            (0..n)
                .map(|_| (scale * 0.4 * rng.normal()).exp().round())
                .collect::<Vec<f64>>(),
        ));
    }
    let towns: Vec<String> = (0..40).map(|town| format!("town {town}")).collect();
    for at in 0..3 {
        let column = (0..n).map(|_| {
            let drawn = rng.below(40).min(rng.below(40));
            Some(towns[drawn].as_str())
        });
        table = table.with(TestColumn::categories(
            &format!("town{at}"),
            column.collect(),
        ));
    }
    let gaps = (0..n).map(|_| (rng.uniform() < 0.8).then(|| rng.normal()));
    let table = table.with(TestColumn::floats("gaps", gaps.collect()));
    (table, first, second)
}

/// Errors as drawn (0 or 1, or of a number), some of them in a tenth of the rows: `first` up to 3
/// and `second` rent.
pub(crate) fn segments(
    rng: &mut Rng,
    n: usize,
    error: impl Fn(&mut Rng, bool) -> f64,
    is_class: bool,
) -> Run {
    let (table, first, second) = inputs(rng, n);
    let errors: Vec<f64> = (0..n)
        .map(|row| error(rng, first[row] <= 3.0 && second[row] == 1))
        .collect();
    if is_class {
        let truth: Vec<bool> = (0..n).map(|_| rng.uniform() < 0.5).collect();
        let score = truth.iter().zip(&errors).map(
            |(&own, &error)| {
                if own == (error < 0.5) { 0.8 } else { 0.2 }
            },
        );
        let table = table
            .with(floats("score", score.collect::<Vec<f64>>()))
            .with(answers(&truth));
        // A score that stands in the table would tell the segments of right and wrong apart.
        return without_score(
            project(Task::Binary, &["score"], &["score"], &["no", "yes"]),
            table,
        );
    }
    let truth: Vec<f64> = (0..n).map(|_| 10.0 * rng.normal()).collect();
    let given = truth.iter().zip(&errors).map(|(own, error)| own + error);
    let table = table
        .with(floats("score", given.collect::<Vec<f64>>()))
        .with(floats("y", truth));
    without_score(
        project(Task::Regression, &["score"], &["score"], &[]),
        table,
    )
}

/// The score column is the id, which no check looks at as a column.
fn without_score(run: Run, table: TestTable) -> Run {
    run.table(Role::Test, table)
        .facts(|facts| facts.id = Some("score".to_owned()))
}

/// A target around a line in the first column, noise and prediction as given.
pub(crate) fn numbers(
    rng: &mut Rng,
    n: usize,
    noise: impl Fn(&mut Rng, f64) -> f64,
    predict: impl Fn(f64, f64) -> f64,
) -> Run {
    let (table, first, _) = inputs(rng, n);
    let center = |x: f64| 5.0 + 3.0 * x;
    let truth: Vec<f64> = first.iter().map(|&x| center(x) + noise(rng, x)).collect();
    let given: Vec<f64> = first.iter().map(|&x| predict(x, center(x))).collect();
    let table = table.with(floats("score", given)).with(floats("y", truth));
    without_score(
        project(Task::Regression, &["score"], &["score"], &[]),
        table,
    )
}
