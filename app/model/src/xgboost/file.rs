//! The file's structure, as far as predicting needs it.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    pub(super) gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    pub(super) param: LearnerParam,
    pub(super) objective: Objective,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) best_iteration: Option<String>,
    pub(super) scikit_learn: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub(super) enum Booster {
    Gbtree {
        model: Trees,
    },
    Dart {
        gbtree: Gbtree,
        weight_drop: Vec<f32>,
    },
    Gblinear {},
}

#[derive(Deserialize)]
pub(super) struct Gbtree {
    pub(super) model: Trees,
}

#[derive(Deserialize)]
pub(super) struct Trees {
    #[serde(rename = "trees")]
    pub(super) list: Vec<Tree>,
    #[serde(default)]
    pub(super) tree_info: Vec<i64>,
    #[serde(default)]
    pub(super) gbtree_model_param: TreesParam,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TreesParam {
    pub(super) num_parallel_tree: String,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    #[serde(default)]
    pub(super) base_score: String,
    #[serde(default)]
    pub(super) num_class: String,
    #[serde(default)]
    pub(super) num_feature: String,
    #[serde(default)]
    pub(super) num_target: String,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) left_children: Vec<i64>,
    pub(super) right_children: Vec<i64>,
    pub(super) split_indices: Vec<i64>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<Flag>,
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    #[serde(default)]
    pub(super) sum_hessian: Vec<f32>,
}

/// Written as a truth value by old versions and as 0 or 1 by new ones.
#[derive(Clone, Copy, Deserialize)]
#[serde(from = "FlagForm")]
pub(super) struct Flag(pub(super) bool);

#[derive(Deserialize)]
#[serde(untagged)]
enum FlagForm {
    Truth(bool),
    Number(u8),
}

impl From<FlagForm> for Flag {
    fn from(form: FlagForm) -> Self {
        Self(match form {
            FlagForm::Truth(value) => value,
            FlagForm::Number(number) => number != 0,
        })
    }
}
