//! The promise kept with SQLite, proved on real files.

mod conformance;
