//! Starting attempts and timers when they are due, and hearing of their end.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Operation;
use tenure_core::limits;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Payload};
use tenure_store::{Out, PinGrant, Placed, TaskRequest};
use tokio_util::sync::CancellationToken;

use super::super::attempt::{Attempt, Run, Vitals};
use super::super::live::{Granted, Report, Running, retry_note};
use super::super::order::{Key, Whose};
use super::alone::{ALONE_FROM, ALONE_WAITS, Suspect};
use super::{Conductor, Due};

impl Conductor {
    /// Begins what there is a slot for. Nothing begins once the worker's lease may be over.
    pub(super) fn start_attempts(&mut self) {
        if !self.is_trusted() {
            return;
        }
        while let Some(Granted { key, op, pin, lapses }) = self.granted.pop_front() {
            if lapses == self.pulse.lapses() {
                self.run_here((key, op), Some(pin), lapses);
            } else {
                // Its key may be somebody else's by now.
                drop(self.room.take((key, op)));
                self.start_attempt(key, op);
            }
        }
        while self.room.free_slots(0) > 0 {
            let Some((key, op)) = self.queued.pop_front() else { break };
            self.start_attempt(key, op);
        }
        self.start_tasks();
        self.start_crowds();
    }

    /// An activity is to be run: here as soon as there is a slot, or wherever its place is.
    pub(super) fn enqueue(&mut self, key: Key, op: Operation) {
        let Some(live) = self.live.get(&key) else { return };
        let Some(pending) = live.pending.activities().get(&op) else { return self.is_not_run(key, op) };
        if self.room.must_ask(&self.registry, (&live.namespace, &pending.activity)) {
            self.start_attempt(key, op);
        } else {
            self.queued.push_back((key, op));
        }
    }

    /// Whether instances of workers that are gone come in, or may: among them there may be code that is to be run first.
    pub(super) fn has_others_coming(&self) -> bool {
        self.is_claiming || self.loading.values().any(|is_rescued| *is_rescued)
    }

    /// Nobody waits for it any more.
    fn is_not_run(&mut self, key: Key, op: Operation) {
        self.alone.are_over(|suspect| suspect == Suspect::Here(key, op));
    }

    fn start_attempt(&mut self, key: Key, op: Operation) {
        let (now, has_others) = (self.now, self.has_others_coming());
        let Some(live) = self.live.get_mut(&key) else { return };
        let is_over = live.reports.iter().any(|report| report.op == op);
        let is_asked = live.asks.contains(&op);
        if is_over || is_asked || live.running.contains_key(&op) || live.out.contains_key(&op) {
            return;
        }
        if self.alone.is_at_code(key) {
            // Should the worker not survive what is run now, it was not this.
            self.due.push(Reverse((now.after(ALONE_WAITS), Due::Attempt(key, op))));
            return;
        }
        let Some(pending) = live.pending.begin(op, now) else { return self.is_not_run(key, op) };
        let suspicion = pending.suspicion();
        if suspicion > limits::RESCUES_MAX {
            live.told.push(HistoryEvent::TaskFailed { op, failure: poisoned(suspicion) });
            self.ready.push_back(key);
            return;
        }
        if suspicion >= ALONE_FROM && !self.alone.admits(Suspect::Here(key, op), has_others) {
            self.due.push(Reverse((now.after(ALONE_WAITS), Due::Attempt(key, op))));
            return;
        }
        let must_ask = self.room.must_ask(&self.registry, (&live.namespace, &pending.activity));
        if must_ask || (pending.attempt > 1 && !pending.is_started) {
            // That it begins is recorded first, so that it is known who was under way if nobody survives it. The same
            // commit asks for its place.
            live.asides.push(HistoryEvent::TaskStarted { op, attempt: pending.attempt });
            if must_ask {
                live.asks.insert(op);
            }
            self.ready.push_back(key);
            return;
        }
        self.run_here((key, op), None, self.pulse.lapses());
    }

    /// What a commit asked a place for has one.
    pub(super) fn place(&mut self, key: Key, (tasks, placed): (&[TaskRequest], &[Placed]), lapses: u64) {
        let Some(live) = self.live.get_mut(&key) else { return };
        for (asked, placed) in tasks.iter().zip(placed) {
            let TaskRequest { op, attempt, .. } = *asked;
            match placed {
                Placed::Here(pin) => {
                    self.granted.push_back(Granted { key, op, pin: pin.clone(), lapses });
                }
                Placed::Left(task) => {
                    drop(self.room.take((key, op)));
                    self.alone.are_over(|suspect| suspect == Suspect::Here(key, op));
                    live.out.insert(op, Out { task: *task, op, attempt });
                }
            }
        }
    }

