//! Deleting what a policy lets go.

use tenure_core::id::Namespace;
use tenure_core::limits;
use tenure_core::session::{PrunePolicy, Pruner, StateName, Verdict};
use tenure_store::{Filter, ListRequest, Listed, PurgeOutcome, Weight};

use crate::{Engine, EngineError};

/// Which sessions are meant, and whether it is only to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruning {
    /// The tenant.
    pub namespace: Namespace,
    /// Which of its sessions.
    pub policy: PrunePolicy,
    /// Whether nothing is to be written.
    pub is_dry: bool,
}

/// What a pruning came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionsPruned {
    /// How many sessions went, or would go.
    pub sessions: u64,
    /// What they took together.
    pub weight: Weight,
    /// How many would have gone, but are needed.
    pub needed: u64,
}

impl Engine {
    /// Deletes what a policy lets go, and tells of each session that went. What is interrupted is done so far.
    ///
    /// # Errors
    /// When the store cannot be asked, or whoever is told does not want to hear more.
    pub async fn prune_sessions<E: From<EngineError>>(
        &self,
        pruning: &Pruning,
        mut tell: impl FnMut(&Listed, Weight) -> Result<(), E>,
    ) -> Result<SessionsPruned, E> {
        let now = self.store.now().await.map_err(EngineError::from)?;
        let now = now.wall().map_err(|unusable| EngineError::refused(unusable.into()))?;
        let mut pruner = Pruner::new(&pruning.policy, now);
        let (mut pruned, mut past) = (SessionsPruned::default(), None);
        let states = StateName::ALL.into_iter().filter(|state| state.is_terminal()).collect();
        let filter = Filter { states, kinds: pruning.policy.kinds.clone(), ..Filter::default() };
        loop {
            let newest = ListRequest::newest(pruning.namespace.clone(), limits::LIST_MAX);
            let request = ListRequest { filter: filter.clone(), past, ..newest };
            let page = self.store.list(request).await.map_err(EngineError::from)?;
            for listed in &page.sessions {
                match pruner.judge(&listed.session) {
                    Verdict::Goes => self.prune_one(pruning, listed, &mut pruned, &mut tell).await?,
                    Verdict::Needed(_) => pruned.needed += 1,
                    Verdict::NotMeant | Verdict::TooYoung | Verdict::Counted => {}
                }
            }
            past = page.next;
            if past.is_none() {
                return Ok(pruned);
            }
        }
    }

    async fn prune_one<E: From<EngineError>>(
        &self,
        pruning: &Pruning,
        listed: &Listed,
        pruned: &mut SessionsPruned,
        tell: &mut impl FnMut(&Listed, Weight) -> Result<(), E>,
    ) -> Result<(), E> {
        let weight = self.store.weigh(listed.handle).await.map_err(EngineError::from)?;
        let outcome = match pruning.is_dry {
            true => PurgeOutcome::Purged,
            false => self.store.purge(listed.handle).await.map_err(EngineError::from)?,
        };
        match outcome {
            PurgeOutcome::Purged => {
                pruned.sessions += 1;
                pruned.weight.events += weight.events;
                pruned.weight.bytes += weight.bytes;
                tell(listed, weight)?;
            }
            // Somebody wants it kept since it was listed.
            PurgeOutcome::Retained | PurgeOutcome::OnItsWay | PurgeOutcome::NotEnded => pruned.needed += 1,
            PurgeOutcome::NotFound => return Ok(()),
        }
        if !pruning.is_dry {
            // A policy may let thousands go: what they took is given back on the way.
            self.reclaim().await?;
        }
        Ok(())
    }
}
