//! The model keeps logs and wakes those who watch.

use async_trait::async_trait;
use tenure_core::id::Seq;
use tenure_core::time::Moment;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Handle, LogStore, ReadOutcome, ReadRequest, StoreError,
    Watch,
};

use super::MemoryStore;
use super::tables::{Tables, wall_or_epoch};

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

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        Ok(Watch::new(self.lock().watch(handle), Box::new(())))
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
        if stored.session.is_terminal() {
            return AppendOutcome::Ended;
        }
        let stored = self.sessions.get_mut(&request.handle).expect("it was just there");
        let first = stored.head().next();
        stored.append(&request.events, request.fence, wall_or_epoch(now));
        if request.fence.is_some() {
            let session = &mut stored.session;
            session.last_activity_at = session.last_activity_at.max(wall_or_epoch(now));
        }
        let last = stored.head();
        stored.appends.push((request.commit_id, first, last));
        self.wake(request.handle);
        AppendOutcome::Appended { first, last }
    }

    fn resolve_append(&self, request: &AppendRequest) -> AppendResolution {
        let appends = self.sessions.get(&request.handle).map_or(&[][..], |stored| &stored.appends);
        let made = appends.iter().rfind(|(id, _, last)| *id == request.commit_id && *last > request.after);
        made.map_or(AppendResolution::NotThere, |(_, first, last)| AppendResolution::Appended {
            first: *first,
            last: *last,
        })
    }

    fn read(&self, request: &ReadRequest) -> ReadOutcome {
        let log = self.sessions.get(&request.handle).map_or(&[][..], |stored| &stored.log);
        let head = log.last().map_or(Seq(0), |event| event.seq);
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
        ReadOutcome { events, read_to, head }
    }
}