    /// Runs an activity of an instance here.
    fn run_here(&mut self, (key, op): (Key, Operation), pin: Option<PinGrant>, lapses: u64) {
        let in_use = self.room.take((key, op));
        let now = self.now;
        let Some(live) = self.live.get_mut(&key) else { return };
        // It has begun already under another grant.
        if live.running.contains_key(&op) {
            return;
        }
        let Some(pending) = live.pending.activities().get(&op) else { return self.is_not_run(key, op) };
        let Some(code) = self.registry.activity(&pending.activity.name) else { return };
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
            pin,
            trace: pending.activity.trace,
            whose: Whose::Here { key, op, number },
            inputs: self.sender.clone(),
        };
        let grace = self.options.cancel_grace;
        let pulse = Arc::clone(&self.pulse);
        let activity = Arc::clone(&pending.activity);
        let run = Run { attempt, activity, code, grace, in_use, pulse, lapses };
        if let Some(limit) = pending.activity.heartbeat_timeout {
            self.due.push(Reverse((now.after(limit), Due::Silence(key, op, number))));
        }
        let running = Running { number, vitals: Vitals::new(cancelled, now) };
        live.running.insert(op, running);
        self.room.running += 1;
        self.launch(run);
    }

    /// An attempt has ended, and its slot is free.
    pub(super) fn tried(&mut self, whose: Whose, result: Result<Payload, Failure>) {
        self.free_slot();
        match whose {
            Whose::Here { key, op, number } => self.tried_here(key, (op, number), result),
            Whose::Task { task, fence } => self.tried_task((task, fence), result),
        }
    }

    fn free_slot(&mut self) {
        self.room.running = self.room.running.saturating_sub(1);
        self.wants_tasks |= self.is_freed();
    }

    /// An attempt did not begin: it is asked for again.
    pub(super) fn unbegun(&mut self, whose: Whose) {
        self.free_slot();
        let (key, op, number) = match whose {
            Whose::Here { key, op, number } => (key, op, number),
            Whose::Task { task, fence } => return self.unbegun_task((task, fence)),
        };
        let Some(live) = self.live.get_mut(&key) else { return };
        match live.running.get(&op).map(|running| running.number) {
            Some(begun) if begun == number => {
                live.running.remove(&op);
                self.enqueue(key, op);
            }
            Some(_later) => {}
            None => self.is_not_run(key, op),
        }
    }

    fn tried_here(&mut self, key: Key, (op, number): (Operation, u32), result: Result<Payload, Failure>) {
        let Some(live) = self.live.get_mut(&key) else { return };
        match live.running.get(&op).map(|running| running.number) {
            Some(begun) if begun == number => {}
            Some(_later) => return,
            None => return self.is_not_run(key, op),
        }
        let was_alone = self.alone.are_over(|suspect| suspect == Suspect::Here(key, op));
        let said = live.running.remove(&op).and_then(|running| running.vitals.said);
        self.judge(key, Report { op, number, said, result });
        if was_alone {
            self.hear_first(key);
        }
    }

    /// Judges what others ran as if it had been run here.
    pub(super) fn hear_reports(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(&key).filter(|live| !live.is_committing) else { return };
        for report in std::mem::take(&mut live.reports) {
            let Some(live) = self.live.get_mut(&key) else { return };
            live.out.remove(&report.op);
            if !live.running.contains_key(&report.op) {
                self.judge(key, report);
            }
        }
    }

    /// Says whether an attempt that is over was the last.
    fn judge(&mut self, key: Key, Report { op, number, said, result }: Report) {
        let now = self.now;
        let Some(live) = self.live.get_mut(&key) else { return };
        let Some(pending) = live.pending.activities().get(&op) else { return };
        match result {
            Ok(result) => live.told.push(HistoryEvent::TaskCompleted { op, result }),
            Err(failure) => {
                let random = self.engine.ids().random();
                let chance = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
                // Those that their worker did not survive have a limit of their own.
                let failed = number.saturating_sub(pending.rescues_at(number));
                let wait = pending.activity.retry.wait_after(failed, chance);
                match wait.filter(|_| failure.cause.may_be_retried()) {
                    Some(wait) => {
                        let due_at = now.after(wait);
                        // What was told to the attempt itself is recorded already.
                        let said = said.filter(|said| pending.details.as_ref() != Some(said));
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
                        self.wait_alone(key);
                    }
                }
                Due::Attempt(key, op) => self.enqueue(key, op),
                Due::Silence(key, op, number) => self.silent(key, (op, number)),
                Due::Record(key, op) => self.record(key, op),
                Due::TaskSilence(task, fence) => self.silent_task(task, fence),
                Due::TaskRecord(task, fence) => self.record_task(task, fence),
                Due::Mail => self.wants_mail = true,
                Due::Register => self.register(),
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
    pub(super) fn heard(&mut self, whose: Whose, details: Option<Payload>) {
        let now = self.now;
        let (key, op, number) = match whose {
            Whose::Here { key, op, number } => (key, op, number),
            Whose::Task { task, fence } => return self.heard_task((task, fence), details),
        };
        let running = self.live.get_mut(&key).and_then(|live| live.running.get_mut(&op));
        let Some(running) = running.filter(|running| running.number == number) else { return };
        let records_at = running.vitals.hear(details, now);
        self.due.extend(records_at.map(|at| Reverse((at, Due::Record(key, op)))));
    }

    /// Records what an attempt said, so that the next one can read it even if this process dies.
    fn record(&mut self, key: Key, op: Operation) {
        let Some(live) = self.live.get_mut(&key) else { return };
        let Some(running) = live.running.get_mut(&op) else { return };
        if let Some(details) = running.vitals.record(self.now) {
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
        let silent_until = running.vitals.silent_until(limit);
        if silent_until > self.now {
            self.due.push(Reverse((silent_until, Due::Silence(key, op, number))));
            return;
        }
        running.vitals.cancelled.cancel();
        // Its slot is free when it has stopped; what it says then is not heard.
        self.tried_here(key, (op, number), Err(unheard(limit)));
    }
}

/// An activity that nobody survives.
pub(super) fn poisoned(rescues: u32) -> Failure {
    Failure::new(Cause::Poisoned, format!("whoever ran it did not survive it, {rescues} times"))
}

/// An attempt that was silent for too long.
pub(super) fn unheard(limit: Duration) -> Failure {
    Failure::new(Cause::TimedOut, format!("nothing heard of it within {limit:?}"))
}
