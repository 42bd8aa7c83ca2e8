//! What an objective means: its link, its task, and the margin every row starts from.
//!
//! In: the objective's name and the base score as the file holds them. Out: how margins become
//! predictions. Knows no trees.
//!
//! Source: predictions of XGBoost 1.7, 2.1, 3.0, 3.1 and 3.2 for models of every objective with a
//! given and with an estimated base score. All mean the same by the same file, but for one thing:
//! from 3.2 on, base scores that are probabilities are kept off 0 and 1.

use crate::ensemble::Link;
use crate::{ModelTask, OutputSpace};

/// How far version 3.2 keeps probabilities off 0 and 1.
const MIN_PROBABILITY: f32 = 1e-6;

/// What an objective means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meaning {
    pub(super) link: Link,
    pub(super) task: ModelTask,
    pub(super) space: OutputSpace,
    scale: Scale,
}

/// On which scale the file holds the base score.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Margin,
    Probability,
    Logarithm,
}

/// What the objective of this name means; none if it is not known.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    use ModelTask::{Binary, Multiclass, Ranking, Regression};
    use OutputSpace::{Probability, Score, Value};
    let (link, task, space, scale) = match name {
        "binary:logistic" => (Link::Logistic, Binary, Probability, Scale::Probability),
        // Its own predictions are margins, its base score too; ours are probabilities.
        "binary:logitraw" => (Link::Logistic, Binary, Probability, Scale::Margin),
        // Its probabilities are 0 and 1.
        "binary:hinge" => (Link::Step, Binary, Probability, Scale::Margin),
        // `multi:softmax` itself predicts the class; ours are the probabilities it follows from.
        "multi:softprob" | "multi:softmax" => {
            (Link::Softmax, Multiclass, Probability, Scale::Margin)
        }
        "reg:logistic" => (Link::Logistic, Regression, Value, Scale::Probability),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:aft" => {
            (Link::Exponential, Regression, Value, Scale::Logarithm)
        }
        // A hazard relative to the others', with no scale of its own.
        "survival:cox" => (Link::Exponential, Regression, Score, Scale::Logarithm),
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "reg:expectileerror" => (Link::Identity, Regression, Value, Scale::Margin),
        "rank:pairwise" | "rank:ndcg" | "rank:map" => {
            (Link::Identity, Ranking, Score, Scale::Margin)
        }
        _ => return None,
    };
    Some(Meaning {
        link,
        task,
        space,
        scale,
    })
}

impl Meaning {
    /// The margin every row starts from, per output. The text is `5E-1`, `[5E-1]` or `[1E-1,2E-1]`;
    /// the version is that of the file.
    pub(super) fn base(
        &self,
        text: &str,
        n_outputs: usize,
        version: &[i32],
    ) -> Result<Vec<f32>, String> {
        let is_kept_off = version >= &[3, 2][..];
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        let mut base = Vec::new();
        for part in inner.split(',').filter(|part| !part.trim().is_empty()) {
            let score: Option<f32> = part.trim().parse().ok();
            let margin = score.map(|score| self.margin(score, is_kept_off));
            base.push(
                margin
                    .filter(|margin| margin.is_finite())
                    .ok_or_else(|| format!("the base score '{text}' has no finite margin"))?,
            );
            if base.len() > n_outputs {
                break;
            }
        }
        match base.len() {
            // The default of versions that did not write it.
            0 => Ok(vec![self.margin(0.5, is_kept_off); n_outputs]),
            1 => Ok(vec![base[0]; n_outputs]),
            n if n == n_outputs => Ok(base),
            _ => Err(format!(
                "the base score '{text}' is not of {n_outputs} outputs"
            )),
        }
    }

    fn margin(&self, score: f32, is_kept_off: bool) -> f32 {
        match self.scale {
            Scale::Margin => score,
            Scale::Probability if is_kept_off => {
                let score = score.clamp(MIN_PROBABILITY, 1.0 - MIN_PROBABILITY);
                -(1.0 / score - 1.0).ln()
            }
            Scale::Probability => -(1.0 / score - 1.0).ln(),
            Scale::Logarithm => score.ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(objective: &str, text: &str, expected: &[f32]) {
        let base = meaning(objective)
            .unwrap()
            .base(text, expected.len(), &[3, 2, 0]);
        assert_eq!(base.unwrap(), expected, "{objective} {text}");
    }

    #[test]
    fn base_scores_of_all_spellings_become_margins() {
        // xgboost 3.2.0 and 2.1.4: Booster.predict(output_margin=True) of models with base_score 0.3.
        check("binary:logistic", "3E-1", &[-0.847_297_85]);
        check("binary:logistic", "[3E-1]", &[-0.847_297_85]);
        check("binary:logitraw", "[3E-1]", &[0.3]);
        check("binary:hinge", "0.3", &[0.3]);
        check("count:poisson", "3E-1", &[-1.203_972_8]);
        check("survival:aft", "3E-1", &[-1.203_972_8]);
        check("multi:softprob", "3E-1", &[0.3, 0.3, 0.3]);
        check("multi:softmax", "[1E-1,2E-1,-3E-1]", &[0.1, 0.2, -0.3]);
        check("reg:squarederror", " [ 1 , 2 ] ", &[1.0, 2.0]);
        check("reg:squarederror", "", &[0.5]);
    }

    #[test]
    fn probabilities_are_kept_off_zero_and_one_from_version_3_2_on() {
        // Booster.predict(output_margin=True) of xgboost 3.2.0 and 3.1.2.
        for (text, newer, older) in [
            ("1E-8", -13.815_51, -18.420_681),
            ("9.9999994E-1", 13.745_16, 15.942_385),
            ("3E-1", -0.847_297_85, -0.847_297_85),
        ] {
            let base = |version| meaning("binary:logistic").unwrap().base(text, 1, version);
            assert_eq!(base(&[3, 2, 0]).unwrap(), [newer]);
            assert_eq!(base(&[3, 1, 2]).unwrap(), [older]);
        }
        // A constant target.
        check("binary:logistic", "[0E0]", &[-13.815_51]);
        check("reg:logistic", "[1E0]", &[13.745_16]);
    }

    #[test]
    fn wrong_base_scores_are_refused() {
        let error = |objective, text| {
            meaning(objective)
                .unwrap()
                .base(text, 3, &[3, 1, 2])
                .unwrap_err()
        };
        let text = "the base score '1E0' has no finite margin";
        assert_eq!(error("binary:logistic", "1E0"), text);
        assert!(error("reg:gamma", "-1").contains("no finite margin"));
        assert!(error("reg:gamma", "one").contains("'one' has no finite margin"));
        assert!(error("multi:softprob", "[1,2]").contains("not of 3 outputs"));
        assert!(error("multi:softprob", "[1,2,3,4]").contains("not of 3 outputs"));
        assert_eq!(meaning("reg:unheard"), None);
    }
}
