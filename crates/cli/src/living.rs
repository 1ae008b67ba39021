//! What is left of a late holder's processes, before somebody else goes on.

use std::path::Path;

use tenure_core::id::Key;
use tenure_core::lease::{Lease, Standing};
use tenure_core::session::Session;
use tenure_engine::Engine;
use tenure_guard::hold::Holder;
use tenure_store::Find;

use crate::witness::HoldLocks;
use tenure_words::{Problem, lines};

/// Refuses while processes that a late holder had started may still be at work.
///
/// The lease being over is enough for Tenure's own writes, which the fence guards. What those processes do
/// elsewhere it does not guard, so they have to be ended first.
pub(crate) async fn ensure_gone(engine: &Engine, db: &Path, find: Find) -> anyhow::Result<()> {
    let found = engine.store().find(find).await?;
    let now = engine.store().now().await?;
    let Some((session, lease)) =
        found.current.open().and_then(|session| Some((session, session.lease.as_ref()?)))
    else {
        return Ok(());
    };
    let locks = HoldLocks::beside(db);
    if session.standing(&now) != Ok(Standing::Over) || !locks.is_held(lease) {
        return Ok(());
    }
    match at_work(&locks, lease) {
        None => Ok(()),
        Some(living) => Err(still_alive(session, lease, &living).into()),
    }
}

/// The processes of a tree whose lock is held, but not its runner: that does none of the command's work, and a
/// frozen one that goes on finds its fence old. `None` when there are none; empty when they cannot be told.
pub(crate) fn at_work(locks: &HoldLocks, lease: &Lease) -> Option<Vec<Holder>> {
    let mut living = locks.living(lease);
    let runner = lease.holder.place.as_ref().map(|place| place.pid);
    let is_told = !living.is_empty();
    living.retain(|process| Some(process.pid) != runner);
    (!is_told || !living.is_empty()).then_some(living)
}

fn still_alive(session: &Session, lease: &Lease, living: &[Holder]) -> Problem {
    let statement = format!(
        "the lease of `{}` is over, but processes that it started for session {} still live",
        lease.holder.id, session.id
    );
    named(Problem::refused("STILL_ALIVE", statement), living)
}

/// Refuses to start a command beside those of an earlier run of the same key, which did not end in time.
pub(crate) fn still_alive_after(key: &Key, living: &[Holder]) -> Problem {
    named(
        Problem::refused("STILL_ALIVE", format!("processes of an earlier run of `{key}` still live")),
        living,
    )
}

/// Which processes, and how to end them.
fn named(problem: Problem, living: &[Holder]) -> Problem {
    if living.is_empty() {
        return problem.detail("which ones cannot be told here").hint("end them, then try again");
    }
    let pids: Vec<_> = living.iter().map(|holder| holder.pid.to_string()).collect();
    let name = |holder: &Holder| format!("pid {} ({})", holder.pid, lines(&holder.name).join(" "));
    problem
        .details(living.iter().map(name))
        .hint(format!("end them, then try again: kill -KILL {}", pids.join(" ")))
        .fact("pids", living.iter().map(|holder| holder.pid).collect::<Vec<_>>())
}
