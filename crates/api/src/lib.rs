//! The wire.
#![deny(missing_docs)]
pub mod requests;
