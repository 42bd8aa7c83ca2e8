//! Sums of slopes by column and bin, and the best split they allow.
//!
//! In: binned columns row by row, the first two derivatives of a loss for each row. Out: sums over
//! the rows of a node, and which bins of which column should part from the others.
//!
//! Derivatives are whole multiples of a small power of two, so sums are exact whatever the order of
//! rows, and the histogram of a node is that of its parent less that of its sibling.

use crate::rows::binned::{Binned, MAX_BINS};

/// Added to the second derivatives of a part; for splits of categories more, since they choose among
/// many sets.
pub const REGULARIZATION: (f64, f64) = (1.0, 10.0);

/// Rows a part needs.
pub const MIN_ROWS: f64 = 20.0;

/// Added to a small number, it leaves that number's nearest integer in the low bits.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// First and second derivative of one row: the first in the high 32 bits, the second in the low ones.
pub type Slope = u64;

/// Slopes and number of rows of one bin.
type Bin = [u64; 2];

/// Columns as bins, row by row.
pub struct Packed {
    cells: Vec<u8>,
    columns: Vec<Shape>,
}

/// What is known of a column but its cells.
#[derive(Clone, Copy)]
struct Shape {
    n_bins: usize,
    is_ordered: bool,
}

/// How derivatives become whole numbers, so that sums over this many rows fit.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    gradient: f64,
    hessian: f64,
}

/// Sums over the rows of a node, by column and bin.
#[derive(Clone)]
pub struct Histogram {
    columns: Vec<[Bin; MAX_BINS]>,
}

/// Sums over some rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Of first derivatives.
    pub gradient: f64,
    /// Of second derivatives.
    pub hessian: f64,
    /// Of rows.
    pub n: f64,
}

/// The best split of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// How much the loss falls.
    pub gain: f64,
    /// Position of the column.
    pub column: usize,
    /// Bins that go left, a bit each.
    pub left: u64,
    /// Sums over the rows that go left.
    pub sums_left: Sums,
    /// Sums over the others.
    pub sums_right: Sums,
}

impl Packed {
    /// Of columns of equal length.
    pub fn of<'c>(columns: impl Iterator<Item = &'c Binned> + Clone) -> Self {
        let shapes: Vec<Shape> = columns
            .clone()
            .map(|column| Shape {
                n_bins: column.n_bins.min(MAX_BINS),
                is_ordered: column.is_ordered,
            })
            .collect();
        let n_rows = columns.clone().next().map_or(0, |first| first.bins.len());
        let mut cells = vec![0; n_rows * shapes.len()];
        for (at, column) in columns.enumerate() {
            let own = cells.iter_mut().skip(at).step_by(shapes.len());
            for (cell, bin) in own.zip(&column.bins) {
                *cell = *bin;
            }
        }
        Self {
            cells,
            columns: shapes,
        }
    }

    /// The bins of a row, one per column.
    pub fn row(&self, row: u32) -> &[u8] {
        let n_columns = self.columns.len();
        &self.cells[row as usize * n_columns..][..n_columns]
    }
}

impl Scale {
    /// For sums over this many rows, first derivatives being within -1 and 1, second ones within 0
    /// and 1/4.
    pub fn of(n_rows: usize) -> Self {
        let bits = usize::BITS - n_rows.leading_zeros();
        let gradient = f64::from(1_u32 << 30_u32.saturating_sub(bits).min(24));
        Self {
            gradient,
            hessian: 4.0 * gradient,
        }
    }

    /// The derivatives of one row.
    pub fn slope(&self, gradient: f64, hessian: f64) -> Slope {
        let whole = |value: f64| {
            let bits = (value + ROUNDING).to_bits();
            bits.wrapping_sub(ROUNDING.to_bits())
        };
        let (first, second) = (
            whole(gradient * self.gradient),
            whole(hessian * self.hessian),
        );
        (first << 32).wrapping_add(second)
    }

    fn sums(&self, bin: Bin) -> Sums {
        let [slopes, n] = bin;
        Sums {
            gradient: (slopes.cast_signed() >> 32) as f64 / self.gradient,
            hessian: (slopes & 0xffff_ffff) as f64 / self.hessian,
            n: n as f64,
        }
    }
}

impl Histogram {
    /// Without rows.
    pub fn empty(packed: &Packed) -> Self {
        Self {
            columns: vec![[[0; 2]; MAX_BINS]; packed.columns.len()],
        }
    }

    /// Takes all rows out.
    pub fn clear(&mut self) {
        self.columns.fill([[0; 2]; MAX_BINS]);
    }

    /// Adds rows.
    pub fn add(&mut self, packed: &Packed, slopes: &[Slope], rows: &[u32]) {
        for &row in rows {
            let slope = slopes[row as usize];
            for (bin, column) in packed.row(row).iter().zip(&mut self.columns) {
                let sum = &mut column[usize::from(*bin) % MAX_BINS];
                *sum = [sum[0].wrapping_add(slope), sum[1] + 1];
            }
        }
    }

    /// Takes the rows of another one out, all of which are in this one.
    pub fn subtract(&mut self, other: &Self) {
        let bins = self.columns.iter_mut().zip(&other.columns);
        for (own, other) in bins.flat_map(|(own, other)| own.iter_mut().zip(other)) {
            *own = [own[0].wrapping_sub(other[0]), own[1].wrapping_sub(other[1])];
        }
    }

