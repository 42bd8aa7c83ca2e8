//! Every way a library can fail to open, each against a real file.
//!
//! In: small C sources, compiled here with `cc -shared` into a temporary directory, then damaged
//! where a test says so. Out: the error's variant and its sentence. Needs `cc` on an ELF system.
//! A Rust plugin with another memory layout is not built here: see `the_header_is_not_ours`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use interlock_plugin_api::API_VERSION;
use interlock_plugin_api::host::error::OpenError;
use interlock_plugin_api::host::open;
use tempfile::TempDir;

/// Compiles C source to `name` in the directory.
fn compile(dir: &Path, name: &str, source: &str, more: &[&str]) -> PathBuf {
    let from = dir.join(format!("{name}.c"));
    let to = dir.join(name);
    std::fs::write(&from, source).unwrap();
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wl,--no-as-needed", "-o"])
        .args([&to, &from])
        .args(more)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    to
}

/// A library that names this API version and has nothing else of a plugin.
fn with_version(dir: &Path, number: u32) -> PathBuf {
    let source = format!("const unsigned interlock_plugin_api_version = {number};\n");
    compile(dir, "libfixture.so", &source, &[])
}

/// The error of opening, which must name the file and say what to do.
fn refused(path: &Path) -> OpenError {
    let error = open(path).err().unwrap();
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
    assert!(!error.help().is_empty());
    error
}

#[test]
fn nothing_is_there() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("libnone.so");
    let error = refused(&path);
    assert!(matches!(error, OpenError::NotFound { .. }), "{error:?}");
    assert!(error.to_string().ends_with("does not exist"), "{error}");
}

#[test]
fn text_is_not_a_library() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("libtext.so");
    std::fs::write(&path, "not a library\n").unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::NotALibrary { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("is not a shared library but text"),
        "{error}"
    );
}

#[test]
fn a_library_without_version_has_no_root_module() {
    let dir = TempDir::new().unwrap();
    let path = compile(
        dir.path(),
        "libplain.so",
        "int one(void) { return 1; }\n",
        &[],
    );
    let error = refused(&path);
    assert_eq!(error, OpenError::NoRootModule { path });
    assert!(
        error
            .to_string()
            .ends_with("is a library but no Interlock plugin"),
        "{error}"
    );
}

#[test]
fn a_library_with_a_version_alone_has_no_root_module() {
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), interlock_plugin_api::API_VERSION_NUMBER);
    let error = refused(&path);
    assert_eq!(error, OpenError::NoRootModule { path });
}

#[test]
fn the_api_is_newer() {
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), 2003);
    let error = refused(&path);
    let found = "2.3".to_owned();
    assert_eq!(error, OpenError::NewerApi { path, found });
    let end = format!("is built for plugin API 2.3, newer than this host's {API_VERSION}");
    assert!(error.to_string().ends_with(&end), "{error}");
}

#[test]
fn the_api_is_an_older_major() {
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), 9);
    let error = refused(&path);
    let found = "0.9".to_owned();
    assert_eq!(error, OpenError::OlderApi { path, found });
    let end = format!("is built for plugin API 0.9, too old for this host's {API_VERSION}");
    assert!(error.to_string().ends_with(&end), "{error}");
}

/// The entry is there, but its header is not that of the `abi_stable` this host has. The other
/// difference, a field changed within the border, needs a plugin built with a changed border.
#[test]
fn the_header_is_not_ours() {
    let dir = TempDir::new().unwrap();
    let source = format!(
        "const unsigned interlock_plugin_api_version = {};\n\
         const unsigned char _1as_0lib_1header_0root_bmodule_bloader[4096] = {{ 1, 2, 3 }};\n",
        interlock_plugin_api::API_VERSION_NUMBER
    );
    let path = compile(dir.path(), "libheader.so", &source, &[]);
    let error = refused(&path);
    assert!(
        matches!(error, OpenError::LayoutDiffers { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("lays out memory differently at"),
        "{error}"
    );
    assert!(error.details().is_some_and(|details| !details.is_empty()));
}

#[test]
fn the_architecture_is_another() {
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), 1001);
    let mut bytes = std::fs::read(&path).unwrap();
    // e_machine, at byte 18 of the ELF header: 243 is RISC-V, 62 is x86-64.
    let other: u16 = if cfg!(target_arch = "riscv64") {
        62
    } else {
        243
    };
    bytes[18..20].copy_from_slice(&other.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert!(
        matches!(error, OpenError::OtherArchitecture { .. }),
        "{error:?}"
    );
    let end = format!("this machine is {}", std::env::consts::ARCH);
    assert!(error.to_string().ends_with(&end), "{error}");
}

#[test]
fn the_file_is_truncated_anywhere() {
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), 1001);
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 20, 64, whole.len() / 2, whole.len() - 64] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&path);
        let path = path.clone();
        assert_eq!(error, OpenError::Truncated { path }, "{length} bytes");
        assert!(
            error
                .to_string()
                .ends_with("ends too early: it is half written or damaged"),
            "{error}"
        );
    }
}

#[test]
fn a_dependency_is_missing() {
    let dir = TempDir::new().unwrap();
    let name = "libinterlockgone.so";
    let gone = compile(
        dir.path(),
        name,
        "int gone(void) { return 1; }\n",
        &["-Wl,-soname,libinterlockgone.so"],
    );
    let source = "int gone(void); int needs(void) { return gone(); }\n";
    let path = compile(
        dir.path(),
        "libneeds.so",
        source,
        &[&gone.to_string_lossy()],
    );
    std::fs::remove_file(gone).unwrap();
    let error = refused(&path);
    let missing = name.to_owned();
    assert_eq!(error, OpenError::MissingDependency { path, missing });
    assert!(
        error
            .to_string()
            .ends_with("needs 'libinterlockgone.so', which is not there"),
        "{error}"
    );
}

/// Names the file for the child process of `the_file_may_not_be_read`.
const CHILD: &str = "INTERLOCK_TEST_UNREADABLE";

/// Root reads everything, so as root this test runs itself again as another user.
#[test]
fn the_file_may_not_be_read() {
    if let Some(path) = std::env::var_os(CHILD) {
        return unreadable(Path::new(&path));
    }
    let dir = TempDir::new().unwrap();
    let path = with_version(dir.path(), 1001);
    let mode = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(&path, 0o000);
    if std::fs::File::open(&path).is_err() {
        return unreadable(&path);
    }
    mode(dir.path(), 0o755);
    let program = dir.path().join("again");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    mode(&program, 0o755);
    let done = Command::new(&program)
        .args(["--exact", "the_file_may_not_be_read"])
        .env(CHILD, &path)
        .current_dir(dir.path())
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

fn unreadable(path: &Path) {
    let error = refused(path);
    assert!(matches!(error, OpenError::NoPermission { .. }), "{error:?}");
    assert!(error.to_string().ends_with("may not be read"), "{error}");
}
