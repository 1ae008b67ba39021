//! What a server can be asked, typed: one function for each operation of the API.

mod checkpoints;
mod events;
mod files;
mod lease;
mod lifecycle;
mod orchestrations;
mod others;
mod sessions;
mod workers;

use crate::call::{Call, Method};

/// A request about a session.
fn session(method: Method, name: &str, rest: &[&str]) -> Call {
    let path: Vec<_> = ["v1", "sessions", name].into_iter().chain(rest.iter().copied()).collect();
    Call::new(method, &path)
}
