//! Workers in processes of their own, on one store: killed, frozen, started twice, drained.
//!
//! What their activities did is told by a log that they all append to: it says in which order they began.

mod chaos;
mod gone;
mod log;
mod names;
mod process;
mod shares;
