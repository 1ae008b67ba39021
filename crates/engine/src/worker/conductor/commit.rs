//! Running a turn of an instance, and going on once it is kept.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Operation;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Mail, Start, open};
use tenure_core::session::{Counters, Session, Write};
use tenure_replay::Instance;
use tenure_store::{StoreError, TurnDone, TurnOutcome, TurnRequest, Wake};
use tokio::sync::oneshot;

use super::super::live::{Live, write};
use super::super::order::{Begun, Ended, Key, StartAnswer, Started};
use super::super::step::{Kept, Next, Step, keep, next_wait};
use super::alone::Suspect;
use super::{Conductor, Done, Due};

/// Most steps that are handed to the store as one: those are told of together. The store works on them while the next ones
/// are stepped, so many fewer than are under way are best.
pub(super) const KEPT_TOGETHER: usize = 32;

impl Conductor {
    /// Begins an instance whose code is here.
    pub(super) fn begin(
        &mut self,
        begun: Box<Begun>,
        reply: oneshot::Sender<Result<StartAnswer, StoreError>>,
        ended: oneshot::Sender<Ended>,
    ) {
        let found = self.registry.orchestration(&begun.name, begun.version);
        let (Some((version, code)), None) = (found, &self.stopping) else {
            // Whoever asked leaves it to others.
            drop(reply.send(Ok(StartAnswer::NotHere(begun))));
            return;
        };
        let (id, whose) = (begun.id.clone(), (begun.namespace.clone(), begun.principal.clone()));
        let (opening, start) = begun.opening(version, self.engine.ids().seed(), self.now);
        let code = Instance::begin(id.clone(), &code, start.clone());
        let mut live = Live::new((id, whose, 1), code);
        live.opening = Some(Box::new((open(opening, true), start)));
        live.is_new = true;
        live.waiting.push(ended);
        let key = self.enter(live);
        self.starting.insert(key, reply);
        self.ready.push_back(key);
    }

    /// Runs what there is to run of an instance, and commits what came of it.
    pub(super) fn step(&mut self, key: Key) {
        if self.live.get(&key).is_some_and(|live| live.trial.is_some() && live.is_ready() && live.runs()) {
            self.try_code(key);
        } else {
            self.hear_reports(key);
            self.run_code(key);
        }
    }

    pub(super) fn run_code(&mut self, key: Key) {
        let Some((mut maker, live)) = self.made_with(key).filter(|(_, live)| live.is_ready()) else { return };
        match maker.step(key, live) {
            Ok(step) => self.commit(step),
            Err(problem) => self.block(key, &problem),
        }
    }

