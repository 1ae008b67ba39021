//! The model takes sessions in that come from elsewhere.

use std::collections::HashSet;

use async_trait::async_trait;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_core::session::{Counters, Session};
use tenure_core::time::Moment;
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArrivalStore, ArriveOutcome, ArriveRequest, BringCheckpointOutcome,
    BringCheckpointRequest, BringOutcome, BringRequest, Committed, Handle, Slot, StoreError,
};

use super::MemoryStore;
use super::checkpoint::Saved;
use super::tables::{Arriving, Held, Stored, Tables, wall_or_epoch};

#[async_trait]
impl ArrivalStore for MemoryStore {
    async fn arrive(&self, request: ArriveRequest) -> Result<ArriveOutcome, StoreError> {
        Ok(self.lock().arrive(request, &self.clock.now()))
    }

    async fn bring(&self, request: BringRequest) -> Result<BringOutcome, StoreError> {
        assert!(!request.events.is_empty(), "something is brought");
        Ok(self.lock().bring(request, &self.clock.now()))
    }

    async fn bring_checkpoint(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        Ok(self.lock().bring_checkpoint(request, &self.clock.now()))
    }

    async fn admit(&self, request: AdmitRequest) -> Result<AdmitOutcome, StoreError> {
        Ok(self.lock().admit(request, &self.clock.now()))
    }

    async fn give_up(&self, arrival: Handle) -> Result<(), StoreError> {
        self.lock().arrivals.remove(&arrival);
        Ok(())
    }
}

impl Tables {
    /// Forgets what nobody goes on with.
    pub(super) fn give_up_idle(&mut self, now: &Moment) {
        self.arrivals.retain(|_, arriving| !arriving.at.is_over(limits::ARRIVAL_IDLE_MAX, now.boot));
    }

    fn arrive(&mut self, request: ArriveRequest, now: &Moment) -> ArriveOutcome {
        let ArriveRequest { namespace, id, slot, earliest } = request;
        if let Some(handle) = self.ids.get(&(namespace.clone(), id.clone())) {
            return ArriveOutcome::IdTaken { origin: self.origins.get(handle).copied() };
        }
        if let Some(open) = slot.as_ref().and_then(|slot| self.open_in(slot)) {
            return ArriveOutcome::SlotTaken { by: open.id.clone() };
        }
        self.arrivals.retain(|_, other| (&other.namespace, &other.id) != (&namespace, &id));
        let handle = self.next_handle();
        let arriving =
            Arriving { namespace, id, earliest, events: Vec::new(), checkpoints: Vec::new(), at: now.boot };
        self.arrivals.insert(handle, arriving);
        ArriveOutcome::Begun(handle)
    }

    fn open_in(&self, slot: &Slot) -> Option<&Session> {
        let newest = self.slots.get(slot)?.newest?;
        Some(&self.sessions[&newest].session).filter(|session| !session.is_terminal())
    }

    fn bring(&mut self, request: BringRequest, now: &Moment) -> BringOutcome {
        let Some(arriving) = self.arrivals.get_mut(&request.arrival) else {
            return BringOutcome::NotFound;
        };
        let next = arriving.next();
        if request.events[0].seq != next {
            return BringOutcome::Gap { next };
        }
        let mut known: HashSet<_> = arriving.events.iter().filter_map(|event| event.id.clone()).collect();
        let named = request.events.iter().filter_map(|event| Some((event.seq, event.id.clone()?)));
        for (seq, id) in named {
            if !known.insert(id) {
                return BringOutcome::IdRepeated { seq };
            }
        }
        arriving.events.extend(request.events);
        arriving.at = now.boot;
        BringOutcome::Brought
    }

    fn bring_checkpoint(&mut self, request: BringCheckpointRequest, now: &Moment) -> BringCheckpointOutcome {
        let Some(arriving) = self.arrivals.get_mut(&request.arrival) else {
            return BringCheckpointOutcome::NotFound;
        };
        arriving.at = now.boot;
        let saved = Saved::brought(request);
        let (id, _, commit_id) = saved.name();
        match arriving.checkpoints.iter().map(Saved::name).find(|(other, _, _)| *other == id) {
            Some((_, _, same)) if same == commit_id => return BringCheckpointOutcome::Brought,
            Some(_) => return BringCheckpointOutcome::IdRepeated,
            None => {}
        }
        arriving.checkpoints.push(saved);
        arriving.checkpoints.sort_by_key(|saved| saved.name().1);
        BringCheckpointOutcome::Brought
    }

    fn admit(&mut self, request: AdmitRequest, now: &Moment) -> AdmitOutcome {
        let AdmitRequest { commit_id, arrival, mut session, counters, head, origin } = request;
        if let Some(handle) = self.ids.get(&(session.namespace.clone(), session.id.clone())) {
            return AdmitOutcome::IdTaken { origin: self.origins.get(handle).copied() };
        }
        let Some(arriving) = self.arrivals.get(&arrival) else {
            return AdmitOutcome::NotFound;
        };
        if arriving.next() != head.next() {
            return AdmitOutcome::Incomplete { next: arriving.next() };
        }
        let slot = Slot::of(&session);
        if let Some(open) = slot.as_ref().and_then(|slot| self.open_in(slot)) {
            return AdmitOutcome::SlotTaken { by: open.id.clone() };
        }
        let newest = slot.as_ref().and_then(|slot| self.slots.get(slot)).and_then(|held| held.newest);
        if newest.is_some_and(|newest| newest > arrival) {
            return AdmitOutcome::Overtaken;
        }
        let arriving = self.arrivals.remove(&arrival).expect("it was just there");
        if let Some(slot) = slot {
            let had = self.slots.get(&slot).map_or_else(Counters::default, |held| held.counters);
            let counters = Counters {
                revision: had.revision.max(counters.revision),
                fence: had.fence.max(counters.fence),
            };
            self.slots.insert(slot, Held { counters, newest: Some(arrival) });
        }
        let mut parent = None;
        if let Some(of) = &mut session.parent {
            parent = self.ids.get(&(session.namespace.clone(), of.id.clone())).copied();
            of.deleted = parent.is_none();
        }
        let look = first_look(&session, now);
        let revision = session.counters.revision;
        let committed = Committed { handle: arrival, head, revision, at: wall_or_epoch(now) };
        self.ids.insert((session.namespace.clone(), session.id.clone()), arrival);
        self.origins.insert(arrival, origin);
        let stored = Stored {
            session,
            parent,
            log: arriving.events,
            shared: Seq(0),
            checkpoints: arriving.checkpoints,
            earliest: arriving.earliest,
            appends: Vec::new(),
            look,
            commit: Some((commit_id, committed)),
        };
        self.sessions.insert(arrival, stored);
        self.wake(arrival);
        AdmitOutcome::Admitted
    }
}

impl Arriving {
    fn next(&self) -> Seq {
        self.events.last().map_or(self.earliest, |event| event.seq.next())
    }
}

/// Not before its owner had the time to be heard here.
fn first_look(session: &Session, now: &Moment) -> Option<tenure_core::time::WallTime> {
    let spared = session.idle.map_or_else(Default::default, |rule| rule.after);
    session.due_at().map(|due| due.max(wall_or_epoch(now).after(spared)))
}
