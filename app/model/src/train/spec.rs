//! What to train: an algorithm and its settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::nearest::nearest;

/// An algorithm and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainSpec {
    /// Bagged trees on random subsets of inputs; probabilities are shares of votes.
    RandomForest(ForestSettings),
    /// One tree.
    DecisionTree(TreeSettings),
    /// Trees fitted one after the other to what is left.
    GradientBoosting(BoostingSettings),
    /// A weighted sum through the logistic function.
    LogisticRegression(LogisticSettings),
}

/// Settings of a random forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestSettings {
    /// Number of trees.
    pub n_trees: u16,
    /// Size of each tree.
    pub tree: TreeSettings,
}

/// Settings of one tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeSettings {
    /// Greatest depth; unlimited if `None`.
    pub max_depth: Option<u16>,
    /// Least rows in a leaf.
    pub min_samples_leaf: usize,
}

/// Settings of gradient boosting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingSettings {
    /// Number of rounds.
    pub n_trees: u16,
    /// Share of each tree that counts, above 0 and up to 1.
    pub learning_rate: f64,
    /// Size of each tree.
    pub tree: TreeSettings,
}

/// Settings of logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticSettings {
    /// Strength of the L2 penalty on standardized inputs.
    pub alpha: f64,
}

const ALGORITHMS: [&str; 4] = [
    "random-forest",
    "decision-tree",
    "gradient-boosting",
    "logistic-regression",
];

impl TrainSpec {
    /// The algorithm of this name with these settings; what is not set keeps its default.
    ///
    /// # Errors
    /// If there is no such algorithm or setting, or a setting is out of range.
    pub fn new(algorithm: &str, settings: &BTreeMap<String, f64>) -> Result<Self, ModelError> {
        let mut given = Given {
            algorithm,
            settings,
            known: Vec::new(),
        };
        let spec = match algorithm {
            "random-forest" => Self::RandomForest(ForestSettings {
                n_trees: given.count("n_trees", 100, 1, 10_000)?,
                tree: given.tree(None, 1)?,
            }),
            "decision-tree" => Self::DecisionTree(given.tree(Some(8), 5)?),
            "gradient-boosting" => Self::GradientBoosting(BoostingSettings {
                n_trees: given.count("n_trees", 100, 1, 10_000)?,
                learning_rate: given.number("learning_rate", 0.1, 1e-6, 1.0)?,
                tree: given.tree(Some(3), 5)?,
            }),
            "logistic-regression" => Self::LogisticRegression(LogisticSettings {
                alpha: given.number("alpha", 1.0, 0.0, 1e9)?,
            }),
            other => {
                let meant = nearest(other, &ALGORITHMS).map_or_else(
                    || format!("there are {}", ALGORITHMS.join(", ")),
                    |near| format!("did you mean '{near}'?"),
                );
                return Err(ModelError::Training(format!(
                    "there is no algorithm '{other}'; {meant}"
                )));
            }
        };
        given.finish()?;
        Ok(spec)
    }

    /// The algorithm's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RandomForest(_) => ALGORITHMS[0],
            Self::DecisionTree(_) => ALGORITHMS[1],
            Self::GradientBoosting(_) => ALGORITHMS[2],
            Self::LogisticRegression(_) => ALGORITHMS[3],
        }
    }
}

struct Given<'a> {
    algorithm: &'a str,
    settings: &'a BTreeMap<String, f64>,
    known: Vec<&'static str>,
}

impl Given<'_> {
    fn number(
        &mut self,
        name: &'static str,
        default: f64,
        min: f64,
        max: f64,
    ) -> Result<f64, ModelError> {
        self.known.push(name);
        let value = self.settings.get(name).copied().unwrap_or(default);
        if !(min..=max).contains(&value) {
            return Err(ModelError::Training(format!(
                "{}: {name} must lie between {min} and {max}, not {value}",
                self.algorithm
            )));
        }
        Ok(value)
    }

    fn count(
        &mut self,
        name: &'static str,
        default: u16,
        min: u16,
        max: u16,
    ) -> Result<u16, ModelError> {
        let value = self.number(name, default.into(), min.into(), max.into())?;
        if value.fract() != 0.0 {
            return Err(ModelError::Training(format!(
                "{}: {name} must be a whole number, not {value}",
                self.algorithm
            )));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between two of this type"
        )]
        Ok(value as u16)
    }

    fn tree(
        &mut self,
        max_depth: Option<u16>,
        min_samples_leaf: u16,
    ) -> Result<TreeSettings, ModelError> {
        // 0 stands for unlimited.
        let depth = self.count("max_depth", max_depth.unwrap_or(0), 0, 64)?;
        Ok(TreeSettings {
            max_depth: (depth > 0).then_some(depth),
            min_samples_leaf: self
                .count("min_samples_leaf", min_samples_leaf, 1, u16::MAX)?
                .into(),
        })
    }

    fn finish(&self) -> Result<(), ModelError> {
        let Some(unknown) = self
            .settings
            .keys()
            .find(|name| !self.known.contains(&name.as_str()))
        else {
            return Ok(());
        };
        let meant = nearest(unknown, &self.known).map_or_else(
            || format!("it has {}", self.known.join(", ")),
            |near| format!("did you mean '{near}'?"),
        );
        Err(ModelError::Training(format!(
            "{} has no setting '{unknown}'; {meant}",
            self.algorithm
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(algorithm: &str, name: &str, value: f64) -> String {
        let settings = BTreeMap::from([(name.to_owned(), value)]);
        TrainSpec::new(algorithm, &settings)
            .map_or_else(|error| error.to_string(), |spec| format!("{spec:?}"))
    }

    #[test]
    fn wrong_settings_say_what_is_right() {
        assert!(message("random-forst", "n_trees", 1.0).contains("did you mean 'random-forest'?"));
        assert!(message("random-forest", "ntrees", 1.0).contains("did you mean 'n_trees'?"));
        assert!(message("random-forest", "n_trees", 0.0).contains("between 1 and 10000"));
        assert!(message("random-forest", "n_trees", 1.5).contains("whole number"));
        assert!(message("gradient-boosting", "learning_rate", 0.3).contains("learning_rate: 0.3"));
    }
}
