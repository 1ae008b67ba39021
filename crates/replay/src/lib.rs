//! Runs an orchestration's code turn by turn, from its history or live.
//!
//! A turn tells the code what happened since the last one (results, timers, signals), runs it until it waits for
//! something again, and gives back what it asked for, in order. Told the same, the code must ask for the same: that
//! is what makes a history enough to bring back its exact state after a crash. Where it asks for something else,
//! [`Problem::Differs`] says what was expected, what was found, and where.
//!
//! Nothing here reads a clock, draws a random number, waits or touches a file.
#![deny(missing_docs, clippy::wildcard_enum_match_arm, clippy::iter_over_hash_type)]

mod compare;
mod context;
mod instance;
mod losses;
mod mailbox;
mod pending;
mod problem;
mod random;
mod shared;
mod wait;

pub use context::{Context, Wanted};
pub use instance::{Code, CodeFuture, Ending, Instance, Turn};
pub use losses::Losses;
pub use pending::{Pending, PendingActivity, Wish};
pub use problem::{Mismatch, Problem};
pub use wait::{Cancelled, Wait};
