//! Whether numbers fall into two groups, and whether one of them is the other in another unit.
//!
//! In: numbers in ascending order. Out: where the groups lie; the conversion that makes one of the
//! other; the probability that two groups that have nothing to do with each other lie so.
//!
//! The promise behind the p-value: if the distance of two unrelated groups is anywhere from 0.4 to 14
//! on the logarithmic scale (factors of 1.5 to a million) with a density of one over the distance, a
//! conversion with a p-value up to α is named with a probability of at most α. That holds however
//! well the distance is known.

use interlock_stats::distribution::beta_cdf;
use interlock_stats::order::quantile_sorted;
use interlock_stats::two_sample::{PValueMethod, kolmogorov_smirnov};

/// Values a group needs.
pub const MIN_GROUP: usize = 20;

/// Different values a group needs: codes and counts of few values say nothing of units.
const MIN_DIFFERENT: usize = 10;

/// Distance of the groups in standard deviations, at least.
const MIN_SEPARATION: f64 = 3.0;

/// Probability of a valley as empty in a distribution without one, at most.
const MAX_VALLEY: f64 = 1e-4;

/// Distance of the distribution functions of the groups after conversion, beyond what chance gives.
const MAX_SHAPE: f64 = 0.15;

/// A change of unit: a value `x` of the lower group is `factor * x + offset` in the higher one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// What the lower group is multiplied by.
    pub factor: f64,
    /// What is added then; 0 for all but temperatures.
    pub offset: f64,
    /// How much of the error probability it may use up; all of one kind sum to 1.
    weight: f64,
    /// The units it goes with.
    pub meaning: &'static str,
}

const fn times(factor: f64, weight: f64, meaning: &'static str) -> Conversion {
    Conversion {
        factor,
        offset: 0.0,
        weight,
        meaning,
    }
}

/// Factors between units that get mixed, the common ones with more weight.
pub const FACTORS: [Conversion; 14] = [
    times(
        10.0,
        0.15,
        "a slip of the decimal point, or millimeters and centimeters",
    ),
    times(
        100.0,
        0.15,
        "cents and whole units, centimeters and meters, or percent and shares",
    ),
    times(
        1000.0,
        0.15,
        "grams and kilograms, meters and kilometers, or thousands",
    ),
    times(1e6, 0.03, "millions and single units"),
    times(12.0, 0.07, "months and years, or inches and feet"),
    times(60.0, 0.07, "seconds and minutes, or minutes and hours"),
    times(24.0, 0.04, "hours and days"),
    times(3600.0, 0.04, "seconds and hours"),
    times(7.0, 0.04, "days and weeks"),
    times(2.54, 0.07, "centimeters and inches"),
    times(2.204_622_621_848_776, 0.07, "pounds and kilograms"),
    times(1.609_344, 0.04, "kilometers and miles"),
    times(3.280_839_895_013_123, 0.04, "feet and meters"),
    times(1024.0, 0.04, "bytes and kibibytes"),
];

/// Scales of temperature.
pub const TEMPERATURES: [Conversion; 2] = [
    Conversion {
        factor: 1.8,
        offset: 32.0,
        weight: 0.5,
        meaning: "degrees Celsius and Fahrenheit",
    },
    Conversion {
        factor: 1.0,
        offset: 273.15,
        weight: 0.5,
        meaning: "degrees Celsius and Kelvin",
    },
];

/// The temperatures in degrees Celsius a lower group may have on average.
const CELSIUS: std::ops::RangeInclusive<f64> = -60.0..=150.0;

/// Two groups of numbers with a valley between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Groups {
    /// Values of the lower group: the first so many.
    pub n_low: usize,
    /// Mean of the lower and of the higher group.
    pub means: (f64, f64),
    /// Median of the lower and of the higher group: what their distance is measured by, because values
    /// that fall to the wrong group hardly move it.
    pub medians: (f64, f64),
    /// Standard deviation of the lower and of the higher group.
    pub deviations: (f64, f64),
}

