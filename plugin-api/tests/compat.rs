//! Plugins built against an older, a newer and a changed border, opened and run by this host.
//!
//! In: this crate's own sources, copied with the border edited as text. Out: what a check built of
//! them says here. Built by cargo, offline, from the workspace's lock file.
//!
//! An older plugin in this host is what every installed plugin becomes with the next version; a newer
//! plugin in this host is what its author's plugin is to those who have not updated yet.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

use interlock_plugin_api::host::error::OpenError;
use interlock_plugin_api::host::{
    ArrowArray, ArrowSchema, HostServices, PredictColumn, Space, decode_outcome, open,
};
use interlock_plugin_api::{CheckError, Outcome, ProjectFacts, Role, wire};

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

/// A host that gives nothing but facts, a seed and figures of 0.25.
struct Host {
    facts: Vec<u8>,
}

impl HostServices for Host {
    fn facts(&self) -> &[u8] {
        &self.facts
    }

    fn params(&self) -> &[u8] {
        &[]
    }

    fn table(&self, _: Role) -> Option<(ArrowArray, ArrowSchema)> {
        None
    }

    fn predict(
        &self,
        n_rows: usize,
        _: &[PredictColumn<'_>],
        _: Space,
        out: &mut Vec<f64>,
    ) -> Result<u32, CheckError> {
        out.extend(std::iter::repeat_n(0.25, n_rows));
        Ok(1)
    }

    fn seed(&self) -> u64 {
        41
    }

    fn budget_ms(&self) -> u64 {
        1000
    }

    fn progress(&self, _: Option<f64>, _: &str) {}

    fn partial(&self, _: &[u8]) {}

    fn log(&self, _: &str) {}
}

/// Opens the library and runs its one check.
fn ran(path: &Path) -> Outcome {
    let plugin = open(path).map_err(|error| error.to_string()).unwrap();
    assert_eq!(plugin.checks[0].id, "old.says");
    let host = Host {
        facts: wire::encode(&ProjectFacts::default()),
    };
    let outcome = decode_outcome(&plugin.run("old.says", &host).unwrap()).unwrap();
    plugin.finish();
    outcome
}

const VERSION: &str = "API_VERSION_NUMBER: u32 = 1001";

#[test]
fn an_older_plugin_runs_in_this_host() {
    // The border of 1.0: what says "Since 1.1" is not there yet.
    let margins = "    pub margins: extern \"C\" fn(\n        HostHandle,\n        u64,\n        RSlice<'_, ColumnView<'_>>,\n        &mut RVec<f64>,\n    ) -> RResult<u32, Bytes>,\n";
    let path = build(
        "older",
        &[
            ("Cargo.toml", "version = \"1.1.0\"", "version = \"1.0.0\""),
            ("src/lib.rs", VERSION, "API_VERSION_NUMBER: u32 = 1000"),
            // Comments of fields that go would hang in the air.
            ("src/border.rs", "/// ", "// "),
            ("src/border.rs", "    pub finish: extern \"C\" fn(),\n", ""),
            ("src/border.rs", margins, ""),
            (
                "src/border.rs",
                "    pub ensemble: extern \"C\" fn(HostHandle) -> Bytes,\n",
                "",
            ),
            (
                "src/export.rs",
                "PluginModule { info, checks, run, finish }",
                "PluginModule { info, checks, run }",
            ),
            (
                "src/export.rs",
                "            pub(super) extern \"C\" fn finish() {}\n",
                "",
            ),
            (
                "src/model.rs",
                "self.table.margins()",
                "None::<extern \"C\" fn(HostHandle, u64, abi_stable::std_types::RSlice<'_, crate::border::ColumnView<'_>>, &mut RVec<f64>) -> RResult<u32, RVec<u8>>>",
            ),
            (
                "src/model.rs",
                "self.table.ensemble()",
                "None::<extern \"C\" fn(HostHandle) -> RVec<u8>>",
            ),
        ],
    );
    assert_eq!(ran(&path).summary, "seed 41");
}

#[test]
fn a_newer_plugin_runs_in_this_host_with_the_default_of_what_is_missing() {
    let path = build(
        "newer",
        &[
            ("Cargo.toml", "version = \"1.1.0\"", "version = \"1.2.0\""),
            ("src/lib.rs", VERSION, "API_VERSION_NUMBER: u32 = 1002"),
            // Both sides of the border have grown.
            (
                "src/border.rs",
                "    pub ensemble: extern \"C\" fn(HostHandle) -> Bytes,",
                "    pub ensemble: extern \"C\" fn(HostHandle) -> Bytes,\n    pub later: extern \"C\" fn(HostHandle) -> u64,",
            ),
            (
                "src/border.rs",
                "    pub finish: extern \"C\" fn(),",
                "    pub finish: extern \"C\" fn(),\n    pub later: extern \"C\" fn() -> u64,",
            ),
            (
                "src/export.rs",
                "PluginModule { info, checks, run, finish }",
                "PluginModule { info, checks, run, finish, later }",
            ),
            (
                "src/export.rs",
                "            pub(super) extern \"C\" fn finish() {}\n",
                "            pub(super) extern \"C\" fn finish() {}\n            pub(super) extern \"C\" fn later() -> u64 { 5 }\n",
            ),
            // What this host does not have takes its default.
            (
                "src/context.rs",
                "self.table.seed()(self.handle)",
                "self.table.later().map_or(1000, |later| later(self.handle)) + self.table.seed()(self.handle)",
            ),
        ],
    );
    assert_eq!(ran(&path).summary, "seed 1041");
}

#[test]
fn a_changed_field_is_a_layout_that_differs() {
    let path = build(
        "differs",
        &[
            (
                "src/border.rs",
                "    pub codes: RSlice<'a, u32>,\n",
                "    pub codes: RSlice<'a, u32>,\n    pub extra: u64,\n",
            ),
            (
                "src/features.rs",
                "codes: codes.into(),",
                "codes: codes.into(),\n                    extra: 0,",
            ),
        ],
    );
    let error = open(&path).err().unwrap();
    assert!(
        matches!(error, OpenError::LayoutDiffers { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("lays out memory differently at"), "{text}");
    assert!(
        text.lines().count() == 1 && error.details().is_some(),
        "{text}"
    );
}
