//! A session's log, read and written. [`Client::follow`] follows it.

use tenure_api::requests::{AppendEvents, AskOwner, Compact, SendMessages};
use tenure_api::{Appended, Earliest, Events, OwnerAsked};

use super::session;
use crate::call::{Call, Method};
use crate::{Client, ClientError};

fn append(name: &str, fence: u64, events: &AppendEvents) -> Call {
    session(Method::Post, name, &["events"]).fence(Some(fence)).json(events)
}

impl Client {
    /// One page of a log, only events of these types (none: all).
    ///
    /// # Errors
    /// `COMPACTED` when what comes next was dropped, and whatever else the server says.
    pub async fn events(
        &self,
        name: &str,
        (after, limit): (u64, usize),
        types: &[String],
    ) -> Result<Events, ClientError> {
        let call = session(Method::Get, name, &["events"]).query("after", after).query("limit", limit);
        self.ask(types.iter().fold(call, |call, name| call.query("type", name))).await
    }

    /// Appends events of the session's holder.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn append(
        &self,
        name: &str,
        fence: u64,
        events: &AppendEvents,
    ) -> Result<Appended, ClientError> {
        self.ask(append(name, fence, events)).await
    }

    /// The same under an idempotency key of the caller's, so that another call with it appends nothing more.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn append_once(
        &self,
        (name, fence): (&str, u64),
        events: &AppendEvents,
        key: String,
    ) -> Result<Appended, ClientError> {
        self.ask(append(name, fence, events).keyed(key)).await
    }

    /// Sends messages to the session's holder.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn send(&self, name: &str, events: &SendMessages) -> Result<Appended, ClientError> {
        self.ask(session(Method::Post, name, &["inbox"]).json(events)).await
    }

    /// The same under an idempotency key of the caller's.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn send_once(
        &self,
        name: &str,
        events: &SendMessages,
        key: String,
    ) -> Result<Appended, ClientError> {
        self.ask(session(Method::Post, name, &["inbox"]).json(events).keyed(key)).await
    }

    /// Asks the session's holder for something, without waiting for it, under an idempotency key of the caller's.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn request(&self, name: &str, wish: AskOwner, key: String) -> Result<OwnerAsked, ClientError> {
        self.ask(session(Method::Post, name, &["requests"]).json(&wish).keyed(key)).await
    }

    /// Drops the beginning of a log, for ever.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn compact(&self, name: &str, before: u64) -> Result<Earliest, ClientError> {
        self.ask(session(Method::Post, name, &["compact"]).json(&Compact { before })).await
    }
}
