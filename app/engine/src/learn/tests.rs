//! What is learned of made-up tables, and how it is written around what stands in a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use interlock_plugin_api::contract::{RelationKind, ValueType};

use super::*;

const PROJECT: &str = "[project]\ntarget = \"y\"\n\n[data]\ntrain = \"train.csv\"\nid = \"id\"\n";

/// Some scattered number below `n`.
fn scattered(row: usize, salt: usize, n: usize) -> usize {
    let mixed = (row + 1).wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 33) % n
}

/// Six hundred orders.
fn orders() -> String {
    let mut csv = String::from("id,code,town,net,tax,gross,day,paid,note,rare,flag,y\n");
    for row in 0..600 {
        let (net, tax) = (
            scattered(row, 1, 90_000) + 100,
            scattered(row, 2, 9_000) + 1,
        );
        let day = scattered(row, 3, 27) + 1;
        let town = ["Ulm", "Jena", "Kiel"][scattered(row, 4, 3)];
        let note = "word ".repeat(1 + scattered(row, 5, 4)) + &"x".repeat(scattered(row, 6, 30));
        let rare = if row == 7 { "odd" } else { "usual" };
        let missing = if row % 20 == 0 {
            String::new()
        } else {
            (net % 5 + 1).to_string()
        };
        let _written = writeln!(
            csv,
            "{},K-{:05},{town},{}.{:02},{}.{:02},{}.{:02},2024-01-{day:02},2024-02-{:02},{note},{rare},{missing},{}",
            row * 3 + 11,
            scattered(row, 7, 99_999),
            net / 100,
            net % 100,
            tax / 100,
            tax % 100,
            (net + tax) / 100,
            (net + tax) % 100,
            scattered(row, 8, 20) + 1,
            if row % 3 == 0 { "yes" } else { "no" },
        );
    }
    csv
}

fn project(folder: &Path, csv: &str, toml: &str) -> Config {
    std::fs::write(folder.join("train.csv"), csv).unwrap();
    let (config, _) = Config::parse(toml, &folder.join("interlock.toml")).unwrap();
    config
}

fn keys(learned: &Learned, name: &str) -> BTreeMap<&'static str, String> {
    let column = learned
        .columns
        .iter()
        .find(|column| column.name == name)
        .unwrap();
    column
        .rules
        .iter()
        .map(|(key, value)| (*key, value.to_string()))
        .collect()
}

#[test]
fn a_table_is_learned_as_its_maker_would_describe_it() {
    let folder = tempfile::tempdir().unwrap();
    let learned = learn(&project(folder.path(), &orders(), PROJECT)).unwrap();
    assert_eq!(learned.n_rows, 600);
    let of = |name: &str| keys(&learned, name);
    assert_eq!(of("id")["type"], "\"integer\"");
    assert_eq!(of("id")["unique"], "true");
    assert!(!of("id").contains_key("max"), "new rows have new ids");
    let code = learned
        .columns
        .iter()
        .find(|column| column.name == "code")
        .unwrap();
    let pattern = code
        .rules
        .iter()
        .find(|(key, _)| *key == "pattern")
        .unwrap();
    assert_eq!(pattern.1.as_str(), Some(r"[A-Z]\-[0-9]{5}"));
    assert_eq!(of("town")["allowed"], "[\"Jena\", \"Kiel\", \"Ulm\"]");
    assert_eq!(
        (of("flag")["min"].as_str(), of("flag")["max"].as_str()),
        ("1", "5")
    );
    let share: f64 = of("flag")["missing_at_most"].parse().unwrap();
    assert!(0.05 < share && share < 0.12, "{share}");
    let (least, greatest): (f64, f64) = (
        of("net")["min"].parse().unwrap(),
        of("net")["max"].parse().unwrap(),
    );
    assert!(
        (0.0..=1.01).contains(&least) && (900.0..1200.0).contains(&greatest),
        "{least} {greatest}"
    );
    assert_eq!(of("day")["type"], "\"date\"");
    assert_eq!(of("y")["allowed"], "[\"no\", \"yes\"]");
    assert!(
        !of("y").contains_key("required"),
        "rows seen after launch have no target"
    );
    assert!(of("note").contains_key("length_max") && !of("note").contains_key("pattern"));
    assert!(!of("rare").contains_key("allowed"));
    let rare = learned
        .columns
        .iter()
        .find(|column| column.name == "rare")
        .unwrap();
    assert!(
        rare.not_learned[0].contains("'odd' stands only once"),
        "{rare:?}"
    );
    let rules: Vec<&str> = learned
        .relations
        .iter()
        .map(|relation| relation.rule.as_str())
        .collect();
    assert_eq!(rules, ["net + tax = gross"]);
}

