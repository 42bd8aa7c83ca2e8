//! Numbers that are written alike with so many significant digits.
//!
//! In: numbers. Out: for each a key; equal keys, equal digits.
//!
//! The digits are those of the decimal closest to the number, as `format!("{:.3e}")` writes them. What
//! arithmetic cannot tell for sure, because it lies near the border of two decimals, is written out.

/// Exponent and, as bits, the whole number that the digits make.
pub type Digits = (i32, u64);

/// Relative error of a scaled number, at most.
const TOLERANCE: f64 = 1e-13;

/// The digits of a number; NaN has none of its own. `n_digits` is 1 to 15.
pub fn digits(value: f64, n_digits: usize) -> Digits {
    by_arithmetic(value, n_digits).unwrap_or_else(|| written(value, n_digits))
}

fn by_arithmetic(value: f64, n_digits: usize) -> Option<Digits> {
    let size = value.abs();
    let power = i32::try_from(size.to_bits() >> 52).ok()? - 1023;
    if !(-900..=900).contains(&power) {
        return None;
    }
    // The decimal exponent of that power of two; the number's own is this or the next.
    let guess = (power * 1233) >> 12;
    let n_digits = i32::try_from(n_digits).ok()?;
    let end = 10_f64.powi(n_digits);
    [guess, guess + 1].into_iter().find_map(|exponent| {
        let scaled = size * 10_f64.powi(n_digits - 1 - exponent);
        let error = scaled * TOLERANCE + f64::MIN_POSITIVE;
        let is_inside = end / 10.0 + error <= scaled && scaled < end - 0.5 - error;
        let is_sure = (scaled - scaled.floor() - 0.5).abs() > error;
        let whole = scaled.round().copysign(value);
        (is_inside && is_sure).then_some((exponent, whole.to_bits()))
    })
}

fn written(value: f64, n_digits: usize) -> Digits {
    // Adding 0 makes one zero of the two.
    let text = format!("{:.*e}", n_digits - 1, value + 0.0);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let whole: f64 = mantissa.replace('.', "").parse().unwrap_or(f64::NAN);
    (exponent.parse().unwrap_or(i32::MAX), whole.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn digits_are_equal_if_and_only_if_the_numbers_are_written_alike() {
        let mut rng = Rng::new(3);
        let mut values = vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            10.0,
            0.1,
            9.995,
            9.9949,
            99_950.0,
            1e300,
            1e-300,
            5e-324,
            f64::MAX,
            f64::INFINITY,
            f64::NEG_INFINITY,
            9.999_999_999_999_999,
            0.000_999_95,
        ];
        for _ in 0..400 {
            let size = 10_f64.powi(i32::try_from(rng.below(40)).unwrap() - 20);
            values.push((rng.uniform() - 0.5) * size);
            // Near and on the border of two decimals.
            values.push((rng.below(2000) as f64 + 0.5) * size);
            values.push(rng.below(1000) as f64);
        }
        for n_digits in [1, 3, 4, 6, 15] {
            for &value in &values {
                assert_eq!(
                    digits(value, n_digits),
                    written(value, n_digits),
                    "{value:e} to {n_digits}"
                );
            }
        }
        // The texts themselves, so that reading them back is checked as well.
        for n_digits in [1, 4] {
            for a in &values[..150] {
                for b in &values[..150] {
                    let text = |value: &f64| format!("{:.*e}", n_digits - 1, value + 0.0);
                    let is_equal = digits(*a, n_digits) == digits(*b, n_digits);
                    assert_eq!(is_equal, text(a) == text(b), "{a:e} {b:e}");
                }
            }
        }
    }

    #[test]
    fn most_numbers_need_not_be_written() {
        let mut rng = Rng::new(5);
        let is_known = |_: &usize| by_arithmetic(rng.normal() * 1000.0, 6).is_some();
        assert!((0..1000).filter(is_known).count() > 990);
    }
}
