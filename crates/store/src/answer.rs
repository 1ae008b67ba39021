//! Answers that are kept for whoever asks again with the same key.

use async_trait::async_trait;
use tenure_core::answer::Asking;
use tenure_core::id::{IdempotencyKey, Namespace, Principal};

use crate::StoreError;

/// Which request: a key is a caller's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    /// The tenant.
    pub namespace: Namespace,
    /// Who asks; `None` where nobody has to say who it is.
    pub principal: Option<Principal>,
    /// The key that it gives the request.
    pub key: IdempotencyKey,
}

/// A request that is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginAnswer {
    /// Which.
    pub key: AnswerKey,
    /// What is asked, who is at it, and fresh randomness.
    pub asking: Asking,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The number that says how it went.
    pub status: u16,
    /// What the body is.
    pub content_type: String,
    /// The body, at most [`tenure_core::limits::ANSWER_BYTES_MAX`] long.
    pub body: Vec<u8>,
}

/// What whoever begins a request is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// Carry it out: it was not asked before, or more than [`tenure_core::limits::ANSWERS_KEPT_FOR`] ago.
    Begun {
        /// The seed that was given.
        seed: [u8; 16],
    },
    /// Carry it out again: whoever began it is another start of a server, and is taken to be gone.
    Resumed {
        /// The seed of the first attempt: with the same ids, what had happened is found, and not done twice.
        seed: [u8; 16],
    },
    /// Nothing: this server is at it.
    UnderWay,
    /// Nothing: the key was used for another request.
    Other,
    /// Answer the same.
    Answered(KeptAnswer),
}

/// The answer to a request that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndAnswer {
    /// Which request.
    pub key: AnswerKey,
    /// The seed that it was carried out with.
    pub seed: [u8; 16],
    /// Its answer.
    pub answer: KeptAnswer,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOutcome {
    /// It is kept; or another attempt with that seed was answered before, and that answer is.
    Kept,
    /// No attempt with that seed is known: it was dropped or forgotten. Nothing was written.
    NotBegun,
    /// Its body is too long. Nothing was written: the request may be dropped.
    TooLong,
}

/// Keeps answers.
#[async_trait]
pub trait AnswerStore: Send + Sync {
    /// Begins a request, or says what became of it before.
    ///
    /// *Before:* nothing of that key, or what [`Asking::again`] lets go on.
    /// *Effect:* the request is under way, by the start of the server that is named.
    /// *Outcomes:* [`BeginOutcome`]. After any error it is asked again with the same seed: an attempt that had begun
    /// all the same is begun then.
    async fn begin_answer(&self, request: BeginAnswer) -> Result<BeginOutcome, StoreError>;

    /// Keeps the answer to a request that was begun.
    ///
    /// *Effect:* whoever asks again is told it, for [`tenure_core::limits::ANSWERS_KEPT_FOR`] from now on. The first
    /// answer stays.
    /// *Outcomes:* [`EndOutcome`]. After any error it is asked for again.
    async fn end_answer(&self, request: EndAnswer) -> Result<EndOutcome, StoreError>;

    /// Lets go of a request that had no effect: it may be made again, as if it never was.
    ///
    /// *Effect:* nothing is known of it, if an attempt with that seed is under way. What was answered stays.
    async fn drop_answer(&self, key: AnswerKey, seed: [u8; 16]) -> Result<(), StoreError>;

    /// Forgets what is older than [`tenure_core::limits::ANSWERS_KEPT_FOR`], by the store's wall clock; the oldest
    /// first, and no more than `limit`.
    ///
    /// *Effect:* they are gone. The cost grows with how many are forgotten, not with how many are kept.
    /// *Outcomes:* how many were. Where that is `limit` there may be more.
    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError>;
}
