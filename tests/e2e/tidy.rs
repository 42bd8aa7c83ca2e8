//! Style as tests: what the source tree must look like.
//!
//! In: every Rust file of the repository. Out: failures that name file and line and say what to do.
//!
//! Each rule is one test. The readers in `tidy/source.rs` look at text, not at syntax trees; they
//! lean on rustfmt having been run.

mod source;

use source::{SourceFile, manifest_dependencies, module_order, modules, repository, rust_files};

/// The only files that may hold `unsafe`: the border to plugins, memory maps, processes, the
/// terminal's file descriptors, and what stands in for a misbehaving plugin.
const MAY_BE_UNSAFE: &[&str] = &[
    "app/engine/src/load/completeness.rs",
    "app/engine/src/table.rs",
    "app/engine/src/work/sandbox.rs",
    "app/engine/src/work/services.rs",
    "app/engine/src/work/worker.rs",
    "app/model/src/forest/simd.rs",
    "app/tui/src/term/background.rs",
    "app/tui/src/term/capture.rs",
    "app/tui/src/term/zone.rs",
    "plugin-api/src/border.rs",
    "plugin-api/src/export.rs",
    "plugin-api/src/host.rs",
    "plugin-api/src/table/c_data.rs",
    "plugin-api/src/test_kit/arrow.rs",
];

/// Folders below which `unsafe` is the very point: plugins that misbehave on purpose.
const MISBEHAVES: &[&str] = &["tests/fixtures/", "plugin-api/tests/"];

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 80;

fn report(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn each_file(mut look: impl FnMut(&SourceFile, &mut Vec<String>)) {
    let files = rust_files();
    assert!(
        files.len() > 50,
        "the tidy test found only {} files",
        files.len()
    );
    let mut violations = Vec::new();
    for file in &files {
        look(file, &mut violations);
    }
    report(&violations);
}

#[test]
fn every_file_opens_with_a_header() {
    each_file(|file, violations| {
        if !file.text.starts_with("//! ") {
            violations.push(format!(
                "{}: begin with a `//!` header that says what it does and does not do",
                file.path
            ));
        }
    });
}

#[test]
fn files_are_short() {
    each_file(|file, violations| {
        let n_lines = file.text.lines().count();
        if n_lines > MAX_FILE_LINES {
            violations.push(format!(
                "{}: {n_lines} lines, the limit is {MAX_FILE_LINES}: split it by idea",
                file.path
            ));
        }
    });
}

#[test]
fn functions_are_short() {
    each_file(|file, violations| {
        for (line, n_lines) in file.functions() {
            if n_lines > MAX_FUNCTION_LINES {
                violations.push(format!(
                    "{}:{line}: a function of {n_lines} lines, the limit is {MAX_FUNCTION_LINES}",
                    file.path
                ));
            }
        }
    });
}

#[test]
fn modules_are_files_named_after_them() {
    each_file(|file, violations| {
        if file.path.ends_with("/mod.rs") {
            violations.push(format!("{}: write name.rs beside name/", file.path));
        }
    });
}

#[test]
fn nothing_is_left_undone_or_silenced() {
    // Spelled in two parts so that this file does not hold them.
    let forbidden = [
        (["todo", "!("], "finish it or file an issue"),
        (["unimplemented", "!("], "finish it"),
        (["#[ig", "nore"], "assert what it does today instead"),
        (["#[should_", "panic"], "test the returned error"),
        (["#[al", "low("], "use #[expect(…, reason = \"…\")]"),
        (["#![al", "low("], "use #![expect(…, reason = \"…\")]"),
        (["FIX", "ME"], "fix it or file an issue"),
    ];
    each_file(|file, violations| {
        for (number, line) in file.numbered_lines() {
            for (parts, advice) in &forbidden {
                if line.contains(&parts.concat()) {
                    violations.push(format!(
                        "{}:{number}: {}: {advice}",
                        file.path,
                        parts.concat()
                    ));
                }
            }
        }
    });
}

#[test]
fn documentation_is_not_empty() {
    each_file(|file, violations| {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let is_empty = line.trim() == "///";
            let stands_alone =
                |other: Option<&&str>| !other.is_some_and(|text| text.trim().starts_with("///"));
            let before = index.checked_sub(1).and_then(|before| lines.get(before));
            if is_empty && (stands_alone(before) || stands_alone(lines.get(index + 1))) {
                violations.push(format!("{}:{}: an empty `///`", file.path, index + 1));
            }
        }
    });
}

