//! The runner: one loop over everything that can happen to a held, guarded command.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tenure_core::event::{Request, TerminalEvent};
use tenure_core::lease::RunTimes;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Exit};
use tenure_engine::{Engine, EngineError, LeaseEvent, Loss, Target};
use tenure_guard::signals::Caught;
use tenure_guard::{BootTime, Console, Control, Ended, GuardEvent, StartFailure, Unshown};

use super::happening::Happening;
use super::notice::Notices;
use super::record::Recorder;
use super::suspend::{SitterFailed, Sitters};
use crate::args::run::OnLost;

/// Why the command was stopped by us.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stopped {
    /// The lease could not be renewed in time.
    Overdue,
    /// The lease is lost.
    Lost,
}

/// How the command came to its end.
#[derive(Debug, Default)]
pub(super) struct End {
    /// How the command itself ended, if it ever ran.
    pub(super) ended: Option<Ended>,
    /// Why it could not be started.
    pub(super) failure: Option<StartFailure>,
    /// What went wrong with running it at all.
    pub(super) broken: Option<anyhow::Error>,
    /// Why we stopped it.
    pub(super) stopped: Option<Stopped>,
    /// The signal by which a person gave up waiting for a place, before the command was started.
    pub(super) gave_up: Option<i32>,
    /// Whether this run is shutting down: the command may go on later.
    pub(super) shuts_down: bool,
    /// How the lease was lost, as far as we heard.
    pub(super) loss: Option<Loss>,
    /// Bytes of output that were not recorded.
    pub(super) lost_bytes: u64,
    /// Output that could not be shown.
    pub(super) unshown: Vec<Unshown>,
    /// When somebody last asked the run to end.
    pub(super) asked_at: Option<BootTime>,
    /// Until when the store is waited for, once the command has ended.
    pub(super) give_up_at: Option<BootTime>,
}

impl End {
    /// Until when the store is waited for, if it does not take the rest of the output: one ttl from the first
    /// time that this is asked, or one grace if somebody has just asked for this end and waits for it.
    pub(super) fn give_up_at(&mut self, times: RunTimes) -> BootTime {
        let now = BootTime::now();
        let is_awaited =
            self.asked_at.is_some_and(|at| now.saturating_since(at) <= times.grace() + GUARD_PATIENCE);
        let patience = if is_awaited { times.grace() } else { times.ttl().length() };
        *self.give_up_at.get_or_insert_with(|| now.saturating_add(patience))
    }

    /// Whether the command was interrupted by a shutdown, rather than having come to an end of its own.
    pub(super) fn is_interrupted(&self) -> bool {
        self.shuts_down
            && self.failure.is_none()
            && self.ended.is_none_or(|ended| exit(ended).is_interruption())
    }

    /// What came in while nobody listened any more. A machine that shuts down tells the command and this process at
    /// the same time, and the command may be the first to end.
    pub(super) fn hear_late(&mut self, happenings: &Receiver<Happening>) {
        let shuts_down = |happening: Happening| match happening {
            Happening::Signal(caught) => is_one_of(&SHUTTING_DOWN, caught),
            Happening::Asked(request) => request == Request::Stop,
            Happening::Guard(_) | Happening::Lease(_) | Happening::Place(_) => false,
        };
        self.shuts_down |= happenings.try_iter().any(shuts_down);
    }
}

/// A held session with a guarded command.
pub(super) struct Runner<'a> {
    /// Runs short commands on the session.
    pub(super) runtime: &'a tokio::runtime::Runtime,
    /// The engine.
    pub(super) engine: &'a Engine,
    /// The guard.
    pub(super) control: Control,
    /// The terminal or pipes.
    pub(super) console: &'a Console,
    /// The recording.
    pub(super) recorder: &'a Recorder,
    /// Who keeps the lease while we are stopped.
    pub(super) sitters: Sitters,
    /// What is said to people.
    pub(super) notices: Notices,
    /// What is known of the end so far.
    pub(super) end: End,
    /// Whether going on takes a place in a group.
    pub(super) is_in_group: bool,
    /// The guard's process.
    pub(super) guard_pid: u32,
    /// When a guard that was told to stop the command, and has not, is killed itself.
    pub(super) guard_ends_at: Option<BootTime>,
}

