//! What a store promises, and the stored form of records.
