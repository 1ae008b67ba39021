//! Brings the model itself to the cases.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::id::CheckpointId;
use tenure_store::{Handle, Store};

use crate::harness::{Capability, Damage, Disk, Fault, Harness};
use crate::{Faults, FaultyStore, ManualClock, MemoryStore, Trouble, Verb};

/// Brings stores in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryHarness;

#[derive(Debug)]
struct MemoryDisk {
    store: Arc<MemoryStore>,
    clock: ManualClock,
    faults: Faults,
}

#[async_trait]
impl Harness for MemoryHarness {
    fn has(&self, capability: Capability) -> bool {
        match capability {
            Capability::Reopen | Capability::SecondInstance | Capability::Faults | Capability::Damage => true,
        }
    }

    async fn fresh(&self) -> Box<dyn Disk> {
        let (store, clock) = MemoryStore::manual();
        Box::new(MemoryDisk { store, clock, faults: Faults::default() })
    }
}

#[async_trait]
impl Disk for MemoryDisk {
    fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    async fn open(&self) -> Arc<dyn Store> {
        let instance = Arc::new(MemoryStore::clone(&self.store));
        Arc::new(FaultyStore::new(instance, self.faults.clone()))
    }

    fn inject(&self, fault: Fault) {
        let trouble = match fault {
            Fault::BeforeDurable | Fault::MidGroup => Trouble::FailBefore,
            Fault::AfterDurable => Trouble::FailAfter,
        };
        self.faults.next_of(&Verb::WRITES, trouble);
    }

    fn damage(&self, handle: Handle, id: &CheckpointId, damage: Damage) {
        self.store.damage(handle, id, damage);
    }

    fn damage_history(&self, handle: Handle) {
        self.store.damage_history(handle);
    }
}
