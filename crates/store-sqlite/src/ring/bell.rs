//! Ringing another process, and telling whether it is still there.

use std::io;
use std::os::unix::net::UnixDatagram;

use tenure_core::id::Incarnation;
use tenure_store::Handle;

use super::{Address, NAMED_MAX, file_name};
use crate::place::Place;
use crate::turnstile;

/// Rings the processes that watch what was written.
#[derive(Debug)]
pub(crate) struct Bell {
    socket: UnixDatagram,
}

/// Whether whoever was rung is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rung {
    /// It is, or cannot be told not to be.
    There,
    /// Nobody listens any more.
    Gone,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Rings one process. A ring that does not go through is left to its net.
    pub(crate) fn ring(&self, place: &Place, token: Incarnation, changed: &[Handle]) -> Rung {
        let named = if changed.len() > NAMED_MAX { &[] } else { changed };
        let message: Vec<u8> = named.iter().flat_map(|handle| handle.0.to_le_bytes()).collect();
        let sent = Address::of(place, token, "sock").and_then(|to| self.socket.send_to(&message, to.path));
        match sent {
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                if is_alive(place, token) {
                    Rung::There
                } else {
                    Rung::Gone
                }
            }
            Ok(_) | Err(_) => Rung::There,
        }
    }
}

/// Whether a process still keeps its lock file locked. In doubt it does.
pub(crate) fn is_alive(place: &Place, token: Incarnation) -> bool {
    match place.existing_file(&file_name(token, "lock")) {
        Ok(file) => turnstile::is_locked(&file),
        Err(why) => why.kind() != io::ErrorKind::NotFound,
    }
}

/// Removes what a process that is gone has left in the directory.
pub(crate) fn sweep(place: &Place, token: Incarnation) {
    for suffix in ["sock", "life", "lock"] {
        // What cannot be removed harms nobody.
        drop(std::fs::remove_file(place.run.join(file_name(token, suffix))));
    }
}
