//! Making tokens, and giving them other secrets.

use std::time::Duration;

use tenure_core::access::{Role, Token, note};
use tenure_core::id::{Namespace, Principal, TokenId};
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_store::{CreateToken, CreateTokenOutcome, RotateToken, RotateTokenOutcome, StoreError};

use crate::{Engine, EngineError, Secret};

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// The tenant it is for.
    pub namespace: Namespace,
    /// On whose behalf its bearer acts.
    pub principal: Principal,
    /// What its bearer may.
    pub role: Role,
    /// What it is for.
    pub note: String,
    /// From when on it is not valid by itself; `None`: never.
    pub expires_in: Option<Duration>,
}

/// What became of the wish for another secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// This is its secret from now on.
    Rotated(Box<Token>, Secret),
    /// It was revoked, or has expired.
    Ended(Box<Token>),
    /// There is none.
    NotFound,
}

impl Engine {
    /// Makes a token, and its secret, which is known to nobody else.
    ///
    /// # Errors
    /// [`Refusal::Limit`] when its note is too long, or its life, and what the store says.
    pub async fn create_token(&self, wish: TokenWish) -> Result<(Token, Secret), EngineError> {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.create_token(wish).await;
        }
        let refused = |limit| EngineError::refused(Refusal::Limit(limit));
        let note = note(&wish.note).map_err(refused)?;
        let expires_in = wish.expires_in.map(|length| LimitRefusal::span("expiry", length));
        let expires_in = expires_in.transpose().map_err(refused)?;
        let now = self.store.now().await?;
        loop {
            let secret = Secret::draw(self.ids.as_ref());
            let request = CreateToken {
                id: self.ids.token_id(now.wall),
                namespace: wish.namespace.clone(),
                principal: wish.principal.clone(),
                role: wish.role,
                note: note.clone(),
                hash: secret.hash(),
                expires_in,
            };
            let outcome = match self.store.create_token(request.clone()).await {
                // The same request makes it once.
                Err(StoreError::Unknown { .. }) => self.store.create_token(request).await?,
                answer => answer?,
            };
            // Names that were drawn are never taken, but by a store that was brought back from a copy.
            if let CreateTokenOutcome::Created(token) = outcome {
                return Ok((*token, secret));
            }
        }
    }

    /// Gives a token of a tenant another secret; the present one is good for `grace` beside it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn rotate_token(
        &self,
        namespace: &Namespace,
        id: &TokenId,
        grace: Duration,
    ) -> Result<Rotation, EngineError> {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.rotate_token(id, grace).await;
        }
        loop {
            let secret = Secret::draw(self.ids.as_ref());
            let (namespace, id) = (Some(namespace.clone()), id.clone());
            let request = RotateToken { namespace, id, hash: secret.hash(), grace };
            let outcome = match self.store.rotate_token(request.clone()).await {
                Err(StoreError::Unknown { .. }) => self.store.rotate_token(request).await?,
                answer => answer?,
            };
            return Ok(match outcome {
                RotateTokenOutcome::Rotated(token) => Rotation::Rotated(token, secret),
                RotateTokenOutcome::Ended(token) => Rotation::Ended(token),
                RotateTokenOutcome::NotFound => Rotation::NotFound,
                RotateTokenOutcome::Taken => continue,
            });
        }
    }
}
