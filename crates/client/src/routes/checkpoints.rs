//! Saved values, and going on from them.

use bytes::Bytes;
use tenure_api::requests::{CreateCheckpoint, Fork, PruneCheckpoints, RestoreCheckpoint};
use tenure_api::{Forked, ListedCheckpoint, Page, Removed, SavedCheckpoint, Session};

use super::session;
use crate::call::Method;
use crate::{Client, ClientError};

impl Client {
    /// One page of a session's checkpoints, newest first.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn checkpoints(
        &self,
        name: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<ListedCheckpoint>, ClientError> {
        let call = session(Method::Get, name, &["checkpoints"]).query("limit", limit);
        self.ask(call.query_if("cursor", cursor)).await
    }

    /// Saves a session: its holder by its fence, others while nobody holds it.
    ///
    /// # Errors
    /// As [`Client::checkpoints`].
    pub async fn create_checkpoint(
        &self,
        name: &str,
        fence: Option<u64>,
        wish: &CreateCheckpoint,
    ) -> Result<SavedCheckpoint, ClientError> {
        self.ask(session(Method::Post, name, &["checkpoints"]).fence(fence).json(wish)).await
    }

    /// One checkpoint.
    ///
    /// # Errors
    /// As [`Client::checkpoints`].
    pub async fn checkpoint(&self, name: &str, id: &str) -> Result<ListedCheckpoint, ClientError> {
        self.ask(session(Method::Get, name, &["checkpoints", id])).await
    }

    /// What a checkpoint saved; `latest` stands for the newest that is intact.
    ///
    /// # Errors
    /// As [`Client::checkpoints`]; `CHECKPOINT_DAMAGED` when it is not what was saved.
    pub async fn payload(&self, name: &str, id: &str) -> Result<Bytes, ClientError> {
        self.read(session(Method::Get, name, &["checkpoints", id, "payload"])).await
    }

    /// Brings a checkpoint back.
    ///
    /// # Errors
    /// As [`Client::checkpoints`].
    pub async fn restore(
        &self,
        name: &str,
        fence: Option<u64>,
        wish: &RestoreCheckpoint,
    ) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["restore"]).fence(fence).json(wish)).await
    }

    /// Removes all but the newest checkpoints.
    ///
    /// # Errors
    /// As [`Client::checkpoints`].
    pub async fn prune_checkpoints(
        &self,
        name: &str,
        fence: Option<u64>,
        wish: &PruneCheckpoints,
    ) -> Result<Removed, ClientError> {
        self.ask(session(Method::Post, name, &["checkpoints", "prune"]).fence(fence).json(wish)).await
    }

    /// Goes on from an earlier point in a new session.
    ///
    /// # Errors
    /// As [`Client::checkpoints`].
    pub async fn fork(&self, name: &str, wish: &Fork) -> Result<Forked, ClientError> {
        self.ask(session(Method::Post, name, &["fork"]).json(wish)).await
    }
}
