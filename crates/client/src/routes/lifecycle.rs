//! A session's course.

use tenure_api::Session;
use tenure_api::requests::{Ask, Complete, End, Fail, Reason};

use super::session;
use crate::call::Method;
use crate::{Client, ClientError};

impl Client {
    /// Completes a session: its holder by its fence, others while nobody holds it.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn complete(
        &self,
        name: &str,
        fence: Option<u64>,
        end: &Complete,
    ) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["complete"]).fence(fence).json(end)).await
    }

    /// Fails a session, likewise.
    ///
    /// # Errors
    /// As [`Client::complete`].
    pub async fn fail(&self, name: &str, fence: Option<u64>, end: &Fail) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["fail"]).fence(fence).json(end)).await
    }

    /// Pauses a session, or has its holder do it.
    ///
    /// # Errors
    /// As [`Client::complete`]; `NOT_ANSWERED` when the holder has not done it in time.
    pub async fn pause(&self, name: &str, fence: Option<u64>, ask: &Ask) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["pause"]).fence(fence).json(ask)).await
    }

    /// Has a session go on, likewise.
    ///
    /// # Errors
    /// As [`Client::pause`].
    pub async fn resume(&self, name: &str, fence: Option<u64>, ask: &Ask) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["resume"]).fence(fence).json(ask)).await
    }

    /// Has a session's holder stop, so that the work can go on later.
    ///
    /// # Errors
    /// As [`Client::pause`].
    pub async fn stop(&self, name: &str, ask: &Ask) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["stop"]).json(ask)).await
    }

    /// Cancels a session, whoever holds it.
    ///
    /// # Errors
    /// As [`Client::complete`].
    pub async fn cancel(&self, name: &str, end: &End) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["cancel"]).json(end)).await
    }

    /// Has everything of a session kept.
    ///
    /// # Errors
    /// As [`Client::complete`].
    pub async fn retain(&self, name: &str, why: &Reason) -> Result<Session, ClientError> {
        self.ask(session(Method::Post, name, &["retention"]).json(why)).await
    }

    /// Leaves it to policies again.
    ///
    /// # Errors
    /// As [`Client::complete`].
    pub async fn end_retention(&self, name: &str) -> Result<Session, ClientError> {
        self.ask(session(Method::Delete, name, &["retention"])).await
    }
}
