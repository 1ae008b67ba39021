//! The testkit tested: its cases on its own model, and on stores that break their promises.

mod clock;
mod conformance;
mod faults;
mod list;
mod mutant;
