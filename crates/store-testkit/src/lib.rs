//! The store's promise as executable cases and an in-memory model.

mod clock;
mod dump;
mod faults;
pub mod fixture;
mod harness;
mod memory;

pub use clock::ManualClock;
pub use dump::{Dump, Dumped, dump, list_all, read_all};
pub use faults::{Faults, FaultyStore, Gate, Trouble, Verb};
pub use harness::{Capability, Disk, Fault, Harness};
pub use memory::{MemoryHarness, MemoryStore};
