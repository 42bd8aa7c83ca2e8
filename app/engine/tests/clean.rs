//! `interlock clean` against pandas and scikit-learn, and what it must never do.
//!
//! In: the tables and expected values that `clean/expected.py` writes. Out: nothing.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use interlock_engine::clean::{CleanError, FileForm, Request, Summary, run, suggest};
use interlock_engine::config::{Config, parse_steps};
use serde_json::Value;
use tempfile::TempDir;

const PROJECT: &str = "[project]\ntask = \"multiclass\"\ntarget = \"label\"\n[data]\ntrain = \"train.csv\"\ntest = \"test.csv\"\n";

struct Project(TempDir);

impl Project {
    fn of_fixtures() -> Self {
        let project = Self::of("", "");
        for file in ["train.csv", "test.csv"] {
            fs::copy(fixtures().join(file), project.path(file)).unwrap();
        }
        project
    }

    fn of(train: &str, test: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        fs::write(project.path("train.csv"), train).unwrap();
        fs::write(project.path("test.csv"), test).unwrap();
        project
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn config(&self) -> Config {
        Config::parse(PROJECT, &self.path("interlock.toml"))
            .unwrap()
            .0
    }

    fn clean(
        &self,
        steps: &[&str],
        more: impl FnOnce(&mut Request),
    ) -> Result<Summary, CleanError> {
        let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        let mut request = Request {
            steps: parse_steps(&steps).unwrap(),
            ..Request::default()
        };
        more(&mut request);
        run(&self.config(), &request)
    }

    #[track_caller]
    fn refusal(&self, steps: &[&str]) -> String {
        let error = self.clean(steps, |_| {}).unwrap_err().to_string();
        assert!(!self.path("train.clean.csv").exists(), "{error}");
        error
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clean")
}

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(fixtures().join("expected.json")).unwrap()).unwrap()
}

/// The cells of a column; the fixtures quote nothing.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines();
    let place = lines
        .next()
        .unwrap()
        .split(',')
        .position(|own| own == name)
        .unwrap();
    lines
        .map(|line| line.split(',').nth(place).unwrap().to_owned())
        .collect()
}

#[track_caller]
fn check_column(csv: &str, name: &str, expected: &Value) {
    let expected = expected.as_array().unwrap();
    let found = column(csv, name);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        match expected {
            Value::Number(number) => {
                let (found, expected) = (found.parse::<f64>().unwrap(), number.as_f64().unwrap());
                assert!(
                    (found - expected).abs() <= 1e-9 * expected.abs(),
                    "{name}: {found} is not {expected}"
                );
            }
            Value::String(text) => assert_eq!(found, text),
            _ => assert_eq!(found, ""),
        }
    }
}

#[test]
fn the_statistics_of_train_fill_test_as_simple_imputer_does() {
    for (rule, columns) in expected()["impute"].as_object().unwrap() {
        let project = Project::of_fixtures();
        let names: Vec<&String> = columns.as_object().unwrap().keys().collect();
        let step = format!("impute columns = {names:?}, rule = {rule:?}");
        project.clean(&[&step], |_| {}).unwrap();
        for (name, values) in columns.as_object().unwrap() {
            check_column(&project.read("test.clean.csv"), name, values);
        }
    }
}

#[test]
fn a_median_by_group_is_that_of_pandas() {
    let project = Project::of_fixtures();
    let step = "impute columns = [\"amount\"], rule = \"median\", by = \"town\"";
    project.clean(&[step], |_| {}).unwrap();
    let csv = project.read("test.clean.csv");
    check_column(&csv, "amount", &expected()["median_by_town"]);
}

/// The rows of the original that a copy has, told by the log.
fn rows_left(project: &Project) -> Vec<usize> {
    let n_rows = project.read("train.csv").lines().count() - 1;
    let dropped: Vec<usize> = column(&project.read("train.clean.log.csv"), "row")
        .iter()
        .map(|row| row.parse().unwrap())
        .collect();
    let left: Vec<usize> = (0..n_rows)
        .filter(|row| !dropped.contains(&(row + 1)))
        .collect();
    let (original, copy) = (project.read("train.csv"), project.read("train.clean.csv"));
    let lines: Vec<&str> = original.lines().collect();
    let kept: Vec<&str> = left.iter().map(|row| lines[row + 1]).collect();
    assert_eq!(copy.lines().skip(1).collect::<Vec<_>>(), kept);
    left
}

#[test]
fn the_rows_left_are_those_pandas_leaves() {
    let expected = expected();
    for (keep, kept) in expected["drop_duplicates"].as_object().unwrap() {
        for (keys, kept) in kept.as_object().unwrap() {
            let project = Project::of_fixtures();
            let columns = if keys == "all" {
                ""
            } else {
                "columns = [\"town\", \"age\"], "
            };
            let step = format!("deduplicate {columns}keep = {keep:?}");
            project.clean(&[&step], |_| {}).unwrap();
            assert_eq!(
                serde_json::json!(rows_left(&project)),
                *kept,
                "{keep} {keys}"
            );
        }
    }
    let project = Project::of_fixtures();
    project
        .clean(&["drop-rows missing = [\"amount\"]"], |_| {})
        .unwrap();
    assert_eq!(serde_json::json!(rows_left(&project)), expected["dropna"]);
}

