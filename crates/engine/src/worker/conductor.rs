//! The loop that runs a worker's instances.
//!
//! One task owns every instance in memory. It runs their code, which never blocks, hands what came of it to the
//! store, and goes on with the others meanwhile: an instance has at most one commit under way, and what it is told
//! until that is durable is told in one turn afterwards. What a turn asked for begins only once it is durable.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tenure_core::id::{Operation, Seq};
use tenure_core::lease::renew_interval;
use tenure_core::limits;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Message, MessageId, Opening, Payload, Start, open};
use tenure_core::session::{Counters, Session, Write};
use tenure_core::time::WallTime;
use tenure_replay::{Instance, Problem};
use tenure_store::{
    AppendRequest, Attention, ClaimRequest, Claimed, FreeRequest, Handle, HistoryPage, HistoryRequest,
    MailRequest, Mailed, StoreError, TurnDone, TurnOutcome, Wake, WorkerHandle, WorkerRenewal,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Attempt, Run};
use super::live::{Live, Running, blocked_note, retry_note, write};
use super::options::WorkerOptions;
use super::order::{Ended, Input, Key, StartAnswer, Started, Starting};
use super::registry::Registry;
use super::spawn::spawn;
use super::step::{Kept, Maker, Next, Step, UNCHOSEN, is_passing, keep};
use crate::{Engine, Steady};

/// Most instances that are claimed at once.
const CLAIM_MAX: usize = 128;
/// Most messages that are read at once.
const MAIL_MAX: usize = 1024;
/// How long an instance is left alone whose code is missing or does not fit its history.
const BLOCKED_FOR: Duration = Duration::from_secs(30);
/// How long an activity waits whose code is missing.
const MISSING_FOR: Duration = Duration::from_secs(5);
/// How soon something that the store could not do is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// However quiet it is, this often a worker looks for what others left behind.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What a worker waits for besides its inputs.
enum Done {
    Kept(Box<Kept>),
    Claimed(Result<Vec<Claimed>, StoreError>),
    Loaded(Box<Claimed>, Result<HistoryPage, StoreError>),
    Mailed(Result<Mailed, StoreError>),
    NextWake(Result<Option<WallTime>, StoreError>),
    Renewed(Result<WorkerRenewal, StoreError>),
    Freed,
}

type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Something to be done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Timer(Key, Operation),
    Attempt(Key, Operation),
    End(Key),
}

/// The state of a worker's loop.
pub(super) struct Conductor {
    engine: Engine,
    clock: Arc<dyn Steady>,
    registry: Arc<Registry>,
    options: WorkerOptions,
    worker: WorkerHandle,
    attention: Attention,
    inputs: mpsc::UnboundedReceiver<Input>,
    sender: mpsc::UnboundedSender<Input>,
    live: HashMap<Key, Box<Live>>,
    by_handle: HashMap<Handle, Key>,
    /// Those who wait to be told that their instance is there.
    starting: HashMap<Key, oneshot::Sender<Result<StartAnswer, StoreError>>>,
    /// Messages for instances that are not known here: some were opened just now, and nobody told yet.
    early: HashMap<Handle, Vec<Message>>,
    /// Instances that are being read.
    loading: HashSet<Handle>,
    /// Instances that were told to be blocked.
    blocked: HashSet<Handle>,
    ready: VecDeque<Key>,
    idle: VecDeque<(Key, u64)>,
    due: BinaryHeap<Reverse<(WallTime, Due)>>,
    /// Attempts that wait for a slot.
    queued: VecDeque<(Key, Operation)>,
    running: usize,
    work: FuturesUnordered<Work>,
    next_key: Key,
    uses: u64,
    now: WallTime,
    mail_read_to: MessageId,
    is_reading_mail: bool,
    wants_mail: bool,
    is_claiming: bool,
    wants_claim: bool,
    /// When something that nobody holds is to be looked after.
    claim_at: Option<WallTime>,
    looked_at: Duration,
    renew_at: Duration,
    stopping: Option<Stopping>,
}

struct Stopping {
    until: Duration,
    replies: Vec<oneshot::Sender<()>>,
    is_freeing: bool,
}

