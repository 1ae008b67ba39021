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

/// An activity that so many workers did not survive is run while no other such activity is.
const ALONE_FROM: u32 = 3;
/// How long one waits while another is run.
const ALONE_WAITS: Duration = Duration::from_millis(100);
/// How often it is recorded what an attempt says.
const RECORDS_EVERY: Duration = Duration::from_secs(1);
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
        let Some(pending) = live.pending.begin(op, now) else { return };
        if pending.rescues > limits::RESCUES_MAX {
            let why = format!("whoever ran it did not survive it, {} times", pending.rescues);
            live.told.push(HistoryEvent::TaskFailed { op, failure: Failure::new(Cause::Poisoned, why) });
            self.ready.push_back(key);
            return;
        }
        if pending.rescues >= ALONE_FROM && self.suspect.is_some_and(|suspect| suspect != (key, op)) {
            // Whichever of them it is that nobody survives, it is found by running them one at a time.
            self.due.push(Reverse((now.after(ALONE_WAITS), Due::Attempt(key, op))));
            return;
        }
        let Some(code) = self.registry.activity(&pending.activity.name) else {
            self.due.push(Reverse((now.after(MISSING_FOR), Due::Attempt(key, op))));
            return;
        };
        if pending.rescues >= ALONE_FROM {
            self.suspect = Some((key, op));
        }
        if pending.attempt > 1 && !pending.is_started {
            // That it begins is recorded first, so that it is known who was under way if nobody survives it.
            live.asides.push(HistoryEvent::TaskStarted { op, attempt: pending.attempt });
            self.ready.push_back(key);
            return;
        }
        let (number, cancelled) = (pending.attempt, CancellationToken::new());
        let attempt = Attempt {
            session: live.id.clone(),
            execution: live.execution,
            op,
            name: pending.activity.name.clone(),
            number,
            fence: live.fence,
            cancelled: cancelled.clone(),
            details: pending.details.clone(),
            key,
            inputs: self.sender.clone(),
        };
        let grace = self.options.cancel_grace;
        let run = Run { key, attempt, activity: Arc::clone(&pending.activity), code, grace };
        if let Some(limit) = pending.activity.heartbeat_timeout {
            self.due.push(Reverse((now.after(limit), Due::Silence(key, op, number))));
        }
        let running = Running { number, cancelled, heard_at: now, said: None, records_at: now };
        live.running.insert(op, running);
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
        self.suspect = self.suspect.filter(|suspect| *suspect != (key, op));
        let now = self.now;
        let Some(live) = self.live.get_mut(&key) else { return };
        if live.running.get(&op).is_none_or(|running| running.number != number) {
            return;
        }
        let said = live.running.remove(&op).and_then(|running| running.said);
        let Some(pending) = live.pending.activities().get(&op) else { return };
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
                        live.asides.extend(said.map(|details| HistoryEvent::TaskHeartbeat { op, details }));
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
                    if live.pending.timers().contains_key(&op) {
                        live.told.push(HistoryEvent::TimerFired { op });
                        self.ready.push_back(key);
                    }
                }
                Due::Attempt(key, op) => self.queued.push_back((key, op)),
                Due::Silence(key, op, number) => self.silent(key, (op, number)),
                Due::Record(key, op) => self.record(key, op),
                Due::End(key) => {
                    let is_due = self.live.get(&key).and_then(|live| live.ends_at);
                    if is_due.is_some_and(|at| at <= self.now) {
                        self.terminate(key);
                    }
                }
            }
        }
    }

    /// An attempt is there.
    pub(super) fn heard(&mut self, key: Key, (op, number): (Operation, u32), details: Option<Payload>) {
        let now = self.now;
        let running = self.live.get_mut(&key).and_then(|live| live.running.get_mut(&op));
        let Some(running) = running.filter(|running| running.number == number) else { return };
        running.heard_at = now;
        if let Some(details) = details
            && running.said.replace(details).is_none()
        {
            self.due.push(Reverse((running.records_at, Due::Record(key, op))));
        }
    }

    /// Records what an attempt said, so that the next one can read it even if this process dies.
    fn record(&mut self, key: Key, op: Operation) {
        let Some(live) = self.live.get_mut(&key) else { return };
        let Some(running) = live.running.get_mut(&op) else { return };
        if let Some(details) = running.said.take() {
            running.records_at = self.now.after(RECORDS_EVERY);
            live.asides.push(HistoryEvent::TaskHeartbeat { op, details });
            self.ready.push_back(key);
        }
    }

    /// An attempt that was silent for too long is over.
    fn silent(&mut self, key: Key, (op, number): (Operation, u32)) {
        let Some(live) = self.live.get_mut(&key) else { return };
        let running = live.running.get(&op).filter(|running| running.number == number);
        let limit = live.pending.activities().get(&op).and_then(|pending| pending.activity.heartbeat_timeout);
        let (Some(running), Some(limit)) = (running, limit) else { return };
        let silent_until = running.heard_at.after(limit);
        if silent_until > self.now {
            self.due.push(Reverse((silent_until, Due::Silence(key, op, number))));
            return;
        }
        running.cancelled.cancel();
        // Its slot is free when it has stopped; what it says then is not heard.
        self.running += 1;
        let failure = Failure::new(Cause::TimedOut, format!("nothing heard of it within {limit:?}"));
        self.tried(key, (op, number), Err(failure));
    }
}
