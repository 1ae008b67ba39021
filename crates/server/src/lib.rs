//! `tenure serve`: sessions, streams and workers over HTTP.
//!
//! It adds no rule: whatever is asked becomes a verb of the engine. See design note 20.
#![deny(missing_docs)]

mod access;
mod answer;
mod audit;
mod body;
mod caller;
mod given;
mod headers;
mod house;
mod listen;
mod live;
mod log;
mod metrics;
mod named;
mod once;
mod query;
mod remote;
mod router;
mod routes;
mod setup;
mod spawn;
mod stamp;
mod trace;

pub use answer::status;
pub use listen::serve;
pub use router::describe;
pub use setup::{Alive, Limits, Setup};
