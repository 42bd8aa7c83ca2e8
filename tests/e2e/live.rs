//! The README's promise, in a real terminal: edit a table, a theme, the project file and a plugin's
//! source while the dashboard runs, and see it change.

use std::process::Command;

use termlens::{Key, Screen, Terminal};

use crate::harness::{PATIENCE, Project, program, repository};

/// Waits until no check runs or waits any more and every plugin is open.
fn wait_settled(terminal: &mut Terminal) {
    terminal
        .wait_until(|screen| has_verdicts(screen) && !screen.contains("...."))
        .expect("the checks end");
}

fn has_verdicts(screen: &Screen) -> bool {
    ["PASS", "WARN", "FAIL"]
        .iter()
        .any(|word| screen.contains(word))
}

/// Shows the whole log, so that no line has scrolled away before it is looked for.
fn show_log(terminal: &mut Terminal) {
    terminal.send(Key::Char('4')).expect("the key arrives");
}

fn quit(mut terminal: Terminal) {
    terminal.send(Key::Char('q')).expect("the key arrives");
    assert!(terminal.wait_exit().expect("the program ends").success());
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "the terminal is restored");
    assert!(screen.cursor_visible(), "the cursor is back");
}

#[test]
fn the_dashboard_opens_with_verdicts_of_all_five_plugins_and_quits_clean() {
    let project = Project::of_sample("german-credit");
    let mut terminal = project.dashboard(140, 120);
    wait_settled(&mut terminal);
    let screen = terminal.screen();
    for word in [
        "Data quality",
        "Interpretability",
        "Bias",
        "Robustness",
        "Sign-off",
        "Monitoring",
    ] {
        assert!(
            screen.contains(word),
            "{word} is missing:\n{}",
            screen.text()
        );
    }
    quit(terminal);
}

#[test]
fn saving_a_table_changes_a_verdict_and_reverting_brings_it_back() {
    let project = Project::of_sample("diabetes");
    let mut terminal = project.dashboard(140, 120);
    wait_settled(&mut terminal);
    show_log(&mut terminal);
    let original = project.read("train.csv");
    let mut lines: Vec<&str> = original.lines().collect();
    // Forty copies of the first row: duplicates were none before.
    lines.extend(std::iter::repeat_n(lines[1], 40));
    project.save("train.csv", &(lines.join("\n") + "\n"));
    terminal
        .wait_until(|screen| screen.contains("+40 rows"))
        .expect("the change is told");
    terminal
        .wait_until(|screen| screen.contains("PASS → FAIL"))
        .expect("the verdict turns");
    project.save("train.csv", &original);
    terminal
        .wait_until(|screen| screen.contains("FAIL → PASS"))
        .expect("the verdict turns back");
    quit(terminal);
}

#[test]
fn a_broken_table_keeps_the_last_good_results_marked_stale() {
    let project = Project::of_sample("diabetes");
    let mut terminal = project.dashboard(140, 120);
    wait_settled(&mut terminal);
    std::fs::remove_file(project.path("train.csv")).unwrap();
    terminal
        .wait_until(|screen| screen.contains("STALE"))
        .expect("results are marked stale");
    quit(terminal);
}

#[test]
fn changing_the_project_file_changes_a_verdict_and_a_broken_one_is_told() {
    let project = Project::of_sample("german-credit");
    let mut terminal = project.dashboard(140, 120);
    wait_settled(&mut terminal);
    let original = project.read("interlock.toml");
    project.save(
        "interlock.toml",
        &original.replace("[project]", "[project]\nnmae = \"x\""),
    );
    terminal
        .wait_until(|screen| screen.contains("last good settings"))
        .expect("the mistake is told");
    project.save(
        "interlock.toml",
        &format!("{original}\n[checks.\"data-quality.duplicates\"]\nenabled = false\n"),
    );
    terminal
        .wait_until(|screen| screen.contains("SKIP"))
        .expect("the check is skipped");
    quit(terminal);
}

