//! The stored form of records: versioned, and open to readers older than the writer.
