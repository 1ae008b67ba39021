//! Listening for rings, with a net for those that get lost.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, Row};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tenure_core::id::{Revision, Seq};
use tenure_store::Handle;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::bell::sweep;
use super::vigil::{self, Vigil};
use super::{Address, NAMED_MAX, file_name};
use crate::clock::instant;
use crate::connection::{self, Role};
use crate::error::WorkError;
use crate::place::Place;
use crate::queue::Queue;
use crate::request::{Answered, Asked, Request};
use crate::row::unsigned;
use crate::sql;
use crate::turnstile;
use crate::watches::{CREW, Standing, WORKERS, Watches};

/// How often the net is looked at while something is watched.
const NET: Duration = Duration::from_secs(1);

/// What a process tells its own ear: nothing was written, only look around.
const NUDGE: &[u8] = b".";

/// The same, once who the workers are has changed.
const CREW_NUDGE: &[u8] = b"w";

/// A process's ear: from its making on, no write goes unnoticed for longer than the net allows.
#[derive(Debug)]
pub(crate) struct Ear {
    place: Place,
    nudge: UnixDatagram,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Where others connect to that watch this process, until the listener has it.
    door: Arc<Mutex<Door>>,
    /// Locked for as long as this lives. `None` where rings cannot be received, and only the net is there.
    alive: Option<File>,
}

/// The socket of a process that has workers.
#[derive(Debug)]
enum Door {
    /// It has none yet.
    Shut,
    Open(UnixListener),
    /// The listener has it.
    Taken,
}

struct Listener {
    place: Place,
    socket: UnixDatagram,
    door: Arc<Mutex<Door>>,
    vigil: Option<Vigil>,
    watches: Arc<Watches>,
    conn: Connection,
    version: i64,
    queue: Arc<Queue>,
    others: Others,
    is_over: Arc<AtomicBool>,
}

/// What is known of others' writes that came without a ring.
#[derive(Debug, Default)]
struct Others {
    /// Whether somebody, maybe this process, wrote since the writer was asked.
    is_due: bool,
    /// What it was asked: whether others wrote.
    asked: Option<oneshot::Receiver<Answered<(), bool>>>,
}

impl Ear {
    /// Begins to listen.
    pub(crate) fn new(place: &Place, watches: &Arc<Watches>, queue: &Arc<Queue>) -> Result<Self, WorkError> {
        place.make_run_dir()?;
        let (socket, nudge, alive) = match reachable(place) {
            Ok((socket, nudge, alive)) => (socket, nudge, Some(alive)),
            Err(_unreachable) => {
                let (socket, nudge) = UnixDatagram::pair()?;
                (socket, nudge, None)
            }
        };
        nudge.set_nonblocking(true)?;
        let conn = connection::open(place, Role::Reader)?;
        let version = data_version(&conn)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let watches = Arc::clone(watches);
        let door = Arc::new(Mutex::new(Door::Shut));
        let listener = Listener {
            place: place.clone(),
            socket,
            door: Arc::clone(&door),
            vigil: None,
            watches,
            conn,
            version,
            queue: Arc::clone(queue),
            others: Others::default(),
            is_over: Arc::clone(&is_over),
        };
        let thread = thread::Builder::new().name("tenure-ear".to_owned()).spawn(move || listener.listen())?;
        Ok(Self { place: place.clone(), nudge, is_over, thread: Some(thread), door, alive })
    }

    /// Whether others can ring it.
    pub(crate) const fn is_reachable(&self) -> bool {
        self.alive.is_some()
    }

    /// Lets others see when this process dies: it is about to have a worker.
    pub(crate) fn open_door(&self) -> io::Result<()> {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_reachable() && matches!(*door, Door::Shut) {
            *door = Door::Open(vigil::open_door(&self.place)?);
        }
        Ok(())
    }

    /// Makes the listener see who the workers are.
    pub(crate) fn nudge_crew(&self) {
        // A full socket wakes it as well.
        drop(self.nudge.send(CREW_NUDGE));
    }

    /// Makes the listener look: something is watched now, or the store is closed.
    pub(crate) fn nudge(&self) {
        // A full socket wakes it as well.
        drop(self.nudge.send(NUDGE));
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.nudge();
        if let Some(thread) = self.thread.take() {
            // A listener that panicked has ended as well.
            drop(thread.join());
        }
        if self.is_reachable() {
            sweep(&self.place, self.place.incarnation);
        }
    }
}

/// A socket that others can send to, one that sends to it, and the lock that says that somebody listens.
fn reachable(place: &Place) -> io::Result<(UnixDatagram, UnixDatagram, File)> {
    let token = place.incarnation;
    let alive = place.lock_file(&file_name(token, "lock"))?;
    if !turnstile::try_lock(&alive)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let address = Address::of(place, token, "sock")?;
    // The lock says that it is nobody else's.
    drop(std::fs::remove_file(place.run.join(file_name(token, "sock"))));
    let socket = UnixDatagram::bind(&address.path)?;
    let nudge = UnixDatagram::unbound()?;
    nudge.connect(&address.path)?;
    Ok((socket, nudge, alive))
}

