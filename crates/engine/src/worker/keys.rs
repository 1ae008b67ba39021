//! Of which keys activities are under way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_core::id::{AffinityKey, Namespace};

#[cfg(test)]
mod tests;

/// A key of a tenant.
pub(super) type Place = (Namespace, AffinityKey);

/// Of which keys activities are under way. A key is busy as long as somebody has entered it.
#[derive(Debug, Clone, Default)]
pub(super) struct BusyKeys {
    counts: Arc<Mutex<HashMap<Place, usize>>>,
    /// Whether a key that was busy no longer is, since that was last asked.
    freed: Arc<AtomicBool>,
}

/// An activity of a key is under way as long as this is there.
#[derive(Debug)]
pub(super) struct InUse {
    keys: BusyKeys,
    place: Place,
}

impl BusyKeys {
    fn counts(&self) -> MutexGuard<'_, HashMap<Place, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more activity of a key is under way.
    pub(super) fn enter(&self, place: Place) -> InUse {
        *self.counts().entry(place.clone()).or_default() += 1;
        InUse { keys: self.clone(), place }
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
            *count = count.saturating_sub(1);
            *count
        });
        if left == Some(0) {
            counts.remove(&self.place);
            self.keys.freed.store(true, Ordering::Relaxed);
        }
    }
}
