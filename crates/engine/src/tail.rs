//! Following one session: its log, gap-free, and its end.

use std::sync::Arc;

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::session::Session;
use tenure_store::{Find, Handle, ReadOutcome, ReadRequest, Store, StoreError, Watch};

use crate::{Engine, EngineError};

/// Reads a session's log from a position on and goes on as it grows.
#[derive(Debug)]
pub struct Tail {
    store: Arc<dyn Store>,
    handle: Handle,
    after: Seq,
    types: Vec<String>,
    watch: Option<Watch>,
    /// Whether the last page went to the end of what was there.
    is_at_head: bool,
    /// Where the log begins, if that is later than where this was to begin.
    skipped_to: Option<Seq>,
}

/// What a tail finds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// More events, in order.
    Events(Vec<Event>),
    /// The session has ended and every event was delivered.
    Ended(Box<Session>),
    /// The session was deleted: there is nothing more to deliver.
    Deleted,
}

impl Engine {
    /// Follows a session's log from `after` on, only events of `types` (empty: all). From 0 on it begins where the
    /// log does, which may be later than its first position.
    #[must_use]
    pub fn tail(&self, handle: Handle, after: Seq, types: Vec<String>) -> Tail {
        Tail {
            store: Arc::clone(&self.store),
            handle,
            after,
            types,
            watch: None,
            is_at_head: false,
            skipped_to: None,
        }
    }
}

impl Tail {
    /// Where the tail stands: everything up to here was delivered or is of other types.
    #[must_use]
    pub const fn after(&self) -> Seq {
        self.after
    }

    /// Where the log began when this was to begin at its first position, if that had been dropped.
    #[must_use]
    pub const fn skipped_to(&self) -> Option<Seq> {
        self.skipped_to
    }

    /// The next page that is there already; empty at the end of what is there.
    ///
    /// # Errors
    /// When the store cannot be read; [`EngineError::Compacted`] when what comes next was dropped.
    pub async fn page(&mut self) -> Result<Vec<Event>, EngineError> {
        loop {
            let request = ReadRequest {
                handle: self.handle,
                after: self.after,
                limit: limits::EVENTS_PER_READ_MAX,
                types: self.types.clone(),
            };
            let read = match self.store.read(request).await? {
                ReadOutcome::Page(page) => page,
                ReadOutcome::Compacted { earliest } if self.after == Seq(0) => {
                    (self.after, self.skipped_to) = (before(earliest), Some(earliest));
                    continue;
                }
                ReadOutcome::Compacted { earliest } => return Err(EngineError::Compacted { earliest }),
            };
            self.after = read.read_to.max(self.after);
            self.is_at_head = self.after >= read.head;
            if !read.events.is_empty() || self.after >= read.head {
                return Ok(read.events);
            }
        }
    }

    /// The next events, waiting for them if need be; or the session's end.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn next(&mut self) -> Result<Next, EngineError> {
        loop {
            if let Some(events) = self.heard().await? {
                return Ok(Next::Events(events));
            }
            // After a page that went to the end, the next look is at the session.
            if !std::mem::take(&mut self.is_at_head) {
                let events = self.page().await?;
                if !events.is_empty() {
                    return Ok(Next::Events(events));
                }
            }
            if let Some(end) = self.wait_for_more().await? {
                return Ok(end);
            }
        }
    }

    /// The next events, waiting for them if need be, for as long as the watch knows them by itself.
    async fn heard(&mut self) -> Result<Option<Vec<Event>>, StoreError> {
        let Some(watch) = &mut self.watch else { return Ok(None) };
        while let Some(mut events) = watch.heard(self.after) {
            match events.last() {
                None => watch.changed().await?,
                Some(newest) => self.after = newest.seq,
            }
            events.retain(|event| is_wanted(&self.types, event));
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    /// The end, if everything was delivered; otherwise returns once there may be more.
    async fn wait_for_more(&mut self) -> Result<Option<Next>, StoreError> {
        let found = self.store.find(Find::Handle(self.handle)).await?;
        let Some(session) = found.current.session else {
            return Ok(Some(Next::Deleted));
        };
        if let Some(session) = Some(session).filter(Session::is_terminal).filter(|_| found.head <= self.after)
        {
            return Ok(Some(Next::Ended(Box::new(session))));
        }
        if found.head > self.after {
            return Ok(None);
        }
        match &mut self.watch {
            Some(watch) => watch.changed().await?,
            // Armed before the next look, so nothing that comes in between is slept through.
            None => self.watch = Some(self.store.watch(self.handle).await?),
        }
        Ok(None)
    }
}

fn is_wanted(types: &[String], event: &Event) -> bool {
    types.is_empty() || types.iter().any(|name| name == event.data.type_name())
}

/// The position before another one.
pub(crate) const fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}
