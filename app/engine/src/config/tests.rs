//! The project file: what is read, and what is said about what cannot be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interlock_plugin_api::check_info::{CheckInfo, Cost, Docs, Needs, ParamInfo, Stage};
use interlock_plugin_api::facts::{ColumnKind, Task};
use interlock_plugin_api::outcome::Role;

use super::{Config, ModelSource, SCHEMA, check_params};
use crate::problem::Problem;

const FULL: &str = r#"
[project]
name = "credit"
task = "regression"
target = "amount"
positive = true
seed = 7

[data]
train = ["a.csv", "b.csv"]
test = "test.parquet"
id = "id"
time = "when"
missing = ["?", "unknown"]
delimiter = ";"
header = true

[columns.age]
kind = "numeric"
sensitive = true
immutable = true
min = 18
max = 99.5
unit = "years"
monotone = "increasing"

[columns."home town"]
allowed = ["Bern", "Köln"]
type = "text"
required = true
unique = true
missing_at_most = 0.05
not_allowed = "Ulm"
pattern = '[A-Z]\p{L}+'
not_pattern = "x.*"
length_min = 2
length_max = 40
increasing = true
mostly = 0.99
distinct_between = [2, 2.5]

[contract]
columns = "exact"
order = ["age", "home town"]
row_min = 10
row_max = { train = 1000 }

[[relations]]
rule = "age <= 'home town'"
mostly = 0.9
tolerance = 0.5

[[relations]]
rule = "unique(age, 'home town')"

[model]
train = { algorithm = "random-forest", n_trees = 60 }
threshold = 0.4
features = ["age"]

[plugins]
paths = ["checks/target/debug"]
disabled = "shap"
[plugins.limits]
wall_clock = "2min"
memory = "512MiB"

[checks."drift.columns"]
enabled = false
severity = "warn"
cadence = "7d"
alpha = 0.01

[theme]
name = "light"
"#;

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(text, Path::new("/p/interlock.toml")).map(|(config, _)| config)
}

#[test]
fn every_setting_is_read() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.root, Path::new("/p"));
    assert_eq!(config.project.task, Task::Regression);
    assert_eq!(config.project.positive.as_deref(), Some("true"));
    assert_eq!(
        config.data.source(Role::Train).unwrap().label(),
        "a.csv, b.csv"
    );
    assert_eq!(config.data.source(Role::Current), None);
    let spec = config.load_spec(Role::Train);
    assert_eq!(
        spec.files,
        [PathBuf::from("/p/a.csv"), PathBuf::from("/p/b.csv")]
    );
    assert_eq!((spec.delimiter, spec.header), (Some(b';'), Some(true)));
    assert_eq!(spec.columns.len(), 1);
    let age = &config.columns["age"];
    assert_eq!(
        (age.kind, age.min, age.max),
        (Some(ColumnKind::Numeric), Some(18.0), Some(99.5))
    );
    assert_eq!(config.columns["home town"].allowed, ["Bern", "Köln"]);
    let Some(ModelSource::Train {
        algorithm,
        settings,
    }) = &config.model.source
    else {
        panic!("no training")
    };
    assert_eq!(
        (algorithm.as_str(), settings["n_trees"]),
        ("random-forest", 60.0)
    );
    assert_eq!(config.plugins.limits.wall_clock, Duration::from_secs(120));
    assert_eq!(config.plugins.limits.memory, 512 << 20);
    let check = &config.checks["drift.columns"];
    assert!(!check.enabled && check.warns_only());
    assert_eq!(check.cadence, Some(Duration::from_secs(604_800)));
    assert_eq!(config.theme.as_deref(), Some("light"));
}

