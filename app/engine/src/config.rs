//! The project file: what stands in `interlock.toml`, as settings in force.
//!
//! In: its text. Out: a [`Config`] with every default filled in and every path absolute, or all that
//! is wrong with it, each with line, column and what to do.
//!
//! Reads no table and no model. Settings of checks are kept as written until the plugin says which
//! settings its checks have; see [`check_params`].

mod nearest;

mod reader;

mod units;

mod relation;

mod contract;

mod served;

mod plan;

mod clean;

mod sections;

mod params;

mod page;

mod written_rules;

mod annotated;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interlock_plugin_api::contract::{ColumnRules, Contract};
use interlock_plugin_api::facts::{ColumnKind, Monotone, Task};
use interlock_plugin_api::outcome::Role;

use crate::load::{ColumnSpec, LoadSpec};
use crate::problem::Problem;
use crate::watch::{self, WatchSet};
use crate::work;

pub use clean::parse_steps;
pub use nearest::nearest;
pub use params::check_params;
pub use plan::{Bounds, CleanStep, Keep, Rule, SplitBy, Step};

/// JSON schema of the project file, for editors.
pub const SCHEMA: &str = include_str!("config/schema.json");

/// Largest project file read.
const MAX_BYTES: u64 = 4 << 20;

/// Settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The project file, absolute.
    pub path: PathBuf,
    /// Its folder; relative paths in it start here.
    pub root: PathBuf,
    /// What is modelled.
    pub project: ProjectConfig,
    /// Where the tables are.
    pub data: DataConfig,
    /// What is known of columns, by name.
    pub columns: BTreeMap<String, ColumnConfig>,
    /// What must hold between columns and of whole tables; its own `columns` are empty, those stand
    /// in [`Config::columns`].
    pub contract: Contract,
    /// Where the model is, or how it is trained.
    pub model: ModelConfig,
    /// Where plugins are looked for and what they may use.
    pub plugins: PluginsConfig,
    /// What is set for single checks, by id.
    pub checks: BTreeMap<String, CheckConfig>,
    /// What `interlock clean` does, in order.
    pub clean: Vec<CleanStep>,
    /// The screen's theme, if the project names one.
    pub theme: Option<String>,
}

/// `[project]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectConfig {
    /// Its name; that of its folder if none is given.
    pub name: String,
    /// What the model is asked.
    pub task: Task,
    /// The column to predict.
    pub target: Option<String>,
    /// The target's value that counts as positive.
    pub positive: Option<String>,
    /// Seed of everything random.
    pub seed: u64,
}

/// `[data]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataConfig {
    /// Files of each table.
    pub sources: BTreeMap<Role, Source>,
    /// The column that names rows.
    pub id: Option<String>,
    /// The column that orders rows in time.
    pub time: Option<String>,
    /// Texts that stand for a missing value, besides the usual ones.
    pub missing: Vec<String>,
    /// The separator of delimited files; found out if `None`.
    pub delimiter: Option<char>,
    /// Whether delimited files begin with column names; found out if `None`.
    pub header: Option<bool>,
}

/// Files of one table: paths or patterns, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub Vec<String>);

impl Source {
    /// The files, for people.
    pub fn label(&self) -> String {
        self.0.join(", ")
    }
}

impl DataConfig {
    /// Where a table is; `None` if the project has none of this role.
    pub fn source(&self, role: Role) -> Option<&Source> {
        self.sources.get(&role)
    }
}

/// `[columns.NAME]`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnConfig {
    /// How it is to be read; found out if `None`.
    pub kind: Option<ColumnKind>,
    /// Whether it defines groups for bias checks.
    pub sensitive: bool,
    /// Whether nobody can change it, as with age.
    pub immutable: bool,
    /// Least possible value.
    pub min: Option<f64>,
    /// Greatest possible value.
    pub max: Option<f64>,
    /// Unit of its values.
    pub unit: Option<String>,
    /// How the prediction may depend on it.
    pub monotone: Option<Monotone>,
    /// The only values it may take; empty means any.
    pub allowed: Vec<String>,
    /// What the model was given in place of each text, where its file does not know the texts.
    pub codes: BTreeMap<String, f64>,
    /// What else must hold of its values.
    pub rules: ColumnRules,
}

