//! Where the plugin libraries stand after cargo ran, and what installing and packaging leave.

use std::path::Path;
use std::process::Command;

use crate::harness::{Project, program, repository};

const PLUGINS: [&str; 6] = [
    "adversarial",
    "bias",
    "data_quality",
    "drift",
    "evaluation",
    "shap",
];

fn library(name: &str) -> String {
    format!(
        "{}interlock_{name}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}

#[test]
fn the_command_that_built_this_test_built_the_plugins_beside_the_program() {
    let folder = program()
        .parent()
        .expect("the program has a folder")
        .join("deps");
    for name in PLUGINS {
        let file = folder.join(library(name));
        assert!(file.is_file(), "{} is missing", file.display());
    }
}

#[test]
fn both_packages_that_start_the_program_name_every_plugin() {
    for package in ["app/bundle", "tests"] {
        let manifest =
            std::fs::read_to_string(repository().join(package).join("Cargo.toml")).unwrap();
        let dependencies = manifest
            .split("[dependencies]")
            .nth(1)
            .unwrap()
            .split("\n[")
            .next()
            .unwrap();
        for name in PLUGINS {
            let line = format!("interlock-{}.workspace = true", name.replace('_', "-"));
            assert!(dependencies.contains(&line), "{package}: {line} is missing");
        }
    }
}

#[test]
fn an_installation_and_a_package_run_without_the_source_tree() {
    let project = Project::of_sample("diabetes");
    let bundle =
        program().with_file_name(format!("interlock-bundle{}", std::env::consts::EXE_SUFFIX));
    // One that was built before this program may know other plugins.
    let built_at = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    if built_at(&bundle) < built_at(&program()) {
        build_bundle();
    }
    let place = project.path("placed");
    let install = |arguments: &[&Path]| {
        let mut command = Command::new(&bundle);
        project
            .at_home(&mut command)
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", repository().join("app/bundle"));
        let output = command.output().expect("the bundle starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    install(&[Path::new("package"), &place]);
    install(&[
        Path::new("install"),
        Path::new("--prefix"),
        &project.path("prefix"),
    ]);
    for placed in [
        place.join("interlock"),
        project.path("prefix/bin/interlock"),
    ] {
        let mut command = Command::new(&placed);
        project
            .at_home(&mut command)
            .args(["plugin", "list"])
            .arg(project.path("."));
        let output = command.output().expect("the placed program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in PLUGINS.map(|name| name.replace('_', "-")) {
            assert!(
                said.contains(&format!("{name} ")),
                "{name} is missing: {said}"
            );
        }
        let mut command = Command::new(&placed);
        project.at_home(&mut command).args(["demo", "--list"]);
        let output = command.output().expect("the placed program starts");
        assert!(String::from_utf8_lossy(&output.stdout).contains("german-credit"));
    }
}

fn build_bundle() {
    let is_release = program()
        .parent()
        .is_some_and(|folder| folder.ends_with("release"));
    let target = program()
        .parent()
        .and_then(Path::parent)
        .expect("the target folder")
        .to_path_buf();
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--offline", "--package", "interlock-bundle"])
        .current_dir(repository());
    command.arg("--target-dir").arg(target);
    if is_release {
        command.arg("--release");
    }
    assert!(command.status().expect("cargo can be started").success());
}
