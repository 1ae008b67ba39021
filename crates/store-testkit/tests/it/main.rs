//! The testkit tested: its cases on its own model.

mod conformance;
mod list;
mod mutant;
