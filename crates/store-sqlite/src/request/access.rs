//! Requests about tokens, and about what is asked twice.

use tenure_core::id::TokenId;
use tenure_store::{
    AnswerKey, BeginAnswer, BeginOutcome, CreateToken, CreateTokenOutcome, EndAnswer, EndOutcome,
    RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome, StoreError,
};

use super::asked::{Asked, requests};

requests! {
    /// What the writer can be asked by servers: who may do what, and what was asked before.
    #[derive(Debug)]
    pub(crate) enum Access {
        Create(Asked<CreateToken, CreateTokenOutcome>),
        Revoke(Asked<RevokeToken, RevokeTokenOutcome>),
        Rotate(Asked<RotateToken, RotateTokenOutcome>),
        Touch(Asked<TokenId, ()>),
        BeginAnswer(Asked<BeginAnswer, BeginOutcome>),
        EndAnswer(Asked<EndAnswer, EndOutcome>),
        DropAnswer(Asked<(AnswerKey, [u8; 16]), ()>),
        ForgetAnswers(Asked<usize, usize>),
    }
}
