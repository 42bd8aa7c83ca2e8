//! Numbers of persons, accounts and cards that carry check digits.
//!
//! In: a text without separators, in capitals. Out: for each kind of number whether the text has its
//! form, and if so whether its check digits pass.
//!
//! The form is everything but the check digits, so that among texts of the form made up at random
//! the share that passes is [`Checked::chance`].

use crate::columns::digits::{luhn, modulo_11_10, modulo_97, weighted};
use interlock_plugin_api::calendar::Day;

/// A kind of number with check digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Checked {
    /// International bank account number.
    Iban,
    /// Payment card of a known issuer.
    Card,
    /// Spanish DNI and NIE.
    Dni,
    /// German tax number of persons.
    SteuerId,
    /// Brazilian taxpayer number.
    Cpf,
    /// Dutch citizen service number.
    Bsn,
    /// Polish personal number.
    Pesel,
    /// French social security number.
    Nir,
}

impl Checked {
    /// Number of kinds.
    pub(crate) const N: usize = 8;

    /// Every kind, in the order of the enum.
    pub(crate) const ALL: [Self; Self::N] = [
        Self::Iban,
        Self::Card,
        Self::Dni,
        Self::SteuerId,
        Self::Cpf,
        Self::Bsn,
        Self::Pesel,
        Self::Nir,
    ];

    /// For sentences, in the plural.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Iban => "bank account numbers (IBAN)",
            Self::Card => "payment card numbers",
            Self::Dni => "Spanish identity numbers (DNI, NIE)",
            Self::SteuerId => "German tax numbers (Steuer-ID)",
            Self::Cpf => "Brazilian taxpayer numbers (CPF)",
            Self::Bsn => "Dutch citizen numbers (BSN)",
            Self::Pesel => "Polish personal numbers (PESEL)",
            Self::Nir => "French social security numbers (NIR)",
        }
    }

    /// Probability that a text of the form, made up at random, passes.
    pub(crate) fn chance(self) -> f64 {
        match self {
            Self::Iban | Self::Nir => 1.0 / 97.0,
            Self::Card | Self::SteuerId | Self::Pesel => 0.1,
            Self::Dni => 1.0 / 23.0,
            Self::Cpf => 0.01,
            Self::Bsn => 1.0 / 11.0,
        }
    }

    /// Whether the check digits pass; nothing if the text does not have the form.
    pub(crate) fn passes(self, text: &[u8]) -> Option<bool> {
        match self {
            Self::Iban => iban(text),
            Self::Dni => dni(text),
            Self::Nir => nir(text),
            Self::Card | Self::SteuerId | Self::Cpf | Self::Bsn | Self::Pesel => {
                let mut buffer = [0_u8; 19];
                let digits = digits_of(text, &mut buffer)?;
                match self {
                    Self::Card => is_card(digits).then(|| luhn(digits)),
                    Self::SteuerId => steuer_id(digits),
                    Self::Cpf => cpf(digits),
                    Self::Bsn => bsn(digits),
                    _ => pesel(digits),
                }
            }
        }
    }
}

fn digits_of<'b>(text: &[u8], buffer: &'b mut [u8; 19]) -> Option<&'b [u8]> {
    let digits = buffer.get_mut(..text.len())?;
    for (digit, byte) in digits.iter_mut().zip(text) {
        *digit = byte.is_ascii_digit().then(|| byte - b'0')?;
    }
    Some(digits)
}

/// Countries with an IBAN and its length.
const IBAN_LENGTHS: [(&[u8; 2], usize); 78] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
];

