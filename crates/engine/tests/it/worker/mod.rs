//! Workers over the model store: their lease, and what becomes of their attempts.

mod bench;
mod crowds;
mod lease;
mod tasks;
