//! Figures, as people and programs read them.

mod report;

pub(crate) use report::Stats;
