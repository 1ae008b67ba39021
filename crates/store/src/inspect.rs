//! Looking at many sessions: lists, names, and what is due.

use async_trait::async_trait;
use tenure_core::id::{Namespace, Seq};
use tenure_core::limits;
use tenure_core::session::Session;
use tenure_core::time::WallTime;

use crate::{Filter, Handle, StoreError};

/// Which sessions to list, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// Which of its sessions.
    pub filter: Filter,
    /// Which come first.
    pub order: Order,
    /// Only those past this one, in that order: where the page before ended.
    pub past: Option<Handle>,
    /// At most this many: at least 1, and at most [`limits::LIST_MAX`].
    pub limit: usize,
}

/// Which sessions of a list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Those that were opened last.
    #[default]
    Newest,
    /// Those that were opened first.
    Oldest,
}

impl ListRequest {
    /// The newest sessions of a tenant.
    #[must_use]
    pub fn newest(namespace: Namespace, limit: usize) -> Self {
        Self { namespace, filter: Filter::default(), order: Order::Newest, past: None, limit }
    }

    /// The limit, within its own limits.
    #[must_use]
    pub fn page_max(&self) -> usize {
        self.limit.clamp(1, limits::LIST_MAX)
    }
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its handle.
    pub handle: Handle,
    /// The session.
    pub session: Session,
    /// The position of its newest event.
    pub head: Seq,
    /// The position of the oldest event that is kept; one more than the newest where none is.
    pub earliest: Seq,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The sessions.
    pub sessions: Vec<Listed>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Handle>,
}

/// What a name could mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// The name: an id, or the key of slots.
    pub name: String,
}

/// Whose children to list: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildrenRequest {
    /// The session that they were created for.
    pub parent: Handle,
    /// Only those older than this one: the last of the page before.
    pub before: Option<Handle>,
    /// At most this many.
    pub limit: usize,
}

/// A session that a sweep should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its handle.
    pub handle: Handle,
    /// The session.
    pub session: Session,
}

/// When a sweep should look at a session again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postpone {
    /// The session.
    pub handle: Handle,
    /// Not before this.
    pub until: WallTime,
}

/// Looks at many sessions.
#[async_trait]
pub trait Inspect: Send + Sync {
    /// One page of the sessions that a filter lets through, in the order in which they were opened.
    ///
    /// *Effect:* none. The cost of a page is bounded, whatever it leaves out. Where a store looked at a lot
    /// and little of it fitted, a page may be short and still have a next one.
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError>;

    /// What a name could mean: the session of that id alone; else, of each slot with that key, its open
    /// session; else, of each, its newest. Newest first.
    ///
    /// *Effect:* none.
    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError>;

    /// Every tenant that anything was ever stored for, in the order of their names.
    ///
    /// *Effect:* none. For who looks after all of a store: owners of one tenant have no use for the others.
    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError>;

    /// One page of the sessions that were created for a session, newest first.
    ///
    /// *Effect:* none. The cost grows with the page, not with other sessions.
    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError>;

    /// At most `limit` sessions whose next look is due by the store's wall clock, longest overdue first.
    ///
    /// *Effect:* none. The cost does not grow with sessions that are not due or have ended. A session may be
    /// due although its owner was active since: the look itself tells.
    async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError>;

    /// Moves the next look at sessions that were due and need nothing.
    ///
    /// *Effect:* only on when [`Inspect::due`] returns them; a later commit sets that anew. What has ended or is
    /// not known is passed over.
    ///
    /// It carries no commit id. After any error it may or may not have been kept, and asking again is safe.
    async fn postpone(&self, looks: Vec<Postpone>) -> Result<(), StoreError>;
}
