//! What a plugin wrote, as lines that are safe to show.
//!
//! In: bytes of its standard output and error. Out: lines without control characters, cut where
//! they are too long, and few enough that a flood costs the reader nothing.

/// Longest line kept, in characters.
const MAX_CHARS: usize = 500;

/// Lines kept of what arrived at once; the latest, with a note of how many were left out.
const MAX_LINES: usize = 200;

/// Turns bytes into lines; keeps an unfinished last line for the next call.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.unfinished.extend_from_slice(bytes);
        let Some(end) = self.unfinished.iter().rposition(|&byte| byte == b'\n') else {
            // A line without an end must not grow without bound.
            if self.unfinished.len() > 4 * MAX_CHARS {
                return self.rest();
            }
            return Vec::new();
        };
        let rest = self.unfinished.split_off(end + 1);
        let complete = std::mem::replace(&mut self.unfinished, rest);
        lines(&complete)
    }

    /// What is left when nothing more will come.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        lines(&std::mem::take(&mut self.unfinished))
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let all: Vec<&[u8]> = bytes
        .strip_suffix(b"\n")
        .unwrap_or(bytes)
        .split(|&byte| byte == b'\n')
        .collect();
    let n_left_out = all.len().saturating_sub(MAX_LINES);
    let mut shown = Vec::with_capacity(all.len().min(MAX_LINES + 1));
    if n_left_out > 0 {
        shown.push(format!("… {n_left_out} lines left out"));
    }
    shown.extend(
        all.iter()
            .skip(n_left_out)
            .filter(|line| !line.is_empty())
            .map(|line| clean(line)),
    );
    shown
}

/// A line of text from anywhere: no control characters, not too long.
pub(crate) fn clean(line: &[u8]) -> String {
    // Four bytes a character at most: what lies beyond is never shown.
    let line = &line[..line.len().min(4 * MAX_CHARS)];
    let text = String::from_utf8_lossy(line);
    let mut cleaned = String::with_capacity(text.len());
    let mut is_escape = false;
    for character in text.chars().take(MAX_CHARS) {
        match character {
            '\u{1b}' => is_escape = true,
            '\t' => cleaned.push_str("    "),
            // The letter that ends a colour or cursor sequence goes with it.
            _ if is_escape => is_escape = !character.is_ascii_alphabetic(),
            character if character.is_control() => {}
            character => cleaned.push(character),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\n"), ["two"]);
        assert_eq!(lines.push(b"three"), Vec::<String>::new());
        assert_eq!(lines.rest(), ["three"]);
    }

    #[test]
    fn control_characters_are_gone() {
        assert_eq!(
            clean(b"a\x1b[31mred\x1b[0m\rb\x07\tc\xff"),
            "aredb    c\u{fffd}"
        );
    }

    #[test]
    fn a_flood_is_cut() {
        let flood = "y\n".repeat(10_000);
        let shown = Lines::default().push(flood.as_bytes());
        assert_eq!(shown.len(), MAX_LINES + 1);
        assert_eq!(shown[0], "… 9800 lines left out");

        let endless = vec![b'y'; 1 << 20];
        let shown = Lines::default().push(&endless);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].len(), MAX_CHARS);
    }
}
