//! What a CatBoost model says of itself: what it was trained for, its classes, its version.
//!
//! In: the parameters in the file. Out: how margins become predictions, and words for the card.

use serde_json::Value;

use crate::ensemble::Link;
use crate::{ModelTask, OutputSpace};

/// How a loss is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Loss {
    pub(super) link: Link,
    pub(super) task: Option<ModelTask>,
    pub(super) space: OutputSpace,
    /// Whether only the first of the outputs is kept.
    pub(super) is_first_kept: bool,
}

/// By the loss function the file names; where it names none, by whether it has classes.
pub(super) fn loss(params: &Value, has_classes: bool, n_outputs: usize) -> Loss {
    let name = params["loss_function"]["type"].as_str().unwrap_or_default();
    let probability = |link, task| Loss {
        link,
        task,
        space: OutputSpace::Probability,
        is_first_kept: false,
    };
    let plain = |link, task, space| Loss {
        link,
        task,
        space,
        is_first_kept: false,
    };
    let regression = Some(ModelTask::Regression);
    match name {
        "Logloss" | "CrossEntropy" | "Focal" => {
            probability(Link::Logistic, Some(ModelTask::Binary))
        }
        "MultiClass" => probability(Link::Softmax, Some(ModelTask::Multiclass)),
        "MultiClassOneVsAll" => probability(Link::Logistic, Some(ModelTask::Multiclass)),
        // Several answers of yes or no: no task of ours.
        "MultiLogloss" | "MultiCrossEntropy" => probability(Link::Logistic, None),
        "Poisson" | "Tweedie" => plain(Link::Exponential, regression, OutputSpace::Value),
        "RMSEWithUncertainty" => Loss {
            is_first_kept: true,
            ..plain(Link::Identity, regression, OutputSpace::Value)
        },
        "Cox" | "SurvivalAft" => plain(Link::Identity, None, OutputSpace::Score),
        _ if is_ranking(name) => {
            plain(Link::Identity, Some(ModelTask::Ranking), OutputSpace::Score)
        }
        _ if has_classes && n_outputs == 1 => probability(Link::Logistic, Some(ModelTask::Binary)),
        _ if has_classes => probability(Link::Softmax, Some(ModelTask::Multiclass)),
        "" => plain(Link::Identity, None, OutputSpace::Score),
        _ if name.starts_with("Python") || name.starts_with("User") => {
            plain(Link::Identity, None, OutputSpace::Score)
        }
        _ => plain(Link::Identity, regression, OutputSpace::Value),
    }
}

fn is_ranking(name: &str) -> bool {
    const RANKING: [&str; 10] = [
        "YetiRank",
        "YetiRankPairwise",
        "PairLogit",
        "PairLogitPairwise",
        "QueryRMSE",
        "QuerySoftMax",
        "QueryCrossEntropy",
        "StochasticFilter",
        "StochasticRank",
        "LambdaMart",
    ];
    RANKING.contains(&name)
}

/// Names of the classes, in the order of the outputs, two for a single output; empty if the file does
/// not say.
pub(super) fn classes(class_params: &Value, n_outputs: usize) -> Vec<String> {
    let n_classes = if n_outputs == 1 { 2 } else { n_outputs };
    let list = |key: &str| {
        let list = class_params[key].as_array();
        list.filter(|list| list.len() == n_classes)
    };
    let names = list("class_names").or_else(|| list("class_to_label"));
    names.map_or_else(Vec::new, |names| names.iter().map(class).collect())
}

fn class(name: &Value) -> String {
    match name {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        // 1 and 1.0 are one class.
        Value::Number(number) if !number.is_f64() => number.to_string(),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN).to_string(),
        other => other.to_string(),
    }
}

/// `catboost 1.2.10`.
pub(super) fn producer(version: &str) -> String {
    let number = version.split("tags/v").nth(1).unwrap_or_default();
    let number: String = number
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
        .take(20)
        .collect();
    if number.is_empty() {
        "catboost".to_owned()
    } else {
        format!("catboost {number}")
    }
}
