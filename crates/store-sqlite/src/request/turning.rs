//! Requests about instances and workers, encoded where they come from.

use std::collections::HashSet;
use std::sync::Arc;

use tenure_core::id::{CommitId, Fence, Namespace, Operation, Revision, SessionId};
use tenure_core::lease::{Holder, HolderKind, Lease};
use tenure_core::orchestration::HistoryEvent;
use tenure_core::session::{Counters, Write};
use tenure_core::time::WallTime;
use tenure_store::{
    Claimed, Ground, PostRequest, StartRequest, TaskId, TaskRequest, TurnRequest, Wake, WorkerHandle, record,
};

use super::{SessionWrite, Stamp, Tasked};
use crate::row::signed;

/// A turn, encoded where it came from.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) commit_id: CommitId,
    pub(crate) ground: Ground,
    pub(crate) worker: Option<WorkerHandle>,
    pub(crate) session: Option<Box<Opening>>,
    pub(crate) expected: Revision,
    pub(crate) history: Vec<Vec<u8>>,
    pub(crate) taken: Vec<i64>,
    pub(crate) starts: Vec<Opening>,
    pub(crate) sends: Vec<(SessionId, Vec<u8>)>,
    pub(crate) wake: Option<i64>,
    pub(crate) tasks: Vec<Tasked>,
    pub(crate) withdrawn: Vec<TaskId>,
}

/// A session that a turn writes, and, where it is opened, what its history begins with.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) stamp: Stamp,
    pub(crate) write: SessionWrite,
    pub(crate) history: Vec<Vec<u8>>,
}

impl From<TurnRequest> for Turn {
    fn from(request: TurnRequest) -> Self {
        let commit_id = request.commit_id;
        let fence = match &request.ground {
            Ground::New => request.worker.map(|_| Fence(1)),
            Ground::Held { fence, .. } => Some(*fence),
        };
        let session = request.session.map(|write| {
            Box::new(Opening::of(commit_id, *write, (request.expected.next(), fence), Vec::new()))
        });
        let tasks = tasked(request.tasks, &request.history);
        Self {
            commit_id,
            tasks,
            withdrawn: request.withdrawn,
            ground: request.ground,
            worker: request.worker,
            session,
            expected: request.expected,
            history: by_execution(request.history),
            taken: request.taken.into_iter().map(|message| message.0).collect(),
            starts: request.starts.into_iter().map(|start| Opening::started(commit_id, start)).collect(),
            sends: request.sends.into_iter().map(|(to, mail)| (to, record::encode_mail(mail))).collect(),
            wake: wake_column(request.wake),
        }
    }
}

impl Opening {
    fn started(commit_id: CommitId, start: StartRequest) -> Self {
        Self::of(commit_id, start.session, (Revision(1), None), by_execution(start.history))
    }

    fn of(
        commit_id: CommitId,
        mut write: Write,
        (revision, fence): (Revision, Option<Fence>),
        history: Vec<Vec<u8>>,
    ) -> Self {
        let counters = Counters { revision, fence: fence.unwrap_or(Fence(0)) };
        write.session.counters = counters;
        // Its worker's lease is not its own.
        write.session.lease = None;
        Self {
            stamp: Stamp { commit_id, counters, fence },
            write: SessionWrite::of(commit_id, write),
            history,
        }
    }

    /// The session as it will be.
    pub(crate) fn session(&self) -> Arc<tenure_core::session::Session> {
        Arc::clone(&self.write.session)
    }
}

/// The activities that are asked for, each with whether it stands in what is added to the newest execution.
fn tasked(tasks: Vec<TaskRequest>, history: &[HistoryEvent]) -> Vec<Tasked> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let is_end = |event: &HistoryEvent| matches!(event, HistoryEvent::ContinuedAsNew { .. });
    let newest = history.rsplit(is_end).next().unwrap_or_default();
    let scheduled: HashSet<Operation> = newest
        .iter()
        .filter_map(|event| match event {
            HistoryEvent::TaskScheduled(activity) => Some(activity.op),
            _ => None,
        })
        .collect();
    let tasked = |request: TaskRequest| Tasked { is_new: scheduled.contains(&request.op), request };
    tasks.into_iter().map(tasked).collect()
}

/// What is added to a history, encoded, execution by execution.
fn by_execution(mut events: Vec<HistoryEvent>) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while let Some(last) =
        events.iter().position(|event| matches!(event, HistoryEvent::ContinuedAsNew { .. }))
    {
        let later = events.split_off(last + 1);
        parts.push(record::encode_history(std::mem::replace(&mut events, later)));
    }
    if !events.is_empty() {
        parts.push(record::encode_history(events));
    }
    parts
}

/// When somebody has to look after an instance, as a column.
pub(crate) fn wake_column(wake: Wake) -> Option<i64> {
    match wake {
        Wake::Now => Some(0),
        Wake::At(at) => Some(signed(at.epoch_ms())),
        Wake::Never => None,
    }
}

/// What a claim gave, and whether there is something to be done before more can be given.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) claimed: Vec<Claimed>,
    pub(crate) is_more: bool,
}

/// Something to be sent, encoded.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) namespace: Namespace,
    pub(crate) id: SessionId,
    pub(crate) mail: Vec<u8>,
}

impl From<PostRequest> for Post {
    fn from(request: PostRequest) -> Self {
        let PostRequest { namespace, id, mail } = request;
        Self { namespace, id, mail: record::encode_mail(mail) }
    }
}

/// The holder that a worker is.
pub(crate) fn worker_holder(
    id: tenure_core::id::ActorId,
    place: Option<tenure_core::lease::Place>,
) -> Holder {
    Holder { kind: HolderKind::Worker, id, supervisor: None, place }
}

/// When a worker's lease was last renewed, as columns.
pub(crate) fn renewed_columns(lease: &Lease) -> (i64, i64) {
    let columns = record::term_columns(&lease.term);
    let wall = lease.term.renewed_at().unwrap_or(WallTime::from_epoch_ms(0));
    (columns.renewed.map_or(0, signed), signed(wall.epoch_ms()))
}
