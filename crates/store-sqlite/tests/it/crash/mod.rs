//! Processes are killed at any moment: what they were told is there, and nothing is half.

mod append;
mod purge;
