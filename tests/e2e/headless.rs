//! The program without a screen.

use crate::harness::{Project, check_in};

#[test]
fn check_reports_every_bundled_check_on_german_credit() {
    let project = Project::of_sample("german-credit");
    let run = project.run(&["check", "--format", "json"]);
    let report = run.json();
    assert_eq!(report["schema"], 1);
    let ids: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| check["id"].as_str())
        .collect();
    for id in [
        "adversarial.noise",
        "adversarial.perturbation",
        "bias.demographic-parity",
        "bias.equalized-odds",
        "data-quality.constant-columns",
        "data-quality.duplicates",
        "data-quality.missing-values",
        "drift.columns",
        "shap.permutation-importance",
        "shap.values",
    ] {
        assert!(ids.contains(&id), "{id} is missing in {ids:?}");
        let verdict = check_in(&report, id)["verdict"].as_str().unwrap();
        assert!(
            matches!(verdict, "pass" | "warn" | "fail" | "inconclusive"),
            "{id}: {:#}",
            check_in(&report, id)
        );
    }
}

#[test]
fn what_the_sample_readme_promises_is_found() {
    let project = Project::of_sample("german-credit");
    let report = project.run(&["check", "--format", "json"]).json();
    let text = |id: &str| check_in(&report, id)["findings"].to_string();
    assert!(text("data-quality.missing-values").contains("savings"));
    assert!(text("data-quality.constant-columns").contains("branch"));
    assert!(
        text("data-quality.duplicates").contains('9'),
        "{}",
        text("data-quality.duplicates")
    );
    let drift = text("drift.columns");
    assert!(drift.contains("age"), "{drift}");
    // The outcome of recent applications is not known yet: that is no drift.
    assert!(!drift.contains("risk"), "{drift}");
}

#[test]
fn the_same_inputs_give_the_same_report_and_nothing_runs_twice() {
    let project = Project::of_sample("diabetes");
    let strip = |mut report: serde_json::Value| {
        for check in report["checks"].as_array_mut().unwrap() {
            check.as_object_mut().unwrap().remove("duration_ms");
            check.as_object_mut().unwrap().remove("cached");
        }
        report
    };
    let first = project.run(&["check", "--format", "json"]).json();
    let second = project.run(&["check", "--format", "json"]).json();
    for check in second["checks"].as_array().unwrap() {
        let ran = check["verdict"] != "skipped" && check["verdict"] != "error";
        assert!(!ran || check["cached"] == true, "ran twice: {check:#}");
    }
    assert_eq!(strip(first), strip(second));
    // Without the store the same figures come out again.
    std::fs::remove_dir_all(project.path(".interlock")).unwrap();
    let third = project.run(&["check", "--format", "json"]).json();
    let fourth = Project::of_sample("diabetes")
        .run(&["check", "--format", "json"])
        .json();
    assert_eq!(strip(third), strip(fourth));
}

#[test]
fn a_regression_is_compared_by_its_median_prediction_and_says_so() {
    let project = Project::of_sample("diabetes");
    let report = project.run(&["check", "--format", "json"]).json();
    let check = check_in(&report, "bias.demographic-parity");
    assert_eq!(check["verdict"], "inconclusive", "{check:#}");
    let notes = check["notes"].to_string();
    assert!(notes.contains("median prediction"), "{check:#}");
}

/// A model that knows its inputs by position only takes the project file's names for them.
#[test]
fn inputs_without_names_take_those_of_the_project_file() {
    let project = Project::of_sample("diabetes");
    let report = project.run(&["check", "--format", "json"]).json();
    let named = check_in(&report, "shap.values")["metrics"].clone();
    let mut model: serde_json::Value = serde_json::from_str(&project.read("model.json")).unwrap();
    let names = model["learner"]["feature_names"].take();
    model["learner"]["feature_names"] = serde_json::json!([]);
    project.save("model.json", &model.to_string());
    let text = project.read("interlock.toml");
    project.save(
        "interlock.toml",
        &text.replace("[model]", &format!("[model]\nfeatures = {names}")),
    );
    let report = project.run(&["check", "--format", "json"]).json();
    assert_eq!(check_in(&report, "shap.values")["metrics"], named);
    let one_less = names.as_array().unwrap()[1..].to_vec();
    let one_less = serde_json::Value::Array(one_less);
    project.save(
        "interlock.toml",
        &text.replace("[model]", &format!("[model]\nfeatures = {one_less}")),
    );
    let report = project.run(&["check", "--format", "json"]).json();
    let problems = report["problems"].to_string();
    assert!(problems.contains("9 names for the 10 inputs"), "{problems}");
}

