//! What a cleaned copy of a table of 1,000,000 rows costs: reading it, each kind of step, writing the
//! copy and the log of changes.
//!
//! Run with `cargo bench -p interlock-engine --bench clean`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock_engine::clean::{FileForm, Request, Summary, run};
use interlock_engine::config::{Config, parse_steps};

const N_ROWS: usize = 1_000_000;

const PROJECT: &str =
    "[project]\ntask = \"binary\"\ntarget = \"y\"\n[data]\ntrain = \"train.csv\"\n";

/// One step of each kind that keeps the columns.
const STEPS: &[&str] = &[
    "deduplicate",
    "normalize-categories columns = [\"town\"]",
    "impute columns = [\"a\", \"b\"], rule = \"median\"",
    "impute columns = [\"job\"], rule = \"most-frequent\"",
    "clip columns = [\"c\"], quantiles = [0.01, 0.99]",
];

/// Nine numbers, five categories, a class; some cells missing, some towns in other spellings. Linear
/// congruential (Knuth's MMIX).
fn csv() -> String {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut text = "a,b,c,d,e,f,g,h,i,sex,town,job,owns,plan,y\n".to_owned();
    for _ in 0..N_ROWS {
        for column in 0..9 {
            let value = next() % 10_000;
            if value < 300 {
                text.push(',');
            } else {
                let _written = write!(text, "{:.3},", value as f64 / f64::from(column + 1));
            }
        }
        let town =
            ["Bonn", "Jena", "Kiel", "kiel ", "BONN"][usize::try_from(next() % 5).unwrap_or(0)];
        let _written = write!(text, "w{},{town},", next() % 2);
        for n_categories in [20, 2, 3] {
            let category = next() % n_categories;
            if category == 19 {
                text.push(',');
            } else {
                let _written = write!(text, "word{category},");
            }
        }
        let _written = writeln!(text, "{}", next() % 2);
    }
    text
}

fn clean(config: &Config, steps: &[&str], form: FileForm) -> Summary {
    let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
    let request = Request {
        steps: parse_steps(&steps).expect("the steps can be read"),
        form: Some(form),
        force: true,
        ..Request::default()
    };
    run(config, &request).expect("the table can be cleaned")
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the bench");
    fs::write(folder.path().join("train.csv"), csv()).expect("the table can be written");
    let file = folder.path().join("interlock.toml");
    let (config, _problems) = Config::parse(PROJECT, Path::new(&file)).expect("a project file");
    let mut group = criterion.benchmark_group("clean 1 000 000 x 15");
    group.sample_size(10);
    for (name, steps) in [("no step", &[][..]), ("five steps", STEPS)] {
        for (kind, form) in [("CSV", FileForm::Csv), ("Parquet", FileForm::Parquet)] {
            group.bench_function(format!("{name}, to {kind}"), |bencher| {
                bencher.iter(|| clean(&config, steps, form));
            });
        }
    }
    for step in STEPS {
        group.bench_function(*step, |bencher| {
            bencher.iter(|| clean(&config, &[*step], FileForm::Csv));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