#[test]
fn quantiles_clip_as_pandas_does() {
    let project = Project::of_fixtures();
    let step = "clip columns = [\"amount\"], quantiles = [0.05, 0.95]";
    project.clean(&[step], |_| {}).unwrap();
    check_column(
        &project.read("test.clean.csv"),
        "amount",
        &expected()["clip"],
    );
}

#[test]
fn a_stratified_split_has_the_classes_of_train_test_split() {
    for (share, counts) in expected()["stratified"].as_object().unwrap() {
        let project = Project::of_fixtures();
        let step = format!("split by = \"stratified\", test = {share}, seed = 3");
        project.clean(&[&step], |_| {}).unwrap();
        let tested = column(&project.read("train.clean.test.csv"), "label");
        for (class, n) in counts.as_object().unwrap() {
            let found = tested.iter().filter(|own| *own == class).count();
            assert_eq!(serde_json::json!(found), *n, "{class} of {share}");
        }
        let n_learned = project.read("train.clean.train.csv").lines().count() - 1;
        assert_eq!(
            n_learned + tested.len(),
            column(&project.read("train.csv"), "label").len()
        );
    }
}

#[test]
fn no_group_is_on_both_sides_and_no_later_row_is_learned_from() {
    let rows = |row: usize| {
        format!(
            "p{},2024-01-{:02},{}\n",
            row % 17,
            row * 7 % 28 + 1,
            row % 2
        )
    };
    let train = "who,day,label\n".to_owned() + &(0..200).map(rows).collect::<String>();
    let project = Project::of(&train, &train);
    project
        .clean(&["split by = \"group\", column = \"who\""], |_| {})
        .unwrap();
    let side =
        |side: &str, name: &str| column(&project.read(&format!("train.clean.{side}.csv")), name);
    let tested = side("test", "who");
    assert!(!tested.is_empty());
    assert!(side("train", "who").iter().all(|who| !tested.contains(who)));
    let by_time = ["split by = \"time\", column = \"day\""];
    project
        .clean(&by_time, |request| request.force = true)
        .unwrap();
    let first_tested = side("test", "day").into_iter().min().unwrap();
    assert!(side("train", "day").iter().all(|day| *day < first_tested));
}

#[test]
fn what_is_not_changed_is_copied_byte_for_byte() {
    let train = "\u{feff}name,size, note ,label\r\n\"Ann, a\",1.50,  x  ,0\r\n'b',0010,\"say \"\"hi\"\"\",1\r\n\"two\r\nlines\",,\" y \",1";
    let project = Project::of(train, "name,size,note,label\n");
    project
        .clean(&["fix-encoding"], |request| request.dry_run = false)
        .unwrap();
    assert_eq!(project.read("train.clean.csv"), train);
    let step = ["impute columns = [\"size\"], rule = \"constant\", value = \"7,5\""];
    project
        .clean(&step, |request| request.force = true)
        .unwrap();
    let expected = train.replace("lines\",,", "lines\",\"7,5\",");
    assert_eq!(project.read("train.clean.csv"), expected);
    let log = project.read("train.clean.log.csv");
    assert!(log.ends_with("3,4,1 impute,size,,\"7,5\",\n"), "{log}");
    assert_eq!(project.read("train.csv"), train);
}

#[test]
fn spellings_become_the_most_frequent_one_and_misread_text_comes_back() {
    let train = "town,label\nUlm,a\nUlm,a\nulm,b\nJENA,a\njena,b\njena,b\nKÃ¶ln,a\n?,a\n";
    let project = Project::of(train, "town,label\nULM,a\nUnknown,b\n");
    let steps = [
        "fix-encoding",
        "normalize-categories null = [\"?\"], map = { jena = \"Jena\" }",
    ];
    project.clean(&steps, |_| {}).unwrap();
    let train = column(&project.read("train.clean.csv"), "town");
    assert_eq!(
        train,
        ["Ulm", "Ulm", "Ulm", "Jena", "Jena", "Jena", "Köln", ""]
    );
    assert_eq!(
        column(&project.read("test.clean.csv"), "town"),
        ["Ulm", "Unknown"]
    );
}