#[test]
fn what_is_written_out_reads_back() {
    let config = parse(FULL).unwrap();
    let again = parse(&config.to_annotated_toml()).unwrap();
    // Settings of checks carry their place in the file, which differs.
    let mut expected = config;
    for (id, check) in &mut expected.checks {
        check.line = again.checks[id].line;
        for (name, setting) in &mut check.params {
            let now = &again.checks[id].params[name];
            (setting.line, setting.column) = (now.line, now.column);
        }
    }
    assert_eq!(again, expected);
    let plain = parse("[data]\ntrain = \"t.csv\"\n").unwrap();
    assert_eq!(parse(&plain.to_annotated_toml()).unwrap(), plain);
}

/// The only problem: `line:column: message | help`.
fn only_problem(text: &str) -> String {
    let problems = parse(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let problem = &problems[0];
    let column = problem
        .column
        .as_deref()
        .unwrap_or_default()
        .trim_start_matches("column ");
    format!(
        "{}:{column}: {} | {}",
        problem.line.unwrap_or_default(),
        problem.message,
        problem.help
    )
}

#[test]
fn problems_name_place_and_remedy() {
    let data = "[data]\ntrain = \"t.csv\"\n";
    for (text, expected) in [
        (
            "[data]\ntrian = \"t.csv\"\n",
            "2:1: [data] has no key 'trian' | did you mean 'train'?",
        ),
        (
            "[dtaa]\ntrain = \"t.csv\"\n[data]\n",
            "1:2: the project file has no key 'dtaa' | did you mean 'data'?",
        ),
        (
            "[data]\ntrain = 3\n",
            "2:9: data.train must be a text or a list of texts, not 3 | for example: train = \"train.csv\"",
        ),
        (
            "[project]\ntask = \"binry\"\n[data]\n",
            "2:8: project.task must be one of \"binary\", \"multiclass\", \"regression\", not \"binry\" | did you mean \"binary\"?",
        ),
        (
            "[project]\nseed = -1\n[data]\n",
            "2:8: project.seed must be a whole number from 0 up, not -1 | for example: seed = 7",
        ),
        (
            "[columns.\"äge\"]\nmin = \"x\"\n[data]\n",
            "2:7: columns.äge.min must be a number, not \"x\" | for example: min = 0",
        ),
        (
            "[columns.a]\nmin = 3\nmax = 1\n[data]\n",
            "1:10: columns.a: min 3 is greater than max 1 | ",
        ),
        (
            "[plugins.limits]\nmemory = \"2gb\"\n[data]\n",
            "2:10: plugins.limits.memory must be a size (MiB, GiB), not \"2gb\" | for example: memory = \"4GiB\"",
        ),
        (
            "[checks.drift.columns]\nalpha = 1\n[data]\n",
            "1:9: 'drift' is no check: its id needs quotes | write [checks.\"drift.columns\"]",
        ),
        (
            "",
            "1:1: no table is named | add [data] with train = \"train.csv\", or run `interlock init` elsewhere to see an example",
        ),
    ] {
        assert_eq!(only_problem(text), expected, "{text}");
    }
    let both = format!("{data}[model]\npath = \"m.json\"\ntrain = \"random-forest\"\n");
    assert!(only_problem(&both).starts_with("5:1: model.path and model.train exclude each other"));
}

#[test]
fn problems_of_the_contract_name_place_and_remedy() {
    let help = "look-around and back-references do not exist here; write it in single quotes, so that TOML leaves backslashes alone";
    for (text, expected) in [
        (
            "[columns.a]\nuniqe = true\n[data]\n",
            "2:1: [columns.a] has no key 'uniqe' | did you mean 'unique'?",
        ),
        (
            "[columns.a]\npattern = '(a'\n[data]\n",
            "2:11: columns.a.pattern cannot be read as a regular expression: unclosed group | PATTERN",
        ),
        (
            "[columns.a]\npattern = 'a)|(b'\n[data]\n",
            "2:11: columns.a.pattern cannot be read as a regular expression: unopened group | PATTERN",
        ),
        (
            "[columns.a]\nnot_pattern = '(?<!a)b'\n[data]\n",
            "2:15: columns.a.not_pattern cannot be read as a regular expression: look-around, including look-ahead and look-behind, is not supported | PATTERN",
        ),
        (
            "[columns.a]\nmostly = 95\n[data]\n",
            "2:10: columns.a.mostly must be a share from 0 to 1, not 95 | for example: mostly = 0.99",
        ),
        (
            "[columns.a]\nmean_between = [3, 1]\n[data]\n",
            "2:16: columns.a.mean_between must be two numbers, the lesser first, not a list | for example: mean_between = [0, 10]",
        ),
        (
            "[columns.a]\nlength_min = 3\nlength_max = 2\n[data]\n",
            "2:1: length_min 3 is greater than length_max 2 | ",
        ),
        (
            "[columns.a]\ntype = \"int\"\n[data]\n",
            "2:8: columns.a.type must be one of \"integer\", \"number\", \"boolean\", \"date\", \"timestamp\", \"text\", not \"int\" | ",
        ),
        (
            "[contract]\nrow_mni = 3\n[data]\n",
            "2:1: [contract] has no key 'row_mni' | did you mean 'row_min'?",
        ),
        (
            "[contract]\nrow_min = { trian = 3 }\n[data]\n",
            "2:13: [contract.row_min] has no key 'trian' | did you mean 'train'?",
        ),
        (
            "[contract]\nrow_min = 5\nrow_max = 4\n[data]\n",
            "2:1: contract: row_min 5 is greater than row_max 4 for the train table | ",
        ),
        (
            "[relations]\nrule = \"a <= b\"\n[data]\n",
            "1:1: relations must be sections | write [[relations]] on a line of its own before each",
        ),
        (
            "[[relations]]\nmostly = 1\n[data]\n",
            "1:1: a relation without rule | add rule = \"a <= b\"",
        ),
        (
            "[[relations]]\nrule = \"a <= b\"\nmosty = 1\n[data]\n",
            "3:1: [relations] has no key 'mosty' | did you mean 'mostly'?",
        ),
        (
            "[[relations]]\nrule = \"a <= b\"\ntolerance = -1\n[data]\n",
            "3:13: relations.tolerance must be a number from 0 up | for example: tolerance = 0.01",
        ),
    ] {
        let expected = expected.replace("PATTERN", help);
        assert_eq!(only_problem(text), expected, "{text}");
    }
}

#[test]
fn a_relation_that_cannot_be_read_says_why_and_what_can_be_written() {
    let problem = only_problem("[[relations]]\nrule = \"a<=b\"\n[data]\n");
    assert!(
        problem.starts_with("2:8: relations.rule \"a<=b\" cannot be read: there are no blanks around '<=' | write one of"),
        "{problem}"
    );
}

#[test]
fn all_problems_are_told_in_file_order() {
    let problems =
        parse("[project]\nsead = 1\ntaks = \"binary\"\n[data]\ntrain = 1\n").unwrap_err();
    let lines: Vec<u64> = problems.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3, 5]);
}

