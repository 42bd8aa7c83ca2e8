//! Linear and logistic regression with a ridge penalty.
//!
//! In: a [`Design`] and a target. Out: coefficients, the intercept last.
//!
//! The intercept is not penalized. Exact to rounding: one solution for squares, Newton's method for
//! the logistic loss, whose minimum is unique.

use crate::design::Design;

/// Newton steps at most; a handful suffices.
const MAX_STEPS: usize = 50;

/// Minimizes `Σ (y − xβ − β₀)² + ridge · |β|²`, as `sklearn.linear_model.Ridge`.
///
/// `None` if the equations cannot be solved.
pub fn least_squares(design: &Design, target: &[f64], ridge: f64) -> Option<Vec<f64>> {
    let n = design.n_columns + 1;
    let mut equations = Equations::new(n);
    for (row, value) in target.iter().enumerate() {
        equations.add(design.row(row), 1.0, *value);
    }
    equations.penalize(ridge);
    equations.solve()
}

/// Minimizes `−Σ ln P(y) + ridge / 2 · |β|²`, as `sklearn.linear_model.LogisticRegression` with
/// `C = 1 / ridge`.
///
/// `None` if the equations cannot be solved.
pub fn logistic(design: &Design, is_positive: &[bool], ridge: f64) -> Option<Vec<f64>> {
    let n = design.n_columns + 1;
    let mut coefficients = vec![0.0; n];
    let mut loss = penalized_loss(design, is_positive, ridge, &coefficients);
    for _ in 0..MAX_STEPS {
        let mut equations = Equations::new(n);
        for (row, &positive) in is_positive.iter().enumerate() {
            let p = probability(design.times(row, &coefficients));
            let weight = (p * (1.0 - p)).max(1e-12);
            // A step solves H d = −g: the residual stands in for the target.
            let residual = f64::from(u8::from(positive)) - p;
            equations.add(design.row(row), weight, residual / weight);
        }
        equations.penalize(ridge);
        for (side, coefficient) in equations.right.iter_mut().zip(&coefficients).take(n - 1) {
            *side -= ridge * coefficient;
        }
        let step = equations.solve()?;
        let mut share = 1.0;
        let (next, next_loss) = loop {
            let next: Vec<f64> = coefficients
                .iter()
                .zip(&step)
                .map(|(coefficient, step)| share * step + coefficient)
                .collect();
            let next_loss = penalized_loss(design, is_positive, ridge, &next);
            if next_loss <= loss || share < 1e-6 {
                break (next, next_loss);
            }
            share /= 2.0;
        };
        let largest = step.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        coefficients = next;
        loss = next_loss;
        if largest < 1e-9 || share < 1e-6 {
            break;
        }
    }
    coefficients
        .iter()
        .all(|value| value.is_finite())
        .then_some(coefficients)
}

/// `1 / (1 + exp(−margin))`.
pub fn probability(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

fn penalized_loss(design: &Design, is_positive: &[bool], ridge: f64, coefficients: &[f64]) -> f64 {
    let n = design.n_columns;
    let penalty: f64 = coefficients[..n].iter().map(|value| value * value).sum();
    let loss: f64 = is_positive
        .iter()
        .enumerate()
        .map(|(row, &positive)| {
            let margin = design.times(row, coefficients);
            softplus(if positive { -margin } else { margin })
        })
        .sum();
    loss + ridge / 2.0 * penalty
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Weighted normal equations, the intercept last.
struct Equations {
    n: usize,
    /// Lower triangle, row by row in a full square.
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Equations {
    fn new(n: usize) -> Self {
        Self {
            n,
            left: vec![0.0; n * n],
            right: vec![0.0; n],
        }
    }

    /// Columns of a row ascend only by input, so both triangles are kept together by the larger one.
    fn add(&mut self, row: &[(usize, f64)], weight: f64, target: f64) {
        let last = self.n - 1;
        for (at, &(column, value)) in row.iter().enumerate() {
            let own = weight * value;
            for &(other, other_value) in &row[..=at] {
                let (low, high) = if column < other {
                    (column, other)
                } else {
                    (other, column)
                };
                self.left[high * self.n + low] += own * other_value;
            }
            self.left[last * self.n + column] += own;
            self.right[column] += own * target;
        }
        self.left[last * self.n + last] += weight;
        self.right[last] += weight * target;
    }

    fn penalize(&mut self, ridge: f64) {
        for column in 0..self.n - 1 {
            self.left[column * self.n + column] += ridge;
        }
    }

    /// Cholesky's factorization, then both triangles.
    fn solve(mut self) -> Option<Vec<f64>> {
        let n = self.n;
        for row in 0..n {
            for column in 0..=row {
                let (upper, lower) = self.left.split_at(row * n);
                let sum: f64 = if column == row {
                    lower[..column].iter().map(|value| value * value).sum()
                } else {
                    let other = &upper[column * n..column * n + column];
                    other.iter().zip(lower).map(|(a, b)| a * b).sum()
                };
                let value = self.left[row * n + column] - sum;
                self.left[row * n + column] = if column == row {
                    if !(value > 0.0 && value.is_finite()) {
                        return None;
                    }
                    value.sqrt()
                } else {
                    value / self.left[column * n + column]
                };
            }
        }
        let mut solution = self.right;
        for row in 0..n {
            let sum: f64 = (0..row)
                .map(|at| self.left[row * n + at] * solution[at])
                .sum();
            solution[row] = (solution[row] - sum) / self.left[row * n + row];
        }
        for row in (0..n).rev() {
            let sum: f64 = (row + 1..n)
                .map(|at| self.left[at * n + row] * solution[at])
                .sum();
            solution[row] = (solution[row] - sum) / self.left[row * n + row];
        }
        Some(solution)
    }
}
