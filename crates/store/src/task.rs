//! Activities that any worker may run.
//!
//! They wait in queues, follow their key's pin, and are claimed by attempts.
//!
//! An activity that its instance's own worker runs has no row here: it follows from the history. A task is stored
//! only where somebody else is to run it, or where it has to wait for its key.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::{AffinityKey, Fence, Namespace, Operation, QueueName, SessionId, WorkerId};
use tenure_core::lease::Ttl;
use tenure_core::orchestration::{Activity, Failure, Payload};
use tenure_core::time::WallTime;
use tenure_core::worker::{Affinity, Hold};

use crate::{Handle, StoreError, WorkerHandle};

/// A store's short name for a task. It grows with every task, and is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub i64);

/// An activity that a turn asks for and that cannot just be run where its instance is: it has an affinity, or waits in
/// a queue that its worker does not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRequest {
    /// Which activity of the instance.
    pub op: Operation,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Where it waits; `None`: the default queue.
    pub queue: Option<QueueName>,
    /// Which key it follows.
    pub affinity: Option<Affinity>,
    /// Whether the instance's worker would run it at once, if the key is its own.
    pub is_wanted: bool,
    /// How far an earlier attempt said that it was.
    pub details: Option<Payload>,
}

/// A hold on a key that was found or given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinGrant {
    /// The key.
    pub key: AffinityKey,
    /// Its fence. It grows whenever another incarnation gets the key, and is never reused, also when nobody held the
    /// key in between.
    pub fence: Fence,
    /// How the worker came to it.
    pub hold: Hold,
}

/// Where an activity that a turn asked for went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// The instance's worker runs it, under this hold on its key.
    Here(PinGrant),
    /// It waits for whoever claims it.
    Left(TaskId),
}

/// A task of an instance, as whoever claims the instance finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    /// Its name.
    pub task: TaskId,
    /// Which activity.
    pub op: Operation,
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// A worker that wants tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskClaim {
    /// The worker.
    pub worker: WorkerHandle,
    /// At most this many.
    pub limit: usize,
    /// Keys of which the worker runs activities that have no row. They count as busy, like those of its tasks.
    pub busy: Vec<(Namespace, AffinityKey)>,
    /// How long an attempt holds unless it is renewed; `None`: as long as the worker's lease.
    pub ttl: Option<Ttl>,
}

/// What a claim gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenTasks {
    /// What the worker is to run.
    pub tasks: Vec<ClaimedTask>,
    /// Whether more may be there that was not given because of keys that are busy: then it is worth while to claim again
    /// once one of those is free that the claim names.
    pub is_held_back: bool,
}

/// An attempt that a worker is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedTask {
    /// Its name.
    pub task: TaskId,
    /// Guards the attempt: whoever gets the task next has a higher one.
    pub fence: Fence,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How many of the attempts before were lost with whoever ran them.
    pub rescues: u32,
    /// The instance that waits for it.
    pub instance: Handle,
    /// Its tenant.
    pub namespace: Namespace,
    /// Its id.
    pub session: SessionId,
    /// The fence under which that was held when the attempt was claimed.
    pub session_fence: Fence,
    /// The execution that asked for it.
    pub execution: u64,
    /// What to run.
    pub activity: Arc<Activity>,
    /// How far an earlier attempt said that it was.
    pub details: Option<Payload>,
    /// The hold on its key, if it has one.
    pub pin: Option<PinGrant>,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// Who ran it.
    pub worker: WorkerHandle,
    /// Which task.
    pub task: TaskId,
    /// The attempt's fence.
    pub fence: Fence,
    /// How it ended.
    pub result: Result<Payload, Failure>,
    /// How far it, or one before it, said that it was, for the attempt that may follow.
    pub details: Option<Payload>,
    /// Whether an attempt whose time is over, and that nobody took, is granted again and ended in one.
    pub regrants: bool,
}

/// What became of an attempt that its worker speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcome {
    /// It is as the worker said.
    Done,
    /// Its time is over, or it is not the worker's any more: somebody else has it, or it was given back. Nothing was
    /// written.
    Expired,
    /// Nobody waits for it any more. Nothing was written.
    Gone,
}

