//! What the project file tells every check: the task, the roles of columns, the model's face.
//!
//! In: nothing but what the host resolved. Out: [`ProjectFacts`], decoded once per run.
//!
//! No rows here; tables come through [`crate::table`].

use serde::{Deserialize, Serialize};

use crate::check_info::{Need, Needs};
use crate::contract::Contract;

/// What the model is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One of two classes.
    #[default]
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

/// How a column is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Ordered numbers.
    Numeric,
    /// Unordered values, few of them.
    Categorical,
    /// Yes or no.
    Boolean,
    /// A date or a point in time.
    Date,
    /// Free text.
    Text,
}

/// The direction in which a prediction may move as a column grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monotone {
    /// Never down.
    Increasing,
    /// Never up.
    Decreasing,
}

/// What is known of one column: from the project file, else inferred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// How it is to be read.
    pub kind: ColumnKind,
    /// Whether it defines groups for bias checks.
    #[serde(default)]
    pub is_sensitive: bool,
    /// Whether nobody can change it, as with age.
    #[serde(default)]
    pub is_immutable: bool,
    /// Least possible value, inclusive.
    #[serde(default)]
    pub min: Option<f64>,
    /// Greatest possible value, inclusive.
    #[serde(default)]
    pub max: Option<f64>,
    /// Unit of its values; empty if none is given.
    #[serde(default)]
    pub unit: String,
    /// How the prediction may depend on it.
    #[serde(default)]
    pub monotone: Option<Monotone>,
    /// The only values it may take; empty means any.
    #[serde(default)]
    pub allowed: Vec<String>,
}

/// The face of the model; predictions come through [`crate::model`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFacts {
    /// `xgboost-json`, `smartcore`…
    pub format: String,
    /// Its input columns, in its order.
    pub features: Vec<String>,
    /// Figures per row that `predict` gives: 1 for binary (probability of the positive class) and
    /// regression, else the number of classes.
    pub n_outputs: u32,
    /// Class names in the order of the outputs, `[negative, positive]` for binary; empty for
    /// regression.
    pub classes: Vec<String>,
    /// Probability from which a row counts as positive; 0.5 unless the project file says so.
    pub threshold: f64,
    /// Whether it gives a tree ensemble.
    pub has_ensemble: bool,
}

/// What is to be thought of a model's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileStanding {
    /// Everything was read, and loading it runs nothing, or only known harmless code.
    Safe,
    /// It imports what is not known, or holds what no library writes.
    Suspicious,
    /// Loading it runs code of the file's choosing.
    Dangerous,
    /// Part of it could not be read.
    #[default]
    CannotTell,
}

/// Something a model's file would import if it were loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileImport {
    /// `module.name`.
    pub name: String,
    /// `called`, `built` or `named`.
    pub how: String,
    /// Its own standing.
    pub standing: FileStanding,
    /// Why.
    pub why: String,
    /// Where in the file: `data.pkl, byte 120`.
    pub place: String,
}

/// Something else seen in a model's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileSight {
    /// A short stable name: `zip-bomb`.
    pub code: String,
    /// What it means for the file.
    pub standing: FileStanding,
    /// What was seen.
    pub text: String,
    /// Where in the file.
    pub place: String,
}

/// A model's file as the host read it: byte by byte, never loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFile {
    /// Relative to the project.
    pub path: String,
    /// `pickle protocol 4`, `ONNX`…
    pub kind: String,
    /// Its size.
    pub n_bytes: u64,
    /// The sum of it.
    pub standing: FileStanding,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// What it would import; the first thousand.
    pub imports: Vec<FileImport>,
    /// How many there are in all.
    pub n_imports: u64,
    /// What else was seen.
    pub sights: Vec<FileSight>,
    /// Class of the object it holds, if it is known.
    pub object: Option<String>,
    /// What to do instead of loading it; may be empty.
    pub advice: String,
}

/// Everything the project file tells a check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectFacts {
    /// Name of the project.
    pub name: String,
    /// What the model is asked.
    pub task: Task,
    /// The column to predict.
    pub target: Option<String>,
    /// The target's value that counts as positive, as it stands in the table.
    pub positive: Option<String>,
    /// The column that names rows.
    pub id: Option<String>,
    /// The column that orders rows in time.
    pub time: Option<String>,
    /// Every column of the tables, in the order of the training table.
    pub columns: Vec<ColumnFacts>,
    /// The model, if there is one and it opened.
    pub model: Option<ModelFacts>,
    /// What the host saw in the model's file, if the project names one.
    pub model_file: Option<ModelFile>,
    /// What must hold of the tables, if the project file says anything of it.
    pub contract: Option<Contract>,
}

impl ProjectFacts {
    /// The facts a check with these needs may see: what it does not declare is not there, so that a
    /// change it does not declare cannot alter its result.
    #[must_use]
    pub fn seen_by(&self, needs: &Needs) -> Self {
        let mut seen = self.clone();
        if !needs.columns.is_empty() {
            seen.columns
                .retain(|column| needs.columns.contains(&column.name));
        }
        if needs.target == Need::No {
            seen.target = None;
            seen.positive = None;
        }
        if needs.sensitive == Need::No {
            for column in &mut seen.columns {
                column.is_sensitive = false;
            }
        }
        if needs.model == Need::No {
            seen.model = None;
        }
        if needs.model_file == Need::No {
            seen.model_file = None;
        }
        if needs.contract == Need::No {
            seen.contract = None;
        }
        seen
    }

    /// What is known of the column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnFacts> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Columns that define groups, in table order.
    pub fn sensitive(&self) -> impl Iterator<Item = &ColumnFacts> {
        self.columns.iter().filter(|column| column.is_sensitive)
    }

    /// The columns that are neither target, id nor time, in table order.
    pub fn features(&self) -> impl Iterator<Item = &ColumnFacts> {
        self.columns.iter().filter(|column| {
            let name = Some(&column.name);
            name != self.target.as_ref() && name != self.id.as_ref() && name != self.time.as_ref()
        })
    }
}
