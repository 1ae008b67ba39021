//! Real processes under real guards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deadline;
mod ending;
mod freezing;
mod frozen;
mod hold;
mod lost_guard;
mod lost_runner;
mod output;
mod passing;
mod refusing;
mod support;
mod terminal;
