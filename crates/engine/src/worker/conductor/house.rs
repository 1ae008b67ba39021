//! What cannot go on, what is put away, and the end.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Seq;
use tenure_core::orchestration::HistoryEvent;
use tenure_replay::Problem;
use tenure_store::{AppendRequest, Claimed, FreeRequest, Handle, RegisterOutcome, StoreError, Wake};

use super::super::live::blocked_note;
use super::super::news::WorkerNews;
use super::super::order::Key;
use super::super::pulse::Granted;
use super::alone::Alone;
use super::tasks::persist;
use super::{Conductor, Done, Stopping};

/// How long an instance is left alone whose code is missing or does not fit its history.
const BLOCKED_FOR: Duration = Duration::from_secs(30);

impl Conductor {
    /// The code of an instance in memory cannot go on.
    pub(super) fn block(&mut self, key: Key, problem: &Problem) {
        let why = words(problem);
        self.answer(key, Err(StoreError::Corrupt { what: why.clone() }));
        if let Some(handle) = self.live.get(&key).and_then(|live| live.handle) {
            self.tell_blocked(handle, &why);
        }
        self.block_for_a_while(key);
    }

    /// Lets go of an instance that cannot go on now.
    pub(super) fn block_for_a_while(&mut self, key: Key) {
        self.let_go(key, Wake::At(self.now.after(BLOCKED_FOR)));
    }

    /// The code of a claimed instance cannot go on.
    pub(super) fn set_aside(&mut self, claimed: &Claimed, why: &str) {
        self.tell_blocked(claimed.handle, why);
        // They come with it again.
        self.early.remove(&claimed.handle);
        let wake = Wake::At(self.now.after(BLOCKED_FOR));
        self.free(vec![FreeRequest { handle: claimed.handle, fence: claimed.fence, wake }]);
    }

    /// Says once in its log why an instance does not go on.
    pub(super) fn tell_blocked(&mut self, handle: Handle, why: &str) {
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

    pub(super) fn let_go(&mut self, key: Key, wake: Wake) {
        let Some(live) = self.leave(key) else { return };
        if let Some(handle) = live.handle {
            self.free(vec![FreeRequest { handle, fence: live.fence, wake }]);
        }
    }

    pub(super) fn free(&self, instances: Vec<FreeRequest>) {
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        self.work.push(Box::pin(async move {
            // Nobody else would get them as long as this worker lives.
            drop(persist(clock, || store.free(instances.clone())).await);
            Done::Freed
        }));
    }

    /// Puts away instances that only wait, those first that were used longest ago.
    pub(super) fn put_away(&mut self) {
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
        let live = &self.live;
        // What was used since stands further back; the rest of its places are dropped here.
        if self.idle.len() > live.len().saturating_mul(2).max(64) {
            self.idle.retain(|(key, used)| live.get(key).is_some_and(|live| live.used == *used));
        }
        if self.stale > (self.due.len() / 2).max(64) {
            self.due.retain(|Reverse((_, due))| due.key().is_none_or(|key| live.contains_key(&key)));
            self.stale = 0;
        }
    }

    /// Forgets an instance's code and brings it back from its history.
    pub(super) fn bring_back(&mut self, key: Key) {
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
            out: live.out.into_values().collect(),
        });
    }

    /// Everything that was held is somebody else's: this worker was too late for too long. It begins anew, as another
    /// start of itself.
    pub(super) fn abandon(&mut self) {
        let keys: Vec<_> = self.live.keys().copied().collect();
        for key in keys {
            self.leave(key);
        }
        self.starting.clear();
        self.early.clear();
        self.abandon_tasks();
        self.tell(WorkerNews::Over);
        if self.stopping.is_some() {
            return;
        }
        self.registration.incarnation = self.engine.ids().incarnation();
        self.registration.replaces = false;
        let (store, clock, worker) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock), self.worker);
        self.work.push(Box::pin(async move {
            // Where it is not known what this start holds, it is nobody's before the next one begins.
            drop(persist(clock, || store.retire(worker)).await);
            Done::Retired
        }));
    }

    /// Forgets everything after a panic, also what is under way, and begins as another start of the worker.
    pub(super) fn begin_anew(&mut self) {
        drop(std::mem::take(&mut self.work));
        self.steps.clear();
        self.ready.clear();
        self.idle.clear();
        self.due.clear();
        self.queued.clear();
        self.granted.clear();
        // What was to begin does not, here.
        self.room.running = self.room.running.saturating_sub(self.gathered.len());
        self.gathered.clear();
        self.early.clear();
        self.loading.clear();
        self.alone = Alone::default();
        (self.stale, self.telling) = (0, 0);
        (self.is_reading_mail, self.is_claiming, self.is_claiming_tasks) = (false, false, false);
        self.abandon();
    }

    pub(super) fn register(&self) {
        let (store, request) = (Arc::clone(self.engine.store()), self.registration.clone());
        let asked_at = self.clock.now();
        self.work.push(Box::pin(async move { Done::Registered(asked_at, store.register(request).await) }));
    }

    /// It is known again, unless somebody took its name: then there is nothing left to do for it.
    pub(super) fn registered(&mut self, asked_at: Duration, outcome: RegisterOutcome) {
        match outcome {
            RegisterOutcome::Registered(registered) => {
                self.worker = registered.worker;
                // The keeper of the lease goes as this loop does.
                self.lease.send_replace(Granted { worker: registered.worker, asked_at });
                self.look_everywhere();
            }
            RegisterOutcome::Live(_) => {
                let until = self.clock.now();
                self.stopping.get_or_insert(Stopping { until, replies: Vec::new(), is_freeing: true });
            }
        }
    }

    pub(super) fn stop(&mut self) {
        if self.stopping.is_none() {
            return;
        }
        let clock = self.clock.now();
        let is_coming = self.is_claiming || !self.loading.is_empty() || !self.queued.is_empty();
        let is_quiet = !is_coming
            && self.has_no_tasks()
            && self.room.is_empty()
            && self.live.values().all(|live| !live.is_committing && !live.is_ready());
        let Some(stopping) = &mut self.stopping else { return };
        if stopping.is_freeing || (!is_quiet && clock < stopping.until) {
            return;
        }
        stopping.is_freeing = true;
        let left: Vec<_> = self
            .live
            .drain()
            .filter_map(|(_, mut live)| {
                live.stop_attempts();
                Some(FreeRequest { handle: live.handle?, fence: live.fence, wake: live.wake() })
            })
            .collect();
        self.by_handle.clear();
        self.starting.clear();
        self.abandon_tasks();
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        self.work.push(Box::pin(async move {
            // What is not freed now is free when this worker's lease is over.
            drop(store.free(left).await);
            drop(store.retire(worker).await);
            Done::Freed
        }));
    }

    pub(super) fn has_stopped(&self) -> bool {
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
