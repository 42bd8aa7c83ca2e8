//! The schema as a contract: does what the project file says of the tables hold?
//!
//! In: the rules of the project file and the tables. Out: one outcome, each broken rule with its
//! rows.
//!
//! `kinds` and `holds` compute on texts and slices; `cells` reads a column; `ruling` is what is said
//! of one rule in one table; `columns`, `figures`, `between` and `shape` hold one kind of rule each;
//! `check` puts them together.

pub mod kinds;

pub mod holds;

mod cells;

mod ruling;

mod columns;

mod figures;

mod between;

mod shape;

mod report;

pub(crate) mod check;
