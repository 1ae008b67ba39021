//! Tests of the workspace rules.

mod activity;
mod again;
mod clear;
mod heartbeat;
mod import;
mod owner;
mod staleness;
mod start;
mod start_table;
mod takeover;
