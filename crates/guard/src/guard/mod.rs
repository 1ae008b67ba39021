//! The guard process: starts the command and ends its tree in time.

mod alarm;
mod begin;
mod ending;
mod freezer;
mod front;
mod outbox;
mod unblock;
mod watchman;

use std::fs::File;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crate::link::Inbox;
use crate::tree::{self, Spared};
pub(crate) use front::yield_to;
use watchman::Watchman;

/// Plays the guard; the whole of the hidden subcommand that [`crate::Reexec::guard_args`] call.
///
/// Standard input must be the socket that [`crate::launch()`] made. Call it on the main thread, before any
/// other thread exists. Returns when nothing of the command's tree is left.
pub fn run() -> ExitCode {
    match watch() {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to tell: the runner sees the socket close.
        Err(_) => ExitCode::FAILURE,
    }
}

fn watch() -> io::Result<()> {
    let mut inbox = Inbox::new(take_stdin()?);
    let signals = watchman::catch_signals()?;
    let Some(briefing) = begin::hear(&mut inbox) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut watchman = Watchman::new(inbox, signals, &briefing)?;
    let last_resort = LastResort;
    watchman.begin(briefing);
    watchman.run()?;
    // There is nothing left to be ended.
    std::mem::forget(last_resort);
    Ok(())
}

/// Ends the tree by force when the guard cannot go on: the system failed it, or it panicked.
#[derive(Debug)]
struct LastResort;

impl Drop for LastResort {
    fn drop(&mut self) {
        tree::kill_descendants(&Spared::default(), Duration::ZERO);
    }
}

/// The socket, with nothing of it left on standard input: the stage gets its own.
pub(crate) fn take_stdin() -> io::Result<std::os::fd::OwnedFd> {
    let socket = rustix::stdio::stdin().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}
