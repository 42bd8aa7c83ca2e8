//! Project to verdicts.
//!
//! In: a project's settings and the folders they name. Out: [`picture::Picture`]s, one after every
//! change, and a log. [`run::Engine`] is the way in.
//!
//! Modules stand in the order data flows: a module uses only those above it.

pub mod problem;

pub mod fingerprint;

pub mod table;

pub mod query;

pub mod profile;

pub mod load;

pub mod export;

pub mod watch;

pub mod work;

pub mod config;

pub mod init;

pub mod learn;

pub mod model_card;

pub mod picture;

mod journal;

pub mod store;

pub mod trust;

pub mod model_http;

pub mod model_server;

mod snapshot;

mod schedule;

pub mod model_input;

mod model_look;

mod profiles;

mod event;

pub mod report;

pub mod evidence;

pub mod clean;

mod inputs;

mod model_state;

mod libraries;

mod checks;

mod update;

pub mod run;
