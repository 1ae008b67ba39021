//! The model keeps instances of orchestrations, their histories, and what waits for them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::id::{CommitId, Fence, Namespace, Revision, SessionId};
use tenure_core::kind::Kind;
use tenure_core::orchestration::{HistoryEvent, Mail, Message, MessageId};
use tenure_core::session::{Counters, Session, Write};
use tenure_core::time::{Moment, WallTime};
use tenure_store::{
    Attention, ClaimRequest, Claimed, Committed, FreeRequest, Ground, Handle, HistoryPage, HistoryRequest,
    InstanceStore, MailRequest, Mailed, Placed, PostOutcome, PostRequest, StoreError, TaskRequest, TurnDone,
    TurnOutcome, TurnRequest, Wake, WorkerHandle,
};
use tokio::sync::watch;

use super::MemoryStore;
use super::tables::{Tables, wall_or_epoch};

/// Instances, and everything that only they have.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub(super) open: BTreeMap<Handle, Instance>,
    /// What each commit added, and to which execution, also after the end.
    histories: BTreeMap<Handle, Vec<(u64, Vec<HistoryEvent>)>>,
    /// Those whose newest row cannot be read.
    damaged: HashSet<Handle>,
    messages: BTreeMap<MessageId, (Handle, Mail)>,
    last_message: i64,
    attention: watch::Sender<u64>,
}

/// An instance that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) execution: u64,
    pub(super) turn: u64,
    pub(super) worker: Option<WorkerHandle>,
    pub(super) fence: Fence,
    pub(super) wake: Option<WallTime>,
    pub(super) is_rescued: bool,
    pub(super) commit: CommitId,
    /// Where the activities went that its last turn asked for.
    pub(super) placed: Vec<Placed>,
}

impl Instances {
    /// What the newest execution's history says, in order.
    pub(super) fn newest_history(&self, handle: Handle) -> Vec<&HistoryEvent> {
        let Some(history) = self.histories.get(&handle) else { return Vec::new() };
        let newest = history.last().map(|(execution, _)| *execution);
        let of_newest = history.iter().filter(|(execution, _)| Some(*execution) == newest);
        of_newest.flat_map(|(_, events)| events).collect()
    }
}

#[async_trait]
impl InstanceStore for MemoryStore {
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>> {
        let mut tables = self.lock();
        let outcomes = turns.iter().map(|turn| tables.commit_turn(turn, &self.clock.now())).collect();
        tables.show_leases();
        outcomes
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        let mut tables = self.lock();
        Ok(tables.claim(&request, &self.clock.now()))
    }

    async fn free(&self, instances: Vec<FreeRequest>) -> Result<(), StoreError> {
        let mut tables = self.lock();
        instances.iter().for_each(|request| tables.free(request));
        tables.show_leases();
        Ok(())
    }

    async fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError> {
        self.lock().history(request)
    }

    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError> {
        Ok(self.lock().send((&request.namespace, &request.id), &request.mail))
    }

    async fn mail(&self, request: MailRequest) -> Result<Mailed, StoreError> {
        Ok(self.lock().mail(request))
    }

    async fn attend(&self) -> Result<Attention, StoreError> {
        Ok(Attention::new(self.lock().instances.attention.subscribe()))
    }

    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError> {
        let tables = self.lock();
        let free = tables.instances.open.values().filter(|instance| instance.worker.is_none());
        Ok(free.filter_map(|instance| instance.wake).min())
    }
}

impl MemoryStore {
    /// Damages the newest row of an instance's history.
    pub fn damage_history(&self, handle: Handle) {
        self.lock().instances.damaged.insert(handle);
    }
}

impl Tables {
    fn commit_turn(&mut self, request: &TurnRequest, now: &Moment) -> Result<TurnOutcome, StoreError> {
        if let Some(told) = self.told_again(request) {
            return Ok(told);
        }
        match self.refused_turn(request)? {
            Some(outcome) => Ok(outcome),
            None => Ok(TurnOutcome::Committed(self.keep_turn(request, now))),
        }
    }

