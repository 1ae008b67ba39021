//! The promises as cases: each is one fact, and its name is the sentence.

pub mod arrival;
pub mod checkpoint;
pub mod clock;
pub mod compact;
pub mod crash;
pub mod due;
pub mod file;
pub mod filter;
pub mod fork;
pub mod group;
pub mod guard;
pub mod inspect;
pub mod instance;
pub mod keep;
pub mod lease;
pub mod lifecycle;
pub mod log;
pub mod model;
pub mod named;
pub mod process;
pub mod purge;
pub mod records;
pub mod session;
pub mod statistics;
pub mod unknown;
pub mod watch;
