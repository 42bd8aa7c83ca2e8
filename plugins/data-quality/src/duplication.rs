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

/// Rows of one table by hash.
struct Index<'c> {
    rows: Rows<'c>,
    /// For each place a row and the high half of its hash, or [`EMPTY`]; a power of two of them, more
    /// than twice the rows. A row stands at the first free place from its hash's low half on.
    places: Vec<u64>,
}

/// A place without a row: no row has the highest number.
const EMPTY: u64 = u64::MAX;

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
        (fits && n_rows < u32::MAX as usize).then_some(Self { n_rows, columns })
    }

    /// A hash per row, two columns at a time.
    fn hashes(self) -> Vec<u64> {
        let mut hashes = vec![0x9e37_79b9_7f4a_7c15_u64; self.n_rows];
        for pair in self.columns.chunks(2) {
            let first = hashes.iter_mut().zip(pair[0]);
            match pair.get(1) {
                Some(second) => {
                    for ((hash, a), b) in first.zip(*second) {
                        *hash = mixed(*hash ^ (u64::from(*a) | u64::from(*b) << 32));
                    }
                }
                None => first.for_each(|(hash, a)| *hash = mixed(*hash ^ u64::from(*a))),
            }
        }
        hashes
    }

    fn equal(self, row: usize, other: Self, other_row: usize) -> bool {
        let mut pairs = self.columns.iter().zip(other.columns);
        pairs.all(|(column, other)| column[row] == other[other_row])
    }
}

/// Both halves of a product, so that every bit reaches every other.
fn mixed(value: u64) -> u64 {
    let product = u128::from(value.wrapping_add(0x9e37_79b9_7f4a_7c15)) * 0xbf58_476d_1ce4_e5b9;
    let [low, high] = [product, product >> 64].map(|half| half & u128::from(u64::MAX));
    u64::try_from(low ^ high).unwrap_or(0)
}

/// The low 32 bits.
fn low_half(value: u64) -> usize {
    usize::try_from(value & 0xffff_ffff).unwrap_or(0)
}

impl<'c> Index<'c> {
    fn new(rows: Rows<'c>) -> Self {
        let n_places = (2 * rows.n_rows + 1).next_power_of_two();
        Self {
            rows,
            places: vec![EMPTY; n_places],
        }
    }

    /// The first indexed row equal to this one, or the place where it belongs.
    fn find(&self, hash: u64, rows: Rows<'_>, row: usize) -> Result<usize, usize> {
        let mask = self.places.len() - 1;
        let mut at = low_half(hash) & mask;
        loop {
            let place = self.places[at];
            if place == EMPTY {
                return Err(at);
            }
            let other = low_half(place);
            if place >> 32 == hash >> 32 && self.rows.equal(other, rows, row) {
                return Ok(other);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, at: usize, hash: u64, row: u32) {
        self.places[at] = (hash >> 32 << 32) | u64::from(row);
    }
}

/// Rows of a table, ready to be found.
pub struct Indexed<'c> {
    index: Index<'c>,
    /// For each row the first row equal to it: itself if it is the first.
    pub firsts: Vec<usize>,
}

impl<'c> Indexed<'c> {
    /// Indexes all rows.
    pub fn new(rows: Rows<'c>) -> Self {
        let mut index = Index::new(rows);
        let mut firsts = Vec::with_capacity(rows.n_rows);
        for (row, hash) in (0_u32..).zip(rows.hashes()) {
            let first = index.find(hash, rows, row as usize);
            if let Err(at) = first {
                index.insert(at, hash, row);
            }
            firsts.push(first.unwrap_or(row as usize));
        }
        Self { index, firsts }
    }

    /// For each of these rows the first indexed one equal to it, codes being shared.
    pub fn find_all(&self, rows: Rows<'_>) -> Vec<Option<usize>> {
        if self.index.rows.columns.len() != rows.columns.len() {
            return vec![None; rows.n_rows];
        }
        let hashes = rows.hashes().into_iter().enumerate();
        hashes
            .map(|(row, hash)| self.index.find(hash, rows, row).ok())
            .collect()
    }
}

/// For each row the first row equal to it: itself if it is the first.
///
/// `first[row] != row` is `pandas.DataFrame.duplicated(keep="first")`.
pub fn first_equal(rows: Rows<'_>) -> Vec<usize> {
    Indexed::new(rows).firsts
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
    let mut n_equal = vec![0_u32; firsts.len()];
    for &first in firsts {
        n_equal[first] += 1;
    }
    let mut counts: HashMap<(usize, u32), usize, FixedState> = HashMap::default();
    // Per group: number of classes, rows, rows of the largest class.
    let mut groups = vec![(0_usize, 0_usize, 0_usize); firsts.len()];
    for (&first, class) in firsts.iter().zip(classes) {
        match class {
            // Most rows stand alone, and need no counting.
            Some(_) if n_equal[first] == 1 => groups[first] = (1, 1, 1),
            Some(class) => *counts.entry((first, *class)).or_default() += 1,
            None => {}
        }
    }
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
        for row in [0, 1] {
            let at = index.find(7, rows, row as usize).unwrap_err();
            index.insert(at, 7, row);
        }
        assert_eq!(index.find(7, rows, 2), Ok(0));
        assert_eq!(index.find(7, rows, 1), Ok(1));
        assert!(index.find(8, rows, 2).is_err() && index.find(7 | 1 << 32, rows, 2).is_err());
    }

    #[test]
    fn columns_of_another_length_are_refused() {
        let column = [1_u32, 2];
        assert!(Rows::new(3, &[&column[..]]).is_none());
    }
}