fn iban(text: &[u8]) -> Option<bool> {
    let (head, account) = text.split_at_checked(4)?;
    let known = IBAN_LENGTHS
        .iter()
        .find(|(country, _)| **country == head[..2])?;
    if known.1 != text.len() || !head[2..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let remainder = modulo_97(account.iter().chain(head).copied())?;
    Some(remainder == 1)
}

/// Whether length and first digits are those of an issuer: Visa, Mastercard, American Express,
/// Discover, JCB, Diners Club, `UnionPay`.
fn is_card(digits: &[u8]) -> bool {
    let n = digits.len();
    if n < 13 {
        return false;
    }
    let first = |count: usize| {
        digits[..count]
            .iter()
            .fold(0_u32, |sum, d| sum * 10 + u32::from(*d))
    };
    let (two, three, four) = (first(2), first(3), first(4));
    match n {
        13 => digits[0] == 4,
        14 => (300..=305).contains(&three) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => {
            digits[0] == 4
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || four == 6011
                || (644..=649).contains(&three)
                || matches!(two, 62 | 65)
                || (3528..=3589).contains(&four)
        }
        19 => digits[0] == 4 || matches!(two, 62 | 65),
        _ => two == 62,
    }
}

fn dni(text: &[u8]) -> Option<bool> {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let (letter, body) = text.split_last()?;
    if body.len() != 8 || !LETTERS.contains(letter) {
        return None;
    }
    let mut number = 0_usize;
    for (position, byte) in body.iter().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'X'..=b'Z' if position == 0 => byte - b'X',
            _ => return None,
        };
        number = number * 10 + usize::from(digit);
    }
    Some(LETTERS[number % 23] == *letter)
}

fn steuer_id(digits: &[u8]) -> Option<bool> {
    let (check, body) = digits.split_last()?;
    if digits.len() != 11 || body[0] == 0 {
        return None;
    }
    let mut counts = [0_u8; 10];
    for digit in body {
        counts[usize::from(*digit)] += 1;
    }
    // One digit stands twice or three times among the first ten, the others once at most.
    let n_repeated = counts.iter().filter(|n| **n > 1).count();
    let most = counts.iter().max()?;
    (n_repeated == 1 && (2..=3).contains(most)).then(|| modulo_11_10(body) == *check)
}

fn cpf(digits: &[u8]) -> Option<bool> {
    if digits.len() != 11 || digits.iter().all(|digit| *digit == digits[0]) {
        return None;
    }
    let check = |n: usize| {
        let weights: Vec<i32> = (2..).take(n).collect();
        let reversed: Vec<u8> = digits[..n].iter().rev().copied().collect();
        let remainder = weighted(&reversed, &weights) % 11;
        let expected = if remainder < 2 { 0 } else { 11 - remainder };
        i32::from(digits[n]) == expected
    };
    Some(check(9) && check(10))
}

fn bsn(digits: &[u8]) -> Option<bool> {
    const WEIGHTS: [i32; 9] = [9, 8, 7, 6, 5, 4, 3, 2, -1];
    (digits.len() == 9 && digits.iter().any(|digit| *digit > 0))
        .then(|| weighted(digits, &WEIGHTS) % 11 == 0)
}

fn pesel(digits: &[u8]) -> Option<bool> {
    const WEIGHTS: [i32; 11] = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
    if digits.len() != 11 {
        return None;
    }
    let pair = |at: usize| digits[at] * 10 + digits[at + 1];
    // The month tells the century: 1800s are 80 on, 1900s 0, 2000s 20, 2100s 40, 2200s 60.
    let century = match pair(2) / 20 {
        4 => 1800,
        0 => 1900,
        1 => 2000,
        2 => 2100,
        _ => 2200,
    };
    let born = Day {
        year: century + i64::from(pair(0)),
        month: pair(2) % 20,
        day: pair(4),
    };
    born.exists().then(|| weighted(digits, &WEIGHTS) % 10 == 0)
}

fn nir(text: &[u8]) -> Option<bool> {
    if text.len() != 15 || !matches!(text[0], b'1' | b'2' | b'3' | b'4' | b'7' | b'8') {
        return None;
    }
    let mut digits = [0_u8; 15];
    for (position, (digit, byte)) in digits.iter_mut().zip(text).enumerate() {
        *digit = match byte {
            b'0'..=b'9' => byte - b'0',
            // The two parts of Corsica count as 19 and 18.
            b'A' if position == 6 && text[5] == b'2' => 9,
            b'B' if position == 6 && text[5] == b'2' => 8,
            _ => return None,
        };
    }
    if text[6].is_ascii_alphabetic() {
        digits[5] = 1;
    }
    let month = digits[3] * 10 + digits[4];
    if !matches!(month, 1..=12 | 20..=42 | 50..=99) {
        return None;
    }
    let number = digits[..13]
        .iter()
        .fold(0_u64, |sum, d| sum * 10 + u64::from(*d));
    let key = u64::from(digits[13] * 10 + digits[14]);
    (1..=97).contains(&key).then(|| 97 - number % 97 == key)
}

