//! Text that is UTF-8 read as Windows-1252 → the text it was.
//!
//! In: a text. Out: the text before it was misread, only if that is proven: all its characters are bytes
//! of Windows-1252, these bytes are UTF-8 of other text without control characters, and misreading
//! that gives the text back. `CafÃ©` is `Café`; `Café` and `Ã` stay.

use crate::load::source::windows_1252;

/// Times a text may have been misread.
const MAX_ROUNDS: usize = 3;

/// The text before it was misread; `None` if it was not.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut found = None;
    for _ in 0..MAX_ROUNDS {
        let current = found.as_deref().unwrap_or(text);
        let Some(earlier) = once(current) else { break };
        found = Some(earlier);
    }
    found
}

fn once(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    let earlier = String::from_utf8(bytes?).ok()?;
    let is_shown = |c: char| !c.is_control() || text.contains(c);
    if earlier.is_ascii() || !earlier.chars().all(is_shown) {
        return None;
    }
    let misread: String = earlier.bytes().map(windows_1252).collect();
    (misread == text).then_some(earlier)
}

/// The byte that Windows-1252 shows as this character.
fn byte_of(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ (0..=0x7f | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => (0x80..=0x9f).find(|byte| windows_1252(*byte) == c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Misread once, as a reader that takes UTF-8 for Windows-1252 does.
    fn misread(text: &str) -> String {
        text.bytes().map(windows_1252).collect()
    }

    #[test]
    fn what_was_misread_comes_back() {
        for text in ["Café", "Łódź", "naïve – “quoted”", "€ 5", "東京", "ñ"] {
            assert_eq!(repaired(&misread(text)).as_deref(), Some(text));
            assert_eq!(repaired(&misread(&misread(text))).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_right_stays() {
        for text in [
            "",
            "plain",
            "Café",
            "Ã",
            "São Paulo",
            "Ångström",
            "£5",
            "Â",
            "東京",
            "Ã©\u{301}東",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }
}