#[test]
fn unsafe_stands_only_where_it_may() {
    each_file(|file, violations| {
        if MISBEHAVES
            .iter()
            .any(|folder| file.path.starts_with(folder))
            || MAY_BE_UNSAFE.contains(&file.path.as_str())
        {
            return;
        }
        for (number, line) in file.code_lines() {
            let has_block = [
                ["unsafe", " {"],
                ["unsafe", " fn"],
                ["unsafe", " impl"],
                ["unsafe", " extern"],
            ]
            .iter()
            .any(|form| line.contains(&form.concat()));
            if has_block {
                violations.push(format!(
                    "{}:{number}: `unsafe` outside the files that may hold it",
                    file.path
                ));
            }
        }
    });
}

#[test]
fn files_that_may_be_unsafe_exist() {
    let missing: Vec<String> = MAY_BE_UNSAFE
        .iter()
        .filter(|path| !repository().join(path).exists())
        .map(|path| format!("{path}: listed in MAY_BE_UNSAFE, but there is no such file"))
        .collect();
    report(&missing);
}

#[test]
fn imports_follow_the_data() {
    let crates = [
        "app",
        "app/engine",
        "app/model",
        "app/tui",
        "plugin-api",
        "plugins/stats",
        "plugins/data-quality",
        "plugins/drift",
        "plugins/bias",
        "plugins/shap",
        "plugins/adversarial",
        "plugins/evaluation",
    ];
    let files = rust_files();
    let mut violations = Vec::new();
    for folder in crates {
        let order = module_order(folder);
        let prefix = format!("{folder}/src/");
        for file in files.iter().filter(|file| file.path.starts_with(&prefix)) {
            let Some(module) = file.top_module(&prefix) else {
                continue;
            };
            let Some(own) = order.iter().position(|name| *name == module) else {
                continue;
            };
            for (number, used) in file.crate_imports() {
                if order
                    .iter()
                    .position(|name| *name == used)
                    .is_some_and(|position| position > own)
                {
                    violations.push(format!(
                        "{}:{number}: `{module}` uses `crate::{used}`, which stands below it in {folder}/src/lib.rs: \
                         move the type up, or send it as a value",
                        file.path
                    ));
                }
            }
        }
    }
    report(&violations);
}

#[test]
fn children_use_only_the_siblings_above_them() {
    let files = rust_files();
    each_file(|file, violations| {
        let Some((parent, own)) = file.parent_and_name() else {
            return;
        };
        let Some(parent) = files.iter().find(|other| other.path == parent) else {
            return;
        };
        let order = modules(&parent.text);
        let place = |name: &str| order.iter().position(|module| module == name);
        let Some(own_place) = place(&own) else {
            return;
        };
        for (number, used) in file.parent_imports() {
            if own != "tests" && place(&used).is_some_and(|at| at > own_place) {
                violations.push(format!(
                    "{}:{number}: `{own}` uses `super::{used}`, which stands below it in {}",
                    file.path, parent.path
                ));
            }
        }
    });
}

#[test]
fn crates_depend_in_one_direction() {
    // crate folder → interlock crates it may name.
    let allowed: &[(&str, &[&str])] = &[
        ("plugin-api", &["interlock-plugin-api-macros"]),
        ("plugin-api/macros", &[]),
        ("plugins/stats", &[]),
        (
            "plugins/data-quality",
            &["interlock-plugin-api", "interlock-stats"],
        ),
        (
            "plugins/drift",
            &["interlock-plugin-api", "interlock-stats"],
        ),
        ("plugins/bias", &["interlock-plugin-api", "interlock-stats"]),
        ("plugins/shap", &["interlock-plugin-api", "interlock-stats"]),
        (
            "plugins/adversarial",
            &["interlock-plugin-api", "interlock-stats"],
        ),
        (
            "plugins/evaluation",
            &["interlock-plugin-api", "interlock-stats"],
        ),
        ("app/model", &[]),
        ("app/engine", &["interlock-model", "interlock-plugin-api"]),
        ("app/tui", &["interlock-engine", "interlock-plugin-api"]),
        (
            "app",
            &[
                "interlock-engine",
                "interlock-model",
                "interlock-plugin-api",
                "interlock-tui",
            ],
        ),
    ];
    let mut violations = Vec::new();
    for (folder, may) in allowed {
        for dependency in manifest_dependencies(folder) {
            if dependency.starts_with("interlock") && !may.contains(&dependency.as_str()) {
                violations.push(format!(
                    "{folder}/Cargo.toml: must not depend on {dependency}"
                ));
            }
        }
    }
    report(&violations);
}