    /// Sums over all rows.
    pub fn total(&self, scale: Scale) -> Sums {
        let add = |a: Bin, b: &Bin| [a[0].wrapping_add(b[0]), a[1] + b[1]];
        let first = self.columns.first();
        scale.sums(first.map_or([0; 2], |bins| bins.iter().fold([0; 2], add)))
    }

    /// The best split, if one gains anything.
    pub fn best_split(&self, packed: &Packed, scale: Scale, total: Sums) -> Option<Split> {
        if total.n < 2.0 * MIN_ROWS {
            return None;
        }
        let mut best: Option<Split> = None;
        for (column, (bins, shape)) in self.columns.iter().zip(&packed.columns).enumerate() {
            let mut sums = [Sums::default(); MAX_BINS];
            for (sum, bin) in sums.iter_mut().zip(bins).take(shape.n_bins) {
                *sum = scale.sums(*bin);
            }
            let found = split_of(&sums[..shape.n_bins], total, shape.is_ordered);
            if let Some(found) = found
                && best.is_none_or(|best| found.gain > best.gain)
            {
                best = Some(Split { column, ..found });
            }
        }
        best
    }
}

/// The best set of bins to go left; its column is left open.
fn split_of(sums: &[Sums], total: Sums, is_ordered: bool) -> Option<Split> {
    let extra = if is_ordered {
        REGULARIZATION.0
    } else {
        REGULARIZATION.1
    };
    let score = |part: Sums| part.gradient * part.gradient / (part.hessian + extra);
    let mut order = [(0.0, 0); MAX_BINS];
    let mut n_used = 0;
    for (bin, sum) in sums.iter().enumerate().filter(|(_, sum)| sum.n > 0.0) {
        order[n_used] = (sum.gradient / (sum.hessian + REGULARIZATION.1), bin);
        n_used += 1;
    }
    let order = &mut order[..n_used];
    if !is_ordered {
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let (mut left, mut bins) = (Sums::default(), 0_u64);
    let mut best: Option<Split> = None;
    let least = score(total) + 1e-9;
    for (_, bin) in order {
        left.add(sums[*bin]);
        bins |= 1 << *bin;
        let right = Sums {
            gradient: total.gradient - left.gradient,
            hessian: total.hessian - left.hessian,
            n: total.n - left.n,
        };
        if left.n < MIN_ROWS || right.n < MIN_ROWS {
            continue;
        }
        let gain = score(left) + score(right) - least;
        if gain > 0.0 && best.is_none_or(|best| gain > best.gain) {
            best = Some(Split {
                gain,
                column: 0,
                left: bins,
                sums_left: left,
                sums_right: right,
            });
        }
    }
    best
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
        self.n += other.n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interlock_stats::rng::Rng;

    #[test]
    fn sums_are_those_of_the_rows_one_by_one() {
        let mut rng = Rng::new(2);
        let n = 500;
        let codes: Vec<u32> = (0..n)
            .map(|_| u32::try_from(rng.below(7)).unwrap())
            .collect();
        let numbers: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let columns = [Binned::of_codes(&codes, 7), Binned::of_numbers(&numbers)];
        let packed = Packed::of(columns.iter());
        let scale = Scale::of(n);
        let derivatives: Vec<(f64, f64)> = (0..n)
            .map(|_| (2.0 * rng.uniform() - 1.0, rng.uniform() / 4.0))
            .collect();
        let slopes: Vec<Slope> = derivatives
            .iter()
            .map(|(gradient, hessian)| scale.slope(*gradient, *hessian))
            .collect();
        let rows: Vec<u32> = (0_u32..).take(n).collect();
        let mut all = Histogram::empty(&packed);
        all.add(&packed, &slopes, &rows);
        let mut some = Histogram::empty(&packed);
        some.add(&packed, &slopes, &rows[..100]);
        all.subtract(&some);
        for (at, column) in columns.iter().enumerate() {
            for bin in 0..column.n_bins {
                let own = (100..n).filter(|&row| usize::from(column.bins[row]) == bin);
                let (mut gradient, mut hessian, mut n_own) = (0.0, 0.0, 0.0);
                for row in own {
                    gradient += derivatives[row].0;
                    hessian += derivatives[row].1;
                    n_own += 1.0;
                }
                let found = scale.sums(all.columns[at][bin]);
                assert!(
                    (found.gradient - gradient).abs() < 1e-4,
                    "{found:?} {gradient}"
                );
                assert!((found.hessian - hessian).abs() < 1e-4);
                assert!((found.n - n_own).abs() < 0.5);
            }
        }
        assert!((all.total(scale).n - 400.0).abs() < 0.5);
    }

    #[test]
    fn sums_of_the_most_rows_fit() {
        let n = 1_000_000;
        let scale = Scale::of(n);
        for sign in [-1.0, 1.0] {
            let slope = scale.slope(sign, 0.25);
            let sums = scale.sums([slope.wrapping_mul(n as u64), n as u64]);
            assert!((sums.gradient - sign * n as f64).abs() < 1e-6, "{sums:?}");
            assert!((sums.hessian - n as f64 / 4.0).abs() < 1e-6, "{sums:?}");
        }
    }
}
