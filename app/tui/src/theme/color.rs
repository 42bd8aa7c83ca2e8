//! Colors a terminal can show.
//!
//! In: colors as a theme names them. Out: the nearest ones of 16 or 256, or none at all.

use ratatui::style::{Color, Style};

/// How many colors the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorDepth {
    /// None: styles keep their modifiers only.
    Mono,
    /// The 16 of the terminal's own palette.
    Ansi16,
    /// 256.
    Ansi256,
    /// All.
    True,
}

impl ColorDepth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::Mono;
        }
        let colors = variable("COLORTERM").unwrap_or_default();
        if colors.contains("truecolor") || colors.contains("24bit") {
            return Self::True;
        }
        match variable("TERM").unwrap_or_default().as_str() {
            "dumb" | "" => Self::Mono,
            term if term.contains("256") || term.contains("direct") => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }
}

/// The color of a name or number in a theme file; `None` if it is neither.
pub fn parse(text: &str) -> Option<Color> {
    if let Some(digits) = text.strip_prefix('#') {
        return hexadecimal(digits);
    }
    if let Ok(index) = text.parse::<u8>() {
        return Some(Color::Indexed(index));
    }
    NAMES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, color)| *color)
}

/// Names of the terminal's own colors.
pub const NAMES: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("light-gray", Color::Gray),
    ("gray", Color::DarkGray),
    ("light-red", Color::LightRed),
    ("light-green", Color::LightGreen),
    ("light-yellow", Color::LightYellow),
    ("light-blue", Color::LightBlue),
    ("light-magenta", Color::LightMagenta),
    ("light-cyan", Color::LightCyan),
    ("white", Color::White),
];

fn hexadecimal(digits: &str) -> Option<Color> {
    if !digits.is_ascii() {
        return None;
    }
    let part = |text: &str| u8::from_str_radix(text, 16).ok();
    match digits.len() {
        3 => {
            let double = |at: usize| part(&digits[at..=at]).map(|value| value * 17);
            Some(Color::Rgb(double(0)?, double(1)?, double(2)?))
        }
        6 => Some(Color::Rgb(
            part(&digits[0..2])?,
            part(&digits[2..4])?,
            part(&digits[4..6])?,
        )),
        _ => None,
    }
}

/// The style in colors the terminal has.
pub fn degrade(style: Style, depth: ColorDepth) -> Style {
    let convert = |color: Color| match (depth, color) {
        (ColorDepth::Mono, _) => None,
        (ColorDepth::Ansi256, Color::Rgb(r, g, b)) => Some(Color::Indexed(nearest_256(r, g, b))),
        (ColorDepth::Ansi16, Color::Rgb(r, g, b)) => Some(nearest_16(r, g, b)),
        (ColorDepth::Ansi16, Color::Indexed(index)) => {
            let (r, g, b) = of_index(index);
            Some(nearest_16(r, g, b))
        }
        _ => Some(color),
    };
    Style {
        fg: style.fg.and_then(convert),
        bg: style.bg.and_then(convert),
        underline_color: None,
        ..style
    }
}

/// A color between two; the first unless both are true colors.
pub fn mix(from: Option<Color>, to: Option<Color>, part: f64) -> Color {
    let (Some(Color::Rgb(r0, g0, b0)), Some(Color::Rgb(r1, g1, b1))) = (from, to) else {
        return from.unwrap_or(Color::Reset);
    };
    // Steps of 1/16: neighboring cells share a color more often, which saves bytes.
    let part = (part.clamp(0.0, 1.0) * 16.0).round() / 16.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two bytes"
    )]
    let between =
        |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    Color::Rgb(between(r0, r1), between(g0, g1), between(b0, b1))
}

const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    let step = |value: u8| {
        let mut best = 0_u8;
        for (at, candidate) in (0_u8..).zip(STEPS) {
            if value.abs_diff(candidate) < value.abs_diff(STEPS[usize::from(best)]) {
                best = at;
            }
        }
        best
    };
    let (i, j, k) = (step(r), step(g), step(b));
    let cube = (
        16 + 36 * i + 6 * j + k,
        (
            STEPS[usize::from(i)],
            STEPS[usize::from(j)],
            STEPS[usize::from(k)],
        ),
    );
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let level = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let gray = 8 + 10 * level;
    if distance((r, g, b), (gray, gray, gray)) < distance((r, g, b), cube.1) {
        232 + level
    } else {
        cube.0
    }
}

/// The terminal's 16 colors as most terminals draw them.
const ANSI: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

fn nearest_16(r: u8, g: u8, b: u8) -> Color {
    ANSI.iter()
        .min_by_key(|(_, other)| distance((r, g, b), *other))
        .map_or(Color::Reset, |(color, _)| *color)
}

fn of_index(index: u8) -> (u8, u8, u8) {
    match index {
        0..=15 => ANSI[usize::from(index)].1,
        16..=231 => {
            let of = |at: u8| STEPS[usize::from(at % 6)];
            let at = index - 16;
            (of(at / 36), of(at / 6), of(at))
        }
        232..=255 => {
            let level = 8 + 10 * (index - 232);
            (level, level, level)
        }
    }
}

/// Distance of two colors, weighted as the eye weighs (the low-cost "redmean" formula).
fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> i64 {
    let mean = i64::midpoint(i64::from(a.0), i64::from(b.0));
    let [r, g, b] = [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map(|(x, y)| i64::from(x) - i64::from(y));
    (((512 + mean) * r * r) >> 8) + 4 * g * g + (((767 - mean) * b * b) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read_in_every_spelling() {
        let cases = [
            ("#12ab34", Some(Color::Rgb(0x12, 0xab, 0x34))),
            ("#fa0", Some(Color::Rgb(0xff, 0xaa, 0x00))),
            ("208", Some(Color::Indexed(208))),
            ("light-red", Some(Color::LightRed)),
            ("default", Some(Color::Reset)),
            ("#12ab3", None),
            ("#ääää", None),
            ("256", None),
            ("crimsom", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn true_colors_become_the_nearest_there_are() {
        // xterm's 256-color table: 196 is #ff0000, 244 is #808080, 67 is #5f87af.
        assert_eq!(nearest_256(255, 0, 0), 196);
        assert_eq!(nearest_256(128, 128, 128), 244);
        assert_eq!(nearest_256(0x5f, 0x87, 0xaf), 67);
        assert_eq!(nearest_16(250, 20, 20), Color::LightRed);
        assert_eq!(of_index(67), (0x5f, 0x87, 0xaf));
    }

    #[test]
    fn without_colors_only_modifiers_stay() {
        let style = Style::default()
            .fg(Color::Red)
            .bg(Color::Blue)
            .add_modifier(ratatui::style::Modifier::REVERSED);
        let plain = degrade(style, ColorDepth::Mono);
        assert_eq!((plain.fg, plain.bg), (None, None));
        assert_eq!(plain.add_modifier, style.add_modifier);
    }

    #[test]
    fn the_environment_says_how_many() {
        let depth = |pairs: &[(&str, &str)]| {
            ColorDepth::from_environment(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(depth(&[("TERM", "xterm-256color")]), ColorDepth::Ansi256);
        assert_eq!(depth(&[("TERM", "xterm")]), ColorDepth::Ansi16);
        assert_eq!(
            depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
            ColorDepth::True
        );
        assert_eq!(
            depth(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]),
            ColorDepth::Mono
        );
        assert_eq!(
            depth(&[("TERM", "xterm"), ("NO_COLOR", "")]),
            ColorDepth::Ansi16
        );
    }
}
