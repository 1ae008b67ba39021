//! A process that runs the examples is killed at any moment.

mod check;
mod deadly;
mod kills;
mod workload;

pub(crate) use check::{history, look};
