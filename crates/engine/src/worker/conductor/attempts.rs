//! Starting attempts and timers when they are due, and hearing of their end.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Operation;
use tenure_core::limits;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Payload};
use tokio_util::sync::CancellationToken;

use super::super::attempt::{self, Attempt, Run};
use super::super::live::{Running, retry_note};
use super::super::order::Key;
use super::super::spawn::spawn;
use super::{Conductor, Due};

/// How long an activity waits whose code is missing.
const MISSING_FOR: Duration = Duration::from_secs(5);

impl Conductor {
    pub(super) fn start_attempts(&mut self) {
        while self.running < self.options.slots {
            let Some((key, op)) = self.queued.pop_front() else { return };
            self.start_attempt(key, op);
        }
    }

    pub(super) fn start_attempt(&mut self, key: Key, op: Operation) {
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

    /// An attempt is over.
    pub(super) fn tried(
        &mut self,
        key: Key,
        (op, number): (Operation, u32),
        result: Result<Payload, Failure>,
    ) {
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
                let wait = pending.activity.retry.wait_after(number, chance);
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

    /// Does what is due.
    pub(super) fn fire(&mut self) {
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
}
