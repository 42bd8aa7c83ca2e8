//! Models that only Python can run: asked for consent, served, and told in one sentence when they fail.
//!
//! Needs a Python with numpy: `INTERLOCK_TEST_PYTHON` names it, else `python3` is tried. Where there is
//! none these tests have nothing to run and say so; CI names one, and then it must work.

use std::path::PathBuf;
use std::process::Command;

use termlens::Key;

use crate::harness::{Project, check_in};

/// A Python with numpy.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("INTERLOCK_TEST_PYTHON").map(PathBuf::from);
    let is_named = named.is_some();
    let python = named.unwrap_or_else(|| PathBuf::from("python3"));
    let works = Command::new(&python)
        .args(["-c", "import numpy"])
        .output()
        .is_ok_and(|output| output.status.success());
    assert!(
        works || !is_named,
        "INTERLOCK_TEST_PYTHON has no numpy: {}",
        python.display()
    );
    if !works {
        #[expect(clippy::print_stdout, reason = "who runs the tests is to know")]
        {
            println!(
                "not run: there is no python3 with numpy, and INTERLOCK_TEST_PYTHON names none"
            );
        }
    }
    works.then_some(python)
}

/// Predicts by one column, as a probability.
const SOUND: &str = "import numpy as np\n\
    print('garbage on standard output')\n\
    def predict(columns):\n    return 1 / (1 + np.exp(-np.asarray(columns['size']) / 10))\n";

/// A project whose model is the function `predict` of this source.
fn project(source: &str) -> Option<Project> {
    let python = python()?;
    let project = Project::of_sizes();
    project.save("predictor.py", source);
    let toml = format!(
        "[project]\nname = \"served\"\ntask = \"binary\"\ntarget = \"y\"\npositive = \"1\"\n\
         [data]\ntrain = \"train.csv\"\ntest = \"test.csv\"\n[columns.town]\nsensitive = true\n\
         [model]\nformat = \"python\"\nentry = \"predictor:predict\"\npython = \"{}\"\ntimeout = \"2s\"\n",
        python.display()
    );
    project.save("interlock.toml", &toml);
    Some(project)
}

#[test]
fn a_function_is_asked_once_the_user_has_consented() {
    let Some(project) = project(SOUND) else {
        return;
    };
    let run = project.run(&["check", "--format", "json"]);
    let report = run.json();
    let check = check_in(&report, "shap.values");
    assert_eq!(check["verdict"], "skipped", "{check:#}");
    assert!(
        check["reason"]
            .as_str()
            .unwrap()
            .contains("waits for your consent to run"),
        "{check:#}"
    );
    assert_eq!(run.code(), 3, "a model that was not asked is no pass");

    let report = project
        .run(&["check", "--format", "json", "--trust"])
        .json();
    assert_eq!(report["model"]["format"], "python", "{:#}", report["model"]);
    for id in ["shap.values", "bias.equalized-odds", "adversarial.noise"] {
        let check = check_in(&report, id);
        let verdict = check["verdict"].as_str().unwrap();
        assert!(
            matches!(verdict, "pass" | "warn" | "fail" | "inconclusive"),
            "{check:#}"
        );
    }
    let values = check_in(&report, "shap.values")["summary"].to_string();
    assert!(values.contains("'size' moves"), "{values}");
}

#[test]
fn consent_is_remembered_for_just_what_was_shown() {
    let Some(project) = project(SOUND) else {
        return;
    };
    let verdict = || {
        let report = project.run(&["check", "--format", "json"]).json();
        check_in(&report, "shap.values")["verdict"].clone()
    };
    let run = project.run(&["trust"]);
    assert!(run.stdout().contains("may run"), "{}", run.stdout());
    assert_ne!(verdict(), "skipped");
    let text = project.read("interlock.toml");
    project.save(
        "interlock.toml",
        &text.replace("predictor:predict", "os:system"),
    );
    assert_eq!(verdict(), "skipped");
    project.save("interlock.toml", &text);
    assert_ne!(verdict(), "skipped");
    project.run(&["trust", "--revoke"]);
    assert_eq!(verdict(), "skipped");
}

