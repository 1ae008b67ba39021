//! The store's promise kept with SQLite: one file, many processes on one machine.
//!
//! One thread writes, in groups, and answers after COMMIT; readers have connections of their own. Processes
//! take turns at a turnstile of file locks; what each remembers between its turns is true only as long as
//! nobody else has written.
#![deny(missing_docs)]

mod backup;
mod blocker;
mod catalog;
mod chain;
mod clock;
mod connection;
mod dial;
mod error;
mod faults;
mod figures;
mod heads;
mod health;
mod keys;
mod netfs;
mod open;
mod options;
mod pages;
mod place;
mod private;
mod queue;
mod readers;
mod recent;
mod request;
mod resolve;
mod ring;
mod row;
mod shared;
mod sql;
mod store;
mod tail;
mod trail;
mod transaction;
mod troubles;
mod turnstile;
mod verify;
mod wal;
mod watches;
mod writer;
mod writes;

pub use backup::{BackupSize, Copied, withdraw};
pub use clock::SystemClock;
pub use error::OpenError;
pub use faults::{FaultPoint, Faults, NoFaults};
pub use health::Health;
pub use options::{Limits, SqliteOptions};
pub use private::private_directory;
pub use store::{SqliteStore, Still};
pub use verify::{Depth, Finding};
