//! The store's promise as executable cases and an in-memory model.
//!
//! A store proves itself by bringing a [`Harness`] and expanding the list of cases in its own tests:
//!
//! ```text
//! tenure_store_testkit::conformance_tests!(MyHarness);
//! ```
//!
//! Each case becomes a test of its own, named after the fact that it checks. One of them plays random verbs
//! against [`MemoryStore`], the model; [`model_test`] plays as many as one likes.
//!
//! Tests of whatever uses a store take [`MemoryStore::manual`], which comes with the [`ManualClock`] that
//! moves its time, and put a [`FaultyStore`] around it to see calls fail, wait or arrive twice.

pub mod cases;
mod clock;
mod dump;
mod faults;
pub mod fixture;
mod harness;
mod list;
mod memory;
mod model;

pub use clock::ManualClock;
pub use dump::{Dump, Dumped, dump, list_all, read_all};
pub use faults::{Faults, FaultyStore, Gate, Trouble, Verb};
pub use harness::{Capability, Damage, Disk, Fault, Harness};
pub use list::{Case, Running, cases};
pub use memory::{MemoryHarness, MemoryStore};
pub use model::{Disagreement, first_disagreement, model_test};
