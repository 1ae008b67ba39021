//! Tests of the workspace rules.
