//! Processes are killed at any moment: what they were told is there.

mod append;
mod mixture;
mod purge;
