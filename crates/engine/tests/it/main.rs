//! The engine over the model store, with clocks moved by hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod append;
mod apply;
mod bench;
mod checkpoints;
mod compact;
mod create;
mod delete;
mod hand_over;
mod keeper;
mod moving;
mod newest;
mod open_runs;
mod overview;
mod pauses;
mod replay;
mod sweep;
mod tail;
mod wait;
mod worker;
