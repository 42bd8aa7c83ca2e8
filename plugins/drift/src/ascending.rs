//! Puts numbers in ascending order, faster than comparing does.
//!
//! In: numbers. Out: the same without NaN, in the order of `f64::total_cmp`.
//!
//! Radix sort by the upper 33 bits (sign, exponent, 21 bits of the fraction), eleven a pass, over
//! keys that order as the numbers do; what agrees in these is then compared. Sorting is most of the
//! work of comparing two columns.

/// Bits looked at in one pass.
const BITS: u32 = 11;

/// Values one pass tells apart.
const N_DIGITS: usize = 1 << BITS;

/// Passes over the upper bits.
const N_PASSES: usize = 3;

/// Bits below those of the passes.
const REST: u32 = 64 - 33;

/// Below this many numbers comparing is faster.
const MIN_ROWS: usize = 1000;

const SIGN: u64 = 1 << 63;

/// The numbers in ascending order, NaN dropped; -0 stands before 0.
pub fn ascending(mut values: Vec<f64>) -> Vec<f64> {
    if values.len() < MIN_ROWS || u32::try_from(values.len()).is_err() {
        values.retain(|value| !value.is_nan());
        values.sort_unstable_by(f64::total_cmp);
        return values;
    }
    let mut keys = Vec::with_capacity(values.len());
    let mut counts = vec![[0_u32; N_DIGITS]; N_PASSES];
    for value in values.iter().filter(|value| !value.is_nan()) {
        let key = key(*value);
        keys.push(key);
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(key, pass)] += 1;
        }
    }
    values.truncate(keys.len());
    let mut target = vec![0_u64; keys.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        if counts.iter().any(|&n| n as usize == keys.len()) {
            continue;
        }
        let mut before = 0;
        for count in counts.iter_mut() {
            let n = *count;
            *count = before;
            before += n;
        }
        for &key in &keys {
            let place = &mut counts[digit(key, pass)];
            target[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut target);
    }
    for run in keys.chunk_by_mut(|a, b| a >> REST == b >> REST) {
        if run.len() > 1 && !run.is_sorted() {
            run.sort_unstable();
        }
    }
    for (value, key) in values.iter_mut().zip(keys) {
        *value = number(key);
    }
    values
}

/// A whole number that orders as the number does.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn number(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[expect(clippy::cast_possible_truncation, reason = "eleven bits fit any usize")]
fn digit(key: u64, pass: usize) -> usize {
    (key >> (REST + BITS * pass as u32)) as usize & (N_DIGITS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn the_order_is_that_of_comparing() {
        let mut rng = Rng::new(9);
        let ends = [
            0.0,
            -0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
            1e-320,
        ];
        for n in [3, 999, 1000, 5000] {
            let mut values: Vec<f64> = (0..n).map(|_| rng.normal() * 1e5).collect();
            values.extend((0..n).map(|_| 1e9 + rng.uniform()));
            values.extend(ends);
            values.extend((0..n).map(|_| f64::from(u32::try_from(rng.below(4)).unwrap())));
            let mut expected = values.clone();
            expected.sort_by(f64::total_cmp);
            values.insert(2, f64::NAN);
            let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(ascending(values)), bits(expected));
        }
    }
}
