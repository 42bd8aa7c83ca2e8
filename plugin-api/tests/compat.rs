//! Plugins built against a newer border open in this host.
//!
//! In: this crate's own sources, copied with the border edited as text. Out: what the host reads of
//! them. Built by cargo, offline, from the workspace's lock file. A plugin older
//! than the host, a host older than the plugin and a run of the check are not tested here.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use interlock_plugin_api::host::open;

const PLUGIN: &str = r#"
use interlock_plugin_api::{CheckError, Context, Outcome, Verdict, check, plugin};
plugin! { id: "old", summary: "fixture", checks: [SAYS] }
#[check(id = "old.says", title = "Says", stage = "bias", docs = "docs.md")]
fn says(ctx: &Context, _: ()) -> Result<Outcome, CheckError> {
    Ok(Outcome::new(Verdict::Pass, format!("seed {}", ctx.seed())))
}
"#;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Builds the fixture plugin; each edit is file, old text, new text, and must apply.
fn build(name: &str, edits: &[(&str, &str, &str)]) -> PathBuf {
    let api = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = api.parent().unwrap();
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let dir = temporary.join(format!("compat-{name}"));
    std::fs::remove_dir_all(&dir).ok();
    copy(&api.join("src"), &dir.join("plugin-api/src"));
    copy(&api.join("macros"), &dir.join("plugin-api/macros"));
    let manifest = dir.join("plugin-api/Cargo.toml");
    std::fs::copy(api.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(top.join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
    let whole = std::fs::read_to_string(top.join("Cargo.toml")).unwrap();
    let rest = &whole[whole.find("[workspace.package]").unwrap()..];
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"plugin-api\", \"plugin-api/macros\", \"plugin\"]\n";
    std::fs::write(dir.join("Cargo.toml"), format!("{members}{rest}")).unwrap();
    std::fs::create_dir_all(dir.join("plugin/src")).unwrap();
    std::fs::write(dir.join("plugin/src/lib.rs"), PLUGIN).unwrap();
    std::fs::copy(api.join("tests/docs.md"), dir.join("plugin/src/docs.md")).unwrap();
    let manifest = format!(
        "[package]\nname = \"fixture-{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\ninterlock-plugin-api.workspace = true\n"
    );
    std::fs::write(dir.join("plugin/Cargo.toml"), manifest).unwrap();
    for (file, old, new) in edits {
        let path = dir.join("plugin-api").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no '{old}'");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }
    let target = temporary.join("compat-target");
    let done = Command::new(env!("CARGO"))
        .args(["build", "--offline", "-q", "-p", &format!("fixture-{name}")])
        .current_dir(&dir)
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    target.join(format!("debug/libfixture_{name}.so"))
}

#[test]
fn a_plugin_of_a_newer_minor_version_opens() {
    let path = build(
        "newer",
        &[
            ("Cargo.toml", "version = \"1.1.0\"", "version = \"1.2.0\""),
            (
                "src/lib.rs",
                "API_VERSION_NUMBER: u32 = 1001",
                "API_VERSION_NUMBER: u32 = 1002",
            ),
            (
                "src/border.rs",
                "    pub ensemble: extern \"C\" fn(HostHandle) -> Bytes,",
                "    pub ensemble: extern \"C\" fn(HostHandle) -> Bytes,\n    pub later: extern \"C\" fn(HostHandle) -> u64,",
            ),
        ],
    );
    let plugin = open(&path)
        .map_err(|error| (error.to_string(), error.details().map(ToOwned::to_owned)))
        .ok()
        .unwrap();
    assert_eq!(plugin.checks[0].id, "old.says");
    plugin.finish();
}
