//! The host's side of the border: open a library, run its checks.
//!
//! In: the path of a library, and [`HostServices`]. Out: what it offers, and the bytes of outcomes.
//!
//! Used by Interlock's worker process and by the test kit. A library is never unloaded: one process
//! opens one library and ends with it. Nothing here protects against a plugin that writes where it
//! must not; the process border does.

#![expect(
    unsafe_code,
    reason = "the one place that looks behind a host handle and calls a library's symbols"
)]

pub mod error;

mod inspect;

pub mod limits;

use std::path::Path;

use abi_stable::StableAbi as _;
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::library::{LibHeader, LibraryError, lib_header_from_path};
use abi_stable::prefix_type::PrefixTypeTrait as _;
use abi_stable::std_types::{RResult, RSlice, RStr, RVec};

use crate::API_VERSION_NUMBER;
use crate::border::{ColumnView, HostHandle, HostTable, HostTableRef, PluginModuleRef};
use crate::check_info::{CheckInfo, PluginInfo};
use crate::error::{CheckError, CheckErrorKind};
use crate::host::error::OpenError;
pub use crate::host::limits::{check_infos, decode_outcome};
use crate::outcome::Role;
use crate::wire;

pub use crate::table::c_data::{ArrowArray, ArrowSchema};

/// What the host does for a running check.
pub trait HostServices {
    /// The bytes of a `ProjectFacts`.
    fn facts(&self) -> &[u8];
    /// The bytes of the check's settings; empty for the defaults.
    fn params(&self) -> &[u8];
    /// The table of a role as a struct of columns; the check releases it. The two structs have the
    /// layout of the Arrow C Data Interface, so those of any Arrow library can be read into them.
    fn table(&self, role: Role) -> Option<(ArrowArray, ArrowSchema)>;
    /// Predicts: appends the figures row by row, returns how many there are per row.
    ///
    /// # Errors
    /// Whatever keeps the model from predicting.
    fn predict(
        &self,
        n_rows: usize,
        columns: &[PredictColumn<'_>],
        space: Space,
        out: &mut Vec<f64>,
    ) -> Result<u32, CheckError>;
    /// The bytes of a `TreeEnsemble`; empty if there is none.
    fn ensemble(&self) -> Vec<u8> {
        Vec::new()
    }
    /// Seed of everything random.
    fn seed(&self) -> u64;
    /// Time the run may take, in milliseconds.
    fn budget_ms(&self) -> u64;
    /// How far the check is; `None` if it does not know.
    fn progress(&self, share: Option<f64>, activity: &str);
    /// The bytes of an outcome to show meanwhile.
    fn partial(&self, outcome: &[u8]);
    /// Whether the check should stop.
    fn is_cancelled(&self) -> bool {
        false
    }
    /// A line for the plugin's output pane.
    fn log(&self, text: &str);
}

/// One column of rows to predict for.
#[derive(Debug, Clone, Copy)]
pub struct PredictColumn<'a> {
    /// Name of the input.
    pub name: &'a str,
    /// Its values.
    pub values: PredictValues<'a>,
}

/// Values of one column, one per row.
#[derive(Debug, Clone, Copy)]
pub enum PredictValues<'a> {
    /// Numbers; NaN is missing.
    Numeric(&'a [f64]),
    /// Positions in `categories`; `u32::MAX` is missing.
    Categorical {
        /// One per row, below the number of categories or missing.
        codes: &'a [u32],
        /// What the codes stand for.
        categories: &'a [&'a str],
    },
}

/// What a prediction is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Probabilities; values for regression.
    Probability,
    /// Raw scores before the link: log-odds for logistic.
    Margin,
}

/// An open plugin library.
pub struct Plugin {
    /// What it says of itself.
    pub info: PluginInfo,
    /// The checks it offers.
    pub checks: Vec<CheckInfo>,
    module: PluginModuleRef,
}

/// Opens a library. Nothing of it runs before its kind, architecture and API version are known to
/// fit, except what the system's loader runs itself.
///
/// # Errors
/// See [`OpenError`]: each way to fail has its own sentence.
pub fn open(path: &Path) -> Result<Plugin, OpenError> {
    inspect::file(path)?;
    let number = api_version(path)?;
    inspect::api_version(path, number)?;
    let header = lib_header_from_path(path).map_err(|error| OpenError::from_abi(path, &error))?;
    let module = if number < API_VERSION_NUMBER {
        older_module(path, header)?
    } else {
        header
            .init_root_module::<PluginModuleRef>()
            .map_err(|error: LibraryError| OpenError::from_abi(path, &error))?
    };
    Plugin::of_module(module).map_err(|why| OpenError::BadAnswer {
        path: path.to_owned(),
        why: why.message,
    })
}

