//! The guard's loop: what the runner says, what the tree does, what the clock demands.

mod obey;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};
use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::alarm::Alarm;
use super::begin::{Begun, Briefing, begin};
use super::ending::{Ending, Order};
use super::freezer::Freezer;
use super::front::Front;
use super::outbox::Outbox;
use super::unblock::Blockade;
use crate::frame::decode_event;
use crate::link::{Inbox, Incoming};
use crate::plan::{Program, Seat};
use crate::{BootTime, Ended, GuardEvent, signals, tree};

/// How long the dead are taken away before the living are looked at again: a tree may bring forth more and more.
const REAPING_MAX: Duration = Duration::from_millis(20);

/// How soon those being killed are searched again: quickly while they die, slowly while they do not.
const KILL_INTERVAL_MIN: Duration = Duration::from_millis(1);
const KILL_INTERVAL_MAX: Duration = Duration::from_millis(50);

type Caught = SignalDelivery<UnixStream, SignalOnly>;

/// What reaping found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Children {
    /// None is left, so nothing of the tree is.
    Gone,
    /// Those that are left live.
    Quiet,
    /// There may be more dead ones.
    MoreDead,
}

#[derive(Debug)]
pub(super) struct Watchman {
    /// `None` once the runner is gone.
    inbox: Option<Inbox>,
    outbox: Outbox,
    signals: Caught,
    alarm: Alarm,
    ending: Ending,
    seat: Seat,
    front: Front,
    stage_program: Program,
    freezer: Freezer,
    main: Option<Pid>,
    stage: Option<Inbox>,
    /// The command never ran, so its end is no news.
    failed: bool,
    kill_interval: Duration,
    hold: Option<OwnedFd>,
    blockade: Blockade,
    /// The runner did not move the deadline in time.
    overdue: bool,
}

/// None of these may end or stop the guard. They are caught rather than ignored, because what is ignored
/// stays ignored in the command; what was ignored already stays so in both.
pub(super) fn catch_signals() -> io::Result<Caught> {
    let (near, far) = UnixStream::pair()?;
    let numbers = signals::wanted(&[
        SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD,
    ]);
    SignalDelivery::with_pipe(near, far, SignalOnly, numbers)
}

impl Watchman {
    pub(super) fn new(inbox: Inbox, signals: Caught, briefing: &Briefing) -> io::Result<Self> {
        Ok(Self {
            inbox: Some(inbox),
            outbox: Outbox::default(),
            signals,
            alarm: Alarm::new()?,
            ending: Ending::new(briefing.deadline, briefing.plan.grace),
            seat: briefing.plan.seat,
            front: Front::default(),
            stage_program: briefing.plan.stage.clone(),
            freezer: Freezer::default(),
            main: None,
            stage: None,
            failed: false,
            kill_interval: KILL_INTERVAL_MIN,
            hold: Some(briefing.hold.try_clone()?),
            blockade: Blockade::new(&briefing.plan.shared_locks),
            overdue: false,
        })
    }

    /// Starts the command, or reports why not and ends what there is of it.
    pub(super) fn begin(&mut self, briefing: Briefing) {
        match begin(&briefing) {
            Ok(Begun { main, stage }) => {
                self.main = Some(main);
                self.stage = Some(stage);
            }
            Err(failure) => {
                self.fail(GuardEvent::Failed(failure));
                self.end();
            }
        }
    }

    /// Returns when the tree is gone and the runner, if there is one, has been told.
    pub(super) fn run(&mut self) -> io::Result<()> {
        loop {
            self.hear_signals();
            self.hear_stage();
            self.hear_runner();
            self.obey_clock();
            if self.ending.is_killing() {
                tree::kill(&[]);
            }
            let limit = match self.reap() {
                Children::Gone => return self.say_goodbye(),
                Children::Quiet => self.next_search(),
                Children::MoreDead => Some(Duration::ZERO),
            };
            self.send();
            self.wait(limit)?;
        }
    }

    fn hear_signals(&mut self) {
        if self.signals.pending().any(|signal| signal == SIGTERM) {
            self.end();
        }
    }

