//! Files with many sessions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{CommitId, Revision};
use tenure_core::session::{Change, Command, Context, Current, GroupView, State, decide};
use tenure_core::time::{BootId, BootMoment, Moment, WallTime};
use tenure_engine::{Ids, SystemIds, Target};
use tenure_store::{CommitOutcome, CommitRequest, Store};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};
use tokio::task::JoinSet;

/// They were opened in these days, one after the other at equal distances.
const DAYS: u64 = 90;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const IN_FLIGHT: usize = 512;

/// Opens a store as programs do.
pub fn open(path: &Path) -> Arc<dyn Store> {
    let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(SystemClock::new()));
    Arc::new(SqliteStore::open(options).expect("the store opens"))
}

/// Stores `count` sessions of the last 90 days: one in a hundred is open, the others have ended, most of them
/// well. Each has a key, two labels, a command and a directory.
pub async fn fill(store: &Arc<dyn Store>, count: usize) {
    let begun = WallTime::from_epoch_ms(crate::now().epoch_ms() - DAYS * DAY_MS);
    // In waves, so that they are stored in the order of their times, more or less, as in life.
    for wave in (0..count).step_by(IN_FLIGHT) {
        let mut tasks = JoinSet::new();
        for n in wave..count.min(wave + IN_FLIGHT) {
            let store = Arc::clone(store);
            let at = begun.after(Duration::from_millis(DAYS * DAY_MS / count as u64 * n as u64));
            tasks.spawn(async move {
                let outcome = store.commit(session(n, at)).await.expect("an outcome");
                assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
            });
        }
        tasks.join_all().await;
    }
}

/// Session `n` from its start to its end, in one commit.
fn session(n: usize, at: WallTime) -> CommitRequest {
    let mut run = crate::run(&SystemIds, n % 37);
    run.id = SystemIds.session_id(Some(at));
    crate::describe(&mut run, n);
    if n % 10_000 == 7 {
        run.labels.insert("release".to_owned(), format!("v{}", n / 10_000));
    }
    let Target::Slot(slot) = crate::target(&run) else { unreachable!("it has a key") };
    let boot = BootMoment { boot: BootId([1; 16]), ms: 1 };
    let context =
        Context { now: Moment { wall: Some(at), boot }, gone: None, seen: None, group: GroupView::default() };
    let mut decision =
        decide(&Current::default(), &Command::StartRun(Box::new(run)), &context).expect("the slot is empty");
    if let Some(to) = end(n, at.after(Duration::from_secs(n as u64 % 600))) {
        let write = decision.writes.pop().expect("a session is opened");
        let reason = "it was over".to_owned();
        decision.writes.push(write.then(Change::Moved { to, reason, by: None }).then(Change::Released));
    }
    let commit_id = CommitId(SystemIds.incarnation().0);
    let slot = Some(slot);
    CommitRequest { commit_id, slot, on: None, expected: Revision(0), fence: None, decision, capture: None }
}

/// How session `n` ended, if it has.
fn end(n: usize, at: WallTime) -> Option<State> {
    match n % 100 {
        0 => None,
        1..=4 => Some(State::Failed { at, error: "exited with code 1".to_owned() }),
        5 => Some(State::Cancelled { at, reason: "enough".to_owned() }),
        6 => Some(State::Expired { at, reason: "session timeout".to_owned() }),
        _ => Some(State::Completed { at }),
    }
}
