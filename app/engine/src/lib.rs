//! Project to verdicts.

pub mod problem;

pub mod table;

pub mod picture;
