//! Speaks to a Tenure server over its API.
//!
//! What is asked and answered are the documents of `tenure-api`. A request is sent again only where that is safe:
//! reads, writes that say the same twice, and writes that carry an idempotency key, which is every `POST`. Whatever
//! else lost its answer is reported as [`ClientError::Unanswered`].
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

mod address;
mod call;
mod error;
mod follow;
mod http;
mod retry;
mod routes;
mod stream;
mod time;

use std::fmt;
use std::sync::Arc;

pub use address::{Address, InvalidAddress};
pub use call::{Call, Method};
pub use error::ClientError;
pub use follow::{Follow, Heard};
pub use http::Connections;
pub use retry::Patience;
pub use stream::{Frame, Stream};

use time::ServerTime;

/// Where names of requests come from: randomness is a parameter.
pub type Draw = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Who asks.
#[derive(Clone, Default)]
pub struct Caller {
    /// The secret of its token, if it has one.
    pub token: Option<String>,
    /// The trace in which it asks, as the header `traceparent` says it.
    pub traceparent: Option<String>,
}

impl fmt::Debug for Caller {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("traceparent", &self.traceparent).finish_non_exhaustive()
    }
}

/// A server, and on whose behalf it is spoken to. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    address: Address,
    caller: Caller,
    draw: Draw,
    patience: Patience,
    connections: Connections,
    time: ServerTime,
}

impl fmt::Debug for Client {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.0.address).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the server at `address`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates that this machine trusts cannot be read; only for `https`.
    pub fn new(
        address: Address,
        caller: Caller,
        draw: Draw,
        patience: Patience,
    ) -> Result<Self, ClientError> {
        let connections = Connections::new(&address, patience.connect)?;
        let time = ServerTime::default();
        Ok(Self(Arc::new(Inner { address, caller, draw, patience, connections, time })))
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }
}
