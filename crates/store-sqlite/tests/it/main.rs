//! The promise kept with SQLite, proved on real files and real processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod arrivals;
mod catalog;
mod checkpoints;
mod conformance;
mod crash;
mod failures;
mod files;
mod fold;
mod health;
mod log;
mod memory;
mod pins;
mod processes;
mod purge;
mod race;
mod support;
mod torn;
mod vigil;
mod wal;
