//! Drives sessions: decide and commit, keep a lease, append, tail and replay, sweep.
//!
//! The engine loads, asks the rules, commits what they decided, and starts over when somebody else was
//! faster. It holds no rule of its own. Time comes from the store's clocks; randomness from [`Ids`].
#![deny(missing_docs)]

mod append;
mod apply;
mod arrival;
mod ask;
mod checkpoint;
mod compact;
mod create;
mod delete;
mod elsewhere;
mod error;
mod export;
mod fence;
mod group;
mod hand_over;
mod ids;
mod keeper;
mod list;
mod loss;
mod names;
mod newest;
mod open_runs;
mod overview;
mod pending;
mod prune;
mod renew;
mod replay;
mod secret;
mod sweep;
mod tail;
mod token;
mod wait;
mod witness;
mod worker;

use std::sync::Arc;

use tenure_core::lease::Lease;
use tenure_store::Store;

pub use apply::{Applied, Target, Under};
pub use arrival::{Admission, Arrival, ArrivalError};
pub use ask::{Asking, is_anothers};
pub use checkpoint::{
    FileChange, FileContent, ForkAt, ForkWish, Forked, Prune, Pruned, Readable, Save, Skipped, largest_parts,
};
pub use elsewhere::Elsewhere;
pub use error::EngineError;
pub use export::Export;
pub use fence::check_fence;
pub use hand_over::{Departed, Departure};
pub use ids::{Ids, SystemIds};
pub use keeper::{Keeper, Kept, LeaseEvent, Steady};
pub use loss::Loss;
pub use names::Name;
pub use overview::{Ages, Overview, count, mean_length};
pub use prune::{Pruning, SessionsPruned};
pub use secret::Secret;
pub use sweep::Swept;
pub use tail::{Next, Tail};
pub use tenure_replay::{Pending, PendingActivity, Wish};
pub use token::{Rotation, TokenWish};
pub use wait::{Wait, Waited, expires_in};
pub use witness::{NoWitness, Witness};
pub use worker::{
    ActivityCode, ActivityFuture, Attempt, Ended, Hook, IfThere, Orchestrations, Outcome, Registry,
    StartError, Started, Starting, Status, Worker, WorkerError, WorkerNews, WorkerOptions,
};

/// Sessions over one store.
#[derive(Debug, Clone)]
pub struct Engine {
    store: Arc<dyn Store>,
    ids: Arc<dyn Ids>,
    witness: Arc<dyn Witness>,
    /// Who decides, if not this engine.
    elsewhere: Option<Arc<dyn Elsewhere>>,
}

impl Engine {
    /// An engine over `store`, naming things with `ids` and learning of deaths from `witness`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn Ids>, witness: Arc<dyn Witness>) -> Self {
        Self { store, ids, witness, elsewhere: None }
    }

    /// The same engine, with everything decided by `elsewhere`.
    #[must_use]
    pub fn deciding(self, elsewhere: Arc<dyn Elsewhere>) -> Self {
        Self { elsewhere: Some(elsewhere), ..self }
    }

    /// The store underneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The same engine, naming new things with `ids`.
    #[must_use]
    pub fn naming_by(&self, ids: Arc<dyn Ids>) -> Self {
        Self { ids, ..self.clone() }
    }

    /// Whether the holder of `lease` is proven to be gone.
    #[must_use]
    pub fn is_gone(&self, lease: &Lease) -> bool {
        self.witness.is_gone(lease)
    }

    /// Where names of new things come from.
    #[must_use]
    pub fn ids(&self) -> &Arc<dyn Ids> {
        &self.ids
    }
}
