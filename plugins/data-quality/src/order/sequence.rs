//! Whether values depend on where they stand: trends, runs, sorted columns.
//!
//! In: values in the order of rows. Out: the size of a dependence and its probability by chance.
//!
//! All tests are of the same hypothesis: that every order of these values was equally likely.

use interlock_plugin_api::MISSING;
use interlock_stats::contingency::chi_square;
use interlock_stats::distribution::{normal_sf, student_sf};
use interlock_stats::order::ranks;

/// Stretches of rows whose shares of categories are compared.
pub const N_STRETCHES: usize = 10;

/// Neighbors other than the most frequent value that chance gives at least, or their number is not
/// tested: below, its distribution is lopsided.
const MIN_MEETINGS: f64 = 5.0;

/// A dependence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// Its size, −1 to 1; 0 without.
    pub size: f64,
    /// Two-sided probability of a size like this by chance.
    pub p_value: f64,
}

/// Spearman's rank correlation of values with their place, as `scipy.stats.spearmanr`, and Bartels'
/// rank test of neighbors: how alike they are, `1 − v/2` with von Neumann's ratio `v` of the ranks,
/// its variance that of all orders of the same ranks.
///
/// `None` with fewer than 10 values, or if all are equal. No value is NaN.
pub fn trend_and_neighbors(values: &[f64]) -> Option<(Dependence, Dependence)> {
    let n = values.len() as f64;
    if values.len() < 10 {
        return None;
    }
    let ranks = ranks(values);
    let middle = f64::midpoint(n, 1.0);
    let squares: f64 = ranks.iter().map(|rank| (rank - middle).powi(2)).sum();
    if squares <= 0.0 {
        return None;
    }
    let places = ranks.iter().enumerate();
    let product: f64 = places
        .map(|(at, rank)| (rank - middle) * (at as f64 + 1.0 - middle))
        .sum();
    let place_squares = n * (n * n - 1.0) / 12.0;
    let rho = (product / (squares * place_squares).sqrt()).clamp(-1.0, 1.0);
    let t = rho.abs() * ((n - 2.0) / (1.0 - rho * rho).max(f64::MIN_POSITIVE)).sqrt();
    let steps: f64 = ranks
        .windows(2)
        .map(|pair| (pair[0] - pair[1]).powi(2))
        .sum();
    let ratio = steps / squares;
    let fourth: f64 = ranks.iter().map(|rank| (rank - middle).powi(4)).sum();
    let kurtosis = n * fourth / (squares * squares);
    // Of all orders of these ranks, ties or not (Young, 1941); without ties it is Bartels' formula.
    let variance = 2.0 * (2.0 * n - 3.0 - kurtosis) / (n * (n - 1.0));
    let z = (ratio - 2.0) / variance.max(f64::MIN_POSITIVE).sqrt();
    let neighbors_p = if is_tellable(largest_tie(ranks), n) {
        (2.0 * normal_sf(z.abs())).min(1.0)
    } else {
        1.0
    };
    Some((
        Dependence {
            size: rho,
            p_value: (2.0 * student_sf(t, n - 2.0)).min(1.0),
        },
        Dependence {
            size: 1.0 - ratio / 2.0,
            p_value: neighbors_p,
        },
    ))
}

/// How often the most frequent value stands.
fn largest_tie(mut ranks: Vec<f64>) -> f64 {
    ranks.sort_unstable_by(f64::total_cmp);
    let ties = ranks.chunk_by(|a, b| a >= b).map(<[f64]>::len);
    ties.max().unwrap_or(0) as f64
}

/// Whether values other than the most frequent one meet often enough by chance for the normal
/// distribution to tell how often they do.
fn is_tellable(n_frequent: f64, n: f64) -> bool {
    let share = 1.0 - n_frequent / n;
    share * share * n >= MIN_MEETINGS
}

/// Whether shares of categories change along the rows, and whether equal ones stand together.
///
/// The first is Cramér's V of categories by [`N_STRETCHES`] equal stretches of rows; rare categories
/// are pooled, the bias of chance is taken off (Bergsma). The second is the runs test for many categories: the share of neighbors that are equal
/// beyond what chance gives. `None` with fewer than 10 values, or of one category. No code is missing.
pub fn shares_and_neighbors(codes: &[u32]) -> Option<(Dependence, Dependence)> {
    let n_codes = codes.iter().max().map_or(0, |code| *code as usize + 1);
    let mut counts = vec![0_u64; n_codes];
    for code in codes {
        counts[*code as usize] += 1;
    }
    let n = codes.len() as f64;
    if codes.len() < 10 || counts.iter().filter(|count| **count > 0).count() < 2 {
        return None;
    }
    let most = counts.iter().copied().max().unwrap_or(0) as f64;
    let runs = 1.0 + codes.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
    let (expected, variance) = runs_moments(&counts);
    let z = (expected - runs) / variance.max(f64::MIN_POSITIVE).sqrt();
    let neighbors = Dependence {
        // Fewer runs than expected, of those that could be spared.
        size: ((expected - runs) / (expected - 1.0)).max(-1.0),
        p_value: if is_tellable(most, n) {
            (2.0 * normal_sf(z.abs())).min(1.0)
        } else {
            1.0
        },
    };
    Some((along(codes, &counts), neighbors))
}

