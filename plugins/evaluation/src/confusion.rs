//! Confusion counts and the rates read from them.
//!
//! In: how often each true class was decided as each class, as weights. Out: accuracy, recall,
//! precision, F1, Matthews correlation.
//!
//! Rates of nothing are 0, as `zero_division=0` of scikit-learn. This module knows no
//! probabilities and no rows.

/// How often each true class was decided as each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// Number of classes.
    pub n_classes: usize,
    /// `counts[truth * n_classes + decided]`; whole numbers.
    pub counts: Vec<f64>,
}

impl Confusion {
    /// No rows yet.
    pub fn new(n_classes: usize) -> Self {
        Self {
            n_classes,
            counts: vec![0.0; n_classes * n_classes],
        }
    }

    /// Counts pairs of positions below `n_classes`.
    pub fn of(n_classes: usize, truth: &[usize], decided: &[usize]) -> Self {
        let mut confusion = Self::new(n_classes);
        for (truth, decided) in truth.iter().zip(decided) {
            confusion.counts[truth * n_classes + decided] += 1.0;
        }
        confusion
    }

    /// Rows in all.
    pub fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Rows of a class decided as another or the same.
    pub fn count(&self, truth: usize, decided: usize) -> f64 {
        self.counts[truth * self.n_classes + decided]
    }

    /// Rows of a class.
    pub fn n_true(&self, class: usize) -> f64 {
        self.counts[class * self.n_classes..(class + 1) * self.n_classes]
            .iter()
            .sum()
    }

    /// Rows decided as a class.
    pub fn n_decided(&self, class: usize) -> f64 {
        (0..self.n_classes)
            .map(|truth| self.count(truth, class))
            .sum()
    }

    /// Share of rows decided right; `sklearn.metrics.accuracy_score`.
    pub fn accuracy(&self) -> f64 {
        let right: f64 = (0..self.n_classes).map(|k| self.count(k, k)).sum();
        share(right, self.total())
    }

    /// Share of a class's rows that are decided as it.
    pub fn recall(&self, class: usize) -> f64 {
        share(self.count(class, class), self.n_true(class))
    }

    /// Share of the rows decided as a class that are of it.
    pub fn precision(&self, class: usize) -> f64 {
        share(self.count(class, class), self.n_decided(class))
    }

    /// Harmonic mean of recall and precision.
    pub fn f1(&self, class: usize) -> f64 {
        share(
            2.0 * self.count(class, class),
            self.n_true(class) + self.n_decided(class),
        )
    }

    /// Mean recall of the classes that occur; `sklearn.metrics.balanced_accuracy_score`.
    pub fn balanced_accuracy(&self) -> f64 {
        let occur = (0..self.n_classes).filter(|&class| self.n_true(class) > 0.0);
        mean(occur.map(|class| self.recall(class)))
    }

    /// Mean of a rate over the classes that occur or were decided; `average="macro"`.
    pub fn macro_mean(&self, rate: impl Fn(&Self, usize) -> f64) -> f64 {
        let seen =
            (0..self.n_classes).filter(|&class| self.n_true(class) + self.n_decided(class) > 0.0);
        mean(seen.map(|class| rate(self, class)))
    }

    /// Matthews correlation, −1 to 1, 0 for decisions that know nothing;
    /// `sklearn.metrics.matthews_corrcoef`.
    ///
    /// Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation
    /// coefficient", 2004.
    pub fn matthews(&self) -> f64 {
        let n = self.total();
        let (mut right, mut cross, mut trues, mut decideds) = (0.0, 0.0, 0.0, 0.0);
        for class in 0..self.n_classes {
            let (t, d) = (self.n_true(class), self.n_decided(class));
            right += self.count(class, class);
            cross += t * d;
            trues += t * t;
            decideds += d * d;
        }
        let spread = (n * n - trues) * (n * n - decideds);
        if spread > 0.0 {
            (right * n - cross) / spread.sqrt()
        } else {
            0.0
        }
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values {
        sum += value;
        n += 1.0;
    }
    share(sum, n)
}