impl Conductor {
    pub(super) fn new(
        engine: Engine,
        (clock, options): (Arc<dyn Steady>, WorkerOptions),
        registry: Arc<Registry>,
        (worker, attention): (WorkerHandle, Attention),
        (sender, inputs): (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
    ) -> Self {
        let began = clock.now();
        Self {
            renew_at: began.saturating_add(renew_interval(options.ttl)),
            looked_at: began,
            engine,
            clock,
            registry,
            options,
            worker,
            attention,
            inputs,
            sender,
            live: HashMap::new(),
            by_handle: HashMap::new(),
            starting: HashMap::new(),
            early: HashMap::new(),
            loading: HashSet::new(),
            blocked: HashSet::new(),
            ready: VecDeque::new(),
            idle: VecDeque::new(),
            due: BinaryHeap::new(),
            queued: VecDeque::new(),
            running: 0,
            work: FuturesUnordered::new(),
            next_key: 0,
            uses: 0,
            now: WallTime::from_epoch_ms(0),
            mail_read_to: MessageId::default(),
            is_reading_mail: false,
            wants_mail: true,
            is_claiming: false,
            wants_claim: true,
            claim_at: None,
            stopping: None,
        }
    }

    /// Works until it is told to stop, or the store is closed.
    pub(super) async fn run(mut self) {
        loop {
            if let Ok(moment) = self.engine.store().now().await {
                // The clock may be set back; what code is told never goes back.
                self.now = moment.wall.unwrap_or(self.now).max(self.now);
            }
            self.progress();
            if self.has_stopped() {
                break;
            }
            if self.wait().await.is_err() {
                break;
            }
        }
        self.inputs.close();
        while let Ok(input) = self.inputs.try_recv() {
            if let Input::Start { starting, reply, .. } = input {
                // Whoever asked leaves it to others.
                drop(reply.send(Ok(StartAnswer::NotHere(starting))));
            }
        }
        for reply in self.stopping.into_iter().flat_map(|stopping| stopping.replies) {
            if reply.send(()).is_err() {
                // Whoever asked has gone.
                continue;
            }
        }
    }

    /// Waits for the next thing to happen, and takes in all that has.
    async fn wait(&mut self) -> Result<(), StoreError> {
        let sleep = self.sleep_length();
        tokio::select! {
            biased;
            Some(done) = self.work.next(), if !self.work.is_empty() => self.take(done),
            input = self.inputs.recv() => if let Some(input) = input { self.hear(input); },
            wanted = self.attention.wanted() => {
                wanted?;
                (self.wants_mail, self.wants_claim) = (true, true);
            }
            () = self.clock.sleep(sleep) => {}
        }
        while let Some(Some(done)) = self.work.next().now_or_never() {
            self.take(done);
        }
        while let Ok(input) = self.inputs.try_recv() {
            self.hear(input);
        }
        Ok(())
    }

    /// How long nothing is to be done by itself.
    fn sleep_length(&self) -> Duration {
        let clock = self.clock.now();
        let due = self.due.peek().map(|Reverse((at, _))| *at).into_iter().chain(self.claim_at).min();
        let due = due.map(|at| at.since(self.now).saturating_add(Duration::from_micros(200)));
        let renew = self.renew_at.saturating_sub(clock);
        let look = self.looked_at.saturating_add(LOOK_AGAIN_AFTER).saturating_sub(clock);
        let stop = self.stopping.as_ref().map(|stopping| stopping.until.saturating_sub(clock));
        due.into_iter().chain(stop).chain([renew, look]).min().unwrap_or(LOOK_AGAIN_AFTER)
    }

    /// Does everything that can be done now.
    fn progress(&mut self) {
        self.fire();
        while let Some(key) = self.ready.pop_front() {
            self.step(key);
        }
        self.start_attempts();
        self.keep_house();
    }

    fn keep_house(&mut self) {
        let clock = self.clock.now();
        if clock >= self.renew_at {
            self.renew_at = clock.saturating_add(renew_interval(self.options.ttl));
            let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
            self.work.push(Box::pin(async move { Done::Renewed(store.renew_worker(worker).await) }));
        }
        if clock >= self.looked_at.saturating_add(LOOK_AGAIN_AFTER) {
            (self.looked_at, self.wants_claim) = (clock, true);
        }
        if self.claim_at.is_some_and(|at| at <= self.now) {
            (self.claim_at, self.wants_claim) = (None, true);
        }
        self.read_mail();
        self.claim();
        self.put_away();
        self.stop();
    }

    // What it is told.

    fn hear(&mut self, input: Input) {
        match input {
            Input::Start { starting, reply, ended } => self.begin(*starting, reply, ended),
            Input::Tried { key, op, number, result } => self.tried(key, (op, number), result),
            Input::Stop { reply } => {
                let until = self.clock.now().saturating_add(self.options.stop_grace);
                let stopping =
                    self.stopping.get_or_insert(Stopping { until, replies: Vec::new(), is_freeing: false });
                stopping.replies.push(reply);
            }
        }
    }

    /// Begins an instance whose code is here.
    fn begin(
        &mut self,
        starting: Starting,
        reply: oneshot::Sender<Result<StartAnswer, StoreError>>,
        ended: oneshot::Sender<Ended>,
    ) {
        let found = self.registry.orchestration(&starting.name, starting.version);
        let (Some((version, code)), None) = (found, &self.stopping) else {
            // Whoever asked leaves it to others.
            drop(reply.send(Ok(StartAnswer::NotHere(Box::new(starting)))));
            return;
        };
        let Starting { id, namespace, name, version: _, input, labels } = starting;
        let id = id.unwrap_or_else(|| self.engine.ids().session_id(Some(self.now)));
        let seed = self.engine.ids().seed();
        let start = Start {
            name: name.clone(),
            version,
            execution: 1,
            input,
            seed,
            parent: None,
            carried: Vec::new(),
        };
        let opening =
            Opening { id: id.clone(), namespace, name, version, labels, parent: None, at: self.now };
        let namespace = opening.namespace.clone();
        let code = Instance::begin(id.clone(), &code, start.clone());
        let mut live = Live::new((id, namespace, 1), code);
        live.opening = Some(Box::new((open(opening, true), start)));
        live.is_new = true;
        live.waiting.push(ended);
        let key = self.enter(live);
        self.starting.insert(key, reply);
        self.ready.push_back(key);
    }

    /// An attempt is over.
    fn tried(&mut self, key: Key, (op, number): (Operation, u32), result: Result<Payload, Failure>) {
        self.running = self.running.saturating_sub(1);
        let now = self.now;
        let Some(live) = self.live.get_mut(&key) else { return };
        if live.running.get(&op).is_none_or(|running| running.number != number) {
            return;
        }
        live.running.remove(&op);
        let Some(pending) = live.pending.activities.get(&op) else { return };
        match result {
            Ok(result) => live.told.push(HistoryEvent::TaskCompleted { op, result }),
            Err(failure) => {
                let random = self.engine.ids().random();
                let chance = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
                // Those that their worker did not survive have a limit of their own.
                let failed = number.saturating_sub(pending.rescues);
                let wait = pending.activity.retry.wait_after(failed, chance);
                match wait.filter(|_| failure.cause.may_be_retried()) {
                    Some(wait) => {
                        let due_at = now.after(wait);
                        let name = pending.activity.name.as_str();
                        live.notes.push(retry_note((op, name), (number, &failure), due_at));
                        live.asides.push(HistoryEvent::TaskRetried { op, attempt: number, failure, due_at });
                    }
                    None => live.told.push(HistoryEvent::TaskFailed { op, failure }),
                }
            }
        }
        self.ready.push_back(key);
    }

    // What it has in memory.

    fn enter(&mut self, live: Live) -> Key {
        self.next_key += 1;
        self.live.insert(self.next_key, Box::new(live));
        self.next_key
    }

    fn leave(&mut self, key: Key) -> Option<Box<Live>> {
        let mut live = self.live.remove(&key)?;
        live.stop_attempts();
        if let Some(handle) = live.handle {
            self.by_handle.remove(&handle);
        }
        Some(live)
    }

    fn maker(&self) -> Maker<'_> {
        Maker { worker: self.worker, registry: &self.registry, ids: self.engine.ids(), now: self.now }
    }