/// Mean and variance of the number of runs over all orders of values that stand so often (Mood, "The
/// distribution theory of runs", 1940).
fn runs_moments(counts: &[u64]) -> (f64, f64) {
    let powers = |exponent: i32| -> f64 { counts.iter().map(|c| (*c as f64).powi(exponent)).sum() };
    let (n, second, third) = (powers(1), powers(2), powers(3));
    let expected = (n * (n + 1.0) - second) / n;
    let variance =
        (second * (second + n * (n + 1.0)) - 2.0 * n * third - n.powi(3)) / (n * n * (n - 1.0));
    (expected, variance)
}

fn along(codes: &[u32], counts: &[u64]) -> Dependence {
    let n = codes.len();
    // Five of each category are expected in each stretch, or it is pooled with the other rare ones.
    let is_rare = |count: u64| count < 5 * N_STRETCHES as u64;
    let mut place = vec![0; counts.len()];
    let mut n_places = 0;
    for (place, count) in place.iter_mut().zip(counts) {
        if !is_rare(*count) {
            *place = n_places;
            n_places += 1;
        }
    }
    let has_rare = counts.iter().any(|count| *count > 0 && is_rare(*count));
    for (place, count) in place.iter_mut().zip(counts) {
        if is_rare(*count) {
            *place = n_places;
        }
    }
    n_places += usize::from(has_rare);
    let mut table = vec![0_u64; N_STRETCHES * n_places];
    for (row, code) in codes.iter().enumerate() {
        table[row * N_STRETCHES / n * n_places + place[*code as usize]] += 1;
    }
    chi_square(&table, n_places)
        .ok()
        .filter(|test| test.is_reliable && n_places > 1)
        .map_or(
            Dependence {
                size: 0.0,
                p_value: 1.0,
            },
            |test| Dependence {
                size: test.cramers_v,
                p_value: test.p_value,
            },
        )
}

/// How a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// No value is less than the one before.
    Ascending,
    /// No value is greater.
    Descending,
    /// Equal categories all stand together.
    Grouped,
}

/// Whether numbers stand in order; NaN is skipped. Nothing of fewer than two different ones.
pub fn sorted_numbers(values: &[f64]) -> Option<Sorted> {
    let mut present = values.iter().filter(|value| !value.is_nan());
    let mut last = *present.next()?;
    let (mut rises, mut falls) = (false, false);
    for &value in present {
        rises |= value > last;
        falls |= value < last;
        if rises && falls {
            return None;
        }
        last = value;
    }
    match (rises, falls) {
        (true, false) => Some(Sorted::Ascending),
        (false, true) => Some(Sorted::Descending),
        _ => None,
    }
}

