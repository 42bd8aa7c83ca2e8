//! Characters that are no letters and no digits, and characters that cannot be seen.
//!
//! In: one text. Out: whether it consists of signs only, and which hidden characters it holds.
//!
//! Invisible characters that a script or an emoji needs do not count: joiners between letters that
//! are not Latin, marks of direction in text that has letters written from right to left.

use crate::columns::spelling::is_invisible;

/// Whether a text holds something and no letter and no digit, in any script.
pub(crate) fn is_signs_only(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_alphanumeric)
}

/// A kind of hidden character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hidden {
    /// A control character other than tab, line feed and carriage return.
    Control,
    /// Takes no room: zero-width blanks, soft hyphens, byte order marks.
    ZeroWidth,
    /// Changes the direction in which text is shown.
    Direction,
}

impl Hidden {
    /// Number of kinds.
    pub(crate) const N: usize = 3;

    /// Every kind, in the order of the enum.
    pub(crate) const ALL: [Self; Self::N] = [Self::Control, Self::ZeroWidth, Self::Direction];

    /// For sentences.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Control => "control characters",
            Self::ZeroWidth => "characters without width",
            Self::Direction => "marks that turn the direction of writing",
        }
    }
}

/// Which kinds of hidden characters a text holds, as a set of bits `1 << kind`.
pub(crate) fn hidden(text: &str) -> u8 {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if text.as_bytes().iter().all(is_plain) {
        return 0;
    }
    let mut found = 0;
    let mut before: Option<char> = None;
    let mut characters = text.chars().peekable();
    let mut is_rtl = None;
    while let Some(character) = characters.next() {
        let kind = match character {
            '\t' | '\n' | '\r' => None,
            _ if character.is_control() => Some(Hidden::Control),
            '\u{200c}' | '\u{200d}' => {
                let joins = |side: Option<char>| side.is_some_and(is_joinable);
                let is_needed = joins(before) && joins(characters.peek().copied());
                (!is_needed).then_some(Hidden::ZeroWidth)
            }
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let is_rtl = *is_rtl.get_or_insert_with(|| text.chars().any(is_right_to_left));
                // An override turns even letters around, whatever the script.
                let is_override = matches!(character, '\u{202d}' | '\u{202e}');
                (is_override || !is_rtl).then_some(Hidden::Direction)
            }
            _ if is_invisible(character) => Some(Hidden::ZeroWidth),
            _ => None,
        };
        if let Some(kind) = kind {
            found |= 1 << kind as u8;
        }
        before = Some(character);
    }
    found
}

/// Whether scripts and emoji put joiners beside such a character.
fn is_joinable(character: char) -> bool {
    let code = u32::from(character);
    // Arabic to the scripts of South and Southeast Asia, Mongolian; emoji and their variants.
    (0x600..0x1100).contains(&code)
        || (0x1700..0x1900).contains(&code)
        || (0x2190..0x2c00).contains(&code)
        || code == 0xfe0f
        || code >= 0x1f000
}

fn is_right_to_left(character: char) -> bool {
    let code = u32::from(character);
    (0x590..0x900).contains(&code)
        || (0xfb1d..0xfe00).contains(&code)
        || (0xfe70..0xfeff).contains(&code)
        || (0x1_0800..0x1_1000).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs() {
        for text in ["?", "---", "!!", " ", "…", "$%&", "\u{1f44d}"] {
            assert!(is_signs_only(text), "{text:?}");
        }
        for text in ["", "a", "-1", "é", "中", "٣"] {
            assert!(!is_signs_only(text), "{text:?}");
        }
    }

    #[track_caller]
    fn check(text: &str, kinds: &[Hidden]) {
        let bits = kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u8);
        assert_eq!(hidden(text), bits, "{text:?}");
    }

    #[test]
    fn hidden_characters() {
        check("plain\ttext\r\n", &[]);
        check("Zürich\u{a0}", &[]);
        check("nul\0", &[Hidden::Control]);
        check("esc\u{1b}[31m", &[Hidden::Control]);
        check("del\u{7f}\u{85}", &[Hidden::Control]);
        check("zero\u{200b}width", &[Hidden::ZeroWidth]);
        check("\u{feff}first", &[Hidden::ZeroWidth]);
        check("soft\u{ad}", &[Hidden::ZeroWidth]);
        check("a\u{202e}b", &[Hidden::Direction]);
        check("a\u{200e}\u{200b}", &[Hidden::ZeroWidth, Hidden::Direction]);
    }

    #[test]
    fn what_scripts_and_emoji_need_is_not_hidden() {
        check("می\u{200c}خواهم", &[]);
        check("क्\u{200d}ष", &[]);
        check("\u{1f468}\u{200d}\u{1f469}", &[]);
        check("\u{2764}\u{fe0f}\u{200d}\u{1f525}", &[]);
        check("שלום\u{200f}!", &[]);
        check("שלום\u{202e}!", &[Hidden::Direction]);
        check("join\u{200d}ed", &[Hidden::ZeroWidth]);
    }
}
