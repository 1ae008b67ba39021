//! Tests of the lease rules.

mod holder;
mod numbers;
mod term;
