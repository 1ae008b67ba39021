//! The client against servers and proxies that misbehave.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]
#![expect(clippy::disallowed_methods, reason = "tests keep real time and start tasks of their own")]

mod again;
mod answers;
mod streams;
mod stub;
