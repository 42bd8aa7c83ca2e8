//! How far each row lies from its nearest neighbors.
//!
//! In: columns of numbers and of codes. Out: a distance per row, and what each column adds to it.
//!
//! Numbers are measured in robust deviations from the median, and beyond [`LINEAR`] of them on a
//! logarithmic scale, so that no tail however heavy drowns the other columns. Two different categories
//! of shares `p` and `q` are `√(−ln p − ln q)` apart: the rarer, the farther. What is missing lies at
//! the median, or is the most frequent category: it makes no row odd.
//!
//! Numbers that go together are decorrelated first (Mahalanobis' distance): a row that breaks a
//! correlation lies far, one that is large in all of them does not.

use interlock_plugin_api::MISSING;
use interlock_stats::rng::Rng;

use crate::rows::decorrelated::Decorrelation;

/// Robust deviations from the median up to which the scale is linear.
pub const LINEAR: f64 = 3.0;

/// Columns of numbers that are decorrelated: the first so many. The cost grows with their square.
pub const MAX_DECORRELATED: usize = 300;

/// One column, ready to be compared.
#[derive(Debug, Clone)]
pub enum Scaled {
    /// Positions on the scale.
    Numbers(Vec<f32>),
    /// Codes, and the surprise `−ln p` of each.
    Codes(Vec<u32>, Vec<f32>),
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "distances are told to six digits"
)]
fn single(value: f64) -> f32 {
    value as f32
}

impl Scaled {
    /// Numbers with their median and their scale, one robust deviation. `None` if the scale is 0.
    pub fn of_numbers(values: &[f64], median: f64, scale: f64) -> Option<Self> {
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let place = |value: &f64| {
            // Halved, so that the distance of huge numbers of unlike sign does not overflow.
            let z = (value / 2.0 - median / 2.0) / scale * 2.0;
            if z.is_nan() {
                return 0.0;
            }
            let size = z.abs().min(f64::MAX);
            let place = if size <= LINEAR {
                size
            } else {
                LINEAR * (1.0 + (size / LINEAR).ln())
            };
            single(place.copysign(z))
        };
        Some(Self::Numbers(values.iter().map(place).collect()))
    }

    /// Codes below `n_codes`; any other is missing. `None` if all are the same.
    pub fn of_codes(codes: &[u32], n_codes: usize) -> Option<Self> {
        let mut counts = vec![0_u64; n_codes];
        for code in codes.iter().filter(|code| **code != MISSING) {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let total: u64 = counts.iter().sum();
        let most = (0..n_codes).rev().max_by_key(|code| counts[*code])?;
        if counts[most] == total {
            return None;
        }
        let frequent = u32::try_from(most).ok()?;
        let is_known = |code: u32| (code as usize) < n_codes;
        let surprise = |count: &u64| {
            if *count == 0 {
                0.0
            } else {
                single((total as f64 / *count as f64).ln())
            }
        };
        Some(Self::Codes(
            codes
                .iter()
                .map(|code| if is_known(*code) { *code } else { frequent })
                .collect(),
            counts.iter().map(surprise).collect(),
        ))
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(places) => places.len(),
            Self::Codes(codes, _) => codes.len(),
        }
    }

    /// The squared distance of two rows.
    fn squared(&self, a: usize, b: usize) -> f32 {
        match self {
            Self::Numbers(places) => (places[a] - places[b]).powi(2),
            Self::Codes(codes, _) if codes[a] == codes[b] => 0.0,
            Self::Codes(codes, surprise) => {
                surprise[codes[a] as usize] + surprise[codes[b] as usize]
            }
        }
    }
}

/// Reference rows whose distances are summed side by side.
const LANES: usize = 16;

/// The cell of a row: its place, or its code and the surprise of it.
enum Own {
    Number(f32),
    Code(u32, f32),
}

/// The reference rows of a column, side by side, filled up with rows infinitely far.
enum Side {
    Numbers(Vec<[f32; LANES]>),
    Codes(Vec<[u32; LANES]>, Vec<[f32; LANES]>),
}

