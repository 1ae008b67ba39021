//! The built `tenure`, from the outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod events;
mod home;
mod names;
mod processes;
mod sessions;
mod stores;
mod wall_clock;
mod workspace_refusals;
mod workspace_reports;
