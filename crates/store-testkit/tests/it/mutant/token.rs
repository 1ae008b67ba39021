//! Flaws in keeping tokens.

use std::time::Duration;

use async_trait::async_trait;
use tenure_core::access::Token;
use tenure_core::id::TokenId;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, StoreError, TokenStore, TokensPage, TokensRequest,
};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl TokenStore for MutantStore {
    async fn create_token(&self, request: CreateToken) -> Result<CreateTokenOutcome, StoreError> {
        let expires_in = request.expires_in.filter(|_| !self.has(Flaw::NeverExpiresTokens));
        self.inner.create_token(CreateToken { expires_in, ..request }).await
    }

    async fn token_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, StoreError> {
        let token = self.inner.token_by_hash(hash).await?;
        Ok(token.filter(|token| token.revoked_at.is_none() || !self.has(Flaw::HidesRevokedTokens)))
    }

    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        let namespace = request.namespace.filter(|_| !self.has(Flaw::ListsEveryonesTokens));
        let mut page = self.inner.tokens(TokensRequest { namespace, ..request }).await?;
        if self.has(Flaw::EndsTokensEarly) {
            page.next = None;
        }
        Ok(page)
    }

    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        let namespace = request.namespace.filter(|_| !self.has(Flaw::RevokesAnyonesTokens));
        self.inner.revoke_token(RevokeToken { namespace, ..request }).await
    }

    async fn rotate_token(&self, request: RotateToken) -> Result<RotateTokenOutcome, StoreError> {
        let grace = if self.has(Flaw::EndsSecretsAtOnce) { Duration::ZERO } else { request.grace };
        self.inner.rotate_token(RotateToken { grace, ..request }).await
    }

    async fn touch_token(&self, id: TokenId) -> Result<(), StoreError> {
        if self.has(Flaw::ForgetsUses) { Ok(()) } else { self.inner.touch_token(id).await }
    }
}