/// How much longer than the grace a guard may take to end the tree.
const GUARD_PATIENCE: Duration = Duration::from_secs(2);

/// The signals by which a run is asked to end.
pub(super) const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP];
/// Those that mean that this process has to go, and the work may go on later.
pub(super) const SHUTTING_DOWN: [Signal; 2] = [Signal::TERM, Signal::HUP];

/// Whether it is one of these.
pub(super) fn is_one_of(signals: &[Signal], caught: Caught) -> bool {
    signals.iter().any(|signal| signal.as_raw() == caught.signal)
}

impl Runner<'_> {
    /// Reacts to everything until nothing of the command's tree is left.
    pub(super) fn run(mut self, happenings: &Receiver<Happening>) -> End {
        while let Some(happening) = self.next(happenings) {
            match happening {
                Happening::Guard(GuardEvent::TreeGone) => break,
                Happening::Guard(event) => self.guard(event),
                Happening::Signal(caught) => self.signal(caught),
                Happening::Lease(event) => self.lease(event),
                Happening::Asked(request) => self.asked(request),
                // It was heard before the command was started.
                Happening::Place(_) => {}
            }
        }
        self.end
    }

    /// The next thing that happens. A guard that does not do as it was told in time is not waited for.
    fn next(&mut self, happenings: &Receiver<Happening>) -> Option<Happening> {
        loop {
            let Some(at) = self.guard_ends_at else {
                return happenings.recv().ok();
            };
            match happenings.recv_timeout(at.saturating_since(BootTime::now())) {
                Ok(happening) => return Some(happening),
                Err(RecvTimeoutError::Disconnected) => return None,
                // The command dies with its guard, and what is left of the tree falls to this process.
                Err(RecvTimeoutError::Timeout) => self.kill_guard(),
            }
        }
    }

    fn kill_guard(&mut self) {
        self.guard_ends_at = None;
        let pid = i32::try_from(self.guard_pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A guard that is gone is what this is for.
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    fn stop(&mut self) {
        drop(self.control.stop());
        let patience = self.sitters.granted.kept.times.grace().saturating_add(GUARD_PATIENCE);
        self.guard_ends_at.get_or_insert_with(|| BootTime::now().saturating_add(patience));
    }

    fn guard(&mut self, event: GuardEvent) {
        match event {
            GuardEvent::Failed(failure) => self.end.failure = Some(failure),
            GuardEvent::Stopped { signal } => self.job_stopped(signal),
            GuardEvent::Frozen => self.settle("pause", |fence| Command::Pause { fence, reason: asked() }),
            GuardEvent::Thawed => self.settle("resume", |fence| Command::Resume { fence, reason: asked() }),
            GuardEvent::Exited(ended) => self.end.ended = Some(ended),
            GuardEvent::Overdue { .. } => {
                self.notices.say("the lease could not be renewed in time: the command is being stopped");
                self.end.stopped.get_or_insert(Stopped::Overdue);
            }
            GuardEvent::GuardLost => {
                self.notices.say("the command's guard is gone: the command is being killed");
            }
            GuardEvent::Started { .. } | GuardEvent::Continued | GuardEvent::TreeGone => {}
        }
    }

    /// Job control stopped the command; this process stops with it, as the shell expects.
    fn job_stopped(&self, signal: i32) {
        self.console.leave();
        match self.sitters.stop_self(signal) {
            Ok(None) => {}
            Ok(Some(SitterFailed { status, said })) => {
                let why = if said.is_empty() { status.to_string() } else { said.join("; ") };
                let why = why.trim_start_matches("error: ");
                self.notices.say(&format!("the lease was not kept while this was stopped: {why}"));
            }
            Err(error) => self.notices.say(&format!("cannot stop with the command: {error}")),
        }
        if let Err(error) = self.console.enter() {
            self.notices.say(&format!("cannot take the terminal back: {error}"));
        }
        // A guard that is gone is reported by its own event.
        drop(self.control.resume());
    }

    fn signal(&mut self, caught: Caught) {
        if is_one_of(&ENDING, caught) {
            self.end.asked_at = Some(BootTime::now());
        }
        // The whole tree gets SIGTERM by that; twice would be one too many.
        if caught.signal == Signal::TERM.as_raw() {
            return self.shut_down();
        }
        if let Ok(Some(size)) = self.console.pass(&self.control, caught) {
            self.recorder.fact(TerminalEvent::Resized { cols: size.columns, rows: size.rows });
        }
        if is_one_of(&SHUTTING_DOWN, caught) {
            self.shut_down();
        }
    }

    /// Ends the command. What it is that has ended by that, its end tells.
    fn shut_down(&mut self) {
        self.end.shuts_down = true;
        self.end.asked_at = Some(BootTime::now());
        self.stop();
    }

    fn lease(&mut self, event: LeaseEvent) {
        match event {
            LeaseEvent::Trusted { .. } => {}
            LeaseEvent::Jeopardy { error } => {
                self.notices.say(&format!("the lease is in danger: failed to {error}"));
            }
            LeaseEvent::Lost(loss) => self.lost(loss),
        }
    }

    /// The log and the keeper may both tell of it. The second one counts only if it knows more.
    fn lost(&mut self, loss: Loss) {
        if self.end.loss.as_ref().is_some_and(|known| known.is_told() || !loss.is_told()) {
            return;
        }
        let what = what_happened(&loss);
        if self.end.loss.replace(loss).is_some() {
            return;
        }
        self.recorder.abandon();
        if self.sitters.granted.on_lost == OnLost::Stop {
            self.notices.say(&format!("{what}: the command is being stopped"));
            self.stop();
        } else {
            self.notices.say(&format!("{what}; the command goes on, unrecorded"));
        }
        self.end.stopped.get_or_insert(Stopped::Lost);
    }

    fn asked(&mut self, request: Request) {
        // A guard that is gone is reported by its own event.
        match request {
            Request::Pause => drop(self.control.freeze()),
            Request::Resume => self.go_on(),
            Request::Stop => self.shut_down(),
        }
    }

    /// Goes on with what was paused. In a group that takes a place, before anything moves.
    fn go_on(&self) {
        if self.is_in_group {
            let kept = self.sitters.granted.kept;
            let command = Command::Resume { fence: kept.fence, reason: asked() };
            let target = Target::Session(kept.handle);
            match self.runtime.block_on(self.engine.apply(&target, &command)) {
                Err(EngineError::Refused { refusal: Refusal::GroupFull(full), .. }) => {
                    let place = format!("group `{}` has no place", full.group);
                    return self.notices.say(&format!("{place}: the command stays paused"));
                }
                Ok(_) | Err(EngineError::Refused { .. }) => {}
                Err(error) => return self.notices.say(&format!("failed to record the resume: {error}")),
            }
        }
        drop(self.control.thaw());
    }

    /// Writes a transition of ours. Asked for twice, the second is refused, and that is as well.
    fn settle(&self, verb: &str, command: impl Fn(tenure_core::id::Fence) -> Command) {
        let kept = self.sitters.granted.kept;
        let (target, command) = (Target::Session(kept.handle), command(kept.fence));
        match self.runtime.block_on(self.engine.apply(&target, &command)) {
            Ok(_) | Err(EngineError::Refused { .. }) => {}
            Err(error) => self.notices.say(&format!("failed to record the {verb}: {error}")),
        }
    }
}

/// In a few words; who did it and why is said at the end.
fn what_happened(loss: &Loss) -> String {
    match loss {
        Loss::Ended { state, .. } => format!("the session is {}", state.name()),
        Loss::TakenOver { .. } => "the session was taken over".to_owned(),
        Loss::HandedOver { .. } => "the session was handed over to another store".to_owned(),
        Loss::Refused(_) | Loss::Store(_) => "the session is no longer ours".to_owned(),
    }
}

fn asked() -> String {
    "requested".to_owned()
}

/// The end of a command in the words of the log.
pub(super) fn exit(ended: Ended) -> Exit {
    match ended {
        Ended::Code(code) => Exit::Code(code),
        Ended::Signal(signal) => Exit::Signal(signal),
    }
}
