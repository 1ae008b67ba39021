//! Events of a log, as people and programs see them.

mod line;
mod payload;
mod screen;

pub(crate) use line::Lines;
pub(crate) use payload::document;
