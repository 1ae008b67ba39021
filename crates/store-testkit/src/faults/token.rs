//! Tokens behind the wrapper.

use async_trait::async_trait;
use tenure_core::access::Token;
use tenure_core::id::TokenId;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, StoreError, TokenStore, TokensPage, TokensRequest,
};

use super::{FaultyStore, Verb};

#[async_trait]
impl TokenStore for FaultyStore {
    async fn create_token(&self, request: CreateToken) -> Result<CreateTokenOutcome, StoreError> {
        self.faults.around(Verb::CreateToken, None, || self.inner.create_token(request.clone())).await
    }

    async fn token_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, StoreError> {
        self.faults.around(Verb::TokenByHash, None, || self.inner.token_by_hash(hash)).await
    }

    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        self.faults.around(Verb::Tokens, None, || self.inner.tokens(request.clone())).await
    }

    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        self.faults.around(Verb::RevokeToken, None, || self.inner.revoke_token(request.clone())).await
    }

    async fn rotate_token(&self, request: RotateToken) -> Result<RotateTokenOutcome, StoreError> {
        self.faults.around(Verb::RotateToken, None, || self.inner.rotate_token(request.clone())).await
    }

    async fn touch_token(&self, id: TokenId) -> Result<(), StoreError> {
        self.faults.around(Verb::TouchToken, None, || self.inner.touch_token(id.clone())).await
    }
}
