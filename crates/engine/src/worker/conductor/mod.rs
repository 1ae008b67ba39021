//! The loop that runs a worker's instances.
//!
//! One task owns every instance in memory. It runs their code, which never blocks, hands what came of it to the
//! store, and goes on with the others meanwhile: an instance has at most one commit under way, and what it is told
//! until that is durable is told in one turn afterwards. What a turn asked for begins only once it is durable.

mod alone;
mod arrivals;
mod attempts;
mod commit;
mod crowds;
mod house;
mod lease;
mod tasks;
mod trials;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt as _};
use futures_util::future::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tenure_core::id::{Fence, Operation};
use tenure_core::orchestration::{Message, MessageId};
use tenure_core::time::WallTime;
use tenure_store::{
    Attention, Claimed, ClaimedTask, GivenTasks, Handle, HistoryPage, Mailed, RegisterOutcome,
    RegisterRequest, StoreError, TaskId, TaskOutcome, TaskRenewal, TurnOutcome, WorkerHandle,
};
use tokio::sync::{mpsc, oneshot, watch};

use alone::{Alone, Suspect};
use commit::KEPT_TOGETHER;
use tasks::Taken;

use super::attempt::Run;
use super::crowd::{Crowd, PATIENCE};
use super::live::{Granted as GrantedHere, Live};
use super::options::WorkerOptions;
use super::order::{Input, Key, StartAnswer};
use super::pulse::{Granted, Pulse};
use super::registry::Registry;
use super::room::Room;
use super::step::{Kept, Maker, Step};
use crate::{Engine, Steady};

/// How soon something that the store could not do is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// However quiet it is, this often a worker looks for what others left behind.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What a worker waits for besides its inputs.
enum Done {
    Kept {
        /// After how many lapses of the worker's lease it was asked.
        lapses: u64,
        kept: Vec<Kept>,
        /// What is to be tried again, after how long.
        again: (Vec<Step>, Duration),
    },
    Claimed(Result<Vec<Claimed>, StoreError>),
    Loaded(Box<Claimed>, Result<HistoryPage, StoreError>),
    /// What became of saying that an instance was taken from a worker that is gone.
    Rescued(Box<Claimed>, HistoryPage, Result<TurnOutcome, StoreError>),
    Mailed(Result<Mailed, StoreError>),
    NextWake(Result<Option<WallTime>, StoreError>),
    /// Since when it was asked, on the steady clock, and what was answered.
    /// The start of the worker before is forgotten.
    Retired,
    Registered(Duration, Result<RegisterOutcome, StoreError>),
    ClaimedTasks {
        asked: usize,
        /// As with what was kept.
        lapses: u64,
        given: Result<GivenTasks, StoreError>,
        next: Option<WallTime>,
    },
    /// The end of a task's attempt is told.
    Told,
    Said(Vec<TaskRenewal>, Result<Vec<TaskOutcome>, StoreError>),
    Freed,
}

type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Something to be done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Timer(Key, Operation),
    Attempt(Key, Operation),
    /// An attempt may have been silent for too long.
    Silence(Key, Operation, u32),
    /// What an attempt said may be recorded.
    Record(Key, Operation),
    End(Key),
    /// As the two above, of a task's attempt.
    TaskSilence(TaskId, Fence),
    TaskRecord(TaskId, Fence),
    /// Mail is to be read again.
    Mail,
    /// The worker is to be registered again.
    Register,
}

impl Due {
    /// Which instance it concerns, if one of this worker.
    const fn key(self) -> Option<Key> {
        match self {
            Self::Timer(key, _)
            | Self::Attempt(key, _)
            | Self::Silence(key, ..)
            | Self::Record(key, _)
            | Self::End(key) => Some(key),
            Self::TaskSilence(..) | Self::TaskRecord(..) | Self::Mail | Self::Register => None,
        }
    }
}