    /// Runs what there is to run of an instance, and commits what came of it.
    fn step(&mut self, key: Key) {
        let Some(mut live) = self.live.remove(&key) else { return };
        if live.is_ready() {
            let made = self.maker().step(key, &mut live);
            self.live.insert(key, live);
            match made {
                Ok(step) => self.commit(step),
                Err(problem) => self.block(key, &problem),
            }
        } else {
            self.live.insert(key, live);
        }
    }

    fn commit(&mut self, step: Step) {
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        self.work
            .push(Box::pin(async move { Done::Kept(Box::new(keep(store, clock, Box::new(step)).await)) }));
    }

    fn take(&mut self, done: Done) {
        if self.stopping.as_ref().is_some_and(|stopping| stopping.is_freeing) {
            // Everything was let go of; what is under way is somebody else's.
            return;
        }
        match done {
            Done::Kept(kept) => self.kept(*kept),
            Done::Claimed(claimed) => self.claimed(claimed),
            Done::Loaded(claimed, page) => self.loaded(*claimed, page),
            Done::Mailed(mailed) => self.mailed(mailed),
            Done::NextWake(at) => {
                let again = self.now.after(RETRY_AFTER);
                self.claim_at = at.unwrap_or(Some(again));
            }
            Done::Renewed(Ok(WorkerRenewal::Gone)) => self.abandon(),
            Done::Renewed(Err(_)) => self.renew_at = self.clock.now().saturating_add(RETRY_AFTER),
            Done::Renewed(Ok(WorkerRenewal::Renewed(_))) | Done::Freed => {}
        }
    }