    /// What was kept before under this id, if it was the last that was kept.
    fn told_again(&self, request: &TurnRequest) -> Option<TurnOutcome> {
        let handle = match &request.ground {
            Ground::New => self.with_id(&request.session.as_deref()?.session)?,
            Ground::Held { handle, .. } => *handle,
        };
        let stored = self.sessions.get(&handle)?;
        let last = match self.instances.open.get(&handle) {
            Some(instance) => instance.commit,
            None => stored.commit?.0,
        };
        let fence = match &request.ground {
            Ground::New => request.worker.map_or(Fence(0), |_| Fence(1)),
            Ground::Held { fence, .. } => *fence,
        };
        let started = request.starts.iter().map(|start| self.with_id(&start.session.session));
        (last == request.commit_id).then(|| {
            let revision = stored.session.counters.revision;
            let started = started.map(|started| started.unwrap_or(handle)).collect();
            let placed = self.instances.open.get(&handle).map(|instance| instance.placed.clone());
            let placed = placed.unwrap_or_default();
            TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed })
        })
    }

    /// The first guard that fails, in the promised order.
    fn refused_turn(&self, request: &TurnRequest) -> Result<Option<TurnOutcome>, StoreError> {
        let may_hold = request.worker.is_some_and(|worker| self.may_hold(worker));
        let own = match &request.ground {
            Ground::New => {
                let Some(write) = &request.session else {
                    return Err(StoreError::Corrupt { what: "a turn that opens no instance".to_owned() });
                };
                if request.worker.is_some() && !may_hold {
                    return Ok(Some(TurnOutcome::Fenced { current: Fence(0) }));
                }
                if self.with_id(&write.session).is_some() {
                    return Ok(Some(TurnOutcome::IdTaken { start: None }));
                }
                Some(write.session.id.clone())
            }
            Ground::Held { handle, fence, turn } => {
                let Some(stored) = self.sessions.get(handle) else {
                    return Ok(Some(TurnOutcome::Fenced { current: Fence(0) }));
                };
                let is_held = self.instances.open.get(handle).is_some_and(|instance| {
                    let is_its = instance.worker == request.worker && may_hold;
                    is_its && instance.fence == *fence && instance.turn == *turn
                });
                if !is_held {
                    return Ok(Some(TurnOutcome::Fenced { current: stored.session.counters.fence }));
                }
                if request.session.is_some() && stored.session.counters.revision != request.expected {
                    let session = Box::new(stored.session.clone());
                    return Ok(Some(TurnOutcome::RevisionConflict { session }));
                }
                None
            }
        };
        let mut ids: HashSet<SessionId> = own.into_iter().collect();
        let is_taken = |start: &tenure_store::StartRequest| {
            let session = &start.session.session;
            !ids.insert(session.id.clone()) || self.with_id(session).is_some()
        };
        let start = request.starts.iter().position(is_taken);
        let handle = match &request.ground {
            Ground::New => None,
            Ground::Held { handle, .. } => Some(*handle),
        };
        let is_known = |task: &TaskRequest| self.asked_for((handle, task.op), &request.history).is_some();
        if !request.tasks.iter().all(is_known) {
            return Err(StoreError::Corrupt { what: "a task that no history asked for".to_owned() });
        }
        Ok(start.map(|start| TurnOutcome::IdTaken { start: Some(start) }))
    }

    fn keep_turn(&mut self, request: &TurnRequest, now: &Moment) -> TurnDone {
        let (handle, fence) = match &request.ground {
            Ground::New => {
                let fence = request.worker.map_or(Fence(0), |_| Fence(1));
                let write = request.session.as_deref().expect("what opens an instance has a session");
                let handle = self.open_instance(request.commit_id, (write, fence), &request.history, now);
                if let Some(instance) = self.instances.open.get_mut(&handle) {
                    instance.worker = request.worker;
                }
                (handle, fence)
            }
            Ground::Held { handle, fence, .. } => {
                if request.history.iter().any(|event| matches!(event, HistoryEvent::ContinuedAsNew { .. })) {
                    self.withdraw_all(*handle);
                }
                self.add_history(*handle, &request.history);
                let instance = self.instances.open.get_mut(handle).expect("it is held");
                instance.turn += 1;
                instance.commit = request.commit_id;
                if let Some(write) = &request.session {
                    self.write_instance((*handle, *fence), write, request, now);
                }
                (*handle, *fence)
            }
        };
        for message in &request.taken {
            if self.instances.messages.get(message).is_some_and(|(of, _)| *of == handle) {
                self.instances.messages.remove(message);
            }
        }
        for task in &request.withdrawn {
            if self.tasks.all.get(task).is_some_and(|task| task.instance == handle) {
                self.withdraw(*task);
            }
        }
        let mut placed = Vec::new();
        if self.instances.open.contains_key(&handle) {
            placed = self.place_all(handle, request, now);
        }
        let mut is_wanted = false;
        if let Some(instance) = self.instances.open.get_mut(&handle) {
            instance.placed.clone_from(&placed);
            instance.wake = column(request.wake);
            is_wanted = instance.worker.is_none() && instance.wake.is_some();
        }
        let mut started = Vec::new();
        for start in &request.starts {
            let opened = (&start.session, Fence(0));
            started.push(self.open_instance(request.commit_id, opened, &start.history, now));
            is_wanted = true;
        }
        let namespace = self.sessions[&handle].session.namespace.clone();
        for (to, mail) in &request.sends {
            self.send((&namespace, to), mail);
        }
        if is_wanted {
            self.call_workers();
        }
        let revision = self.sessions[&handle].session.counters.revision;
        TurnDone { handle, revision, fence, started, placed }
    }

    fn open_instance(
        &mut self,
        commit: CommitId,
        (write, fence): (&Write, Fence),
        history: &[HistoryEvent],
        now: &Moment,
    ) -> Handle {
        let handle = self.open(write);
        let counters = Counters { revision: Revision(1), fence };
        let stored = self.sessions.get_mut(&handle).expect("it was just opened");
        stored.session.counters = counters;
        stored.session.lease = None;
        stored.look = stored.session.due_at();
        let under = (fence > Fence(0)).then_some(fence);
        for event in &write.events {
            stored.append(&event.clone().into(), under, wall_or_epoch(now));
        }
        let (head, revision, at) = (stored.head(), counters.revision, wall_or_epoch(now));
        stored.commit = Some((commit, Committed { handle, head, revision, at }));
        self.instances.open.insert(
            handle,
            Instance {
                execution: 1,
                turn: 1,
                worker: None,
                fence,
                wake: Some(WallTime::from_epoch_ms(0)),
                is_rescued: false,
                commit,
                placed: Vec::new(),
            },
        );
        self.add_history(handle, history);
        if write.session.is_terminal() {
            self.end_instance(handle);
        }
        self.wake(handle);
        handle
    }

    fn write_instance(
        &mut self,
        (handle, fence): (Handle, Fence),
        write: &Write,
        request: &TurnRequest,
        now: &Moment,
    ) {
        let revision = request.expected.next();
        let stored = self.sessions.get_mut(&handle).expect("it is held");
        let mut session = write.session.clone();
        session.counters = Counters { revision, fence };
        session.lease = None;
        session.activity.clone_from(&stored.session.activity);
        session.last_activity_at = session.last_activity_at.max(stored.session.last_activity_at);
        session.parent.clone_from(&stored.session.parent);
        stored.look = session.due_at();
        stored.session = session;
        for event in &write.events {
            stored.append(&event.clone().into(), Some(fence), wall_or_epoch(now));
        }
        let (head, at) = (stored.head(), wall_or_epoch(now));
        stored.commit = Some((request.commit_id, Committed { handle, head, revision, at }));
        if write.session.is_terminal() {
            self.end_instance(handle);
        }
        self.wake(handle);
    }

    fn add_history(&mut self, handle: Handle, events: &[HistoryEvent]) {
        let instance = self.instances.open.get_mut(&handle).expect("it is open");
        let history = self.instances.histories.entry(handle).or_default();
        let is_end = |event: &HistoryEvent| matches!(event, HistoryEvent::ContinuedAsNew { .. });
        for (number, part) in events.split_inclusive(is_end).enumerate() {
            instance.execution += u64::from(number > 0);
            history.push((instance.execution, part.to_vec()));
        }
    }

    /// An instance that has ended is held by nobody, what waits for it is dropped, and it waits for nothing.
    pub(super) fn end_instance(&mut self, handle: Handle) {
        self.withdraw_all(handle);
        self.instances.open.remove(&handle);
        self.instances.messages.retain(|_, (of, _)| *of != handle);
    }

    /// Nothing is left of an instance that was purged.
    pub(super) fn purge_instance(&mut self, handle: Handle) {
        self.instances.histories.remove(&handle);
    }

    fn claim(&mut self, request: &ClaimRequest, now: &Moment) -> Vec<Claimed> {
        if !self.may_hold(request.worker) || self.workers.is_draining(request.worker) {
            return Vec::new();
        }
        self.judge_workers(request.worker, now);
        let mut due: Vec<_> = self
            .instances
            .open
            .iter()
            .filter_map(|(handle, instance)| {
                let is_free = instance.worker.is_none();
                Some((instance.wake.filter(|wake| is_free && *wake <= wall_or_epoch(now))?, *handle))
            })
            .collect();
        due.sort_unstable();
        due.truncate(request.limit);
        for (_, handle) in &due {
            let instance = self.instances.open.get_mut(handle).expect("it is open");
            instance.worker = Some(request.worker);
            instance.fence = instance.fence.next();
            let stored = self.sessions.get_mut(handle).expect("an instance is a session");
            stored.session.counters.fence = instance.fence;
        }
        self.show_leases();
        due.into_iter().map(|(_, handle)| self.claimed(handle)).collect()
    }

    fn claimed(&mut self, handle: Handle) -> Claimed {
        let instance = self.instances.open.get_mut(&handle).expect("it is open");
        let is_rescued = std::mem::take(&mut instance.is_rescued);
        let (fence, turn) = (instance.fence, instance.turn);
        let messages = self.instances.messages.iter().filter(|(_, (of, _))| *of == handle);
        let messages = messages.map(|(id, (_, mail))| Message { id: *id, mail: mail.clone() }).collect();
        let session = self.sessions[&handle].session.clone();
        let out = self.tasks.out(handle);
        Claimed { handle, session, fence, turn, is_rescued, messages, out }
    }

    fn free(&mut self, request: &FreeRequest) {
        let has_mail = self.has_mail(request.handle);
        let instance = self.instances.open.get_mut(&request.handle);
        if let Some(instance) = instance.filter(|it| it.fence == request.fence && it.worker.is_some()) {
            instance.worker = None;
            instance.wake = if has_mail { column(Wake::Now) } else { column(request.wake) };
            self.call_workers();
        }
    }

    /// Frees what a worker holds, which is gone for the time being, for ever, or has said so.
    pub(super) fn free_all(&mut self, worker: WorkerHandle, is_rescued: bool) {
        let held = self.instances.open.iter().filter(|(_, instance)| instance.worker == Some(worker));
        let held: Vec<_> = held.map(|(handle, _)| *handle).collect();
        for handle in &held {
            let has_mail = self.has_mail(*handle);
            let instance = self.instances.open.get_mut(handle).expect("it is open");
            instance.worker = None;
            instance.is_rescued |= is_rescued;
            if has_mail {
                instance.wake = column(Wake::Now);
            }
        }
        if !held.is_empty() {
            self.call_workers();
        }
    }

    fn has_mail(&self, handle: Handle) -> bool {
        self.instances.messages.values().any(|(of, _)| *of == handle)
    }

    fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError> {
        let Some(history) = self.instances.histories.get(&request.handle) else {
            return Ok(HistoryPage::default());
        };
        let newest = history.last().map(|(execution, _)| *execution);
        let reads_newest = request.execution.is_none() || request.execution == newest;
        if reads_newest && self.instances.damaged.contains(&request.handle) {
            return Err(StoreError::Corrupt { what: "a history".to_owned() });
        }
        let wanted = request.execution.or_else(|| history.last().map(|(execution, _)| *execution));
        let turns: Vec<_> = history
            .iter()
            .filter(|(execution, _)| Some(*execution) == wanted)
            .map(|(_, events)| events.clone())
            .collect();
        let execution = wanted.filter(|_| !turns.is_empty()).unwrap_or(0);
        Ok(HistoryPage { execution, turns })
    }

    fn send(&mut self, (namespace, to): (&Namespace, &SessionId), mail: &Mail) -> PostOutcome {
        let handle = self.ids.get(&(namespace.clone(), to.clone())).copied();
        let is_instance = |handle: &Handle| self.sessions[handle].session.kind == Kind::Workflow;
        let Some(handle) = handle.filter(is_instance) else {
            return PostOutcome::NotFound;
        };
        self.send_to(handle, mail)
    }

    pub(super) fn send_to(&mut self, handle: Handle, mail: &Mail) -> PostOutcome {
        let Some(instance) = self.instances.open.get_mut(&handle) else {
            return PostOutcome::Ended;
        };
        if instance.worker.is_none() {
            instance.wake = column(Wake::Now);
        }
        self.instances.last_message += 1;
        let id = MessageId(self.instances.last_message);
        self.instances.messages.insert(id, (handle, mail.clone()));
        self.call_workers();
        PostOutcome::Posted(id)
    }

    fn mail(&self, request: MailRequest) -> Mailed {
        let mut mailed = Mailed {
            messages: Vec::new(),
            read_to: request.after,
            notices: self.tasks.notices(request.worker, request.noticed, request.limit),
            is_draining: self.workers.is_draining(request.worker),
        };
        for (id, (handle, mail)) in &self.instances.messages {
            if *id <= request.after {
                continue;
            }
            if mailed.messages.len() == request.limit {
                break;
            }
            mailed.read_to = *id;
            let holder = self.instances.open.get(handle).and_then(|instance| instance.worker);
            if holder == Some(request.worker) {
                mailed.messages.push((*handle, Message { id: *id, mail: mail.clone() }));
            }
        }
        mailed
    }

    /// An instance's lease is its worker's.
    pub(super) fn show_leases(&mut self) {
        for (handle, instance) in &self.instances.open {
            let known = instance.worker.and_then(|worker| self.workers.holding(worker));
            let lease = known.map(|lease| tenure_core::lease::Lease { fence: instance.fence, ..lease });
            self.sessions.get_mut(handle).expect("an instance is a session").session.lease = lease;
        }
    }

    fn with_id(&self, session: &Session) -> Option<Handle> {
        self.ids.get(&(session.namespace.clone(), session.id.clone())).copied()
    }

    pub(super) fn call_workers(&self) {
        self.instances.attention.send_modify(|count| *count += 1);
    }
}

fn column(wake: Wake) -> Option<WallTime> {
    match wake {
        Wake::Now => Some(WallTime::from_epoch_ms(0)),
        Wake::At(at) => Some(at),
        Wake::Never => None,
    }
}
