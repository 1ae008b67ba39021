//! The model keeps tokens in the order in which they were made.

use async_trait::async_trait;
use tenure_core::access::{Token, Validity};
use tenure_core::id::{Namespace, TokenId};
use tenure_core::limits;
use tenure_core::time::Moment;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, StoreError, TokenStore, TokensPage, TokensRequest,
};

use super::MemoryStore;
use super::tables::wall_or_epoch;

/// A token and the hashes of its secrets.
#[derive(Debug)]
pub(super) struct Kept {
    token: Token,
    hash: SecretHash,
    previous: Option<SecretHash>,
}

/// Every token, oldest first.
#[derive(Debug, Default)]
pub(super) struct Tokens(Vec<Kept>);

#[async_trait]
impl TokenStore for MemoryStore {
    async fn create_token(&self, request: CreateToken) -> Result<CreateTokenOutcome, StoreError> {
        Ok(self.lock().tokens.create(request, &self.clock.now()))
    }

    async fn token_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, StoreError> {
        let now = self.clock.now();
        let tables = self.lock();
        let is_meant = |kept: &&Kept| {
            kept.hash == hash || (kept.previous == Some(hash) && kept.token.takes_previous(&now))
        };
        Ok(tables.tokens.0.iter().find(is_meant).map(|kept| kept.token.clone()))
    }

    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        Ok(self.lock().tokens.page(&request))
    }

    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        let mut tables = self.lock();
        let Some(kept) = tables.tokens.of(request.namespace.as_ref(), &request.id) else {
            return Ok(RevokeTokenOutcome::NotFound);
        };
        if kept.token.revoked_at.is_some() {
            return Ok(RevokeTokenOutcome::AlreadyRevoked(Box::new(kept.token.clone())));
        }
        kept.token.revoked_at = Some(wall_or_epoch(&self.clock.now()));
        Ok(RevokeTokenOutcome::Revoked(Box::new(kept.token.clone())))
    }

    async fn rotate_token(&self, request: RotateToken) -> Result<RotateTokenOutcome, StoreError> {
        Ok(self.lock().tokens.rotate(&request, &self.clock.now()))
    }

    async fn touch_token(&self, id: TokenId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tables = self.lock();
        if let Some((kept, now)) = tables.tokens.of(None, &id).zip(now.wall)
            && kept.token.is_use_news(now)
        {
            kept.token.last_used_at = Some(now);
        }
        Ok(())
    }
}

impl Tokens {
    fn of(&mut self, namespace: Option<&Namespace>, id: &TokenId) -> Option<&mut Kept> {
        let is_in = |token: &Token| namespace.is_none_or(|namespace| token.namespace == *namespace);
        self.0.iter_mut().find(|kept| kept.token.id == *id && is_in(&kept.token))
    }

    fn has_secret(&self, hash: SecretHash) -> bool {
        self.0.iter().any(|kept| kept.hash == hash || kept.previous == Some(hash))
    }

    fn create(&mut self, request: CreateToken, now: &Moment) -> CreateTokenOutcome {
        if let Some(kept) = self.of(None, &request.id) {
            return if kept.hash == request.hash {
                CreateTokenOutcome::Created(Box::new(kept.token.clone()))
            } else {
                CreateTokenOutcome::Taken
            };
        }
        if self.has_secret(request.hash) {
            return CreateTokenOutcome::Taken;
        }
        let at = wall_or_epoch(now);
        let token = Token {
            id: request.id,
            namespace: request.namespace,
            principal: request.principal,
            role: request.role,
            note: request.note,
            created_at: at,
            expires_at: request.expires_in.map(|length| at.after(length)),
            revoked_at: None,
            last_used_at: None,
            previous_until: None,
        };
        self.0.push(Kept { token: token.clone(), hash: request.hash, previous: None });
        CreateTokenOutcome::Created(Box::new(token))
    }

    fn rotate(&mut self, request: &RotateToken, now: &Moment) -> RotateTokenOutcome {
        let is_taken = self.has_secret(request.hash);
        let Some(kept) = self.of(request.namespace.as_ref(), &request.id) else {
            return RotateTokenOutcome::NotFound;
        };
        if kept.token.validity(now) != Ok(Validity::Valid) {
            return RotateTokenOutcome::Ended(Box::new(kept.token.clone()));
        }
        if kept.hash != request.hash {
            if is_taken {
                return RotateTokenOutcome::Taken;
            }
            kept.previous = Some(std::mem::replace(&mut kept.hash, request.hash));
            kept.token.previous_until = Some(wall_or_epoch(now).after(request.grace));
        }
        RotateTokenOutcome::Rotated(Box::new(kept.token.clone()))
    }

    fn page(&self, request: &TokensRequest) -> TokensPage {
        let end = match &request.past {
            None => self.0.len(),
            Some(past) => self.0.iter().position(|kept| kept.token.id == *past).unwrap_or(0),
        };
        let is_in = |token: &&Token| request.namespace.as_ref().is_none_or(|name| token.namespace == *name);
        let mut tokens = self.0[..end].iter().rev().map(|kept| &kept.token).filter(is_in).cloned();
        let page: Vec<_> = tokens.by_ref().take(request.limit.min(limits::LIST_MAX)).collect();
        let next = tokens.next().and_then(|_more| page.last().map(|last| last.id.clone()));
        TokensPage { tokens: page, next }
    }
}
