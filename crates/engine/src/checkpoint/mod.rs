//! Saving a session, bringing back what was saved, forking, and pruning.

mod create;
mod files;
mod fork;
mod parts;
mod pause;
mod prune;
mod read;
mod record;
mod restore;

pub use create::Save;
pub use files::{FileChange, FileContent};
pub use fork::{ForkAt, ForkWish, Forked};
pub use parts::largest_parts;
pub use prune::{Prune, Pruned};
pub use read::{Readable, Skipped};

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal};
use tenure_core::id::{CheckpointId, Fence};
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::Session;
use tenure_store::{Find, Found, Handle, ListedCheckpoint};

use crate::{Engine, EngineError};

impl Engine {
    /// A session that must be there, and where its log stands.
    async fn saved_session(&self, handle: Handle) -> Result<(Session, Found), EngineError> {
        let found = self.store.find(Find::Handle(handle)).await?;
        let session = found.current.session.clone().ok_or(EngineError::refused(Refusal::NotFound))?;
        Ok((session, found))
    }
}

/// The given fence is not the current one.
fn fenced(session: &Session, given: Fence, current: Fence) -> EngineError {
    let holder = session.lease.as_ref().map(|lease| Box::new(Held::of(session, lease)));
    EngineError::refused(Refusal::Fenced { given, current, holder })
}

fn refuse(refusal: CheckpointRefusal) -> EngineError {
    EngineError::refused(Refusal::Checkpoint(refusal))
}

/// The id of a listed checkpoint, whatever became of it.
fn id_of(listed: &ListedCheckpoint) -> &CheckpointId {
    match listed {
        ListedCheckpoint::Readable(Checkpoint { id, .. }) | ListedCheckpoint::Damaged { id, .. } => id,
    }
}
