//! Text read in the wrong encoding, and what it was.
//!
//! In: one text. Out: the kind of damage and, where it can be undone, the text behind it.
//!
//! A repair counts only if going forth again gives the damaged text to the letter, and if what comes
//! out is plausible beside the letters around it. Text that merely looks strange is left alone.

/// What happened to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Damage {
    /// UTF-8 bytes read as Windows-1252 or Latin-1, once or several times; what it was.
    Misread(String),
    /// Characters were replaced by U+FFFD and are lost.
    Lost,
    /// HTML entities stand in it; what they stand for.
    Entities(String),
}

/// How many times over a text may have been misread.
const MAX_ROUNDS: usize = 4;

/// The damage of a text, if there is any; the gravest if there are several.
pub(crate) fn damage(text: &str) -> Option<Damage> {
    if text.is_ascii() {
        return text
            .contains('&')
            .then(|| unescaped(text))
            .flatten()
            .map(Damage::Entities);
    }
    if text.contains('\u{fffd}') {
        return Some(Damage::Lost);
    }
    let mut repaired: Option<String> = None;
    for _ in 0..MAX_ROUNDS {
        let now = repaired.as_deref().unwrap_or(text);
        let Some(better) = reread(now) else { break };
        repaired = Some(better);
    }
    match repaired {
        Some(repaired) => Some(Damage::Misread(repaired)),
        None => unescaped(text).map(Damage::Entities),
    }
}

/// The text with each run of misread characters read as UTF-8; nothing if there is none.
fn reread(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut has_changed = false;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let (plain, from) = rest.split_at(start);
        out.push_str(plain);
        let end = from.find(|c: char| c.is_ascii()).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        match reread_run(run, plain, after).filter(|_| !is_end_of_quote(run, text)) {
            Some(better) => {
                out.push_str(&better);
                has_changed = true;
            }
            None => out.push_str(run),
        }
        rest = after;
    }
    out.push_str(rest);
    has_changed.then_some(out)
}

fn reread_run(run: &str, before: &str, after: &str) -> Option<String> {
    let bytes: Vec<u8> = run.chars().map(byte_of).collect::<Option<_>>()?;
    let read = String::from_utf8(bytes).ok()?;
    // By construction `read`, written as UTF-8 and read as Windows-1252, is `run` again.
    let is_latin_beside = before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_ascii_alphabetic())
        || after
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic());
    let n_foreign = read.chars().filter(|c| is_foreign_letter(*c)).count();
    let is_plausible =
        read.chars().all(is_usual) && (n_foreign == 0 || n_foreign > 1 && !is_latin_beside);
    // What was misread twice is plausible only after the second reading.
    let is_plausible = is_plausible || reread_run(&read, before, after).is_some();
    is_plausible.then_some(read)
}

/// Whether a run is a capital and the end of a quotation: `”BLÅ”`. Its bytes happen to be UTF-8.
fn is_end_of_quote(run: &str, text: &str) -> bool {
    let is_quote = |c: &char| matches!(c, '\u{2018}'..='\u{201e}' | '«' | '»' | '‹' | '›');
    run.chars().count() == 2
        && run.chars().next_back().is_some_and(|last| is_quote(&last))
        && text.chars().filter(is_quote).count() > 1
}

/// The byte that Windows-1252 (or, where that has none, Latin-1) shows as this character.
fn byte_of(character: char) -> Option<u8> {
    const HIGH: [char; 27] = [
        '€', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 'Ž', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', 'ž', 'Ÿ',
    ];
    const BYTES: [u8; 27] = [
        0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8e, 0x91, 0x92,
        0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9e, 0x9f,
    ];
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return Some(byte);
    }
    HIGH.iter()
        .position(|high| *high == character)
        .map(|at| BYTES[at])
}

/// Whether a character is one that text is made of: letters and their marks, digits, and the signs of
/// common fonts; no control characters, no private ones.
fn is_usual(character: char) -> bool {
    let code = u32::from(character);
    character.is_alphanumeric()
        || (0xa0..0x100).contains(&code)
        || (0x300..0x370).contains(&code)
        || (0x2000..0x2c00).contains(&code)
        || (0x3000..0x3040).contains(&code)
        || (0xfe00..0xfe10).contains(&code)
        || (0xff00..0xffe7).contains(&code)
        || (0x1f000..0x1fb00).contains(&code)
        || code == 0xfeff
}

