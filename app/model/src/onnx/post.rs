//! What the operators of `ai.onnx.ml` do to a row of scores before they give it.
//!
//! In: scores of a row. Out: the row that is given, as `onnxruntime` computes it, in single precision.
//!
//! Source: the attribute `post_transform` in the standard; where the standard leaves two classes with
//! one score open, what `onnxruntime` gives (measured, see `fixtures/onnx`).

/// The attribute `post_transform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Post {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

/// How one score becomes those of two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// It is a probability: `[1 - score, score]`.
    Complement,
    /// It is a score: `[-score, score]`.
    Negation,
}

impl Post {
    /// By its name.
    ///
    /// # Errors
    /// If it is unknown.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "NONE" => Self::None,
            "LOGISTIC" => Self::Logistic,
            "SOFTMAX" => Self::Softmax,
            "SOFTMAX_ZERO" => Self::SoftmaxZero,
            "PROBIT" => Self::Probit,
            other => return Err(format!("its post_transform '{other}' is unknown")),
        })
    }

    /// By its number in `TreeEnsemble`.
    ///
    /// # Errors
    /// If it is unknown.
    pub(super) fn numbered(number: i64) -> Result<Self, String> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Softmax,
            2 => Self::Logistic,
            3 => Self::SoftmaxZero,
            4 => Self::Probit,
            other => return Err(format!("its post_transform {other} is unknown")),
        })
    }

    /// Applies it to one row of at least two scores, or of one that stays one.
    pub(super) fn apply(self, row: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Logistic => row.iter_mut().for_each(|score| *score = logistic(*score)),
            Self::Probit => row.iter_mut().for_each(|score| *score = probit(*score)),
            Self::Softmax => softmax(row, false),
            Self::SoftmaxZero => softmax(row, true),
        }
    }

    /// The row of two classes from one score.
    pub(super) fn two(self, score: f32, second: Second) -> [f32; 2] {
        match (self, second) {
            (Self::Logistic, _) => [logistic(-score), logistic(score)],
            (_, Second::Negation) => [-score, score],
            (_, Second::Complement) => [1.0 - score, score],
        }
    }
}

pub(super) fn logistic(score: f32) -> f32 {
    let upper = 1.0 / (1.0 + (-score.abs()).exp());
    if score < 0.0 { 1.0 - upper } else { upper }
}

/// The quantile of the standard normal distribution, by Winitzki's approximation of the inverse error
/// function with `a = 0.147`.
fn probit(share: f32) -> f32 {
    const A: f32 = 0.147;
    let x = 2.0 * share - 1.0;
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let first = 2.0 / (std::f32::consts::PI * A) + 0.5 * log;
    let root = (first * first - log / A).sqrt() - first;
    std::f32::consts::SQRT_2 * root.sqrt().copysign(x)
}

/// `exp(score_i) / Σ exp(score_j)`; with `keeps_zero`, zeros stay zero.
fn softmax(row: &mut [f32], keeps_zero: bool) {
    const ZERO: f32 = 1e-7;
    let greatest = row.iter().copied().fold(f32::MIN, f32::max);
    let mut total = 0.0;
    for score in row.iter_mut() {
        if keeps_zero && score.abs() <= ZERO {
            *score *= (-greatest).exp();
        } else {
            *score = (*score - greatest).exp();
            total += *score;
        }
    }
    for score in row {
        *score /= total;
    }
}