/// An attempt that its worker gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandBack {
    /// Who.
    pub worker: WorkerHandle,
    /// Which task.
    pub task: TaskId,
    /// The attempt's fence.
    pub fence: Fence,
    /// How long it stays hidden.
    pub delay: Duration,
    /// Whether the attempt counts. One that never began does not.
    pub counts: bool,
    /// Whether the worker lacks its code. Then this start of it does not get it again while a live worker is there that
    /// serves its tenant and its queue and is not known to lack it, and that worker gets the key with it, although the holder is live.
    /// Its hold on the key is not used by giving it back, nor kept by the task's waiting.
    pub lacks_code: bool,
}

/// An attempt that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRenewal {
    /// Which task.
    pub task: TaskId,
    /// The attempt's fence.
    pub fence: Fence,
    /// How far it is, if it says so.
    pub details: Option<Payload>,
}

/// A key and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The tenant.
    pub namespace: Namespace,
    /// The key.
    pub key: AffinityKey,
    /// The worker that holds it, by name: another start of the same worker inherits it.
    pub worker: WorkerId,
    /// Its fence. Another start of the worker gets the next one with the first that it is given of the key.
    pub fence: Fence,
    /// Since when the worker has it under this fence.
    pub since: WallTime,
    /// When an activity of it last began or ended, give or take a sixteenth of the idle time.
    pub last_used: WallTime,
    /// How many tasks of it wait.
    pub waiting: u64,
    /// How many tasks of it are under way.
    pub running: u64,
    /// Whether it still keeps others away: its worker is live, and it is not idle. One that does not is its worker's all
    /// the same, until somebody takes it.
    pub is_live: bool,
}

/// A task and who runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTask {
    /// Its name.
    pub task: TaskId,
    /// Which activity of its instance.
    pub op: Operation,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The worker whose attempt is under way; `None`: it waits.
    pub worker: Option<WorkerId>,
}

/// Which pins to list, ordered by namespace and key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PinsRequest {
    /// Only this tenant's.
    pub namespace: Option<Namespace>,
    /// Only this worker's.
    pub worker: Option<WorkerId>,
    /// Only those after this one.
    pub after: Option<(Namespace, AffinityKey)>,
    /// At most this many.
    pub limit: usize,
}

/// A key that somebody gives to another worker, or to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovePin {
    /// The tenant.
    pub namespace: Namespace,
    /// The key.
    pub key: AffinityKey,
    /// To whom; `None`: whoever claims it next.
    pub to: Option<WorkerId>,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovePinOutcome {
    /// It is held by nobody, or by the worker that was named, under its next fence. What runs goes on to its end. If
    /// that worker has it already, nothing is changed.
    Moved(Fence),
    /// Nobody holds it, live or not, so there is nothing to move.
    NotFound,
    /// No live worker of that name serves the tenant's keys, or it is to drain.
    NoWorker,
}

/// Something that a worker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The worker does not have this key any more: somebody else got it, it was moved, or the worker gave it up for
    /// another one. What it keeps for it in memory is of no use. A start of the worker that does not serve the tenant
    /// was given nothing of the key, and is not told.
    PinLost {
        /// The tenant.
        namespace: Namespace,
        /// The key.
        key: AffinityKey,
        /// The fence under which it had it.
        fence: Fence,
    },
    /// Nobody waits for this attempt any more, or somebody else has the task now.
    Withdrawn {
        /// Which task.
        task: TaskId,
        /// The attempt's fence.
        fence: Fence,
    },
}

/// The number of a notice. Grows with every notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NoticeId(pub i64);