/// Whether a letter belongs to another script than Latin.
fn is_foreign_letter(character: char) -> bool {
    let code = u32::from(character);
    let is_latin =
        code < 0x250 || (0x1e00..0x1f00).contains(&code) || (0x2c60..0x2c80).contains(&code);
    character.is_alphabetic() && !is_latin
}

/// Names of the entities that exports leave behind, with what they stand for.
const ENTITIES: [(&str, char); 45] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("euro", '€'),
    ("pound", '£'),
    ("cent", '¢'),
    ("yen", '¥'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("sect", '§'),
    ("middot", '·'),
    ("bull", '•'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("ntilde", 'ñ'),
    ("ccedil", 'ç'),
    ("oslash", 'ø'),
    ("aring", 'å'),
];

/// Longest entity with a number, `#x10FFFF`.
const LONGEST_ENTITY: usize = 9;

/// The text with its HTML entities replaced; nothing if it has none. `&copy=1` of an address has no
/// semicolon and is none.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut has_changed = false;
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        match entity(rest) {
            Some((character, n_bytes)) => {
                out.push(character);
                has_changed = true;
                rest = &rest[n_bytes..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    has_changed.then_some(out)
}

/// The entity a text begins with, and its length in bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text
        .bytes()
        .take(LONGEST_ENTITY + 2)
        .position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| !character.is_control())?
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn misread(damaged: &str, text: &str) {
        assert_eq!(damage(damaged), Some(Damage::Misread(text.to_owned())));
    }

    /// As a program that takes UTF-8 for Windows-1252 shows it.
    fn as_misread(text: &str) -> String {
        let of_byte = |byte: &u8| {
            let all = (0..=0xffff_u32).filter_map(char::from_u32);
            // The sign of Windows-1252 where it has one, else that of Latin-1.
            let fits: Vec<char> = all.filter(|c| byte_of(*c) == Some(*byte)).collect();
            *fits.last().unwrap()
        };
        text.as_bytes().iter().map(of_byte).collect()
    }

    #[test]
    fn what_was_misread_is_read() {
        // python 3: "Köln".encode().decode("cp1252") and so on
        misread("KÃ¶ln", "Köln");
        misread("itâ€™s", "it’s");
        misread("ItalieÌ€", "Italie\u{300}");
        misread("1â‚¬", "1€");
        misread("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет");
        misread("ä¸\u{ad}æ–‡", "中文");
        misread("KÃƒÂ¶ln", "Köln");
        misread("genuine é, broken Ã©", "genuine é, broken é");
    }

    #[test]
    fn whatever_is_misread_comes_back() {
        for text in [
            "Zürich",
            "naïve café",
            "“quotes” – dash",
            "日本語",
            "Łódź",
            "Ελλάδα",
            "👍",
        ] {
            misread(&as_misread(text), text);
            misread(&as_misread(&as_misread(text)), text);
        }
    }

    #[test]
    fn genuine_text_is_left_alone() {
        for text in [
            "",
            "plain",
            "Köln",
            "Ärger",
            "São Paulo",
            "L’été",
            "MENÜ“",
            "„MENÜ“",
            "Ã",
            "Â",
            "£5",
            "naïve",
            "Þórr",
            "¡Olé!",
            "Đà Nẵng",
            "привет",
            "中文",
            "10 °C",
            "AT&T",
            "a&copy=1",
            "&;",
            "&#0;",
            "&nosuch;",
            "½",
            "¿Qué?",
            "«Été»",
            "”BLÅ”",
            "“IRMÃ”",
            "Ünlü",
            "ÅÄÖ",
            "ÇÉ",
            "Smørrebrød",
            "É™",
        ] {
            assert_eq!(damage(text), None, "{text:?}");
        }
    }

    #[test]
    fn lost_characters_and_entities() {
        assert_eq!(damage("K\u{fffd}ln"), Some(Damage::Lost));
        let entities = |text: &str, plain: &str| {
            assert_eq!(damage(text), Some(Damage::Entities(plain.to_owned())));
        };
        entities("AT&amp;T", "AT&T");
        entities("K&ouml;ln &#228;&#xE4;", "Köln ää");
        entities("é &lt;b&gt;", "é <b>");
    }
}
