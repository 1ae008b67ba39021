//! A real server on a real socket over a real SQLite file.

mod across;
mod doors;
mod events;
mod hostile;
mod lease;
mod live;
mod once;
mod sessions;
mod support;
mod tasks;
