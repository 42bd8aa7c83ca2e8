//! What an objective says of a model: its task, its link, the scale of its predictions.
//!
//! In: the objective's name and parameters as the file holds them. Out: [`Objective`].
//!
//! Source: LightGBM's documentation of the parameter `objective`, and its predictions.

use crate::ensemble::Link;
use crate::{ModelTask, OutputSpace};

/// What an objective says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Objective {
    /// `None` for one's own objective.
    pub(super) task: Option<ModelTask>,
    /// How margins become predictions.
    pub(super) link: Link,
    /// What predictions are.
    pub(super) space: OutputSpace,
    /// Number of margins per row, where the objective fixes it.
    pub(super) n_outputs: Option<usize>,
}

/// Reads an objective such as `binary sigmoid:1`; nothing is one's own.
///
/// # Errors
/// Names the part that is not known.
pub(super) fn read(text: &str, n_classes: usize) -> Result<Objective, String> {
    use ModelTask::{Binary, Multiclass, Ranking, Regression};
    use OutputSpace::{Probability, Score, Value};

    let mut words = text.split_ascii_whitespace();
    let name = words.next().unwrap_or("");
    let parameters: Vec<&str> = words.collect();
    let logistic = || {
        slope(&parameters).map(|slope| match slope {
            1.0 => Link::Logistic,
            slope => Link::SteepLogistic { slope },
        })
    };
    let (task, link, space) = match name {
        "" | "none" | "null" | "custom" | "na" => {
            return Ok(Objective {
                task: None,
                link: Link::Identity,
                space: Score,
                n_outputs: None,
            });
        }
        "binary" => (Binary, logistic()?, Probability),
        "cross_entropy" | "xentropy" => (Binary, Link::Logistic, Probability),
        "cross_entropy_lambda" | "xentlambda" => (Regression, Link::Softplus, Value),
        "multiclass" | "softmax" => (Multiclass, Link::Softmax, Probability),
        "multiclassova" | "multiclass_ova" | "ova" | "ovr" => {
            (Multiclass, logistic()?, Probability)
        }
        "lambdarank" | "rank_xendcg" | "xendcg" => (Ranking, Link::Identity, Score),
        "poisson" | "gamma" | "tweedie" => (Regression, Link::Exponential, Value),
        "regression" | "regression_l2" | "regression_l1" | "fair" | "quantile" | "mape"
            if parameters.contains(&"sqrt") =>
        {
            (Regression, Link::SignedSquare, Value)
        }
        "regression" | "regression_l2" | "regression_l1" | "huber" | "fair" | "quantile"
        | "mape" => (Regression, Link::Identity, Value),
        other => return Err(format!("the objective '{other}'")),
    };
    let n_outputs = match task {
        Multiclass => n_classes,
        Binary | Regression | Ranking => 1,
    };
    Ok(Objective {
        task: Some(task),
        link,
        space,
        n_outputs: Some(n_outputs),
    })
}

/// The parameter `sigmoid:`, 1 if it is not there.
fn slope(parameters: &[&str]) -> Result<f64, String> {
    let Some(text) = parameters
        .iter()
        .find_map(|parameter| parameter.strip_prefix("sigmoid:"))
    else {
        return Ok(1.0);
    };
    match text.parse::<f64>() {
        Ok(slope) if slope.is_finite() && slope > 0.0 => Ok(slope),
        _ => Err(format!("the slope 'sigmoid:{text}'")),
    }
}
