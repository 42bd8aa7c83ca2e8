//! The border between host and plugin: what is laid out in memory the same on both sides.
//!
//! In and out: functions, pointers, bytes. A plugin hands the host one [`PluginModule`]; the host
//! hands each run one [`HostTable`] and a [`HostHandle`] to give back with every call.
//!
//! Frozen: within a major version fields are only appended, each with the answer it gives where
//! the other side does not have it. Both are *prefix types*: each side knows how many fields the
//! other has, so an old plugin works in a new host and a new plugin in an old host. Everything
//! richer than numbers and slices crosses as bytes, MessagePack with named fields.

#![expect(
    unsafe_code,
    reason = "the derived layout descriptions of this border are unsafe impls"
)]
#![expect(
    missing_docs,
    clippy::cast_ptr_alignment,
    clippy::expl_impl_clone_on_copy,
    reason = "what abi_stable derives"
)]

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::package_version_strings;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RResult, RSlice, RStr, RVec};

/// Bytes in the encoding of the border.
pub type Bytes = RVec<u8>;

/// What a plugin library offers.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef, prefix_fields = PluginModulePrefix)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    /// A `PluginInfo`.
    pub info: extern "C" fn() -> Bytes,
    /// A list of `CheckInfo`.
    pub checks: extern "C" fn() -> Bytes,
    /// Runs the check of this id. The outcome, or a `CheckError`.
    #[sabi(last_prefix_field)]
    pub run: extern "C" fn(RStr<'_>, HostTableRef, HostHandle) -> RResult<Bytes, Bytes>,
    /// Since 1.1. Called once before the worker ends, so that a plugin can put away what it holds;
    /// without it nothing is called.
    pub finish: extern "C" fn(),
}

impl RootModule for PluginModuleRef {
    abi_stable::declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "interlock_plugin";
    const NAME: &'static str = "interlock_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// Names the run a call belongs to; only the host looks behind it.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy)]
pub struct HostHandle(pub(crate) *const u64);

/// What the host does for a running check.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostTableRef, prefix_fields = HostTablePrefix)))]
#[sabi(missing_field(option))]
pub struct HostTable {
    /// A `ProjectFacts`.
    pub facts: extern "C" fn(HostHandle) -> Bytes,
    /// The check's settings: a map.
    pub params: extern "C" fn(HostHandle) -> Bytes,
    /// Fills in an Arrow C array and schema (in that order) for the table of a role (0 train,
    /// 1 test, 2 current); false, and nothing filled in, if there is none.
    pub table: extern "C" fn(HostHandle, u8, *mut u64, *mut u64) -> bool,
    /// Predicts for rows given by column; appends the figures row by row, returns how many there
    /// are per row. Probabilities for classification, values for regression. Or a `CheckError`.
    pub predict: extern "C" fn(
        HostHandle,
        u64,
        RSlice<'_, ColumnView<'_>>,
        &mut RVec<f64>,
    ) -> RResult<u32, Bytes>,
    /// Seed of everything random.
    pub seed: extern "C" fn(HostHandle) -> u64,
    /// Time the run may take, in milliseconds.
    pub budget_ms: extern "C" fn(HostHandle) -> u64,
    /// Done share (0 to 1, or NaN if unknown) and what the check is at.
    pub progress: extern "C" fn(HostHandle, f64, RStr<'_>),
    /// An outcome to show meanwhile.
    pub partial: extern "C" fn(HostHandle, RSlice<'_, u8>),
    /// Whether the check should stop.
    pub is_cancelled: extern "C" fn(HostHandle) -> bool,
    /// A line for the plugin's output pane.
    #[sabi(last_prefix_field)]
    pub log: extern "C" fn(HostHandle, RStr<'_>),
    /// Since 1.1. As `predict`, in margin space; without it margins are made from probabilities.
    pub margins: extern "C" fn(
        HostHandle,
        u64,
        RSlice<'_, ColumnView<'_>>,
        &mut RVec<f64>,
    ) -> RResult<u32, Bytes>,
    /// Since 1.1. A `TreeEnsemble`, or nothing; without it there is none.
    pub ensemble: extern "C" fn(HostHandle) -> Bytes,
}

/// One column of rows to predict for. Numeric: `numbers` has a value per row, NaN is missing.
/// Categorical: `codes` has a position in `categories` per row, `u32::MAX` is missing.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct ColumnView<'a> {
    pub name: RStr<'a>,
    pub is_categorical: bool,
    pub numbers: RSlice<'a, f64>,
    pub codes: RSlice<'a, u32>,
    pub categories: RSlice<'a, RStr<'a>>,
}
