//! Wrong input: what it says, where, and that nothing is lost.

use crate::harness::{Project, check_in};

#[test]
fn a_wrong_key_is_named_with_line_and_the_nearest_right_one() {
    let project = Project::of_sample("german-credit");
    let text = project
        .read("interlock.toml")
        .replace("target = ", "targte = ");
    project.save("interlock.toml", &text);
    let run = project.run(&["check"]);
    assert_eq!(run.code(), 3);
    let said = run.stderr();
    let line = text
        .lines()
        .position(|line| line.starts_with("targte"))
        .unwrap()
        + 1;
    assert!(said.contains(&format!("interlock.toml:{line}")), "{said}");
    assert!(said.contains("target"), "{said}");
}

#[test]
fn a_check_that_no_plugin_has_is_named_and_a_required_one_is_no_pass() {
    let project = Project::of_sample("diabetes");
    let text = project.read("interlock.toml");
    let section = |more: &str| format!("{text}\n[checks.\"drift.colums\"]\n{more}");
    project.save("interlock.toml", &section(""));
    let run = project.run(&["check", "--format", "json"]);
    let problems = run.json()["problems"].to_string();
    assert!(
        problems.contains("no plugin has a check 'drift.colums'")
            && problems.contains("did you mean 'drift.columns'?"),
        "{problems}"
    );
    project.save("interlock.toml", &section("required = true\n"));
    let report = project.run(&["check", "--format", "json"]).json();
    let verdict = report["verdict"].as_str().unwrap();
    assert!(matches!(verdict, "error" | "fail"), "{verdict}");
}

#[test]
fn a_ragged_row_is_named_and_the_others_are_checked() {
    let project = Project::of_sample("diabetes");
    let mut text = project.read("train.csv");
    text.push_str("1,2,3\n");
    project.save("train.csv", &text);
    let report = project.run(&["check", "--format", "json"]).json();
    let problems = report["problems"].to_string();
    assert!(
        problems.contains("302"),
        "the line is not named: {problems}"
    );
    assert_eq!(report["inputs"]["train"]["rows"], 300);
    assert_ne!(
        check_in(&report, "data-quality.missing-values")["verdict"],
        "skipped"
    );
}

#[test]
fn a_missing_table_skips_its_checks_with_the_reason_and_is_no_pass() {
    let project = Project::of_sample("diabetes");
    std::fs::remove_file(project.path("train.csv")).unwrap();
    let run = project.run(&["check"]);
    assert_eq!(run.code(), 3, "{}", run.stdout());
    assert!(run.stdout().contains("train.csv"), "{}", run.stdout());
}

#[test]
fn a_model_that_is_no_model_says_why() {
    let project = Project::of_sample("diabetes");
    project.save("model.json", "{\"learner\": 3}");
    let run = project.run(&["check", "--format", "json"]);
    assert_eq!(run.code(), 3);
    let report = run.json();
    // Nothing but the tables could be looked at: that is no pass, nor a warning.
    assert_eq!(report["verdict"], "error");
    assert!(
        report["model"]["stale"]
            .as_str()
            .is_some_and(|why| why.contains("in 'learner': an object is expected at offset 12")),
        "{report:#}"
    );
    assert_eq!(report["model"]["source"], "model.json");
    assert_eq!(check_in(&report, "shap.values")["verdict"], "skipped");
}

#[test]
fn a_table_that_does_not_fit_the_model_is_told_input_by_input() {
    let project = Project::of_sample("diabetes");
    let text = project.read("current.csv").replacen("bmi", "bmy", 1);
    // One cell of glucose is no number.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = lines[0]
        .split(',')
        .position(|name| name == "glucose")
        .unwrap();
    let cells: Vec<&str> = lines[1].split(',').collect();
    let cells: Vec<&str> = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| if at == place { "high" } else { *cell })
        .collect();
    lines[1] = cells.join(",");
    project.save("current.csv", &(lines.join("\n") + "\n"));
    let report = project.run(&["check", "--format", "json"]).json();
    let problems = report["problems"].to_string();
    for words in [
        "the current table lacks it",
        "did you mean 'bmy'?",
        "current table: the model takes numbers, and it holds 'high'",
    ] {
        assert!(problems.contains(words), "'{words}' is not in {problems}");
    }
}

#[test]
fn a_pickle_is_looked_at_and_never_loaded() {
    let project = Project::of_sample("diabetes");
    let sound = project.run(&["check", "--format", "json"]).json();
    let check = check_in(&sound, "adversarial.model-file");
    assert_eq!(check["verdict"], "pass", "{check:#}");
    // Would make a file if anything loaded it.
    let made = project.path("made-by-the-model");
    let pickle = format!("cposix\nsystem\n(S'touch {}'\ntR.", made.display());
    project.save("model.json", &pickle);
    let report = project.run(&["check", "--format", "json"]).json();
    let check = check_in(&report, "adversarial.model-file");
    assert_eq!(check["verdict"], "fail", "{check:#}");
    assert!(
        check["summary"].to_string().contains("posix.system"),
        "{check:#}"
    );
    assert_eq!(check_in(&report, "shap.values")["verdict"], "skipped");
    assert!(!made.exists(), "the pickle was loaded");
}

#[test]
fn an_empty_folder_says_what_to_do() {
    let project = Project::empty();
    let run = project.run(&["check"]);
    assert_eq!(run.code(), 3);
    let said = run.stdout() + &run.stderr();
    assert!(said.contains("init") || said.contains("no table"), "{said}");
}

#[test]
fn a_folder_that_does_not_exist_is_an_error_not_a_panic() {
    let project = Project::empty();
    let run = project.run(&["check", "nowhere"]);
    assert_eq!(run.code(), 3);
    assert!(run.stderr().contains("nowhere"));
    assert!(!run.stderr().contains("panicked"));
}
