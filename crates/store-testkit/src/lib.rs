//! The store's promise as executable cases and an in-memory model.

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
pub use harness::{Capability, Disk, Fault, Harness};
pub use list::{Case, Running, cases};
pub use memory::{MemoryHarness, MemoryStore};
pub use model::model_test;
