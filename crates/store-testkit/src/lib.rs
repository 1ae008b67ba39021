//! The store's promise as executable cases and an in-memory model.

mod clock;
mod memory;

pub use clock::ManualClock;
pub use memory::MemoryStore;
