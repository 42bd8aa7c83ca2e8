//! Spellings: what stands for "missing", what means the same, what cannot be seen.
//!
//! In: one text. Out: a judgement, a folded form, or a form fit to be shown. Knows no column.

use std::fmt::Write as _;

/// How surely a text stands for a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NullWord {
    /// Nothing else is meant by it: `n/a`, `?`, blanks.
    Certain,
    /// It may be a value of its own: `none`, `unknown`.
    Possible,
}

/// Longest of the words below, in bytes.
const LONGEST: usize = 14;

/// Compared without regard to ASCII case, after blanks around are dropped.
const CERTAIN: [&str; 26] = [
    "", "na", "n/a", "n.a.", "n.a", "n\\a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "<null>",
    "(null)", "nil", "?", "??", "???", "-", "--", "---", ".", "..", "...", "\\n", "#null!",
];

/// As [`CERTAIN`].
const POSSIBLE: [&str; 18] = [
    "none",
    "unknown",
    "missing",
    "not available",
    "not applicable",
    "undefined",
    "unspecified",
    "blank",
    "(blank)",
    "empty",
    "n.k.",
    "nat",
    "no data",
    "not known",
    "not specified",
    "tbd",
    "void",
    "no answer",
];

/// Whether a text stands for a missing value.
pub(crate) fn null_word(text: &str) -> Option<NullWord> {
    let word = text.trim();
    if word.len() > LONGEST {
        return None;
    }
    let is_word = |known: &&'static str| known.eq_ignore_ascii_case(word);
    if CERTAIN.iter().any(is_word) {
        Some(NullWord::Certain)
    } else if POSSIBLE.iter().any(is_word) {
        Some(NullWord::Possible)
    } else {
        None
    }
}

/// The form that texts meaning the same share: lower case, without accents, and without blanks and
/// separators except between or before digits, where they carry meaning (`1-4`, `-1`).
///
/// Signs that tell values apart stay: `<=50K` is not `>50K`, `C++` not `C`. Empty only if the text
/// holds nothing but blanks and separators.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // The separator since the last kept character; a blank counts only if there is no other.
    let mut separator: Option<char> = None;
    for character in text.chars() {
        if is_separator(character) {
            let weightier = separator.is_none_or(char::is_whitespace);
            if weightier {
                separator = Some(if character.is_whitespace() {
                    ' '
                } else {
                    character
                });
            }
            continue;
        }
        if is_mark(character) {
            continue;
        }
        if let Some(kept) = separator.take()
            && character.is_numeric()
            && (folded.chars().next_back().is_some_and(char::is_numeric)
                || folded.is_empty() && kept != ' ')
        {
            folded.push(kept);
        }
        match without_accent(character) {
            Some(plain) => folded.push_str(plain),
            None => folded.extend(character.to_lowercase()),
        }
    }
    folded
}

/// Blanks, and signs that are written or left out at will.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '_' | '.' | ',' | '\'' | '"' | '(' | ')' | '[' | ']' | ':' | ';' | '!' | '`'
        )
        || matches!(character, '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201f}' | '\u{b4}')
        || is_invisible(character)
}

/// Combining accents, as decomposed text has them.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// The Latin letter under an accent, in lower case.
fn without_accent(character: char) -> Option<&'static str> {
    Some(match character {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => "a",
        'Æ' | 'æ' => "ae",
        'Ç' | 'ç' | 'Ć'..='č' => "c",
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => "e",
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='ı' => "i",
        'Ñ' | 'ñ' | 'Ń'..='ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' | 'Ō'..='ő' => "o",
        'Œ' | 'œ' => "oe",
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => "u",
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => "y",
        'Ď'..='đ' => "d",
        'Ĝ'..='ģ' => "g",
        'Ĺ'..='ł' => "l",
        'Ŕ'..='ř' => "r",
        'Ś'..='š' => "s",
        'Ţ'..='ŧ' => "t",
        'Ź'..='ž' => "z",
        'ß' | 'ẞ' => "ss",
        _ => return None,
    })
}

/// Characters that take no room: zero-width, soft hyphen, marks of direction, byte order mark.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{180e}'
    )
}

/// A value as a title can hold it: cut, and with what cannot be seen written out.
pub(crate) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut shown = String::new();
    for (n_chars, character) in text.chars().enumerate() {
        if n_chars >= MAX_CHARS {
            shown.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) || character == '\u{a0}' {
            let _written = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Where blanks stand that should not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Blanks {
    /// Before or after the text.
    pub(crate) is_around: bool,
    /// Two or more in a row, or one that is not the plain blank, within it.
    pub(crate) is_within: bool,
}

/// The blanks of a text; of one that is nothing but blanks, none.
pub(crate) fn blanks(text: &str) -> Blanks {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Blanks::default();
    }
    let is_odd = |character: char| character.is_whitespace() && character != ' ';
    Blanks {
        is_around: trimmed.len() != text.len(),
        is_within: trimmed.contains("  ") || trimmed.contains(is_odd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(texts: &[&str]) {
        for text in texts {
            assert_eq!(folded(text), folded(texts[0]), "{texts:?}");
        }
    }

    #[test]
    fn what_means_the_same_folds_alike() {
        same(&[
            "New York",
            "new york",
            "NEW-YORK",
            "New  York ",
            "New_York",
            "new york.",
        ]);
        same(&["Zürich", "ZURICH", "Zu\u{308}rich", "zu\u{200b}rich"]);
        same(&["Straße", "STRASSE"]);
        same(&["A-1", "a1", "A 1"]);
        same(&["O'Neil", "O’Neil", "oneil"]);
    }

    #[test]
    fn what_differs_folds_apart() {
        for (one, other) in [
            ("<=50K", ">50K"),
            ("C", "C++"),
            ("C#", "C"),
            ("-1", "1"),
            ("1-4", "14"),
            ("1.5", "15"),
            ("10-20", "1020"),
            ("5 %", "5"),
            ("+1", "1"),
            ("a/b", "ab"),
        ] {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn only_words_for_nothing_are_nulls() {
        for text in ["", "  ", "N/A", "nan", "NULL", "?", "--"] {
            assert_eq!(null_word(text), Some(NullWord::Certain), "{text:?}");
        }
        assert_eq!(null_word(" None "), Some(NullWord::Possible));
        for text in ["no", "nano", "0", "-1", "Nancy", "not available yet"] {
            assert_eq!(null_word(text), None, "{text:?}");
        }
    }

    #[test]
    fn odd_blanks_are_seen() {
        let around = |text| blanks(text).is_around;
        let within = |text| blanks(text).is_within;
        assert!(around(" a") && around("a\u{a0}") && !around("a b") && !around("   "));
        assert!(within("a  b") && within("a\u{a0}b") && within("a\tb") && !within(" a b "));
    }
}