/// `[model]`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelConfig {
    /// Where it comes from; `None` if the project has no model.
    pub source: Option<ModelSource>,
    /// Probability from which a row counts as positive; 0.5 if `None`.
    pub threshold: Option<f64>,
    /// Class names in the order of the model's outputs, where the model does not know them.
    pub classes: Vec<String>,
    /// Its input columns in its order, where the model does not know them; what a trained model
    /// learns from.
    pub features: Vec<String>,
}

/// Where the model comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelSource {
    /// A file.
    File {
        /// Absolute path.
        path: PathBuf,
    },
    /// Served by the user's Python, with the user's consent.
    Python(PythonSource),
    /// Behind HTTP, asked with the user's consent.
    Http(HttpSource),
    /// Trained from the training table, and again when that changes.
    Train {
        /// `random-forest`…
        algorithm: String,
        /// Its settings by name.
        settings: BTreeMap<String, f64>,
    },
}

/// A model that only its own Python can run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PythonSource {
    /// The interpreter: a path, or a name on the search path.
    pub interpreter: PathBuf,
    /// A pickle, a joblib file or an MLflow folder; absolute.
    pub path: Option<PathBuf>,
    /// `module:name` of a function, an object with `predict`, or a class of such.
    pub entry: Option<String>,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

/// A model behind HTTP.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HttpSource {
    /// `http://HOST[:PORT]/v2/models/NAME` or `http://HOST[:PORT]/invocations`.
    pub url: String,
    /// Headers by name, and the environment variables that hold their values.
    pub secrets: BTreeMap<String, String>,
    /// Rows sent at once.
    pub batch: usize,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

/// `[plugins]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginsConfig {
    /// Folders watched for libraries, and library files; absolute.
    pub paths: Vec<PathBuf>,
    /// Ids of plugins that are not used.
    pub disabled: Vec<String>,
    /// What a worker may use.
    pub limits: LimitsConfig,
}

/// `[plugins.limits]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Longest run of one check.
    pub wall_clock: Duration,
    /// Processor time of one run, over all threads.
    pub cpu_time: Duration,
    /// Memory of one worker, in bytes.
    pub memory: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            wall_clock: Duration::from_secs(300),
            cpu_time: Duration::from_secs(1200),
            memory: 8 << 30,
        }
    }
}

impl PythonSource {
    /// Files and folders whose change makes another model.
    pub fn files(&self, root: &Path) -> Vec<PathBuf> {
        let module = self.entry.as_deref().and_then(|entry| {
            let module = entry.split(':').next()?.replace('.', "/");
            let file = root.join(format!("{module}.py"));
            let package = root.join(module);
            [file, package].into_iter().find(|path| path.exists())
        });
        self.path.iter().cloned().chain(module).collect()
    }
}

impl LimitsConfig {
    /// As the worker pool takes them.
    pub fn to_work(&self) -> work::Limits {
        work::Limits {
            memory_bytes: self.memory,
            cpu_time: self.cpu_time,
        }
    }
}

/// `[checks."id"]`
#[derive(Debug, Clone, PartialEq)]
pub struct CheckConfig {
    /// Whether it runs.
    pub enabled: bool,
    /// Whether skipping it is worth a warning.
    pub required: bool,
    /// What a failure counts as.
    pub severity: CheckSeverity,
    /// How old a result may grow; what the check says itself if `None`.
    pub cadence: Option<Duration>,
    /// Its own settings, as written.
    pub params: BTreeMap<String, ParamSetting>,
    /// Line of the section in the project file; `None` where no file says it.
    pub line: Option<u64>,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            required: false,
            severity: CheckSeverity::Fail,
            cadence: None,
            params: BTreeMap::new(),
            line: None,
        }
    }
}

impl CheckConfig {
    /// Whether a failure is only a warning.
    pub fn warns_only(&self) -> bool {
        self.severity == CheckSeverity::Warn
    }
}

/// What a check's failure counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckSeverity {
    /// As a failure.
    Fail,
    /// As a warning.
    Warn,
}

/// A setting of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamSetting {
    /// As written.
    pub value: toml::Value,
    /// Line of its key, the first is 1.
    pub line: u64,
    /// Column of its key, the first is 1.
    pub column: u64,
}