/// In groups of [`LANES`], the last filled up.
fn grouped<T: Copy>(values: &[T], filling: T) -> Vec<[T; LANES]> {
    values
        .chunks(LANES)
        .map(|part| std::array::from_fn(|at| part.get(at).copied().unwrap_or(filling)))
        .collect()
}

/// Columns with what decorrelates their numbers, and rows drawn from them.
#[derive(Debug, Clone)]
pub struct Space {
    raw: Vec<Scaled>,
    columns: Vec<Scaled>,
    /// Which columns are numbers that are decorrelated.
    numbers: Vec<usize>,
    decorrelation: Decorrelation,
    rows: Vec<usize>,
}

impl Space {
    /// Draws at most `max_rows` reference rows without repeats, all if there are no more, and
    /// decorrelates numbers as they go together in those.
    pub fn of(columns: Vec<Scaled>, max_rows: usize, seed: u64) -> Self {
        let n_rows = columns.iter().map(Scaled::len).min().unwrap_or(0);
        let rows = Rng::new(seed).sample_sorted(n_rows, max_rows);
        let (mut numbers, mut places) = (Vec::new(), Vec::new());
        for (at, column) in columns.iter().enumerate() {
            if let Scaled::Numbers(own) = column
                && numbers.len() < MAX_DECORRELATED
            {
                numbers.push(at);
                places.push(own.as_slice());
            }
        }
        let decorrelation = Decorrelation::of(&places, &rows);
        let mut changed = columns.clone();
        for (at, own) in numbers.iter().zip(decorrelation.apply(&places)) {
            changed[*at] = Scaled::Numbers(own);
        }
        Self {
            raw: columns,
            columns: changed,
            numbers,
            decorrelation,
            rows,
        }
    }

    /// What each column adds to the squared distance of two rows; a column of numbers may take away
    /// from what the others add.
    fn parts(&self, a: usize, b: usize) -> Vec<f64> {
        let mut parts: Vec<f64> = self
            .raw
            .iter()
            .map(|column| f64::from(column.squared(a, b)))
            .collect();
        let differences: Vec<f64> = self
            .numbers
            .iter()
            .map(|at| match &self.raw[*at] {
                Scaled::Numbers(places) => f64::from(places[a]) - f64::from(places[b]),
                Scaled::Codes(..) => 0.0,
            })
            .collect();
        for (at, part) in self
            .numbers
            .iter()
            .zip(self.decorrelation.parts(&differences))
        {
            parts[*at] = part;
        }
        parts
    }
}

/// Rows that others are compared with.
pub struct Reference<'c> {
    space: &'c Space,
    sides: Vec<Side>,
    n_neighbors: usize,
}

impl<'c> Reference<'c> {
    /// The rows drawn. `None` if there are fewer than two rows more than neighbors, or no columns.
    pub fn of(space: &'c Space, n_neighbors: usize) -> Option<Self> {
        if n_neighbors == 0 || space.columns.is_empty() || space.rows.len() < n_neighbors + 2 {
            return None;
        }
        let rows = &space.rows;
        let sides = space
            .columns
            .iter()
            .map(|column| match column {
                Scaled::Numbers(places) => {
                    let places: Vec<f32> = rows.iter().map(|row| places[*row]).collect();
                    Side::Numbers(grouped(&places, f32::INFINITY))
                }
                Scaled::Codes(codes, surprise) => {
                    let codes: Vec<u32> = rows.iter().map(|row| codes[*row]).collect();
                    let known = codes.iter().map(|code| surprise[*code as usize]);
                    let surprise: Vec<f32> = known.collect();
                    Side::Codes(grouped(&codes, MISSING), grouped(&surprise, f32::INFINITY))
                }
            })
            .collect();
        Some(Self {
            space,
            sides,
            n_neighbors,
        })
    }

    /// How many reference rows there are.
    pub fn n_rows(&self) -> usize {
        self.space.rows.len()
    }

