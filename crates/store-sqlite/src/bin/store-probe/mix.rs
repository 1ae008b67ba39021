//! A random mixture of what is done to one session, each deed told.

use std::sync::Arc;

use tenure_core::checkpoint::{Content, Fork};
use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{CheckpointId, CommitId, EventId, EventType, Seq};
use tenure_store::payload::Packed;
use tenure_store::{
    AppendOutcome, AppendRequest, CheckpointStore as _, CheckpointsRequest, CompactOutcome, CompactRequest,
    CreateOutcome, CreateRequest, Find, ForkOutcome, ForkRequest, Found, Handle, ListedCheckpoint,
    LogStore as _, RemoveOutcome, RemoveRequest, SessionStore as _, StoreError,
};
use tenure_store_sqlite::SqliteStore;

use crate::{Failure, folding, handle, name, parsed, tell};

/// At most so many of the newest checkpoints are kept when others are removed.
const KEPT_MAX: u64 = 4;

/// Appends, saves, removes what was saved, forks and compacts until it is killed. What finds no room is told and
/// left.
pub(crate) async fn mix(path: &str, key: &str, seed: u64) -> Result<(), Failure> {
    let store = folding(path)?;
    let handle = handle(&store, key).await?;
    let mut mixture = Mixture { store, handle, seed, random: Random(seed), number: 0 };
    loop {
        let (verb, done) = mixture.step().await;
        match done {
            Ok(()) => {}
            Err(why) if is_full(&why) => tell(&format!("full {verb}"))?,
            Err(why) => return Err(why),
        }
    }
}

fn is_full(why: &Failure) -> bool {
    matches!(why.downcast_ref(), Some(StoreError::Full { .. }))
}

/// Numbers that a seed gives.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// One session, and what is done to it next.
struct Mixture {
    store: SqliteStore,
    handle: Handle,
    seed: u64,
    random: Random,
    number: u64,
}

impl Mixture {
    async fn step(&mut self) -> (&'static str, Result<(), Failure>) {
        self.number += 1;
        match self.random.below(20) {
            0..11 => ("append", self.append().await),
            11..15 => ("save", self.save().await),
            15..17 => ("remove", self.remove().await),
            17..19 => ("fork", self.fork().await),
            _ => ("compact", self.compact().await),
        }
    }

    /// Names one request. No other process gives the same name.
    fn commit_id(&self) -> CommitId {
        CommitId(name(self.number))
    }

    fn label(&self) -> String {
        format!("{}_{}", self.seed, self.number)
    }

    async fn found(&self) -> Result<Found, Failure> {
        Ok(self.store.find(Find::Handle(self.handle)).await?)
    }

