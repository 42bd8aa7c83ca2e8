//! The hash CatBoost knows a category by: the lower half of `CityHash64`, version 1, of its text.
//!
//! In: bytes. Out: a number that is the library's to the bit. Knows no model.
//!
//! Source: "`CityHash64`" by G. Pike and J. Alakuijala, first release (2011); later releases differ.
//! Compared with the hashes in files written by CatBoost, for texts of 0 to 200 bytes.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;

/// What CatBoost compares instead of the text, as the signed number its files hold.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the lower 32 bits, read as signed, are the hash"
)]
pub(super) fn category_hash(text: &str) -> i32 {
    city_hash(text.as_bytes()) as u32 as i32
}

/// One more part of a combination: the hash so far and the next part's value.
pub(super) fn combined(so_far: u64, part: u64) -> u64 {
    const FACTOR: u64 = 0x4906_ba49_4954_cb65;
    FACTOR.wrapping_mul(so_far.wrapping_add(FACTOR.wrapping_mul(part)))
}

fn city_hash(text: &[u8]) -> u64 {
    match text.len() {
        0..=16 => up_to_16(text),
        17..=32 => up_to_32(text),
        33..=64 => up_to_64(text),
        _ => longer(text),
    }
}

/// The little-endian word at a position; the callers' lengths make sure it is there.
fn word(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&text[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn half(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&text[at..at + 4]);
    u64::from(u32::from_le_bytes(bytes))
}

fn mixed(value: u64) -> u64 {
    value ^ (value >> 47)
}

/// Murmur's reduction of two words to one.
fn reduced(low: u64, high: u64) -> u64 {
    const FACTOR: u64 = 0x9ddf_ea08_eb38_2d69;
    let first = mixed((low ^ high).wrapping_mul(FACTOR));
    mixed((high ^ first).wrapping_mul(FACTOR)).wrapping_mul(FACTOR)
}

fn up_to_16(text: &[u8]) -> u64 {
    let n = text.len();
    let length = n as u64;
    match n {
        0 => K2,
        1..=3 => {
            let low = u32::from(text[0]) + (u32::from(text[n / 2]) << 8);
            let high = length + (u64::from(text[n - 1]) << 2);
            mixed(u64::from(low).wrapping_mul(K2) ^ high.wrapping_mul(K3)).wrapping_mul(K2)
        }
        4..=8 => reduced(length.wrapping_add(half(text, 0) << 3), half(text, n - 4)),
        _ => {
            let (first, last) = (word(text, 0), word(text, n - 8));
            let turned = last
                .wrapping_add(length)
                .rotate_right(u32::try_from(n).unwrap_or(0));
            reduced(first, turned) ^ last
        }
    }
}

fn up_to_32(text: &[u8]) -> u64 {
    let n = text.len();
    let a = word(text, 0).wrapping_mul(K1);
    let b = word(text, 8);
    let c = word(text, n - 8).wrapping_mul(K2);
    let d = word(text, n - 16).wrapping_mul(K0);
    reduced(
        a.wrapping_sub(b)
            .rotate_right(43)
            .wrapping_add(c.rotate_right(30))
            .wrapping_add(d),
        a.wrapping_add((b ^ K3).rotate_right(20))
            .wrapping_sub(c)
            .wrapping_add(n as u64),
    )
}

fn up_to_64(text: &[u8]) -> u64 {
    let n = text.len();
    let start = (n as u64)
        .wrapping_add(word(text, n - 16))
        .wrapping_mul(K0)
        .wrapping_add(word(text, 0));
    let (v_first, v_second) = half_of_64(start, word(text, 8), word(text, 16), word(text, 24));
    let start = word(text, 16).wrapping_add(word(text, n - 32));
    let last = [word(text, n - 24), word(text, n - 16), word(text, n - 8)];
    let (w_first, w_second) = half_of_64(start, last[0], last[1], last[2]);
    let both = v_first
        .wrapping_add(w_second)
        .wrapping_mul(K2)
        .wrapping_add(w_first.wrapping_add(v_second).wrapping_mul(K0));
    let result = mixed(both);
    mixed(result.wrapping_mul(K0).wrapping_add(v_second)).wrapping_mul(K2)
}

fn half_of_64(start: u64, second: u64, third: u64, last: u64) -> (u64, u64) {
    let mut sum = start;
    let turned = sum.wrapping_add(last).rotate_right(52);
    let mut other = sum.rotate_right(37);
    sum = sum.wrapping_add(second);
    other = other.wrapping_add(sum.rotate_right(7));
    sum = sum.wrapping_add(third);
    (
        sum.wrapping_add(last),
        turned
            .wrapping_add(sum.rotate_right(31))
            .wrapping_add(other),
    )
}

/// A weak hash of 32 bytes from two seeds.
fn weak(text: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let last = word(text, at + 24);
    let a = a.wrapping_add(word(text, at));
    let b = b.wrapping_add(a).wrapping_add(last).rotate_right(21);
    let sum = a
        .wrapping_add(word(text, at + 8))
        .wrapping_add(word(text, at + 16));
    (
        sum.wrapping_add(last),
        b.wrapping_add(sum.rotate_right(44)).wrapping_add(a),
    )
}

fn longer(text: &[u8]) -> u64 {
    let n = text.len();
    let length = n as u64;
    let mut x = word(text, 0);
    let mut y = word(text, n - 16) ^ K1;
    let mut z = word(text, n - 56) ^ K0;
    let mut v = weak(text, n - 64, length, y);
    let mut w = weak(text, n - 32, length.wrapping_mul(K1), K0);
    z = z.wrapping_add(mixed(v.1).wrapping_mul(K1));
    x = z.wrapping_add(x).rotate_right(39).wrapping_mul(K1);
    y = y.rotate_right(33).wrapping_mul(K1);
    // The last block, whole or not, was hashed above.
    for at in (0..(n - 1) / 64 * 64).step_by(64) {
        x = x
            .wrapping_add(y)
            .wrapping_add(v.0)
            .wrapping_add(word(text, at + 16))
            .rotate_right(37)
            .wrapping_mul(K1);
        y = y
            .wrapping_add(v.1)
            .wrapping_add(word(text, at + 48))
            .rotate_right(42)
            .wrapping_mul(K1);
        x ^= w.1;
        y ^= v.0;
        z = (z ^ w.0).rotate_right(33);
        v = weak(text, at, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(text, at + 32, z.wrapping_add(w.1), y);
        std::mem::swap(&mut z, &mut x);
    }
    reduced(
        reduced(v.0, w.0)
            .wrapping_add(mixed(y).wrapping_mul(K1))
            .wrapping_add(z),
        reduced(v.1, w.1).wrapping_add(x),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cat_features_hash` of a JSON model CatBoost wrote: see `fixtures/catboost/make.py`.
    #[test]
    fn hashes_are_those_of_the_library() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/fixtures/catboost/expected.json"
        );
        let all: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let expected: std::collections::BTreeMap<String, u32> =
            serde_json::from_value(all["hashes"].clone()).unwrap();
        let mut branches = [false; 7];
        for (text, hash) in &expected {
            assert_eq!(category_hash(text), hash.cast_signed(), "'{text}'");
            let limits = [0, 3, 8, 16, 32, 64];
            let branch = limits.iter().position(|limit| text.len() <= *limit);
            branches[branch.unwrap_or(6)] = true;
        }
        assert!(expected.len() >= 40 && branches.iter().all(|is_seen| *is_seen));
    }
}