/// The two groups of least squares, each with enough values, if a valley separates them: in equal
/// windows around both means and between them, the valley holds fewer values than it could if the
/// numbers had one mode only.
pub fn groups(ascending: &[f64]) -> Option<Groups> {
    let n = ascending.len();
    if n < 2 * MIN_GROUP {
        return None;
    }
    // Moved to the middle, so that sums of squares keep their digits.
    let center = ascending[n / 2];
    let sums = |values: &[f64]| {
        values.iter().fold((0.0, 0.0), |(sum, squares), value| {
            let moved = value - center;
            (sum + moved, moved.mul_add(moved, squares))
        })
    };
    let (total, _) = sums(ascending);
    let (mut below, mut best, mut n_low) = (0.0, f64::NEG_INFINITY, 0);
    for (at, pair) in ascending.windows(2).enumerate() {
        below += pair[0] - center;
        let (low, high) = (at as f64 + 1.0, (n - at - 1) as f64);
        if low < MIN_GROUP as f64 || high < MIN_GROUP as f64 || pair[0] >= pair[1] {
            continue;
        }
        let between = below * below / low + (total - below).powi(2) / high;
        if between > best {
            (best, n_low) = (between, at + 1);
        }
    }
    if n_low == 0 {
        return None;
    }
    let moments = |values: &[f64]| {
        let (sum, squares) = sums(values);
        let n = values.len() as f64;
        let variance = (squares - sum * sum / n) / (n - 1.0);
        (center + sum / n, variance.max(0.0).sqrt())
    };
    let (low, high) = ascending.split_at(n_low);
    let ((low_mean, low_deviation), (high_mean, high_deviation)) = (moments(low), moments(high));
    let found = Groups {
        n_low,
        means: (low_mean, high_mean),
        medians: (quantile_sorted(low, 0.5)?, quantile_sorted(high, 0.5)?),
        deviations: (low_deviation, high_deviation),
    };
    let is_varied = |values: &[f64]| {
        values.windows(2).filter(|pair| pair[0] < pair[1]).count() + 1 >= MIN_DIFFERENT
    };
    let is_apart = found.separation() >= MIN_SEPARATION && found.has_valley(ascending);
    (is_varied(low) && is_varied(high) && is_apart).then_some(found)
}

impl Groups {
    /// Distance of the means in pooled standard deviations.
    pub fn separation(&self) -> f64 {
        let (a, b) = self.deviations;
        (self.means.1 - self.means.0) / f64::midpoint(a * a, b * b).sqrt()
    }

    fn has_valley(&self, ascending: &[f64]) -> bool {
        let distance = self.means.1 - self.means.0;
        let (low, high) = self.deviations;
        let valley = self.means.0 + distance * low / (low + high);
        let reach = distance / 8.0;
        let count = |center: f64| {
            let from = ascending.partition_point(|value| *value < center - reach);
            let to = ascending.partition_point(|value| *value <= center + reach);
            (to - from) as f64
        };
        let within = count(valley);
        let lesser = count(self.means.0).min(count(self.means.1));
        // With one mode the valley is as likely as the lesser window at least: a fair coin.
        lesser > 0.0 && beta_cdf(0.5, lesser, within + 1.0) <= MAX_VALLEY
    }
}

/// One group as the other in another unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The change of unit that comes nearest.
    pub conversion: Conversion,
    /// Probability that unrelated groups lie as near to a known conversion.
    pub p_value: f64,
    /// Whether the groups have the same shape after conversion.
    pub is_alike: bool,
}

/// The factor that makes the higher group of the lower one, of positive numbers given by their
/// logarithms.
pub fn nearest_factor(ascending_logs: &[f64], found: &Groups) -> Option<Match> {
    let distance = found.medians.1 - found.medians.0;
    let norm = (14.0_f64 / 0.4).ln();
    let p_value = |conversion: &Conversion| {
        let log = conversion.factor.ln();
        2.0 * (distance - log).abs() / (norm * log) / conversion.weight
    };
    let nearest = FACTORS
        .iter()
        .min_by(|a, b| p_value(a).total_cmp(&p_value(b)))?;
    let log = nearest.factor.ln();
    Some(Match {
        conversion: *nearest,
        p_value: p_value(nearest).min(1.0),
        is_alike: is_alike(ascending_logs, found.n_low, |value| value - log),
    })
}

/// The change of temperature scale that makes the higher group of the lower one.
pub fn nearest_temperature(ascending: &[f64], found: &Groups) -> Option<Match> {
    if !CELSIUS.contains(&found.medians.0) {
        return None;
    }
    // The distance of unrelated groups: from 1 to 300 times any unit, density one over the distance.
    let norm = 300.0_f64.ln();
    let converted = |c: &Conversion| c.factor.mul_add(found.medians.0, c.offset);
    let p_value = |conversion: &Conversion| {
        let expected = converted(conversion);
        let distance = (expected - found.medians.0).abs().max(f64::MIN_POSITIVE);
        2.0 * (found.medians.1 - expected).abs() / (norm * distance) / conversion.weight
    };
    let nearest = TEMPERATURES
        .iter()
        .filter(|conversion| converted(conversion) > found.medians.0)
        .min_by(|a, b| p_value(a).total_cmp(&p_value(b)))?;
    Some(Match {
        conversion: *nearest,
        p_value: p_value(nearest).min(1.0),
        is_alike: is_alike(ascending, found.n_low, |value| {
            (value - nearest.offset) / nearest.factor
        }),
    })
}

