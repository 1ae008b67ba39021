//! Tests of the tree module.
