//! The binary `tenure`: construction and nothing else.

fn main() {}
