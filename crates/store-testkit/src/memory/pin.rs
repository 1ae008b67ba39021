//! The model keeps pins: who holds a key, and whether that still keeps others away.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use tenure_core::id::{AffinityKey, Fence, Namespace, WorkerId};
use tenure_core::time::{BootMoment, Moment, WallTime};
use tenure_core::worker::{Hold, is_idle, records_use};
use tenure_store::{MovePin, MovePinOutcome, Notice, Pin, PinGrant, PinsRequest, WorkerHandle};

use super::tables::{Tables, wall_or_epoch};
use super::task::Task;

/// A tenant's key.
pub(super) type Keyed = (Namespace, AffinityKey);

/// Every key that anybody ever held: what nobody holds any more keeps its fence.
pub(super) type Pins = BTreeMap<Keyed, Pinned>;

/// What is known of a key.
#[derive(Debug)]
pub(super) struct Pinned {
    /// By name, so that another start of it inherits the key.
    pub(super) holder: Option<WorkerId>,
    /// The start of the holder that was given something of the key last; `None`: none was yet.
    told: Option<WorkerHandle>,
    fence: Fence,
    since: WallTime,
    used: BootMoment,
    used_wall: WallTime,
}

/// What a key is to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Its own, or an earlier start's of it.
    Own,
    /// Anybody's.
    Free,
    /// Another live worker's.
    Other(WorkerHandle),
}

impl Pinned {
    fn nobodys(now: &Moment) -> Self {
        let wall = wall_or_epoch(now);
        let (used, used_wall) = (now.boot, wall);
        Self { holder: None, told: None, fence: Fence(0), since: wall, used, used_wall }
    }

    /// How long ago its use was recorded.
    fn unused_for(&self, now: &Moment) -> Duration {
        now.boot.since(self.used)
    }

    fn record(&mut self, now: &Moment) {
        (self.used, self.used_wall) = (now.boot, wall_or_epoch(now));
    }
}

impl Tables {
    /// What a key is to a worker.
    pub(super) fn belongs(&self, worker: WorkerHandle, key: &Keyed, now: &Moment) -> Belongs {
        let Some(pinned) = self.pins.get(key) else { return Belongs::Free };
        if pinned.holder.is_some() && pinned.holder == self.workers.name(worker) {
            return Belongs::Own;
        }
        self.live_holder(key, pinned, now).map_or(Belongs::Free, Belongs::Other)
    }

    /// Who keeps others away from a key.
    fn live_holder(&self, key: &Keyed, pinned: &Pinned, now: &Moment) -> Option<WorkerHandle> {
        let holder = self.workers.named(pinned.holder.as_ref()?)?;
        let serving = self.workers.serving(holder)?;
        let keeps_it_in_use = |task: &Task| {
            // What began to wait when the key was idle already does not make it its former holder's again.
            let [used, came] = [pinned.used, task.waits_since].map(|at| at.on_clock_of(now.boot));
            let came_in_time = !is_idle(serving.idle_after, came.since(used));
            self.is_under_way(task, now) || (came_in_time && self.can_run(holder, task))
        };
        let is_in_use = self.tasks.of_key(key).any(keeps_it_in_use);
        let is_kept = is_in_use || !is_idle(serving.idle_after, pinned.unused_for(now));
        (is_kept && self.workers.is_live(holder, now)).then_some(holder)
    }

    /// How many keys a worker holds.
    pub(super) fn held_by(&self, worker: WorkerHandle) -> u64 {
        let Some(name) = self.workers.name(worker) else { return 0 };
        self.pins.values().filter(|pinned| pinned.holder.as_ref() == Some(&name)).count() as u64
    }

    /// How many keys a worker holds that others cannot have.
    pub(super) fn live_held_by(&self, worker: WorkerHandle, now: &Moment) -> u64 {
        let live = self.pins.iter().filter_map(|(key, pinned)| self.live_holder(key, pinned, now));
        live.filter(|holder| *holder == worker).count() as u64
    }

    /// Gives a worker something of a key that it has or may have.
    pub(super) fn hold(&mut self, worker: WorkerHandle, key: &Keyed, now: &Moment) -> PinGrant {
        let name = self.workers.name(worker);
        if self.pins.get(key).is_some_and(|pinned| pinned.holder != name) {
            self.lose(key);
        }
        let idle_after = self.workers.serving(worker).map_or(Duration::ZERO, |serving| serving.idle_after);
        let pinned = self.pins.entry(key.clone()).or_insert_with(|| Pinned::nobodys(now));
        let hold = match pinned.told {
            Some(told) if told == worker => Hold::Held,
            Some(_) => Hold::Resumed,
            None => Hold::Claimed,
        };
        if hold == Hold::Resumed || pinned.holder.is_none() {
            pinned.fence = pinned.fence.next();
            pinned.since = wall_or_epoch(now);
        }
        if hold != Hold::Held || records_use(idle_after, pinned.unused_for(now)) {
            pinned.record(now);
        }
        (pinned.holder, pinned.told) = (name, Some(worker));
        PinGrant { key: key.1.clone(), fence: pinned.fence, hold }
    }

