//! The store's promise as executable cases and an in-memory model.