    /// The stage's socket closes when the command is executed.
    fn hear_stage(&mut self) {
        let Some(stage) = &mut self.stage else { return };
        match stage.try_next() {
            Ok(Incoming::Nothing) => return,
            Ok(Incoming::Frame(frame)) => match decode_event(&frame) {
                Ok(failed @ GuardEvent::Failed(_)) => self.fail(failed),
                Ok(_) | Err(_) => self.end(),
            },
            Ok(Incoming::Closed) => {
                let pid = self.main.map_or(0, |main| main.as_raw_nonzero().get().unsigned_abs());
                self.outbox.push(GuardEvent::Started { pid });
            }
            Err(_) => self.end(),
        }
        self.stage = None;
    }

    fn fail(&mut self, event: GuardEvent) {
        self.failed = true;
        self.outbox.push(event);
    }

    fn end(&mut self) {
        if let Some(order) = self.ending.begin(BootTime::now()) {
            self.carry_out(order);
        }
    }

    fn obey_clock(&mut self) {
        while let Some(order) = self.ending.due(BootTime::now()) {
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::TerminateOverdue => {
                self.overdue = true;
                self.outbox.push(GuardEvent::Overdue { at: BootTime::now() });
                tree::terminate(&[]);
            }
            Order::Terminate => tree::terminate(&[]),
            // The loop kills for as long as the order stands.
            Order::Kill => {}
        }
    }

    /// Takes note of children that changed.
    fn reap(&mut self) -> Children {
        let look_up_at = BootTime::now().saturating_add(REAPING_MAX);
        while BootTime::now() < look_up_at {
            match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED | WaitOptions::CONTINUED) {
                Ok(Some((pid, status))) => {
                    self.kill_interval = KILL_INTERVAL_MIN;
                    if Some(pid) == self.main {
                        self.note(status);
                    }
                }
                Ok(None) => return Children::Quiet,
                Err(Errno::INTR) => {}
                Err(_) => return Children::Gone,
            }
        }
        Children::MoreDead
    }

    /// The command itself was stopped, was continued, or has ended.
    fn note(&mut self, status: WaitStatus) {
        if let Some(ended) = Ended::from_wait(status) {
            self.hear_stage();
            self.main = None;
            if !self.failed {
                self.outbox.push(GuardEvent::Exited(ended));
            }
            // Nothing may go on working once the session has ended.
            self.end();
        } else if let Some(signal) = status.stopping_signal() {
            if self.ending.is_living() && !self.freezer.explains_stop(signal) {
                self.outbox.push(GuardEvent::Stopped { signal });
            }
        } else if status.continued() && !self.freezer.explains_continue() && self.ending.is_living() {
            self.outbox.push(GuardEvent::Continued);
        }
    }

    fn send(&mut self) {
        if let Some(inbox) = &self.inbox {
            self.outbox.flush(inbox.as_fd());
        }
    }

    /// How soon those being killed are to be looked for again.
    fn next_search(&mut self) -> Option<Duration> {
        let interval = self.kill_interval;
        self.kill_interval = (interval * 2).min(KILL_INTERVAL_MAX);
        self.ending.is_killing().then_some(interval)
    }

    /// Waits until there is something to do.
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.alarm.set(self.ending.wake_at())?;
        let mut fds = vec![PollFd::new(self.signals.get_read(), PollFlags::IN)];
        fds.extend(self.stage.iter().map(|stage| PollFd::new(stage, PollFlags::IN)));
        let talk = if self.outbox.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        fds.extend(self.inbox.iter().map(|inbox| PollFd::new(inbox, talk)));
        let alarm = self.alarm.descriptor();
        fds.extend(alarm.iter().map(|alarm| PollFd::new(alarm, PollFlags::IN)));
        self.alarm.wait(&mut fds, limit)
    }

    /// The hold goes first: whoever hears that the tree is gone finds it free of this guard.
    fn say_goodbye(&mut self) -> io::Result<()> {
        self.hold = None;
        if self.overdue {
            self.blockade.lift();
        }
        self.outbox.push(GuardEvent::TreeGone);
        self.send();
        while let Some(inbox) = self.inbox.as_ref().filter(|_| !self.outbox.is_empty()) {
            self.alarm.set(BootTime::NEVER)?;
            self.alarm.wait(&mut vec![PollFd::new(inbox, PollFlags::OUT)], None)?;
            self.send();
        }
        Ok(())
    }
}
