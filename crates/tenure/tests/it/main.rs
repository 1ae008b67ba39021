//! Orchestrations on a real store.
//!
//! Most run with code that stays in memory and with code that is brought back after every turn.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]

mod activities;
mod affinity;
mod agents;
mod blocked;
mod cancel;
mod changes;
mod children;
mod crash;
mod examples;
mod fixture;
mod golden;
mod many;
mod restart;
mod scale;
mod signals;
mod starts;
mod status;
mod time;
mod traces;
mod workers;

#[expect(dead_code, reason = "it is run as a program, too")]
#[path = "../../examples/approval.rs"]
mod approval;
#[expect(dead_code, reason = "it is run as a program, too")]
#[path = "../../examples/fan_out_report.rs"]
mod fan_out_report;
#[expect(dead_code, reason = "it is run as a program, too")]
#[path = "../../examples/order_saga.rs"]
mod order_saga;
#[expect(dead_code, reason = "it is run as a program, too")]
#[path = "../../examples/warm_agents.rs"]
mod warm_agents;
