//! Commit in the model: every guard first, then every write.

use tenure_core::kind::Kind;
use tenure_core::session::{Change, Counters, Session, Write};
use tenure_core::time::Moment;
use tenure_store::{CheckpointRequest, CommitOutcome, CommitRequest, Committed, Handle, Slot, StoreError};

use super::checkpoint::Value;
use super::tables::{Held, Stored, Tables, wall_or_epoch};

impl Tables {
    pub(super) fn commit(
        &mut self,
        request: &CommitRequest,
        now: &Moment,
    ) -> Result<CommitOutcome, StoreError> {
        if let Some(refused) = self.refused(request, now) {
            return Ok(refused);
        }
        self.trust(request)?;
        let mut committed = self.nothing_written(request, now);
        for write in &request.decision.writes {
            committed = self.write(request, write, now);
        }
        if !request.decision.writes.is_empty() {
            let last = self.sessions.get_mut(&committed.handle).expect("it was just written");
            if let Some(capture) = &request.capture {
                let value = Value::captured(request.commit_id, capture);
                committed.head = last.keep(&value, request.fence, now).seq;
            }
            last.commit = Some((request.commit_id, committed));
        }
        Ok(CommitOutcome::Committed(committed))
    }

    /// The first guard that fails, in the promised order.
    fn refused(&self, request: &CommitRequest, now: &Moment) -> Option<CommitOutcome> {
        let counters = self.guard(request);
        let on = request.on.and_then(|on| self.sessions.get(&on)).map(|stored| &stored.session);
        let is_held = self.holds(request) == request.on || self.is_past(request);
        if counters.revision != request.expected || !is_held {
            return Some(CommitOutcome::RevisionConflict { actual: counters.revision });
        }
        let held_under = on.and_then(|session| session.lease.as_ref()).map(|lease| lease.fence);
        if request.fence.is_some() && request.fence != held_under {
            return Some(CommitOutcome::Fenced { current: counters.fence });
        }
        // A clock that cannot be used cannot confirm what was judged.
        if request.decision.judged.is_some_and(|judged| judged.holds(on, now) != Ok(true)) {
            return Some(CommitOutcome::Rejudge);
        }
        let mut opened = request.decision.writes.iter().filter(|write| write.opens);
        let is_taken = opened.any(|write| self.handle_of(&write.session).is_some());
        let is_captured = request.capture.as_ref().zip(request.on).is_some_and(|(capture, on)| {
            self.saved(&CheckpointRequest { handle: on, id: capture.id.clone() }).is_some()
        });
        if is_taken || is_captured {
            return Some(CommitOutcome::IdTaken);
        }
        let session = request.decision.session()?;
        let handle = self.handle_of(session);
        let has_place = |place| self.has_place(place, (handle, session), now);
        (!request.decision.place.as_ref().is_none_or(has_place)).then_some(CommitOutcome::Full)
    }

    /// The counters that guard a request: the slot's, else those of the session it was decided on.
    fn guard(&self, request: &CommitRequest) -> Counters {
        match &request.slot {
            Some(slot) => self.slots.get(slot).map_or_else(Counters::default, |held| held.counters),
            None => request
                .on
                .and_then(|on| self.sessions.get(&on))
                .map_or_else(Counters::default, |stored| stored.session.counters),
        }
    }

    /// What the request should have been decided on: what its slot holds, else what it says.
    ///
    /// The revision alone does not tell an empty slot from one that was imported at revision 0.
    fn holds(&self, request: &CommitRequest) -> Option<Handle> {
        match &request.slot {
            Some(slot) => self.slots.get(slot).and_then(|held| held.newest),
            None => request.on.filter(|on| self.sessions.contains_key(on)),
        }
    }

    /// Whether it is about what is over and has a successor in its slot: only what becomes of its record changes.
    fn is_past(&self, request: &CommitRequest) -> bool {
        let on = request.on.and_then(|on| self.sessions.get(&on)).map(|stored| &stored.session);
        let is_of_slot = |session: &Session| request.slot.is_none() || Slot::of(session) == request.slot;
        let is_over = on.is_some_and(|session| session.is_terminal() && is_of_slot(session));
        is_over && request.decision.writes.iter().all(|write| !write.opens && write.session.is_terminal())
    }

