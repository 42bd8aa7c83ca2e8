//! `interlock clean` as it is typed.

use crate::harness::Project;

const TRAIN: &str = "age,town,risk\n31,Ulm,good\n,ulm,bad\n47,Kiel,good\n31,Ulm,good\n29,?,bad\n";

const PROJECT: &str = "[project]\ntarget = \"risk\"\n[data]\ntrain = \"train.csv\"\n";

fn project(plan: &str) -> Project {
    let project = Project::empty();
    project.save("train.csv", TRAIN);
    project.save("interlock.toml", &format!("{PROJECT}{plan}"));
    project
}

#[test]
fn without_a_plan_it_says_how_to_get_one_and_that_one_works() {
    let project = project("");
    let run = project.run(&["clean"]);
    assert_ne!(run.code(), 0);
    assert!(run.stderr().contains("clean --suggest"), "{}", run.stderr());
    let plan = project.run(&["clean", "--suggest"]);
    assert_eq!(plan.code(), 0, "{}", plan.stderr());
    assert!(plan.stdout().contains("[[clean]]"), "{}", plan.stdout());
    project.save("interlock.toml", &format!("{PROJECT}{}", plan.stdout()));
    let run = project.run(&["clean"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(project.path("train.clean.csv").exists());
    assert_eq!(project.read("train.csv"), TRAIN);
}

#[test]
fn a_dry_run_says_what_it_would_do_and_writes_nothing() {
    let project = project("[[clean]]\nstep = \"impute\"\ncolumns = [\"age\"]\nrule = \"median\"\n");
    let run = project.run(&["clean", "--dry-run", "--json"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.json().to_string().contains("impute"));
    assert!(!project.path("train.clean.csv").exists());
    let run = project.run(&["clean"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!(
        project.read("train.clean.csv"),
        TRAIN.replace("\n,ulm", "\n31,ulm")
    );
    let log = project.read("train.clean.log.csv");
    assert!(log.contains("age") && log.contains("31"), "{log}");
}

#[test]
fn a_copy_in_the_way_and_a_step_that_cannot_be_are_refused_with_what_to_do() {
    let project = project("[[clean]]\nstep = \"deduplicate\"\n");
    assert_eq!(project.run(&["clean"]).code(), 0);
    let run = project.run(&["clean"]);
    assert_ne!(run.code(), 0);
    assert!(run.stderr().contains("--force"), "{}", run.stderr());
    assert_eq!(project.run(&["clean", "--force"]).code(), 0);
    let run = project.run(&[
        "clean",
        "--steps",
        "impute columns = [\"agee\"], rule = \"median\"",
    ]);
    assert_ne!(run.code(), 0);
    assert!(run.stderr().contains("agee"), "{}", run.stderr());
    assert!(run.stderr().contains("help:"), "{}", run.stderr());
}
