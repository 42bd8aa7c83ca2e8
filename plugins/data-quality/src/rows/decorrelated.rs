//! Numbers that go together, made to go apart.
//!
//! In: columns of numbers. Out: as many columns in which the plain distance of two rows is
//! Mahalanobis' distance of the given ones.
//!
//! The correlations are drawn towards none a little, so that copies of a column, whose difference is
//! rounding, do not make every row odd.

/// How much the correlations are drawn towards none: added to the diagonal, and divided out.
pub const SHRINKAGE: f64 = 0.02;

/// What turns columns into uncorrelated ones: a lower triangle `W` with `WᵀW` the inverse of the
/// correlations.
#[derive(Debug, Clone, PartialEq)]
pub struct Decorrelation {
    /// Row by row, each up to the diagonal.
    triangle: Vec<Vec<f64>>,
}

impl Decorrelation {
    /// From the correlations of these columns in these rows; a column that does not vary there goes
    /// with no other.
    pub fn of(columns: &[&[f32]], rows: &[usize]) -> Self {
        let standard: Vec<Vec<f64>> = columns.iter().map(|own| standardized(own, rows)).collect();
        let n = columns.len();
        // The factor L of L Lᵀ = (R + λ I) / (1 + λ), by Cholesky's method.
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(n);
        for i in 0..n {
            let mut row = Vec::with_capacity(i + 1);
            for j in 0..=i {
                let product: f64 = standard[i]
                    .iter()
                    .zip(&standard[j])
                    .map(|(a, b)| a * b)
                    .sum();
                let correlation = if i == j {
                    1.0
                } else {
                    product / (1.0 + SHRINKAGE)
                };
                let other: &[f64] = if i == j { &row } else { &factor[j] };
                let known: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.push(if i == j {
                    (correlation - known).max(f64::MIN_POSITIVE).sqrt()
                } else {
                    (correlation - known) / factor[j][j]
                });
            }
            factor.push(row);
        }
        Self {
            triangle: inverse(&factor),
        }
    }

    /// The columns decorrelated.
    pub fn apply(&self, columns: &[&[f32]]) -> Vec<Vec<f32>> {
        let n_rows = columns.first().map_or(0, |column| column.len());
        self.triangle
            .iter()
            .map(|weights| {
                let mut sum = vec![0.0_f32; n_rows];
                for (column, weight) in columns.iter().zip(weights) {
                    let weight = single(*weight);
                    for (sum, value) in sum.iter_mut().zip(*column) {
                        *sum += weight * value;
                    }
                }
                sum
            })
            .collect()
    }

    /// What each column adds to the squared distance of two rows with these differences: they sum to
    /// it.
    pub fn parts(&self, differences: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; differences.len()];
        for weights in &self.triangle {
            let own: f64 = weights.iter().zip(differences).map(|(w, d)| w * d).sum();
            for (sum, weight) in gradient.iter_mut().zip(weights) {
                *sum += weight * own;
            }
        }
        let both = gradient.iter().zip(differences);
        both.map(|(gradient, difference)| gradient * difference)
            .collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "distances are told to six digits"
)]
fn single(value: f64) -> f32 {
    value as f32
}

/// Values of these rows with mean 0 and squares that sum to 1; all 0 if they are equal.
fn standardized(values: &[f32], rows: &[usize]) -> Vec<f64> {
    let chosen = || rows.iter().map(|row| f64::from(values[*row]));
    let mean = chosen().sum::<f64>() / rows.len().max(1) as f64;
    let norm = chosen()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        .sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    chosen().map(|value| (value - mean) * scale).collect()
}

/// The inverse of a lower triangle.
fn inverse(triangle: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut inverse: Vec<Vec<f64>> = Vec::with_capacity(triangle.len());
    for (i, row) in triangle.iter().enumerate() {
        let own = (0..=i)
            .map(|j| {
                if i == j {
                    return 1.0 / row[i];
                }
                let known: f64 = (j..i).map(|k| row[k] * inverse[k][j]).sum();
                -known / row[i]
            })
            .collect();
        inverse.push(own);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_inverse_correlations() {
        let x: Vec<f32> = vec![1.0, -1.0, 2.0, -2.0, 0.5, -0.5];
        let y: Vec<f32> = vec![0.8, -1.2, 1.9, -1.5, 1.0, -1.0];
        let rows: Vec<usize> = (0..6).collect();
        let own = Decorrelation::of(&[&x, &y], &rows);
        let correlation: f64 = standardized(&x, &rows)
            .iter()
            .zip(standardized(&y, &rows))
            .map(|(a, b)| a * b)
            .sum();
        let r = correlation / (1.0 + SHRINKAGE);
        // By hand: (dx² − 2 r dx dy + dy²) / (1 − r²).
        let (dx, dy) = (0.7, -0.4);
        let expected = (dx * dx - 2.0 * r * dx * dy + dy * dy) / (1.0 - r * r);
        let parts = own.parts(&[dx, dy]);
        assert!((parts[0] + parts[1] - expected).abs() < 1e-12);
        let changed = own.apply(&[&x, &y]);
        let (dx, dy) = (f64::from(x[0] - x[3]), f64::from(y[0] - y[3]));
        let expected = (dx * dx - 2.0 * r * dx * dy + dy * dy) / (1.0 - r * r);
        let squares: f32 = changed
            .iter()
            .map(|column| (column[0] - column[3]).powi(2))
            .sum();
        assert!((f64::from(squares) / expected - 1.0).abs() < 1e-5);
    }

    #[test]
    fn copies_and_columns_that_do_not_vary_are_no_trouble() {
        let x: Vec<f32> = vec![1.0, -1.0, 2.0, -2.0];
        let flat = vec![0.0_f32; 4];
        let own = Decorrelation::of(&[&x, &x, &flat], &[0, 1, 2, 3]);
        let changed = own.apply(&[&x, &x, &flat]);
        assert!(changed.iter().flatten().all(|value| value.is_finite()));
        // Two copies count about once.
        let squares: f64 = own.parts(&[1.0, 1.0, 0.0]).iter().sum();
        assert!((1.0..1.02).contains(&squares), "{squares}");
        assert!(Decorrelation::of(&[], &[]).apply(&[]).is_empty());
    }
}
