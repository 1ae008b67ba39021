//! What a worker can take on: slots, queues and keys.

use foldhash::{HashMap, HashMapExt as _};
use tenure_core::id::{Namespace, Operation};
use tenure_core::orchestration::Activity;
use tenure_core::worker::{Queues, Serving};

use super::keys::{BusyKeys, InUse, Place};
use super::order::Key;
use super::registry::Registry;

/// What a worker can take on, and what it has.
pub(super) struct Room {
    slots: usize,
    serving: Serving,
    /// How many attempts run.
    pub(super) running: usize,
    /// Activities with a key that are to run here if the key is this worker's. Each has a slot.
    wanted: HashMap<(Key, Operation), InUse>,
    /// Keys of activities that have no row.
    pub(super) here: BusyKeys,
    /// Keys of tasks.
    pub(super) claimed: BusyKeys,
    /// Whether nothing new is taken on.
    pub(super) is_closed: bool,
}

impl Room {
    pub(super) fn new(slots: usize, serving: Serving) -> Self {
        Self {
            slots,
            serving,
            running: 0,
            wanted: HashMap::new(),
            here: BusyKeys::default(),
            claimed: BusyKeys::default(),
            is_closed: false,
        }
    }

    /// Whether an activity cannot just be run: it has a key, or this worker does not run such ones at all.
    pub(super) fn must_ask(&self, registry: &Registry, what: (&Namespace, &Activity)) -> bool {
        what.1.affinity.is_some() || !self.can_run(registry, what)
    }

    fn can_run(&self, registry: &Registry, (namespace, activity): (&Namespace, &Activity)) -> bool {
        self.slots > 0
            && self.serving.serves(namespace, activity.queue.as_ref())
            && registry.has_activity(&activity.name)
    }

    /// Whether an activity would be run at once, were its key this worker's. If so, its place is kept until it is
    /// taken or left. `queued` activities wait for slots as it is.
    pub(super) fn wants(
        &mut self,
        who: (Key, Operation),
        (namespace, activity): (&Namespace, &Activity),
        registry: &Registry,
        queued: usize,
    ) -> bool {
        let Some(affinity) = &activity.affinity else { return false };
        if self.is_closed || self.free_slots(queued) == 0 || !self.can_run(registry, (namespace, activity)) {
            return false;
        }
        let place = (namespace.clone(), affinity.key.clone());
        let is_admitted = self.admits(&place, affinity.is_exclusive);
        if is_admitted {
            self.wanted.insert(who, self.here.enter(place, affinity.is_exclusive));
        }
        is_admitted
    }

    /// Whether another activity of a key may be under way.
    pub(super) fn admits(&self, place: &Place, is_exclusive: bool) -> bool {
        let is_busy = self.here.contains(place) || self.claimed.contains(place);
        let is_one_alone = self.here.is_exclusive(place) || self.claimed.is_exclusive(place);
        let is_alone = is_exclusive || is_one_alone || self.serving.is_exclusive;
        if is_busy { !is_alone } else { self.busy() < self.serving.busy_max }
    }

    /// Whether a key that was busy no longer is, since this was last asked.
    pub(super) fn takes_freed(&self) -> bool {
        let (here, claimed) = (self.here.takes_freed(), self.claimed.takes_freed());
        here || claimed
    }

    /// How many keys are busy.
    fn busy(&self) -> usize {
        let both = self.claimed.list().iter().filter(|place| self.here.contains(place)).count();
        self.here.len().saturating_add(self.claimed.len()).saturating_sub(both)
    }

    pub(super) fn free_slots(&self, queued: usize) -> usize {
        let taken = self.running.saturating_add(self.wanted.len()).saturating_add(queued);
        self.slots.saturating_sub(taken)
    }

    /// Takes the place that was kept.
    pub(super) fn take(&mut self, who: (Key, Operation)) -> Option<InUse> {
        self.wanted.remove(&who)
    }

    /// Leaves every place that was kept for an instance.
    pub(super) fn leave(&mut self, key: Key) {
        self.wanted.retain(|(of, _), _| *of != key);
    }

    /// Whether nothing runs, or is about to.
    pub(super) fn is_empty(&self) -> bool {
        self.running == 0 && self.wanted.is_empty()
    }

    /// Whether this worker runs tasks at all.
    pub(super) fn serves_tasks(&self) -> bool {
        self.slots > 0
            && match &self.serving.queues {
                Queues::All => true,
                Queues::These(queues) => !queues.is_empty(),
            }
    }
}
