//! What a plugin and its checks say about themselves before anything runs.
//!
//! In: the author's declarations. Out: [`PluginInfo`] and [`CheckInfo`], from which the host
//! schedules, and which it shows as help, detail and report.

use serde::{Deserialize, Serialize};

use crate::outcome::Role;

/// The part of the pipeline a check belongs to, in the order of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Are the tables sound?
    DataQuality,
    /// What does the model go by?
    Interpretability,
    /// Whom does it treat worse?
    Bias,
    /// How easily does it break?
    Robustness,
    /// Has the world moved since training?
    Monitoring,
}

impl Stage {
    /// Every stage, in the order of the screen.
    pub const ALL: [Self; 5] = [
        Self::DataQuality,
        Self::Interpretability,
        Self::Bias,
        Self::Robustness,
        Self::Monitoring,
    ];

    /// The name in the project file and on the command line: `data-quality`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataQuality => "data-quality",
            Self::Interpretability => "interpretability",
            Self::Bias => "bias",
            Self::Robustness => "robustness",
            Self::Monitoring => "monitoring",
        }
    }

    /// The name for people: `Data quality`.
    pub fn title(self) -> &'static str {
        match self {
            Self::DataQuality => "Data quality",
            Self::Interpretability => "Interpretability",
            Self::Bias => "Bias",
            Self::Robustness => "Robustness",
            Self::Monitoring => "Monitoring",
        }
    }
}

/// What a plugin library says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginInfo {
    /// Stable name in kebab case: `data-quality`. The prefix of its checks' ids.
    pub id: String,
    /// Version of the plugin.
    pub version: String,
    /// One sentence.
    #[serde(default)]
    pub summary: String,
    /// The plugin API it was built with: `1.1.0`.
    #[serde(default)]
    pub api: String,
    /// The compiler that built it, where known.
    #[serde(default)]
    pub compiler: String,
}

/// What a check says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckInfo {
    /// Stable name, `plugin.check` in kebab case: `data-quality.missing-values`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Its place in the pipeline.
    pub stage: Stage,
    /// What it reads. Only a change of these runs it again.
    pub needs: Needs,
    /// Kinds of finding it can give.
    #[serde(default)]
    pub codes: Vec<CodeInfo>,
    /// Its settings under `[checks."ID"]`.
    #[serde(default)]
    pub params: Vec<ParamInfo>,
    /// Its description in five parts.
    #[serde(default)]
    pub docs: Docs,
    /// How long it takes, roughly; quick checks run first.
    #[serde(default)]
    pub cost: Cost,
    /// How old a result may grow before it is stale, in days; `None` if it never does by age.
    #[serde(default)]
    pub cadence_days: Option<u32>,
}

/// Whether an input must be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Never read.
    #[default]
    No,
    /// Read if present.
    Optional,
    /// Without it the check is skipped, and the reason shown.
    Required,
}

/// What a check reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Needs {
    /// The training table.
    pub train: Need,
    /// The test table.
    pub test: Need,
    /// The current table.
    pub current: Need,
    /// The model.
    pub model: Need,
    /// What the host saw in the model's file, without running anything of it.
    pub model_file: Need,
    /// `project.target` in the project file.
    pub target: Need,
    /// At least one `sensitive` column.
    pub sensitive: Need,
    /// At least one rule of the contract: what the project file says must hold of the tables.
    pub contract: Need,
    /// Names of the only columns it reads, in every table; empty means all.
    pub columns: Vec<String>,
}

impl Needs {
    /// The need of one table.
    pub fn table(&self, role: Role) -> Need {
        match role {
            Role::Train => self.train,
            Role::Test => self.test,
            Role::Current => self.current,
        }
    }
}

/// One kind of finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeInfo {
    /// Two letters and three digits, never reused.
    pub code: String,
    /// What it says, in one line.
    pub title: String,
}

/// One setting of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamInfo {
    /// Its key in the project file.
    pub name: String,
    /// What it does, its unit and range.
    pub doc: String,
    /// Its default, written as in the project file (TOML).
    pub default: String,
}

/// The description of a check, in five parts, plain words first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Docs {
    /// What it measures.
    pub measures: String,
    /// Why it matters.
    pub matters: String,
    /// How it is computed.
    pub computed: String,
    /// How to read the result.
    pub reading: String,
    /// Books and papers.
    pub references: String,
}

/// How long a check takes on a table of some ten thousand rows.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Under a tenth of a second.
    Quick,
    /// Under a second.
    #[default]
    Moderate,
    /// Longer; sends partial outcomes.
    Heavy,
}