    /// Everything that was held is somebody else's.
    fn abandon(&mut self) {
        let keys: Vec<_> = self.live.keys().copied().collect();
        for key in keys {
            self.leave(key);
        }
        self.starting.clear();
        self.stopping.get_or_insert(Stopping {
            until: self.clock.now(),
            replies: Vec::new(),
            is_freeing: true,
        });
    }

    fn kept(&mut self, (step, outcome): Kept) {
        let key = step.key;
        match outcome {
            Ok(TurnOutcome::Committed(done)) => self.committed(*step, &done),
            Ok(TurnOutcome::RevisionConflict { session }) => {
                let mut step = step;
                if self.live.contains_key(&key) {
                    step.request.expected = session.counters.revision;
                    step.request.session = Some(write(Write::of(*session), &step.intents, step.at));
                    self.commit(*step);
                }
            }
            Ok(TurnOutcome::IdTaken { start: Some(at) }) => self.without_child(*step, at),
            Ok(TurnOutcome::IdTaken { start: None }) => {
                self.leave(key);
                self.answer(key, Ok(StartAnswer::IdTaken));
            }
            Ok(TurnOutcome::Fenced { .. }) => {
                self.leave(key);
                self.answer(key, Err(StoreError::Closed));
            }
            Err(error) => {
                self.leave(key);
                self.answer(key, Err(error));
            }
        }
    }

    fn answer(&mut self, key: Key, answer: Result<StartAnswer, StoreError>) {
        if let Some(reply) = self.starting.remove(&key) {
            // Whoever asked may have gone.
            drop(reply.send(answer));
        }
    }

    /// A child whose id is in use is one that failed.
    fn without_child(&mut self, mut step: Step, at: usize) {
        let Some(live) = self.live.get(&step.key) else { return };
        if at >= step.request.starts.len() {
            return;
        }
        let refused = step.request.starts.remove(at);
        if let Some(op) = step.starters.remove(at) {
            let why = format!("the id {} is in use", refused.session.session.id);
            let result = Err(Failure::new(Cause::Unavailable, why));
            let execution = live.execution;
            let mail = tenure_core::orchestration::Mail::ChildEnded { execution, op, result };
            step.request.sends.push((live.id.clone(), mail));
        }
        step.request.commit_id = self.engine.ids().commit_id();
        self.commit(step);
    }

    fn committed(&mut self, step: Step, done: &TurnDone) {
        let Step { key, request, next, .. } = step;
        self.wants_claim |= !request.starts.is_empty();
        let uses = self.uses.wrapping_add(1);
        self.uses = uses;
        let Some(live) = self.live.get_mut(&key) else { return };
        live.is_committing = false;
        live.turn = live.turn.saturating_add(1);
        live.fence = done.fence;
        live.used = uses;
        if let Some(write) = request.session {
            let counters = Counters { revision: done.revision, fence: done.fence };
            live.session = Some(Session { counters, ..write.session });
        }
        if live.handle.is_none() {
            live.handle = Some(done.handle);
            let started = Started { id: live.id.clone(), handle: done.handle, was_there: false };
            self.by_handle.insert(done.handle, key);
            self.early.remove(&done.handle).into_iter().flatten().for_each(|message| live.receive(message));
            self.answer(key, Ok(StartAnswer::Started(started)));
        }
        match next {
            Next::Waits => {
                self.asked(key, &request.history);
                self.after(key);
            }
            Next::Anew(start) => self.anew(key, *start),
            Next::Over(ended) => {
                let Some(live) = self.leave(key) else { return };
                for waiting in live.waiting {
                    // Whoever waited may have gone.
                    drop(waiting.send(ended.clone()));
                }
            }
        }
    }

