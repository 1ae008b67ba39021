//! Proof that a runner is gone, and the list of what is left of it.

use std::path::{Path, PathBuf};

use tenure_core::lease::{HolderKind, Lease};
use tenure_engine::Witness;
use tenure_guard::hold::{self, Holder, Probe};

use crate::run::holds;

/// Knows runners of this machine by the lock files beside the store.
#[derive(Debug)]
pub(crate) struct HoldLocks {
    db: PathBuf,
}

impl HoldLocks {
    /// Those beside the store's file `db`.
    pub(crate) fn beside(db: &Path) -> Self {
        Self { db: db.to_owned() }
    }

    /// The processes of the lease's runner that still live; empty when that cannot be told.
    pub(crate) fn living(&self, lease: &Lease) -> Vec<Holder> {
        let path = holds::path(&self.db, lease.incarnation);
        match hold::probe(&path) {
            Ok(Probe::Held) => hold::holders(&path).unwrap_or_default(),
            Ok(Probe::Free | Probe::Missing) | Err(_) => Vec::new(),
        }
    }

    /// Whether something of the lease's runner still lives.
    pub(crate) fn is_held(&self, lease: &Lease) -> bool {
        let path = holds::path(&self.db, lease.incarnation);
        lease.holder.kind == HolderKind::Run && matches!(hold::probe(&path), Ok(Probe::Held))
    }
}

impl Witness for HoldLocks {
    /// Only a free lock proves it: a missing one may have been on a disk that was cleaned up.
    fn is_gone(&self, lease: &Lease) -> bool {
        let path = holds::path(&self.db, lease.incarnation);
        lease.holder.kind == HolderKind::Run && matches!(hold::probe(&path), Ok(Probe::Free))
    }
}
