//! The built `tenure`, from the outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod home;
mod processes;
mod sessions;
mod workspace_refusals;
mod workspace_reports;
