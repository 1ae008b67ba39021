//! Tokens: whom secrets stand for. A store keeps hashes of them alone.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::access::{Role, Token};
use tenure_core::id::{Namespace, Principal, TokenId};

use crate::StoreError;

/// SHA-256 of a secret. A secret is random throughout, so a slow hash would add nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl fmt::Debug for SecretHash {
    /// Not shown: whoever logs a request must not log what can be looked for elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateToken {
    /// Its id. Made again in the same call, it is the same token.
    pub id: TokenId,
    /// The tenant it is for.
    pub namespace: Namespace,
    /// On whose behalf its bearer acts.
    pub principal: Principal,
    /// What its bearer may.
    pub role: Role,
    /// What it is for.
    pub note: String,
    /// The hash of its secret.
    pub hash: SecretHash,
    /// From when on it is not valid by itself; `None`: never.
    pub expires_in: Option<Duration>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateTokenOutcome {
    /// It is there.
    Created(Box<Token>),
    /// Another token has that id, or that secret. Nothing was written.
    Taken,
}

/// Which tokens are listed, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensRequest {
    /// Those of this tenant; `None`: of all.
    pub namespace: Option<Namespace>,
    /// Only those made before this one; nothing where it is not there.
    pub past: Option<TokenId>,
    /// At most so many, and never more than [`tenure_core::limits::LIST_MAX`].
    pub limit: usize,
}

/// A page of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokensPage {
    /// Newest first, whether they are valid or not.
    pub tokens: Vec<Token>,
    /// Past which the next page goes on; `None` on the last one.
    pub next: Option<TokenId>,
}

/// A token to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeToken {
    /// Only if it is this tenant's; `None`: whosever.
    pub namespace: Option<Namespace>,
    /// Which.
    pub id: TokenId,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokeTokenOutcome {
    /// It is not valid any more.
    Revoked(Box<Token>),
    /// Somebody had taken it back before. When is what it was then.
    AlreadyRevoked(Box<Token>),
    /// There is none.
    NotFound,
}

/// Another secret for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateToken {
    /// Only if it is this tenant's; `None`: whosever.
    pub namespace: Option<Namespace>,
    /// Which.
    pub id: TokenId,
    /// The hash of the new secret.
    pub hash: SecretHash,
    /// For how long the present secret is good beside it.
    pub grace: Duration,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateTokenOutcome {
    /// The new secret is good from now on.
    Rotated(Box<Token>),
    /// It was revoked, or has expired: nothing was written.
    Ended(Box<Token>),
    /// Another token has that secret, or this one had it before. Nothing was written.
    Taken,
    /// There is none.
    NotFound,
}

/// Keeps tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Makes a token.
    ///
    /// *Before:* no token has its id or its secret.
    /// *Effect:* whoever shows the secret is who the token says.
    /// *Outcomes:* [`CreateTokenOutcome`]. Asked again with the same id and hash, the token as it is by now.
    async fn create_token(&self, request: CreateToken) -> Result<CreateTokenOutcome, StoreError>;

    /// The token whose secret has that hash: its present one, or the one before as long as that is good by the
    /// store's clock. Whether the token itself is valid is for [`Token::validity`] to say.
    ///
    /// *Effect:* none. The cost does not grow with the number of tokens.
    async fn token_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, StoreError>;

    /// A page of tokens, valid or not.
    ///
    /// *Effect:* none. The cost grows with the page alone.
    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError>;

    /// Takes a token back, for good.
    ///
    /// *Effect:* it is not valid from now on, with any secret. It stays listed.
    /// *Outcomes:* [`RevokeTokenOutcome`]. After any error it is asked for again.
    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError>;

    /// Gives a token another secret.
    ///
    /// *Before:* the token is valid by the store's clock; no other token has that secret.
    /// *Effect:* the new secret is good at once, the present one for the grace, and the one before that not any more.
    /// *Outcomes:* [`RotateTokenOutcome`]. Asked again with the hash that it has, it changes nothing.
    async fn rotate_token(&self, request: RotateToken) -> Result<RotateTokenOutcome, StoreError>;

    /// Notes that a token is used.
    ///
    /// *Effect:* [`Token::last_used_at`], if that is news ([`Token::is_use_news`]); else nothing is written. None
    /// without a usable wall clock, or where there is no such token.
    async fn touch_token(&self, id: TokenId) -> Result<(), StoreError>;
}