    /// The mean distance of each of these rows from its nearest reference rows other than itself.
    pub fn distances(&self, rows: std::ops::Range<usize>) -> Vec<f64> {
        let (mut squares, mut owns) = (self.room(), Vec::new());
        let mut next = self.space.rows.partition_point(|row| *row < rows.start);
        rows.map(|row| {
            self.square_all(row, &mut owns, &mut squares);
            if self.space.rows.get(next) == Some(&row) {
                squares[next] = f32::INFINITY;
                next += 1;
            }
            let mut nearest = [f32::INFINITY; MAX_NEIGHBORS];
            let nearest = &mut nearest[..self.n_neighbors.min(MAX_NEIGHBORS)];
            keep_least(&squares, nearest);
            let sum: f64 = nearest.iter().map(|square| f64::from(*square).sqrt()).sum();
            sum / nearest.len() as f64
        })
        .collect()
    }

    /// Squared distances of a row from all reference rows; infinite beyond the last.
    fn square_all(&self, row: usize, owns: &mut Vec<Own>, squares: &mut [f32]) {
        owns.clear();
        owns.extend(self.space.columns.iter().map(|column| match column {
            Scaled::Numbers(places) => Own::Number(places[row]),
            Scaled::Codes(codes, surprise) => Own::Code(codes[row], surprise[codes[row] as usize]),
        }));
        // A few reference rows at a time, so that their sums stay in registers.
        for (at, squares) in squares.chunks_exact_mut(LANES).enumerate() {
            let mut sums = [0.0_f32; LANES];
            for (own, side) in owns.iter().zip(&self.sides) {
                match (own, side) {
                    (Own::Number(own), Side::Numbers(others)) => {
                        let others = &others[at];
                        for lane in 0..LANES {
                            let difference = own - others[lane];
                            sums[lane] += difference * difference;
                        }
                    }
                    (Own::Code(own, own_surprise), Side::Codes(others, surprises)) => {
                        let (others, surprises) = (&others[at], &surprises[at]);
                        for lane in 0..LANES {
                            let apart = own_surprise + surprises[lane];
                            sums[lane] += if *own == others[lane] { 0.0 } else { apart };
                        }
                    }
                    _ => {}
                }
            }
            squares.copy_from_slice(&sums);
        }
    }

    /// Room for the squared distances from all reference rows.
    fn room(&self) -> Vec<f32> {
        vec![0.0; self.space.rows.len().next_multiple_of(LANES)]
    }

    /// The nearest reference row other than the row itself, the first of equal ones.
    pub fn nearest(&self, row: usize) -> usize {
        let mut squares = self.room();
        self.square_all(row, &mut Vec::new(), &mut squares);
        let others = self.space.rows.iter().zip(&squares);
        let others = others.filter(|(other, _)| **other != row);
        others
            .min_by(|a, b| a.1.total_cmp(b.1))
            .map_or(row, |(other, _)| *other)
    }

    /// The share of each column in the squared distances of a row from its nearest reference rows;
    /// they sum to 1, or are all 0 if it lies nowhere apart.
    pub fn shares(&self, row: usize) -> Vec<f64> {
        let mut squares = self.room();
        self.square_all(row, &mut Vec::new(), &mut squares);
        let mut order: Vec<usize> = (0..self.space.rows.len())
            .filter(|at| self.space.rows[*at] != row)
            .collect();
        order.sort_by(|a, b| squares[*a].total_cmp(&squares[*b]).then(a.cmp(b)));
        let mut shares = vec![0.0; self.space.columns.len()];
        for at in order.into_iter().take(self.n_neighbors) {
            let parts = self.space.parts(row, self.space.rows[at]);
            for (share, part) in shares.iter_mut().zip(parts) {
                *share += part;
            }
        }
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            for share in &mut shares {
                *share /= total;
            }
        }
        shares
    }
}

/// Neighbors at most.
pub const MAX_NEIGHBORS: usize = 50;