/// A text without the separators people put into such numbers, in capitals; nothing if another
/// character stands in it or if its length is that of none of them.
pub(crate) fn compact<'b>(text: &str, buffer: &'b mut [u8; 34]) -> Option<&'b [u8]> {
    let mut n = 0;
    for byte in text.trim().bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                *buffer.get_mut(n)? = byte.to_ascii_uppercase();
                n += 1;
            }
            b' ' | b'-' | b'.' | b'/' => {}
            _ => return None,
        }
    }
    let is_long_enough = n >= 9;
    let n_digits = buffer[..n]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .count();
    (is_long_enough && n_digits >= 7).then(|| &buffer[..n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Checked, right: &str) {
        let mut buffer = [0; 34];
        let text = compact(right, &mut buffer).unwrap();
        assert_eq!(kind.passes(text), Some(true), "{right}");
        // Any other last digit or letter is wrong, or not of the form.
        let last = text.len() - 1;
        for byte in (b'0'..=b'9')
            .chain(b'A'..=b'Z')
            .filter(|byte| *byte != text[last])
        {
            let mut wrong = text.to_vec();
            wrong[last] = byte;
            assert_ne!(kind.passes(&wrong), Some(true), "{right} with {byte}");
        }
    }

    /// Examples that the issuers or registries publish.
    #[test]
    fn published_examples_pass() {
        check(Checked::Iban, "GB82 WEST 1234 5698 7654 32");
        check(Checked::Iban, "DE89 3704 0044 0532 0130 00");
        check(Checked::Card, "4111-1111-1111-1111");
        check(Checked::Card, "3782 822463 10005");
        check(Checked::Dni, "12345678Z");
        check(Checked::Dni, "X1234567L");
        check(Checked::SteuerId, "86 095 742 719");
        check(Checked::SteuerId, "47036892816");
        check(Checked::Cpf, "529.982.247-25");
        check(Checked::Bsn, "111222333");
        check(Checked::Pesel, "44051401359");
        check(Checked::Nir, "2 55 08 14 168 025 38");
    }

    #[test]
    fn other_texts_have_no_form() {
        let mut buffer = [0; 34];
        for text in [
            "",
            "12345",
            "abc",
            "1,234,567.89",
            "x".repeat(50).as_str(),
            "ümlaut12345678",
        ] {
            assert_eq!(compact(text, &mut buffer), None, "{text:?}");
        }
        for kind in Checked::ALL {
            assert_eq!(kind.passes(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ12345678"), None);
            assert_eq!(kind.passes(b"1"), None);
            assert_eq!(kind.passes(b""), None);
        }
    }

    #[test]
    fn of_numbers_in_a_row_as_many_pass_as_chance_says() {
        // All nine-digit numbers of a stretch, all eleven-digit ones of another.
        let share = |kind: Checked, from: u64, n: u64| {
            let passes = |number: u64| kind.passes(number.to_string().as_bytes());
            let judged: Vec<bool> = (from..from + n).filter_map(passes).collect();
            judged.iter().filter(|passes| **passes).count() as f64 / judged.len() as f64
        };
        for (kind, from) in [
            (Checked::Bsn, 123_450_000),
            (Checked::Cpf, 12_345_600_000),
            (Checked::Card, 4_111_111_111_000_000),
            (Checked::Pesel, 85_050_500_000),
        ] {
            let found = share(kind, from, 100_000);
            assert!((found - kind.chance()).abs() < 0.001, "{kind:?}: {found}");
        }
    }
}