    pub(super) fn commit(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Hands what was stepped to the store, many steps at once.
    pub(super) fn commit_all(&mut self) {
        let mut steps = std::mem::take(&mut self.steps).into_iter();
        while steps.len() > 0 {
            let together: Vec<_> = steps.by_ref().take(KEPT_TOGETHER).collect();
            self.keep((together, Duration::ZERO));
        }
    }

    fn keep(&self, (steps, wait): (Vec<Step>, Duration)) {
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        let lapses = self.pulse.lapses();
        self.work.push(Box::pin(async move {
            let (kept, again) = keep(store, clock, (steps, wait)).await;
            Done::Kept { lapses, kept, again: (again, next_wait(wait)) }
        }));
    }

    pub(super) fn all_kept(&mut self, kept: Vec<Kept>, lapses: u64, again: (Vec<Step>, Duration)) {
        kept.into_iter().for_each(|kept| self.kept(kept, lapses));
        if !again.0.is_empty() {
            self.keep(again);
        }
    }

    fn kept(&mut self, (step, outcome): Kept, lapses: u64) {
        let key = step.key;
        match outcome {
            Ok(TurnOutcome::Committed(done)) => self.committed(step, &done, lapses),
            Ok(TurnOutcome::RevisionConflict { session }) => {
                let mut step = step;
                if self.live.contains_key(&key) {
                    let request = Arc::make_mut(&mut step.request);
                    request.expected = session.counters.revision;
                    request.session = Some(write(Write::of(*session), &step.intents, step.at));
                    self.commit(step);
                }
            }
            Ok(TurnOutcome::IdTaken { start: Some(at) }) => self.without_child(step, at),
            Ok(TurnOutcome::IdTaken { start: None }) => {
                self.leave(key);
                self.answer(key, Ok(StartAnswer::IdTaken));
            }
            Ok(TurnOutcome::Fenced { .. }) => {
                self.leave(key);
                self.answer(key, Err(StoreError::Closed));
            }
            Err(error) => {
                if let Some(handle) = self.live.get(&key).and_then(|live| live.handle) {
                    self.tell_blocked(handle, &error.to_string());
                }
                self.block_for_a_while(key);
                self.answer(key, Err(error));
            }
        }
    }

    /// A child whose id is in use is one that failed.
    pub(super) fn without_child(&mut self, mut step: Step, at: usize) {
        let Some(live) = self.live.get(&step.key) else { return };
        if at >= step.request.starts.len() {
            return;
        }
        let request = Arc::make_mut(&mut step.request);
        let refused = request.starts.remove(at);
        if let Some(op) = step.starters.remove(at) {
            let why = format!("the id {} is in use", refused.session.session.id);
            let result = Err(Failure::new(Cause::Unavailable, why));
            let execution = live.execution;
            let mail = Mail::ChildEnded { execution, op, result };
            request.sends.push((live.id.clone(), mail));
        }
        request.commit_id = self.engine.ids().commit_id();
        self.commit(step);
    }

    pub(super) fn committed(&mut self, step: Step, done: &TurnDone, lapses: u64) {
        let Step { key, request, next, .. } = step;
        // The store has let go of it.
        let mut request = Arc::unwrap_or_clone(request);
        self.wants_claim |= !request.starts.is_empty();
        self.uses = self.uses.wrapping_add(1);
        let Some(live) = self.live.get_mut(&key) else { return };
        live.is_committing = false;
        if live.trial.is_none() {
            self.alone.is_kept(key);
        }
        live.turn = live.turn.saturating_add(1);
        live.fence = done.fence;
        live.used = self.uses;
        if let Some(write) = request.session.take() {
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
                self.place(key, (&request.tasks, &done.placed), lapses);
                self.asked(key, &request);
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
    pub(super) fn asked(&mut self, key: Key, request: &TurnRequest) {
        let mut places: Vec<_> = request.tasks.iter().map(|task| task.op).collect();
        places.sort_unstable();
        let has_place = |op: &Operation| places.binary_search(op).is_ok();
        for event in &request.history {
            let Some(live) = self.live.get_mut(&key) else { return };
            match event {
                HistoryEvent::TaskScheduled(activity) if !has_place(&activity.op) => {
                    self.enqueue(key, activity.op);
                }
                HistoryEvent::TaskStarted { op, .. } if !has_place(op) => self.enqueue(key, *op),
                HistoryEvent::TaskRetried { op, due_at, .. } => {
                    self.due.push(Reverse((*due_at, Due::Attempt(key, *op))));
                }
                HistoryEvent::TaskCancelled { op } => {
                    if let Some(running) = live.running.remove(op) {
                        running.vitals.cancelled.cancel();
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
                _ => {}
            }
        }
    }

    /// An instance waits, unless something came in meanwhile.
    pub(super) fn after(&mut self, key: Key) {
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
    pub(super) fn anew(&mut self, key: Key, start: Start) {
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
        live.out.clear();
        live.asks.clear();
        live.reports.clear();
        self.room.leave(key);
        self.granted.retain(|granted| granted.key != key);
        self.alone.are_over(|suspect| matches!(suspect, Suspect::Here(of, _) if of == key));
        live.is_new = true;
        self.ready.push_back(key);
    }

    pub(super) fn terminate(&mut self, key: Key) {
        let Some((mut maker, live)) = self.made_with(key) else { return };
        if !live.is_committing && live.handle.is_some() {
            let step = maker.terminate(key, live);
            self.commit(step);
        }
    }
}
