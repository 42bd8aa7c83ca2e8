//! Text that fits: cut, padded and wrapped to columns of the terminal; figures and times for reading.
//!
//! In: strings that may come from data, plugins or models. Out: strings of a known width that hold
//! no control characters. Widths are columns of the terminal, so a wide character counts two.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use interlock_engine::report::human::number;
use interlock_engine::report::printable;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `columns` columns; what does not fit is replaced by `…`.
pub fn clip(text: &str, columns: usize) -> String {
    let text = printable(text);
    if text.width() <= columns {
        return text;
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme.width();
        if used + wide > columns - 1 {
            break;
        }
        out.push_str(grapheme);
        used += wide;
    }
    out.push('…');
    out
}

/// `text` in at most `columns` columns; what does not fit is replaced by `…` in the middle, since
/// names often differ at their ends.
pub fn clip_middle(text: &str, columns: usize) -> String {
    let text = printable(text);
    if text.width() <= columns || columns < 5 {
        return clip(&text, columns);
    }
    let keep = (columns - 1) / 2;
    let (mut tail, mut used) = (Vec::new(), 0);
    for grapheme in text.graphemes(true).rev() {
        used += grapheme.width();
        if used > keep {
            break;
        }
        tail.push(grapheme);
    }
    let tail: String = tail.into_iter().rev().collect();
    format!("{}{tail}", clip(&text, columns - tail.width()))
}

/// `text` in exactly `columns` columns, at the left.
pub fn pad(text: &str, columns: usize) -> String {
    let mut text = clip(text, columns);
    let used = text.width();
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    text
}

/// `text` in exactly `columns` columns, at the right.
pub fn pad_left(text: &str, columns: usize) -> String {
    let text = clip(text, columns);
    let gap = columns.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(gap))
}

/// `text` as lines of at most `columns` columns, broken between words where possible. Line breaks in
/// the text are kept. Never empty.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let paragraph = printable(paragraph);
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            if word.width() > columns {
                push_long(&mut lines, &mut line, word, columns);
            } else {
                line.push_str(word);
            }
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// A word longer than a line is cut where the line ends.
fn push_long(lines: &mut Vec<String>, line: &mut String, word: &str, columns: usize) {
    for grapheme in word.graphemes(true) {
        if line.width() + grapheme.width() > columns {
            lines.push(std::mem::take(line));
        }
        line.push_str(grapheme);
    }
}

/// A time span for reading: `12 ms`, `3.4 s`, `2 min`, `5 h`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 100.0 {
        format!("{seconds:.1} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else if seconds < 172_800.0 {
        format!("{:.0} h", seconds / 3600.0)
    } else {
        format!("{:.0} d", seconds / 86_400.0)
    }
}

/// A share from 0 to 1: `12.5 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Bytes for reading: `12.3 MB`.
pub fn bytes(n: u64) -> String {
    let n = n as f64;
    if n < 1e3 {
        format!("{n:.0} B")
    } else if n < 1e6 {
        format!("{:.1} kB", n / 1e3)
    } else {
        format!("{:.1} MB", n / 1e6)
    }
}

/// Seconds east of Greenwich at a moment, for showing local times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Zone(pub i64);

impl Zone {
    /// `hh:mm:ss`.
    pub fn time(self, at: SystemTime) -> String {
        let of_day = self.seconds(at).rem_euclid(86_400);
        format!(
            "{:02}:{:02}:{:02}",
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        )
    }

    /// `hh:mm` for a moment of the day of `now`, else how many days ago: `3 d ago`.
    pub fn short(self, at: SystemTime, now: SystemTime) -> String {
        let days = self.seconds(now).div_euclid(86_400) - self.seconds(at).div_euclid(86_400);
        if days <= 0 {
            self.time(at)[..5].to_owned()
        } else {
            format!("-{days} d")
        }
    }

    fn seconds(self, at: SystemTime) -> i64 {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(0) + self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cut_in_the_middle_keeps_its_end() {
        assert_eq!(clip_middle("sensor_reading_07", 11), "senso…ng_07");
        assert_eq!(clip_middle("short", 11), "short");
        assert_eq!(clip_middle("sensor_reading_07", 3), "se…");
        assert_eq!(width(&clip_middle("漢字漢字漢字漢字", 9)), 9);
    }

    #[test]
    fn what_does_not_fit_ends_in_dots() {
        let cases = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("a\u{1b}[2J", 9, "a\u{fffd}[2J"),
            ("abc", 0, ""),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(clip(text, columns), expected);
        }
    }

    #[test]
    fn padding_counts_columns_not_characters() {
        assert_eq!(pad("日本", 6), "日本  ");
        assert_eq!(pad_left("7", 3), "  7");
        assert_eq!(width(&pad("日本語日本語", 5)), 5);
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
        assert_eq!(wrap("a\nb", 8), ["a", "b"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn spans_choose_their_unit() {
        let cases = [
            (0.0123, "12 ms"),
            (3.44, "3.4 s"),
            (120.0, "2 min"),
            (7_200.0, "2 h"),
            (864_000.0, "10 d"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn times_are_local_and_old_ones_are_days() {
        let at = UNIX_EPOCH + Duration::from_secs(3 * 86_400 + 3_661);
        assert_eq!(Zone(3_600).time(at), "02:01:01");
        assert_eq!(Zone(0).short(at, at), "01:01");
        assert_eq!(Zone(0).short(at, at + Duration::from_secs(86_400)), "-1 d");
    }
}