#[test]
fn what_is_learned_is_written_once_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let by_hand = "# mine\n[project]\ntarget = \"y\"   # the answer\n\n[data]\ntrain = \"train.csv\"\nid = \"id\"\n\n[columns.net]\nmin = -5 # by hand\nmostly = 0.9\n\n[columns]\ntown = { allowed = [\"Ulm\"] }\ntax.max = 1e9\n\n[[relations]]\nrule = \"tax + net = gross\"\ntolerance = 1\n\n# the end\n";
    let config = project(folder.path(), &orders(), by_hand);
    let learned = learn(&config).unwrap();
    let merged = merge(by_hand, &config, &learned.columns, &learned.relations).unwrap();
    for line in by_hand.lines().filter(|line| !line.contains("town =")) {
        assert!(
            merged.toml.contains(line),
            "'{line}' is lost:\n{}",
            merged.toml
        );
    }
    assert!(
        merged.toml.contains("allowed = [\"Ulm\"]"),
        "{}",
        merged.toml
    );
    let (read, _) = Config::parse(&merged.toml, &config.path).unwrap();
    assert_eq!(
        (read.columns["net"].min, read.columns["tax"].max),
        (Some(-5.0), Some(1e9))
    );
    assert!(read.columns["net"].max.is_some() && read.columns["tax"].min.is_some());
    assert_eq!(read.columns["town"].rules.value_type, Some(ValueType::Text));
    assert_eq!(
        read.columns["id"].rules.value_type,
        Some(ValueType::Integer)
    );
    assert_eq!(
        read.contract.relations.len(),
        1,
        "one sum, however it is written"
    );
    assert_eq!(read.contract.relations[0].kind, RelationKind::Sum);
    assert!(merged.n_kept >= 4, "{}", merged.n_kept);
    let n_added: usize = merged.added.values().sum();
    let n_learned: usize = learned.counts().values().sum();
    assert_eq!(n_added + merged.n_kept, n_learned);

    let again = merge(&merged.toml, &read, &learned.columns, &learned.relations).unwrap();
    assert_eq!(again.toml, merged.toml);
    assert!(again.added.is_empty());
    assert_eq!(again.n_kept, n_learned);
}

#[test]
fn a_rule_against_one_set_by_hand_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let by_hand = format!("{PROJECT}[columns.net]\nmax = -1\n[columns.note]\nlength_min = 1000\n");
    let config = project(folder.path(), &orders(), &by_hand);
    let learned = learn(&config).unwrap();
    let merged = merge(&by_hand, &config, &learned.columns, &learned.relations).unwrap();
    assert_eq!(merged.left_out.len(), 2, "{:?}", merged.left_out);
    assert!(merged.left_out[0].starts_with("column 'net': min = "));
}

#[test]
fn odd_names_and_an_inline_list_of_relations_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let csv = orders().replacen("net,tax,gross", "it's net,tax €,a.b", 1);
    let toml = format!("relations = [{{ rule = \"id <= id2\" }}]\n{PROJECT}");
    let config = project(folder.path(), &csv, &toml);
    let learned = learn(&config).unwrap();
    let merged = merge(&toml, &config, &learned.columns, &learned.relations).unwrap();
    let (read, _) = Config::parse(&merged.toml, &config.path).unwrap();
    assert_eq!(
        read.contract.relations[1].columns,
        ["it's net", "tax €", "a.b"]
    );
    assert!(read.columns["it's net"].max.is_some());
}

#[test]
fn little_is_learned_of_little_and_nothing_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let few = "id,a,b,y\n1,1.5,x,no\n2,2.5,,yes\n";
    let learned = learn(&project(folder.path(), few, PROJECT)).unwrap();
    let rules: Vec<_> = learned
        .columns
        .iter()
        .flat_map(|column| &column.rules)
        .collect();
    assert!(rules.iter().all(|(key, _)| *key == "required"), "{rules:?}");
    assert!(learned.columns[1].not_learned[0].contains("too few"));
    let none = learn(&project(folder.path(), "id,y\n", PROJECT));
    assert!(
        matches!(none, Err(LearnError::NoRows | LearnError::Unreadable(_))),
        "{none:?}"
    );
    let absent = learn(&project(
        folder.path(),
        few,
        &PROJECT.replace("train.csv", "gone.csv"),
    ));
    assert!(matches!(absent, Err(LearnError::Unreadable(problems)) if !problems.is_empty()));
    let unnamed = learn(&project(folder.path(), few, "[data]\n"));
    assert!(matches!(unnamed, Err(LearnError::NoTable)));
}

#[test]
fn odd_values_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = String::from("id,big,endless,same,none,y\n");
    for row in 0..200 {
        let big = if row % 2 == 0 { i64::MIN } else { i64::MAX };
        let _written = writeln!(
            csv,
            "{row},{big},{},1e300,,{}",
            if row == 0 { "inf" } else { "0.1" },
            row % 2
        );
    }
    let learned = learn(&project(folder.path(), &csv, PROJECT)).unwrap();
    assert!(!keys(&learned, "endless").contains_key("max"));
    let config = project(folder.path(), &csv, PROJECT);
    merge(PROJECT, &config, &learned.columns, &learned.relations).unwrap();
}
