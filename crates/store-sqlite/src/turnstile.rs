//! The turnstile: two file locks that make writing fair between processes.
//!
//! SQLite lets whoever asks at the right moment write, which starves a lone writer beside a busy one. So
//! every process of this program first takes the lock `gate`, then the lock `write`, and lets `gate` go.
//! Whoever has just written and wants to write again stands behind the one who waits at `write` with the
//! gate in its hand. Waiting is the kernel's, nobody polls.
//!
//! Each lock file says who took it last, so that a waiter can name a holder that does not move.

use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, pread, pwrite};

use crate::place::Place;

/// The lock files of one store.
#[derive(Debug)]
pub(crate) struct Turnstile {
    gate: File,
    write: File,
    me: [u8; SIGNATURE],
}

/// A process id in decimal, padded, and the incarnation of its store in hexadecimal.
const SIGNATURE: usize = 11 + 33;

/// The right to write. Dropping it lets the next one in.
#[derive(Debug)]
pub(crate) struct Turn<'t>(&'t File);

impl Turnstile {
    pub(crate) fn open(place: &Place) -> io::Result<Self> {
        place.make_run_dir()?;
        let mut me = [b' '; SIGNATURE];
        let text = format!("{:>10} {}\n", std::process::id(), place.incarnation);
        let length = text.len().min(SIGNATURE);
        me[..length].copy_from_slice(&text.as_bytes()[..length]);
        Ok(Self { gate: place.lock_file("gate")?, write: place.lock_file("write")?, me })
    }

    /// Waits for the turn. `on_wait` is called once when that does not succeed at once.
    pub(crate) fn enter(&self, on_wait: impl FnOnce()) -> io::Result<Turn<'_>> {
        let mut on_wait = Some(on_wait);
        let mut lock = |file: &File| {
            if !try_lock(file)? {
                if let Some(on_wait) = on_wait.take() {
                    on_wait();
                }
                lock(file)?;
            }
            // Only a help for others: that it cannot be written must not stop anybody.
            let _signed = pwrite(file, &self.me, 0);
            Ok::<_, io::Error>(())
        };
        lock(&self.gate)?;
        let written = lock(&self.write);
        unlock(&self.gate)?;
        written.map(|()| Turn(&self.write))
    }
}

impl Turnstile {
    /// Takes the turn if nobody has it or waits for it.
    pub(crate) fn try_enter(&self) -> io::Result<Option<Turn<'_>>> {
        if !try_lock(&self.gate)? {
            return Ok(None);
        }
        let has_turn = try_lock(&self.write);
        unlock(&self.gate)?;
        Ok(has_turn?.then_some(Turn(&self.write)))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // The lock of an open file cannot fail to be let go, and closing it would do the same.
        drop(unlock(self.0));
    }
}

/// Signs a lock file whose lock was taken. Only a help for others: that it fails must not stop anybody.
pub(crate) fn sign(file: &File) {
    let _signed = pwrite(file, format!("{:>10}\n", std::process::id()).as_bytes(), 0);
}

/// Takes a file's lock if nobody has it.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(why) => Err(why.into()),
    }
}

/// Whether somebody has a file's lock. Others who ask at the same time are nobody: they ask with a shared lock, too.
/// In doubt somebody has it.
pub(crate) fn is_locked(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockShared).is_err()
}

/// Waits for a file's lock.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    loop {
        match flock(file, FlockOperation::LockExclusive) {
            Err(Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}

fn unlock(file: &File) -> io::Result<()> {
    Ok(flock(file, FlockOperation::Unlock)?)
}

/// The process that keeps others from writing: who has `write`, else who has `gate` and does not go on.
pub(crate) fn holder(place: &Place) -> Option<u32> {
    ["write", "gate"].into_iter().find_map(|name| {
        let file = place.existing_file(name).ok()?;
        // A shared lock for a moment tells whether somebody has the other sort.
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => signed_by(&file),
            Ok(()) | Err(_) => None,
        }
    })
}

/// Who took a lock file's lock last.
pub(crate) fn signed_by(file: &File) -> Option<u32> {
    let mut text = [0; SIGNATURE];
    let length = pread(file, &mut text, 0).ok()?;
    let text = std::str::from_utf8(text.get(..length)?).ok()?;
    text.split_whitespace().next()?.parse().ok()
}
