//! The testkit tested, on its own model and on flawed stores.

mod clock;
mod conformance;
mod faults;
mod list;
mod mutant;
