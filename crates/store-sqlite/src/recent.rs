//! The latest events of watched sessions, kept in memory for those who follow.
//!
//! What is kept is what this process appended, without a gap. It is passed to followers before any other process can
//! write, and forgotten as soon as anything else happened to the session: a commit, a ring of another process, a look
//! of the net that found more than is known here. Then followers read, as they do where nothing is kept.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::{Handle, record};

/// What the allocator keeps beside an event's texts, about.
const ALLOCATIONS_BYTES: usize = 64;

/// An append that this process made durable.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) handle: Handle,
    pub(crate) first: Seq,
    pub(crate) count: u64,
    /// Its events in their stored form.
    pub(crate) bytes: Vec<u8>,
}

/// The latest appends to a watched session.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Whether other processes say when they write. Before, nothing is kept.
    is_complete: bool,
    appends: VecDeque<Arc<Kept>>,
    /// About how much memory they take.
    bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Kept {
    first: Seq,
    last: Seq,
    bytes: Vec<u8>,
    /// Decoded by the first who wants them.
    events: OnceLock<Box<[Event]>>,
}

impl Recent {
    /// From now on, other processes say when they write.
    pub(crate) fn begin(&mut self) {
        self.is_complete = true;
    }

    /// Keeps an append, and of those before it what fits.
    pub(crate) fn keep(&mut self, mut append: Appended, bytes_max: usize) {
        if !self.is_complete {
            return;
        }
        if self.head().is_some_and(|head| head.next() != append.first) {
            self.forget();
        }
        append.bytes.shrink_to_fit();
        let last = Seq(append.first.0.saturating_add(append.count.saturating_sub(1)));
        let kept = Kept { first: append.first, last, bytes: append.bytes, events: OnceLock::new() };
        self.bytes += kept.weight();
        self.appends.push_back(Arc::new(kept));
        while self.bytes > bytes_max
            && let Some(oldest) = self.appends.pop_front()
        {
            self.bytes -= oldest.weight();
        }
    }

    /// Something happened that is not known here.
    pub(crate) fn forget(&mut self) {
        self.appends.clear();
        self.bytes = 0;
    }

    /// The newest position, if it is known here.
    pub(crate) fn head(&self) -> Option<Seq> {
        self.appends.back().map(|newest| newest.last)
    }

    /// The appends after a position up to the newest, if all of them are kept.
    pub(crate) fn after(&self, after: Seq) -> Option<Vec<Arc<Kept>>> {
        let (oldest, head) = (self.appends.front()?, self.head()?);
        if after > head || after.next() < oldest.first {
            return None;
        }
        let begin = self.appends.partition_point(|kept| kept.last <= after);
        Some(self.appends.range(begin..).cloned().collect())
    }
}

/// The events of some appends that come after a position; `None` if they cannot be told.
pub(crate) fn events(appends: &[Arc<Kept>], after: Seq) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    for kept in appends {
        events.extend(kept.events()?.iter().filter(|event| event.seq > after).cloned());
    }
    Some(events)
}

impl Kept {
    /// About how much memory it takes, decoded: of small events, that is many times what is stored.
    fn weight(&self) -> usize {
        let count = usize::try_from(self.last.0 - self.first.0 + 1).unwrap_or(usize::MAX);
        let each = size_of::<Event>() + ALLOCATIONS_BYTES;
        size_of::<Self>().saturating_add(2 * self.bytes.len()).saturating_add(count.saturating_mul(each))
    }

    fn events(&self) -> Option<&[Event]> {
        if self.events.get().is_none() {
            // What is damaged is read, and whoever reads is told.
            let events = record::decode_events(self.first, &self.bytes).ok()?;
            drop(self.events.set(events.into_boxed_slice()));
        }
        self.events.get().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests;
