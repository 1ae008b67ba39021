//! The one thread that writes: it groups what waits into one transaction, then answers all.
//!
//! A turn: pass the turnstile, take SQLite's write lock, take what waits, work on it, commit, let the next
//! process in, answer. Nothing is delayed in the hope of company: a group is what came in while the writer
//! was busy or waiting.
//!
//! When nothing waits, the writer tidies up: it folds logs and deletes dead rows, one bounded step at a time, and
//! looks after each whether somebody asks.
//!
//! What fails, fails for as few as possible. An error or panic while a group is worked on rolls all of it
//! back and works on its requests again one by one. A COMMIT that fails leaves the outcome unknown: the
//! writer opens the file again and looks for what the group wrote, which stands there as a whole or not at
//! all, and works on it again if it does not.

mod access;
mod answer;
mod append;
mod arrive;
mod claim;
mod commit;
mod compact;
mod crew;
mod draw;
mod fold;
mod fork;
mod group;
mod hand_on;
mod instance;
mod leftover;
mod litter;
mod mail;
mod memory;
mod named;
mod names;
mod news;
mod pin;
mod places;
mod placing;
mod postpone;
mod purge;
mod renew;
mod save;
mod task;
mod tidy;
mod token;
mod turn;
mod watch;
mod work;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tenure_store::StoreError;

use crate::queue::{Lock, Queue};
use crate::request::Request;
use crate::shared::Shared;
use crate::{blocker, turnstile};
pub(crate) use arrive::idle_since;
use turn::Writer;

/// Starts the writer when there is something to write, and ends it.
#[derive(Debug)]
pub(crate) struct WriterThread {
    shared: Arc<Shared>,
    is_started: Mutex<bool>,
}

impl WriterThread {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, is_started: Mutex::new(false) }
    }

    /// Starts the writer, unless it runs already. A command that only reads never does.
    pub(crate) fn start(&self) -> Result<(), StoreError> {
        if self.shared.queue.is_closed() {
            return Err(StoreError::Closed);
        }
        let mut is_started = self.is_started.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_started {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let started = thread::Builder::new().name("tenure-writer".to_owned()).spawn(move || run(&shared));
        *is_started = started.is_ok();
        started
            .map(drop)
            .map_err(|why| StoreError::Unavailable { what: "start the writer", source: why.into() })
    }

    /// Ends the writer once it has worked on what waits, and on `last`.
    pub(crate) fn stop(&self, last: Option<Request>) {
        self.shared.queue.close(last);
        if *self.is_started.lock().unwrap_or_else(PoisonError::into_inner) {
            self.shared.queue.wait_done(self.shared.limits.blocked_after);
        }
    }
}

fn run(shared: &Arc<Shared>) {
    /// However the thread ends, whoever waits for its end is told.
    struct Done<'q>(&'q Queue);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.abandon();
            self.0.done();
        }
    }
    let _done = Done(&shared.queue);
    let mut writer = Writer::new(Arc::clone(shared));
    while shared.queue.wait() {
        writer.turn();
        while writer.has_leisure() && writer.tidy() {}
    }
    // What a process leaves that is never idle, it does a little of in the end.
    writer.tidy();
    writer.end();
}

/// Says that the writer waits for somebody else's lock, so that requests do not wait with it for ever.
fn wait_visibly(shared: &Arc<Shared>, on: Lock) {
    if !shared.queue.waiting(on) {
        return;
    }
    let watched = Arc::clone(shared);
    let watchman = thread::Builder::new().name("tenure-watchman".to_owned()).spawn(move || watch(&watched));
    if let Err(why) = watchman {
        shared.troubles.note("start the watchman", &why);
    }
}

/// Withdraws requests that waited too long for somebody else's lock, and says whose it is.
fn watch(shared: &Shared) {
    while let Some((on, withdrawn)) = shared.queue.overdue(shared.limits.blocked_after) {
        let pid = match on {
            Lock::Turnstile => turnstile::holder(&shared.place),
            Lock::Sqlite => blocker::sqlite_writer(&shared.place),
        };
        withdrawn.into_iter().for_each(|request: Request| request.refuse(StoreError::Blocked { pid }));
    }
}
