//! Why something did not end well, as user code sees it.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenure_core::orchestration::{self, Cause, Payload};

/// Why an activity, a child or an orchestration did not end well.
///
/// Any error becomes one by `?`; it is tried again as the caller's policy says. What cannot succeed however often it
/// is tried is [`Failure::rejected`]. Like `anyhow::Error` it is not an `std::error::Error` itself, which is what lets
/// every other error become one.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(orchestration::Failure);

impl Failure {
    /// A failure that may not happen again.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(Cause::Failed, message)
    }

    /// A failure that would happen again, however often it is tried.
    #[must_use]
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::of(Cause::Rejected, message)
    }

    pub(crate) fn of(cause: Cause, message: impl Into<String>) -> Self {
        Self(orchestration::Failure::new(cause, message))
    }

    /// The same with something for the waiting code to look at.
    #[must_use]
    pub fn with_details(mut self, details: &impl Serialize) -> Self {
        self.0.details = serde_json::to_vec(details).ok().map(Payload);
        self
    }

    /// What sort of failure it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.0.cause
    }

    /// What went wrong, in words for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the failing code wanted to say besides, if it is one of these.
    #[must_use]
    pub fn details<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.0.details.as_ref()?.0).ok()
    }

    /// Whether it took longer than it may.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.0.cause, Cause::TimedOut)
    }

    /// Whether somebody wished it to end.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled)
    }

    pub(crate) const fn from_inner(failure: orchestration::Failure) -> Self {
        Self(failure)
    }

    pub(crate) fn into_inner(self) -> orchestration::Failure {
        self.0
    }
}

impl<E: std::error::Error> From<E> for Failure {
    /// The error's words, and those of its causes.
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let words = cause.to_string();
            if !message.ends_with(&words) {
                message = format!("{message}: {words}");
            }
            source = cause.source();
        }
        Self::new(message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.message, self.0.cause.name())
    }
}

/// What is given, as bytes.
pub(crate) fn encode(what: &str, value: &impl Serialize) -> Result<Payload, Failure> {
    let bytes = serde_json::to_vec(value);
    let bytes =
        bytes.map_err(|why| Failure::of(Cause::Unreadable, format!("{what} cannot be written: {why}")))?;
    let max = tenure_core::limits::PAYLOAD_BYTES_MAX;
    if bytes.len() > max {
        let why = format!("{what} has {} bytes, and at most {max} are allowed", bytes.len());
        return Err(Failure::of(Cause::Unreadable, why));
    }
    Ok(Payload(bytes))
}

/// What was given, from its bytes.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, payload: &Payload) -> Result<T, Failure> {
    // Nothing at all is the nothing of every type.
    let bytes = if payload.0.is_empty() { b"null" } else { payload.0.as_slice() };
    serde_json::from_slice(bytes)
        .map_err(|why| Failure::of(Cause::Unreadable, format!("{what} is not what was expected: {why}")))
}
