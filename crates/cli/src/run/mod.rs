//! `tenure run`: an owned, recorded command, stopped before it can run twice.

mod autosave;
mod batch;
mod changes;
mod claim;
mod detach;
mod earlier;
mod finish;
mod gap;
mod happening;
pub(crate) mod holds;
mod inbox;
mod lane;
mod lease;
mod notice;
mod patience;
pub(crate) mod places;
mod queue;
mod record;
mod runner;
mod saved;
mod sitter;
mod start;
mod steady;
mod suspend;
mod wish;

pub(crate) use detach::start as detach;
pub(crate) use sitter::execute as sit;
pub(crate) use start::{Again, Ground, Verdict, execute, resume};
pub(crate) use steady::BootClock;