#[test]
fn broken_syntax_names_its_line() {
    let problems = parse("[data]\ntrain = \"t.csv\nid = \"x\"\n").unwrap_err();
    assert_eq!(problems[0].line, Some(2), "{problems:?}");
    assert!(problems[0].is_error);
}

fn drift() -> CheckInfo {
    let param = |name: &str, default: &str| ParamInfo {
        name: name.to_owned(),
        doc: String::new(),
        default: default.to_owned(),
    };
    CheckInfo {
        id: "drift.columns".to_owned(),
        title: "Drift".to_owned(),
        stage: Stage::Monitoring,
        needs: Needs::default(),
        codes: Vec::new(),
        params: vec![
            param("alpha", "0.05"),
            param("n_bins", "10"),
            param("columns", "[]"),
        ],
        docs: Docs::default(),
        cost: Cost::default(),
        cadence_days: None,
    }
}

#[test]
fn settings_of_checks_are_held_against_the_check() {
    let config = |settings: &str| {
        parse(&format!("[data]\n[checks.\"drift.columns\"]\n{settings}\n")).unwrap()
    };
    let check = |settings: &str| {
        check_params(
            &drift(),
            config(settings).checks.get("drift.columns"),
            "interlock.toml",
        )
    };
    assert_eq!(check("").unwrap(), Vec::<u8>::new());
    let bytes = check("alpha = 1\nn_bins = 5").unwrap();
    let values: std::collections::BTreeMap<String, f64> = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(
        values,
        [("alpha".to_owned(), 1.0), ("n_bins".to_owned(), 5.0)].into()
    );
    let problems = check("alhpa = 0.1").unwrap_err();
    assert_eq!(problems[0].help, "did you mean 'alpha'?");
    assert_eq!(
        (problems[0].line, problems[0].column.as_deref()),
        (Some(3), Some("column 1"))
    );
    let problems = check("n_bins = 2.5").unwrap_err();
    assert_eq!(
        problems[0].message,
        "drift.columns.n_bins must be a whole number, not 2.5"
    );
}

