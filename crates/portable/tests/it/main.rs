//! Tests of the form that sessions have outside of stores.

mod flaws;
mod round_trip;
mod sample;