/// The module of a library built before this host. `abi_stable` takes the host's layout as the one
/// a library must have at least, and would refuse it for the fields it cannot know. Here the
/// library's layout is the one the host must have at least: everything it knows must be where it
/// expects it, and what it does not know is absent on its side and never read on ours.
fn older_module(path: &Path, header: &'static LibHeader) -> Result<PluginModuleRef, OpenError> {
    if let Some(theirs) = header.layout() {
        check_layout_compatibility(theirs, PluginModuleRef::LAYOUT)
            .map_err(|error| OpenError::layout_differs(path, error.to_string()))?;
    }
    // SAFETY: the layouts were compared just now. The module and the host's table are prefix types:
    // each carries how many fields it has, and fields beyond that are `None`.
    unsafe { header.init_root_module_with_unchecked_layout::<PluginModuleRef>() }
        .map_err(|error| OpenError::from_abi(path, &error))
}

/// The API version a library names, read through the system's loader alone.
fn api_version(path: &Path) -> Result<u32, OpenError> {
    // SAFETY: loading runs the library's initializers; that this process may run the library's code
    // is what opening it means.
    let library = unsafe { libloading::Library::new(path) }
        .map_err(|error| OpenError::from_loader(path, &error))?;
    // Never unloaded: abi_stable keeps it open anyway.
    let library = std::mem::ManuallyDrop::new(library);
    // SAFETY: the symbol, if there, is the `u32` that `plugin!` exports under this name.
    unsafe { library.get::<*const u32>(b"interlock_plugin_api_version\0") }
        .map(|symbol| {
            // SAFETY: as above; the library is still loaded.
            unsafe { **symbol }
        })
        .map_err(|_no_symbol| OpenError::NoRootModule {
            path: path.to_owned(),
        })
}

impl Plugin {
    /// A plugin whose module is at hand: that of a crate under test.
    ///
    /// # Errors
    /// If what it says of itself cannot be read.
    pub fn of_module(module: PluginModuleRef) -> Result<Self, CheckError> {
        let info: PluginInfo = wire::decode(&module.info()(), "the plugin's information")?;
        let checks: Vec<CheckInfo> =
            wire::decode(&module.checks()(), "the plugin's list of checks")?;
        check_infos(&info, &checks)?;
        Ok(Self {
            info,
            checks,
            module,
        })
    }

    /// Runs a check; the bytes of its outcome as the plugin gave them, for [`decode_outcome`].
    ///
    /// # Errors
    /// The check's own error, or that its error cannot be read.
    pub fn run(&self, check: &str, services: &dyn HostServices) -> Result<Vec<u8>, CheckError> {
        let handle = HostHandle((&raw const services).cast());
        match self.module.run()(RStr::from(check), host_table(), handle).into_result() {
            Ok(bytes) => Ok(bytes.into_vec()),
            Err(bytes) => {
                Err(wire::decode(&bytes, "the check's error").unwrap_or_else(|error| error))
            }
        }
    }

    /// Tells the plugin that the process ends.
    pub fn finish(&self) {
        if let Some(finish) = self.module.finish() {
            finish();
        }
    }
}

fn host_table() -> HostTableRef {
    HostTable {
        facts,
        params,
        table,
        predict,
        seed,
        budget_ms,
        progress,
        partial,
        is_cancelled,
        log,
        margins,
        ensemble,
    }
    .leak_once()
}

impl HostTable {
    /// The same table serves every run of the process.
    fn leak_once(self) -> HostTableRef {
        static TABLE: std::sync::OnceLock<HostTableRef> = std::sync::OnceLock::new();
        *TABLE.get_or_init(|| self.leak_into_prefix())
    }
}

/// What a handle stands for.
fn services<'a>(handle: HostHandle) -> &'a dyn HostServices {
    // SAFETY: `Plugin::run` made the handle from a reference that outlives the call of `run`, and a
    // check has no business with it afterwards: the SDK keeps it inside the `Context` of that call.
    unsafe { *handle.0.cast::<&dyn HostServices>() }
}

extern "C" fn facts(handle: HostHandle) -> RVec<u8> {
    RVec::from(services(handle).facts().to_vec())
}