/// The state of a worker's loop.
pub(super) struct Conductor {
    engine: Engine,
    clock: Arc<dyn Steady>,
    registry: Arc<Registry>,
    options: WorkerOptions,
    worker: WorkerHandle,
    /// How it was registered, should it have to be again.
    registration: RegisterRequest,
    attention: Attention,
    /// Tells the keeper of the lease which one it is.
    lease: watch::Sender<Granted>,
    pulse: Arc<Pulse>,
    inputs: mpsc::UnboundedReceiver<Input>,
    sender: mpsc::UnboundedSender<Input>,
    live: HashMap<Key, Box<Live>>,
    by_handle: HashMap<Handle, Key>,
    /// Those who wait to be told that their instance is there.
    starting: HashMap<Key, oneshot::Sender<Result<StartAnswer, StoreError>>>,
    /// Messages for instances that are not known here: some were opened just now, and nobody told yet, or are being read.
    early: HashMap<Handle, Vec<Message>>,
    /// Instances that are being read, and whether they were taken from a worker that is gone.
    loading: HashMap<Handle, bool>,
    /// Instances that were told to be blocked.
    blocked: HashSet<Handle>,
    ready: VecDeque<Key>,
    idle: VecDeque<(Key, u64)>,
    due: BinaryHeap<Reverse<(WallTime, Due)>>,
    /// About how many of those concern instances that were put away.
    stale: usize,
    /// Attempts that wait for a slot.
    queued: VecDeque<(Key, Operation)>,
    /// Activities whose key is here, until something may begin.
    granted: VecDeque<GrantedHere>,
    /// Attempts that are to begin together.
    gathered: Vec<Run>,
    /// Those that began together, until all of them have begun.
    crowds: Vec<Arc<Crowd>>,
    room: Room,
    alone: Alone,
    /// Tasks that were claimed, until something may begin: each with after how many lapses of the lease that was.
    unstarted: VecDeque<(u64, ClaimedTask)>,
    /// Tasks that run here.
    taken: HashMap<TaskId, Taken>,
    /// How many ends of attempts are being told.
    telling: usize,
    /// How often tasks were handed back whose code is missing.
    lacking: HashMap<TaskId, u32>,
    is_claiming_tasks: bool,
    wants_tasks: bool,
    /// Whether the last claim of tasks may have passed some over because of keys that were busy.
    is_held_back: bool,
    /// Whether somebody called since tasks were last looked for a second time.
    was_called: bool,
    /// When a task is to be claimed that is hidden until then.
    tasks_at: Option<WallTime>,
    /// What was due when tasks were last claimed.
    tasks_for: Option<WallTime>,
    /// Steps that are to be handed to the store.
    steps: Vec<Step>,
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
    /// What was due when that was last looked for.
    claimed_for: Option<WallTime>,
    looked_at: Duration,
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
        (clock, options, registry): (Arc<dyn Steady>, WorkerOptions, Arc<Registry>),
        (registration, attention): (RegisterRequest, Attention),
        (lease, pulse): (watch::Sender<Granted>, Arc<Pulse>),
        (sender, inputs): (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
    ) -> Self {
        let began = clock.now();
        let worker = lease.borrow().worker;
        Self {
            looked_at: began,
            room: Room::new(options.slots, registration.serving.clone()),
            worker,
            engine,
            clock,
            registry,
            options,
            registration,
            attention,
            lease,
            pulse,
            inputs,
            sender,
            live: HashMap::new(),
            by_handle: HashMap::new(),
            starting: HashMap::new(),
            early: HashMap::new(),
            loading: HashMap::new(),
            blocked: HashSet::new(),
            ready: VecDeque::new(),
            idle: VecDeque::new(),
            due: BinaryHeap::new(),
            stale: 0,
            queued: VecDeque::new(),
            granted: VecDeque::new(),
            gathered: Vec::new(),
            crowds: Vec::new(),
            alone: Alone::default(),
            unstarted: VecDeque::new(),
            taken: HashMap::new(),
            telling: 0,
            lacking: HashMap::new(),
            is_claiming_tasks: false,
            wants_tasks: true,
            is_held_back: false,
            was_called: false,
            tasks_at: None,
            tasks_for: None,
            steps: Vec::new(),
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
            claimed_for: None,
            stopping: None,
        }
    }

    /// Works until it is told to stop, or the store is closed.
    pub(super) async fn run(mut self) {
        while self.goes_on().await {}
        self.inputs.close();
        while let Ok(input) = self.inputs.try_recv() {
            if let Input::Start { begun, reply, .. } = input {
                // Whoever asked leaves it to others.
                drop(reply.send(Ok(StartAnswer::NotHere(begun))));
            }
        }
        // Whoever waits for the stop learns of it by the end of this.
    }

