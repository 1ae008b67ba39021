//! A real server on a real socket over a real SQLite file.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]
#![expect(clippy::disallowed_methods, reason = "tests keep real time and start tasks of their own")]

mod across;
mod audit;
mod commands;
mod doors;
mod events;
mod figures;
mod follow;
mod hostile;
mod lease;
mod live;
mod once;
mod pages;
mod python;
mod remote;
mod sessions;
mod support;
mod tasks;
