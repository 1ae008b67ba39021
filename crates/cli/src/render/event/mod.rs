//! Events of a log, as people see them.

mod line;
mod screen;

pub(crate) use line::Lines;
