//! From rows to what they mean, and from numbers to columns.

mod answer;
mod task;
mod token;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Row};
use tenure_core::id::{CheckpointId, CommitId, Fence, Incarnation, Key, Namespace, Revision, Seq, SessionId};
use tenure_core::lease::{Lease, Standing, Term};
use tenure_core::session::{Counters, Current, Session, Ticket};
use tenure_core::time::{BootMoment, Moment, WallTime, millis};
use tenure_core::worker::{Progress, Serving, is_stalled};
use tenure_store::record::{self, Columns, TermColumns};
use tenure_store::{Found, Handle, Listed, ListedCheckpoint, StoreError, Worker, WorkerHandle};

use crate::error::WorkError;
use crate::heads::Instance;
use crate::place::Place;
use crate::ring::is_alive;
use crate::sql;
pub(crate) use answer::AnswerRow;
pub(crate) use task::{BEHIND, FRESH, HIDDEN, OPEN, OwnTime, RUN, SHELVED, TASK_COLUMNS, TaskRow, own_time};
pub(crate) use token::TokenRow;

/// A slot's row: its number, its counters, and its newest session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotRow {
    pub(crate) slot: i64,
    pub(crate) counters: Counters,
    pub(crate) newest: i64,
}

/// A group's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupRow {
    pub(crate) grp: i64,
    pub(crate) limit: Option<u32>,
    pub(crate) last_ticket: u64,
}

impl GroupRow {
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self { grp: row.get(0)?, limit: row.get(1)?, last_ticket: unsigned(row.get(2)?)? })
    }

    /// Its members and their tickets: those at work, then those that wait in their order.
    pub(crate) fn members(&self, conn: &Connection) -> Result<Vec<(Handle, Option<Ticket>)>, WorkError> {
        sql::all(conn, sql::MEMBER_LIST, [self.grp], |row| Ok((Handle(row.get(0)?), ticket(row, 1)?)))
    }
}

/// The ticket of a member that waits.
pub(crate) fn ticket(row: &Row<'_>, column: usize) -> Result<Option<Ticket>, WorkError> {
    row.get::<_, Option<i64>>(column)?.map(|number| unsigned(number).map(Ticket)).transpose()
}

/// The commit that a session remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CommitMark {
    pub(crate) id: CommitId,
    pub(crate) seq: Seq,
    pub(crate) at: WallTime,
}

/// Where a session's log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogHead {
    /// The newest event's position.
    pub(crate) seq: Seq,
    /// The row of the tail that holds it, 0 for none.
    pub(crate) pos: i64,
    /// How many rows were added since the tail was last empty.
    pub(crate) depth: u64,
    /// Positions up to here are in chunks, later ones in the tail.
    pub(crate) folded: Seq,
    /// Positions before this one were dropped.
    pub(crate) earliest: Seq,
}

impl Default for LogHead {
    /// A log without an event.
    fn default() -> Self {
        Self { seq: Seq(0), pos: 0, depth: 0, folded: Seq(0), earliest: Seq(1) }
    }
}

impl LogHead {
    /// Takes a row of `head_find` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self {
            seq: Seq(unsigned(row.get(0)?)?),
            pos: row.get(1)?,
            depth: unsigned(row.get(2)?)?,
            folded: Seq(unsigned(row.get(3)?)?),
            earliest: Seq(unsigned(row.get(4)?)?),
        })
    }

    /// The same log, in which positions up to `folded` are no longer in the tail.
    pub(crate) fn folded_to(self, folded: Seq) -> Self {
        let is_empty = folded == self.seq;
        let (pos, depth) = if is_empty { (0, 0) } else { (self.pos, self.depth) };
        Self { pos, depth, folded, ..self }
    }
}

/// A session with everything that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) handle: Handle,
    pub(crate) session: Session,
    pub(crate) log: LogHead,
    pub(crate) slot: Option<(i64, Counters)>,
    pub(crate) commit: CommitMark,
    pub(crate) ns: i64,
}

