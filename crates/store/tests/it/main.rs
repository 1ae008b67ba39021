//! The stored form of records: what comes back, and what old bytes mean for ever.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod damaged;
mod golden;
mod payload;
mod round_trip;
mod sample;
