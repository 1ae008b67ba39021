//! The cases that every store must pass, and the model it must agree with.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;
use tenure_core::id::{CheckpointId, Incarnation};
use tenure_store::{Handle, Store};
use tenure_store_sqlite::{Depth, FaultPoint, Faults, Limits, SqliteOptions, SqliteStore};
use tenure_store_testkit::{Capability, Damage, Disk, Fault, Harness, ManualClock};

tenure_store_testkit::conformance_tests!(SqliteHarness(Limits::default()));

/// The same with logs that are folded as soon as somebody draws breath.
mod folded {
    use std::time::Duration;

    use tenure_store_sqlite::Limits;

    const LIMITS: fn() -> Limits = || Limits {
        fold_rows: 1,
        fold_bytes: 2048,
        chunk_bytes: 300,
        litter_rows: 1,
        rest: Duration::ZERO,
        ..Limits::default()
    };

    tenure_store_testkit::conformance_tests!(super::SqliteHarness(LIMITS()));
}

/// Brings stores in files of their own.
#[derive(Debug, Clone, Copy)]
struct SqliteHarness(Limits);

#[derive(Debug)]
struct SqliteDisk {
    directory: TempDir,
    clock: ManualClock,
    limits: Limits,
    faults: Arc<Planned>,
    opened: AtomicU8,
    /// What is stored was damaged on purpose.
    is_damaged: AtomicBool,
}

impl Drop for SqliteDisk {
    /// Whatever a case did, in the end everything agrees with everything else.
    fn drop(&mut self) {
        if std::thread::panicking() || self.is_damaged.load(Ordering::Relaxed) {
            return;
        }
        let path = self.directory.path().join("tenure.db");
        let options = SqliteOptions::new(path, Incarnation([255; 16]), Arc::new(self.clock.clone()));
        let store = SqliteStore::open(options).unwrap();
        assert_eq!(store.verify(Depth::Deep).unwrap(), []);
    }
}

/// Fails once where it is planned to.
#[derive(Debug, Default)]
struct Planned(Mutex<VecDeque<FaultPoint>>);

impl Faults for Planned {
    fn at(&self, point: FaultPoint) -> io::Result<()> {
        let mut planned = self.0.lock().unwrap();
        if planned.front() != Some(&point) {
            return Ok(());
        }
        planned.pop_front();
        Err(io::Error::other("a planned fault"))
    }
}

#[async_trait]
impl Harness for SqliteHarness {
    fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::Reopen | Capability::SecondInstance | Capability::Faults | Capability::Damage => true,
        }
    }

    async fn fresh(&self) -> Box<dyn Disk> {
        Box::new(SqliteDisk {
            directory: tempfile::tempdir().unwrap(),
            clock: ManualClock::new(),
            limits: self.0,
            faults: Arc::default(),
            opened: AtomicU8::new(0),
            is_damaged: AtomicBool::new(false),
        })
    }
}

#[async_trait]
impl Disk for SqliteDisk {
    fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.path().join("tenure.db");
        let mut options = SqliteOptions::new(path, Incarnation([number; 16]), Arc::new(self.clock.clone()));
        options.limits = self.limits;
        options.faults = Arc::<Planned>::clone(&self.faults);
        Arc::new(SqliteStore::open(options).unwrap())
    }

    fn inject(&self, fault: Fault) {
        self.faults.0.lock().unwrap().push_back(match fault {
            Fault::BeforeDurable => FaultPoint::BeforeCommit,
            Fault::AfterDurable => FaultPoint::AfterCommit,
            Fault::MidGroup => FaultPoint::Apply,
        });
    }

    fn damage(&self, handle: Handle, id: &CheckpointId, damage: Damage) {
        self.is_damaged.store(true, Ordering::Relaxed);
        crate::support::damage(&self.directory.path().join("tenure.db"), handle, id, damage);
    }

    fn damage_history(&self, handle: Handle) {
        self.is_damaged.store(true, Ordering::Relaxed);
        crate::support::damage_history(&self.directory.path().join("tenure.db"), handle);
    }
}
