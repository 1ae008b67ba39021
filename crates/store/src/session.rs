//! Sessions: find one, commit a decision about it, renew its lease.

use async_trait::async_trait;
use tenure_core::id::{CommitId, Fence, Key, Namespace, Revision, Seq, SessionId};
use tenure_core::kind::Kind;
use tenure_core::lease::Term;
use tenure_core::session::{Current, Decision, Session};
use tenure_core::time::{Moment, WallTime};

use crate::Capture;
use crate::StoreError;

/// A store's short name for a stored session. It never changes and is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub i64);

/// Where at most one open session can be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The tenant.
    pub namespace: Namespace,
    /// The kind.
    pub kind: Kind,
    /// The name.
    pub key: Key,
}

impl Slot {
    /// The slot that `session` is in; `None` when it has no key.
    #[must_use]
    pub fn of(session: &Session) -> Option<Self> {
        let key = session.key.clone()?;
        Some(Self { namespace: session.namespace.clone(), kind: session.kind, key })
    }
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// What a slot holds: its open session, else its newest.
    Slot(Slot),
    /// One session by its public id.
    Id {
        /// The tenant.
        namespace: Namespace,
        /// The id.
        id: SessionId,
    },
    /// One session by its handle.
    Handle(Handle),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The session and its counters. Empty, with zero counters, when nothing was ever stored.
    pub current: Current,
    /// The session's handle.
    pub handle: Option<Handle>,
    /// The position of the newest event in its log.
    pub head: Seq,
    /// The position of the oldest event that is kept; one more than the newest where none is.
    pub earliest: Seq,
}

/// A decision to be kept if what it relied on still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// Names this commit. The session that it writes last remembers it.
    pub commit_id: CommitId,
    /// The slot whose counters guard it; `None` for a session without a key, which guards itself.
    pub slot: Option<Slot>,
    /// The session that the decision was made on, if there was one.
    pub on: Option<Handle>,
    /// The revision it was made on; 0 when nothing was stored.
    pub expected: Revision,
    /// For owner writes: the fence that must be the current lease's.
    pub fence: Option<Fence>,
    /// What to write.
    pub decision: Decision,
    /// What to save of the session that is written last.
    pub capture: Option<Capture>,
}

/// A commit that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The session written last.
    pub handle: Handle,
    /// The position of its newest event.
    pub head: Seq,
    /// Its revision.
    pub revision: Revision,
    /// When, by the store's wall clock (the epoch when that is unusable).
    pub at: WallTime,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed(Committed),
    /// Somebody wrote in between. Nothing was written.
    RevisionConflict {
        /// The revision that was found.
        actual: Revision,
    },
    /// The fence is not the current lease's. Nothing was written.
    Fenced {
        /// The highest fence given out.
        current: Fence,
    },
    /// Time or somebody else's write changed what was judged. Nothing was written.
    Rejudge,
    /// A session of that id exists in that namespace. Nothing was written.
    IdTaken,
    /// The group that it takes a place in has none. Nothing was written.
    Full,
}

/// A holder that says it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewRequest {
    /// The session.
    pub handle: Handle,
    /// The fence it holds under.
    pub fence: Fence,
}

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenewOutcome {
    /// The lease holds for another ttl.
    Renewed(Term),
    /// It was over already; a renewal never revives it. Nothing was written.
    Expired,
    /// The fence is not the current lease's, or there is no lease. Nothing was written.
    Fenced {
        /// The highest fence given out; 0 where there is no such session.
        current: Fence,
    },
}

/// Keeps sessions and their leases.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// What the store's clocks say.
    ///
    /// *Effect:* none.
    async fn now(&self) -> Result<Moment, StoreError>;

    /// Reads a session as the last acknowledged write left it.
    ///
    /// *Effect:* none. *Outcomes:* [`Found`], empty when nothing was ever stored there.
    async fn find(&self, request: Find) -> Result<Found, StoreError>;

    /// Keeps a decision: state, lease, counters and events, all or nothing.
    ///
    /// *Before:* under the write lock, in this order: the revision is `expected`; a given `fence` is the
    /// current lease's; what the decision `judged` still holds by the store's clock; no session that is
    /// opened has an id that exists in its namespace, and no checkpoint of the session has the id of the capture;
    /// the group that the decision takes a `place` in has one, besides its other members that are there by the
    /// store's clock and not proven gone, by [`has_place`]. The first that fails is the outcome, and nothing is
    /// written.
    /// *Effect:* each write's session is stored; its lease and activity only where the write's changes touch
    /// them, and the last activity never moves back, because renewals and appends may have come in between;
    /// a session that begins to wait in its group gets the group's next ticket, and keeps it while it waits;
    /// its events follow in its log without a gap, then that of the capture, which is a checkpoint from then on;
    /// slot and sessions get the decision's counters. A decision without writes succeeds without effect only if
    /// the revision holds.
    /// *Outcomes:* [`CommitOutcome`]; `Committed` is durable.
    ///
    /// [`has_place`]: tenure_core::session::has_place
    async fn commit(&self, request: CommitRequest) -> Result<CommitOutcome, StoreError>;

    /// Moves a live lease's end to one ttl from now.
    ///
    /// *Before:* the session has a lease with this fence, which is live by the store's clock.
    /// *Effect:* the term is renewed; nothing else changes, and nothing is logged.
    /// *Outcomes:* [`RenewOutcome`]; of a handle that is not known, [`RenewOutcome::Fenced`] by fence 0.
    ///
    /// It carries no commit id. After any error it may or may not have been kept, and is asked for again: twice,
    /// it is the later renewal.
    async fn renew(&self, request: RenewRequest) -> Result<RenewOutcome, StoreError>;

    /// What became of a commit whose outcome was [`StoreError::Unknown`].
    ///
    /// *Before:* `request` is the one that was committed. *Effect:* none.
    /// *Outcomes:* what it answered or would have answered: the head, the revision and the time are those of the
    /// commit, whatever was appended and renewed since. `None` if it never happened, or if a later commit to the
    /// same session makes it impossible to tell: a caller then decides again on what it finds.
    async fn resolve(&self, request: &CommitRequest) -> Result<Option<Committed>, StoreError>;
}
