//! A real server on a real socket over a real SQLite file.

mod doors;
mod events;
mod hostile;
mod lease;
mod live;
mod once;
mod pages;
mod python;
mod sessions;
mod support;
mod tasks;
