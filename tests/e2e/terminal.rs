//! The terminal: taken, kept whole, always given back.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use termlens::{Key, Terminal};

use crate::harness::{PATIENCE, Project, program};

fn settled(project: &Project, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Terminal {
    let mut terminal = project.dashboard_with(columns, rows, environment);
    terminal
        .wait_until(|screen| screen.contains("PASS") && !screen.contains("...."))
        .expect("the checks end");
    terminal
}

fn process(terminal: &Terminal) -> String {
    terminal.pid().expect("it runs").to_string()
}

/// What it does, in the system's letter: `T` is stopped.
fn state(process: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    after_name.split(' ').next().unwrap().to_owned()
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([name, process]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn every_size_from_80x24_to_200x60_and_below_is_drawn() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 200, 60, &[]);
    for (columns, rows, words) in [
        (120, 30, "? help"),
        (80, 24, "? help"),
        (60, 18, "? help"),
        (30, 6, "diabetes"),
        (2, 2, ""),
        (200, 60, "? help"),
    ] {
        terminal.resize(columns, rows).unwrap();
        terminal
            .wait_until(|screen| {
                screen.contains(words) && screen.text().lines().count() <= usize::from(rows)
            })
            .unwrap_or_else(|error| panic!("{columns}x{rows}: {error}"));
    }
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn ending_it_from_outside_restores_the_terminal() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 100, 30, &[]);
    signal("-TERM", &process(&terminal));
    let status = terminal.wait_exit().unwrap();
    assert!(!status.success());
    let screen = terminal.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
}

#[test]
fn control_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 100, 30, &[]);
    terminal.send(Key::Ctrl('z')).unwrap();
    terminal
        .wait_until(|screen| !screen.alternate_screen())
        .expect("the shell has the terminal");
    // The screen is left first, then the process stops; continued before that, it would stop for good.
    let process = process(&terminal);
    while state(&process) != "T" {
        let _rested = terminal.wait_stable(Duration::from_millis(10));
    }
    signal("-CONT", &process);
    terminal
        .wait_until(|screen| screen.alternate_screen() && screen.contains("? help"))
        .expect("the whole screen is drawn again");
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn without_colors_the_selection_is_seen_all_the_same() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 100, 30, &[("NO_COLOR", "1")]);
    let styled = terminal.screen().with_styles().to_string();
    assert!(
        styled.contains("inverse") || styled.contains("reverse"),
        "{styled}"
    );
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 100, 30, &[("LANG", "C")]);
    let text = terminal.screen().text();
    assert!(text.contains("+ PASS") || text.contains("+---"), "{text}");
    assert!(!text.contains('│') && !text.contains('✓'), "{text}");
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn a_terminal_that_cannot_draw_gets_lines() {
    let project = Project::of_sample("diabetes");
    let mut terminal = Terminal::builder()
        .size(200, 500)
        .env_clear()
        .env("HOME", project.home())
        .env("TERM", "dumb")
        .timeout(PATIENCE)
        .arg(project.path("."))
        .spawn(program())
        .unwrap();
    terminal
        .wait_until(|screen| screen.contains("TERM is dumb") && screen.contains("diabetes: "))
        .unwrap();
    assert!(!terminal.screen().alternate_screen());
}

#[test]
fn nothing_is_drawn_while_nothing_happens() {
    let project = Project::of_sample("diabetes");
    let mut terminal = settled(&project, 140, 45, &[]);
    let ticks = |process: &str| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let _rested = terminal.wait_stable(Duration::from_secs(1)).unwrap();
    let process = process(&terminal);
    let (before, screen) = (ticks(&process), terminal.screen().text());
    // Two seconds without a byte: the screen stays as it is, and no processor time goes by.
    let after = terminal.wait_stable(Duration::from_secs(2)).unwrap();
    assert_eq!(screen, after.text());
    assert!(
        ticks(&process) - before <= 1,
        "it works although nothing happens"
    );
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
}

#[test]
fn the_way_down_to_the_rows_and_back() {
    let project = Project::of_sample("german-credit");
    let mut terminal = settled(&project, 140, 45, &[]);
    terminal.send(Key::Char('/')).unwrap();
    terminal.send_str("Duplicate").unwrap();
    terminal.send(Key::Enter).unwrap();
    terminal.send(Key::Enter).unwrap();
    terminal
        .wait_until(|screen| screen.contains("Findings"))
        .unwrap();
    terminal.send(Key::Enter).unwrap();
    terminal
        .wait_until(|screen| screen.contains("What to do"))
        .unwrap();
    terminal.send(Key::Enter).unwrap();
    terminal
        .wait_until(|screen| screen.contains("rows of") && screen.contains("line"))
        .unwrap();
    // One at a time: escapes in a row are one key to a terminal.
    for words in ["What to do", "Findings", "1 Checks", "Missing values"] {
        terminal.send(Key::Esc).unwrap();
        terminal
            .wait_until(|screen| screen.contains(words))
            .unwrap();
    }
    terminal.send(Key::Char('?')).unwrap();
    terminal
        .wait_until(|screen| screen.contains("what to do"))
        .unwrap();
    terminal.send(Key::Esc).unwrap();
    terminal
        .wait_until(|screen| !screen.contains("what to do"))
        .unwrap();
    terminal.send(Key::Char('q')).unwrap();
    let status = terminal.wait_exit().unwrap();
    assert!(status.success());
    assert!(
        terminal.screen().contains("german-credit: "),
        "the verdict stays in the shell"
    );
}

/// A death by signal is told to the shell as one.
#[test]
fn a_hangup_ends_with_the_shells_code() {
    let project = Project::of_sample("diabetes");
    let mut child = project
        .at_home(Command::new(program()).arg("watch").arg(project.path(".")))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::fs::write(project.path("late.txt"), "x").unwrap();
    signal("-HUP", &child.id().to_string());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(1));
}

/// Printing and contained panics in other threads: neither may touch the screen.
#[test]
fn what_others_print_and_a_contained_panic_stay_off_the_screen() {
    let project = Project::of_sample("diabetes");
    let mut terminal = Terminal::builder()
        .size(100, 30)
        .env_clear()
        .env("HOME", project.home())
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .timeout(PATIENCE)
        .arg(project.path("."))
        .spawn(env!("CARGO_BIN_EXE_chatter-under-test"))
        .unwrap();
    terminal
        .wait_until(|screen| screen.contains("? help"))
        .unwrap();
    terminal.send(Key::Char('2')).unwrap();
    terminal
        .wait_until(|screen| screen.contains("2 Plugins"))
        .unwrap();
    let screen = terminal.wait_stable(Duration::from_millis(500)).unwrap();
    assert!(
        screen.alternate_screen(),
        "the panic did not leave the screen"
    );
    let lines: Vec<String> = screen.text().lines().map(str::to_owned).collect();
    assert!(
        lines[0].contains("interlock"),
        "nothing scrolled:\n{}",
        screen.text()
    );
    assert!(
        lines[29].contains("? help"),
        "nothing scrolled:\n{}",
        screen.text()
    );
    terminal.send(Key::Char('q')).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
    assert!(terminal.screen().contains("ended well"));
}

/// Pictures are drawn with characters: no library that draws images, and needs one of the system, is
/// linked.
#[test]
fn no_image_library_is_linked() {
    let lock = std::fs::read_to_string(crate::harness::repository().join("Cargo.lock")).unwrap();
    for name in ["ratatui-image", "chafa", "image"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