    /// Refuses what no rule decides: a fence that goes back, two open sessions in a slot, a lost session.
    fn trust(&self, request: &CommitRequest) -> Result<(), StoreError> {
        let corrupt = |what: &str| Err(StoreError::Corrupt { what: what.to_owned() });
        let writes = &request.decision.writes;
        if request.decision.counters.fence < self.guard(request).fence {
            return corrupt("a fence that goes back");
        }
        if writes.iter().any(|write| !write.opens && self.handle_of(&write.session).is_none()) {
            return corrupt("a write of a session that is not stored");
        }
        let opens = writes.iter().any(|write| write.opens);
        let on = request.on.and_then(|on| self.sessions.get(&on)).filter(|on| !on.session.is_terminal());
        let is_ended =
            |on: &Stored| writes.iter().any(|w| w.session.id == on.session.id && w.session.is_terminal());
        if opens && on.is_some_and(|on| !is_ended(on)) {
            return corrupt("two open sessions in one slot");
        }
        Ok(())
    }

    fn handle_of(&self, session: &Session) -> Option<Handle> {
        self.ids.get(&(session.namespace.clone(), session.id.clone())).copied()
    }

    /// What a decision without writes leaves: everything as it was.
    fn nothing_written(&self, request: &CommitRequest, now: &Moment) -> Committed {
        let on = request.on.unwrap_or(Handle(0));
        let head = self.sessions.get(&on).map(Stored::head).unwrap_or_default();
        Committed { handle: on, head, revision: self.guard(request).revision, at: wall_or_epoch(now) }
    }

    fn write(&mut self, request: &CommitRequest, write: &Write, now: &Moment) -> Committed {
        let counters = request.decision.counters;
        let handle = self.handle_of(&write.session).unwrap_or_else(|| self.open(write));
        let stored = self.sessions.get_mut(&handle).expect("it is stored or was just opened");
        let merged = merged(&stored.session, write, counters);
        let before = (!write.opens).then(|| stored.session.clone());
        stored.look = merged.due_at();
        stored.session = merged;
        for event in &write.events {
            stored.append(&event.clone().into(), request.fence, wall_or_epoch(now));
        }
        let head = stored.head();
        self.note_member(handle, before.as_ref());
        if let Some(slot) = &request.slot {
            let newest = self.slots.get(slot).and_then(|held| held.newest).max(Some(handle));
            self.slots.insert(slot.clone(), Held { counters, newest });
        }
        if write.session.kind == Kind::Workflow && write.session.is_terminal() {
            self.end_instance(handle);
        }
        self.show_leases();
        self.wake(handle);
        Committed { handle, head, revision: counters.revision, at: wall_or_epoch(now) }
    }

    pub(super) fn open(&mut self, write: &Write) -> Handle {
        debug_assert!(write.opens, "only an opened session can be missing");
        let handle = self.next_handle();
        let mut session = write.session.clone();
        let mut found = None;
        if let Some(parent) = &mut session.parent {
            found = self.ids.get(&(session.namespace.clone(), parent.id.clone())).copied();
            parent.deleted = found.is_none();
        }
        self.ids.insert((session.namespace.clone(), session.id.clone()), handle);
        self.sessions.insert(handle, Stored { parent: found, ..Stored::of(session) });
        handle
    }
}

/// The session as it will be stored: renewals and appends that came in since it was read are kept.
fn merged(stored: &Session, write: &Write, counters: Counters) -> Session {
    let mut session = write.session.clone();
    session.counters = counters;
    if !write.changes.iter().any(touches_lease) {
        session.lease.clone_from(&stored.lease);
    }
    if !write.changes.iter().any(touches_activity) {
        session.activity.clone_from(&stored.activity);
    }
    session.last_activity_at = session.last_activity_at.max(stored.last_activity_at);
    // Whether the parent is there is not the writer's to say.
    session.parent.clone_from(&stored.parent);
    session
}

fn touches_lease(change: &Change) -> bool {
    matches!(change, Change::Granted(_) | Change::TakenOver { .. } | Change::Renewed(_) | Change::Released)
}

fn touches_activity(change: &Change) -> bool {
    matches!(
        change,
        Change::ActivitySet { .. } | Change::ActivityDropped | Change::Restored { record: Some(_), .. }
    )
}
