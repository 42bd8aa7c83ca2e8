//! A contract: learned into the project file, held against every table, broken by a saved table.

use termlens::Key;

use crate::harness::{Project, check_in};

const ID: &str = "data-quality.contract";

/// The outcome of the check alone.
fn contract(project: &Project) -> serde_json::Value {
    let report = project.run(&["check", "--format", "json"]).json();
    check_in(&report, ID).clone()
}

fn titles(check: &serde_json::Value) -> Vec<&str> {
    let findings = check["findings"].as_array().unwrap();
    findings
        .iter()
        .filter_map(|finding| finding["title"].as_str())
        .collect()
}

#[test]
fn a_contract_is_learned_kept_by_hand_and_learned_only_once() {
    let project = Project::of_sample("german-credit");
    let before = project.read("interlock.toml");
    let shown = project.run(&["init", "--learn", "--print"]);
    assert_eq!(shown.code(), 0, "{}", shown.stderr());
    assert_eq!(
        project.read("interlock.toml"),
        before,
        "--print writes nothing"
    );

    let run = project.run(&["init", "--learn"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("lists of values"), "{}", run.stdout());
    assert!(run.stdout().contains("kept 3 rules"), "{}", run.stdout());
    let after = project.read("interlock.toml");
    assert_eq!(shown.stdout().trim_end(), after.trim_end());
    for line in before.lines() {
        assert!(after.contains(line), "'{line}' is lost:\n{after}");
    }

    let again = project.run(&["init", "--learn"]);
    assert_eq!((again.code(), project.read("interlock.toml")), (0, after));
    assert!(
        again.stdout().contains("nothing to add"),
        "{}",
        again.stdout()
    );
    let left: Vec<_> = std::fs::read_dir(project.path("."))
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_sample_keeps_what_is_learned_from_it_and_a_broken_row_is_named() {
    let project = Project::of_sample("german-credit");
    assert_eq!(project.run(&["init", "--learn"]).code(), 0);
    let sound = contract(&project);
    assert_eq!(sound["verdict"], "pass", "{:?}", titles(&sound));

    let test = project.read("test.csv");
    let mut lines: Vec<String> = test.lines().map(str::to_owned).collect();
    let header: Vec<&str> = test.lines().next().unwrap().split(',').collect();
    let housing = header.iter().position(|name| *name == "housing").unwrap();
    let mut cells: Vec<&str> = lines[5].split(',').collect();
    cells[housing] = "castle";
    lines[5] = cells.join(",");
    project.save("test.csv", &(lines.join("\n") + "\n"));
    let broken = contract(&project);
    assert_eq!(broken["verdict"], "fail");
    let [finding] = broken["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", titles(&broken))
    };
    assert_eq!(finding["code"], "DQ165");
    let title = finding["title"].as_str().unwrap();
    assert!(
        title.contains("'housing' in test") && title.contains("'castle'"),
        "{title}"
    );
    assert_eq!(finding["place"]["rows"]["rows"], serde_json::json!([4]));
}

#[test]
fn without_a_project_file_one_is_made_first() {
    let project = Project::of_sizes();
    let run = project.run(&["init", "--learn"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let text = project.read("interlock.toml");
    assert!(
        text.contains("[data]") && text.contains("allowed = [\"Jena\", \"Ulm\"]"),
        "{text}"
    );
    assert_eq!(contract(&project)["verdict"], "pass");
}

#[test]
fn no_contract_is_no_pass_and_says_how_to_get_one() {
    let project = Project::of_sizes();
    project.save("interlock.toml", "[data]\ntrain = \"train.csv\"\n");
    let check = contract(&project);
    assert_eq!(check["verdict"], "skipped", "{check:#}");
    let reason = check["reason"].as_str().unwrap();
    assert!(reason.contains("interlock init --learn"), "{reason}");
}

#[test]
fn what_cannot_be_learned_from_is_told_with_its_place_and_changes_nothing() {
    let project = Project::of_sizes();
    for (toml, said) in [
        ("[data]\ntrain = \"gone.csv\"\n", "gone.csv"),
        ("[data]\n", "names no train table"),
        (
            "[data]\ntrain = \"train.csv\"\ntrian = 1\n[columns.size]\nmin = \"a\"\n",
            "interlock.toml:5: column 7",
        ),
        ("[data\n", "interlock.toml:1: column 6"),
    ] {
        project.save("interlock.toml", toml);
        let run = project.run(&["init", "--learn"]);
        assert_eq!(run.code(), 3, "{}", run.stdout());
        assert!(run.stderr().contains(said), "{toml}: {}", run.stderr());
        assert_eq!(project.read("interlock.toml"), toml);
    }
}

#[test]
fn a_rule_by_hand_is_live_in_the_dashboard() {
    let project = Project::of_sizes();
    let mut toml = "[data]\ntrain = \"train.csv\"\n[columns.size]\nmin = -1000\n".to_owned();
    project.save("interlock.toml", &toml);
    let mut terminal = project.dashboard(200, 60);
    terminal
        .wait_until(|screen| screen.contains(" passed"))
        .expect("the checks end");
    // Among what passed it is folded; filtered for, it stands alone beside its summary.
    terminal.send(Key::Char('/')).expect("the key arrives");
    terminal.send_str("contract").expect("the text arrives");
    terminal.send(Key::Enter).expect("the key arrives");
    terminal
        .wait_until(|screen| screen.contains("none is broken"))
        .expect("the rule holds");
    toml += "max = 10\n";
    project.save("interlock.toml", &toml);
    terminal
        .wait_until(|screen| screen.contains("break max = 10"))
        .expect("the broken rule is shown");
    terminal.send(Key::Char('q')).expect("the key arrives");
    assert!(terminal.wait_exit().expect("the program ends").success());
}