impl Config {
    /// Reads a project file.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the file.
    pub fn load(path: &Path) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let failed = |message: String, help: &str| {
            vec![Problem {
                file: display_name(path),
                line: None,
                column: None,
                message,
                help: help.to_owned(),
                is_error: true,
            }]
        };
        let metadata = std::fs::metadata(path).map_err(|error| {
            failed(
                format!("cannot be read: {error}"),
                "run `interlock init` to write one",
            )
        })?;
        if metadata.len() > MAX_BYTES {
            let message = format!("has {} bytes, the limit is {MAX_BYTES}", metadata.len());
            return Err(failed(message, "is this the project file?"));
        }
        let bytes =
            std::fs::read(path).map_err(|error| failed(format!("cannot be read: {error}"), ""))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            failed(
                format!("is not UTF-8 from byte {at} on"),
                "save it as UTF-8",
            )
        })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a project file that stands at `path`, which is absolute.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the file.
    pub fn parse(text: &str, path: &Path) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        sections::parse(text, path)
    }

    /// Name of the project file, for messages.
    pub fn file_name(&self) -> String {
        display_name(&self.path)
    }

    /// A path for people: relative to the project where it lies inside.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// Where results, caches and trained models are kept.
    pub fn state_dir(&self) -> PathBuf {
        self.root.join(".interlock")
    }

    /// How to load a table; patterns are resolved now.
    pub fn load_spec(&self, role: Role) -> LoadSpec {
        let written = self
            .data
            .source(role)
            .map(|source| source.0.as_slice())
            .unwrap_or_default();
        let files = written
            .iter()
            .flat_map(|written| self.resolve(written))
            .collect();
        let columns = self.columns.iter().filter_map(|(name, column)| {
            column.kind.map(|kind| ColumnSpec {
                name: name.clone(),
                kind,
            })
        });
        LoadSpec {
            files,
            missing: self.data.missing.clone(),
            columns: columns.collect(),
            delimiter: self
                .data
                .delimiter
                .and_then(|delimiter| u8::try_from(delimiter).ok()),
            header: self.data.header,
        }
    }

    /// What the model is trained as.
    ///
    /// # Errors
    /// If there is no such algorithm or it has no such setting.
    pub fn train_spec(&self) -> Result<interlock_model::TrainSpec, String> {
        match &self.model.source {
            Some(ModelSource::Train {
                algorithm,
                settings,
            }) => interlock_model::TrainSpec::new(algorithm, settings)
                .map_err(|error| error.to_string()),
            Some(ModelSource::File { .. } | ModelSource::Python(_) | ModelSource::Http(_))
            | None => Err("the project file trains no model".to_owned()),
        }
    }

    /// Everything whose change matters, `plugins` being all places plugins are looked for.
    pub fn watch_set(&self, plugins: &[PathBuf]) -> WatchSet {
        let mut set = WatchSet {
            files: vec![self.path.clone()],
            patterns: Vec::new(),
            libraries: plugins.to_vec(),
            excluded: vec![self.state_dir()],
        };
        for written in self.data.sources.values().flat_map(|source| &source.0) {
            let path = self.root.join(written);
            if is_pattern(written) {
                set.patterns.push(path.display().to_string());
            } else {
                set.files.push(path);
            }
        }
        match &self.model.source {
            Some(ModelSource::File { path }) => set.files.push(path.clone()),
            Some(ModelSource::Python(source)) => set.files.extend(source.files(&self.root)),
            Some(ModelSource::Train { .. } | ModelSource::Http(_)) | None => {}
        }
        set
    }

    /// Existing files of a pattern, sorted; a plain path is itself.
    fn resolve(&self, written: &str) -> Vec<PathBuf> {
        let path = self.root.join(written);
        if !is_pattern(written) {
            return vec![path];
        }
        let set = WatchSet {
            patterns: vec![path.display().to_string()],
            excluded: vec![self.state_dir()],
            ..WatchSet::default()
        };
        watch::existing_files(&set)
    }
}

fn is_pattern(written: &str) -> bool {
    written.contains(['*', '?', '[', '{'])
}

fn display_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests;
