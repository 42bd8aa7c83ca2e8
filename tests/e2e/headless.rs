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
        let checks = report["checks"].as_array_mut().unwrap();
        // What it measures is time.
        checks.retain(|check| check["id"] != "evaluation.inference-time");
        for check in checks {
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

#[test]
fn rows_behind_findings_are_exported_the_same_each_time_and_over_nothing_else() {
    let project = Project::of_sample("german-credit");
    let export = |format: &str| {
        let run = project.run(&["check", "--export", "evidence", "--export-format", format]);
        assert_eq!(run.code(), 1, "{}", run.stderr());
        assert!(
            run.stdout().contains("findings listed in"),
            "{}",
            run.stdout()
        );
        project.read("evidence/findings.csv")
    };
    let list = export("csv");
    let name = "data-quality.duplicates__DQ007__train.csv";
    assert!(list.contains(name), "{list}");
    let rows = project.read(&format!("evidence/{name}"));
    let heading = "interlock_row,interlock_file,interlock_line,id,";
    assert!(rows.starts_with(heading), "{rows}");
    // Every line is the one of the table it names.
    let table = project.read("train.csv");
    let table: Vec<&str> = table.lines().collect();
    for line in rows.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number: usize = fields[2].parse().unwrap();
        assert_eq!(
            table[number - 1].split(',').next(),
            Some(fields[3]),
            "{line}"
        );
    }
    assert_eq!(export("csv"), list);
    assert!(export("parquet").contains("data-quality.duplicates__DQ007__train.parquet"));
    assert!(!project.path("evidence").join(name).exists());
    std::fs::write(project.path("evidence/notes.txt"), "mine").unwrap();
    let refused = project.run(&["check", "--export", "evidence"]);
    assert_eq!(refused.code(), 3);
    let said = "'notes.txt' is not of an earlier export";
    assert!(refused.stderr().contains(said), "{}", refused.stderr());
    assert_eq!(project.read("evidence/notes.txt"), "mine");
    // The JSON on standard output stays JSON.
    let run = project.run(&["check", "--format", "json", "--export", "other"]);
    assert_eq!(run.json()["schema"], 1);
    assert!(
        run.stderr().contains("findings listed in"),
        "{}",
        run.stderr()
    );
}
