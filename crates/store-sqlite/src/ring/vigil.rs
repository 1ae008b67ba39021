//! Seeing another process die that has workers here.
//!
//! Each process with workers has a socket that others connect to, and is connected to that of the next one in the order
//! of their workers, the last one to the first one's. Nothing is ever sent. When a process dies, however it dies, the
//! system ends its connections, and whoever watched it wakes its workers: their next claim finds who is gone.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tenure_core::id::Incarnation;

use super::bell::is_alive;
use super::{Address, file_name};
use crate::error::WorkError;
use crate::place::Place;
use crate::sql;

/// How often it is looked whether a process that ends has let its lock go, at longer and longer intervals.
const LOOKS_MAX: u32 = 8;

/// What a process does to see others die, and to be seen.
#[derive(Debug)]
pub(super) struct Vigil {
    place: Place,
    door: UnixListener,
    /// Those who watch this process.
    watchers: Vec<UnixStream>,
    /// Whom it watches.
    peer: Option<(Incarnation, UnixStream)>,
}

/// Makes the socket that others connect to.
pub(super) fn open_door(place: &Place) -> io::Result<UnixListener> {
    // The lock says that it is nobody else's.
    drop(std::fs::remove_file(place.run.join(file_name(place.incarnation, "life"))));
    let address = Address::of(place, place.incarnation, "life")?;
    let door = UnixListener::bind(&address.path)?;
    door.set_nonblocking(true)?;
    Ok(door)
}

impl Vigil {
    pub(super) const fn new(place: Place, door: UnixListener) -> Self {
        Self { place, door, watchers: Vec::new(), peer: None }
    }

    /// What has to be waited for.
    pub(super) fn waits_for(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let peer = self.peer.iter().map(|(_, stream)| stream.as_fd());
        peer.chain([self.door.as_fd()]).chain(self.watchers.iter().map(AsFd::as_fd))
    }

    /// Something of that has happened. Returns whether whom it watches is gone.
    pub(super) fn look(&mut self) -> bool {
        loop {
            match self.door.accept() {
                Ok((watcher, _)) => self.watchers.extend(watcher.set_nonblocking(true).map(|()| watcher)),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => break,
                // Without room for another file, it is not asked again at once.
                Err(_) => {
                    thread::park_timeout(Duration::from_millis(1 << LOOKS_MAX));
                    break;
                }
            }
        }
        self.watchers.retain(|watcher| !has_ended(watcher));
        let Some((token, _)) = self.peer.take_if(|(_, stream)| has_ended(stream)) else {
            return false;
        };
        // Its files are closed one after the other, the lock perhaps not yet.
        for look in 0..LOOKS_MAX {
            if !is_alive(&self.place, token) {
                break;
            }
            thread::park_timeout(Duration::from_millis(1 << look));
        }
        true
    }

    /// Watches the next process that has workers. Returns whether one was found gone.
    pub(super) fn choose(&mut self, conn: &Connection) -> Result<bool, WorkError> {
        let me = self.place.incarnation;
        let tokens = sql::all(conn, sql::WORKER_TOKENS, [], |row| Ok(Incarnation(row.get(0)?)))?;
        let Some(mine) = tokens.iter().position(|token| *token == me) else {
            self.peer = None;
            return Ok(false);
        };
        let (before, after) = tokens.split_at(mine);
        let mut has_found_gone = false;
        for token in after.iter().chain(before).filter(|token| **token != me) {
            if self.peer.as_ref().is_some_and(|(watched, _)| watched == token) {
                return Ok(has_found_gone);
            }
            if let Ok(stream) = self.connect(*token) {
                self.peer = Some((*token, stream));
                return Ok(has_found_gone);
            }
            has_found_gone |= !is_alive(&self.place, *token);
        }
        self.peer = None;
        Ok(has_found_gone)
    }

    fn connect(&self, token: Incarnation) -> io::Result<UnixStream> {
        let address = Address::of(&self.place, token, "life")?;
        let stream = UnixStream::connect(address.path)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

/// Whether the other end of a connection is no longer there.
fn has_ended(mut stream: &UnixStream) -> bool {
    match io::Read::read(&mut stream, &mut [0]) {
        Ok(_) => true,
        Err(why) => !matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
    }
}
