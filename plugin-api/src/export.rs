//! From an author's functions to the library's root module.
//!
//! In: the checks listed in [`plugin!`](crate::plugin!). Out: the functions the host calls, with
//! panics caught and turned into errors.
//!
//! Used by the macros; an author does not call it.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use abi_stable::std_types::{RResult, RStr, RVec};

use crate::border::{Bytes, HostHandle, HostTableRef};
use crate::check_info::{CheckInfo, PluginInfo};
use crate::context::Context;
use crate::error::{CheckError, CheckErrorKind};
use crate::outcome::Outcome;
use crate::params::{self, Params};
use crate::wire;

/// One check as `#[check]` makes it.
#[derive(Clone, Copy)]
pub struct Check {
    /// What it says of itself.
    pub info: fn() -> CheckInfo,
    /// Runs it.
    pub run: fn(&Context) -> Result<Outcome, CheckError>,
}

/// Calls an author's function with its settings decoded.
///
/// # Errors
/// If the settings are wrong, or the check's own error.
pub fn call<P: Params>(
    context: &Context,
    check: fn(&Context, P) -> Result<Outcome, CheckError>,
) -> Result<Outcome, CheckError> {
    check(context, params::decode(&context.params())?)
}

/// The bytes of a plugin's information.
pub fn info(info: &PluginInfo) -> Bytes {
    RVec::from(wire::encode(info))
}

/// The bytes of the list of checks.
pub fn infos(checks: &[Check]) -> Bytes {
    let infos: Vec<CheckInfo> = checks.iter().map(|check| (check.info)()).collect();
    RVec::from(wire::encode(&infos))
}

/// Runs the check of this id.
pub fn run(
    checks: &[Check],
    id: &RStr<'_>,
    table: HostTableRef,
    handle: HostHandle,
) -> RResult<Bytes, Bytes> {
    remember_panics();
    let work = || {
        let found = checks.iter().find(|check| (check.info)().id == id.as_str());
        let check = found.ok_or_else(|| {
            CheckError::failed(format!("there is no check '{id}' in this plugin"))
        })?;
        (check.run)(&Context::new(table, handle)?)
    };
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    let result =
        ended.unwrap_or_else(|_payload| Err(CheckError::new(CheckErrorKind::Panic, last_panic())));
    match result {
        Ok(outcome) => RResult::ROk(RVec::from(wire::encode(&outcome))),
        Err(error) => RResult::RErr(RVec::from(wire::encode(&error))),
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps message and place of a panic: the payload alone does not tell the place. The hook is this
/// library's own, as is its copy of the standard library.
fn remember_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let message = info.payload_as_str().unwrap_or("a panic without message");
            let place = info
                .location()
                .map(|at| format!(" ({}:{})", at.file(), at.line()))
                .unwrap_or_default();
            LAST_PANIC.with(|last| *last.borrow_mut() = format!("panicked: {message}{place}"));
            before(info);
        }));
    });
}

fn last_panic() -> String {
    LAST_PANIC.with(RefCell::take)
}

/// Declares the plugin: once per library, in its `lib.rs`.
///
/// ```ignore
/// interlock_plugin_api::plugin! {
///     id: "acme",
///     summary: "House rules of Acme",
///     checks: [ZIP_CODES, orders::TOTALS],
/// }
/// ```
///
/// `id` is the prefix of the checks' ids. The version is the package's. Each entry of `checks` is
/// the constant `#[check]` made: the function's name in upper case.
#[macro_export]
macro_rules! plugin {
    (id: $id:expr, summary: $summary:expr, checks: [$($check:path),* $(,)?] $(,)?) => {
        #[doc(hidden)]
        mod interlock_plugin_entry {
            use super::*;
            use $crate::__private::{Bytes, Check, HostHandle, HostTableRef, PluginInfo, PluginModule, PluginModuleRef, RResult, RStr};

            pub(super) const CHECKS: &[Check] = &[$($check),*];

            pub(super) extern "C" fn info() -> Bytes {
                $crate::__private::info(&PluginInfo {
                    id: $id.to_string(),
                    version: env!("CARGO_PKG_VERSION").to_string(),
                    summary: $summary.to_string(),
                    api: $crate::API_VERSION.to_string(),
                    compiler: $crate::__private::COMPILER.to_string(),
                })
            }

            pub(super) extern "C" fn checks() -> Bytes {
                $crate::__private::infos(CHECKS)
            }

            pub(super) extern "C" fn run(id: RStr<'_>, table: HostTableRef, handle: HostHandle) -> RResult<Bytes, Bytes> {
                $crate::__private::run(CHECKS, &id, table, handle)
            }

            pub(super) extern "C" fn finish() {}

            pub(super) fn root() -> PluginModuleRef {
                use $crate::__private::PrefixTypeTrait as _;
                PluginModule { info, checks, run, finish }.leak_into_prefix()
            }

            extern "C" fn load() -> $crate::__private::RootModuleResult {
                $crate::__private::__call_root_module_loader(root)
            }

            /// The version of the border, read before anything else of the library.
            #[unsafe(export_name = "interlock_plugin_api_version")]
            pub(super) static API_VERSION: u32 = $crate::API_VERSION_NUMBER;

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: $crate::__private::LibHeader =
                // SAFETY: `load` gives the module type named here.
                unsafe {
                    $crate::__private::LibHeader::from_constructor::<PluginModuleRef>(
                        load,
                        $crate::__private::CheckTypeLayout::Yes,
                    )
                };
        }

        /// The root module of this library, for the test kit.
        pub fn module() -> $crate::__private::PluginModuleRef {
            interlock_plugin_entry::root()
        }
    };
}
