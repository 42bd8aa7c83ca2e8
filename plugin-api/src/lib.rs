//! Write checks for Interlock: from a function to a verdict with evidence.
//!
//! In: an author's functions. Out: a library Interlock loads while it runs. It reads no files and
//! trains no models: tables and predictions come from the host, as the project file describes them.
//!
//! # A complete check
//!
//! A check is a function of the [`Context`] and of its settings; [`macro@check`] describes it,
//! [`plugin!`] lists it. Called `acme.gaps`, it looks for columns with too many missing values:
//!
//! ```
//! use interlock_plugin_api::{
//!     CheckError, Context, Finding, Metric, Outcome, Params, Role, Severity, Verdict, check,
//!     plugin,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! plugin! { id: "acme", summary: "House rules of Acme", checks: [GAPS] }
//!
//! /// Settings of `acme.gaps`.
//! #[derive(Params, Serialize, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Settings {
//!     /// Share of missing values, 0 to 1, beyond which a column fails.
//!     limit: f64,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         Self { limit: 0.25 }
//!     }
//! }
//!
//! #[check(id = "acme.gaps", title = "Gaps", stage = "data-quality", needs(train),
//!         codes(AC001 = "too many missing values"), docs = "../tests/docs.md")]
//! fn gaps(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError> {
//!     let table = ctx.table(Role::Train)?;
//!     let n = table.n_rows();
//!     if n == 0 {
//!         return Ok(Outcome::new(Verdict::Inconclusive, "no rows; it takes one"));
//!     }
//!     let mut outcome = Outcome::new(Verdict::Pass, "few values are missing");
//!     for column in table.columns() {
//!         let share = column.n_missing() as f64 / n as f64;
//!         outcome = outcome.metric(Metric::new("missing", share, n as u64).column(column.name()));
//!         if share > settings.limit {
//!             outcome.verdict = Verdict::Fail;
//!             let finding = Finding::new("AC001", Severity::Error, "too many missing values");
//!             outcome = outcome.finding(finding.column(column.name()).advice("ask the source"));
//!         }
//!     }
//!     Ok(outcome)
//! }
//!
//! # fn main() {
//! // Tested as the host runs it, through the real border:
//! use interlock_plugin_api::test_kit::{Run, TestTable};
//!
//! let table = || TestTable::from_csv("age,zip\n31,10115\n44,\n52,\n");
//! let outcome = Run::new(module()).table(Role::Train, table()).check("acme.gaps").unwrap();
//! assert_eq!(outcome.verdict, Verdict::Fail);
//! assert_eq!(outcome.findings.len(), 1);
//!
//! let lenient = Run::new(module()).table(Role::Train, table()).param("limit", 0.7);
//! assert_eq!(lenient.check("acme.gaps").unwrap().verdict, Verdict::Pass);
//! # }
//! ```
//!
//! # Settings
//!
//! A struct with [`macro@Params`]: each field's doc comment is its description, its `Default` the
//! documented default. A name the struct does not have is refused. A check without takes `()`.
//!
//! # Tables
//!
//! [`Context::table`] gives the train, test or current table, or the error that it is missing;
//! name it under `needs(…)`, with `?` if the check can do without. A [`Column`] gives
//! [`numbers`](Column::numbers) with NaN for missing, [`strings`](Column::strings) and
//! [`booleans`](Column::booleans) with `None`, and [`categories`](Column::categories) as codes.
//!
//! # The model
//!
//! With `needs(train, model)`, [`Context::model`] gives the [`Model`], and
//! [`Table::features`] its inputs in its order. [`Model::predict`] answers probabilities, or values
//! for regression, [`Model::margins`] raw scores, [`Model::ensemble`] the trees if there are any.
//! Everything random comes from [`Context::seed`]; what takes long says so with
//! [`Context::progress`] and asks [`Context::is_cancelled`].
//!
//! # Charts
//!
//! [`Outcome::view`] takes a [`View`]: an id, a title, a [`Chart`]. A finding names the view that
//! shows it with [`Finding::evidence`], and its [`Rows`] with [`Finding::rows`].
//!
//! # Testing
//!
//! The feature `test-kit`, as a dev-dependency, brings `test_kit::Run`: tables from CSV text, a model
//! from a closure, settings, a seed. It runs the check through the border the host uses.
//!
//! # Building
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib", "rlib"]
//! ```
//!
//! `cargo build --release` makes `target/release/lib<name>.so`. Name that file, or its directory,
//! under `plugins.paths` in the project file; Interlock loads it again after each build. What cannot
//! be opened is told with its reason, see `host::error::OpenError`.

pub mod error;

pub mod rows;

pub mod calendar;

pub mod chart;

pub mod outcome;

pub mod check_info;

pub mod contract;

pub mod facts;

pub mod wire;

pub mod ensemble;

pub mod border;

pub mod features;

pub mod model;

pub mod table;

pub mod params;

pub mod context;

pub mod truth;

pub mod export;

#[cfg(feature = "host")]
pub mod host;

#[cfg(feature = "test-kit")]
pub mod test_kit;

pub use chart::{Bar, Cell, Chart, Point, Series, Strip, TableRow, View};
pub use check_info::{Cost, Stage};
pub use context::Context;
pub use contract::{Contract, ValueType};
pub use error::{CheckError, CheckErrorKind};
pub use facts::{ColumnFacts, ColumnKind, ModelFacts, ProjectFacts, Task};
pub use features::{Feature, FeatureValues, Features, MISSING};
#[cfg(feature = "macros")]
pub use interlock_plugin_api_macros::{Params, check};
pub use model::{Model, Predictions};
pub use outcome::{Direction, Finding, Metric, Outcome, Role, Rows, Severity, Verdict};
pub use params::Params;
pub use table::{Categories, Column, Distinct, Table};
pub use truth::Truth;

/// Version of the plugin API.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Version of the plugin API as `major * 1000 + minor`, read from a library before anything else.
pub const API_VERSION_NUMBER: u32 = 1001;

/// What the macros of this crate expand to; not for authors.
#[doc(hidden)]
pub mod __private {
    pub use abi_stable::library::{
        __call_root_module_loader, CheckTypeLayout, LibHeader, RootModuleResult,
    };
    pub use abi_stable::prefix_type::PrefixTypeTrait;
    pub use abi_stable::std_types::{RResult, RStr};

    pub use crate::border::{Bytes, HostHandle, HostTableRef, PluginModule, PluginModuleRef};
    pub use crate::check_info::{
        CheckInfo, CodeInfo, Cost, Docs, Need, Needs, ParamInfo, PluginInfo, Stage,
    };
    pub use crate::export::{Check, call, info, infos, run};
    pub use crate::params::{ParamValue, Params};

    /// The compiler this was built with.
    pub const COMPILER: &str = match option_env!("RUSTC_VERSION") {
        Some(version) => version,
        None => "",
    };
}
