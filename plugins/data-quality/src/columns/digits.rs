//! Check digits.
//!
//! In: digits, or letters and digits. Out: whether they pass. Knows no country and no column.

/// Luhn's sum, as on payment cards: doubled digits from the second last on, modulo 10.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let doubled = |(position, digit): (usize, &u8)| {
        let value = u32::from(*digit) * if position % 2 == 1 { 2 } else { 1 };
        value / 10 + value % 10
    };
    !digits.is_empty() && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Remainder modulo 97 of the number that letters (A = 10 … Z = 35) and digits make, in order;
/// nothing if another character stands among them.
pub(crate) fn modulo_97(text: impl Iterator<Item = u8>) -> Option<u32> {
    let mut remainder = 0;
    for byte in text {
        let value = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'A'..=b'Z' => u32::from(byte - b'A') + 10,
            _ => return None,
        };
        let base = if value > 9 { 100 } else { 10 };
        remainder = (remainder * base + value) % 97;
    }
    Some(remainder)
}

/// Sum of digits times weights; the shorter of both ends it.
pub(crate) fn weighted(digits: &[u8], weights: &[i32]) -> i32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| i32::from(*digit) * weight)
        .sum()
}

/// The check digit of ISO 7064 MOD 11,10 for these digits.
pub(crate) fn modulo_11_10(digits: &[u8]) -> u8 {
    let mut product = 10;
    for digit in digits {
        let sum = (u32::from(*digit) + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    u8::try_from((11 - product) % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn sums_of_published_numbers() {
        // Test numbers that card processors publish.
        assert!(luhn(&of("4111111111111111")) && luhn(&of("378282246310005")));
        assert!(!luhn(&of("4111111111111112")) && !luhn(&[]));
        // The example of ISO 7064 MOD 11,10: 0794 has check digit 5.
        assert_eq!(modulo_11_10(&of("0794")), 5);
        assert_eq!(modulo_97("3214282912345698765432161182".bytes()), Some(1));
        assert_eq!(modulo_97("a".bytes()), None);
        assert_eq!(weighted(&[1, 2, 3], &[1, -1, 2]), 5);
    }

    #[test]
    fn luhn_catches_each_wrong_digit() {
        let right = of("4111111111111111");
        for at in 0..right.len() {
            for digit in (0..10).filter(|digit| *digit != right[at]) {
                let mut wrong = right.clone();
                wrong[at] = digit;
                assert!(!luhn(&wrong));
            }
        }
    }
}