#[test]
fn samples_have_no_problems() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-projects");
    let mut n_samples = 0;
    for entry in std::fs::read_dir(samples).unwrap() {
        let file = entry.unwrap().path().join("interlock.toml");
        if file.exists() {
            let (_, problems) = Config::load(&file).unwrap();
            assert_eq!(problems, []);
            n_samples += 1;
        }
    }
    assert!(n_samples >= 2);
}

#[test]
fn files_that_are_no_project_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("interlock.toml");
    assert!(
        Config::load(&file).unwrap_err()[0]
            .help
            .contains("interlock init")
    );
    std::fs::write(&file, b"[data]\n\xff").unwrap();
    assert_eq!(
        Config::load(&file).unwrap_err()[0].message,
        "is not UTF-8 from byte 7 on"
    );
    std::fs::write(&file, vec![b' '; 5 << 20]).unwrap();
    assert!(
        Config::load(&file).unwrap_err()[0]
            .message
            .contains("limit")
    );
}

/// Keys a section knows, as its error for an unknown key lists them.
fn known(section: &str) -> BTreeSet<String> {
    let text = format!("[{section}]\nqqqqqqqqqqqq = 1\n[data.data]\n");
    let problems = parse(&text).unwrap_err();
    let help = problems
        .iter()
        .find_map(|problem| problem.help.strip_prefix("it knows: "))
        .unwrap()
        .to_owned();
    help.split(", ").map(ToOwned::to_owned).collect()
}

#[test]
fn the_schema_knows_the_same_keys() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let keys = |section: &serde_json::Value| -> BTreeSet<String> {
        section["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let root = &schema["properties"];
    assert_eq!(known("project"), keys(&root["project"]));
    assert_eq!(known("model"), keys(&root["model"]));
    assert_eq!(known("plugins"), keys(&root["plugins"]));
    assert_eq!(
        known("plugins.limits"),
        keys(&root["plugins"]["properties"]["limits"])
    );
    assert_eq!(
        known("columns.x"),
        keys(&root["columns"]["additionalProperties"])
    );
    assert_eq!(known("theme"), keys(&root["theme"]));
    assert_eq!(known("contract"), keys(&root["contract"]));
    assert_eq!(known("[relations]"), keys(&root["relations"]["items"]));
}

#[test]
fn no_text_makes_it_panic() {
    let mut random = 1_u64;
    let mut next = move |limit: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % limit
    };
    let alphabet = b"[]{}=\"'.,#\n 0-ae\xc3\xa4\\";
    for _ in 0..3000 {
        let mut bytes = FULL.as_bytes().to_vec();
        for _ in 0..1 + next(4) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = alphabet[next(alphabet.len())],
                1 => bytes.insert(at, alphabet[next(alphabet.len())]),
                _ => drop(bytes.drain(at..(at + next(20)).min(bytes.len()))),
            }
        }
        if let Ok(text) = String::from_utf8(bytes) {
            let _ok_or_problems = parse(&text);
        }
    }
}
