//! What the model keeps, and how it finds it.

use std::collections::{BTreeMap, HashMap};

use tenure_core::event::{Event, EventDraft};
use tenure_core::id::{CommitId, Fence, Namespace, Seq, SessionId};
use tenure_core::session::{Counters, Current, Session, Ticket};
use tenure_core::time::{BootMoment, Moment, WallTime};
use tenure_store::{Committed, Feed, Find, Found, GroupRequest, Handle, Listed, Origin, Slot};
use tokio::sync::watch;

use super::answer::Answers;
use super::checkpoint::Saved;
use super::group::Group;
use super::instance::Instances;
use super::pin::Pins;
use super::task::Tasks;
use super::token::Tokens;
use super::worker::Workers;

/// Everything that is stored, and who watches it.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) sessions: BTreeMap<Handle, Stored>,
    pub(super) slots: HashMap<Slot, Held>,
    pub(super) ids: HashMap<(Namespace, SessionId), Handle>,
    pub(super) groups: HashMap<GroupRequest, Group>,
    /// Of sessions that wait in their group.
    pub(super) tickets: HashMap<Handle, Ticket>,
    pub(super) instances: Instances,
    pub(super) workers: Workers,
    pub(super) tasks: Tasks,
    pub(super) pins: Pins,
    pub(super) tokens: Tokens,
    pub(super) answers: Answers,
    pub(super) watches: HashMap<Handle, watch::Sender<u64>>,
    pub(super) feed: Feed,
    /// Events that were dropped or purged: they did come in.
    pub(super) dropped: Vec<(Namespace, Event)>,
    /// Sessions that somebody brings in.
    pub(super) arrivals: BTreeMap<Handle, Arriving>,
    /// What sessions were brought in from.
    pub(super) origins: HashMap<Handle, Origin>,
    /// The last handle that was given out. None is given out twice.
    last_handle: i64,
}

/// One stored session.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) session: Session,
    /// The session that it was created for, if that was there.
    pub(super) parent: Option<Handle>,
    /// What is kept of its log, and where that begins.
    pub(super) log: Vec<Event>,
    pub(super) earliest: Seq,
    /// Up to which position its log is a copy of another one's.
    pub(super) shared: Seq,
    /// Which appends were made, where their events are, and how many of these each one added.
    pub(super) appends: Vec<(CommitId, Vec<Seq>, u64)>,
    /// When a sweep should look at it next.
    pub(super) look: Option<WallTime>,
    /// The last commit that wrote this session last.
    pub(super) commit: Option<(CommitId, Committed)>,
    /// In the order of their events.
    pub(super) checkpoints: Vec<Saved>,
}

/// A session that somebody brings in.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) namespace: Namespace,
    pub(super) id: SessionId,
    pub(super) earliest: Seq,
    pub(super) events: Vec<Event>,
    pub(super) checkpoints: Vec<Saved>,
    /// When something was brought last.
    pub(super) at: BootMoment,
}

/// What a slot holds. Its newest session is the only one that can be open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) counters: Counters,
    /// Nothing once all of its sessions were purged.
    pub(super) newest: Option<Handle>,
}

/// What is written down as the time of a write.
pub(super) fn wall_or_epoch(now: &Moment) -> WallTime {
    now.wall.unwrap_or(WallTime::from_epoch_ms(0))
}

impl Stored {
    pub(super) fn of(session: Session) -> Self {
        Self {
            session,
            parent: None,
            log: Vec::new(),
            earliest: Seq(1),
            shared: Seq(0),
            appends: Vec::new(),
            look: None,
            commit: None,
            checkpoints: Vec::new(),
        }
    }

    pub(super) fn head(&self) -> Seq {
        Seq(self.earliest.0 - 1 + self.log.len() as u64)
    }

    /// The events that came in here, not to the session that it was forked from.
    pub(super) fn own(&self) -> impl Iterator<Item = &Event> {
        self.log.iter().filter(|event| event.seq > self.shared)
    }

    pub(super) fn append(&mut self, event: &EventDraft, fence: Option<Fence>, at: WallTime) -> Seq {
        let seq = self.head().next();
        self.log.push(Event { seq, at, fence, id: event.id.clone(), data: event.data.clone() });
        seq
    }
}

impl Tables {
    pub(super) fn find(&self, what: &Find) -> Found {
        let handle = match what {
            Find::Slot(slot) => match self.slots.get(slot) {
                Some(Held { counters, newest: None }) => {
                    let current = Current { session: None, counters: *counters };
                    return Found { current, ..Found::default() };
                }
                held => held.and_then(|held| held.newest),
            },
            Find::Id { namespace, id } => self.ids.get(&(namespace.clone(), id.clone())).copied(),
            Find::Handle(handle) => Some(*handle),
        };
        let Some((handle, stored)) = handle.and_then(|handle| Some((handle, self.sessions.get(&handle)?)))
        else {
            return Found::default();
        };
        let current =
            Current { session: Some(stored.session.clone()), counters: self.counters(&stored.session) };
        Found { current, handle: Some(handle), head: stored.head(), earliest: stored.earliest }
    }

    /// A session's counters: its slot's if it has one, else its own.
    pub(super) fn counters(&self, session: &Session) -> Counters {
        let held = Slot::of(session).and_then(|slot| self.slots.get(&slot));
        held.map_or(session.counters, |held| held.counters)
    }

    pub(super) fn listed(&self, handle: Handle) -> Option<Listed> {
        let stored = self.sessions.get(&handle)?;
        let (head, earliest) = (stored.head(), stored.earliest);
        Some(Listed { handle, session: stored.session.clone(), head, earliest })
    }

    pub(super) fn next_handle(&mut self) -> Handle {
        self.last_handle += 1;
        Handle(self.last_handle)
    }

    pub(super) fn watch(&mut self, handle: Handle) -> watch::Receiver<u64> {
        self.watches.entry(handle).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(super) fn wake(&self, handle: Handle) {
        // A group's is below 0.
        self.feed.tell(std::iter::once(handle).filter(|handle| handle.0 > 0));
        if let Some(changes) = self.watches.get(&handle) {
            changes.send_modify(|count| *count += 1);
        }
    }
}
