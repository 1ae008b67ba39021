//! Keeping no more checkpoints than are wanted.

use tenure_core::checkpoint::{Kept, keep};
use tenure_core::id::{CheckpointId, Fence};
use tenure_core::session::Needed;
use tenure_store::{
    CheckpointRequest, Handle, ListedCheckpoint, PayloadOutcome, RemoveOutcome, RemoveRequest,
};

use super::{fenced, id_of};
use crate::{Engine, EngineError, check_fence};

/// How many checkpoints are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// So many of the newest.
    pub keep: usize,
    /// The fence that must be the current one, if one was given.
    pub fence: Option<Fence>,
    /// Whether only to say what would be removed.
    pub dry_run: bool,
    /// One that is known to be what was saved, because it was just made.
    pub known_valid: Option<CheckpointId>,
}

/// What became of a session's checkpoints, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Those that stay, and whether only because no newer one can be brought back.
    pub kept: Vec<(ListedCheckpoint, bool)>,
    /// Those that are gone, or would be.
    pub removed: Vec<ListedCheckpoint>,
}

impl Engine {
    /// Removes all but the newest checkpoints of a session. Of an open one, the newest that is what was saved
    /// stays in any case.
    ///
    /// # Errors
    /// [`tenure_core::refusal::Refusal::Fenced`] when the given fence is not the current one.
    pub async fn prune(&self, handle: Handle, prune: &Prune) -> Result<Pruned, EngineError> {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.prune(handle, prune).await;
        }
        let (session, found) = self.saved_session(handle).await?;
        if let Some(given) = prune.fence {
            check_fence(&found.current, given).map_err(EngineError::refused)?;
        }
        let all = self.checkpoints(handle, None, usize::MAX).await?;
        let valid = if session.is_terminal() || all.len() <= prune.keep {
            None
        } else {
            self.place_of_valid(handle, &all, prune).await?
        };
        let mut pruned = Pruned::default();
        for (kept, listed) in keep(all.len(), prune.keep, valid).into_iter().zip(all) {
            match kept {
                Kept::Newest => pruned.kept.push((listed, false)),
                Kept::LastValid => pruned.kept.push((listed, true)),
                Kept::No => pruned.removed.push(listed),
            }
        }
        if !prune.dry_run && !pruned.removed.is_empty() {
            let ids = pruned.removed.iter().map(id_of).cloned().collect();
            let request = RemoveRequest { handle, fence: prune.fence, ids };
            match self.store.remove_checkpoints(request).await? {
                RemoveOutcome::Removed { .. } => {}
                RemoveOutcome::Fenced { current } => {
                    let (session, _) = self.saved_session(handle).await?;
                    return Err(fenced(&session, prune.fence.unwrap_or_default(), current));
                }
                RemoveOutcome::Retained => return Err(self.kept(handle, Needed::Retained).await?),
                RemoveOutcome::OnItsWay => return Err(self.kept(handle, Needed::OnItsWay).await?),
            }
        }
        Ok(pruned)
    }

    /// The place of the newest checkpoint that is what was saved.
    async fn place_of_valid(
        &self,
        handle: Handle,
        all: &[ListedCheckpoint],
        prune: &Prune,
    ) -> Result<Option<usize>, EngineError> {
        for (place, listed) in all.iter().enumerate() {
            let id = id_of(listed).clone();
            if prune.known_valid.as_ref() == Some(&id) {
                return Ok(Some(place));
            }
            let read = self.store.read_payload(CheckpointRequest { handle, id }).await?;
            if matches!(read, PayloadOutcome::Payload { .. }) {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }
}