/// A column of texts that the model was given as numbers: the project file says which.
#[test]
fn codes_stand_for_texts_the_model_does_not_know() {
    let project = Project::of_sample("diabetes");
    let report = project.run(&["check", "--format", "json"]).json();
    let with_numbers = check_in(&report, "shap.permutation-importance")["metrics"].clone();
    for file in ["train.csv", "test.csv", "current.csv"] {
        let text = project.read(file);
        let place = text
            .lines()
            .next()
            .unwrap()
            .split(',')
            .position(|name| name == "sex")
            .unwrap();
        let worded = |line: &str| {
            let cells = line
                .split(',')
                .enumerate()
                .map(|(at, cell)| match (at == place, cell) {
                    (true, "1") => "female",
                    (true, "2") => "male",
                    _ => cell,
                });
            cells.collect::<Vec<&str>>().join(",")
        };
        let lines: Vec<String> = text.lines().map(worded).collect();
        project.save(file, &(lines.join("\n") + "\n"));
    }
    let report = project.run(&["check", "--format", "json"]).json();
    let problems = report["problems"].to_string();
    assert!(
        problems.contains("the model takes numbers, and it holds 'female'"),
        "{problems}"
    );
    let text = project.read("interlock.toml");
    let codes = "[columns.sex]\ncodes = { female = 1, male = 2 }";
    project.save("interlock.toml", &text.replace("[columns.sex]", codes));
    let report = project.run(&["check", "--format", "json"]).json();
    assert!(
        !report["problems"].to_string().contains("takes numbers"),
        "{}",
        report["problems"]
    );
    assert_eq!(
        check_in(&report, "shap.permutation-importance")["metrics"],
        with_numbers
    );
}

#[test]
fn the_exit_status_is_that_of_the_worst_check() {
    let project = Project::of_sample("german-credit");
    let run = project.run(&["check"]);
    let report = project.run(&["check", "--format", "json"]).json();
    let expected = match report["verdict"].as_str().unwrap() {
        "pass" => 0,
        "fail" => 1,
        "warn" => 2,
        _ => 3,
    };
    assert_eq!(run.code(), expected, "{}", run.stdout());
    assert!(run.stdout().contains("german-credit: "));
}

#[test]
fn a_reader_that_has_gone_changes_no_exit_status() {
    let project = Project::of_sample("diabetes");
    let expected = project.run(&["check"]).code();
    let mut command = std::process::Command::new(crate::harness::program());
    let mut child = project
        .at_home(&mut command)
        .arg("check")
        .arg(project.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(expected), "{complaint}");
    assert!(complaint.is_empty(), "{complaint}");
}

#[test]
fn the_json_report_keeps_to_its_schema() {
    let project = Project::of_sample("german-credit");
    let report = project.run(&["check", "--format", "json"]).json();
    let schema = project.run(&["check", "--schema"]).json();
    let required = schema["$defs"]["check"]["required"].as_array().unwrap();
    for check in report["checks"].as_array().unwrap() {
        for field in required {
            assert!(
                check.get(field.as_str().unwrap()).is_some(),
                "{field} is missing in {check:#}"
            );
        }
        let known = schema["$defs"]["check"]["properties"].as_object().unwrap();
        for field in check.as_object().unwrap().keys() {
            assert!(known.contains_key(field), "{field} is not in the schema");
        }
    }
}

#[test]
fn init_writes_a_project_file_that_holds() {
    let project = Project::of_sample("german-credit");
    std::fs::remove_file(project.path("interlock.toml")).unwrap();
    let run = project.run(&["init"]);
    assert_eq!(run.code(), 0, "{}{}", run.stdout(), run.stderr());
    let text = project.read("interlock.toml");
    assert!(text.contains("risk"), "the target is not guessed:\n{text}");
    let report = project.run(&["check", "--format", "json"]).json();
    assert_eq!(check_in(&report, "drift.columns")["plugin"], "drift");
    let again = project.run(&["init"]);
    assert_eq!(again.code(), 3);
    assert!(again.stderr().contains("never overwritten"));
}

#[test]
fn a_folder_without_a_project_file_is_guessed_and_says_so() {
    let project = Project::of_sample("diabetes");
    std::fs::remove_file(project.path("interlock.toml")).unwrap();
    let run = project.run(&["check"]);
    assert!(run.stdout().contains("guessed"), "{}", run.stdout());
    assert!(run.stdout().contains("drift.columns"));
}

#[test]
fn plugin_list_names_plugins_versions_and_checks() {
    let project = Project::of_sample("german-credit");
    let run = project.run(&["plugin", "list"]);
    assert_eq!(run.code(), 0, "{}", run.stdout());
    for word in [
        "data-quality",
        "shap",
        "bias",
        "adversarial",
        "drift",
        "evaluation",
        "API 1.1",
        "bias.equalized-odds",
    ] {
        assert!(
            run.stdout().contains(word),
            "{word} is missing:\n{}",
            run.stdout()
        );
    }
}

#[test]
fn doctor_says_where_things_are_looked_for() {
    let project = Project::of_sample("german-credit");
    let run = project.run(&["doctor"]);
    assert_eq!(run.code(), 0);
    for word in [
        "plugin API",
        "worker processes",
        "installation",
        "interlock.toml",
    ] {
        assert!(
            run.stdout().contains(word),
            "{word} is missing:\n{}",
            run.stdout()
        );
    }
}
