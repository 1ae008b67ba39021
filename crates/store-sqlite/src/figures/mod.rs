//! Figures: counted with each group of writes, read without looking at sessions that have ended.

mod count;
mod queues;
mod quiet;
mod read;
mod tallies;
mod verify;
mod volumes;

pub(crate) use count::{Counts, build};
pub(crate) use queues::queues;
pub(crate) use read::figures;
pub(crate) use verify::check_tallies;
pub(crate) use volumes::Rolled;