    /// Begins what a step asked for.
    fn asked(&mut self, key: Key, history: &[HistoryEvent]) {
        for event in history {
            let Some(live) = self.live.get_mut(&key) else { return };
            match event {
                HistoryEvent::TaskScheduled(activity) => self.queued.push_back((key, activity.op)),
                HistoryEvent::TaskRetried { op, due_at, .. } => {
                    self.due.push(Reverse((*due_at, Due::Attempt(key, *op))));
                }
                HistoryEvent::TaskCancelled { op } => {
                    if let Some(running) = live.running.remove(op) {
                        running.cancelled.cancel();
                    }
                }
                HistoryEvent::TimerCreated { op, fire_at } => {
                    self.due.push(Reverse((*fire_at, Due::Timer(key, *op))));
                }
                HistoryEvent::CancelRequested { .. } => {
                    let at = self.now.after(self.options.cancel_grace);
                    live.ends_at = live.ends_at.or(Some(at));
                    self.due.push(Reverse((at, Due::End(key))));
                }
                HistoryEvent::ExecutionRescued => {
                    let ops = live.pending.activities.iter().filter(|(_, pending)| pending.due_at.is_none());
                    self.queued.extend(ops.map(|(op, _)| (key, *op)));
                }
                _ => {}
            }
        }
    }

    /// An instance waits, unless something came in meanwhile.
    fn after(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(&key) else { return };
        if live.ends_at.is_some_and(|at| at <= self.now) {
            self.terminate(key);
        } else if live.is_ready() {
            self.ready.push_back(key);
        } else if self.options.replays_always && live.running.is_empty() {
            self.bring_back(key);
        } else {
            self.idle.push_back((key, live.used));
        }
    }

    /// The next execution begins.
    fn anew(&mut self, key: Key, start: Start) {
        let Some(live) = self.live.get_mut(&key) else { return };
        live.stop_attempts();
        let Some((_, code)) = self.registry.orchestration(&start.name, Some(start.version)) else {
            return self.let_go(key, Wake::Now);
        };
        live.execution = start.execution;
        live.code = Instance::begin(live.id.clone(), &code, start);
        // What concerned the execution that is over concerns nobody.
        live.told.retain(|event| {
            matches!(event, HistoryEvent::EventRaised(_) | HistoryEvent::CancelRequested { .. })
        });
        live.asides.clear();
        live.notes.clear();
        live.is_new = true;
        self.ready.push_back(key);
    }

    fn terminate(&mut self, key: Key) {
        let Some(mut live) = self.live.remove(&key) else { return };
        if live.is_committing || live.handle.is_none() {
            self.live.insert(key, live);
            return;
        }
        let step = self.maker().terminate(
            key,
            &mut live,
            "it did not end in time after it was cancelled".to_owned(),
        );
        self.live.insert(key, live);
        self.commit(step);
    }

    /// Does what is due.
    fn fire(&mut self) {
        while let Some(Reverse((at, _))) = self.due.peek() {
            if *at > self.now {
                break;
            }
            let Some(Reverse((_, due))) = self.due.pop() else { break };
            match due {
                Due::Timer(key, op) => {
                    let Some(live) = self.live.get_mut(&key) else { continue };
                    if live.pending.timers.contains_key(&op) {
                        live.told.push(HistoryEvent::TimerFired { op });
                        self.ready.push_back(key);
                    }
                }
                Due::Attempt(key, op) => self.queued.push_back((key, op)),
                Due::End(key) => {
                    let is_due = self.live.get(&key).and_then(|live| live.ends_at);
                    if is_due.is_some_and(|at| at <= self.now) {
                        self.terminate(key);
                    }
                }
            }
        }
    }