    /// One to four events, of which some have ids.
    async fn append(&mut self) -> Result<(), Failure> {
        let (label, has_ids) = (self.label(), self.random.below(2) == 0);
        let texts: Vec<_> = (0..=self.random.below(4)).map(|n| format!("\"{label}_{n}\"")).collect();
        let event = |json: &String| {
            let kind = EventType::parse("note").map_err(|why| format!("{why:?}"))?;
            let id = if has_ids { Some(event_id(json.trim_matches('"'))?) } else { None };
            Ok::<_, Failure>(EventDraft { id, data: EventBody::Given { kind, json: json.clone() } })
        };
        let events = texts.iter().map(event).collect::<Result<_, _>>()?;
        let (commit_id, handle) = (self.commit_id(), self.handle);
        let request = AppendRequest { commit_id, handle, fence: None, events, after: Seq(0) };
        match self.store.append(request).await? {
            AppendOutcome::Appended { last, .. } => {
                let first = last.0 + 1 - texts.len() as u64;
                Ok(tell(&format!("appended {first} {}", texts.join(" ")))?)
            }
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn save(&mut self) -> Result<(), Failure> {
        let id = format!("ckp_{}", self.label());
        let payload = self.payload();
        let length = payload.len();
        let request = CreateRequest {
            commit_id: self.commit_id(),
            handle: self.handle,
            fence: None,
            gone: None,
            id: CheckpointId::parse(&id).map_err(|why| format!("{why:?}"))?,
            reason: None,
            metadata: None,
            content: Content::Given,
            payload: Arc::new(Packed::of(payload)),
        };
        match self.store.create_checkpoint(request).await? {
            CreateOutcome::Created(checkpoint) => {
                Ok(tell(&format!("saved {id} {} {length}", checkpoint.seq))?)
            }
            other => Err(format!("{other:?}").into()),
        }
    }

    /// Mostly small, sometimes nothing, sometimes several pieces.
    fn payload(&mut self) -> Vec<u8> {
        let length = match self.random.below(8) {
            0 => 0,
            1 => 300_000 + self.random.below(300_000),
            _ => self.random.below(5_000),
        };
        (0..length).map(|_| self.random.below(256).to_be_bytes()[7]).collect()
    }

    /// Removes all but a few of the newest checkpoints. Each is told before, because it may be gone from then on.
    async fn remove(&mut self) -> Result<(), Failure> {
        let everything =
            CheckpointsRequest { handle: self.handle, before: None, limit: 100, with_files: false };
        let listed = self.store.list_checkpoints(everything).await?;
        let kept = usize::try_from(self.random.below(KEPT_MAX + 1))?;
        let ids: Vec<CheckpointId> = listed.into_iter().skip(kept).map(id_of).collect();
        let names = ids.iter().map(CheckpointId::as_str).collect::<Vec<_>>().join(" ");
        if ids.is_empty() {
            return Ok(());
        }
        tell(&format!("removing {names}"))?;
        let count = ids.len();
        let request = RemoveRequest { handle: self.handle, fence: None, ids };
        match self.store.remove_checkpoints(request).await? {
            RemoveOutcome::Removed { count: removed } if removed == count => {
                Ok(tell(&format!("removed {names}"))?)
            }
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn fork(&mut self) -> Result<(), Failure> {
        let Found { current, head, earliest, .. } = self.found().await?;
        let parent = current.session.ok_or("nothing there")?;
        let at = Seq(earliest.0 + self.random.below(head.0 + 1 - earliest.0));
        let id = format!("ses_{}", self.label());
        let write =
            Fork { id: parsed(&id)?, at, record: None, principal: None }.opening(&parent, parent.created_at);
        let request = ForkRequest { commit_id: self.commit_id(), parent: self.handle, at, write };
        match self.store.fork(request).await? {
            ForkOutcome::Forked(_) => Ok(tell(&format!("forked {id} {earliest} {at}"))?),
            other => Err(format!("{other:?}").into()),
        }
    }

    /// Drops up to half of the log, in as many parts as it takes. What it is about to drop is told before.
    async fn compact(&mut self) -> Result<(), Failure> {
        let Found { head, earliest, .. } = self.found().await?;
        let before = Seq(earliest.0 + 1 + self.random.below((head.0 + 1 - earliest.0) / 2));
        tell(&format!("compacting {before}"))?;
        loop {
            match self.store.compact(CompactRequest { handle: self.handle, before }).await? {
                CompactOutcome::Compacted { is_done: false, .. } => {}
                CompactOutcome::Compacted { earliest, .. } => {
                    return Ok(tell(&format!("compacted {earliest}"))?);
                }
                CompactOutcome::NotFound | CompactOutcome::Retained | CompactOutcome::OnItsWay => {
                    return Err("nothing there to be compacted".into());
                }
            }
        }
    }
}

fn event_id(text: &str) -> Result<EventId, Failure> {
    Ok(EventId::parse(text).map_err(|why| format!("{why:?}"))?)
}

fn id_of(listed: ListedCheckpoint) -> CheckpointId {
    match listed {
        ListedCheckpoint::Readable(checkpoint) => checkpoint.id,
        ListedCheckpoint::Damaged { id, .. } => id,
    }
}
