//! Waking other processes: each one that watches has a bell, and whoever wrote rings it.
//!
//! A process that watches has a row in `process`, a row in `watch` for each session, a socket that it
//! listens on, and a lock file that it keeps locked for as long as it lives. A ring is a datagram that names
//! the sessions; it is sent after COMMIT and waits for nobody. One that gets lost is caught by a net: while
//! something is watched, a process looks once a second whether anybody has written, and to which sessions.

mod bell;
mod ear;
mod vigil;

pub(crate) use bell::{Bell, Rung, is_alive, sweep};
pub(crate) use ear::Ear;

use std::fmt::Write as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use tenure_core::id::Incarnation;

use crate::place::Place;

/// Most sessions that one ring names. One that would name more names none and wakes everybody.
const NAMED_MAX: usize = 128;

/// Longest path that a socket's address holds on every system.
const ADDRESS_MAX: usize = 100;

/// What the lock file and the socket of one opened store are called.
fn file_name(token: Incarnation, suffix: &str) -> String {
    let mut name = String::with_capacity(40);
    // Writing to a string does not fail.
    let _written = write!(name, "{token}.{suffix}");
    name
}

/// A socket's address. It holds only about a hundred bytes, so where the directory's path is long, Linux is
/// asked for it through an open file: the address then is short however deep the directory is.
#[derive(Debug)]
struct Address {
    path: PathBuf,
    _directory: Option<OwnedFd>,
}

impl Address {
    fn of(place: &Place, token: Incarnation, suffix: &str) -> std::io::Result<Self> {
        let name = file_name(token, suffix);
        let path = place.run.join(&name);
        if path.as_os_str().len() <= ADDRESS_MAX {
            return Ok(Self { path, _directory: None });
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let directory = rustix::fs::open(&place.run, flags, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()));
        Ok(Self { path, _directory: Some(directory) })
    }
}
