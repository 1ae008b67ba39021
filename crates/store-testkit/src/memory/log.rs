//! The model keeps logs and wakes those who watch.

use async_trait::async_trait;
use tenure_core::event::EventDraft;
use tenure_core::id::Seq;
use tenure_core::session::Needed;
use tenure_core::time::Moment;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Changes, CompactOutcome, CompactRequest, Handle, Head,
    LogPage, LogStore, ReadOutcome, ReadRequest, StoreError, Watch,
};

use super::MemoryStore;
use super::tables::{Stored, Tables, wall_or_epoch};

#[async_trait]
impl LogStore for MemoryStore {
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        assert!(!request.events.is_empty(), "an append says something");
        let mut tables = self.lock();
        Ok(tables.append(&request, &self.clock.now()))
    }

    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError> {
        Ok(self.lock().resolve_append(request))
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        Ok(self.lock().read(&request))
    }

    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError> {
        Ok(self.lock().compact(request))
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        Ok(Watch::new(self.lock().watch(handle), Box::new(())))
    }

    async fn changes(&self) -> Result<Changes, StoreError> {
        Ok(self.lock().feed.listen(Box::new(())))
    }

    async fn heads(&self, after: Handle, limit: usize) -> Result<Vec<Head>, StoreError> {
        let tables = self.lock();
        let later = tables.sessions.iter().filter(|(handle, _)| **handle > after).take(limit);
        Ok(later
            .map(|(handle, stored)| Head { handle: *handle, seq: stored.head(), shared: stored.shared })
            .collect())
    }
}

impl Tables {
    fn append(&mut self, request: &AppendRequest, now: &Moment) -> AppendOutcome {
        let Some(stored) = self.sessions.get(&request.handle) else {
            return AppendOutcome::NotFound;
        };
        let current = self.counters(&stored.session).fence;
        let held_under = stored.session.lease.as_ref().map(|lease| lease.fence);
        if request.fence.is_some() && request.fence != held_under {
            return AppendOutcome::Fenced { current };
        }
        let known = match stored.known(&request.events) {
            Ok(known) => known,
            Err(reused) => return reused,
        };
        let is_new = known.contains(&None);
        if is_new && stored.session.is_closed() {
            return AppendOutcome::Ended;
        }
        let stored = self.sessions.get_mut(&request.handle).expect("it was just there");
        let first = stored.head().next();
        let mut seqs = Vec::new();
        for (event, known) in request.events.iter().zip(known) {
            // One that comes twice in the request is known the second time.
            let known = known.or_else(|| stored.position(event));
            seqs.push(known.unwrap_or_else(|| stored.append(event, request.fence, wall_or_epoch(now))));
        }
        let last = stored.head();
        if !is_new {
            return AppendOutcome::Known { seqs, new: 0 };
        }
        if request.fence.is_some() {
            let session = &mut stored.session;
            session.last_activity_at = session.last_activity_at.max(wall_or_epoch(now));
        }
        let new = last.0 + 1 - first.0;
        stored.appends.push((request.commit_id, seqs.clone(), new));
        self.wake(request.handle);
        if new == seqs.len() as u64 {
            return AppendOutcome::Appended { first, last };
        }
        AppendOutcome::Known { seqs, new }
    }

    fn resolve_append(&self, request: &AppendRequest) -> AppendResolution {
        let Some(stored) = self.sessions.get(&request.handle) else {
            return AppendResolution::NotThere;
        };
        let made = stored.appends.iter().rfind(|(id, seqs, _)| {
            *id == request.commit_id && seqs.iter().max().is_some_and(|last| *last > request.after)
        });
        match made {
            None => AppendResolution::NotThere,
            Some((_, seqs, new)) if *new < seqs.len() as u64 => {
                AppendResolution::Known { seqs: seqs.clone(), new: *new }
            }
            Some((_, seqs, _)) => AppendResolution::Appended { first: seqs[0], last: seqs[seqs.len() - 1] },
        }
    }

    fn read(&self, request: &ReadRequest) -> ReadOutcome {
        let stored = self.sessions.get(&request.handle);
        let (log, head) = stored.map_or((&[][..], Seq(0)), |stored| (&stored.log, stored.head()));
        if let Some(earliest) = stored.map(|stored| stored.earliest)
            && request.after.next() < earliest
        {
            return ReadOutcome::Compacted { earliest };
        }
        let is_wanted = |type_name: &str| {
            request.types.is_empty() || request.types.iter().any(|wanted| wanted == type_name)
        };
        let wanted = log.iter().filter(|event| event.seq > request.after);
        let wanted = wanted.filter(|event| is_wanted(event.data.type_name()));
        let events: Vec<_> = wanted.take(request.limit).cloned().collect();
        // A full page may have left more of the wanted types behind it.
        let is_full = events.len() == request.limit;
        let read_to = match events.last() {
            Some(last) if is_full => last.seq,
            None if is_full => request.after,
            Some(_) | None => head.max(request.after),
        };
        ReadOutcome::Page(LogPage { events, read_to, head })
    }

    fn compact(&mut self, request: CompactRequest) -> CompactOutcome {
        let Some(stored) = self.sessions.get_mut(&request.handle) else {
            return CompactOutcome::NotFound;
        };
        match stored.session.needed_parts() {
            Some(Needed::Retained) => return CompactOutcome::Retained,
            Some(Needed::OnItsWay) => return CompactOutcome::OnItsWay,
            Some(Needed::Open) | None => {}
        }
        let before = request.before.min(stored.head().next());
        if before > stored.earliest {
            let namespace = &stored.session.namespace;
            let (gone, kept) = stored.log.drain(..).partition(|event| event.seq < before);
            stored.log = kept;
            let gone: Vec<_> = gone;
            let own = gone.into_iter().filter(|event| event.seq > stored.shared);
            self.dropped.extend(own.map(|event| (namespace.clone(), event)));
            stored.earliest = before;
        }
        CompactOutcome::Compacted { earliest: stored.earliest, is_done: true }
    }
}

impl Stored {
    /// Where each event is already, or that its id is another one's.
    fn known(&self, events: &[EventDraft]) -> Result<Vec<Option<Seq>>, AppendOutcome> {
        let mut known = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let named = |other: &EventDraft| other.id.is_some() && other.id == event.id;
            if let Some(other) = events[..at].iter().find(|other| named(other))
                && other.data != event.data
            {
                return Err(AppendOutcome::IdReused { at, seq: None });
            }
            let there = self.log.iter().find(|kept| kept.id.is_some() && kept.id == event.id);
            if let Some(other) = there.filter(|kept| kept.data != event.data) {
                return Err(AppendOutcome::IdReused { at, seq: Some(other.seq) });
            }
            known.push(there.map(|kept| kept.seq));
        }
        Ok(known)
    }

    fn position(&self, event: &EventDraft) -> Option<Seq> {
        let kept = self.log.iter().find(|kept| kept.id.is_some() && kept.id == event.id);
        kept.map(|kept| kept.seq)
    }
}
