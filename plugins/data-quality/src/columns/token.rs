//! What a text is: a number, a date, a truth value, or just text.
//!
//! In: one text. Out: its kind. Knows no column, and no value behind the text.

use crate::columns::day_text::DayText;
use crate::columns::spelling::null_word;

/// Kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Python's `float` reads it.
    Number,
    /// Written as a date, whether the day exists or not.
    Date,
    /// `true` or `false`, in any case.
    Boolean,
    /// Anything else.
    Text,
}

impl Kind {
    /// Number of kinds.
    pub(crate) const N: usize = 4;

    /// Every kind, in the order of the enum.
    pub(crate) const ALL: [Self; Self::N] = [Self::Number, Self::Date, Self::Boolean, Self::Text];

    /// For sentences: `numbers`.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Date => "dates",
            Self::Boolean => "truth values",
            Self::Text => "text",
        }
    }

    /// The kind of a text; nothing if it stands for a missing value.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let word = text.trim();
        let first = word.bytes().next()?;
        match first {
            b'0'..=b'9' | b'+' | b'-' | b'.'
                if word.parse::<f64>().is_ok_and(|value| !value.is_nan()) =>
            {
                return Some(Self::Number);
            }
            b'i' | b'I' if word.len() <= 8 && word.parse::<f64>().is_ok() => {
                return Some(Self::Number);
            }
            b't' | b'T' | b'f' | b'F'
                if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") =>
            {
                return Some(Self::Boolean);
            }
            _ => {}
        }
        if null_word(word).is_some() {
            None
        } else if DayText::of(word).is_some() {
            Some(Self::Date)
        } else {
            Some(Self::Text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (text, kind) in [
            ("1", Some(Kind::Number)),
            (" -1.5e300 ", Some(Kind::Number)),
            ("-inf", Some(Kind::Number)),
            ("Infinity", Some(Kind::Number)),
            ("01234", Some(Kind::Number)),
            ("+", Some(Kind::Text)),
            ("12 kg", Some(Kind::Text)),
            ("TRUE", Some(Kind::Boolean)),
            ("truely", Some(Kind::Text)),
            ("2024-01-31", Some(Kind::Date)),
            ("Indiana", Some(Kind::Text)),
            ("nan", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(Kind::of(text), kind, "{text:?}");
        }
    }
}
