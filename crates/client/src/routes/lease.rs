//! Holding a session.

use std::time::Duration;

use tenure_api::Session;
use tenure_api::requests::{Claim, Note, Takeover};

use super::session;
use crate::call::Method;
use crate::{Client, ClientError};

/// How long the answer to a runner's renewal is waited for. A connection that is dead without a word must not cost a
/// lease that another connection would have saved: one of 15 s is renewed after 5 s, and has 5 s left then.
const RENEWED_WITHIN: Duration = Duration::from_secs(4);

impl Client {
    /// Becomes the holder of a session that nobody holds. The answer's `lease` has the fence.
    ///
    /// # Errors
    /// `HELD` by somebody else, and whatever else the server says.
    pub async fn acquire(&self, name: &str, claim: &Claim) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["lease"]).json(claim)).await
    }

    /// Renews the lease that is held under `fence`. Asked twice, it is the later renewal.
    ///
    /// # Errors
    /// `FENCED` or `LEASE_OVER` when it is no longer held, and whatever else the server says.
    pub async fn renew(&self, name: &str, fence: u64) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["lease"]).fence(Some(fence)).as_often_as_needed()).await
    }

    /// Renews the lease that is held under `fence`, whatever sort of holder holds it: for the process itself that
    /// runs the session's command.
    ///
    /// # Errors
    /// `FENCED` or `LEASE_OVER` when it is no longer held, and whatever else the server says.
    pub async fn keep(&self, name: &str, fence: u64) -> Result<Session, ClientError> {
        let call = session(Method::Post, name, &["renew"]).fence(Some(fence)).as_often_as_needed();
        self.ask(call.within(RENEWED_WITHIN)).await
    }

    /// Lets the session go.
    ///
    /// # Errors
    /// What the server says.
    pub async fn release(&self, name: &str, fence: u64) -> Result<Session, ClientError> {
        self.ask(session(Method::Delete, name, &["lease"]).fence(Some(fence))).await
    }

    /// Whether a fence is current and its lease live: the session, or why not.
    ///
    /// # Errors
    /// `FENCED`, `LEASE_OVER`, and whatever else the server says.
    pub async fn check(&self, name: &str, fence: u64) -> Result<Session, ClientError> {
        self.ask(session(Method::Get, name, &["lease"]).fence(Some(fence))).await
    }

    /// Becomes the holder, and starts the session; with a fence, its holder starts it.
    ///
    /// # Errors
    /// What the server says.
    pub async fn start(&self, name: &str, fence: Option<u64>, claim: &Claim) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["start"]).fence(fence).json(claim)).await
    }

    /// Becomes the holder in the place of one that is gone or late.
    ///
    /// # Errors
    /// What the server says.
    pub async fn take_over(&self, name: &str, takeover: &Takeover) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["takeover"]).json(takeover)).await
    }

    /// Renews the lease and says what is being done.
    ///
    /// # Errors
    /// As [`Client::renew`].
    pub async fn heartbeat(&self, name: &str, fence: u64, note: &Note) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["heartbeat"]).fence(Some(fence)).json(note)).await
    }
}