    // Attempts.

    fn start_attempts(&mut self) {
        while self.running < self.options.slots {
            let Some((key, op)) = self.queued.pop_front() else { return };
            self.start_attempt(key, op);
        }
    }

    fn start_attempt(&mut self, key: Key, op: Operation) {
        let now = self.now;
        let Some(live) = self.live.get_mut(&key) else { return };
        if live.running.contains_key(&op) {
            return;
        }
        let Some(pending) = live.pending.activities.get_mut(&op) else { return };
        if pending.due_at.is_some_and(|at| at > now) {
            return;
        }
        pending.due_at = None;
        if pending.rescues > limits::RESCUES_MAX {
            let why = format!("whoever ran it did not survive it, {} times", pending.rescues);
            live.told.push(HistoryEvent::TaskFailed { op, failure: Failure::new(Cause::Poisoned, why) });
            self.ready.push_back(key);
            return;
        }
        let Some(code) = self.registry.activity(&pending.activity.name) else {
            self.due.push(Reverse((now.after(MISSING_FOR), Due::Attempt(key, op))));
            return;
        };
        let (number, cancelled) = (pending.attempt, CancellationToken::new());
        let attempt = Attempt {
            session: live.id.clone(),
            execution: live.execution,
            op,
            name: pending.activity.name.clone(),
            number,
            fence: live.fence,
            cancelled: cancelled.clone(),
        };
        let run = Run { key, attempt, activity: Arc::clone(&pending.activity), code };
        live.running.insert(op, Running { number, cancelled });
        self.running += 1;
        spawn(attempt::run(run, Arc::clone(&self.clock), self.sender.clone()));
    }

    // What others send and leave.

    fn read_mail(&mut self) {
        // Not while instances come in: what they bring with them, and what is read here, would overlap.
        if self.is_reading_mail || self.is_claiming || !self.loading.is_empty() || !self.wants_mail {
            return;
        }
        self.wants_mail = false;
        self.is_reading_mail = true;
        let store = Arc::clone(self.engine.store());
        let request = MailRequest { worker: self.worker, after: self.mail_read_to, limit: MAIL_MAX };
        self.work.push(Box::pin(async move { Done::Mailed(store.mail(request).await) }));
    }

    fn mailed(&mut self, mailed: Result<Mailed, StoreError>) {
        self.is_reading_mail = false;
        let Ok(mailed) = mailed else {
            self.wants_mail = true;
            return;
        };
        self.wants_mail |= mailed.messages.len() >= MAIL_MAX;
        self.mail_read_to = mailed.read_to.max(self.mail_read_to);
        if self.starting.is_empty() {
            self.early.clear();
        }
        for (handle, message) in mailed.messages {
            match self.by_handle.get(&handle).and_then(|key| Some((*key, self.live.get_mut(key)?))) {
                Some((key, live)) => {
                    live.receive(message);
                    self.ready.push_back(key);
                }
                None => self.early.entry(handle).or_default().push(message),
            }
        }
    }

    fn claim(&mut self) {
        let room = self.options.instances_max.saturating_sub(self.live.len() + self.loading.len());
        let is_busy = self.is_claiming || self.is_reading_mail || self.stopping.is_some();
        if is_busy || room == 0 || !std::mem::take(&mut self.wants_claim) {
            return;
        }
        self.is_claiming = true;
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        let request = ClaimRequest { worker, limit: room.min(CLAIM_MAX) };
        self.work.push(Box::pin(async move { Done::Claimed(store.claim(request).await) }));
    }

    fn claimed(&mut self, claimed: Result<Vec<Claimed>, StoreError>) {
        self.is_claiming = false;
        let Ok(claimed) = claimed else {
            self.claim_at = Some(self.now.after(RETRY_AFTER));
            return;
        };
        self.wants_claim |= claimed.len() >= CLAIM_MAX;
        let store = Arc::clone(self.engine.store());
        self.work.push(Box::pin(async move { Done::NextWake(store.next_wake().await) }));
        for one in claimed {
            self.load(one);
        }
    }

