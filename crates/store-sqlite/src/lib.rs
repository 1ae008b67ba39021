//! The store's promise kept with SQLite.
