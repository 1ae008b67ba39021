//! Groups: who is at work, who waits, and how many may be.

use async_trait::async_trait;
use tenure_core::id::{GroupName, Namespace};
use tenure_core::session::{Session, Ticket};

use crate::{Handle, StoreError};

/// Which group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupRequest {
    /// The tenant.
    pub namespace: Namespace,
    /// Its name.
    pub name: GroupName,
}

/// A held session of a group that is at work or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Its handle.
    pub handle: Handle,
    /// The session.
    pub session: Session,
    /// Its ticket, if it waits.
    pub ticket: Option<Ticket>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupFound {
    /// Under which it is watched, like a session: it changes when a place may have become free. `None` for a
    /// group that nobody was ever a member of, and that has no limit.
    pub handle: Option<Handle>,
    /// How many of it may be at work at once; `None`: any number.
    pub limit: Option<u32>,
    /// Those at work, oldest session first, then those that wait, in their order.
    pub members: Vec<GroupMember>,
}

/// A limit for a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRequest {
    /// The group.
    pub group: GroupRequest,
    /// How many of it may be at work at once; `None`: any number.
    pub limit: Option<u32>,
    /// Only if it has none yet.
    pub only_first: bool,
}

/// Keeps groups.
#[async_trait]
pub trait GroupStore: Send + Sync {
    /// A group with its members: the sessions that say that they are ([`Session::is_member`]).
    ///
    /// *Effect:* none. The cost grows with its members.
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError>;

    /// Sets a group's limit, which every commit from then on is judged by. Who is at work stays.
    ///
    /// *Effect:* whoever watches the group is woken. *Outcomes:* the limit that it has now; the answer is durable.
    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError>;
}
