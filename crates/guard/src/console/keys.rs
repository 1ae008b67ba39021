//! Keys from the real terminal to the command's, while the runner is in the foreground.

use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, tcsetattr};

use super::pump::set_nonblocking;
use crate::clock::timespec;
use crate::control::Control;
use crate::jobs;
use crate::terminal::RawMode;

/// What is read at once, in bytes; more than anybody types or pastes between two looks.
const PIECE: usize = 4096;

/// How soon a runner in the background notices that the shell has brought it to the front.
const FOREGROUND_INTERVAL: Duration = Duration::from_millis(200);

/// A thread that reads keys, and the switch that says when.
#[derive(Debug)]
pub(super) struct Keys {
    switch: Arc<Mutex<Switch>>,
    wake: PipeWriter,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Switch {
    /// The guard is told with every turn: the command's terminal has a foreground only while ours has.
    control: Control,
    master: Arc<OwnedFd>,
    state: State,
    settings: Settings,
}

/// What the command's terminal was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settings {
    /// The first look at the foreground will tell.
    Unknown,
    /// Those of the shell's own prompt: the runner started in the background.
    OfPrompt,
    /// Those meant for a command.
    Proper,
}

#[derive(Debug)]
enum State {
    /// The real terminal is not ours.
    Off,
    /// It will be ours when the shell brings the runner to the foreground.
    Waiting,
    /// It is ours.
    On(RawMode),
    /// The thread is to end.
    Closed,
}

impl Keys {
    pub(super) fn start(master: Arc<OwnedFd>, control: Control) -> io::Result<Self> {
        set_nonblocking(&master)?;
        let (woken, wake) = pipe()?;
        set_nonblocking(&woken)?;
        let switch = Arc::new(Mutex::new(Switch {
            control,
            master: Arc::clone(&master),
            state: State::Off,
            settings: Settings::Unknown,
        }));
        let mut reader = Reader { switch: Arc::clone(&switch), woken, master, typed: Vec::new() };
        let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(move || reader.run())?;
        Ok(Self { switch, wake, thread: Some(thread) })
    }

    /// Raw mode and keys, at once if in the foreground.
    pub(super) fn enter(&self) -> io::Result<()> {
        let entered = lock(&self.switch).enter();
        self.wake();
        entered
    }

    /// Once this returns no key is read and the terminal is as it was.
    pub(super) fn leave(&self) {
        lock(&self.switch).turn(State::Off);
        self.wake();
    }

    /// Somebody may have changed the terminal while this process was stopped.
    pub(super) fn refresh(&self) {
        let mut switch = lock(&self.switch);
        switch.yield_to_shell();
        if let State::On(raw) = &switch.state {
            raw.set_again();
        }
        drop(switch);
        self.wake();
    }

    fn wake(&self) {
        // A full pipe wakes as well; a closed one has nobody to wake.
        drop((&self.wake).write(&[0]));
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        lock(&self.switch).turn(State::Closed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It has nothing that could panic.
            drop(thread.join());
        }
    }
}

impl Switch {
    /// On if in the foreground, else waiting for it.
    fn enter(&mut self) -> io::Result<()> {
        match self.state {
            State::Off | State::Waiting if jobs::in_foreground() => {
                let raw = RawMode::enter()?;
                if self.settings == Settings::OfPrompt {
                    // A terminal that is gone needs no settings.
                    let _ = tcsetattr(&self.master, OptionalActions::Now, raw.before());
                }
                self.settings = Settings::Proper;
                self.turn(State::On(raw));
            }
            State::Off => {
                if self.settings == Settings::Unknown {
                    self.settings = Settings::OfPrompt;
                }
                self.turn(State::Waiting);
            }
            State::Waiting | State::On(_) | State::Closed => {}
        }
        Ok(())
    }

    /// A background process that reads the terminal would be stopped by the system.
    fn yield_to_shell(&mut self) {
        if matches!(self.state, State::On(_)) && !jobs::in_foreground() {
            self.turn(State::Waiting);
        }
    }

    /// Leaving `On` restores the terminal; `Closed` is never left.
    fn turn(&mut self, to: State) {
        if matches!(self.state, State::Closed) {
            return;
        }
        let told = match to {
            State::On(_) => self.control.keys(true),
            State::Waiting => self.control.keys(false),
            State::Off | State::Closed => Ok(()),
        };
        // A guard that is gone, or stuck, is told of elsewhere.
        drop(told);
        self.state = to;
    }
}

#[derive(Debug)]
struct Reader {
    switch: Arc<Mutex<Switch>>,
    woken: PipeReader,
    master: Arc<OwnedFd>,
    /// Read but not yet taken by the command.
    typed: Vec<u8>,
}

impl Reader {
    fn run(&mut self) {
        loop {
            let limit = match lock(&self.switch).state {
                State::Closed => return,
                State::Waiting => Some(FOREGROUND_INTERVAL),
                State::Off | State::On(_) => None,
            };
            self.wait(limit);
            self.read_keys();
            self.pass_keys();
        }
    }

    fn wait(&self, limit: Option<Duration>) {
        let on = matches!(lock(&self.switch).state, State::On(_));
        let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN)];
        if !self.typed.is_empty() {
            fds.push(PollFd::new(&self.master, PollFlags::OUT));
        } else if on {
            fds.push(PollFd::from_borrowed_fd(stdin(), PollFlags::IN));
        }
        // Whatever woke it, the loop looks at everything.
        let _ = poll(&mut fds, limit.map(timespec).as_ref());
        while rustix::io::read(&self.woken, &mut [0; 64]).is_ok_and(|length| length > 0) {}
    }

    /// Reads under the switch's lock: after [`Keys::leave`] not one key is taken from the shell.
    fn read_keys(&mut self) {
        let mut switch = lock(&self.switch);
        switch.yield_to_shell();
        if matches!(switch.state, State::Waiting) && switch.enter().is_err() {
            switch.turn(State::Off);
        }
        if !matches!(switch.state, State::On(_)) || !self.typed.is_empty() || !has_keys() {
            return;
        }
        let mut room = [0; PIECE];
        match rustix::io::read(stdin(), &mut room) {
            Ok(0) => switch.turn(State::Off),
            Ok(length) => self.typed.extend(&room[..length]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // There is no terminal any more.
            Err(_) => switch.turn(State::Off),
        }
    }

    /// Gives the command what it takes now; keys for a command that is gone are dropped.
    fn pass_keys(&mut self) {
        while !self.typed.is_empty() {
            match rustix::io::write(&self.master, &self.typed) {
                Ok(length) => drop(self.typed.drain(..length)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.typed.clear(),
            }
        }
    }
}

/// Reading must not wait while the switch is locked.
fn has_keys() -> bool {
    let now = timespec(Duration::ZERO);
    poll(&mut [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// The switch is never left half turned, so a panic elsewhere does not matter.
fn lock(switch: &Mutex<Switch>) -> MutexGuard<'_, Switch> {
    switch.lock().unwrap_or_else(PoisonError::into_inner)
}