/// Keeps tasks and pins.
///
/// A pin is *live* while its worker is (its lease is not over, and its process not gone for certain) and it is not
/// idle. One is idle when its use was last recorded so long ago that [`tenure_core::worker::is_idle`] says so, none of
/// its tasks is under way, and none waits that began to wait before it was idle and that its worker can run. Uses are
/// recorded as [`tenure_core::worker::records_use`] says: when the worker is given something of the key, when an
/// attempt of its own ends or is given back, and when it says that one goes on. Nobody but its worker gets anything of
/// a key with a live pin, except what that worker cannot run: it lacks its code, or does not serve its tenant or its queue. Whoever
/// can run that gets the key with it once none of the key's tasks is under way; of an exclusive key that its worker
/// did not give back, only when it is idle.
///
/// A pin belongs to a worker's name. What a worker left behind that is over or gone stays its own until somebody takes
/// it. If nobody did, a late worker goes on with it under the same fence (`Held`), and another start of it under the
/// next one (`Resumed`). Only a worker that retires, is evicted, or has a key moved away lets go of it.
///
/// An attempt is *under way* as long as neither its own time nor its worker's lease is over.
#[async_trait]
pub trait TaskStore: Send + Sync {
    /// Gives a worker tasks, those first that were asked for first.
    ///
    /// *Before:* the worker is live, is not to drain, and serves their tenants and their queues: what is of
    /// others is passed over, however much it is. A task with a key is given only to a
    /// worker that serves keys, and that its key's pin belongs to, or where no pin of it is live. Then the worker gets
    /// the pin: `Held`, `Claimed`, or `Resumed` where an earlier start of it had it. Of a key that is exclusive, or
    /// that the worker runs so, no task is given while another one is under way or was asked for before, hidden or not,
    /// or while the worker says that it is busy with the key.
    /// *Effect:* the tasks are the worker's, each under its next fence. At most `busy_max` of its keys are busy, and
    /// at most `held_max` are held: for a new key at that limit the one is given up that was idle longest, with no
    /// task, and that the worker does not say is busy; where there is none, the key is left to others. A worker whose
    /// live pins are far above its share, among the live workers that serve the task's tenant, its queue, and keys, gets new keys
    /// only once they have waited for a while. What another worker, or the worker itself, loses, it is told by a
    /// notice. What is with workers that are over or gone, or whose own time is over, is claimed as if it had been
    /// given back, and counts as rescued.
    /// *Outcomes:* [`GivenTasks`]; none where none is to be had. Tasks with keys that others hold cost nothing.
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<GivenTasks, StoreError>;

    /// Ends an attempt.
    ///
    /// *Before:* the attempt is the worker's, under this fence, and under way; with `regrants`, it need only be its own
    /// still.
    /// *Effect:* the task is gone, and its instance is told by [`tenure_core::orchestration::Mail::TaskEnded`]. Whether the worker still has the key does not matter.
    /// *Outcomes:* [`TaskOutcome`]. Asked for again after it was done: `Gone`.
    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError>;

    /// Gives an attempt back.
    ///
    /// *Before:* the attempt is the worker's, under this fence, whether or not its time is over.
    /// *Effect:* it can be claimed again, after the delay, in its old place. The pin stays.
    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError>;

    /// Says that attempts go on.
    ///
    /// *Effect:* what they say is kept for the next attempt; those with a time of their own have another ttl; their
    /// keys are no longer idle. One whose time is over is not revived.
    /// *Outcomes:* one for each, in order.
    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError>;

    /// Says that activities without a row are under way for these keys.
    ///
    /// *Before:* the worker is live. This start of it was given something of the key, and nobody took it since.
    /// *Effect:* those of them that the worker holds are no longer idle.
    /// *Outcomes:* one for each, in order: whether the worker holds it.
    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError>;

    /// Lists pins. *Effect:* none.
    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError>;

    /// Gives a key to another worker, or to nobody.
    ///
    /// *Effect:* the key's fence is raised, and who had it is told by a notice.
    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError>;

    /// Lists the tasks of an instance, those first that were asked for first. *Effect:* none.
    async fn tasks_of(&self, instance: Handle) -> Result<Vec<ListedTask>, StoreError>;

    /// When the next task that is hidden by a delay can be claimed; `None` when none is hidden. *Effect:* none.
    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError>;
}
