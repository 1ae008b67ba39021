//! Tests of the lease rules.
