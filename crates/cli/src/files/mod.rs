//! Files that are written as a whole or not at all.

mod draft;
mod patience;
mod progress;

pub(crate) use draft::Draft;
pub(crate) use patience::patiently;
pub(crate) use progress::Progress;
