//! A store that a server keeps, for an engine elsewhere.
//!
//! Reads are the API's, turned back into what a store answers. Writes that say all of what they do are the API's as
//! well; the others are decided by the server ([`tenure_engine::Elsewhere`]): this side only asks. What a server does
//! by itself, such as sweeping, or what only the owner of a store's file may do, is refused with words.
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

mod absent;
mod checkpoints;
mod elsewhere;
mod handles;
mod inspect;
mod log;
mod others;
mod refusal;
mod sessions;
mod told;
mod watch;
mod wire;
mod witness;

use std::sync::Arc;

use tenure_client::{Client, ClientError};
use tenure_engine::{Engine, Ids, Witness};
use tenure_store::{Store, StoreError};

use handles::{Files, Handles};
pub use wire::Wire;
pub use witness::Told;

/// A store that a server keeps.
#[derive(Debug, Clone)]
pub struct Remote(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    wire: Wire,
    handles: Handles,
    files: Files,
}

impl Remote {
    /// What `client` reaches, spoken to on `wire`.
    #[must_use]
    pub fn new(client: Client, wire: Wire) -> Self {
        Self(Arc::new(Inner { client, wire, handles: Handles::default(), files: Files::default() }))
    }

    /// An engine over it. What the server knows of holders that are gone counts, and what `witness` knows.
    #[must_use]
    pub fn engine(&self, ids: Arc<dyn Ids>, witness: Arc<dyn Witness>) -> Engine {
        let store: Arc<dyn Store> = Arc::new(self.clone());
        Engine::new(store, ids, Arc::new(Told(witness))).deciding(Arc::new(self.clone()))
    }

    /// Asks the server, on the wire's own thread: connections live there, whoever asks.
    async fn ask<T, F>(&self, asking: impl FnOnce(Client) -> F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ClientError>> + Send + 'static,
    {
        self.0.wire.run(asking(self.0.client.clone())).await
    }

    /// An error as a store has it.
    fn error(&self, error: ClientError) -> StoreError {
        refusal::store(error, self.0.client.address())
    }
}