    fn load(&mut self, claimed: Claimed) {
        let store = Arc::clone(self.engine.store());
        self.loading.insert(claimed.handle);
        let execution = claimed.session.execution.as_ref().map(|execution| execution.number);
        let request = HistoryRequest { handle: claimed.handle, execution };
        self.work.push(Box::pin(async move {
            let page = store.history(request).await;
            Done::Loaded(Box::new(claimed), page)
        }));
    }

    /// An instance that was put away or left behind is brought back from its history.
    fn loaded(&mut self, claimed: Claimed, page: Result<HistoryPage, StoreError>) {
        self.loading.remove(&claimed.handle);
        let mut page = match page {
            Ok(page) => page,
            Err(error) if is_passing(&error) => return self.load(claimed),
            Err(error) => return self.set_aside(&claimed, &error.to_string()),
        };
        let Some((version, code)) = self.code_of(&claimed.session) else {
            return self.set_aside(&claimed, "no worker here has code of that name and version");
        };
        if let Some(HistoryEvent::ExecutionStarted(start)) =
            page.turns.first_mut().and_then(|turn| turn.first_mut())
        {
            start.version = version;
        }
        match Instance::replay(claimed.session.id.clone(), &code, &page.turns) {
            Ok(code) => self.resume(claimed, code, &page.turns),
            Err(problem) => self.set_aside(&claimed, &words(&problem)),
        }
    }

    fn code_of(
        &self,
        session: &Session,
    ) -> Option<(tenure_core::orchestration::Version, tenure_replay::Code)> {
        let execution = session.execution.as_deref()?;
        let version = Some(execution.version).filter(|version| *version != UNCHOSEN);
        self.registry.orchestration(&execution.name, version)
    }

    fn resume(&mut self, claimed: Claimed, code: Instance, history: &[Vec<HistoryEvent>]) {
        let Claimed { handle, session, fence, turn, is_rescued, messages } = claimed;
        self.blocked.remove(&handle);
        let execution = session.execution.as_ref().map_or(1, |execution| execution.number);
        let mut live = Live::new((session.id.clone(), session.namespace.clone(), execution), code);
        live.session = Some(session);
        (live.handle, live.fence, live.turn) = (Some(handle), fence, turn);
        history.iter().flatten().for_each(|event| live.pending.apply(event));
        live.is_new =
            !history.iter().flatten().any(|event| matches!(event, HistoryEvent::TurnStarted { .. }));
        messages.into_iter().for_each(|message| live.receive(message));
        live.ends_at = live.pending.cancelled_at.map(|at| at.after(self.options.cancel_grace));
        let was_at_work = live.pending.activities.values().any(|pending| pending.due_at.is_none());
        if is_rescued && was_at_work {
            live.asides.push(HistoryEvent::ExecutionRescued);
        }
        let (ends_at, is_rescued) = (live.ends_at, !live.asides.is_empty());
        let key = self.enter(live);
        self.by_handle.insert(handle, key);
        let Some(live) = self.live.get(&key) else { return };
        for (op, at) in &live.pending.timers {
            self.due.push(Reverse((*at, Due::Timer(key, *op))));
        }
        for (op, pending) in &live.pending.activities {
            match pending.due_at {
                Some(at) => self.due.push(Reverse((at, Due::Attempt(key, *op)))),
                None if !is_rescued => self.queued.push_back((key, *op)),
                None => {}
            }
        }
        if let Some(at) = ends_at {
            self.due.push(Reverse((at, Due::End(key))));
        }
        if live.is_ready() {
            self.ready.push_back(key);
        } else {
            self.idle.push_back((key, live.used));
        }
    }

    // What cannot go on, and what is put away.

    /// The code of an instance in memory cannot go on.
    fn block(&mut self, key: Key, problem: &Problem) {
        let why = words(problem);
        self.answer(key, Err(StoreError::Corrupt { what: why.clone() }));
        if let Some(handle) = self.live.get(&key).and_then(|live| live.handle) {
            self.tell_blocked(handle, &why);
        }
        self.let_go(key, Wake::At(self.now.after(BLOCKED_FOR)));
    }

    /// The code of a claimed instance cannot go on.
    fn set_aside(&mut self, claimed: &Claimed, why: &str) {
        self.tell_blocked(claimed.handle, why);
        let wake = Wake::At(self.now.after(BLOCKED_FOR));
        self.free(vec![FreeRequest { handle: claimed.handle, fence: claimed.fence, wake }]);
    }

