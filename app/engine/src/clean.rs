//! Cleaned copies of tables: the preprocessing the project file plans.
//!
//! In: a [`Config`] and a [`Request`]. Out: copies beside the originals with a log of each changed row, and
//! a [`Summary`]; or a [`CleanError`], and nothing was written. The originals are only read. What a step
//! learns it learns from the train table, as the steps before left it; the same files, plan and seed
//! give the same bytes.

mod cell;

mod sheet;

mod choose;

mod rows;

mod impute;

mod encoding;

mod categories;

mod clip;

mod split;

mod steps;

mod records;

mod sink;

mod place;

mod copy;

mod columnar;

mod output;

pub mod suggest;

pub mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use interlock_plugin_api::facts::Task;
use interlock_plugin_api::outcome::Role;
use serde::Serialize;

use crate::config::{CleanStep, Config, Step};
use crate::load::assemble::SourceFile;
use crate::load::piece::MissingTokens;
use crate::load::{self, DEFAULT_MISSING, LoadSpec, LoadedTable};
use crate::problem::Problem;
use choose::{Facts, Refusal};
use output::{Job, Pending, write_table};
use place::Originals;
use sheet::Sheet;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The tables; empty means all of the project.
    pub tables: Vec<Role>,
    /// The steps, in order.
    pub steps: Vec<CleanStep>,
    /// Form of the copies; that of each original if `None`.
    pub form: Option<FileForm>,
    /// Folder of the copies; that of each original if `None`.
    pub out: Option<PathBuf>,
    /// Whether files in the way are replaced.
    pub force: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// Form of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// Delimited text.
    Csv,
    /// Parquet.
    Parquet,
}

/// Why nothing was cleaned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// A step cannot be done.
    #[error("{file}:{line}: {step}: {message}")]
    Step {
        /// The file the step is written in.
        file: String,
        /// Its line.
        line: u64,
        /// Its name.
        step: &'static str,
        /// Why not: a lowercase fragment.
        message: String,
        /// What to do.
        help: String,
    },
    /// A table cannot be loaded.
    #[error("the {table} table could not be loaded")]
    Table {
        /// Which.
        table: &'static str,
        /// What was wrong with its files.
        problems: Vec<Problem>,
    },
    /// A copy cannot be written.
    #[error("{message}")]
    Output {
        /// Why not: a lowercase fragment that names the file.
        message: String,
        /// What to do.
        help: String,
    },
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of this form.
    pub schema: u32,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Per table.
    pub tables: Vec<TableSummary>,
    /// What was wrong with the sources: records left out and the like.
    pub problems: Vec<Problem>,
}

/// What was done to a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    /// `train`, `test` or `current`.
    pub table: &'static str,
    /// Rows and columns before.
    pub rows_in: u64,
    /// Rows after, over all copies.
    pub rows_out: u64,
    /// Columns before.
    pub columns_in: usize,
    /// Columns after.
    pub columns_out: usize,
    /// What each step did, in order.
    pub steps: Vec<StepSummary>,
    /// Its files.
    pub files: Vec<FileSummary>,
}

/// What a step did to a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepSummary {
    /// Its place in the plan, the first is 1.
    pub number: usize,
    /// Its name.
    pub step: &'static str,
    /// Rows it took away.
    pub rows_dropped: u64,
    /// Columns it took away.
    pub columns_dropped: Vec<String>,
    /// Cells it changed, by column.
    pub cells_changed: BTreeMap<String, u64>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// The copies of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// The original.
    pub source: PathBuf,
    /// Its rows.
    pub rows_in: u64,
    /// The copy, or the two a split makes.
    pub copies: Vec<Written>,
    /// The log of changes.
    pub log: PathBuf,
}

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
}

/// A loaded table with the bytes it was loaded from.
struct Loaded<'a> {
    role: Role,
    spec: &'a LoadSpec,
    table: Arc<LoadedTable>,
    files: Vec<SourceFile<'a>>,
}