    /// Whether this start of a worker was given something of a key, and nobody took it since.
    fn has_been_told(&self, worker: WorkerHandle, key: &Keyed) -> bool {
        let is_its = |pinned: &&Pinned| pinned.holder.is_some() && pinned.told == Some(worker);
        self.pins.get(key).filter(is_its).is_some()
    }

    /// Something of a key is under way, began or ended at a worker: only its own hold is younger for it.
    pub(super) fn use_pin(&mut self, worker: WorkerHandle, key: &Keyed, now: &Moment) -> bool {
        if !self.has_been_told(worker, key) {
            return false;
        }
        let idle_after = self.workers.serving(worker).map_or(Duration::ZERO, |serving| serving.idle_after);
        let pinned = self.pins.get_mut(key).expect("it is held");
        if records_use(idle_after, pinned.unused_for(now)) {
            pinned.record(now);
        }
        true
    }

    /// A key is held by nobody any more; who had it is told.
    pub(super) fn lose(&mut self, key: &Keyed) {
        let Some(pinned) = self.pins.get_mut(key) else { return };
        let (holder, fence) = (pinned.holder.take(), pinned.fence);
        pinned.told = None;
        let holder = holder.and_then(|holder| self.workers.named(&holder));
        let serves_it = |worker: &WorkerHandle| {
            self.workers.serving(*worker).is_some_and(|serving| serving.serves_tenant(&key.0))
        };
        // Else it is another start than the one that had it.
        if let Some(worker) = holder.filter(serves_it) {
            let (namespace, key) = key.clone();
            self.tell(worker, Notice::PinLost { namespace, key, fence });
        }
    }

    /// Nobody holds what a worker held. It is not told: it is known no more.
    pub(super) fn free_pins(&mut self, name: &WorkerId) {
        for pinned in self.pins.values_mut().filter(|pinned| pinned.holder.as_ref() == Some(name)) {
            (pinned.holder, pinned.told) = (None, None);
        }
    }

    /// Of a worker's keys the one that was idle longest, with nothing of it waiting or under way.
    pub(super) fn idle_longest(&self, worker: WorkerHandle, busy: &[Keyed], now: &Moment) -> Option<Keyed> {
        let name = self.workers.name(worker);
        let of_its = self.pins.iter().filter(|(key, pinned)| {
            let is_at_rest = !busy.contains(key) && self.tasks.of_key(key).next().is_none();
            pinned.holder == name && is_at_rest
        });
        // How long that is cannot be told of those from before another boot, but which was first.
        let unused = |pinned: &Pinned| (pinned.unused_for(now), Reverse(pinned.used_wall));
        of_its.max_by_key(|(_, pinned)| unused(pinned)).map(|(key, _)| key.clone())
    }

    pub(super) fn list_pins(&self, request: &PinsRequest, now: &Moment) -> Vec<Pin> {
        let is_asked_for = |(key, pinned): &(&Keyed, &Pinned)| {
            request.namespace.as_ref().is_none_or(|namespace| key.0 == *namespace)
                && request.worker.as_ref().is_none_or(|worker| pinned.holder.as_ref() == Some(worker))
                && request.after.as_ref().is_none_or(|after| *key > after)
        };
        let listed = self.pins.iter().filter(is_asked_for);
        listed.filter_map(|(key, pinned)| self.pin(key, pinned, now)).take(request.limit).collect()
    }

    fn pin(&self, key: &Keyed, pinned: &Pinned, now: &Moment) -> Option<Pin> {
        let running = self.tasks.of_key(key).filter(|task| self.is_under_way(task, now)).count() as u64;
        Some(Pin {
            namespace: key.0.clone(),
            key: key.1.clone(),
            worker: pinned.holder.clone()?,
            fence: pinned.fence,
            since: pinned.since,
            last_used: pinned.used_wall,
            waiting: self.tasks.of_key(key).count() as u64 - running,
            running,
            is_live: self.live_holder(key, pinned, now).is_some(),
        })
    }

    pub(super) fn move_pin(&mut self, request: MovePin, now: &Moment) -> MovePinOutcome {
        let key = (request.namespace, request.key);
        let Some(pinned) = self.pins.get(&key).filter(|pinned| pinned.holder.is_some()) else {
            return MovePinOutcome::NotFound;
        };
        if request.to.is_some() && request.to == pinned.holder {
            return MovePinOutcome::Moved(pinned.fence);
        }
        let takes_keys = |worker: &WorkerHandle| {
            let serves = self
                .workers
                .serving(*worker)
                .is_some_and(|serving| serving.busy_max > 0 && serving.serves_tenant(&key.0));
            serves && self.workers.is_at_work(*worker, now)
        };
        if let Some(to) = &request.to
            && self.workers.named(to).filter(takes_keys).is_none()
        {
            return MovePinOutcome::NoWorker;
        }
        self.lose(&key);
        let pinned = self.pins.get_mut(&key).expect("it was held");
        (pinned.holder, pinned.fence, pinned.since) = (request.to, pinned.fence.next(), wall_or_epoch(now));
        pinned.record(now);
        let fence = pinned.fence;
        self.call_workers();
        MovePinOutcome::Moved(fence)
    }
}
