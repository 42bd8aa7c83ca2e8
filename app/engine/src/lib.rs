//! Project to verdicts.

pub mod problem;

pub mod fingerprint;

pub mod table;

pub mod load;

pub mod picture;
