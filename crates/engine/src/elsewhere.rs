//! Changes that are decided elsewhere: by a server, which has the store.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::access::Token;
use tenure_core::id::TokenId;
use tenure_core::session::Command;
use tenure_store::Handle;

use crate::checkpoint::{ForkWish, Forked, Prune, Pruned};
use crate::token::{Rotation, TokenWish};
use crate::{Applied, EngineError, Secret, Target, Under};

/// Decides and writes what an engine without a store of its own is asked for.
///
/// An engine over a server reads through the store's roles, and so do the writes that say all of what they do. These
/// here are the ones whose request to a store would carry a decision: it is the server that decides.
#[async_trait]
pub trait Elsewhere: Debug + Send + Sync {
    /// As [`crate::Engine::apply_under`].
    async fn apply(&self, target: &Target, command: &Command, under: Under) -> Result<Applied, EngineError>;

    /// As [`crate::Engine::fork`].
    async fn fork(&self, parent: Handle, wish: ForkWish) -> Result<Forked, EngineError>;

    /// As [`crate::Engine::prune`].
    async fn prune(&self, handle: Handle, prune: &Prune) -> Result<Pruned, EngineError>;

    /// As [`crate::Engine::create_token`].
    async fn create_token(&self, wish: TokenWish) -> Result<(Token, Secret), EngineError>;

    /// As [`crate::Engine::rotate_token`].
    async fn rotate_token(&self, id: &TokenId, grace: Duration) -> Result<Rotation, EngineError>;
}
