//! Flaws in appending, reading and waking.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use tenure_core::event::{Event, EventDraft};
use tenure_core::id::{EventId, Seq};
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Changes, CompactOutcome, CompactRequest, Feed, Find,
    Handle, Head, Heard, LogStore, ReadOutcome, ReadRequest, SessionStore as _, StoreError, Watch,
};

use tenure_store_testkit::read_all;

use super::Flaw;
use super::session::is_over;
use super::store::MutantStore;

#[async_trait]
impl LogStore for MutantStore {
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        let Some(before) = self.stored(request.handle).await else { return self.inner.append(request).await };
        let mut request = request;
        let lease = before.lease.as_ref();
        if let (true, true, Some(lease)) = (self.has(Flaw::AppendsAnyFence), request.fence.is_some(), lease) {
            request.fence = Some(lease.fence);
        }
        let is_late = request.fence.is_some() && is_over(&before, &self.reading());
        if self.has(Flaw::RefusesLateOwners) && is_late {
            return Ok(AppendOutcome::Fenced { current: before.counters.fence });
        }
        if self.has(Flaw::KeepsFirstEvent) {
            request.events.truncate(1);
        }
        let shared =
            if self.has(Flaw::ForgetsSharedIds) { self.shared(request.handle).await } else { Seq(0) };
        for event in &mut request.events {
            let is_forgotten = self.has(Flaw::DoublesKnown)
                || self.position(request.handle, event).await.is_some_and(|seq| seq <= shared);
            if is_forgotten {
                event.id = event.id.take().map(|id| self.another(&id));
            }
        }
        if self.has(Flaw::KnowsBeforeFencing)
            && let Some(seqs) = self.all_known(&request).await
        {
            return Ok(AppendOutcome::Known { seqs, new: 0 });
        }
        let outcome = self.inner.append(request.clone()).await?;
        if let AppendOutcome::Appended { .. } = outcome
            && !self.has(Flaw::WakesOnCommitsOnly)
        {
            self.wake();
        }
        self.seen.lock().expect("no panics here").clear();
        self.memory.tamper(request.handle, |session| match (self.flaw, request.fence) {
            (Flaw::CountsInbox, None) => session.last_activity_at = self.clock.wall(),
            (Flaw::IgnoresOwners, Some(_)) => session.last_activity_at = before.last_activity_at,
            _ => {}
        });
        Ok(match outcome {
            AppendOutcome::Known { .. } if self.has(Flaw::ForgetsAtTheEnd) && before.is_terminal() => {
                AppendOutcome::Ended
            }
            AppendOutcome::Known { seqs, new } if self.has(Flaw::AnswersFirstKnown) => {
                AppendOutcome::Known { seqs: vec![seqs[0]; seqs.len()], new }
            }
            AppendOutcome::IdReused { seq, .. } if self.has(Flaw::IgnoresContents) => {
                AppendOutcome::Known { seqs: vec![seq.unwrap_or_default(); request.events.len()], new: 0 }
            }
            AppendOutcome::Appended { first, last } if self.has(Flaw::AnswersWrongPositions) => {
                AppendOutcome::Appended { first: first.next(), last: last.next() }
            }
            AppendOutcome::Ended if self.has(Flaw::AppendsAfterEnd) => {
                AppendOutcome::Appended { first: Seq(1), last: Seq(1) }
            }
            outcome => outcome,
        })
    }

    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError> {
        let resolution = self.inner.resolve_append(request).await?;
        let head = self.memory.find(Find::Handle(request.handle)).await?.head;
        Ok(match resolution {
            _ if self.has(Flaw::ResolvesNoAppend) => AppendResolution::NotThere,
            _ if self.has(Flaw::ResolvesLastAppend) => AppendResolution::Appended { first: head, last: head },
            AppendResolution::Appended { last, .. } if self.has(Flaw::HidesOlderAppends) && last < head => {
                AppendResolution::NotThere
            }
            truth => truth,
        })
    }

    async fn read(&self, mut request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        match self.flaw {
            Flaw::ReadsTwice => request.after = Seq(request.after.0.saturating_sub(1)),
            Flaw::SkipsOne if request.after > Seq(0) => request.after = request.after.next(),
            Flaw::ReadsAllTypes => request.types.clear(),
            Flaw::ReadsWithoutLimit => request.limit = usize::MAX,
            _ => {}
        }
        let again = request.clone();
        let mut read = match self.inner.read(request).await? {
            ReadOutcome::Page(read) => read,
            ReadOutcome::Compacted { earliest } if self.has(Flaw::PassesOverDropped) => {
                let request = ReadRequest { after: Seq(earliest.0 - 1), ..again };
                return self.inner.read(request).await;
            }
            ReadOutcome::Compacted { earliest } if self.has(Flaw::TellsWrongBeginning) => {
                return Ok(ReadOutcome::Compacted { earliest: earliest.next() });
            }
            compacted @ ReadOutcome::Compacted { .. } => return Ok(compacted),
        };
        match self.flaw {
            Flaw::PassesOver => read.read_to = read.head,
            Flaw::HidesHead => read.head = read.read_to,
            Flaw::HidesIds => read.events.iter_mut().for_each(|event| event.id = None),
            Flaw::HidesFences => read.events.iter_mut().for_each(|event| event.fence = None),
            _ => {}
        }
        Ok(ReadOutcome::Page(read))
    }

    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError> {
        let CompactRequest { handle, before } = request;
        match self.flaw {
            Flaw::DropsOneMore => {
                let outcome = self.inner.compact(CompactRequest { handle, before: before.next() }).await?;
                Ok(match outcome {
                    CompactOutcome::Compacted { is_done, .. } => {
                        CompactOutcome::Compacted { earliest: before, is_done }
                    }
                    CompactOutcome::Retained | CompactOutcome::OnItsWay | CompactOutcome::NotFound => outcome,
                })
            }
            Flaw::DropsNothing if self.stored(handle).await.is_some() => {
                Ok(CompactOutcome::Compacted { earliest: before, is_done: true })
            }
            Flaw::CompactsForks => {
                for handle in self.forks_of(self.stored(handle).await).await {
                    self.memory.compact(CompactRequest { handle, before }).await?;
                }
                self.inner.compact(request).await
            }
            _ => self.inner.compact(request).await,
        }
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        match self.flaw {
            Flaw::NeverWakes => {
                let silent = tokio::sync::watch::Sender::new(0);
                Ok(Watch::new(silent.subscribe(), Box::new(Silence(silent))))
            }
            Flaw::WakesOnCommitsOnly | Flaw::WakesHereOnly | Flaw::PurgesInSilence => {
                Ok(Watch::new(self.wakes.subscribe(), Box::new(())))
            }
            Flaw::HearsNothing => Ok(Watch::new(self.wakes.subscribe(), Box::new(Deaf))),
            _ => self.inner.watch(handle).await,
        }
    }

    async fn changes(&self) -> Result<Changes, StoreError> {
        match self.flaw {
            Flaw::TellsOfNoChange => Ok(Feed::default().listen(Box::new(()))),
            _ => self.inner.changes().await,
        }
    }

    async fn heads(&self, after: Handle, limit: usize) -> Result<Vec<Head>, StoreError> {
        let mut heads = self.inner.heads(after, limit).await?;
        match self.flaw {
            Flaw::PassesOverHeads => drop(heads.pop()),
            Flaw::ForgetsForkedHeads => heads.iter_mut().for_each(|head| head.shared = Seq(0)),
            _ => {}
        }
        Ok(heads)
    }
}

