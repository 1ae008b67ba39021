//! What people and programs are told: why something was not done, instants, lengths, documents.
//!
//! No decisions, and nothing is printed here: the terminal's answers and the server's are made of the same words.
#![deny(missing_docs)]

pub mod documents;
mod engine;
mod file;
mod problem;
mod prometheus;
mod refusal;
mod store_error;
pub mod when;

pub use engine::{no_event_yet, words as engine};
pub use file::{file_bytes, file_unchanged};
pub use problem::{Blame, Problem, Said, causes, lines, shown};
pub use prometheus::{Histogram, histogram, prometheus, queues};
pub use refusal::{left, lost, who, words as refusal};
pub use store_error::{blocked, failure, words as store};