    /// Says once in its log why an instance does not go on.
    fn tell_blocked(&mut self, handle: Handle, why: &str) {
        if !self.blocked.insert(handle) {
            return;
        }
        let engine = self.engine.clone();
        let request = AppendRequest {
            commit_id: engine.ids().commit_id(),
            handle,
            fence: None,
            events: vec![blocked_note(why).into()],
            after: Seq(0),
        };
        self.work.push(Box::pin(async move {
            // It is told again after a restart, if it is still so.
            drop(engine.append(request).await);
            Done::Freed
        }));
    }

    fn let_go(&mut self, key: Key, wake: Wake) {
        let Some(live) = self.leave(key) else { return };
        if let Some(handle) = live.handle {
            self.free(vec![FreeRequest { handle, fence: live.fence, wake }]);
        }
    }

    fn free(&self, instances: Vec<FreeRequest>) {
        let store = Arc::clone(self.engine.store());
        self.work.push(Box::pin(async move {
            // What is not freed now is free when this worker's lease is over.
            drop(store.free(instances).await);
            Done::Freed
        }));
    }

    /// Puts away instances that only wait, those first that were used longest ago.
    fn put_away(&mut self) {
        while self.live.len() > self.options.instances_max {
            let Some((key, used)) = self.idle.pop_front() else { return };
            let wake = self
                .live
                .get(&key)
                .filter(|live| live.used == used && live.is_idle())
                .map(|live| live.wake());
            if let Some(wake) = wake {
                self.let_go(key, wake);
            }
        }
        // What was used since stands further back; the rest of its places are dropped here.
        while self.idle.len() > self.live.len().saturating_mul(2).max(64) {
            self.idle.pop_front();
        }
    }

    /// Forgets an instance's code and brings it back from its history.
    fn bring_back(&mut self, key: Key) {
        let is_idle = !self.is_reading_mail && self.live.get(&key).is_some_and(|live| live.is_idle());
        let Some(live) = is_idle.then(|| self.leave(key)).flatten() else { return };
        let (Some(handle), Some(session)) = (live.handle, live.session) else { return };
        self.load(Claimed {
            handle,
            session,
            fence: live.fence,
            turn: live.turn,
            is_rescued: false,
            messages: Vec::new(),
        });
    }

    // Its end.

    fn stop(&mut self) {
        let clock = self.clock.now();
        let Some(stopping) = &mut self.stopping else { return };
        let is_coming = self.is_claiming || !self.loading.is_empty() || !self.queued.is_empty();
        let is_quiet = !is_coming
            && self.running == 0
            && self.live.values().all(|live| !live.is_committing && !live.is_ready());
        if stopping.is_freeing || (!is_quiet && clock < stopping.until) {
            return;
        }
        stopping.is_freeing = true;
        let keys: Vec<_> = self.live.keys().copied().collect();
        let left = keys.into_iter().filter_map(|key| self.leave(key));
        let left: Vec<_> = left
            .filter_map(|live| {
                Some(FreeRequest { handle: live.handle?, fence: live.fence, wake: live.wake() })
            })
            .collect();
        self.starting.clear();
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        self.work.push(Box::pin(async move {
            // What is not freed now is free when this worker's lease is over.
            drop(store.free(left).await);
            drop(store.retire(worker).await);
            Done::Freed
        }));
    }

    fn has_stopped(&self) -> bool {
        self.stopping.as_ref().is_some_and(|stopping| stopping.is_freeing) && self.work.is_empty()
    }
}

/// What people are told of a problem.
pub(super) fn words(problem: &Problem) -> String {
    match problem {
        Problem::Differs(mismatch) => {
            let show = |event: &Option<HistoryEvent>| match event {
                Some(event) => format!("{event:?}"),
                None => "nothing more".to_owned(),
            };
            format!(
                "the code does not do what it did before: in turn {}, action {}, its history says {}, and it asks for {}",
                mismatch.turn,
                mismatch.action,
                show(&mismatch.expected),
                show(&mismatch.found)
            )
        }
        Problem::WaitsForNothing { turn } => {
            format!(
                "the code waits in turn {turn} for something that is not durable, so that nothing would wake it"
            )
        }
        Problem::Malformed { what } => format!("its history cannot be used: {what}"),
    }
}