    /// Goes round once. Returns whether it goes on.
    ///
    /// A panic is a bug, of ours or of a store's: nothing that is in memory can be trusted after it, and everything that
    /// is stored can. So the worker begins as another start of itself.
    async fn goes_on(&mut self) -> bool {
        match AssertUnwindSafe(self.round()).catch_unwind().await {
            Ok(goes_on) => goes_on,
            Err(_told_by_the_panic_hook) => {
                self.begin_anew();
                // It may not be the last.
                self.clock.sleep(RETRY_AFTER).await;
                true
            }
        }
    }

    async fn round(&mut self) -> bool {
        if let Ok(moment) = self.engine.store().now().await {
            // The clock may be set back; what code is told never goes back.
            self.now = moment.wall.unwrap_or(self.now).max(self.now);
        }
        self.pulse.went_round();
        self.progress();
        !self.has_stopped() && self.wait().await.is_ok()
    }

    /// Waits for the next thing to happen, unless there is something to do, and takes in all that has.
    async fn wait(&mut self) -> Result<(), StoreError> {
        let sleep = self.sleep_length();
        tokio::select! {
            biased;
            Some(done) = self.work.next(), if !self.work.is_empty() => self.take(done),
            input = self.inputs.recv() => if let Some(input) = input { self.hear(input); },
            wanted = self.attention.wanted() => {
                wanted?;
                self.look_everywhere();
                self.was_called = true;
            }
            () = tokio::task::yield_now(), if !self.ready.is_empty() => {}
            () = self.clock.sleep(sleep) => {}
        }
        self.take_done();
        while let Ok(input) = self.inputs.try_recv() {
            self.hear(input);
        }
        Ok(())
    }

    /// Takes in what is done already.
    fn take_done(&mut self) {
        while let Some(Some(done)) = self.work.next().now_or_never() {
            self.take(done);
        }
    }

    /// How long nothing is to be done by itself.
    fn sleep_length(&self) -> Duration {
        let clock = self.clock.now();
        let due = self.due.peek().map(|Reverse((at, _))| *at);
        let due = due.into_iter().chain(self.claim_at).chain(self.tasks_at).min();
        let due = due.map(|at| at.since(self.now).saturating_add(Duration::from_micros(200)));
        let look = self.looked_at.saturating_add(LOOK_AGAIN_AFTER).saturating_sub(clock);
        let crowds = (!self.crowds.is_empty()).then_some(PATIENCE);
        let stop = self.stopping.as_ref().map(|stopping| stopping.until.saturating_sub(clock));
        due.into_iter().chain(crowds).chain(stop).chain([look]).min().unwrap_or(LOOK_AGAIN_AFTER)
    }

    /// Does everything that can be done now.
    fn progress(&mut self) {
        self.break_up_crowds();
        self.fire();
        self.start_attempts();
        self.ready.extend(self.alone.next());
        // What is ready only by then has its turn in the next round, and everybody else before it.
        for _ in 0..self.ready.len() {
            self.step_next();
        }
        self.start_attempts();
        self.keep_house();
        self.commit_all();
    }

    /// Steps what has been ready for longest.
    fn step_next(&mut self) {
        let Some(key) = self.ready.pop_front() else { return };
        self.step(key);
        if self.steps.len() >= KEPT_TOGETHER {
            // The store works on these while the next ones are stepped.
            self.commit_all();
            self.take_done();
            self.start_attempts();
        }
    }

    fn keep_house(&mut self) {
        let clock = self.clock.now();
        if clock >= self.looked_at.saturating_add(LOOK_AGAIN_AFTER) {
            self.looked_at = clock;
            self.look_everywhere();
        }
        if self.claim_at.is_some_and(|at| at <= self.now) {
            (self.claim_at, self.wants_claim) = (None, true);
        }
        if self.tasks_at.is_some_and(|at| at <= self.now) {
            (self.tasks_at, self.wants_tasks) = (None, true);
        }
        self.read_mail();
        self.claim();
        self.claim_tasks();
        self.put_away();
        self.stop();
    }

    /// Mail, instances and tasks are looked for.
    fn look_everywhere(&mut self) {
        (self.wants_mail, self.wants_claim, self.wants_tasks) = (true, true, true);
    }