#[test]
fn numbers_that_hid_among_texts_are_numbers_for_later_steps() {
    let project = Project::of("size,label\n1,a\n?,b\n4,a\n", "size,label\n?,a\n");
    let steps = [
        "normalize-categories columns = [\"size\"], null = [\"?\"]",
        "impute columns = [\"size\"], rule = \"mean\", indicator = true",
    ];
    project.clean(&steps, |_| {}).unwrap();
    assert_eq!(
        project.read("train.clean.csv"),
        "size,label,size_was_missing\n1,a,0\n2.5,b,1\n4,a,0\n"
    );
    let log = project.read("train.clean.log.csv");
    assert!(
        log.contains("2,3,1 normalize-categories,size,?,,\n2,3,2 impute,size,,2.5,\n"),
        "{log}"
    );
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let project = Project::of(
        "size,none,town,label\n1,,u,a\n2,,v,b\n",
        "size,none,town,label\n1,,u,a\n",
    );
    for (step, reason) in [
        (
            "impute columns = [\"town\"], rule = \"median\"",
            "holds text",
        ),
        (
            "impute columns = [\"none\"], rule = \"mean\"",
            "no value in the train table",
        ),
        (
            "impute columns = [\"label\"], rule = \"most-frequent\"",
            "is the target",
        ),
        (
            "impute columns = [\"sizes\"], rule = \"mean\"",
            "no column 'sizes'",
        ),
        (
            "impute columns = [\"none\"], rule = \"constant\", value = \"NA\"",
            "read as missing",
        ),
        ("drop-columns columns = [\"label\"]", "is the target"),
        (
            "drop-rows missing = [\"none\"]",
            "no row of the train table",
        ),
        ("clip columns = [\"town\"], min = 0", "nothing to clip"),
        ("split test = 0.01, by = \"stratified\"", "2 classes cannot"),
    ] {
        let error = project.refusal(&[step]);
        assert!(error.contains(reason), "{step}: {error}");
    }
    let empty = Project::of("size,label\n", "size,label\n");
    let error = empty.refusal(&["impute columns = [\"size\"], rule = \"mean\""]);
    assert!(error.contains("no rows to learn from"), "{error}");
}

#[test]
fn a_plan_that_learns_before_it_splits_is_refused() {
    let steps = ["impute rule = \"mean\"".to_owned(), "split".to_owned()];
    let problems = parse_steps(&steps).unwrap_err();
    assert_eq!(problems[0].line, Some(2));
    assert!(problems[0].message.contains("tested on"), "{problems:?}");
    for wrong in [
        "imput rule = \"mean\"",
        "impute",
        "clip columns = \"a\"",
        "split test = 2",
        "impute rule = \"mean\", colums = 1",
    ] {
        assert!(parse_steps(&[wrong.to_owned()]).is_err(), "{wrong}");
    }
}

#[test]
fn the_original_is_never_written_not_even_through_links() {
    for is_hard in [true, false] {
        let project = Project::of_fixtures();
        let (original, link) = (project.path("train.csv"), project.path("train.clean.csv"));
        let before = project.read("train.csv");
        if is_hard {
            fs::hard_link(&original, &link).unwrap();
        } else {
            std::os::unix::fs::symlink(&original, &link).unwrap();
        }
        let error = project
            .clean(&["deduplicate"], |request| request.force = true)
            .unwrap_err();
        assert!(error.to_string().contains("the original"), "{error}");
        assert_eq!(project.read("train.csv"), before);
    }
}

#[test]
fn an_existing_copy_stays_unless_forced_and_a_place_that_cannot_be_written_leaves_nothing() {
    let project = Project::of_fixtures();
    fs::write(project.path("test.clean.csv"), "mine").unwrap();
    let error = project.refusal(&["deduplicate"]);
    assert!(error.contains("exists"), "{error}");
    assert_eq!(project.read("test.clean.csv"), "mine");
    let nowhere = project.path("train.csv");
    let error = project
        .clean(&["deduplicate"], |request| request.out = Some(nowhere))
        .unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    let names = fs::read_dir(project.0.path()).unwrap();
    let names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.contains(".tmp")), "{names:?}");
}

#[test]
fn the_same_files_plan_and_seed_give_the_same_bytes() {
    let bytes = |form| {
        let project = Project::of_fixtures();
        let steps = [
            "split by = \"stratified\"",
            "impute rule = \"median\"",
            "deduplicate",
        ];
        project
            .clean(&steps, |request| request.form = form)
            .unwrap();
        let mut names: Vec<PathBuf> = fs::read_dir(project.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.retain(|path| path.is_file());
        names.sort();
        names
            .iter()
            .map(|path| fs::read(path).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(None), bytes(None));
    assert_eq!(
        bytes(Some(FileForm::Parquet)),
        bytes(Some(FileForm::Parquet))
    );
}

#[test]
fn what_is_suggested_can_be_done() {
    let project = Project::of(
        "town,flat,label\nUlm,1,a\nulm,1,b\nKÃ¶ln,1,a\n?,1,\n",
        "town,flat,label\nUlm,1,a\n",
    );
    let plan = suggest::plan(&project.config(), &[]).unwrap();
    for part in [
        "columns = [\"flat\"]",
        "fix-encoding",
        "null = [\"?\"]",
        "missing = [\"label\"]",
    ] {
        assert!(plan.contains(part), "{part} is not in\n{plan}");
    }
    let text = PROJECT.to_owned() + &plan;
    let config = Config::parse(&text, &project.path("interlock.toml"))
        .unwrap()
        .0;
    let again = Config::parse(&config.to_annotated_toml(), &config.path)
        .unwrap()
        .0;
    assert_eq!(again.clean.len(), config.clean.len());
    let request = Request {
        steps: config.clean.clone(),
        ..Request::default()
    };
    run(&config, &request).unwrap();
    assert_eq!(
        project.read("train.clean.csv"),
        "town,label\nUlm,a\nUlm,b\nKöln,a\n"
    );
}
