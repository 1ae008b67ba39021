//! Figures, as people and programs read them.

mod exposition;
mod report;

pub(crate) use exposition::prometheus;
pub(crate) use report::Stats;