impl Stored {
    /// Takes a row of the view `stored` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let slot: Option<i64> = row.get(18)?;
        let slot_counters = slot.map(|slot| Ok::<_, WorkError>((slot, counters(row, 19)?))).transpose()?;
        let columns = Columns {
            id: name(row, 1, "session id", SessionId::parse)?,
            namespace: namespace(row, 2)?,
            kind: record::kind_of(row.get(3)?)?,
            key: match slot {
                Some(_) => Some(name(row, 4, "key", Key::parse)?),
                None => None,
            },
            state: record::state_of(row.get(5)?)?,
            counters: counters(row, 6)?,
            lease: lease(row)?,
            activity: blob(row, 13)?.map(record::decode_activity).transpose()?,
            last_activity_at: WallTime::from_epoch_ms(unsigned(row.get(17)?)?),
            parent_deleted: row.get::<_, Option<i64>>(27)?.is_none(),
        };
        let body = blob(row, 8)?.ok_or_else(|| corrupt("a session without a body"))?;
        Ok(Self {
            handle: Handle(row.get(0)?),
            session: record::decode_session(body, columns)?,
            log: LogHead {
                seq: Seq(unsigned(row.get(14)?)?),
                pos: row.get(15)?,
                depth: unsigned(row.get(16)?)?,
                folded: Seq(unsigned(row.get(25)?)?),
                earliest: Seq(unsigned(row.get(26)?)?),
            },
            slot: slot_counters,
            commit: commit_mark(row)?,
            ns: row.get(24)?,
        })
    }

    /// The counters that guard it: its slot's, else its own.
    pub(crate) fn guard(&self) -> Counters {
        self.slot.map_or(self.session.counters, |(_, counters)| counters)
    }

    /// As the answer to a search.
    pub(crate) fn found(self) -> Found {
        let counters = self.guard();
        let current = Current { session: Some(self.session), counters };
        Found { current, handle: Some(self.handle), head: self.log.seq, earliest: self.log.earliest }
    }

    /// As an entry of a list.
    pub(crate) fn listed(self) -> Listed {
        let LogHead { seq: head, earliest, .. } = self.log;
        Listed { handle: self.handle, session: self.session, head, earliest }
    }
}

impl SlotRow {
    /// Takes a row of `find_slot` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self { slot: row.get(0)?, counters: counters(row, 1)?, newest: row.get(3)? })
    }
}

/// A checkpoint with what is kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckpointRow {
    pub(crate) listed: ListedCheckpoint,
    pub(crate) commit_id: CommitId,
    pub(crate) payload: i64,
}

impl CheckpointRow {
    /// Takes a row of `checkpoint_find` and its likes apart. Its record alone may be damaged.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let seq = Seq(unsigned(row.get(0)?)?);
        let id = name(row, 1, "checkpoint id", CheckpointId::parse)?;
        let body = blob(row, 2)?.unwrap_or_default();
        let listed = match record::decode_checkpoint(id.clone(), seq, body) {
            Ok(checkpoint) => ListedCheckpoint::Readable(checkpoint),
            Err(why) => ListedCheckpoint::Damaged { id, seq, what: why.to_string() },
        };
        Ok(Self { listed, commit_id: CommitId(row.get(3)?), payload: row.get(4)? })
    }
}

/// A process that can be rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessRow {
    pub(crate) process: i64,
    pub(crate) token: Incarnation,
    pub(crate) pid: u32,
}

impl ProcessRow {
    /// Takes a row of `process_list` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self { process: row.get(0)?, token: Incarnation(row.get(1)?), pid: row.get(2)? })
    }
}

/// An open instance's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InstanceRow {
    execution: u64,
    turn: u64,
    history: i64,
    worker: Option<i64>,
    fence: Fence,
    commit: CommitId,
    has_mail: bool,
    pub(crate) has_tasks: bool,
}

impl InstanceRow {
    /// Takes a row of `instance_find` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self {
            execution: unsigned(row.get(0)?)?,
            turn: unsigned(row.get(1)?)?,
            history: row.get(2)?,
            worker: row.get(3)?,
            fence: Fence(unsigned(row.get(4)?)?),
            commit: CommitId(row.get(5)?),
            has_mail: row.get(6)?,
            has_tasks: row.get(7)?,
        })
    }

    /// With its session.
    pub(crate) fn into_instance(self, session: Arc<Session>) -> Instance {
        let Self { execution, turn, history, worker, fence, commit, has_mail, has_tasks } = self;
        Instance { execution, turn, history, worker, fence, commit, has_mail, has_tasks, session }
    }
}

/// A worker's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkerRow {
    pub(crate) worker: i64,
    /// The opening of the store that it runs in, if that can be told to be there.
    pub(crate) token: Option<Incarnation>,
    pub(crate) lease: Lease,
    /// What it holds is being let go, or was.
    pub(crate) is_swept: bool,
    /// It is known no more.
    pub(crate) is_leaving: bool,
    /// The number of its name.
    pub(crate) wid: i64,
    pub(crate) serving: Serving,
    pub(crate) progress: Progress,
    pub(crate) is_draining: bool,
}

