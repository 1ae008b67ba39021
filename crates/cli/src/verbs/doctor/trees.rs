//! Process trees of runs: those that hold their sessions, and those that outlived them.

use std::collections::HashMap;

use tenure_core::id::{Namespace, SessionId};
use tenure_core::lease::{Lease, Standing};
use tenure_core::session::Session;
use tenure_core::time::Moment;
use tenure_engine::Engine;
use tenure_guard::hold::{self, Holder, Probe};

use crate::app::App;
use crate::living;
use crate::run::holds;
use crate::witness::HoldLocks;

/// What runs, and what is left of what ran.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    /// Runs that hold their session.
    pub(crate) live: usize,
    /// Locks of runs that are gone.
    pub(crate) gone: usize,
    /// Runs whose lease is over and of which only the runner is left: stopped, or waiting for the store.
    pub(crate) late: usize,
    /// Trees whose processes live although their lease is over.
    pub(crate) orphans: Vec<Tree>,
    /// Trees of sessions that have ended, or have yet to begin.
    pub(crate) ending: Vec<Tree>,
}

/// A tree of processes without a lease.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Its lock, named after its incarnation.
    pub(crate) lock: String,
    /// The session whose lease it had, if that is still open under it.
    pub(crate) session: Option<(Namespace, SessionId)>,
    /// The processes that can be told.
    pub(crate) processes: Vec<Process>,
}

/// A process of a tree.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Its name, not escaped.
    pub(crate) name: String,
}

/// Looks at every hold lock beside the store.
pub(super) async fn look(app: &App, engine: &Engine) -> anyhow::Result<Trees> {
    let mut trees = Trees::default();
    let Ok(found) = std::fs::read_dir(holds::directory(app.db())) else {
        return Ok(trees);
    };
    let sessions = by_incarnation(engine.open_runs().await?);
    let now = engine.store().now().await?;
    for lock in found.flatten() {
        let path = lock.path();
        let name = lock.file_name().to_string_lossy().into_owned();
        match hold::probe(&path) {
            Ok(Probe::Free | Probe::Missing) => trees.gone += 1,
            Ok(Probe::Held) => match sessions.get(name.trim_end_matches(".lock")) {
                Some((session, lease)) => trees.add(session, (name, lease), (&app.hold_locks(), &now)),
                None => trees.ending.push(Tree::of(name, hold::holders(&path).unwrap_or_default())),
            },
            Err(error) => return Err(anyhow::Error::new(error).context("look at the hold locks")),
        }
    }
    Ok(trees)
}

fn by_incarnation(sessions: Vec<Session>) -> HashMap<String, (Session, Lease)> {
    let leased = sessions.into_iter().filter_map(|session| {
        let lease = session.lease.clone()?;
        Some((lease.incarnation.to_string(), (session, lease)))
    });
    leased.collect()
}

impl Trees {
    /// Adds a tree that lives under an open session.
    fn add(
        &mut self,
        session: &Session,
        (lock, lease): (String, &Lease),
        (locks, now): (&HoldLocks, &Moment),
    ) {
        if session.standing(now) == Ok(Standing::Live) {
            self.live += 1;
            return;
        }
        match living::at_work(locks, lease) {
            None => self.late += 1,
            Some(processes) => self.orphans.push(Tree {
                session: Some((session.namespace.clone(), session.id.clone())),
                ..Tree::of(lock, processes)
            }),
        }
    }
}

impl Tree {
    fn of(lock: String, holders: Vec<Holder>) -> Self {
        let processes = holders.into_iter().map(|holder| Process { pid: holder.pid, name: holder.name });
        Self { lock, session: None, processes: processes.collect() }
    }
}
