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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tenure_core::id::{ActorId, Fence, Incarnation};
    use tenure_core::lease::{Holder, Term, Ttl};
    use tenure_core::time::{BootId, BootMoment, WallTime};
    use tenure_guard::HoldLock;

    use super::*;

    /// The lease of a runner of a boot that is over.
    fn of_another_boot() -> Lease {
        let id = ActorId::parse("run/1").unwrap();
        let renewed = BootMoment { boot: BootId([0xAB; 16]), ms: u64::MAX };
        Lease {
            holder: Holder { kind: HolderKind::Run, id, supervisor: None, place: None },
            incarnation: Incarnation([7; 16]),
            fence: Fence(1),
            term: Term::Boot {
                ttl: Ttl::run(Duration::from_secs(600)).unwrap(),
                renewed,
                renewed_wall: WallTime::from_epoch_ms(0),
            },
        }
    }

    #[test]
    fn a_free_lock_proves_of_a_runner_of_another_boot_as_well_that_it_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let db = directory.path().join("tenure.db");
        let (locks, lease) = (HoldLocks::beside(&db), of_another_boot());
        assert!(!locks.is_gone(&lease), "it may run on another machine");
        let path = holds::path(&db, lease.incarnation);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lock = HoldLock::acquire(&path).unwrap();
        assert!(!locks.is_gone(&lease) && locks.is_held(&lease));
        drop(lock);
        assert!(locks.is_gone(&lease) && !locks.is_held(&lease));
    }
}
