//! Brings flawed stores to the cases.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::{CheckpointId, Namespace};
use tenure_store::{Handle, Store};
use tenure_store_testkit::{
    Capability, Damage, Disk, Fault, Faults, FaultyStore, Harness, ManualClock, MemoryStore, Trouble, Verb,
    list_all,
};
use tokio::sync::watch;

use super::{Flaw, MutantStore};

/// Brings stores with one flaw.
#[derive(Debug)]
pub(crate) struct MutantHarness {
    flaw: Flaw,
}

impl MutantHarness {
    pub(crate) const fn new(flaw: Flaw) -> Self {
        Self { flaw }
    }
}

#[derive(Debug)]
struct MutantDisk {
    flaw: Flaw,
    memory: Arc<MemoryStore>,
    clock: ManualClock,
    faults: Faults,
    was_opened: AtomicBool,
}

#[async_trait]
impl Harness for MutantHarness {
    fn has(&self, _: Capability) -> bool {
        true
    }

    async fn fresh(&self) -> Box<dyn Disk> {
        let (memory, clock) = MemoryStore::manual();
        let (faults, was_opened) = (Faults::default(), AtomicBool::new(false));
        Box::new(MutantDisk { flaw: self.flaw, memory, clock, faults, was_opened })
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }
}

#[async_trait]
impl Disk for MutantDisk {
    fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        if self.was_opened.swap(true, Ordering::Relaxed) && self.flaw == Flaw::ForgetsLeases {
            for listed in list_all(self.memory.as_ref(), &Namespace::default_name()).await {
                self.memory.tamper(listed.handle, |session| session.lease = None);
            }
        }
        // Each is a process of its own.
        let memory = Arc::new(MemoryStore::clone(&self.memory));
        let inner = FaultyStore::new(Arc::<MemoryStore>::clone(&memory), self.faults.clone());
        let (flaw, clock) = (self.flaw, self.clock.clone());
        let (seen, wakes) = (Mutex::new(HashMap::new()), watch::Sender::new(0));
        let made = AtomicU64::new(0);
        Arc::new(MutantStore { flaw, inner, memory, clock, seen, wakes, made })
    }

    fn inject(&self, fault: Fault) {
        let trouble = match fault {
            Fault::BeforeDurable | Fault::MidGroup => Trouble::FailBefore,
            Fault::AfterDurable => Trouble::FailAfter,
        };
        self.faults.next_of(&Verb::WRITES, trouble);
    }

    fn damage(&self, handle: Handle, id: &CheckpointId, damage: Damage) {
        self.memory.damage(handle, id, damage);
    }

    fn damage_history(&self, handle: Handle) {
        self.memory.damage_history(handle);
    }
}
