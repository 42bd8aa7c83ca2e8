//! Write checks for Interlock.

pub mod error;

pub mod rows;

pub mod chart;

pub mod outcome;

pub mod check_info;

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
pub use error::{CheckError, CheckErrorKind};
pub use facts::{ColumnFacts, ColumnKind, ModelFacts, ProjectFacts, Task};
pub use features::{Feature, FeatureValues, Features, MISSING};
#[cfg(feature = "macros")]
pub use interlock_plugin_api_macros::{Params, check};
pub use model::{Model, Predictions};
pub use outcome::{Direction, Finding, Metric, Outcome, Role, Rows, Severity, Verdict};
pub use params::Params;
pub use table::{Categories, Column, Table};
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
