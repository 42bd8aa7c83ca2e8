//! Rows that agree in all columns but one or two.
//!
//! In: columns as codes. Out: pairs of rows, with the columns they differ in, if that many equal
//! values are no coincidence.
//!
//! No pair is compared but those whose hash without the columns left out is equal: a row's hash is a
//! sum, from which a column's part is taken away. The cost is rows times the ways to leave columns
//! out. What is found is exact; a pair is missed only if two of 2⁶⁴ hashes collide.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::MISSING;

/// Two rows that almost agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The earlier row.
    pub first: usize,
    /// The later row.
    pub second: usize,
    /// Positions of the columns they differ in, ascending.
    pub differing: Vec<usize>,
    /// What the equal values are worth: `−log2` of their shares among the other rows, summed over the
    /// columns.
    pub bits: f64,
}

fn mixed(column: usize, code: u32) -> u64 {
    let value = ((column as u64) << 32 | u64::from(code)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What each code of a column is worth in bits; the last is what a missing cell is worth.
fn worth(codes: &[u32]) -> Vec<f64> {
    let known = || codes.iter().filter(|code| **code != MISSING);
    let n_codes = known().max().map_or(0, |code| *code as usize + 1);
    let mut counts = vec![0_u64; n_codes + 1];
    for code in codes {
        counts[(*code as usize).min(n_codes)] += 1;
    }
    let n = codes.len() as f64;
    // Without one of the two rows that share the value.
    let bits = |count: u64| (n / (count.saturating_sub(1).max(1)) as f64).log2();
    counts.into_iter().map(bits).collect()
}

fn worth_of(worth: &[f64], code: u32) -> f64 {
    worth[(code as usize).min(worth.len() - 1)]
}

/// Ways to leave out up to two of `n` columns: what the caller bounds.
pub fn n_ways(n: usize, max_differing: usize) -> usize {
    match max_differing {
        0 => 0,
        1 => n,
        _ => n + n * n.saturating_sub(1) / 2,
    }
}

/// Pairs of these rows, ascending and no two of them equal, that differ in one to `max_differing` (at
/// most 2) columns and whose equal values are worth at least `min_bits`. Every row is paired with the
/// first of those it agrees with for the columns left out. The most telling pair comes first.
pub fn almost_equal(
    columns: &[&[u32]],
    rows: &[usize],
    max_differing: usize,
    min_bits: f64,
) -> Vec<Pair> {
    let worths: Vec<Vec<f64>> = columns.iter().map(|codes| worth(codes)).collect();
    let mut sums: Vec<(u64, f64)> = vec![(0, 0.0); rows.len()];
    for (column, (codes, worth)) in columns.iter().zip(&worths).enumerate() {
        for ((hash, bits), row) in sums.iter_mut().zip(rows) {
            *hash = hash.wrapping_add(mixed(column, codes[*row]));
            *bits += worth_of(worth, codes[*row]);
        }
    }
    let mut seen = Seen::new(rows.len());
    let mut pairs = Vec::new();
    for left_out in ways(columns.len(), max_differing) {
        let without = |at: usize| {
            let (mut hash, mut bits) = sums[at];
            for &column in &left_out {
                let code = columns[column][rows[at]];
                hash = hash.wrapping_sub(mixed(column, code));
                bits -= worth_of(&worths[column], code);
            }
            // Rounding must not decide.
            (bits + 1e-9 >= min_bits).then_some((hash, bits))
        };
        seen.clear();
        (0..rows.len())
            .filter_map(without)
            .for_each(|(hash, _)| seen.add(hash));
        let mut firsts: HashMap<u64, usize, FixedState> = HashMap::default();
        for at in 0..rows.len() {
            let Some((hash, bits)) = without(at).filter(|(hash, _)| seen.is_twice(*hash)) else {
                continue;
            };
            let first = *firsts.entry(hash).or_insert(at);
            if first == at {
                continue;
            }
            let (first, second) = (rows[first], rows[at]);
            let differing: Vec<usize> = (0..columns.len())
                .filter(|column| columns[*column][first] != columns[*column][second])
                .collect();
            if differing == left_out {
                pairs.push(Pair {
                    first,
                    second,
                    differing,
                    bits,
                });
            }
        }
    }
    pairs.sort_by(|a, b| {
        let by_bits = b.bits.total_cmp(&a.bits);
        by_bits.then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    pairs
}

fn ways(n: usize, max_differing: usize) -> Vec<Vec<usize>> {
    let mut ways: Vec<Vec<usize>> = Vec::with_capacity(n_ways(n, max_differing));
    if max_differing >= 1 {
        ways.extend((0..n).map(|column| vec![column]));
    }
    if max_differing >= 2 {
        ways.extend((0..n).flat_map(|a| (a + 1..n).map(move |b| vec![a, b])));
    }
    ways
}

/// Which hashes were seen once, and which twice; some others seem to have been. It keeps nearly all
/// rows out of the slower table.
struct Seen {
    once: Vec<u64>,
    twice: Vec<u64>,
}

impl Seen {
    fn new(n_rows: usize) -> Self {
        let n_words = (n_rows / 8).next_power_of_two();
        Self {
            once: vec![0; n_words],
            twice: vec![0; n_words],
        }
    }

    fn clear(&mut self) {
        self.once.fill(0);
        self.twice.fill(0);
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let n_words = self.once.len() as u64;
        let word = usize::try_from((hash >> 6) % n_words).unwrap_or(0);
        (word, 1 << (hash & 63))
    }

    fn add(&mut self, hash: u64) {
        let (word, bit) = self.place(hash);
        self.twice[word] |= self.once[word] & bit;
        self.once[word] |= bit;
    }

    fn is_twice(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.twice[word] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn pairs_are_those_of_all_pairs() {
        let mut rng = Rng::new(9);
        let columns: Vec<Vec<u32>> = (0..6)
            .map(|_| {
                let code = |_| match u32::try_from(rng.below(5)) {
                    Ok(0) | Err(_) => MISSING,
                    Ok(code) => code,
                };
                (0..80).map(code).collect()
            })
            .collect();
        let slices: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let differing = |a: usize, b: usize| -> Vec<usize> {
            (0..6)
                .filter(|c| columns[*c][a] != columns[*c][b])
                .collect()
        };
        let rows: Vec<usize> = (0..80)
            .filter(|row| (0..*row).all(|other| !differing(other, *row).is_empty()))
            .collect();
        for max in 0..=2 {
            let found = almost_equal(&slices, &rows, max, 0.0);
            // Each row with the first of those it agrees with, for every set of columns.
            let mut expected = Vec::new();
            for (at, &second) in rows.iter().enumerate() {
                let mut used: Vec<Vec<usize>> = Vec::new();
                for &first in &rows[..at] {
                    let own = differing(first, second);
                    // Of those that agree in the rest, the first one is the partner.
                    let rest_agrees = |other: &usize| {
                        let theirs = differing(*other, second);
                        theirs.iter().all(|column| own.contains(column))
                    };
                    let partner = rows[..at].iter().copied().find(|other| rest_agrees(other));
                    if (1..=max).contains(&own.len())
                        && !used.contains(&own)
                        && partner == Some(first)
                    {
                        expected.push((first, second, own.clone()));
                    }
                    used.push(own);
                }
            }
            let mut actual: Vec<(usize, usize, Vec<usize>)> = found
                .iter()
                .map(|pair| (pair.first, pair.second, pair.differing.clone()))
                .collect();
            actual.sort();
            expected.sort();
            assert_eq!(actual, expected, "{max}");
            assert!(max == 0 || !actual.is_empty());
        }
        assert!(almost_equal(&slices, &rows, 2, 40.0).is_empty());
        assert!(almost_equal(&[], &[], 2, 0.0).is_empty());
    }

    #[test]
    fn bits_are_those_of_the_shares() {
        let half: Vec<u32> = (0..8).map(|row| row % 2).collect();
        let eighth: Vec<u32> = vec![0, 1, 2, 3, 4, 5, 0, 6];
        let third: Vec<u32> = (0..8).collect();
        let pairs = almost_equal(&[&half, &eighth, &third], &[0, 6], 1, 0.0);
        assert_eq!(pairs.len(), 1);
        // The values stand in 4 and 2 of 8 rows: log2(8 / 3) and log2(8 / 1).
        let expected = (8.0_f64 / 3.0).log2() + 3.0;
        assert!((pairs[0].bits - expected).abs() < 1e-12 && pairs[0].differing == [2]);
    }
}