extern "C" fn params(handle: HostHandle) -> RVec<u8> {
    RVec::from(services(handle).params().to_vec())
}

extern "C" fn table(handle: HostHandle, role: u8, array: *mut u64, schema: *mut u64) -> bool {
    let role = match role {
        0 => Role::Train,
        1 => Role::Test,
        2 => Role::Current,
        _ => return false,
    };
    let Some((found_array, found_schema)) = services(handle).table(role) else {
        return false;
    };
    // SAFETY: the border says that these point to an Arrow C array and schema to be filled in.
    unsafe { array.cast::<ArrowArray>().write(found_array) };
    // SAFETY: as above.
    unsafe { schema.cast::<ArrowSchema>().write(found_schema) };
    true
}

extern "C" fn predict(
    handle: HostHandle,
    n_rows: u64,
    columns: RSlice<'_, ColumnView<'_>>,
    out: &mut RVec<f64>,
) -> RResult<u32, RVec<u8>> {
    predict_in(Space::Probability, handle, n_rows, columns, out)
}

extern "C" fn margins(
    handle: HostHandle,
    n_rows: u64,
    columns: RSlice<'_, ColumnView<'_>>,
    out: &mut RVec<f64>,
) -> RResult<u32, RVec<u8>> {
    predict_in(Space::Margin, handle, n_rows, columns, out)
}

fn predict_in(
    space: Space,
    handle: HostHandle,
    n_rows: u64,
    columns: RSlice<'_, ColumnView<'_>>,
    out: &mut RVec<f64>,
) -> RResult<u32, RVec<u8>> {
    let answer = predict_checked(space, handle, n_rows, columns.as_slice());
    match answer {
        Ok((n_outputs, values)) => {
            out.extend(values);
            RResult::ROk(n_outputs)
        }
        Err(error) => RResult::RErr(RVec::from(wire::encode(&error))),
    }
}

fn predict_checked(
    space: Space,
    handle: HostHandle,
    n_rows: u64,
    columns: &[ColumnView<'_>],
) -> Result<(u32, Vec<f64>), CheckError> {
    let bad = |message: String| CheckError::new(CheckErrorKind::Model, message);
    let n_rows =
        usize::try_from(n_rows).map_err(|_too_many| bad("too many rows to predict".to_owned()))?;
    let categories: Vec<Vec<&str>> = columns
        .iter()
        .map(|column| column.categories.iter().map(RStr::as_str).collect())
        .collect();
    let mut checked = Vec::with_capacity(columns.len());
    for (column, categories) in columns.iter().zip(&categories) {
        let name = column.name.as_str();
        let n_values = if column.is_categorical {
            column.codes.len()
        } else {
            column.numbers.len()
        };
        if n_values != n_rows {
            return Err(bad(format!(
                "input '{name}' has {n_values} values for {n_rows} rows"
            )));
        }
        let values = if column.is_categorical {
            let codes = column.codes.as_slice();
            if codes
                .iter()
                .any(|&code| code != u32::MAX && code as usize >= categories.len())
            {
                return Err(bad(format!(
                    "input '{name}' has a code beyond its categories"
                )));
            }
            PredictValues::Categorical { codes, categories }
        } else {
            PredictValues::Numeric(column.numbers.as_slice())
        };
        checked.push(PredictColumn { name, values });
    }
    let mut values = Vec::with_capacity(n_rows);
    let n_outputs = services(handle).predict(n_rows, &checked, space, &mut values)?;
    Ok((n_outputs, values))
}

extern "C" fn ensemble(handle: HostHandle) -> RVec<u8> {
    RVec::from(services(handle).ensemble())
}

extern "C" fn seed(handle: HostHandle) -> u64 {
    services(handle).seed()
}

extern "C" fn budget_ms(handle: HostHandle) -> u64 {
    services(handle).budget_ms()
}

extern "C" fn progress(handle: HostHandle, share: f64, activity: RStr<'_>) {
    services(handle).progress(share.is_finite().then_some(share), activity.as_str());
}

extern "C" fn partial(handle: HostHandle, outcome: RSlice<'_, u8>) {
    services(handle).partial(outcome.as_slice());
}

extern "C" fn is_cancelled(handle: HostHandle) -> bool {
    services(handle).is_cancelled()
}

extern "C" fn log(handle: HostHandle, text: RStr<'_>) {
    services(handle).log(text.as_str());
}
