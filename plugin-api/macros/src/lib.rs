//! `#[check]` and `#[derive(Params)]` of `interlock-plugin-api`.
//!
//! In: an author's function or settings struct. Out: the constant the plugin lists, and the
//! descriptions the host shows. Mistakes are compile errors that say what to write.

mod check;

mod docs;

mod params;

use proc_macro::TokenStream;

/// Makes a check of a function `fn(&Context, Settings) -> Result<Outcome, CheckError>`, as a
/// constant named like the function in upper case.
///
/// - `id = "plugin.check"`, `title = "…"`, `stage = "data-quality" | "interpretability" | "bias" |
///   "robustness" | "monitoring"`: required.
/// - `needs(train, test?, model, target, sensitive, columns("a", "b"))`: what it reads; `?` marks
///   what may be absent. A change of anything else does not run it again, and it sees nothing else.
/// - `codes(AB001 = "…")`: the kinds of finding it can give.
/// - `docs = "file.md"`: its description beside the source file, in five sections.
/// - `cost = "quick" | "moderate" | "heavy"`, `cadence_days = 7`: optional.
#[proc_macro_attribute]
pub fn check(arguments: TokenStream, item: TokenStream) -> TokenStream {
    check::expand(arguments.into(), item.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a struct the settings of a check: doc comments become descriptions, `Default` gives the
/// documented defaults.
#[proc_macro_derive(Params)]
pub fn params(item: TokenStream) -> TokenStream {
    params::expand(item.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
