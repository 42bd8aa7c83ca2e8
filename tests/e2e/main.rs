//! End-to-end tests: the table of contents.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

/// A copy of a sample project, and the real program on it.
mod harness;

/// The README's promise: edit a table, a theme, the project file, a plugin's source; see it change.
mod live;

/// `check`, `watch --plain`, `plugin list`, `doctor`, `init`, `config`.
mod headless;

/// `init --learn`: a contract learned, merged, held, broken.
mod contract;

/// Sizes, signals, colors: the terminal is taken, kept whole, and given back.
mod terminal;

/// Plugins that misbehave in every way there is.
mod faults;

/// Models of every format on the samples made for them.
mod models;

/// Models that only Python can run.
mod python_model;

/// Models behind HTTP.
mod http_model;

/// Wrong input: what it says, what stays.
mod bad_input;

/// Where the plugin libraries stand after each cargo command; installing and packaging.
mod bundle;
mod clean;

/// Style as tests.
mod tidy;