/// The reason why SHAP values cannot be had of this source.
#[track_caller]
fn assert_told(source: &str, words: &str) {
    let Some(project) = project(source) else {
        return;
    };
    let run = project.run(&["check", "--format", "json", "--trust"]);
    let report = run.json();
    let check = check_in(&report, "shap.values");
    let reason = check["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(words), "'{words}' is not in: {check:#}");
    assert!(!reason.contains('\n'), "one sentence: {reason}");
    let sound = check_in(&report, "data-quality.duplicates");
    assert_ne!(sound["verdict"], "error", "{sound:#}");
    assert_eq!(run.code(), if report["verdict"] == "fail" { 1 } else { 3 });
}

#[test]
fn an_exception_is_told_with_its_place() {
    assert_told(
        "def predict(columns):\n    raise ValueError('on purpose')\n",
        "ValueError in predictor.py line 2: on purpose",
    );
}

#[test]
fn a_module_that_cannot_be_loaded_is_told() {
    assert_told(
        "import nowhere_to_be_found\n",
        "No module named 'nowhere_to_be_found'",
    );
}

#[test]
fn figures_of_another_shape_are_refused() {
    assert_told(
        "import numpy as np\ndef predict(columns):\n    return np.zeros(7)\n",
        "cannot reshape",
    );
    assert_told(
        "import numpy as np\ndef predict(columns):\n    return np.zeros((len(columns['size']), 3))\n",
        "figures of shape",
    );
}

#[test]
fn labels_are_no_probabilities() {
    assert_told(
        "import numpy as np\ndef predict(columns):\n    return np.array(['yes'] * len(columns['size']))\n",
        "the model predicts labels ('yes'), not probabilities",
    );
}

#[test]
fn no_number_is_no_prediction() {
    assert_told(
        "import numpy as np\ndef predict(columns):\n    return np.full(len(columns['size']), np.nan)\n",
        "gave no number for row 0",
    );
}

#[test]
fn a_model_that_hangs_is_left_after_its_time() {
    assert_told(
        "import time\ndef predict(columns):\n    time.sleep(600)\n",
        "did not answer in time",
    );
}

#[test]
fn a_model_that_dies_is_started_again_a_few_times() {
    let source = "import os, sys\ndef predict(columns):\n    print('last words', file=sys.stderr, flush=True)\n    os._exit(7)\n";
    let Some(project) = project(source) else {
        return;
    };
    let report = project
        .run(&["check", "--format", "json", "--trust"])
        .json();
    let check = check_in(&report, "shap.values");
    assert!(
        check["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("process ended")),
        "{check:#}"
    );
    assert_ne!(
        check_in(&report, "data-quality.duplicates")["verdict"],
        "error"
    );
}

#[test]
fn the_dashboard_asks_and_follows_the_source() {
    let Some(project) = project(SOUND) else {
        return;
    };
    let mut terminal = project.dashboard(140, 120);
    terminal
        .wait_until(|screen| screen.contains("A lets the project run"))
        .unwrap();
    terminal.send(Key::Char('A')).unwrap();
    terminal
        .wait_until(|screen| {
            let text = screen.text();
            let line = text.lines().find(|line| line.contains("Equalized odds"));
            line.is_some_and(|line| line.contains("PASS")) && !text.contains("lets the project")
        })
        .unwrap();
    terminal.send(Key::Char('4')).unwrap();
    project.save(
        "predictor.py",
        "def predict(columns):\n    raise KeyError('other')\n",
    );
    terminal
        .wait_until(|screen| screen.contains("KeyError in predictor.py line 2"))
        .unwrap();
    project.save("predictor.py", SOUND);
    terminal.send(Key::Char('1')).unwrap();
    terminal
        .wait_until(|screen| {
            let text = screen.text();
            let line = text.lines().find(|line| line.contains("Equalized odds"));
            line.is_some_and(|line| line.contains("PASS"))
        })
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

/// The probability comes from a module that the model's own module imports.
#[test]
fn what_the_model_imports_is_followed_too() {
    const HELPER: &str = "import numpy as np\n\
        def share(size):\n    return 1 / (1 + np.exp(-np.asarray(size) / 10))\n";
    let Some(project) = project(
        "from shares import share\ndef predict(columns):\n    return share(columns['size'])\n",
    ) else {
        return;
    };
    project.save("shares.py", HELPER);
    let shown = |id: &str, word: &'static str| {
        let id = id.to_owned();
        move |screen: &termlens::Screen| {
            let text = screen.text();
            let line = text.lines().find(|line| line.contains(&id));
            line.is_some_and(|line| line.contains(word))
        }
    };
    let mut terminal = project.dashboard(140, 120);
    terminal
        .wait_until(|screen| screen.contains("A lets the project run"))
        .unwrap();
    terminal.send(Key::Char('A')).unwrap();
    terminal
        .wait_until(shown("Equalized odds", "PASS"))
        .unwrap();
    project.save(
        "shares.py",
        "def share(size):\n    raise KeyError('helper')\n",
    );
    terminal.send(Key::Char('4')).unwrap();
    terminal
        .wait_until(|screen| screen.contains("KeyError in shares.py line 2"))
        .unwrap();
    // It cannot even be loaded, and is tried again when the helper changes.
    project.save("shares.py", "def share(size)\n");
    terminal
        .wait_until(|screen| screen.contains("SyntaxError"))
        .unwrap();
    project.save("shares.py", HELPER);
    terminal.send(Key::Char('1')).unwrap();
    terminal
        .wait_until(shown("Equalized odds", "PASS"))
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}
