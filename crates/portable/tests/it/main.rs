//! Tests of the form that sessions have outside of stores.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod flaws;
mod round_trip;
mod sample;