/// Writes cleaned copies.
///
/// # Errors
/// If a table cannot be loaded, a step cannot be done or a copy cannot be written; nothing was written
/// then, unless the system failed while the finished files were put in their places.
pub fn run(config: &Config, request: &Request) -> Result<Summary, CleanError> {
    let roles = roles(config, request)?;
    let specs: Vec<(Role, LoadSpec)> = roles
        .iter()
        .map(|role| (*role, config.load_spec(*role)))
        .collect();
    let mut problems = Vec::new();
    let loaded = load_all(config, &specs, &mut problems)?;
    let mut sheets: Vec<Sheet> = loaded
        .iter()
        .map(|loaded| Sheet::new(loaded.role, &loaded.table.view))
        .collect();
    let facts = facts(config);
    steps::run(&request.steps, &mut sheets, &facts).map_err(|(step, refusal)| {
        let step = &request.steps[step];
        CleanError::Step {
            file: step.file.clone(),
            line: step.line,
            step: step.step.name(),
            message: refusal.message,
            help: refusal.help,
        }
    })?;
    let tables =
        write_all(config, request, &loaded, &sheets).map_err(|refusal| CleanError::Output {
            message: refusal.message,
            help: refusal.help,
        })?;
    Ok(Summary {
        schema: 1,
        dry_run: request.dry_run,
        tables,
        problems,
    })
}

/// The tables to load: those asked for, and the train table first where something is learned of it.
fn roles(config: &Config, request: &Request) -> Result<Vec<Role>, CleanError> {
    let needs_train = |step: &CleanStep| {
        step.step.learns() || matches!(step.step, Step::Split { .. } | Step::Clip { .. })
    };
    let is_asked = |role: Role| request.tables.is_empty() || request.tables.contains(&role);
    if let Some(role) = request
        .tables
        .iter()
        .find(|role| config.data.source(**role).is_none())
    {
        return Err(CleanError::Output {
            message: format!("the project has no {} table", role.name()),
            help: "name it under [data] in the project file".to_owned(),
        });
    }
    let all = [Role::Train, Role::Test, Role::Current].into_iter();
    let wanted = all.filter(|role| {
        let is_taught = *role == Role::Train && request.steps.iter().any(needs_train);
        config.data.source(*role).is_some() && (is_asked(*role) || is_taught)
    });
    Ok(wanted.collect())
}

fn load_all<'a>(
    config: &Config,
    specs: &'a [(Role, LoadSpec)],
    problems: &mut Vec<Problem>,
) -> Result<Vec<Loaded<'a>>, CleanError> {
    let cache = config.state_dir().join("cache");
    let mut all = Vec::new();
    for (role, spec) in specs {
        let (loaded, files) = load::load_keeping(spec, &config.root, &cache);
        let is_whole = files.len() == spec.files.len();
        match loaded.table {
            Some(table) if is_whole => {
                problems.extend(loaded.problems);
                all.push(Loaded {
                    role: *role,
                    spec,
                    table,
                    files,
                });
            }
            _ => {
                return Err(CleanError::Table {
                    table: role.name(),
                    problems: loaded.problems,
                });
            }
        }
    }
    Ok(all)
}

fn facts(config: &Config) -> Facts<'_> {
    let listed = config.data.missing.iter().map(String::as_str);
    Facts {
        target: config.project.target.as_deref(),
        id: config.data.id.as_deref(),
        time: config.data.time.as_deref(),
        seed: config.project.seed,
        is_regression: config.project.task == Task::Regression,
        missing: MissingTokens::new(DEFAULT_MISSING.into_iter().chain(listed)),
    }
}

fn write_all(
    config: &Config,
    request: &Request,
    loaded: &[Loaded<'_>],
    sheets: &[Sheet],
) -> Result<Vec<TableSummary>, Refusal> {
    let names: Vec<&'static str> = request.steps.iter().map(|step| step.step.name()).collect();
    let originals = originals(config);
    let patterns = patterns(config)?;
    let is_project_file = |path: &Path| patterns.is_match(path);
    let mut pending = Pending::default();
    let mut tables = Vec::new();
    for (loaded, sheet) in loaded.iter().zip(sheets) {
        if !request.tables.is_empty() && !request.tables.contains(&loaded.role) {
            continue;
        }
        let job = Job {
            sheet,
            table: &loaded.table,
            spec: loaded.spec,
            files: &loaded.files,
            steps: &names,
        };
        let files = write_table(&job, request, &is_project_file, &originals, &mut pending)?;
        tables.push(summary::of_table(sheet, &names, files));
    }
    pending.finish(request.force)?;
    Ok(tables)
}

/// Every file the project reads.
fn originals(config: &Config) -> Originals {
    let roles = [Role::Train, Role::Test, Role::Current];
    let tables = roles
        .into_iter()
        .flat_map(|role| config.load_spec(role).files);
    Originals::new(tables.chain([config.path.clone()]))
}

/// The patterns of the project's tables.
fn patterns(config: &Config) -> Result<GlobSet, Refusal> {
    let mut set = GlobSetBuilder::new();
    for pattern in config.watch_set(&[]).patterns {
        let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| Refusal::new(error.to_string(), ""))?);
    }
    set.build()
        .map_err(|error| Refusal::new(error.to_string(), ""))
}
