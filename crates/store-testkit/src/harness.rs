//! What the cases ask of whoever brings a store to be tested.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::CheckpointId;
use tenure_store::{Handle, Store};

use crate::ManualClock;

/// What a store under test can do besides keeping the contract. Cases that need more pass without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// [`Disk::open`] may be called again after every earlier instance was dropped.
    Reopen,
    /// [`Disk::open`] may be called while another instance is open.
    SecondInstance,
    /// [`Disk::inject`] works.
    Faults,
    /// [`Disk::damage`] and [`Disk::damage_history`] work.
    Damage,
}

/// What goes wrong with the next write, whichever instance makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Making it durable fails, and nothing of it is kept.
    BeforeDurable,
    /// It is durable, but whoever asked for it does not learn that by itself.
    AfterDurable,
    /// An error in the middle of a group of writes, after some of them were applied.
    MidGroup,
}

/// What is damaged of a stored checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Damage {
    /// One bit of its payload.
    Payload,
    /// What is known of it without its payload.
    Record,
}

/// Brings fresh stores of one sort.
#[async_trait]
pub trait Harness: Debug + Send + Sync {
    /// Whether its stores can do this.
    fn has(&self, capability: Capability) -> bool;

    /// Somewhere to keep a store, with nothing there yet.
    async fn fresh(&self) -> Box<dyn Disk>;

    /// How long to wait for what must happen soon, such as a wake-up across instances.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// Where one store keeps things. It outlives the instances that are opened on it.
#[async_trait]
pub trait Disk: Debug + Send + Sync {
    /// The clock of every instance that is opened here.
    fn clock(&self) -> ManualClock;

    /// Opens an instance: the first, one more, or the next after the others were dropped.
    async fn open(&self) -> Arc<dyn Store>;

    /// Makes the next write go wrong. Only with [`Capability::Faults`].
    fn inject(&self, fault: Fault) {
        panic!("this store cannot be made to fail: {fault:?}");
    }

    /// Damages what is stored of a checkpoint. Only with [`Capability::Damage`].
    fn damage(&self, handle: Handle, id: &CheckpointId, damage: Damage) {
        panic!("this store cannot be damaged: {handle:?} {id} {damage:?}");
    }

    /// Damages the newest row of an instance's history. Only with [`Capability::Damage`].
    fn damage_history(&self, handle: Handle) {
        panic!("this store cannot be damaged: {handle:?}");
    }
}
