//! Requests about instances and workers, encoded where they come from.

use std::sync::Arc;

use tenure_core::id::{CommitId, Fence, Namespace, Operation, Revision, SessionId};
use tenure_core::orchestration::HistoryEvent;
use tenure_core::session::{Counters, Write};
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
    /// Instances that it opens, and what the history of each begins with.
    pub(crate) starts: Vec<(Opening, Vec<Vec<u8>>)>,
    pub(crate) sends: Vec<(SessionId, Vec<u8>)>,
    pub(crate) wake: Option<i64>,
    pub(crate) tasks: Vec<Tasked>,
    pub(crate) withdrawn: Vec<TaskId>,
}

/// A session that a turn writes.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) stamp: Stamp,
    pub(crate) write: SessionWrite,
}

impl From<&TurnRequest> for Turn {
    fn from(request: &TurnRequest) -> Self {
        let commit_id = request.commit_id;
        let fence = match &request.ground {
            Ground::New => request.worker.map(|_| Fence(1)),
            Ground::Held { fence, .. } => Some(*fence),
        };
        let counters = (request.expected.next(), fence);
        let session = request.session.as_deref();
        let sends = request.sends.iter();
        Self {
            commit_id,
            tasks: tasked(&request.tasks, &request.history),
            withdrawn: request.withdrawn.clone(),
            ground: request.ground.clone(),
            worker: request.worker,
            session: session.map(|write| Box::new(Opening::of(commit_id, write.clone(), counters))),
            expected: request.expected,
            history: by_execution(&request.history),
            taken: request.taken.iter().map(|message| message.0).collect(),
            starts: request.starts.iter().map(|start| Opening::started(commit_id, start)).collect(),
            sends: sends.map(|(to, mail)| (to.clone(), record::encode_mail(mail.clone()))).collect(),
            wake: wake_column(request.wake),
        }
    }
}

impl Opening {
    fn started(commit_id: CommitId, start: &StartRequest) -> (Self, Vec<Vec<u8>>) {
        let opening = Self::of(commit_id, start.session.clone(), (Revision(1), None));
        (opening, by_execution(&start.history))
    }

    fn of(commit_id: CommitId, mut write: Write, (revision, fence): (Revision, Option<Fence>)) -> Self {
        let counters = Counters { revision, fence: fence.unwrap_or(Fence(0)) };
        write.session.counters = counters;
        // Its worker's lease is not its own.
        write.session.lease = None;
        Self { stamp: Stamp { commit_id, counters, fence }, write: SessionWrite::of(commit_id, write) }
    }

    /// The session as it will be.
    pub(crate) fn session(&self) -> Arc<tenure_core::session::Session> {
        Arc::clone(&self.write.session)
    }
}

/// The activities that are asked for, each with whether it stands in what is added to the newest execution.
fn tasked(tasks: &[TaskRequest], history: &[HistoryEvent]) -> Vec<Tasked> {
    if tasks.is_empty() {
        return Vec::new();
    }
    let is_end = |event: &HistoryEvent| matches!(event, HistoryEvent::ContinuedAsNew { .. });
    let newest = history.rsplit(is_end).next().unwrap_or_default();
    let mut scheduled: Vec<Operation> = newest
        .iter()
        .filter_map(|event| match event {
            HistoryEvent::TaskScheduled(activity) => Some(activity.op),
            _ => None,
        })
        .collect();
    scheduled.sort_unstable();
    let is_new = |op: &Operation| scheduled.binary_search(op).is_ok();
    let tasked = |request: &TaskRequest| Tasked { is_new: is_new(&request.op), request: request.clone() };
    tasks.iter().map(tasked).collect()
}

/// What is added to a history, encoded, execution by execution.
fn by_execution(events: &[HistoryEvent]) -> Vec<Vec<u8>> {
    let is_last = |event: &HistoryEvent| matches!(event, HistoryEvent::ContinuedAsNew { .. });
    events.split_inclusive(is_last).map(record::encode_history).collect()
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