#[test]
fn editing_a_theme_changes_the_colors() {
    let project = Project::of_sample("diabetes");
    let themes = project.home().join(".config/interlock/themes");
    std::fs::create_dir_all(&themes).unwrap();
    let theme = std::fs::read_to_string(repository().join("themes/dark.toml")).unwrap();
    let file = themes.join("mine.toml");
    std::fs::write(&file, &theme).unwrap();
    std::fs::write(
        project.path("interlock.toml"),
        project.read("interlock.toml") + "\n[theme]\nname = \"mine\"\n",
    )
    .unwrap();
    let mut terminal = project.dashboard_with(140, 45, &[("COLORTERM", "truecolor")]);
    wait_settled(&mut terminal);
    let before = format!("{}", terminal.screen().with_styles());
    let recolored = theme.replace("\"ui.text\"", "\"ui.text.unused\"") + "\n";
    std::fs::write(
        &file,
        recolored.replacen("[palette]", "\"ui.text\" = \"#12ab34\"\n[palette]", 1),
    )
    .unwrap();
    terminal
        .wait_until(|screen| {
            format!("{}", screen.with_styles()) != before
                && format!("{}", screen.with_styles()).contains("12ab34")
        })
        .expect("the new color is drawn");
    quit(terminal);
}

#[test]
fn rebuilding_an_in_house_plugin_loads_it_live() {
    let project = Project::of_sample("german-credit");
    point_to_sdk(&project);
    build_checks(&project);
    let mut terminal = project.dashboard(140, 120);
    wait_settled(&mut terminal);
    terminal
        .wait_until(|screen| screen.contains("bank.instalments") || screen.contains("Instalments"))
        .expect("the in-house check is there");
    show_log(&mut terminal);
    let source = project.read("checks/src/lib.rs");
    std::fs::write(
        project.path("checks/src/lib.rs"),
        source.replace("limit: 1000.0", "limit: 100000.0"),
    )
    .unwrap();
    build_checks(&project);
    terminal
        .wait_until(|screen| screen.contains("loaded anew"))
        .expect("the rebuilt library is opened");
    terminal
        .wait_until(|screen| screen.contains("WARN → PASS"))
        .expect("the verdict turns");
    quit(terminal);
}

#[test]
fn a_second_dashboard_follows_and_says_so() {
    let project = Project::of_sample("diabetes");
    let mut first = project.dashboard(140, 120);
    wait_settled(&mut first);
    let mut second = project.dashboard(140, 120);
    second
        .wait_until(|screen| screen.contains("read-only") || screen.contains("another"))
        .expect("it is told");
    wait_settled(&mut second);
    quit(second);
    quit(first);
}

#[test]
fn the_plain_stream_tells_the_same_story() {
    let project = Project::of_sample("diabetes");
    let mut terminal = Terminal::builder()
        .size(200, 500)
        .env_clear()
        .env("HOME", project.home())
        .env("TERM", "dumb")
        .timeout(PATIENCE)
        .arg("watch")
        .arg("--plain")
        .arg(project.path("."))
        .spawn(program())
        .expect("the program starts");
    terminal
        .wait_until(|screen| screen.contains("diabetes: "))
        .expect("the summary comes");
    let original = project.read("train.csv");
    let first = original.lines().nth(1).unwrap_or_default();
    let copies = format!("{first}\n").repeat(40);
    project.save("train.csv", &format!("{original}{copies}"));
    terminal
        .wait_until(|screen| screen.contains("train.csv changed (+40 rows"))
        .expect("the change is told");
    terminal
        .wait_until(|screen| screen.contains("verdict: data-quality.duplicates: PASS → FAIL"))
        .expect("the verdict turns");
    assert!(!terminal.screen().alternate_screen());
}

/// The copy's in-house plugin still names the repository's SDK.
fn point_to_sdk(project: &Project) {
    let sdk = repository().join("plugin-api");
    let manifest = project.read("checks/Cargo.toml");
    let manifest = manifest.replace("../../../plugin-api", &sdk.to_string_lossy());
    std::fs::write(project.path("checks/Cargo.toml"), manifest).unwrap();
}

/// Builds it where the project file says its library lies.
fn build_checks(project: &Project) {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--target-dir", "target"])
        .current_dir(project.path("checks"))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("cargo can be started");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}