fn is_alike(ascending: &[f64], n_low: usize, back: impl Fn(f64) -> f64) -> bool {
    // Equal values must stay equal after conversion, whatever its rounding.
    let rounded = |value: f64| (value * 1e8).round();
    let (low, high) = ascending.split_at(n_low);
    let low: Vec<f64> = low.iter().map(|value| rounded(*value)).collect();
    let high: Vec<f64> = high.iter().map(|value| rounded(back(*value))).collect();
    // Critical value of the test at 1 %: 1.628 √(1/n + 1/m).
    let chance = 1.628 * (1.0 / low.len() as f64 + 1.0 / high.len() as f64).sqrt();
    kolmogorov_smirnov(&low, &high, PValueMethod::Asymptotic)
        .is_ok_and(|test| test.statistic <= MAX_SHAPE + chance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::order::sorted;
    use interlock_stats::rng::Rng;

    fn mixture(sizes: (usize, usize), at: (f64, f64), deviation: f64) -> Vec<f64> {
        let mut rng = Rng::new(4);
        let mut draw = |n: usize, mean: f64| -> Vec<f64> {
            (0..n).map(|_| mean + deviation * rng.normal()).collect()
        };
        let low = draw(sizes.0, at.0);
        sorted(&[low, draw(sizes.1, at.1)].concat())
    }

    #[test]
    fn two_groups_are_split_where_all_ways_to_split_say() {
        let values = mixture((70, 40), (0.0, 6.0), 1.0);
        let found = groups(&values).unwrap();
        let squares = |part: &[f64]| {
            let mean = part.iter().sum::<f64>() / part.len() as f64;
            part.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
        };
        let best = (20..=90)
            .min_by(|a, b| {
                let cost = |at: usize| squares(&values[..at]) + squares(&values[at..]);
                cost(*a).total_cmp(&cost(*b))
            })
            .unwrap();
        assert_eq!(found.n_low, best);
        let mean = values[..best].iter().sum::<f64>() / best as f64;
        assert!((found.means.0 - mean).abs() < 1e-12);
        let deviation = (squares(&values[best..]) / (values.len() - best - 1) as f64).sqrt();
        assert!((found.deviations.1 - deviation).abs() < 1e-12);
    }

    #[test]
    fn one_group_few_values_and_codes_are_no_two_groups() {
        assert_eq!(groups(&mixture((300, 300), (0.0, 0.0), 1.0)), None);
        assert_eq!(groups(&mixture((300, 19), (0.0, 20.0), 1.0)), None);
        let uniform: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(groups(&uniform), None);
        let codes: Vec<f64> = (0..1000).map(|row| f64::from(row / 500)).collect();
        assert_eq!(groups(&codes), None);
        assert_eq!(groups(&[]), None);
        assert_eq!(groups(&vec![1.0; 1000]), None);
    }

    #[test]
    fn factors_and_their_p_values() {
        let logs = mixture((500, 100), (1.0, 1.0 + 1000.0_f64.ln()), 0.3);
        let found = groups(&logs).unwrap();
        let own = nearest_factor(&logs, &found).unwrap();
        assert!((own.conversion.factor - 1000.0).abs() < 1e-9 && own.is_alike);
        // By hand: 2 |Δ − ln 1000| / (ln 35 · ln 1000) / 0.15.
        let off = (found.medians.1 - found.medians.0 - 6.907_755_278_982_137).abs();
        let expected = 2.0 * off / (3.555_348_061_489_413_6 * 6.907_755_278_982_137) / 0.15;
        assert!((own.p_value - expected).abs() < 1e-12);
        let logs = mixture((500, 100), (1.0, 1.0 + 400.0_f64.ln()), 0.3);
        let other = nearest_factor(&logs, &groups(&logs).unwrap()).unwrap();
        assert!(other.p_value > 0.2, "{other:?}");
        let total: f64 = FACTORS.iter().map(|factor| factor.weight).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_value_most_rows_have_stays_one_after_conversion() {
        // Hours, half of them 40, some in minutes.
        let hours = (0..1000_u32).map(|row| {
            let hours = if row % 2 == 0 { 40 } else { 20 + row % 41 };
            f64::from(hours) * if row % 7 == 0 { 60.0 } else { 1.0 }
        });
        let logs = sorted(&hours.map(f64::ln).collect::<Vec<f64>>());
        let own = nearest_factor(&logs, &groups(&logs).unwrap()).unwrap();
        assert!((own.conversion.factor - 60.0).abs() < 1e-9);
        assert!(own.is_alike && own.p_value < 1e-9, "{own:?}");
    }

    #[test]
    fn temperatures_are_told_apart() {
        let mut rng = Rng::new(6);
        let celsius: Vec<f64> = (0..400).map(|_| 37.0 + 0.7 * rng.normal()).collect();
        let convert = |factor: f64, offset: f64| {
            let all = celsius.iter().enumerate().map(|(row, value)| {
                if row % 5 == 0 {
                    factor * value + offset
                } else {
                    *value
                }
            });
            sorted(&all.collect::<Vec<f64>>())
        };
        for (factor, offset) in [(1.8, 32.0), (1.0, 273.15)] {
            let values = convert(factor, offset);
            let found = groups(&values).unwrap();
            let own = nearest_temperature(&values, &found).unwrap();
            assert!((own.conversion.offset - offset).abs() < 1e-12);
            assert!(own.p_value < 0.05 && own.is_alike, "{own:?}");
        }
        let values = convert(1.0, 150.0);
        let own = nearest_temperature(&values, &groups(&values).unwrap()).unwrap();
        assert!(own.p_value > 0.05, "{own:?}");
    }
}
