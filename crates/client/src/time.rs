//! What the server's clock says, learned from its answers.

use std::sync::{Mutex, PoisonError};

use hyper::HeaderMap;
use tokio::time::Instant;

use crate::Client;

/// The header of answers that tells the server's wall clock, in milliseconds since the epoch.
const HEADER: &str = "tenure-time";

/// What the server's wall clock said last, and when that was heard.
#[derive(Debug, Default)]
pub(crate) struct ServerTime(Mutex<Option<(u64, Instant)>>);

impl ServerTime {
    pub(crate) fn hear(&self, headers: &HeaderMap) {
        let said = headers.get(HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = said.map(|ms| (ms, Instant::now()));
    }

    fn now(&self) -> Option<u64> {
        let (ms, heard) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(ms.saturating_add(u64::try_from(heard.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Client {
    /// The server's wall clock in milliseconds since the epoch, as the last answer and the time since then tell;
    /// `None` when no answer has come yet, or the server's clock cannot be used.
    #[must_use]
    pub fn server_ms(&self) -> Option<u64> {
        self.0.time.now()
    }
}
