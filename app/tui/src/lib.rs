//! Pictures of the engine to frames of the terminal.
//!
//! In: [`interlock_engine::picture::Picture`]s and key presses. Out: frames, and requests to the
//! engine. [`run::run`] is the way in.
//!
//! Modules stand in the order data flows: a module uses only those above it. Nothing here reads a
//! project, runs a check or decides a verdict.

pub mod text;

pub mod theme;

pub mod page;

pub mod choice;

pub mod item;

pub mod chart;

pub mod scene;

pub mod content;

pub mod layout;

pub mod pipeline;

pub mod state;

#[cfg(test)]
mod fixture;

pub mod action;

pub mod update;

pub mod view;

pub mod term;

pub mod run;
