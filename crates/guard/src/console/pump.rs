//! One output of the command: read, shown, recorded.

use std::any::Any;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::{Stream, Unshown};
use crate::clock::timespec;

/// What is read at once, in bytes: as much as a pipe holds.
const PIECE: usize = 64 * 1024;

/// The kernel hands a terminal's output over a moment after the write; a pipe's is there at once.
const TERMINAL_LINGER: Duration = Duration::from_millis(20);

/// How long stopping a job may wait for its output.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) type Record = Arc<Mutex<dyn FnMut(Stream, &[u8]) + Send>>;

/// A recording that several pumps call, one at a time.
pub(super) fn share(record: impl FnMut(Stream, &[u8]) + Send + 'static) -> Record {
    Arc::new(Mutex::new(record))
}

/// Where the bytes come from and where they are shown.
#[derive(Debug)]
pub(super) struct Source {
    stream: Stream,
    from: OwnedFd,
    /// `None` once it cannot be written to any more.
    shown_on: Option<OwnedFd>,
    /// What went wrong with showing it, other than that nobody reads it.
    failure: Option<Errno>,
    /// How long silence must last to mean that nothing is on its way.
    linger: Duration,
    /// The terminal's other side. A command may close it and open it again, which must not look like the end.
    kept_open: Option<OwnedFd>,
}

/// A thread that pumps until the end of the output.
#[derive(Debug)]
pub(super) struct Pump {
    thread: JoinHandle<Option<Unshown>>,
    /// A byte asks to be told when everything so far has been taken. Closing it says that the tree is gone:
    /// what is there now is all there will be.
    ask: PipeWriter,
    answers: Receiver<()>,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Bytes(usize),
    Silence,
    End,
}

impl Source {
    pub(super) fn pipe(stream: Stream, from: OwnedFd, shown_on: OwnedFd) -> io::Result<Self> {
        set_nonblocking(&from)?;
        Ok(Self {
            stream,
            from,
            shown_on: Some(shown_on),
            failure: None,
            linger: Duration::ZERO,
            kept_open: None,
        })
    }

    pub(super) fn terminal(from: OwnedFd, slave: OwnedFd, shown_on: OwnedFd) -> io::Result<Self> {
        set_nonblocking(&from)?;
        let (linger, kept_open) = (TERMINAL_LINGER, Some(slave));
        Ok(Self {
            stream: Stream::Terminal,
            from,
            shown_on: Some(shown_on),
            failure: None,
            linger,
            kept_open,
        })
    }

    fn read(&self, room: &mut [u8]) -> Found {
        match rustix::io::read(&self.from, room) {
            Ok(0) => Found::End,
            Ok(length) => Found::Bytes(length),
            Err(Errno::AGAIN | Errno::INTR) => Found::Silence,
            // A terminal whose last user is gone answers with an error instead of an end.
            Err(_) => Found::End,
        }
    }

    /// Whether more of this output is wanted.
    fn take(&mut self, bytes: &[u8], record: &Record) -> bool {
        let shown = self.shown_on.as_ref().map_or(Ok(()), |on| write_all(on, bytes));
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        record(self.stream, bytes);
        // A terminal that is hung up still has a recording.
        let is_terminal = self.stream == Stream::Terminal;
        let Err(error) = shown else { return true };
        self.shown_on = None;
        self.failure = Some(error).filter(|error| !is_terminal && *error != Errno::PIPE);
        // A pipe is closed, and the command learns that nobody reads.
        is_terminal
    }
}

impl Pump {
    pub(super) fn start(source: Source, record: Record) -> io::Result<Self> {
        let (asked, ask) = pipe()?;
        let (answer, answers) = channel();
        let name = format!("output {:?}", source.stream);
        let mut worker = Worker { source, asked, answer, record, room: vec![0; PIECE] };
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            worker.run();
            let Source { stream, failure, .. } = worker.source;
            failure.map(|error| Unshown { stream, error: error.into() })
        })?;
        Ok(Self { thread, ask, answers })
    }

    /// Returns when everything printed so far is shown and recorded, or after a second.
    pub(super) fn catch_up(&self) {
        // An answer that came too late for the one who asked last.
        while self.answers.try_recv().is_ok() {}
        if (&self.ask).write(&[0]).is_ok() {
            // Late or never: a recording that takes so long must not keep a job from being stopped.
            let _ = self.answers.recv_timeout(PATIENCE);
        }
    }

    /// Takes what is left and ends, and says if not all of it was shown; the error is a panic of the recording.
    pub(super) fn finish(self) -> Result<Option<Unshown>, Box<dyn Any + Send>> {
        drop(self.ask);
        self.thread.join()
    }
}

struct Worker {
    source: Source,
    asked: PipeReader,
    answer: Sender<()>,
    record: Record,
    room: Vec<u8>,
}

impl Worker {
    fn run(&mut self) {
        while self.take_all() {
            is_ready_within(None, &[self.source.from.as_fd(), self.asked.as_fd()]);
            if !is_ready_within(Some(Duration::ZERO), &[self.asked.as_fd()]) {
                continue;
            }
            let tree_is_gone = !matches!(self.asked.read(&mut [0]), Ok(1));
            if tree_is_gone {
                self.source.kept_open = None;
            }
            if !self.take_lingering() || tree_is_gone {
                return;
            }
            // Whoever asked may have tired of waiting.
            let _ = self.answer.send(());
        }
    }

    /// Takes what is there; false at the end.
    fn take_all(&mut self) -> bool {
        loop {
            match self.source.read(&mut self.room) {
                Found::Silence => return true,
                Found::End => return false,
                Found::Bytes(length) => {
                    if !self.source.take(&self.room[..length], &self.record) {
                        return false;
                    }
                }
            }
        }
    }

    /// Takes what is there and what is on its way; false at the end.
    fn take_lingering(&mut self) -> bool {
        while self.take_all() {
            if !is_ready_within(Some(self.source.linger), &[self.source.from.as_fd()]) {
                return true;
            }
        }
        false
    }
}

/// Waits until one of the descriptors is ready to be read or closed; false if the time is up.
fn is_ready_within(limit: Option<Duration>, descriptors: &[BorrowedFd<'_>]) -> bool {
    let limit = limit.map(timespec);
    let mut fds: Vec<_> = descriptors.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    loop {
        match poll(&mut fds, limit.as_ref()) {
            Err(Errno::INTR) => {}
            // No other error can be; were there one, the next read would show it.
            ready => return ready != Ok(0),
        }
    }
}

/// Writes everything, also where the terminal is in non-blocking mode by somebody else's doing.
fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::new(to, PollFlags::OUT)], None).or_else(not_for_a_signal)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn not_for_a_signal(error: Errno) -> rustix::io::Result<usize> {
    if error == Errno::INTR { Ok(0) } else { Err(error) }
}

/// Only for descriptors of ours that nobody else reads or writes.
pub(super) fn set_nonblocking(descriptor: impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(&descriptor, fcntl_getfl(&descriptor)? | OFlags::NONBLOCK)?)
}