/// Somebody who could wake, and does not.
#[derive(Debug)]
struct Silence(#[expect(dead_code, reason = "a watch ends with its sender")] tokio::sync::watch::Sender<u64>);

impl Heard for Silence {}

/// Somebody who always says that nothing came.
#[derive(Debug)]
struct Deaf;

impl Heard for Deaf {
    fn heard(&self, _after: Seq) -> Option<Vec<Event>> {
        Some(Vec::new())
    }
}

impl MutantStore {
    /// An id that was not given before.
    fn another(&self, id: &EventId) -> EventId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let text: String = id.as_str().chars().take(100).collect();
        EventId::parse(&format!("{text}#{number}")).expect("a valid id")
    }

    /// Where the event is that has the same id.
    async fn position(&self, handle: Handle, event: &EventDraft) -> Option<Seq> {
        let id = event.id.as_ref()?;
        let log = read_all(self.memory.as_ref(), handle).await;
        log.iter().find(|kept| kept.id.as_ref() == Some(id)).map(|kept| kept.seq)
    }

    /// Where the events of an append are, if all of them are known.
    async fn all_known(&self, request: &AppendRequest) -> Option<Vec<Seq>> {
        let log = read_all(self.memory.as_ref(), request.handle).await;
        let place = |event: &EventDraft| {
            let kept =
                log.iter().find(|kept| kept.id.is_some() && kept.id == event.id && kept.data == event.data);
            kept.map(|kept| kept.seq)
        };
        request.events.iter().map(place).collect()
    }
}
