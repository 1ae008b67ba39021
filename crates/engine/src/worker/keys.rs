//! Of which keys activities are under way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tenure_core::id::{AffinityKey, Namespace};

#[cfg(test)]
mod tests;

/// A key of a tenant.
pub(super) type Place = (Namespace, AffinityKey);

/// Of which keys activities are under way. A key is busy as long as somebody has entered it.
#[derive(Debug, Clone, Default)]
pub(super) struct BusyKeys {
    counts: Arc<Mutex<HashMap<Place, Count>>>,
    /// Whether a key that was busy no longer is, since that was last asked.
    freed: Arc<AtomicBool>,
}

/// How many activities of a key are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Count {
    all: usize,
    /// How many of them are to be alone.
    exclusive: usize,
}

/// An activity of a key is under way as long as this is there.
#[derive(Debug)]
pub(super) struct InUse {
    keys: BusyKeys,
    place: Place,
    is_exclusive: bool,
}

impl BusyKeys {
    fn counts(&self) -> MutexGuard<'_, HashMap<Place, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more activity of a key is under way.
    pub(super) fn enter(&self, place: Place, is_exclusive: bool) -> InUse {
        let mut counts = self.counts();
        let count = counts.entry(place.clone()).or_default();
        count.all += 1;
        count.exclusive += usize::from(is_exclusive);
        drop(counts);
        InUse { keys: self.clone(), place, is_exclusive }
    }

    /// Whether an activity of a key is under way beside which there is to be no other.
    pub(super) fn is_exclusive(&self, place: &Place) -> bool {
        self.counts().get(place).is_some_and(|count| count.exclusive > 0)
    }

    pub(super) fn contains(&self, place: &Place) -> bool {
        self.counts().contains_key(place)
    }

    /// How many keys are busy.
    pub(super) fn len(&self) -> usize {
        self.counts().len()
    }

    /// Whether a key that was busy no longer is, since this was last asked.
    pub(super) fn takes_freed(&self) -> bool {
        self.freed.swap(false, Ordering::Relaxed)
    }

    /// The busy keys.
    pub(super) fn list(&self) -> Vec<Place> {
        self.counts().keys().cloned().collect()
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let mut counts = self.keys.counts();
        let left = counts.get_mut(&self.place).map(|count| {
            count.all = count.all.saturating_sub(1);
            count.exclusive = count.exclusive.saturating_sub(usize::from(self.is_exclusive));
            count.all
        });
        if left == Some(0) {
            counts.remove(&self.place);
            self.keys.freed.store(true, Ordering::Relaxed);
        }
    }
}
