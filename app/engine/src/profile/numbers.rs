//! Moments, quantiles and a histogram of numbers.
//!
//! In: values that are there. Out: a [`NumberProfile`] and how many are different. One sort, then
//! two passes.

/// Shares at which quantiles are given.
pub const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// Bars of a histogram.
const N_BINS: usize = 24;

/// What finite numbers look like. Without any, all figures but the counts are NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberProfile {
    /// Values that are finite.
    pub n_finite: u64,
    /// Values that are plus or minus infinity; they are in no other figure.
    pub n_infinite: u64,
    /// Values that are zero.
    pub n_zero: u64,
    /// Values under zero.
    pub n_negative: u64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, with n − 1 below; NaN for one value.
    pub std: f64,
    /// Skewness without bias (G₁); NaN under three values or if all are equal.
    pub skewness: f64,
    /// Excess kurtosis without bias (G₂); NaN under four values or if all are equal.
    pub kurtosis: f64,
    /// Quantiles at [`QUANTILES`], between two values in proportion.
    pub quantiles: [f64; QUANTILES.len()],
    /// How they are spread.
    pub histogram: Histogram,
}

/// Values counted in bins of equal width.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Borders of the bins, one more than counts; empty without values. A bin holds its lower
    /// border, the last one its upper too.
    pub edges: Vec<f64>,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

/// A profile of whole numbers, and how many are different.
pub(super) fn of_integers(mut values: Vec<i64>) -> (NumberProfile, u64) {
    values.sort_unstable();
    let n_distinct = count_distinct(&values, |a, b| a == b);
    let values: Vec<f64> = values.into_iter().map(|value| value as f64).collect();
    (of_sorted(&values, 0), n_distinct)
}

/// A profile of numbers, none of them NaN, and how many are different. The two zeros are one.
pub(super) fn of_floats(mut values: Vec<f64>) -> (NumberProfile, u64) {
    for value in &mut values {
        *value += 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let n_distinct = count_distinct(&values, |a, b| a.total_cmp(b).is_eq());
    let from = values.partition_point(|value| *value == f64::NEG_INFINITY);
    let to = values.partition_point(|value| *value < f64::INFINITY);
    let n_infinite = (values.len() - (to - from)) as u64;
    (of_sorted(&values[from..to], n_infinite), n_distinct)
}

fn count_distinct<T>(sorted: &[T], is_same: impl Fn(&T, &T) -> bool) -> u64 {
    let changes = sorted
        .windows(2)
        .filter(|pair| !is_same(&pair[0], &pair[1]));
    changes.count() as u64 + u64::from(!sorted.is_empty())
}

fn of_sorted(values: &[f64], n_infinite: u64) -> NumberProfile {
    let n_negative = values.partition_point(|value| *value < 0.0);
    let n_to_zero = values.partition_point(|value| *value <= 0.0);
    let moments = Moments::of(values);
    NumberProfile {
        n_finite: values.len() as u64,
        n_infinite,
        n_zero: (n_to_zero - n_negative) as u64,
        n_negative: n_negative as u64,
        min: values.first().copied().unwrap_or(f64::NAN),
        max: values.last().copied().unwrap_or(f64::NAN),
        mean: moments.mean,
        std: moments.std(),
        skewness: moments.skewness(),
        kurtosis: moments.kurtosis(),
        quantiles: QUANTILES.map(|share| quantile(values, share)),
        histogram: histogram(values),
    }
}

/// The value at a share of the sorted values; linear between two, as in `numpy.quantile`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the number of values"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = share * last as f64;
    let below = (at.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let part = at - below as f64;
    // Halves first where the difference of two huge values would overflow.
    if (high - low).is_finite() {
        low + (high - low) * part
    } else {
        low * (1.0 - part) + high * part
    }
}

/// Sums of powers of distances from the mean.
struct Moments {
    n: f64,
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        // Divided first: the sum of finite values may not be finite.
        let rough = values.iter().map(|value| value / n).sum::<f64>();
        let rest = values.iter().map(|value| (value - rough) / n).sum::<f64>();
        let mean = if values.is_empty() {
            f64::NAN
        } else {
            rough + rest
        };
        let (mut second, mut third, mut fourth) = (0.0, 0.0, 0.0);
        for value in values {
            let distance = value - mean;
            let square = distance * distance;
            second += square;
            third += square * distance;
            fourth += square * square;
        }
        Self {
            n,
            mean,
            second,
            third,
            fourth,
        }
    }

    fn std(&self) -> f64 {
        if self.n < 2.0 {
            f64::NAN
        } else {
            (self.second / (self.n - 1.0)).sqrt()
        }
    }

    fn is_constant(&self) -> bool {
        self.second <= f64::EPSILON * self.n * (self.mean * f64::EPSILON).powi(2)
    }

    fn skewness(&self) -> f64 {
        let n = self.n;
        if n < 3.0 || self.is_constant() {
            return f64::NAN;
        }
        n * (n - 1.0).sqrt() / (n - 2.0) * self.third / self.second.powf(1.5)
    }

    fn kurtosis(&self) -> f64 {
        let n = self.n;
        if n < 4.0 || self.is_constant() {
            return f64::NAN;
        }
        let ratio = self.fourth / self.second / self.second;
        let first = n * (n + 1.0) * (n - 1.0) * ratio / (n - 2.0) / (n - 3.0);
        first - 3.0 * (n - 1.0).powi(2) / (n - 2.0) / (n - 3.0)
    }
}

/// Bins over the range of sorted values.
fn histogram(sorted: &[f64]) -> Histogram {
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else {
        return Histogram::default();
    };
    let edges = edges(*low, *high, is_whole(sorted));
    let mut counts = vec![0; edges.len() - 1];
    let mut from = 0;
    for (bin, count) in counts.iter_mut().enumerate() {
        let to = if bin + 2 == edges.len() {
            sorted.len()
        } else {
            sorted.partition_point(|value| *value < edges[bin + 1])
        };
        *count = to.saturating_sub(from) as u64;
        from = from.max(to);
    }
    Histogram { edges, counts }
}

/// Whether all values are whole numbers that a float tells apart.
fn is_whole(values: &[f64]) -> bool {
    values
        .iter()
        .all(|value| value.abs() < 9e15 && value.fract().abs() < f64::MIN_POSITIVE)
}

/// Borders of bins from one value to another. Few whole numbers have a bin each.
pub(super) fn edges(low: f64, high: f64, are_whole: bool) -> Vec<f64> {
    let span = high - low;
    if are_whole && span < N_BINS as f64 {
        let mut edges = vec![low];
        while edges[edges.len() - 1] < high + 1.0 {
            edges.push(low + edges.len() as f64);
        }
        return edges;
    }
    if span <= 0.0 {
        return vec![low, high];
    }
    let n = N_BINS as f64;
    let mut edges: Vec<f64> = (0..=N_BINS)
        .map(|at| {
            let part = at as f64 / n;
            low * (1.0 - part) + high * part
        })
        .collect();
    edges[N_BINS] = high;
    edges
}
