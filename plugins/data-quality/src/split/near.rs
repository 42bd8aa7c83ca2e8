//! Rows that are nearly the same, across two tables.
//!
//! In: columns of both tables as codes. Out: for each row of the second table a row of the first that
//! equals it in all columns but few, if that many equal values are no coincidence.
//!
//! No pair of rows is compared but those whose hash without some columns is equal: the cost is rows
//! times the number of ways to leave columns out. How telling a match is, is counted in bits: a value
//! that stands in one of 1024 rows is worth ten. Rare values shared by both rows weigh more.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use interlock_plugin_api::MISSING;

/// One column of both tables, codes shared.
pub struct Pair {
    /// The first table's.
    pub train: Vec<u32>,
    /// The second table's.
    pub other: Vec<u32>,
}

/// A row of the first table that is nearly the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Row of the second table.
    pub row: usize,
    /// Row of the first.
    pub twin: usize,
    /// Columns in which they differ.
    pub differing: Vec<usize>,
    /// How telling the equal columns are.
    pub bits: f64,
}

/// Codes of one table with what each is worth.
struct Weighed<'c> {
    codes: Vec<&'c [u32]>,
    hashes: Vec<u64>,
    bits: Vec<f64>,
}

fn mixed(column: usize, code: u32) -> u64 {
    let value = ((column as u64) << 32 | u64::from(code)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What each code is worth: minus the logarithm to base 2 of its share in both tables.
fn worth(pair: &Pair) -> (Vec<f64>, f64) {
    let mut counts: Vec<u64> = Vec::new();
    let mut n_missing = 0_u64;
    for &code in pair.train.iter().chain(&pair.other) {
        if code == MISSING {
            n_missing += 1;
            continue;
        }
        let at = code as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] += 1;
    }
    let n = (pair.train.len() + pair.other.len()) as f64;
    let bits = |count: u64| {
        if count == 0 {
            0.0
        } else {
            (n / count as f64).log2()
        }
    };
    (counts.into_iter().map(bits).collect(), bits(n_missing))
}

impl<'c> Weighed<'c> {
    fn new(codes: Vec<&'c [u32]>, worth: &[(Vec<f64>, f64)], n_rows: usize) -> Self {
        let (mut hashes, mut bits) = (vec![0_u64; n_rows], vec![0.0; n_rows]);
        for (column, (codes, worth)) in codes.iter().zip(worth).enumerate() {
            for ((hash, sum), code) in hashes.iter_mut().zip(&mut bits).zip(*codes) {
                *hash = hash.wrapping_add(mixed(column, *code));
                *sum += value_of(worth, *code);
            }
        }
        Self {
            codes,
            hashes,
            bits,
        }
    }

    /// Hash and bits of a row without these columns.
    fn without(&self, row: usize, left_out: &[usize], worth: &[(Vec<f64>, f64)]) -> (u64, f64) {
        let (mut hash, mut bits) = (self.hashes[row], self.bits[row]);
        for &column in left_out {
            let code = self.codes[column][row];
            hash = hash.wrapping_sub(mixed(column, code));
            bits -= value_of(&worth[column], code);
        }
        (hash, bits)
    }
}

fn value_of(worth: &(Vec<f64>, f64), code: u32) -> f64 {
    worth.0.get(code as usize).copied().unwrap_or(worth.1)
}

/// Ways to leave out none, one, … up to `max_differing` (at most 2) of `n` columns.
fn ways(n: usize, max_differing: usize) -> Vec<Vec<usize>> {
    let mut ways = vec![Vec::new()];
    if max_differing >= 1 {
        ways.extend((0..n).map(|column| vec![column]));
    }
    if max_differing >= 2 {
        ways.extend((0..n).flat_map(|a| (a + 1..n).map(move |b| vec![a, b])));
    }
    ways
}

/// Cells looked at for so many rows and columns: what the caller bounds.
pub fn cost(n_rows: usize, n_columns: usize, max_differing: usize) -> usize {
    let ways = match max_differing {
        0 => 1,
        1 => 1 + n_columns,
        _ => 1 + n_columns + n_columns * n_columns.saturating_sub(1) / 2,
    };
    n_rows.saturating_mul(ways)
}

/// For rows of the second table the nearest row of the first: the fewest columns differ, and of those
/// the first row. Only matches worth at least `min_bits` count.
pub fn near(columns: &[Pair], max_differing: usize, min_bits: f64) -> Vec<Match> {
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    let (n_train, n_other) = (first.train.len(), first.other.len());
    let worth: Vec<(Vec<f64>, f64)> = columns.iter().map(worth).collect();
    let train = Weighed::new(
        columns.iter().map(|pair| &pair.train[..]).collect(),
        &worth,
        n_train,
    );
    let other = Weighed::new(
        columns.iter().map(|pair| &pair.other[..]).collect(),
        &worth,
        n_other,
    );
    let mut found: Vec<Option<Match>> = vec![None; n_other];
    let mut heads: HashMap<u64, u32, FixedState> = HashMap::default();
    for left_out in ways(columns.len(), max_differing.min(2)) {
        heads.clear();
        // The smaller side is looked up in: only rows that tell enough, and are not matched yet.
        for (row, _) in found
            .iter()
            .enumerate()
            .filter(|(_, found)| found.is_none())
        {
            let (hash, bits) = other.without(row, &left_out, &worth);
            if bits >= min_bits {
                heads.insert(hash, u32::MAX);
            }
        }
        if heads.is_empty() {
            continue;
        }
        for row in (0..n_train).rev() {
            let (hash, bits) = train.without(row, &left_out, &worth);
            if bits + 1e-6 >= min_bits
                && let Some(head) = heads.get_mut(&hash)
            {
                *head = u32::try_from(row).unwrap_or(u32::MAX);
            }
        }
        for (row, slot) in found
            .iter_mut()
            .enumerate()
            .filter(|(_, found)| found.is_none())
        {
            let (hash, bits) = other.without(row, &left_out, &worth);
            let twin = heads
                .get(&hash)
                .copied()
                .filter(|twin| *twin != u32::MAX && bits >= min_bits);
            let Some(twin) = twin.map(|twin| twin as usize) else {
                continue;
            };
            let is_equal =
                |column: &usize| columns[*column].train[twin] == columns[*column].other[row];
            let differing: Vec<usize> = (0..columns.len())
                .filter(|column| !is_equal(column))
                .collect();
            if differing.len() <= left_out.len() {
                *slot = Some(Match {
                    row,
                    twin,
                    differing,
                    bits,
                });
            }
        }
    }
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    fn random(seed: u64, n: usize) -> Vec<Pair> {
        let mut rng = Rng::new(seed);
        (0..5)
            .map(|_| {
                let mut draw = |n: usize| {
                    (0..n)
                        .map(|_| u32::try_from(rng.below(4)).unwrap())
                        .collect()
                };
                Pair {
                    train: draw(n),
                    other: draw(n / 2),
                }
            })
            .collect()
    }

    #[test]
    fn matches_are_those_of_all_pairs() {
        for (seed, max) in [(1, 0), (2, 1), (3, 2)] {
            let columns = random(seed, 60);
            let found = near(&columns, max, 0.0);
            for row in 0..30 {
                let distance = |twin: usize| {
                    columns
                        .iter()
                        .filter(|pair| pair.train[twin] != pair.other[row])
                        .count()
                };
                let least = (0..60).map(distance).min().unwrap();
                let own = found.iter().find(|found| found.row == row);
                assert_eq!(own.is_some(), least <= max, "row {row}");
                if let Some(own) = own {
                    assert_eq!((own.differing.len(), distance(own.twin)), (least, least));
                }
            }
        }
    }

    #[test]
    fn common_values_are_no_match() {
        let columns = random(4, 200);
        // Five columns of four values are worth about ten bits.
        assert!(near(&columns, 0, 14.0).is_empty());
        assert!(!near(&columns, 0, 5.0).is_empty());
        assert!(near(&[], 1, 0.0).is_empty());
    }
}
