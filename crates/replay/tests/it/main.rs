//! The same code on the same history does the same; what differs is found.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod cancel;
mod fixture;
mod history;
mod scale;
mod signal;
mod turn;
