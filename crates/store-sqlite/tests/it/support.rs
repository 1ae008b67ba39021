//! Stores in directories of their own, and processes beside this one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Resource, Rlimit};
use tempfile::TempDir;
use tenure_core::checkpoint::Fork;
use tenure_core::id::{CheckpointId, Incarnation, Seq};
use tenure_store::{
    CheckpointStore as _, Find, ForkOutcome, ForkRequest, Handle, SessionStore as _, Store, StoreError,
};
use tenure_store_sqlite::{Limits, SqliteOptions, SqliteStore};
use tenure_store_testkit::fixture::{
    Held, append, commit_id, committed, prepare, run, session_id, slot, start,
};
use tenure_store_testkit::{Damage, ManualClock};

/// The directory of one store, and its clock.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) directory: TempDir,
    pub(crate) clock: ManualClock,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), clock: ManualClock::new() }
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.directory.path().join("tenure.db")
    }

    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("tenure.db{suffix}"))
    }

    /// How many processes are listed as watching, and how many watches there are.
    pub(crate) fn listed(&self) -> (i64, i64) {
        let conn = rusqlite::Connection::open(self.db()).unwrap();
        let rows = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        (rows("SELECT count(*) FROM process"), rows("SELECT count(*) FROM watch"))
    }

    /// What is in the directory of lock files and sockets.
    pub(crate) fn run_files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.beside("-run")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Options with an incarnation that nothing else has.
    pub(crate) fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.db(), incarnation(), Arc::new(self.clock.clone()))
    }

    pub(crate) fn open(&self) -> SqliteStore {
        SqliteStore::open(self.options()).unwrap()
    }

    /// A store that gives up on others soon, so that tests need not wait long.
    pub(crate) fn impatient(&self) -> SqliteStore {
        let mut options = self.options();
        options.limits.blocked_after = Duration::from_millis(50);
        SqliteStore::open(options).unwrap()
    }

    /// A store that folds soon, into small chunks.
    pub(crate) fn folding(&self) -> SqliteStore {
        let mut options = self.options();
        options.limits = small(options.limits);
        SqliteStore::open(options).unwrap()
    }

    /// A number that the database holds, asked as a foreign program would.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let conn = rusqlite::Connection::open(self.db()).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Waits until a number is as it should be: what is done when nothing else is to do, nobody waits for.
    #[expect(clippy::disallowed_methods, reason = "a foreign program can only look again, with a deadline")]
    pub(crate) fn until(&self, sql: &str, holds: impl Fn(i64) -> bool) {
        let began = std::time::Instant::now();
        loop {
            let number = self.number(sql);
            if holds(number) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{sql}: {number}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Starts another process with one deed on this store.
    pub(crate) fn probe(&self, deed: &str, words: &[&str]) -> Probe {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-probe"));
        command.arg(deed).arg(self.db()).args(words);
        Probe::start(command)
    }
}

/// Limits under which little is folded soon.
pub(crate) fn small(limits: Limits) -> Limits {
    Limits { fold_rows: 8, fold_bytes: 4096, chunk_bytes: 512, litter_rows: 16, ..limits }
}

fn incarnation() -> Incarnation {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = u128::from(LAST.fetch_add(1, Ordering::Relaxed)) << 64;
    Incarnation((number | u128::from(std::process::id())).to_be_bytes())
}

/// Another process, killed when it is no longer needed.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) child: Child,
    said: BufReader<ChildStdout>,
}

impl Probe {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it says; `None` when it has ended.
    pub(crate) fn says(&mut self) -> Option<String> {
        self.said.by_ref().lines().next().transpose().unwrap()
    }

    /// Everything that it still says.
    pub(crate) fn says_all(&mut self) -> Vec<String> {
        self.said.by_ref().lines().map(Result::unwrap).collect()
    }

    /// The same as it came: whether its last line is whole shows.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Says a line to it.
    pub(crate) fn tell(&mut self, words: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{words}").unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a probe whose files cannot grow beyond some size: a full disk for it alone. The signal that this
/// would send is ignored, as programs that check their writes do.
pub(crate) fn limited_probe(home: &Home, kib: u64, deed: &str, words: &[&str]) -> Probe {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$@\"", kib * 2);
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_store-probe"), deed]);
    command.arg(home.db()).args(words);
    Probe::start(command)
}

/// Lets a probe's files grow to this many bytes and no more: a full disk for it alone.
pub(crate) fn limit_files(probe: &Probe, bytes: Option<u64>) {
    let pid = rustix::process::Pid::from_child(&probe.child);
    let limit = Rlimit { current: bytes, maximum: None };
    rustix::process::prlimit(Some(pid), Resource::Fsize, limit).unwrap();
}

/// Flips the last bit of what is stored of a checkpoint, or cuts its record off.
pub(crate) fn damage(db: &Path, handle: Handle, id: &CheckpointId, damage: Damage) {
    let conn = rusqlite::Connection::open(db).unwrap();
    conn.busy_timeout(Duration::from_secs(20)).unwrap();
    let named = (handle.0, id.as_str());
    if damage == Damage::Record {
        let touched = conn.execute("UPDATE checkpoint SET body = x'0a' WHERE sid = ?1 AND id = ?2", named);
        assert_eq!(touched.unwrap(), 1);
        return;
    }
    let last = "SELECT max(piece), bytes FROM piece, checkpoint
        WHERE sid = ?1 AND id = ?2 AND piece / 65536 = payload";
    let (piece, mut bytes): (i64, Vec<u8>) =
        conn.query_row(last, named, |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    conn.execute("UPDATE piece SET bytes = ?2 WHERE piece = ?1", (piece, bytes)).unwrap();
}

/// Makes the newest row of an instance's history unreadable.
pub(crate) fn damage_history(db: &Path, handle: Handle) {
    let conn = rusqlite::Connection::open(db).unwrap();
    conn.busy_timeout(Duration::from_secs(20)).unwrap();
    let newest =
        "UPDATE history SET payload = x'ff' WHERE pos = (SELECT max(pos) FROM history WHERE sid = ?1)";
    assert_eq!(conn.execute(newest, [handle.0]).unwrap(), 1);
}

/// Starts a session in the slot `key`.
pub(crate) async fn hold(store: &dyn Store, key: &str) -> Held {
    let id = format!("ses_{key}");
    let request = prepare(store, slot(key), &start(run(&id, Some(key), 1))).await;
    let fence = request.decision.counters.fence;
    let done = committed(store.commit(request).await.unwrap());
    Held { handle: done.handle, fence }
}

/// Forks a session.
pub(crate) async fn fork(store: &SqliteStore, parent: Handle, at: u64, id: &str) -> Handle {
    let session = store.find(Find::Handle(parent)).await.unwrap().current.session.unwrap();
    let fork = Fork { id: session_id(id), at: Seq(at), record: None, principal: None };
    let write = fork.opening(&session, session.created_at);
    let request = ForkRequest { commit_id: commit_id(), parent, at: Seq(at), write };
    match store.fork(request).await.unwrap() {
        ForkOutcome::Forked(done) => done.handle,
        other => panic!("forked, not {other:?}"),
    }
}

/// Appends one event to a session's inbox.
pub(crate) async fn note(store: &dyn Store, handle: Handle) -> Result<(), StoreError> {
    store.append(append(handle, None, 1)).await.map(drop)
}
