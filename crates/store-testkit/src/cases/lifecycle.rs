//! The case of any sequence of lifecycle commands by owner, operator and bystander.

use crate::Harness;

/// How many sequences are played.
const SEQUENCES: u32 = 40;

/// Any sequence of lifecycle commands gives the states, the events and the refusals that a plain table says.
pub async fn any_lifecycle_gives_the_states_events_and_refusals_of_the_table(harness: &dyn Harness) {
    crate::model::lifecycles(harness, SEQUENCES, 1).await;
}
