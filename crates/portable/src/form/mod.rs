//! What stands in the lines: the vocabulary as JSON, exactly.

mod checkpoint;
mod event;
mod lines;
mod recipe;
mod scalar;
mod session;

pub(crate) use checkpoint::{CheckpointForm, PieceForm};
pub(crate) use event::{read_event, write_event};
pub(crate) use lines::{EndForm, HeaderForm};
pub(crate) use session::RecordForm;
