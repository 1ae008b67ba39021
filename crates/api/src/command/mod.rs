//! Commands as documents: what is asked of a session, with all that it needs.
//!
//! A program that names things by itself, as `tenure` on another machine does, sends commands as they are, rather than
//! what the routes of each verb take. Ids and incarnations come with a command; the tenant is its caller's, and comes
//! with none. A field that is not known is refused, as in every request.

mod claim;
mod create;
mod drive;
mod exchange;
mod restore;
mod stats;
#[cfg(test)]
mod tests;
mod verb;
mod workspace;

pub use claim::{ClaimSession, Claimant, Idle, Rerun, StartRun};
pub use create::{Create, IdleLimit};
pub use drive::{Drive, Step, Update};
pub use exchange::{Aim, CommandAnswer, CommandRequest, Target, TargetSlot, Warning, Written};
pub use restore::{Record, RecordedActivity, Restore};
pub use stats::{Exit, Stats};
pub use verb::Command;
pub use workspace::{Autonomous, Place, WorkspaceStart, WorkspaceTakeover};
