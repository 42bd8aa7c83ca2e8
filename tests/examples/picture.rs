//! Draws `tests/screen/dashboard.svg`, the README's picture: the real dashboard on a real sample.
//!
//! In: `cargo run -p end-to-end --example picture`, after `cargo build -p end-to-end`. Out: the SVG,
//! one `<text>` per run of equally styled cells, so that it can be read and searched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use termlens::{Color, Screen, Terminal};

const COLUMNS: u16 = 118;
const ROWS: u16 = 34;
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d7dae0";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("no repository")?
        .to_path_buf();
    let program = std::env::current_exe()?
        .parent()
        .and_then(Path::parent)
        .ok_or("no target folder")?
        .join("interlock-under-test");
    let folder = tempfile::tempdir()?;
    let sample = folder.path().join("german-credit");
    copy(&top.join("sample-projects/german-credit"), &sample)?;
    let mut terminal = Terminal::builder()
        .size(COLUMNS, ROWS)
        .env_clear()
        .env("HOME", folder.path())
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env("LANG", "C.UTF-8")
        .timeout(Duration::from_secs(60))
        .arg(&sample)
        .spawn(program)?;
    terminal.wait_until(|screen| screen.contains("FAIL") && !screen.contains("...."))?;
    let screen = terminal.wait_stable(Duration::from_secs(1))?;
    let folder = top.join("tests/screen");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("dashboard.svg"), svg(&screen))?;
    Ok(())
}

fn svg(screen: &Screen) -> String {
    let (width, height) = (
        f32::from(COLUMNS) * CELL_WIDTH + 24.0,
        f32::from(ROWS) * CELL_HEIGHT + 24.0,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let start = column;
            let look = look(screen, row, column);
            let mut text = String::new();
            while column < COLUMNS && self::look(screen, row, column) == look {
                let contents = screen.cell(row, column).map_or(" ", |cell| cell.contents());
                text.push_str(if contents.is_empty() { " " } else { contents });
                column += 1;
            }
            push_run(&mut out, row, start, column - start, &look, &text);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Foreground, background, bold.
type Look = (String, Option<String>, bool);

fn look(screen: &Screen, row: u16, column: u16) -> Look {
    let Some(cell) = screen.cell(row, column) else {
        return (FOREGROUND.to_owned(), None, false);
    };
    let style = cell.style();
    let foreground = hex(style.fg).unwrap_or_else(|| FOREGROUND.to_owned());
    let background = hex(style.bg);
    if style.reverse {
        (
            background.unwrap_or_else(|| BACKGROUND.to_owned()),
            Some(foreground),
            style.bold,
        )
    } else {
        (foreground, background, style.bold)
    }
}

fn push_run(out: &mut String, row: u16, start: u16, length: u16, look: &Look, text: &str) {
    let (x, y) = (
        12.0 + f32::from(start) * CELL_WIDTH,
        12.0 + f32::from(row) * CELL_HEIGHT,
    );
    let width = f32::from(length) * CELL_WIDTH;
    if let Some(background) = &look.1 {
        let _written = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{background}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let weight = if look.2 { " font-weight=\"bold\"" } else { "" };
    let base = y + 13.5;
    let fill = &look.0;
    let _written = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{weight}>{escaped}</text>"
    );
}

fn hex(color: Color) -> Option<String> {
    const ANSI: [&str; 16] = [
        "#1c1f26", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf",
        "#5c6370", "#ff7b86", "#b5e890", "#ffd68a", "#7fc1ff", "#e29bf5", "#7fd8e3", "#ffffff",
    ];
    match color {
        Color::Default => None,
        Color::Indexed(index) if index < 16 => Some(ANSI[usize::from(index)].to_owned()),
        Color::Indexed(index) if index >= 232 => {
            let gray = 8 + 10 * (u32::from(index) - 232);
            Some(format!("#{gray:02x}{gray:02x}{gray:02x}"))
        }
        Color::Indexed(index) => {
            let index = u32::from(index) - 16;
            let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
            Some(format!(
                "#{:02x}{:02x}{:02x}",
                level(index / 36),
                level(index / 6 % 6),
                level(index % 6)
            ))
        }
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

fn copy(from: &Path, to: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_file() {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