impl WorkerRow {
    /// Takes a row of `worker_list` apart.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let columns =
            TermColumns { renewed: Some(unsigned(row.get(3)?)?), renewed_wall: Some(unsigned(row.get(4)?)?) };
        let grant = blob(row, 2)?.ok_or_else(|| corrupt("a worker without a lease"))?;
        let lease = record::decode_lease(grant, Fence(0), columns)?;
        let Term::Boot { renewed, .. } = lease.term else {
            return Err(corrupt("a worker's lease that the wall clock judges"));
        };
        let grew_at = BootMoment { ms: unsigned(row.get(10)?)?, ..renewed };
        Ok(Self {
            worker: row.get(0)?,
            token: row.get::<_, Option<[u8; 16]>>(1)?.map(Incarnation),
            lease,
            is_swept: row.get(5)?,
            is_leaving: row.get(6)?,
            wid: row.get(7)?,
            serving: blob(row, 8)?.map(record::decode_serving).transpose()?.unwrap_or_default(),
            progress: Progress { rounds: unsigned(row.get(9)?)?, grew_at },
            is_draining: row.get(11)?,
        })
    }

    /// Whether its lease is over. Once it was found over it is, also in another boot, until it is renewed.
    pub(crate) fn is_over(&self, now: &Moment) -> bool {
        self.is_swept || matches!(self.lease.term.standing(now), Ok(Standing::Over))
    }

    /// How long its loop had stood still when it was last renewed.
    fn still_for(&self) -> Duration {
        match self.lease.term {
            Term::Boot { renewed, .. } => self.progress.still_for(renewed),
            _ => Duration::ZERO,
        }
    }

    /// Whether its loop stands still.
    pub(crate) fn is_stalled(&self) -> bool {
        self.lease.term.ttl().is_some_and(|ttl| is_stalled(ttl, self.still_for()))
    }

    /// Whether its process is gone for certain, as seen by the opening of the store at `place`.
    pub(crate) fn is_gone(&self, place: &Place) -> bool {
        let other = self.token.filter(|token| *token != place.incarnation);
        other.is_some_and(|token| !is_alive(place, token))
    }
}

/// The newest row of a session's history; 0 for none.
pub(crate) fn history_of(conn: &Connection, handle: Handle) -> Result<i64, WorkError> {
    Ok(sql::one(conn, sql::HISTORY_OF, [handle.0], |row| Ok(row.get(0)?))?.unwrap_or(0))
}

impl WorkerRow {
    /// As it is listed: with so many instances, keys and tasks.
    pub(crate) fn listed(self, is_gone: bool, (instances, pins, tasks): (u64, u64, u64)) -> Worker {
        let renewed = self.lease.term.renewed_at().unwrap_or(WallTime::from_epoch_ms(0));
        let progressed = renewed.epoch_ms().saturating_sub(millis(self.still_for()));
        Worker {
            worker: WorkerHandle(self.worker),
            lease: self.lease,
            is_gone,
            instances,
            pins,
            tasks,
            serving: self.serving,
            progressed_at: WallTime::from_epoch_ms(progressed),
            is_draining: self.is_draining,
        }
    }
}

fn lease(row: &Row<'_>) -> Result<Option<Lease>, WorkError> {
    let Some(grant) = blob(row, 9)? else {
        return Ok(None);
    };
    let fence: i64 = row.get::<_, Option<i64>>(10)?.ok_or_else(|| corrupt("a lease without its term"))?;
    let columns = TermColumns {
        renewed: row.get::<_, Option<i64>>(11)?.map(unsigned).transpose()?,
        renewed_wall: row.get::<_, Option<i64>>(12)?.map(unsigned).transpose()?,
    };
    Ok(Some(record::decode_lease(grant, Fence(unsigned(fence)?), columns)?))
}

fn commit_mark(row: &Row<'_>) -> Result<CommitMark, WorkError> {
    Ok(CommitMark {
        id: CommitId(row.get(21)?),
        seq: Seq(unsigned(row.get(22)?)?),
        at: WallTime::from_epoch_ms(unsigned(row.get(23)?)?),
    })
}

/// Revision and fence from two neighbouring columns.
fn counters(row: &Row<'_>, first: usize) -> Result<Counters, WorkError> {
    let revision = Revision(unsigned(row.get(first)?)?);
    Ok(Counters { revision, fence: Fence(unsigned(row.get(first + 1)?)?) })
}

/// A tenant's name.
pub(crate) fn namespace(row: &Row<'_>, column: usize) -> Result<Namespace, WorkError> {
    name(row, column, "namespace", Namespace::parse)
}

fn name<T, E: std::fmt::Debug>(
    row: &Row<'_>,
    column: usize,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, WorkError> {
    let text = row.get_ref(column)?.as_str().map_err(|why| corrupt(format!("{what}: {why}")))?;
    parse(text).map_err(|why| corrupt(format!("{what} is not a name: {why:?}")))
}

pub(crate) fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r [u8]>, WorkError> {
    row.get_ref(column)?.as_blob_or_null().map_err(|why| corrupt(why.to_string()))
}

/// What was read is not what was written.
pub(crate) fn corrupt(what: impl Into<String>) -> WorkError {
    WorkError::Store(StoreError::Corrupt { what: what.into() })
}

/// A number that is never negative.
pub(crate) fn unsigned(number: i64) -> Result<u64, WorkError> {
    u64::try_from(number).map_err(|_negative| corrupt(format!("a negative number: {number}")))
}

/// A number for a column. Columns end at the largest signed number; nothing real comes near it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
