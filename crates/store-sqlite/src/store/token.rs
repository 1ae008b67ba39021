//! The role that keeps tokens.

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::access::Token;
use tenure_core::id::TokenId;
use tenure_core::limits;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, StoreError, TokenStore, TokensPage, TokensRequest,
};

use super::SqliteStore;
use crate::error::WorkError;
use crate::request::{Access, Asked, Request};
use crate::row::{TokenRow, signed};
use crate::sql;

#[async_trait]
impl TokenStore for SqliteStore {
    async fn create_token(&self, request: CreateToken) -> Result<CreateTokenOutcome, StoreError> {
        self.ask_access(request, Access::Create).await
    }

    async fn token_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, StoreError> {
        let now = self.shared.clock.now();
        let row = self
            .shared
            .readers
            .read("look up a token", |conn| sql::one(conn, sql::TOKEN_BY_HASH, [hash.0], TokenRow::of))?;
        Ok(row.filter(|row| row.takes(hash, &now)).map(|row| row.token))
    }

    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        self.read_much("list tokens", move |conn| page(conn, &request)).await
    }

    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        self.ask_access(request, Access::Revoke).await
    }

    async fn rotate_token(&self, request: RotateToken) -> Result<RotateTokenOutcome, StoreError> {
        self.ask_access(request, Access::Rotate).await
    }

    async fn touch_token(&self, id: TokenId) -> Result<(), StoreError> {
        // Nearly every use is no news: the writer is not asked then.
        let row = self
            .shared
            .readers
            .read("look at a token", |conn| sql::one(conn, sql::TOKEN_FIND, [id.as_str()], TokenRow::of))?;
        match row.zip(self.shared.clock.now().wall) {
            Some((row, now)) if row.token.is_use_news(now) => self.ask_access(id, Access::Touch).await,
            _ => Ok(()),
        }
    }
}

impl SqliteStore {
    pub(super) async fn ask_access<Q, A>(
        &self,
        question: Q,
        access: impl FnOnce(Asked<Q, A>) -> Access,
    ) -> Result<A, StoreError> {
        self.ask(question, |asked| Request::Access(Box::new(access(asked)))).await
    }
}

fn page(conn: &Connection, request: &TokensRequest) -> Result<TokensPage, WorkError> {
    let past = match &request.past {
        None => i64::MAX,
        Some(id) => match sql::one(conn, sql::TOKEN_FIND, [id.as_str()], TokenRow::of)? {
            Some(row) => row.tid,
            None => return Ok(TokensPage::default()),
        },
    };
    let limit = request.limit.min(limits::LIST_MAX);
    // One more tells whether there are more.
    let count = signed(limit as u64 + 1);
    let mut rows = match &request.namespace {
        Some(name) => sql::all(conn, sql::TOKEN_LIST, (name.as_str(), past, count), TokenRow::of)?,
        None => sql::all(conn, sql::TOKEN_LIST_ALL, (past, count), TokenRow::of)?,
    };
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| row.token.id.clone());
    Ok(TokensPage { tokens: rows.into_iter().map(|row| row.token).collect(), next })
}