impl Listener {
    fn listen(mut self) {
        let mut message = [0; NAMED_MAX * 8 + 1];
        let mut looked = instant();
        while !self.is_over.load(Ordering::Acquire) {
            // Nothing is looked at while nothing is watched.
            let is_watching = !self.watches.is_empty();
            if is_watching && looked.elapsed() >= NET {
                looked = instant();
                self.look();
            }
            let patience =
                is_watching.then(|| NET.saturating_sub(looked.elapsed()).max(Duration::from_millis(1)));
            if self.wait(patience)
                && let Ok(length) = self.socket.recv(&mut message)
            {
                self.rung(message.get(..length).unwrap_or_default());
            }
            if self.vigil.as_mut().is_some_and(Vigil::look) {
                self.watches.wake(&[WORKERS]);
                self.choose();
            }
        }
    }

    /// Waits until something is to be heard, or seen. Returns whether there is something to be heard.
    fn wait(&self, patience: Option<Duration>) -> bool {
        let readable = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
        let mut sources = vec![readable(self.socket.as_fd())];
        sources.extend(self.vigil.iter().flat_map(Vigil::waits_for).map(readable));
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        // One that is interrupted looks again.
        match poll(&mut sources, patience.as_ref()) {
            Ok(_) => sources.first().is_some_and(|socket| !socket.revents().is_empty()),
            Err(_) => false,
        }
    }

    fn rung(&mut self, message: &[u8]) {
        match message {
            NUDGE => return,
            CREW_NUDGE => return self.choose(),
            _ => {}
        }
        let (named, rest) = message.as_chunks::<8>();
        if named.is_empty() || !rest.is_empty() {
            self.choose();
            return self.watches.wake_all();
        }
        let named: Vec<Handle> = named.iter().map(|bytes| Handle(i64::from_le_bytes(*bytes))).collect();
        self.watches.wake(&named);
        if named.contains(&CREW) {
            self.choose();
        }
    }

    /// Watches the right one of the other processes, if this one has workers.
    fn choose(&mut self) {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*door, Door::Open(_))
            && let Door::Open(opened) = std::mem::replace(&mut *door, Door::Taken)
        {
            self.vigil = Some(Vigil::new(self.place.clone(), opened));
        }
        drop(door);
        let Some(vigil) = &mut self.vigil else {
            return;
        };
        // Whoever wakes for nothing looks for nothing.
        if vigil.choose(&self.conn).unwrap_or(true) {
            self.watches.wake(&[WORKERS]);
        }
    }

    /// The net: if anybody wrote since the last look, a ring may have been lost. This process is anybody, too, so
    /// only those are woken whose session is not as they were told.
    fn look(&mut self) {
        match data_version(&self.conn) {
            Ok(version) if version == self.version => {}
            Ok(version) => {
                self.version = version;
                self.others.is_due = true;
                match standings(&self.conn, self.watches.watched()) {
                    Ok(found) => self.watches.compare(found),
                    Err(_) => self.watches.wake_all(),
                }
                // Whoever had a worker only for a moment did not say so.
                self.choose();
            }
            // Whoever wakes reads, and is told what is wrong.
            Err(_) => self.watches.wake_all(),
        }
        if self.watches.is_all_watched() {
            self.look_at_others();
        }
    }

    /// The same for whoever watches all sessions. Which writes were others' is known to the writer alone, which does
    /// not count its own.
    fn look_at_others(&mut self) {
        if let Some(mut asked) = self.others.asked.take() {
            match asked.try_recv() {
                Ok(told) if matches!(told.answer, Ok(false)) => {}
                Ok(_) | Err(TryRecvError::Closed) => self.watches.feed().tell_any(),
                Err(TryRecvError::Empty) => self.others.asked = Some(asked),
            }
        }
        if self.others.is_due && self.others.asked.is_none() {
            let (asked, answer) = Asked::new(());
            if self.queue.push_if_room(Request::Others(asked)) {
                self.others = Others { is_due: false, asked: Some(answer) };
            }
        }
    }
}

/// How sessions stand.
fn standings(conn: &Connection, handles: Vec<Handle>) -> Result<Vec<(Handle, Option<Standing>)>, WorkError> {
    let standing = |row: &Row<'_>| {
        let (head, earliest) = (Seq(unsigned(row.get(0)?)?), Seq(unsigned(row.get(1)?)?));
        Ok(Standing { head, earliest, revision: Revision(unsigned(row.get(2)?)?) })
    };
    let stands = |handle: Handle| {
        let stands = match handle {
            WORKERS => sql::one(conn, sql::ATTENTION, [], standing)?,
            handle => sql::one(conn, sql::STANDING, [handle.0], standing)?,
        };
        Ok((handle, stands))
    };
    handles.into_iter().map(stands).collect()
}

fn data_version(conn: &Connection) -> Result<i64, WorkError> {
    let version = sql::one(conn, "PRAGMA data_version", [], |row| Ok(row.get(0)?))?;
    Ok(version.unwrap_or_default())
}
