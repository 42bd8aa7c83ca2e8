//! End-to-end tests: the table of contents.

mod tidy;