/// Keeps the least of many in `least`, ascending.
fn keep_least(values: &[f32], least: &mut [f32]) {
    let last = least.len() - 1;
    for chunk in values.chunks(16) {
        // Most chunks hold nothing small enough.
        let smallest = chunk.iter().copied().fold(f32::INFINITY, f32::min);
        if smallest >= least[last] {
            continue;
        }
        for &value in chunk {
            if value < least[last] {
                let at = least.partition_point(|kept| *kept <= value);
                least.copy_within(at..last, at + 1);
                least[at] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(n: usize) -> Vec<Scaled> {
        let mut rng = Rng::new(2);
        let numbers: Vec<f64> = (0..n).map(|_| 3.0 * rng.normal()).collect();
        let codes: Vec<u32> = (0..n)
            .map(|_| u32::try_from(rng.below(3)).unwrap_or(0))
            .collect();
        [
            Scaled::of_numbers(&numbers, 0.0, 1.0),
            Scaled::of_codes(&codes, 3),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    #[test]
    fn distances_are_those_of_all_pairs() {
        let columns = columns(60);
        let space = Space::of(columns.clone(), 100, 1);
        let reference = Reference::of(&space, 4).unwrap();
        let distances = reference.distances(0..60);
        for (row, distance) in distances.iter().enumerate() {
            let mut all: Vec<f64> = (0..60)
                .filter(|other| *other != row)
                .map(|other| {
                    let squares = columns.iter().map(|column| column.squared(row, other));
                    f64::from(squares.sum::<f32>()).sqrt()
                })
                .collect();
            all.sort_by(f64::total_cmp);
            let expected = all[..4].iter().sum::<f64>() / 4.0;
            assert!((distance - expected).abs() < 1e-6, "row {row}");
        }
        assert_eq!(reference.distances(20..30), distances[20..30]);
    }

    #[test]
    fn rare_categories_lie_farther() {
        let codes: Vec<u32> = (0..100).map(|row| u32::from(row == 7)).collect();
        let column = Scaled::of_codes(&codes, 2).unwrap();
        // −ln(1/100) − ln(99/100).
        assert!((column.squared(7, 8) - 4.615_220_5).abs() < 1e-5);
        assert!(column.squared(1, 2).abs() < f32::EPSILON);
        assert!(Scaled::of_codes(&[0, 0, MISSING], 1).is_none());
        assert!(Scaled::of_codes(&[], 0).is_none());
    }

    #[test]
    fn the_scale_is_linear_then_logarithmic() {
        let Some(Scaled::Numbers(places)) = Scaled::of_numbers(
            &[2.0, 6.0, -30.0, f64::NAN, f64::INFINITY, f64::MIN],
            0.0,
            2.0,
        ) else {
            panic!("no scale");
        };
        // 3 (1 + ln(15 / 3)).
        assert!((places[0] - 1.0).abs() < 1e-6 && (places[1] - 3.0).abs() < 1e-6);
        assert!((places[2] + 7.828_314).abs() < 1e-5);
        assert!(places[3].abs() < f32::EPSILON && places[4].is_finite() && places[5].is_finite());
        assert!(Scaled::of_numbers(&[1.0], 1.0, 0.0).is_none());
    }

    #[test]
    fn what_a_column_adds_is_named() {
        let numbers: Vec<f64> = (0..50)
            .map(|row| if row == 25 { 9.0 } else { 0.1 })
            .collect();
        let others: Vec<f64> = (0..50).map(|row| f64::from(row) / 50.0).collect();
        let columns = vec![
            Scaled::of_numbers(&numbers, 0.1, 1.0).unwrap(),
            Scaled::of_numbers(&others, 0.5, 1.0).unwrap(),
        ];
        let space = Space::of(columns, 100, 1);
        let reference = Reference::of(&space, 3).unwrap();
        let shares = reference.shares(25);
        assert!(shares[0] > 0.99 && (shares[0] + shares[1] - 1.0).abs() < 1e-9);
        assert!(reference.nearest(25).abs_diff(25) <= 5 && reference.nearest(25) != 25);
        let few = Space::of(space.raw.clone(), 4, 1);
        assert!(Reference::of(&few, 3).is_none());
        assert!(Reference::of(&Space::of(Vec::new(), 100, 1), 3).is_none());
    }
}