/// Whether categories stand together; missing ones are skipped. Nothing of one category, or if no
/// category stands more than once: nothing could be apart.
pub fn grouped(codes: &[u32]) -> Option<Sorted> {
    let mut seen: Vec<bool> = Vec::new();
    let (mut last, mut n_groups, mut n_rows) = (MISSING, 0_usize, 0_usize);
    for &code in codes.iter().filter(|code| **code != MISSING) {
        n_rows += 1;
        if code == last {
            continue;
        }
        let at = code as usize;
        if seen.len() <= at {
            seen.resize(at + 1, false);
        }
        if seen[at] {
            return None;
        }
        seen[at] = true;
        n_groups += 1;
        last = code;
    }
    (n_groups > 1 && n_rows >= 2 * n_groups).then_some(Sorted::Grouped)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of some items.
    fn orders<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
        if items.len() < 2 {
            return vec![items.to_vec()];
        }
        (0..items.len())
            .flat_map(|first| {
                let mut rest = items.to_vec();
                let head = rest.remove(first);
                orders(&rest).into_iter().map(move |mut order| {
                    order.insert(0, head);
                    order
                })
            })
            .collect()
    }

    #[test]
    fn mean_and_variance_of_runs_are_those_of_all_orders() {
        let codes = [0_u32, 0, 0, 1, 1, 2, 2, 2];
        let all = orders(&codes);
        let runs =
            |order: &[u32]| 1.0 + order.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
        let n = all.len() as f64;
        let mean = all.iter().map(|order| runs(order)).sum::<f64>() / n;
        let variance = all
            .iter()
            .map(|order| (runs(order) - mean).powi(2))
            .sum::<f64>()
            / n;
        let (expected, formula) = runs_moments(&[3, 2, 3]);
        assert!((expected - mean).abs() < 1e-9 && (formula - variance).abs() < 1e-9);
        assert_eq!(shares_and_neighbors(&codes), None);
        // Twenty of each of two, in two blocks: 2 runs where 21 are expected.
        let blocks: Vec<u32> = (0..40).map(|row| row / 20).collect();
        let (_, neighbors) = shares_and_neighbors(&blocks).unwrap();
        assert!((neighbors.size - 0.95).abs() < 1e-12 && neighbors.p_value < 1e-8);
    }

    #[test]
    fn mean_and_variance_of_neighbors_are_those_of_all_orders() {
        let ranks = [1.5, 1.5, 3.0, 5.0, 5.0, 5.0, 7.0];
        let n = 7.0;
        let mean = ranks.iter().sum::<f64>() / n;
        let power = |k: i32| ranks.iter().map(|r| (r - mean).powi(k)).sum::<f64>();
        let ratio = |order: &Vec<f64>| {
            let steps = order.windows(2).map(|pair| (pair[0] - pair[1]).powi(2));
            steps.sum::<f64>() / power(2)
        };
        let all: Vec<f64> = orders(&ranks).iter().map(ratio).collect();
        let expected = all.iter().sum::<f64>() / all.len() as f64;
        let squares = all.iter().map(|v| (v - expected).powi(2));
        let variance = squares.sum::<f64>() / all.len() as f64;
        let kurtosis = n * power(4) / power(2).powi(2);
        let formula = 2.0 * (2.0 * n - 3.0 - kurtosis) / (n * (n - 1.0));
        assert!((expected - 2.0).abs() < 1e-9 && (variance - formula).abs() < 1e-9);
    }

    #[test]
    fn rare_values_are_not_tested_for_company() {
        // 3 of 100 rows side by side: chance alone would put 0.09 of them together.
        let codes: Vec<u32> = (0..100)
            .map(|row| u32::from((50..53).contains(&row)))
            .collect();
        let (_, neighbors) = shares_and_neighbors(&codes).unwrap();
        assert!(neighbors.p_value >= 1.0);
        let values: Vec<f64> = codes.iter().map(|code| f64::from(*code)).collect();
        let (_, neighbors) = trend_and_neighbors(&values).unwrap();
        assert!(neighbors.p_value >= 1.0);
    }

    #[test]
    fn trends_have_a_sign_and_order_is_seen() {
        let rising: Vec<f64> = (0..50).map(f64::from).collect();
        let (trend, neighbors) = trend_and_neighbors(&rising).unwrap();
        assert!(trend.size > 0.999 && trend.p_value < 1e-12);
        assert!(neighbors.size > 0.99 && neighbors.p_value < 1e-9);
        let alternating: Vec<f64> = (0..50).map(|row| f64::from(row % 2)).collect();
        let (trend, neighbors) = trend_and_neighbors(&alternating).unwrap();
        assert!(trend.p_value > 0.5 && neighbors.size < -0.9);
        assert_eq!(trend_and_neighbors(&[1.0; 50]), None);
        assert_eq!(trend_and_neighbors(&[1.0, 2.0]), None);
    }

    #[test]
    fn shares_along_the_rows() {
        // The first half has a fifth of them, the second four fifths.
        let codes: Vec<u32> = (0..1000)
            .map(|row| u32::from((row * 7 % 10 < 2) == (row < 500)))
            .collect();
        let (along, _) = shares_and_neighbors(&codes).unwrap();
        // Bergsma: √((0.36 − 9/999) / (1 − 1/999)).
        let expected = ((0.36 - 9.0 / 999.0_f64) / (1.0 - 1.0 / 999.0)).sqrt();
        assert!((along.size - expected).abs() < 1e-9, "{along:?}");
        let codes: Vec<u32> = (0..1000).map(|row| u32::from(row % 2 == 0)).collect();
        let (along, neighbors) = shares_and_neighbors(&codes).unwrap();
        assert!(along.size < 1e-9 && neighbors.size < -0.99);
    }

    #[test]
    fn sorted_columns_are_told() {
        assert_eq!(
            sorted_numbers(&[1.0, f64::NAN, 1.0, 3.0]),
            Some(Sorted::Ascending)
        );
        assert_eq!(
            sorted_numbers(&[f64::INFINITY, 2.0, 1.0]),
            Some(Sorted::Descending)
        );
        assert_eq!(sorted_numbers(&[1.0, 2.0, 1.0]), None);
        assert_eq!(sorted_numbers(&[1.0, 1.0]), None);
        assert_eq!(sorted_numbers(&[]), None);
        assert_eq!(grouped(&[4, 4, MISSING, 4, 0, 0]), Some(Sorted::Grouped));
        assert_eq!(grouped(&[1, 1, 0, 1]), None);
        assert_eq!(grouped(&[0, 1, 2]), None);
        assert_eq!(grouped(&[0, 0]), None);
    }
}
