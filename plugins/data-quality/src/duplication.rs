//! Rows that repeat.
//!
//! In: columns as codes. Out: for each row the first one equal to it.
//!
//! Rows are found by a hash and compared cell by cell, so a collision never joins unequal rows.
//! Time is linear in the number of cells. A missing cell equals a missing cell, as in pandas.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// Rows as columns of codes.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'c> {
    n_rows: usize,
    columns: &'c [&'c [u32]],
}

/// No further row with this hash.
const NONE: u32 = u32::MAX;

/// Rows of one table by hash.
struct Index<'c> {
    rows: Rows<'c>,
    heads: HashMap<u64, u32, FixedState>,
    /// For a row in the index, another one with its hash that differs from it.
    next: Vec<u32>,
}

/// What disagreeing rows cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Rows that equal another row of a different class, ascending.
    pub rows: Vec<usize>,
    /// Rows that any rule must get wrong: all but the most frequent class of each group.
    pub n_unavoidable: usize,
    /// Rows with a class.
    pub n_rows: usize,
}

impl<'c> Rows<'c> {
    /// Rows of these columns; columns of another length than `n_rows` are no columns of them.
    pub fn new(n_rows: usize, columns: &'c [&'c [u32]]) -> Option<Self> {
        let fits = columns.iter().all(|column| column.len() == n_rows);
        (fits && u32::try_from(n_rows).is_ok()).then_some(Self { n_rows, columns })
    }

    /// A hash per row, column by column.
    fn hashes(self) -> Vec<u64> {
        let mut hashes = vec![0x9e37_79b9_7f4a_7c15_u64; self.n_rows];
        for column in self.columns {
            for (hash, code) in hashes.iter_mut().zip(*column) {
                *hash = mixed(*hash ^ u64::from(*code));
            }
        }
        hashes
    }

    fn equal(self, row: usize, other: Self, other_row: usize) -> bool {
        let mut pairs = self.columns.iter().zip(other.columns);
        pairs.all(|(column, other)| column[row] == other[other_row])
    }
}

/// One round of `SplitMix64`.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl<'c> Index<'c> {
    fn new(rows: Rows<'c>) -> Self {
        Self {
            rows,
            heads: HashMap::with_capacity_and_hasher(rows.n_rows, FixedState::default()),
            next: vec![NONE; rows.n_rows],
        }
    }

    /// The first indexed row equal to this one.
    fn find(&self, hash: u64, rows: Rows<'_>, row: usize) -> Option<usize> {
        let mut at = self.heads.get(&hash).copied().unwrap_or(NONE);
        while at != NONE {
            if self.rows.equal(at as usize, rows, row) {
                return Some(at as usize);
            }
            at = self.next[at as usize];
        }
        None
    }

    fn insert(&mut self, hash: u64, row: u32) {
        if let Some(head) = self.heads.insert(hash, row) {
            self.next[row as usize] = head;
        }
    }

    fn with_all(rows: Rows<'c>) -> (Self, Vec<usize>) {
        let mut index = Self::new(rows);
        let mut firsts = Vec::with_capacity(rows.n_rows);
        for (row, hash) in (0_u32..).zip(rows.hashes()) {
            let first = index.find(hash, rows, row as usize);
            if first.is_none() {
                index.insert(hash, row);
            }
            firsts.push(first.unwrap_or(row as usize));
        }
        (index, firsts)
    }
}

/// For each row the first row equal to it: itself if it is the first.
///
/// `first[row] != row` is `pandas.DataFrame.duplicated(keep="first")`.
pub fn first_equal(rows: Rows<'_>) -> Vec<usize> {
    Index::with_all(rows).1
}

/// For each row of `other` the first row of `reference` equal to it, codes being shared.
pub fn found_in(reference: Rows<'_>, other: Rows<'_>) -> Vec<Option<usize>> {
    if reference.columns.len() != other.columns.len() {
        return vec![None; other.n_rows];
    }
    let index = Index::with_all(reference).0;
    let hashes = other.hashes();
    (0..other.n_rows)
        .map(|row| index.find(hashes[row], other, row))
        .collect()
}

/// Rows that stand more than once, ascending: `pandas.DataFrame.duplicated(keep=False)`.
pub fn repeated(firsts: &[usize]) -> Vec<usize> {
    let mut has_copy = vec![false; firsts.len()];
    for (row, &first) in firsts.iter().enumerate() {
        if first != row {
            has_copy[row] = true;
            has_copy[first] = true;
        }
    }
    (0..firsts.len()).filter(|&row| has_copy[row]).collect()
}

/// Groups of equal rows with more than one class among them. Rows without class are left out.
pub fn conflicts(firsts: &[usize], classes: &[Option<u32>]) -> Conflicts {
    let mut counts: HashMap<(usize, u32), usize, FixedState> = HashMap::default();
    for (&first, class) in firsts.iter().zip(classes) {
        if let Some(class) = class {
            *counts.entry((first, *class)).or_default() += 1;
        }
    }
    // Per group: number of classes, rows, rows of the largest class.
    let mut groups = vec![(0_usize, 0_usize, 0_usize); firsts.len()];
    #[expect(
        clippy::iter_over_hash_type,
        reason = "sums and maxima do not depend on the order"
    )]
    for (&(first, _), &n) in &counts {
        let group = &mut groups[first];
        *group = (group.0 + 1, group.1 + n, group.2.max(n));
    }
    let in_conflict = |row: usize| groups[firsts[row]].0 > 1 && classes[row].is_some();
    Conflicts {
        rows: (0..firsts.len().min(classes.len()))
            .filter(|&row| in_conflict(row))
            .collect(),
        n_unavoidable: groups.iter().map(|(_, n, largest)| n - largest).sum(),
        n_rows: groups.iter().map(|(_, n, _)| n).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collision_does_not_join_rows() {
        let column = [5_u32, 6, 5];
        let columns = [&column[..]];
        let rows = Rows::new(3, &columns).unwrap();
        let mut index = Index::new(rows);
        // Both under one hash, as if they collided.
        index.insert(7, 0);
        index.insert(7, 1);
        assert_eq!(index.find(7, rows, 2), Some(0));
        assert_eq!(index.find(7, rows, 1), Some(1));
        assert_eq!(index.find(8, rows, 2), None);
    }

    #[test]
    fn columns_of_another_length_are_refused() {
        let column = [1_u32, 2];
        assert!(Rows::new(3, &[&column[..]]).is_none());
    }
}
