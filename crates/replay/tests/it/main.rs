//! What replay promises: the same code on the same history does the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod cancel;
mod fixture;
mod history;
mod signal;
mod turn;
