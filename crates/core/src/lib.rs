//! The vocabulary and every rule of Tenure, without I/O.
//!
//! Nothing here reads a clock, draws a random number, touches a file or waits. Commands and instants come
//! in, decisions go out; a store keeps what was decided and an engine drives it.
#![deny(missing_docs, clippy::wildcard_enum_match_arm, clippy::iter_over_hash_type)]

pub mod access;
pub mod alert;
pub mod answer;
pub mod checkpoint;
pub mod escape;
pub mod event;
#[cfg(test)]
mod fixture;
pub mod fnv;
mod hex;
pub mod id;
pub mod kind;
pub mod lease;
pub mod limits;
pub mod orchestration;
mod panic;
pub mod refusal;
pub mod session;
pub mod time;
pub mod trace;
pub mod worker;
pub mod workspace;

pub use panic::panic_words;
