//! Instances that workers did not survive.
//!
//! Whoever takes an instance from a worker that is gone records that first. Where several are gone, one after the other,
//! and the code came to the end of no turn in between, its code is on trial: it is run, its history included, only once
//! that is recorded as well, and one such instance after the other. The one whose code so many workers were at is given
//! up; the others, which were only there, come to the end of a turn.

use std::sync::Arc;

use tenure_core::id::{Revision, SessionId};
use tenure_core::limits;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent};
use tenure_replay::{Code, Instance, Losses};
use tenure_store::{Claimed, Ground, HistoryPage, StoreError, TurnOutcome, TurnRequest, Wake};

use super::super::live::{Stage, Trial};
use super::super::order::Key;
use super::alone::ALONE_FROM;
use super::tasks::persist;
use super::{Conductor, Done};

impl Conductor {
    /// Says that an instance was taken from a worker that is gone, before anything of it goes on.
    pub(super) fn rescue(&mut self, claimed: Claimed, page: HistoryPage) {
        self.loading.insert(claimed.handle, true);
        let Claimed { handle, fence, turn, .. } = claimed;
        let request = TurnRequest {
            commit_id: self.engine.ids().commit_id(),
            ground: Ground::Held { handle, fence, turn },
            worker: Some(self.worker),
            session: None,
            expected: Revision(0),
            history: vec![HistoryEvent::ExecutionRescued],
            taken: Vec::new(),
            starts: Vec::new(),
            sends: Vec::new(),
            tasks: Vec::new(),
            withdrawn: Vec::new(),
            // Whatever it waits for: should this worker be gone as well, somebody else looks.
            wake: Wake::Now,
        };
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        let request = Arc::new(request);
        self.work.push(Box::pin(async move {
            let outcome = persist(clock, || async {
                let outcome = store.commit_turns(vec![Arc::clone(&request)]).await.pop();
                outcome.unwrap_or(Err(StoreError::Closed))
            });
            Done::Rescued(Box::new(claimed), page, outcome.await)
        }));
    }

    /// It is said, and the instance goes on here.
    pub(super) fn rescued(
        &mut self,
        mut claimed: Claimed,
        mut page: HistoryPage,
        outcome: Result<TurnOutcome, StoreError>,
    ) {
        self.loading.remove(&claimed.handle);
        match outcome {
            Ok(TurnOutcome::Committed(done)) => {
                page.turns.push(vec![HistoryEvent::ExecutionRescued]);
                (claimed.turn, claimed.fence) = (claimed.turn.saturating_add(1), done.fence);
                self.bring_in(claimed, page);
            }
            // It is somebody else's by now.
            Ok(_) => drop(self.early.remove(&claimed.handle)),
            Err(error) => self.set_aside(&claimed, &error.to_string()),
        }
    }

    /// Has an instance whose code is on trial wait until it is the only one, then says that its code is about to be run,
    /// then runs it. What happens beside the code is recorded meanwhile: an activity of it may wait for that.
    pub(super) fn try_code(&mut self, key: Key) {
        self.wait_alone(key);
        let Some(live) = self.live.get(&key) else { return };
        if live.is_announced() {
            self.run_tried(key);
        } else if live.asides.iter().any(|aside| matches!(aside, HistoryEvent::TaskStarted { .. })) {
            // By itself: what begins with it must not look as if it were the code.
            self.record_beside(key);
        } else if self.alone.admits_code(key) {
            self.announce(key);
        }
    }

    fn record_beside(&mut self, key: Key) {
        if let Some((mut maker, live)) = self.made_with(key) {
            let step = maker.record(key, live);
            self.commit(step);
        }
    }

    /// From now on no activity that is to be run alone begins before its code was run, if there is something for that to do.
    pub(super) fn wait_alone(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(&key).filter(|live| live.runs()) else { return };
        if let Some(trial) = live.trial.as_mut().filter(|trial| trial.stage == Stage::Rests) {
            trial.stage = Stage::Waits;
            self.alone.wait(key);
        }
    }

    /// The code of an instance that is on trial is told of an activity that was run alone before any other is run.
    pub(super) fn hear_first(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(&key).filter(|live| live.runs()) else { return };
        if let Some(trial) = live.trial.as_mut().filter(|trial| trial.stage != Stage::Announced) {
            trial.stage = Stage::Waits;
            self.alone.wait_first(key);
        }
    }

    fn announce(&mut self, key: Key) {
        let Some((mut maker, live)) = self.made_with(key) else { return };
        let Some(trial) = &mut live.trial else { return };
        let step = if trial.attempts < limits::RESCUES_MAX {
            trial.stage = Stage::Announced;
            live.asides.push(HistoryEvent::TurnAttempted);
            maker.record(key, live)
        } else {
            let failure = Failure::new(
                Cause::Poisoned,
                format!("whoever ran its code did not survive it, {} times", trial.attempts),
            );
            maker.give_up(key, live, failure)
        };
        self.commit(step);
    }

    fn run_tried(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(&key) else { return };
        let Some(trial) = live.trial.take() else { return };
        match Instance::replay(live.id.clone(), &trial.code, &trial.history) {
            Ok(code) => {
                live.code = code;
                self.hear_reports(key);
                self.run_code(key);
            }
            Err(problem) => self.block(key, &problem),
        }
    }
}

/// An execution whose code is to be run alone, if it is one.
pub(super) fn on_trial(
    id: &SessionId,
    code: &Code,
    history: &[Vec<HistoryEvent>],
) -> Option<(Instance, Box<Trial>)> {
    let losses = Losses::of(history);
    // Whoever was at its code and gave it back survived it.
    let is_suspected = losses.rescues >= ALONE_FROM && !losses.is_attempted;
    let start = history.iter().flatten().next().filter(|_| is_suspected)?;
    let HistoryEvent::ExecutionStarted(start) = start else { return None };
    let unrun = Instance::begin(id.clone(), code, (**start).clone());
    let (attempts, code, history) = (losses.attempts, Arc::clone(code), history.to_vec());
    Some((unrun, Box::new(Trial { stage: Stage::Rests, attempts, code, history })))
}
