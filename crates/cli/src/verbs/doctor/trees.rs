//! Process trees of runs: those that hold their sessions, and those that outlived them.

use std::collections::HashMap;
use std::path::Path;

use tenure_core::kind::Kind;
use tenure_core::lease::Standing;
use tenure_core::session::{Session, StateName};
use tenure_core::time::Moment;
use tenure_engine::Engine;
use tenure_guard::hold::{self, Probe};
use tenure_store::ListRequest;

use crate::app::App;
use crate::run::holds;

/// Sessions are read in pages of this size.
const PAGE: usize = 1000;

/// What runs, and what is left of what ran.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    /// Runs that hold their session.
    pub(crate) live: usize,
    /// Locks of runs that are gone.
    pub(crate) gone: usize,
    /// Trees whose processes live although their lease is over.
    pub(crate) orphans: Vec<Tree>,
    /// Trees under no open session of this namespace: another one's, or of a session that has ended.
    pub(crate) strays: Vec<Tree>,
}

/// A tree of processes without a lease.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Its lock, named after its incarnation.
    pub(crate) lock: String,
    /// The session whose lease it had, if that is still open under it.
    pub(crate) session: Option<String>,
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
    let Ok(locks) = std::fs::read_dir(holds::directory(app.db())) else {
        return Ok(trees);
    };
    let sessions = held_by_runs(app, engine).await?;
    let now = engine.store().now().await?;
    for lock in locks.flatten() {
        let path = lock.path();
        let name = lock.file_name().to_string_lossy().into_owned();
        match hold::probe(&path) {
            Ok(Probe::Free | Probe::Missing) => trees.gone += 1,
            Ok(Probe::Held) => match sessions.get(name.trim_end_matches(".lock")) {
                Some(session) if is_live(session, &now) => trees.live += 1,
                Some(session) => trees.orphans.push(tree(&path, name, Some(session))),
                None => trees.strays.push(tree(&path, name, None)),
            },
            Err(error) => return Err(anyhow::Error::new(error).context("look at the hold locks")),
        }
    }
    Ok(trees)
}

fn is_live(session: &Session, now: &Moment) -> bool {
    session.standing(now) == Ok(Standing::Live)
}

fn tree(path: &Path, lock: String, session: Option<&Session>) -> Tree {
    let processes = hold::holders(path).unwrap_or_default();
    let processes = processes.into_iter().map(|holder| Process { pid: holder.pid, name: holder.name });
    Tree {
        lock,
        session: session.map(|session| session.id.as_str().to_owned()),
        processes: processes.collect(),
    }
}

/// Open sessions that a run holds or held, by its incarnation.
pub(super) async fn held_by_runs(app: &App, engine: &Engine) -> anyhow::Result<HashMap<String, Session>> {
    let mut sessions = HashMap::new();
    let mut before = None;
    loop {
        let request = ListRequest {
            namespace: app.options.namespace.value.clone(),
            states: vec![StateName::Active, StateName::Paused],
            kinds: vec![Kind::Agent],
            labels: Vec::new(),
            before,
            limit: PAGE,
        };
        let page = engine.store().list(request).await?;
        for listed in page.sessions {
            if let Some(lease) = &listed.session.lease {
                sessions.insert(lease.incarnation.to_string(), listed.session);
            }
        }
        before = page.next;
        if before.is_none() {
            return Ok(sessions);
        }
    }
}