    fn hear(&mut self, input: Input) {
        match input {
            Input::Start { begun, reply, ended } => self.begin(begun, reply, ended),
            Input::Tried { whose, result } => self.tried(whose, result),
            Input::Unbegun { whose } => self.unbegun(whose),
            Input::Heartbeat { whose, details } => self.heard(whose, details),
            Input::Lease(news) => self.hear_of_lease(news),
            Input::Stop { reply } => {
                self.begin_to_stop().replies.push(reply);
            }
        }
    }

    fn take(&mut self, done: Done) {
        if self.stopping.as_ref().is_some_and(|stopping| stopping.is_freeing) {
            // Everything was let go of; what is under way is somebody else's.
            return;
        }
        match done {
            Done::Kept { lapses, kept, again } => self.all_kept(kept, lapses, again),
            Done::Claimed(claimed) => self.claimed(claimed),
            Done::Loaded(claimed, page) => self.loaded(*claimed, page),
            Done::Rescued(claimed, page, outcome) => self.rescued(*claimed, page, outcome),
            Done::Mailed(mailed) => self.mailed(mailed),
            Done::NextWake(at) => {
                let again = Some(self.now.after(RETRY_AFTER));
                let now = self.now;
                self.claim_at = at.map_or(again, |at| next_look(at, now, &mut self.claimed_for));
            }
            Done::Retired => self.register(),
            Done::Registered(asked_at, Ok(outcome)) => self.registered(asked_at, outcome),
            Done::Registered(_, Err(_)) => {
                self.due.push(Reverse((self.now.after(RETRY_AFTER), Due::Register)))
            }
            Done::ClaimedTasks { asked, lapses, given, next } => {
                self.claimed_tasks((asked, lapses), given, next);
            }
            Done::Told => {
                self.telling = self.telling.saturating_sub(1);
                self.wants_tasks = true;
            }
            Done::Said(renewals, outcomes) => self.said(&renewals, outcomes),
            Done::Freed => {}
        }
    }

    fn begin_to_stop(&mut self) -> &mut Stopping {
        self.room.is_closed = true;
        self.hand_back_unstarted();
        let until = self.clock.now().saturating_add(self.options.stop_grace);
        self.stopping.get_or_insert(Stopping { until, replies: Vec::new(), is_freeing: false })
    }

    fn enter(&mut self, live: Live) -> Key {
        self.next_key += 1;
        self.live.insert(self.next_key, Box::new(live));
        self.next_key
    }

    fn leave(&mut self, key: Key) -> Option<Box<Live>> {
        let mut live = self.live.remove(&key)?;
        live.stop_attempts();
        self.stale += live.pending.timers().len() + live.pending.activities().len();
        self.alone.are_over(|suspect| matches!(suspect, Suspect::Here(of, _) if of == key));
        self.room.leave(key);
        self.granted.retain(|granted| granted.key != key);
        self.alone.is_kept(key);
        if let Some(handle) = live.handle
            && self.by_handle.get(&handle) == Some(&key)
        {
            self.by_handle.remove(&handle);
        }
        Some(live)
    }

    /// What steps of an instance are made with, and the instance.
    fn made_with(&mut self, key: Key) -> Option<(Maker<'_>, &mut Live)> {
        let (registry, ids, queued) = (&self.registry, self.engine.ids(), self.queued.len());
        let (worker, now, room) = (self.worker, self.now, &mut self.room);
        let maker = Maker { worker, registry, ids, now, room, queued };
        Some((maker, self.live.get_mut(&key)?))
    }

    fn answer(&mut self, key: Key, answer: Result<StartAnswer, StoreError>) {
        if let Some(reply) = self.starting.remove(&key) {
            // Whoever asked may have gone.
            drop(reply.send(answer));
        }
    }
}

/// When to look again for something that is due then. What is due and was looked for already, and not given, is given to
/// somebody else or later: asking for it at once would never end.
fn next_look(at: Option<WallTime>, now: WallTime, looked_for: &mut Option<WallTime>) -> Option<WallTime> {
    let at = at?;
    let is_again = at <= now && looked_for.replace(at) == Some(at);
    Some(if is_again { now.after(RETRY_AFTER) } else { at })
}
