//! Sorts of holder and what follows from them.

use crate::lease::{HolderKind, Lifecycle};

#[test]
fn the_lifecycle_follows_from_the_sort_of_holder() {
    let table = [
        ("interactive", HolderKind::Interactive, Lifecycle::Interactive),
        ("runtime_supervisor", HolderKind::RuntimeSupervisor, Lifecycle::Autonomous),
        ("runtime_worker", HolderKind::RuntimeWorker, Lifecycle::Autonomous),
        ("run", HolderKind::Run, Lifecycle::Autonomous),
        ("worker", HolderKind::Worker, Lifecycle::Autonomous),
    ];
    assert_eq!(table.map(|(_, kind, _)| kind), HolderKind::ALL);
    for (name, kind, lifecycle) in table {
        assert_eq!(kind.name(), name);
        assert_eq!(HolderKind::parse(name), Some(kind));
        assert_eq!(kind.lifecycle(), lifecycle);
    }
    assert_eq!(HolderKind::parse("Interactive"), None);
    assert_eq!(
        [Lifecycle::Interactive, Lifecycle::Autonomous].map(Lifecycle::name),
        ["interactive", "autonomous"]
    );
}
