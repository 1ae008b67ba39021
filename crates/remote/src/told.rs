//! From what a server tells to what a store answers.

use tenure_api::ListedCheckpoint;
use tenure_store::{Handle, Listed, StoreError};

/// What was told makes no sense here: the server is of another version, or no Tenure server.
pub(crate) fn unreadable(what: impl ToString) -> StoreError {
    StoreError::Corrupt { what: format!("the server's answer: {}", what.to_string()) }
}

/// A session, under no handle yet.
pub(crate) fn session(session: tenure_api::Session) -> Result<Listed, StoreError> {
    let known = session.read().map_err(unreadable)?;
    Ok(Listed { handle: Handle(0), session: known.session, head: known.head, earliest: known.earliest })
}

/// A checkpoint of a list.
pub(crate) fn checkpoint(listed: ListedCheckpoint) -> Result<tenure_store::ListedCheckpoint, StoreError> {
    Ok(match listed {
        ListedCheckpoint::Readable(checkpoint) => {
            tenure_store::ListedCheckpoint::Readable(checkpoint.read().map_err(unreadable)?)
        }
        ListedCheckpoint::Damaged(damaged) => {
            let (id, seq, what) = damaged.read().map_err(unreadable)?;
            tenure_store::ListedCheckpoint::Damaged { id, seq, what }
        }
    })
}
