//! Whether the terminal is light or dark: asked once, before anything is drawn.
//!
//! In: a terminal in raw mode. Out: its background, if it says. A terminal that knows the question
//! answers it before the second one, which all terminals answer; so one that does not know it costs
//! no waiting.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

/// A terminal that answers nothing at all is not waited for longer.
const PATIENCE: Duration = Duration::from_millis(200);

/// Background color, then "who are you".
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

/// Asks the terminal. It must be in raw mode, and nobody else may read from it.
pub fn ask() -> Option<Background> {
    let mut terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    terminal.write_all(QUESTION).ok()?;
    let mut answer = Vec::new();
    let mut chunk = [0; 256];
    while !is_complete(&answer) && answer.len() < 4096 && is_readable(&terminal, PATIENCE) {
        let n = terminal.read(&mut chunk).ok()?;
        if n == 0 {
            break;
        }
        answer.extend_from_slice(&chunk[..n]);
    }
    parse(&String::from_utf8_lossy(&answer))
}

/// Whether the answer to "who are you" has come: `ESC [ ? … c`.
fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    text.rfind("\u{1b}[?")
        .is_some_and(|at| text[at..].contains('c'))
}

#[expect(unsafe_code, reason = "one system call on a descriptor we own")]
fn is_readable(terminal: &File, patience: Duration) -> bool {
    let mut wanted = libc::pollfd {
        fd: terminal.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `wanted` is one valid entry, and the count says one.
    let n_ready = unsafe { libc::poll(&raw mut wanted, 1, millis) };
    n_ready > 0
}

/// `ESC ] 11 ; rgb:RRRR/GGGG/BBBB`, with one to four digits each.
fn parse(answer: &str) -> Option<Background> {
    let (_, rest) = answer.split_once("]11;rgb:")?;
    let mut parts = rest.split(|c: char| !c.is_ascii_hexdigit() && c != '/');
    let mut shares = parts.next()?.split('/').map(|digits| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
        Some(f64::from(value) / f64::from(most))
    });
    let (red, green, blue) = (shares.next()??, shares.next()??, shares.next()??);
    // Perceived lightness as in ITU-R BT.601.
    let lightness = 0.299 * red + 0.587 * green + 0.114 * blue;
    Some(if lightness > 0.5 {
        Background::Light
    } else {
        Background::Dark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_every_precision() {
        let cases = [
            (
                "\u{1b}]11;rgb:ffff/ffff/eeee\u{1b}\\\u{1b}[?1;2c",
                Some(Background::Light),
            ),
            (
                "\u{1b}]11;rgb:00/2b/36\u{7}\u{1b}[?1c",
                Some(Background::Dark),
            ),
            ("\u{1b}[?62;c", None),
            ("\u{1b}]11;rgb:zz\u{7}", None),
            ("", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(parse(answer), expected, "{answer:?}");
        }
        assert!(is_complete(b"\x1b]11;rgb:0/0/0\x07\x1b[?1;2c"));
        assert!(!is_complete(b"\x1b]11;rgb:c0/c0/c0\x07"));
    }
}
