//! Requests about tokens.

use tenure_core::id::TokenId;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    StoreError,
};

use super::asked::{Asked, requests};

requests! {
    /// What the writer can be asked about who may do what.
    #[derive(Debug)]
    pub(crate) enum Access {
        Create(Asked<CreateToken, CreateTokenOutcome>),
        Revoke(Asked<RevokeToken, RevokeTokenOutcome>),
        Rotate(Asked<RotateToken, RotateTokenOutcome>),
        Touch(Asked<TokenId, ()>),
    }
}
