//! What every benchmark needs: a durable directory, percentiles, CPU time, the disk's own speed.

pub mod many;
pub mod measure;
pub mod steps;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure_core::id::{ActorId, Key, Namespace};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Ttl};
use tenure_core::session::{Claimant, StartRun};
use tenure_core::time::WallTime;
use tenure_engine::{Ids, Target};
use tenure_store::{Clock, Slot};
use tenure_store_sqlite::SystemClock;

pub use measure::{Spread, cpu, kib_written};

/// A directory on the disk that holds the build, not in memory: durable writes are the point.
pub fn directory() -> TempDir {
    let beside = std::env::current_exe().expect("this program has a file");
    let parent = beside.parent().expect("it lies in a directory").to_owned();
    tempfile::tempdir_in(parent).expect("the build's disk takes a directory")
}

/// How long the disk takes to make 4 KiB more durable.
pub fn fdatasync(directory: &Path) -> Spread {
    let path: PathBuf = directory.join("fdatasync");
    let mut file = File::create(&path).expect("the directory takes a file");
    let block = [7; 4096];
    let lengths = (0..300).map(|_| {
        let start = Instant::now();
        file.write_all(&block).expect("the disk takes 4 KiB");
        file.sync_data().expect("and keeps it");
        start.elapsed()
    });
    let spread = Spread::of(lengths.collect());
    std::fs::remove_file(path).expect("it is ours");
    spread
}

/// Prints the disk's own speed, above a table.
pub fn print_disk(directory: &Path) {
    let disk = fdatasync(directory);
    println!("disk: append 4 KiB + fdatasync p50 {:.3} ms, p99 {:.3} ms", disk.at(0.5), disk.at(0.99));
}

/// A run by owner `n` that says nothing about itself.
pub fn run(ids: &dyn Ids, n: usize) -> StartRun {
    let actor = ActorId::parse(&format!("owner/{n}")).expect("a plain name");
    let holder = Holder { kind: HolderKind::Run, id: actor, supervisor: None, place: None };
    StartRun {
        id: ids.session_id(Some(now())),
        namespace: Namespace::default_name(),
        key: None,
        claimant: Claimant { holder, incarnation: ids.incarnation() },
        ttl: Ttl::run(Duration::from_secs(600)).expect("ten minutes"),
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        idle: Some(IdleRule { after: Duration::from_secs(1800), spares_held: true }),
        recipe: None,
        group: None,
        waits: false,
        takeover: None,
        is_fresh: false,
        principal: None,
    }
}

/// What the wall clock says.
pub fn now() -> WallTime {
    SystemClock::new().now().wall.expect("the clock can be used")
}

/// Gives run `n` a key, labels, a command and a directory, as people do.
pub fn describe(run: &mut StartRun, n: usize) {
    let team = ["web", "data", "mobile", "infra", "search"][n % 5];
    run.key = Some(Key::parse(&format!("{team}-job-{n}")).expect("a plain key"));
    let env = if n.is_multiple_of(10) { "production" } else { "ci" };
    run.labels =
        [("team", team), ("env", env)].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    run.command = ["cargo", "nextest", "run", "--package", team].map(str::to_owned).into();
    run.directory = Some(format!("/home/{team}/checkout-{}", n % 40));
}

/// Where a run is started.
pub fn target(run: &StartRun) -> Target {
    match run.key.clone() {
        Some(key) => Target::Slot(Slot { namespace: run.namespace.clone(), kind: Kind::Agent, key }),
        None => Target::New,
    }
}
