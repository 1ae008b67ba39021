//! The verbs by which agents, scripts and operators drive sessions by hand.

mod claims;
mod ends;
mod facts;
mod log;
mod moves;
